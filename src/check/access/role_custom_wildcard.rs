//! The identity may pull only by a wildcard of a custom role, which registries may not honour.
//!
//! ## Why
//! Wildcards such as `Microsoft.ContainerRegistry/*/read` in custom roles are documented to work for registries only in tenants
//! with a private link for Resource Manager.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-custom-roles>
//!
//! ## Fix
//! Name the action in the custom role, or grant the built-in one.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::Access;

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-custom-wildcard",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("role_custom_wildcard.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Access::Allowed(allowed) = &standing.access else {
            return Err(Stop::NotApplicable("the identity may not pull"));
        };
        if !allowed.is_only_custom_wildcard() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = allowed.by.iter().map(|grant| grant.held.role.name.as_str()).collect();
        let title = format!(
            "{} may pull only by a wildcard of the custom role {}",
            puller::name(workload, &standing.puller),
            names.join(", ")
        );
        let operation = standing.mode.pull();
        let finding = at_entry(pull, &standing, title).help(format!(
            "name `{}` in the role, or grant {}",
            operation.name(),
            standing.mode.pull_role().name
        ));
        Ok(vec![finding.command(standing.remedy())])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{REGISTRY_ID, answering, assignment, holding, live, registry};
    use crate::evidence::Resource;
    use serde_json::json;

    #[test]
    fn a_wildcard_of_a_custom_role_is_warned_of() {
        const GUID: &str = "00000000-0000-0000-0000-00000000c001";
        let says = |action: &str| {
            let role = json!({"id": format!("/providers/Microsoft.Authorization/roleDefinitions/{GUID}"), "name": GUID, "properties": {"roleName": "puller",
                "type": "CustomRole", "permissions": [{"actions": [action], "notActions": [], "dataActions": [], "notDataActions": []}]}});
            let held = holding(registry(&json!({})), &[assignment(GUID, REGISTRY_ID)]);
            let question = Resource::RoleDefinition { scope: REGISTRY_ID.to_owned(), guid: GUID.to_owned() };
            live(CHECK, &answering(held, question, Ok(role)))
        };
        insta::assert_snapshot!(says("Microsoft.ContainerRegistry/*/read"), @"
        warning: the system identity of app may pull only by a wildcard of the custom role puller
        also: acme1.azurecr.io/api:v1: needed for this image
        help: name `Microsoft.ContainerRegistry/registries/pull/read` in the role, or grant AcrPull
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
        assert_eq!(says("Microsoft.ContainerRegistry/registries/pull/read"), "pass");
    }
}
