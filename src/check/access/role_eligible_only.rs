//! The identity could activate a role that pulls, and cannot do so by itself.
//!
//! ## Why
//! An eligible assignment of Privileged Identity Management allows nothing until somebody activates it. A workload's identity
//! does not activate anything (unverified: no public statement was found).
//! <https://learn.microsoft.com/entra/id-governance/privileged-identity-management/pim-resource-roles-assign-roles>
//!
//! ## Fix
//! Make the assignment active.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::Reason;

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-eligible-only",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("role_eligible_only.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Some(Reason::EligibleOnly(eligible)) = standing.cause() else { return Ok(Vec::new()) };
        let names: Vec<&str> = eligible.iter().map(|(_, role)| role.name.as_str()).collect();
        let title = format!(
            "{} is eligible for {}, and does not hold it",
            puller::name(workload, &standing.puller),
            names.join(", ")
        );
        let mut finding = at_entry(pull, &standing, title);
        for (one, role) in eligible {
            finding = finding.detail(format!("{} could be activated at {}", role.name, one.scope));
        }
        Ok(vec![
            finding.help("assign the role as active: nobody activates it for a workload").command(standing.remedy()),
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

    #[test]
    fn an_eligible_role_is_no_role() {
        let question = Resource::Eligible { scope: REGISTRY_ID.to_owned(), principal: PRINCIPAL.to_owned() };
        let eligible = json!({"value": [assignment(ACR_PULL, REGISTRY_ID)]});
        let evidence = answering(holding(registry(&json!({})), &[]), question, Ok(eligible));
        insta::assert_snapshot!(live(CHECK, &evidence), @"
        error: the system identity of app is eligible for AcrPull, and does not hold it
        because: AcrPull could be activated at /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        also: acme1.azurecr.io/api:v1: needed for this image
        help: assign the role as active: nobody activates it for a workload
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
        insta::assert_snapshot!(live(super::super::pull_role_missing::CHECK, &evidence), @"pass");
    }
}
