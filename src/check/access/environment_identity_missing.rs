//! The app pulls with the identity of its environment, which has none.
//!
//! ## Why
//! `system-environment` is the system identity of the Container Apps environment, not of the app: the environment needs it, and
//! its principal needs the role.
//! <https://github.com/Azure/azure-cli-extensions/pull/7876>
//!
//! ## Fix
//! Give the environment a system identity and grant it the pull, or pull with an identity of the app.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, PlannedResource, Puller, Workload};
use crate::value::Value;

use super::{puller, remedy};

pub const CHECK: Check = Check {
    code: "environment-identity-missing",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("environment_identity_missing.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let mut identities = workload.registries.entries.iter().filter_map(|entry| entry.identity.as_ref());
    let Some(identity) = identities.find(|identity| matches!(workload.puller(identity), Puller::Environment)) else {
        return Err(Stop::NotApplicable("no registry entry is for the identity of the environment"));
    };
    let Some(environment) = &workload.environment else {
        return Err(Stop::NotApplicable("the file names no environment"));
    };
    let planned = manifest.planned.get(environment).filter(|planned| !planned.existing);
    let has_identity = match planned {
        Some(planned) => match has_identity(planned) {
            Some(has_identity) => has_identity,
            None => {
                return Err(super::wiring::not_known(
                    "identity",
                    "the identity of the environment is not known before the deployment",
                ));
            }
        },
        None => match puller::read(environment, evidence)? {
            Ok(json) => {
                is_system(json.pointer("/identity/type").and_then(serde_json::Value::as_str).unwrap_or_default())
            }
            Err(failure) => return Err(Stop::Unverified(failure)),
        },
    };
    Ok(if has_identity { Vec::new() } else { vec![finding(identity, environment, planned.map(|planned| planned.at))] })
}

/// Whether the deployment itself creates the workload's environment without an identity.
pub fn is_planned_without(manifest: &Manifest, workload: &Workload) -> bool {
    let environment = workload.environment.as_ref().and_then(|id| manifest.planned.get(id));
    environment.is_some_and(|planned| !planned.existing && has_identity(planned) == Some(false))
}

fn has_identity(environment: &PlannedResource) -> Option<bool> {
    environment.body.path(&["identity", "type"]).map_or(Some(false), |kind| kind.as_str().map(is_system))
}

fn is_system(kind: &str) -> bool {
    kind.to_ascii_lowercase().contains("systemassigned")
}

fn finding(identity: &Value, environment: &Value, planned: Option<crate::source::Span>) -> Finding {
    let name = remedy::name_of(environment);
    let finding = Finding::at_value(identity, format!("the environment {name} has no system identity to pull with"));
    match planned {
        Some(at) => finding
            .also(at, "the environment")
            .help("give the environment `identity: { type: 'SystemAssigned' }`, and that identity the role"),
        None => finding
            .help("give the environment a system identity, and that identity the role")
            .command(format!("az containerapp env identity assign -n {name} -g <group> --system-assigned")),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::{Evidence, Question, Reply, Resource};

    const TEXT: &str = "name: app\nenvironmentId: /subscriptions/s/resourceGroups/g/providers/Microsoft.App/managedEnvironments/env\nconfiguration:\n  \
                        registries:\n  - server: acme1.azurecr.io\n    identity: system-environment\ntemplate:\n  containers:\n  - name: a\n    image: \
                        acme1.azurecr.io/a:1\n";

    #[track_caller]
    fn says(environment: serde_json::Value) -> String {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/managedEnvironments/env".to_owned();
        let evidence = Evidence::default().with(Question::Resource(Resource::Get { id }), Ok(Reply::Json(environment)));
        verdicts(CHECK, TEXT, &evidence)
    }

    #[test]
    fn an_environment_without_identity_fails() {
        insta::assert_snapshot!(says(serde_json::json!({"identity": {"type": "None"}})), @"
        error: the environment env has no system identity to pull with
        at: system-environment
        help: give the environment a system identity, and that identity the role
        run: az containerapp env identity assign -n env -g <group> --system-assigned
        ");
        assert_eq!(says(serde_json::json!({"identity": {"type": "SystemAssigned"}})), "pass");
    }

    #[test]
    fn the_environment_is_asked_for() {
        insta::assert_snapshot!(verdicts(CHECK, TEXT, &Evidence::default()), @"needs /subscriptions/s/resourceGroups/g/providers/Microsoft.App/managedEnvironments/env");
    }
}
