//! The role that is granted pulls from registries of the other mode only.
//!
//! ## Why
//! A registry in ABAC mode (`roleAssignmentMode: AbacRepositoryPermissions`) does not honour AcrPull, AcrPush, Owner or Reader; one in the
//! other mode does not honour Container Registry Repository Reader.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>
//!
//! ## Fix
//! Grant Container Registry Repository Reader in ABAC mode, AcrPull otherwise.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::RegistryMode;

use super::grant_flaw;
use super::plan::{self, Flaw};

pub const CHECK: Check = Check {
    code: "grant-role-wrong-mode",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("grant_role_wrong_mode.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    grant_flaw::judge(manifest, workload, evidence, |flawed, flaw| {
        let Flaw::WrongMode(grant) = flaw else { return None };
        let is_abac = flawed.plan.mode == Some(RegistryMode::Abac);
        let mode = if is_abac { "in ABAC mode" } else { "in legacy mode" };
        let title = format!("{} allows nothing on {}, which is {mode}", plan::role_name(grant), flawed.registry());
        Some(flawed.at_grant(grant, grant.role_id, title).help(format!("grant {}", flawed.role())))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    const READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";

    #[test]
    fn a_registry_in_abac_mode_does_not_honour_acr_pull() {
        insta::assert_snapshot!(says(CHECK, &Template { abac: true, ..Template::default() }), @"
        error: AcrPull allows nothing on acme1, which is in ABAC mode
        at: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"AbacRepositoryPermissions\"
              }
            }: the registry
        help: grant Container Registry Repository Reader (b93aa761-3e63-49ed-ac28-beffa264f7ac)
        ");
        assert_eq!(says(CHECK, &Template { abac: true, role: READER, ..Template::default() }), "pass");
    }

    #[test]
    fn a_registry_in_legacy_mode_does_not_honour_repository_reader() {
        insta::assert_snapshot!(says(CHECK, &Template { role: READER, ..Template::default() }), @"
        error: Container Registry Repository Reader allows nothing on acme1, which is in legacy mode
        at: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b93aa761-3e63-49ed-ac28-beffa264f7ac')
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"LegacyRegistryPermissions\"
              }
            }: the registry
        help: grant AcrPull (7f951dda-4ed3-4680-a7ca-43fe172d538d)
        ");
    }
}
