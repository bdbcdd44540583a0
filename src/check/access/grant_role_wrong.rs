//! The role that is granted on the registry does not pull.
//!
//! ## Why
//! AcrDelete, AcrImageSigner, the quarantine roles and those that configure registries sound like a pull and do not allow it: it
//! needs `Microsoft.ContainerRegistry/registries/pull/read`, or in ABAC mode `…/repositories/content/read`.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference>
//!
//! ## Fix
//! Grant AcrPull, or Container Registry Repository Reader where the registry is in ABAC mode.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};

use super::grant_flaw;
use super::plan::{self, Flaw};

pub const CHECK: Check = Check {
    code: "grant-role-wrong",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("grant_role_wrong.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    grant_flaw::judge(manifest, workload, evidence, |flawed, flaw| {
        let Flaw::WrongRole(grant) = flaw else { return None };
        let title = format!("{} does not allow {} to pull", plan::role_name(grant), flawed.name());
        Some(flawed.at_grant(grant, grant.role_id, title).help(format!("grant {}", flawed.role())))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    #[test]
    fn a_role_that_only_sounds_like_a_pull_fails() {
        insta::assert_snapshot!(says(CHECK, &Template { role: "c2f4ef07-c644-48eb-af81-4b1b4947fb11", ..Template::default() }), @"
        error: AcrDelete does not allow the identity id-pull to pull
        at: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'c2f4ef07-c644-48eb-af81-4b1b4947fb11')
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

    #[test]
    fn roles_that_pull_pass() {
        for role in [
            "7f951dda-4ed3-4680-a7ca-43fe172d538d",
            "8311e382-0749-4cb8-b61a-304f252e45ec",
            "acdd72a7-3385-48ef-bd42-f606fba81ae7",
        ] {
            assert_eq!(says(CHECK, &Template { role, ..Template::default() }), "pass");
        }
    }

    #[test]
    fn a_role_that_nobody_knows_decides_nothing() {
        insta::assert_snapshot!(says(CHECK, &Template { role: "00000000-0000-0000-0000-000000000001", ..Template::default() }), @"not applicable: what a granted role allows is not known here");
    }
}
