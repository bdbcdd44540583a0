//! The identity also holds a role that the registry's mode does not honour, as after a change of the mode.
//!
//! ## Why
//! A registry that was switched between legacy and ABAC mode refuses the tokens that it gave in the other mode, for minutes to
//! hours, although the roles are right: a running replica that pulls with one gets 401. The role of the other mode grants nothing
//! any more.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>
//!
//! ## Fix
//! Deploy a new revision, which logs in anew; remove the role that grants nothing.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Asked, Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::{Access, RegistryMode};

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-left-over",
    hypothesis: Hypothesis::H1,
    severity: Severity::Note,
    source: include_str!("role_left_over.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Access::Allowed(allowed) = &standing.access else {
            return Err(Stop::NotApplicable("the identity may not pull"));
        };
        let idle: Vec<_> = live::in_other_mode(&standing, evidence)?
            .into_iter()
            .filter(|held| !allowed.by.iter().any(|grant| grant.held.assignment == held.assignment))
            .collect();
        if idle.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = idle.iter().map(|held| held.role.name.as_str()).collect();
        let mode = match standing.mode {
            RegistryMode::Abac => "ABAC",
            RegistryMode::Legacy => "legacy",
        };
        let name = puller::name(workload, &standing.puller);
        let title = format!("{name} also holds {}, which pulls nothing in {mode} mode", names.join(", "));
        let ids: Vec<&str> = idle.iter().map(|held| held.assignment.id.as_str()).collect();
        let finding =
            at_entry(pull, &standing, title).command(format!("az role assignment delete --ids {}", ids.join(" ")));
        Ok(vec![match changed(&standing.registry.json) {
            // What was changed about the registry is not told: roles for both modes make it likely that it was the mode.
            Some(time) => finding
                .warning()
                .detail(format!("the registry was changed at {time}: if that was its mode, tokens of before get 401"))
                .help("deploy a new revision, so that replicas log in anew, and remove the role that grants nothing"),
            None => finding.help("remove it: nothing pulls with it"),
        }])
    })
}

/// When the registry was last changed, if that was within the last day.
fn changed(registry: &serde_json::Value) -> Option<&str> {
    let time = registry.pointer("/systemData/lastModifiedAt")?.as_str()?;
    Asked::of(registry)?.is_of_today(time).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{
        ACR_PULL, REGISTRY_ID, REPOSITORY_READER, assignment, holding, live, registry,
    };
    use crate::evidence::{Evidence, Question, Reply};
    use crate::image::Host;
    use serde_json::{Value, json};

    const BOTH: [&str; 2] = [ACR_PULL, REPOSITORY_READER];

    #[track_caller]
    fn says(evidence: Evidence, roles: &[&str]) -> String {
        let held: Vec<Value> = roles.iter().map(|role| assignment(role, REGISTRY_ID)).collect();
        live(CHECK, &holding(evidence, &held))
    }

    fn abac() -> Evidence {
        registry(&json!({"roleAssignmentMode": "AbacRepositoryPermissions"}))
    }

    #[test]
    fn a_role_of_the_other_mode_is_remarked_on() {
        insta::assert_snapshot!(says(abac(), &BOTH), @"
        note: the system identity of app also holds AcrPull, which pulls nothing in ABAC mode
        also: acme1.azurecr.io/api:v1: needed for this image
        help: remove it: nothing pulls with it
        run: az role assignment delete --ids /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1/providers/Microsoft.Authorization/roleAssignments/a
        ");
        assert_eq!(says(abac(), &[REPOSITORY_READER]), "pass");
        let importer = "577a9874-89fd-4f24-9dbd-b5034d0ad23a";
        assert_eq!(says(abac(), &[importer]), "pass", "a role that pulls in both modes is no left-over");
        let owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
        assert_eq!(says(abac(), &[REPOSITORY_READER, owner]), "pass", "nobody grants Owner for a pull");
    }

    #[test]
    fn a_change_of_today_makes_it_a_warning() {
        let changed = |time: &str| {
            json!({"id": REGISTRY_ID, "name": "acme1", "location": "westeurope", "systemData": {"lastModifiedAt": time},
                "properties": {"loginServer": "acme1.azurecr.io", "roleAssignmentMode": "AbacRepositoryPermissions"},
                "asked": {"now": "2026-05-01T12:00:00Z", "recently": "2026-05-01T11:45:00Z", "yesterday":
                "2026-04-30T12:00:00Z", "soon": "2026-05-31T12:00:00Z"}})
        };
        let evidence = |time: &str| {
            let host = Host::parse("acme1.azurecr.io").unwrap();
            Evidence::default().with(Question::Registry { host }, Ok(Reply::Json(changed(time))))
        };
        let today = says(evidence("2026-05-01T08:30:00.123+00:00"), &BOTH);
        assert!(today.starts_with("warning: ") && today.contains("tokens of before get 401"), "{today}");
        assert!(says(evidence("2025-05-01T08:30:00Z"), &BOTH).starts_with("note: "));
    }
}
