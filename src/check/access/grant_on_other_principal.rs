//! The role is granted to another identity than the one that pulls.
//!
//! ## Why
//! An app can have several identities; only the one that the registry entry names pulls. A role for the build's identity, or for
//! the client id or the resource id instead of the principal id, gives that one nothing.
//! <https://learn.microsoft.com/azure/role-based-access-control/role-assignments-template>
//!
//! ## Fix
//! Grant the role to the `principalId` of the identity that the registry entry names.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Grant, Manifest, Workload};
use crate::value::Symbol;

use super::plan::{self, Flaw};
use super::{grant_flaw, remedy};

pub const CHECK: Check = Check {
    code: "grant-on-other-principal",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("grant_on_other_principal.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    grant_flaw::judge(manifest, workload, evidence, |flawed, flaw| match flaw {
        Flaw::NoPrincipal(grant) => {
            let what = if grant.resource_id().is_some() { "resource id" } else { "client id" };
            let title = format!(
                "{} is granted to the {what} of {}, which is no principal",
                plan::role_name(grant),
                flawed.name()
            );
            Some(flawed.at_grant(grant, grant.principal, title).help("grant it to the `principalId`"))
        }
        // Where the identity exists it may have its role already, and the grant is meant for somebody else.
        Flaw::OtherPrincipal(grant) if flawed.plan.identity_is_new => {
            let title =
                format!("{} is granted to {}, and {} pulls", plan::role_name(grant), holder(grant), flawed.name());
            Some(flawed.at_grant(grant, grant.principal, title).help(format!(
                "grant {} to the `principalId` of {}",
                flawed.role(),
                flawed.name()
            )))
        }
        _ => None,
    })
}

fn holder(grant: &Grant) -> String {
    let symbol = grant.principal.and_then(|principal| principal.as_unknown()?.symbol.as_ref());
    match (symbol, grant.principal) {
        (Some(Symbol::Principal(of)), _) => of.rsplit('/').next().unwrap_or_default().to_owned(),
        (_, Some(principal)) => remedy::known(principal).unwrap_or_else(|| "somebody else".to_owned()),
        _ => "somebody else".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    #[test]
    fn a_role_of_another_identity_does_not_count() {
        insta::assert_snapshot!(says(CHECK, &Template { principal: "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-build'), '2023-01-31').principalId]", ..Template::default() }), @"
        error: AcrPull is granted to id-build, and the identity id-pull pulls
        at: reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-build'), '2023-01-31').principalId
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"LegacyRegistryPermissions\"
              }
            }: the registry
        help: grant AcrPull (7f951dda-4ed3-4680-a7ca-43fe172d538d) to the `principalId` of the identity id-pull
        ");
    }

    #[test]
    fn a_client_id_is_no_principal() {
        insta::assert_snapshot!(says(CHECK, &Template { principal: "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'), '2023-01-31').clientId]", ..Template::default() }), @"
        error: AcrPull is granted to the client id of the identity id-pull, which is no principal
        at: reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'), '2023-01-31').clientId
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"LegacyRegistryPermissions\"
              }
            }: the registry
        help: grant it to the `principalId`
        ");
    }

    #[test]
    fn a_resource_id_is_no_principal() {
        let id = "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull')]";
        let said = says(CHECK, &Template { principal: id, ..Template::default() });
        assert!(said.starts_with(
            "error: AcrPull is granted to the resource id of the identity id-pull, which is no principal"
        ));
    }

    #[test]
    fn a_principal_that_is_a_parameter_decides_nothing() {
        insta::assert_snapshot!(says(CHECK, &Template { principal: "[parameters('principal')]", ..Template::default() }), @"not applicable: to whom a role is granted is known only after the deployment");
    }
}
