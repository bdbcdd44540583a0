//! The role that lets the identity pull has an end.
//!
//! ## Why
//! A time-bound assignment ends on its date. Images are pulled again at every scale-out and restart, which fails from then on.
//! <https://learn.microsoft.com/entra/id-governance/privileged-identity-management/pim-resource-roles-renew-extend>
//!
//! ## Fix
//! Make the assignment permanent, or renew it in time.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::{Access, Allowed, expire_by, read};

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-expiring",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("role_expiring.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let (Access::Allowed(allowed), Some(principal)) = (&standing.access, &standing.principal) else {
            return Err(Stop::NotApplicable("nothing that Azure grants lets the identity pull"));
        };
        let question = Resource::Scheduled { scope: standing.registry.id.clone(), principal: principal.to_string() };
        // Many tenants have no Privileged Identity Management, and many callers may not read it: then nothing is known to end.
        let Ok(json) = evidence.resource(question)? else {
            return Err(Stop::NotApplicable("whether assignments end was not told"));
        };
        let schedules = read::schedule_instances(json).unwrap_or_default();
        let mut by = allowed.by.clone();
        for grant in &mut by {
            expire_by(std::slice::from_mut(&mut grant.held.assignment), &schedules);
        }
        let ending = Allowed { by };
        let Some(end) = ending.ends() else { return Ok(Vec::new()) };
        let title = format!("{} may pull until {end}", puller::name(workload, &standing.puller));
        let finding = at_entry(pull, &standing, title).detail("every restart and scale-out pulls again");
        Ok(vec![finding.help("make the assignment permanent, or renew it in time").command(standing.remedy())])
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
    fn says(end: serde_json::Value) -> String {
        let mut schedule = assignment(ACR_PULL, REGISTRY_ID);
        schedule["properties"]["endDateTime"] = end;
        let held = holding(registry(&json!({})), &[assignment(ACR_PULL, REGISTRY_ID)]);
        let question = Resource::Scheduled { scope: REGISTRY_ID.to_owned(), principal: PRINCIPAL.to_owned() };
        live(CHECK, &answering(held, question, Ok(json!({"value": [schedule]}))))
    }

    #[test]
    fn a_role_with_an_end_is_warned_of() {
        insta::assert_snapshot!(says(json!("2026-12-31T00:00:00Z")), @"
        warning: the system identity of app may pull until 2026-12-31T00:00:00Z
        because: every restart and scale-out pulls again
        also: acme1.azurecr.io/api:v1: needed for this image
        help: make the assignment permanent, or renew it in time
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
        assert_eq!(says(json!(null)), "pass");
    }
}
