//! A deny assignment forbids the pull, whatever is granted.
//!
//! ## Why
//! Managed applications, deployment stacks and blueprints deny everybody but their own principals. A deny beats every role.
//! <https://learn.microsoft.com/azure/role-based-access-control/deny-assignments>
//!
//! ## Fix
//! Ask the owner of the managed scope to exclude the identity, or pull from another registry. Nobody can delete a deny assignment
//! that Azure protects.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::Reason;

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "deny-assignment",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("deny_assignment.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        // Who may not read them cannot tell that there are none.
        live::denies(&standing.registry, evidence)?.map_err(Stop::Unverified)?;
        let Some(Reason::DenyAssignment(denies)) = standing.cause() else { return Ok(Vec::new()) };
        let names: Vec<String> = denies.iter().map(|deny| format!("`{}`", deny.name)).collect();
        let who = puller::name(workload, &standing.puller);
        let title = format!("the deny assignment {} keeps {who} from pulling", names.join(", "));
        let mut finding = at_entry(pull, &standing, title);
        for deny in denies {
            let whom = if deny.is_for_everyone() { "everybody who is not excluded" } else { "this principal" };
            finding = finding.detail(format!("it is for {whom}, at {}", deny.scope));
        }
        let command = format!(
            "az rest --method get --url \"{}/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01\"",
            standing.registry.id
        );
        Ok(vec![
            finding
                .help(format!("have the principal {} excluded by whoever owns the scope", standing.assignee()))
                .command(command),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{
        ACR_PULL, REGISTRY_ID, answering, assignment, holding, live, not_allowed, registry,
    };
    use crate::evidence::{Answer, Resource};
    use serde_json::{Value, json};

    #[track_caller]
    fn says(denies: Answer<Value>) -> String {
        let granted = holding(registry(&json!({})), &[assignment(ACR_PULL, REGISTRY_ID)]);
        live(CHECK, &answering(granted, Resource::DenyAssignments { scope: REGISTRY_ID.to_owned() }, denies))
    }

    fn deny(excluded: &str) -> Value {
        json!({"value": [{"id": "/d", "properties": {"denyAssignmentName": "managed lock", "scope": "/subscriptions/s/resourceGroups/g",
            "permissions": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}],
            "principals": [{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}],
            "excludePrincipals": [{"id": excluded, "type": "ServicePrincipal"}]}}]})
    }

    #[test]
    fn a_deny_for_everybody_beats_the_role() {
        insta::assert_snapshot!(says(Ok(deny("d14119a1-1f6b-5efe-bb67-aa55f44983b9"))), @"
        error: the deny assignment `managed lock` keeps the system identity of app from pulling
        because: it is for everybody who is not excluded, at /subscriptions/s/resourceGroups/g
        also: acme1.azurecr.io/api:v1: needed for this image
        help: have the principal 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad excluded by whoever owns the scope
        run: az rest --method get --url \"/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1/providers/Microsoft.Authorization/denyAssignments?api-version=2022-04-01\"
        ");
    }

    #[test]
    fn who_is_excluded_is_not_denied() {
        assert_eq!(says(Ok(deny(super::super::template::PRINCIPAL))), "pass");
    }

    #[test]
    fn denies_that_may_not_be_read_are_unverified() {
        insta::assert_snapshot!(says(Err(not_allowed())), @"unverified: the caller may not read this: it needs Microsoft.Authorization/roleAssignments/read on /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1");
    }
}
