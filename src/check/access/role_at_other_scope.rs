//! The identity holds a role that pulls, on something else than this registry.
//!
//! ## Why
//! A role holds at its scope and below: on another registry, on the app or its resource group it allows nothing here.
//! <https://learn.microsoft.com/azure/role-based-access-control/scope-overview>
//!
//! ## Fix
//! Grant it on this registry; or pull from the one that it is granted on.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::Reason;

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-at-other-scope",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("role_at_other_scope.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Some(Reason::ScopeMisses(held)) = standing.cause() else { return Ok(Vec::new()) };
        let title = format!(
            "{} may pull elsewhere, not from {}",
            puller::name(workload, &standing.puller),
            standing.registry.login_server
        );
        let mut finding = at_entry(pull, &standing, title);
        for held in held {
            finding = finding.detail(format!("it holds {} on {}", held.role.name, held.assignment.scope));
        }
        let role = standing.mode.pull_role().name;
        Ok(vec![finding.help(format!("grant it {role} on this registry")).command(standing.remedy())])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{ACR_PULL, PRINCIPAL, answering, assignment, holding, live, registry};
    use crate::evidence::Resource;
    use serde_json::json;

    #[test]
    fn a_role_on_another_registry_is_named() {
        let question =
            Resource::RoleAssignments { scope: "/subscriptions/s".to_owned(), principal: PRINCIPAL.to_owned() };
        let other = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme2";
        let evidence = answering(
            holding(registry(&json!({})), &[]),
            question,
            Ok(json!({"value": [assignment(ACR_PULL, other)]})),
        );
        insta::assert_snapshot!(live(CHECK, &evidence), @"
        error: the system identity of app may pull elsewhere, not from acme1.azurecr.io
        because: it holds AcrPull on /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme2
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant it AcrPull on this registry
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
    }
}
