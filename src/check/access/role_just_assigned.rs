//! The role that lets the identity pull was assigned minutes ago.
//!
//! ## Why
//! A role assignment takes up to ten minutes to reach the registry. Until then the pull is refused, and the revision waits for a
//! quarter of an hour before it fails with `Operation expired`.
//! <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected>
//!
//! ## Fix
//! Deploy some minutes after the role was assigned; `pullgate check --wait-for role --timeout 15m` waits for it.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Asked, Evidence, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::Access;

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-just-assigned",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("role_just_assigned.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let (Access::Allowed(allowed), Some(principal)) = (&standing.access, &standing.principal) else {
            return Err(Stop::NotApplicable("nothing that Azure grants lets the identity pull"));
        };
        let question =
            Resource::RoleAssignments { scope: standing.registry.id.clone(), principal: principal.to_string() };
        let Some(asked) = evidence.resource(question)?.ok().and_then(Asked::of) else {
            return Err(Stop::NotApplicable("when the role assignments were read was not told"));
        };
        // A grant of the deployment itself has no date; it is `grant-just-created` that speaks of it.
        let is_new = |time: Option<&str>| time.is_some_and(|time| asked.is_recent(time));
        let mut dates = allowed.by.iter().map(|grant| grant.held.assignment.created_on.as_deref());
        if !dates.all(is_new) {
            return Ok(Vec::new());
        }
        let title = format!("{} has its role for minutes only", puller::name(workload, &standing.puller));
        let created = allowed.by[0].held.assignment.created_on.as_deref().unwrap_or_default();
        let finding = at_entry(pull, &standing, title)
            .detail(format!("it was assigned at {created}; the registry may not honour it for ten minutes"));
        Ok(vec![
            finding.help("wait until ten minutes have passed, and deploy then; `--wait-for role --timeout 15m` does"),
        ])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{
        ACR_PULL, PRINCIPAL, REGISTRY_ID, answering, assignment, holding, live, registry,
    };
    use crate::evidence::Resource;
    use serde_json::json;

    #[track_caller]
    fn says(created: &[&str]) -> String {
        let dated = |created: &&str| {
            let mut one = assignment(ACR_PULL, REGISTRY_ID);
            one["properties"]["createdOn"] = json!(created);
            one
        };
        let list = json!({"value": created.iter().map(dated).collect::<Vec<_>>(), "asked": {"now": "2026-05-01T12:00:00Z",
            "recently": "2026-05-01T11:45:00Z", "yesterday": "2026-04-30T12:00:00Z", "soon": "2026-05-31T12:00:00Z"}});
        let question = Resource::RoleAssignments { scope: REGISTRY_ID.to_owned(), principal: PRINCIPAL.to_owned() };
        live(CHECK, &answering(holding(registry(&json!({})), &[]), question, Ok(list)))
    }

    #[test]
    fn a_role_of_a_minute_ago_is_warned_of() {
        insta::assert_snapshot!(says(&["2026-05-01T11:59:01.5Z"]), @"
        warning: the system identity of app has its role for minutes only
        because: it was assigned at 2026-05-01T11:59:01.5Z; the registry may not honour it for ten minutes
        also: acme1.azurecr.io/api:v1: needed for this image
        help: wait until ten minutes have passed, and deploy then; `--wait-for role --timeout 15m` does
        ");
    }

    #[test]
    fn an_older_role_beside_it_is_enough() {
        assert_eq!(says(&["2026-05-01T11:59:01.5Z", "2026-04-01T00:00:00Z"]), "pass");
        assert_eq!(says(&["2026-05-01T11:30:00Z"]), "pass");
    }

    #[test]
    fn evidence_without_a_time_says_nothing_of_age() {
        let held = holding(registry(&json!({})), &[assignment(ACR_PULL, REGISTRY_ID)]);
        insta::assert_snapshot!(live(CHECK, &held), @"not applicable: when the role assignments were read was not told");
    }
}
