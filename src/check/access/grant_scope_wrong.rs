//! The role is granted where the registry is not.
//!
//! ## Why
//! A role holds at its scope and below. Granted on the app, or on another registry, it allows nothing at the registry that the
//! image is in. A published sample had it on the app: <https://github.com/azureossd/Container-Apps/issues/51>.
//!
//! ## Fix
//! Set the `scope` of the role assignment to the registry.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Partial, Workload};

use super::grant_flaw;
use super::plan::{self, Flaw};

pub const CHECK: Check = Check {
    code: "grant-scope-wrong",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("grant_scope_wrong.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    grant_flaw::judge(manifest, workload, evidence, |flawed, flaw| {
        let Flaw::WrongScope(grant) = flaw else { return None };
        let scope = Partial::of(&grant.scope).map(|scope| scope.name().to_owned()).unwrap_or_default();
        let title =
            format!("{} is granted on {scope}, not on the registry {}", plan::role_name(grant), flawed.registry());
        Some(
            flawed
                .at_grant(grant, title)
                .help(format!("set the `scope` of the role assignment to {}", flawed.registry())),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    #[test]
    fn a_grant_on_the_app_does_not_reach_the_registry() {
        let app = Some("[resourceId('Microsoft.App/containerApps', 'app')]");
        insta::assert_snapshot!(says(CHECK, &Template { scope: app, ..Template::default() }), @"
        error: AcrPull is granted on app, not on the registry acme1
        at: {
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"LegacyRegistryPermissions\"
              }
            }: the registry
        help: set the `scope` of the role assignment to acme1
        ");
    }

    #[test]
    fn a_grant_on_another_registry_does_not_either() {
        let other = Some("[resourceId('Microsoft.ContainerRegistry/registries', 'acme2')]");
        insta::assert_snapshot!(says(CHECK, &Template { scope: other, ..Template::default() }), @"
        error: AcrPull is granted on acme2, not on the registry acme1
        at: {
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"LegacyRegistryPermissions\"
              }
            }: the registry
        help: set the `scope` of the role assignment to acme1
        ");
        insta::assert_snapshot!(says(CHECK, &Template { scope: other, registry: false, ..Template::default() }), @"
        warning: AcrPull is granted on acme2, not on the registry acme1.azurecr.io
        at: {
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        help: set the `scope` of the role assignment to acme1.azurecr.io
        ");
    }
}
