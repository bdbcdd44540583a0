//! The app does not wait for the role that it needs to pull.
//!
//! ## Why
//! What does not depend on each other is deployed at the same time: the first revision may pull before the role is assigned.
//! <https://learn.microsoft.com/azure/azure-resource-manager/templates/resource-dependency>
//!
//! ## Fix
//! Let the app depend on the role assignment, or on the module that holds it: `dependsOn: [ acrPull ]`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Puller, Workload};

use super::plan::{self, Granted};
use super::{grant_flaw, wiring};

pub const CHECK: Check = Check {
    code: "grant-not-awaited",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("grant_not_awaited.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let (who, plan) = grant_flaw::weigh(pull)?;
        let Granted::Yes(grants) = &plan.granted else {
            return Err(Stop::NotApplicable("the deployment grants no pull"));
        };
        if matches!(who, Puller::System) {
            return Err(Stop::NotApplicable("the grant waits for the identity, which is the workload's own"));
        }
        match plan::is_awaited(manifest, workload, grants) {
            None => Err(Stop::NotApplicable("the file does not tell what waits for what")),
            Some(true) => Ok(Vec::new()),
            Some(false) => {
                let title = format!("{} does not wait for the role that it needs to pull", workload.display_name());
                let finding = Finding::at(workload.at, title).also(grants[0].resource.at, "the role assignment");
                Ok(vec![
                    finding.help("add the role assignment, or the module that holds it, to `dependsOn` of the app"),
                ])
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    #[test]
    fn an_app_that_does_not_wait_races_its_role() {
        insta::assert_snapshot!(says(CHECK, &Template { waits: false, ..Template::default() }), @"
        warning: app does not wait for the role that it needs to pull
        at: {
        also: {
              \"type\": \"Microsoft.Authorization/roleAssignments\",
              \"apiVersion\": \"2022-04-01\",
              \"name\": \"[guid('acme1', 'id-pull')]\",
              \"properties\": {
                \"roleDefinitionId\": \"[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')]\",
                \"principalId\": \"[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'), '2023-01-31').principalId]\",
                \"principalType\": \"ServicePrincipal\"
              },
              \"scope\": \"[resourceId('Microsoft.ContainerRegistry/registries', 'acme1')]\"
            }: the role assignment
        help: add the role assignment, or the module that holds it, to `dependsOn` of the app
        ");
        assert_eq!(says(CHECK, &Template::default()), "pass");
    }
}
