//! The identity may pull only because it may do far more.
//!
//! ## Why
//! Owner, Contributor and Reader pull from registries in legacy mode by their wildcards. The identity can do more than it needs,
//! and stops pulling when the registry changes to ABAC mode.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference>
//!
//! ## Fix
//! Grant AcrPull, and take the wide role away where nothing else needs it.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::Access;

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-too-broad",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("role_too_broad.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Access::Allowed(allowed) = &standing.access else {
            return Err(Stop::NotApplicable("the identity may not pull"));
        };
        if !allowed.is_only_broad() || allowed.is_only_custom_wildcard() {
            return Ok(Vec::new());
        }
        let names: Vec<&str> = allowed.by.iter().map(|grant| grant.held.role.name.as_str()).collect();
        let title =
            format!("{} may pull only because it is {}", puller::name(workload, &standing.puller), names.join(", "));
        let finding = at_entry(pull, &standing, title);
        Ok(vec![finding.help(format!("grant {} instead", standing.mode.pull_role().name)).command(standing.remedy())])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{ACR_PULL, REGISTRY_ID, assignment, holding, live, registry};
    use serde_json::json;

    #[test]
    fn a_reader_pulls_and_is_warned_of() {
        let reader = assignment("acdd72a7-3385-48ef-bd42-f606fba81ae7", "/subscriptions/s");
        insta::assert_snapshot!(live(CHECK, &holding(registry(&json!({})), std::slice::from_ref(&reader))), @"
        warning: the system identity of app may pull only because it is Reader
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant AcrPull instead
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
        assert_eq!(live(CHECK, &holding(registry(&json!({})), &[reader, assignment(ACR_PULL, REGISTRY_ID)])), "pass");
    }
}
