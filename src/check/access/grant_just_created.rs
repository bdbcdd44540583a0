//! The role that the pull needs is assigned in the same deployment.
//!
//! ## Why
//! A role assignment takes up to ten minutes to reach the registry. The first revision may fail for that alone; a later attempt
//! works.
//! <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected>
//!
//! ## Fix
//! Create identity and role in a deployment before that of the app, or deploy again.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Puller, Workload};

use super::plan::{self, Granted};
use super::{grant_flaw, wiring};

pub const CHECK: Check = Check {
    code: "grant-just-created",
    hypothesis: Hypothesis::H1,
    severity: Severity::Note,
    source: include_str!("grant_just_created.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let (who, plan) = grant_flaw::weigh(pull)?;
        let Granted::Yes(grants) = &plan.granted else {
            return Err(Stop::NotApplicable("the deployment grants no pull"));
        };
        // Without waiting there is a worse problem, which has its own check.
        if matches!(who, Puller::System) || plan::is_awaited(manifest, workload, grants) != Some(true) {
            return Err(Stop::NotApplicable("the workload does not wait for the grant"));
        }
        let title = "the role may take up to ten minutes to work: the very first pull can fail for that";
        let finding = Finding::at(grants[0].resource.at, title).also(workload.at, "what pulls");
        Ok(vec![finding.help("deploy identity and role before the app, or deploy again")])
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    #[test]
    fn a_role_of_the_same_deployment_is_remarked_on() {
        insta::assert_snapshot!(says(CHECK, &Template::default()), @"
        note: the role may take up to ten minutes to work: the very first pull can fail for that
        at: {
        also: {
              \"type\": \"Microsoft.App/containerApps\",
              \"apiVersion\": \"2024-03-01\",
              \"name\": \"app\",
              \"identity\": {
                \"type\": \"UserAssigned\",
                \"userAssignedIdentities\": {
                  \"[format('{0}', resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'))]\": {}
                }
              },
              \"properties\": {
                \"environmentId\": \"/e\",
                \"configuration\": {
                  \"registries\": [
                    {
                      \"server\": \"acme1.azurecr.io\",
                      \"identity\": \"[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull')]\"
                    }
                  ]
                },
                \"template\": {
                  \"containers\": [
                    {
                      \"name\": \"api\",
                      \"image\": \"acme1.azurecr.io/api:v1\"
                    }
                  ]
                }
              },
              \"dependsOn\": [
                \"[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull')]\",
                \"[extensionResourceId(resourceId('Microsoft.ContainerRegistry/registries', 'acme1'), 'Microsoft.Authorization/roleAssignments', guid('acme1', 'id-pull'))]\"
              ]
            }: what pulls
        help: deploy identity and role before the app, or deploy again
        ");
        insta::assert_snapshot!(says(CHECK, &Template { waits: false, ..Template::default() }), @"not applicable: the workload does not wait for the grant");
    }
}
