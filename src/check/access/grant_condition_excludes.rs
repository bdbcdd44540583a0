//! The condition of the grant does not let the image's repository through.
//!
//! ## Why
//! In ABAC mode a role assignment can be limited to repositories. The path is compared without host and tag; `backend/` means
//! what is below it, not the repository `backend` itself.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>
//!
//! ## Fix
//! Name the repository in the condition.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::rbac::repository_condition;

use super::grant_flaw;
use super::plan::Flaw;

pub const CHECK: Check = Check {
    code: "grant-condition-excludes",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("grant_condition_excludes.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    grant_flaw::judge(manifest, workload, evidence, |flawed, flaw| {
        let Flaw::ConditionExcludes(grant) = flaw else { return None };
        let image = flawed.pull.image().ok()?;
        let title = format!("the condition of the grant does not let {} through", image.repository);
        let finding = flawed.at_grant(grant, grant.condition, title);
        let finding = match grant.condition {
            Some(condition) => finding.also(flawed.pull.place(condition), "the condition"),
            None => finding,
        };
        Some(finding.help(format!("name the repository: `{}`", repository_condition(&image.repository))))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};
    use crate::rbac::repository_condition;

    #[test]
    fn a_condition_for_another_repository_excludes_this_one() {
        let with = |repository: &str| {
            let condition = repository_condition(repository);
            says(
                CHECK,
                &Template {
                    abac: true,
                    role: "b93aa761-3e63-49ed-ac28-beffa264f7ac",
                    condition: Some(&condition),
                    ..Template::default()
                },
            )
        };
        insta::assert_snapshot!(with("web"), @"
        error: the condition of the grant does not let api through
        at: ((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'web'))
        also: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'): the registry entry that needs it
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"AbacRepositoryPermissions\"
              }
            }: the registry
        help: name the repository: `((!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) AND !(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})) OR (@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'api'))`
        ");
        assert_eq!(with("api"), "pass");
    }
}
