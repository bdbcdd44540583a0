//! The identity may pull other repositories of the registry, not this one.
//!
//! ## Why
//! In ABAC mode a role assignment can carry a condition on the repository's path. `backend/` means what is below it, not
//! `backend` itself.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>
//!
//! ## Fix
//! Widen the condition, or add an assignment for this repository.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::{Reason, repository_condition};

use super::pull_role_missing::at_entry;
use super::{live, wiring};

pub const CHECK: Check = Check {
    code: "role-condition-excludes",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("role_condition_excludes.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        let Some(Reason::ConditionExcludes(excluded)) = standing.cause() else { return Ok(Vec::new()) };
        let repository = &standing.image.repository;
        let title = format!("the condition of the role does not let the repository {repository} through");
        let mut finding = at_entry(pull, &standing, title);
        for exclusion in excluded {
            let compares = if exclusion.compares.is_empty() {
                exclusion.condition.clone()
            } else {
                exclusion.compares.join(" or ")
            };
            finding = finding.detail(format!("{} holds where the repository {compares}", exclusion.held.role.name));
            if exclusion.only_below {
                finding = finding.detail(format!("that is what is below `{repository}/`, not `{repository}` itself"));
            }
        }
        // A second assignment of the same role to the same principal at the same scope is refused as existing, whatever its
        // condition (https://github.com/hashicorp/terraform-provider-azurerm/issues/24045), and the CLI keeps quiet about it:
        // the narrow one has to go first.
        let mut condition = repository_condition(repository);
        for exclusion in excluded {
            finding = finding.command(format!("az role assignment delete --ids {}", exclusion.held.assignment.id));
            if is_harmless(&exclusion.condition) {
                condition = format!("({}) OR ({condition})", one_line(&exclusion.condition));
            }
        }
        let command = format!("{} --condition-version 2.0 --condition \"{condition}\"", standing.remedy());
        Ok(vec![
            finding.help("replace the assignment by one whose condition lets this repository through").command(command),
        ])
    })
}

/// Whether a condition can stand between double quotes in a shell.
fn is_harmless(condition: &str) -> bool {
    !condition.contains(['"', '$', '`', '\\'])
}

fn one_line(condition: &str) -> String {
    condition.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{REGISTRY_ID, REPOSITORY_READER, assignment, holding, live, registry};
    use crate::rbac::repository_condition;
    use serde_json::json;

    #[track_caller]
    fn says(repository: &str) -> String {
        let mut reader = assignment(REPOSITORY_READER, REGISTRY_ID);
        reader["properties"]["condition"] = json!(repository_condition(repository));
        live(CHECK, &holding(registry(&json!({"roleAssignmentMode": "AbacRepositoryPermissions"})), &[reader]))
    }

    #[test]
    fn a_condition_for_another_repository_excludes_this_one() {
        insta::assert_snapshot!(says("web"), @"
        error: the condition of the role does not let the repository api through
        at: system
        because: Container Registry Repository Reader holds where the repository StringEqualsIgnoreCase 'web'
        also: acme1.azurecr.io/api:v1: needed for this image
        help: replace the assignment by one whose condition lets this repository through
        run: az role assignment delete --ids /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1/providers/Microsoft.Authorization/roleAssignments/a
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role \"Container Registry Repository Reader\" --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1 --condition-version 2.0 --condition \"(((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'web'))) OR (((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'api')))\"
        ");
        assert_eq!(says("API"), "pass");
    }
}
