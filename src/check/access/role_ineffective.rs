//! The identity holds a role that this registry does not honour.
//!
//! ## Why
//! A registry in ABAC mode does not honour AcrPull, AcrPush, Reader, Contributor or Owner for pulls; one in legacy mode does not
//! honour Container Registry Repository Reader. Commands that grant on their own (`az containerapp registry set`, `az aks update
//! --attach-acr`) always grant AcrPull.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>
//!
//! ## Fix
//! Grant the role of the registry's mode.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::{Reason, RegistryMode};

use super::pull_role_missing::at_entry;
use super::{live, puller, wiring};

pub const CHECK: Check = Check {
    code: "role-ineffective",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("role_ineffective.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Some(Reason::WrongModeRole(held)) = standing.cause() else { return Ok(Vec::new()) };
        let names: Vec<&str> = held.iter().map(|held| held.role.name.as_str()).collect();
        let (names, login) = (names.join(", "), &standing.registry.login_server);
        let title = match standing.mode {
            RegistryMode::Abac => format!("{login} is in ABAC mode, where {names} does not pull"),
            RegistryMode::Legacy => format!("{login} is in legacy mode, where {names} does not pull"),
        };
        let finding = at_entry(pull, &standing, title)
            .detail(format!("{} holds nothing else", puller::name(workload, &standing.puller)));
        let role = standing.mode.pull_role().name;
        Ok(vec![finding.help(format!("grant it {role} on the registry")).command(standing.remedy())])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{
        ACR_PULL, REGISTRY_ID, REPOSITORY_READER, assignment, holding, live, registry,
    };
    use serde_json::json;

    #[test]
    fn acr_pull_does_not_pull_in_abac_mode() {
        let abac = registry(&json!({"roleAssignmentMode": "AbacRepositoryPermissions"}));
        insta::assert_snapshot!(live(CHECK, &holding(abac, &[assignment(ACR_PULL, REGISTRY_ID)])), @"
        error: acme1.azurecr.io is in ABAC mode, where AcrPull does not pull
        at: system
        because: the system identity of app holds nothing else
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant it Container Registry Repository Reader on the registry
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role \"Container Registry Repository Reader\" --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
    }

    #[test]
    fn repository_reader_does_not_pull_in_legacy_mode() {
        insta::assert_snapshot!(live(CHECK, &holding(registry(&json!({})), &[assignment(REPOSITORY_READER, REGISTRY_ID)])), @"
        error: acme1.azurecr.io is in legacy mode, where Container Registry Repository Reader does not pull
        at: system
        because: the system identity of app holds nothing else
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant it AcrPull on the registry
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
    }

    #[test]
    fn no_role_at_all_is_another_matter() {
        assert_eq!(live(CHECK, &holding(registry(&json!({})), &[])), "pass");
    }
}
