//! The identity may pull only as a member of a group.
//!
//! ## Why
//! The token of a managed identity carries its groups, and is kept for up to a day. An identity that was added to the group since
//! then is refused until it gets a new one.
//! <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identity-best-practice-recommendations>
//!
//! ## Fix
//! Grant the role to the identity itself.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::{Access, Through};

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-through-group",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("role_through_group.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Access::Allowed(allowed) = &standing.access else {
            return Err(Stop::NotApplicable("the identity may not pull"));
        };
        let Some(held) = allowed.only_through_group() else { return Ok(Vec::new()) };
        let Through::Group(group) = &held.through else { return Ok(Vec::new()) };
        let title =
            format!("{} may pull only as a member of the group {group}", puller::name(workload, &standing.puller));
        let finding = at_entry(pull, &standing, title)
            .detail("a membership of today may reach the registry tomorrow: tokens are kept for up to 24 hours");
        Ok(vec![finding.help("grant the role to the identity itself").command(standing.remedy())])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{ACR_PULL, REGISTRY_ID, assignment, holding, live, registry};
    use serde_json::json;

    #[test]
    fn a_role_of_a_group_is_warned_of() {
        let mut group = assignment(ACR_PULL, REGISTRY_ID);
        group["properties"]["principalId"] = json!("d5e18a61-7639-5bfe-8e97-2ffa4c2eeb8f");
        group["properties"]["principalType"] = json!("Group");
        insta::assert_snapshot!(live(CHECK, &holding(registry(&json!({})), &[group.clone()])), @"
        warning: the system identity of app may pull only as a member of the group d5e18a61-7639-5bfe-8e97-2ffa4c2eeb8f
        because: a membership of today may reach the registry tomorrow: tokens are kept for up to 24 hours
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant the role to the identity itself
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
        let own = assignment(ACR_PULL, REGISTRY_ID);
        assert_eq!(live(CHECK, &holding(registry(&json!({})), &[group, own])), "pass");
    }
}
