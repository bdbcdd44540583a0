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
        // A module for another resource group makes the same name another registry.
        let elsewhere = if scope.eq_ignore_ascii_case(&flawed.registry()) { " of another resource group" } else { "" };
        let (role, registry) = (plan::role_name(grant), flawed.registry());
        let title = format!("{role} is granted on {scope}{elsewhere}, not on the registry {registry}");
        Some(
            flawed
                .at_grant(grant, Some(&grant.scope), title)
                .help(format!("set the `scope` of the role assignment to {}", flawed.registry())),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::Check;
    use crate::check::access::template::{Template, answering, holding, registry, says};
    use crate::check::table::judged;
    use crate::document::bytes::Encoding;
    use crate::evidence::{Evidence, Failure, Resource};
    use crate::template::Context;
    use crate::{load, manifest};
    use serde_json::json;

    /// What a check says of a template that is deployed to a group of which the names are stated.
    #[track_caller]
    fn says_in_group(check: Check, template: &Template, evidence: &Evidence) -> String {
        judged(check, "template: {}", evidence, |manifest, sources| {
            let file = sources.add("main.json", template.text());
            let document = load::document("main.json".to_owned(), file, Encoding::default(), sources).unwrap();
            let text = |name: &str| Some(name.to_owned());
            let context = Context { subscription_id: text("s"), resource_group: text("g"), ..Context::default() };
            let options = manifest::Options { context, ..manifest::Options::default() };
            *manifest = manifest::read(&mut [document], &options);
        })
    }

    #[test]
    fn the_same_name_in_another_group_is_told_apart() {
        let scope = Some("[resourceId('s', 'other', 'Microsoft.ContainerRegistry/registries', 'acme1')]");
        let said = says_in_group(CHECK, &Template { scope, ..Template::default() }, &Evidence::default().offline());
        assert!(said.starts_with("error: AcrPull is granted on acme1 of another resource group, not on"), "{said}");
    }

    #[test]
    fn what_azure_grants_is_told_once() {
        let scope = Some("[resourceId('Microsoft.App/containerApps', 'app')]");
        let template = Template { registry: false, scope, ..Template::default() };
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull";
        let no_identity = Err(Failure::not_found("management.azure.com"));
        let evidence = holding(registry(&json!({})), &[]);
        let evidence = answering(evidence, Resource::Get { id: id.to_owned() }, no_identity);
        let says = |check| says_in_group(check, &template, &evidence);
        assert_eq!(says(CHECK), "not applicable: `pull-role-missing` tells what Azure grants");
        let main = says(super::super::pull_role_missing::CHECK);
        assert!(main.starts_with("error: ") && main.contains("which is not enough"), "{main}");
    }

    #[test]
    fn a_grant_on_the_app_does_not_reach_the_registry() {
        let app = Some("[resourceId('Microsoft.App/containerApps', 'app')]");
        insta::assert_snapshot!(says(CHECK, &Template { scope: app, ..Template::default() }), @"
        error: AcrPull is granted on app, not on the registry acme1
        at: resourceId('Microsoft.App/containerApps', 'app')
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
        at: resourceId('Microsoft.ContainerRegistry/registries', 'acme2')
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
        at: resourceId('Microsoft.ContainerRegistry/registries', 'acme2')
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        help: set the `scope` of the role assignment to acme1.azurecr.io
        ");
    }
}
