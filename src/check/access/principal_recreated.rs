//! The user-assigned identity does not exist, or is another one than the workload was given.
//!
//! ## Why
//! An identity that is deleted and created again has the same resource id and another principal. The roles of the old one stay
//! behind without anybody to hold them, and a workload that was given the old one keeps it until it is attached again.
//! <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignments-with-identity-not-found>
//!
//! ## Fix
//! Create the identity, attach it, and grant the role to its present principal.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Pull, Puller, Workload};
use crate::rbac::{PrincipalId, Reason};

use super::live::{self, Standing};
use super::pull_role_missing::at_entry;
use super::{puller, remedy, wiring};

pub const CHECK: Check = Check {
    code: "principal-recreated",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("principal_recreated.rs"),
    run: Run::Workload(run),
};

/// What became of the identity.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    Gone,
    /// Its principal is this one now.
    Now(PrincipalId),
}

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        // `pull-role-missing` asks; this one only reads.
        let Ok(Some(fate)) = flaw(pull, &standing, evidence) else { return Ok(Vec::new()) };
        let name = puller::name(workload, &standing.puller);
        let id = standing.puller.value().map(remedy::id).unwrap_or_default();
        Ok(vec![match fate {
            Fate::Gone => {
                let finding = at_entry(pull, &standing, format!("{name} does not exist"));
                finding
                    .help("create it, attach it to the workload, and grant it the role; or name one that exists")
                    .command(format!("az identity show --ids {id}"))
            }
            Fate::Now(now) => {
                let finding = at_entry(pull, &standing, format!("{name} was created again, and its roles were not"));
                let finding = finding.detail(format!(
                    "the workload has the principal {}, the identity is {now} now",
                    standing.assignee()
                ));
                let finding = finding.help("attach the identity again, and grant the role to its present principal");
                finding.command(remedy::grant(now.as_str(), standing.mode, &standing.registry.id))
            }
        }])
    })
}

/// What became of a user-assigned identity: of one that holds no role, and of one whose principal an export tells, which may be
/// that of an identity that is gone, with a role that is left behind.
///
/// # Errors
/// *Need* of the identity.
pub fn flaw(pull: &Pull, standing: &Standing, evidence: &Evidence) -> Result<Option<Fate>, Stop> {
    let is_told = puller::exported(pull.workload, &standing.puller).is_some();
    let is_asked = match standing.cause() {
        None => is_told,
        Some(cause) => matches!(cause, Reason::NoAssignment),
    };
    if !matches!(standing.puller, Puller::User(_)) || !is_asked || standing.plan.identity_is_new {
        return Ok(None);
    }
    let Some(id) = puller::resource(pull.workload, &standing.puller) else { return Ok(None) };
    let is_allowed = standing.cause().is_none();
    let now = match puller::read(id, evidence) {
        Err(Stop::Need(question)) => return Err(Stop::Need(question)),
        // Nothing is listed for a principal that is gone: what holds a role is there, and its resource was not shown.
        Err(_) | Ok(Err(_)) if is_allowed => return Ok(None),
        Err(_) | Ok(Err(_)) if standing.principal.is_some() => {
            let gone = matches!(puller::read(id, evidence), Ok(Err(failure)) if failure.is_not_found());
            return Ok(gone.then_some(Fate::Gone));
        }
        Err(_) | Ok(Err(_)) => return Ok(Some(Fate::Gone)),
        Ok(Ok(json)) => {
            json.pointer("/properties/principalId").and_then(serde_json::Value::as_str).map(PrincipalId::from)
        }
    };
    Ok(match (now, &standing.principal) {
        (Some(now), Some(known)) if now != *known => Some(Fate::Now(now)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{
        ACR_PULL, PRINCIPAL, REGISTRY_ID, answering, assignment, exported, holding, not_allowed, registry,
    };
    use crate::check::table::verdicts;
    use crate::evidence::{Answer, Failure, Resource};
    use serde_json::{Value, json};

    const ID: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull";

    #[track_caller]
    fn says(identity: Answer<Value>) -> String {
        holding_says(&[], identity)
    }

    #[track_caller]
    fn holding_says(held: &[Value], identity: Answer<Value>) -> String {
        let mut app: Value = serde_json::from_str(&exported()).unwrap();
        app["identity"] = json!({"type": "UserAssigned", "userAssignedIdentities": {ID: {"principalId": PRINCIPAL, "clientId": "c"}}});
        app["properties"]["configuration"]["registries"][0]["identity"] = json!(ID);
        let evidence = answering(holding(registry(&json!({})), held), Resource::Get { id: ID.to_owned() }, identity);
        verdicts(CHECK, &app.to_string(), &evidence)
    }

    #[test]
    fn an_identity_that_is_gone_or_new_is_named() {
        insta::assert_snapshot!(says(Err(Failure::not_found("management.azure.com"))), @"
        error: the identity id-pull does not exist
        at: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull
        also: acme1.azurecr.io/api:v1: needed for this image
        help: create it, attach it to the workload, and grant it the role; or name one that exists
        run: az identity show --ids /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull
        ");
        insta::assert_snapshot!(says(Ok(json!({"properties": {"principalId": "d5e18a61-7639-5bfe-8e97-2ffa4c2eeb8f"}}))), @"
        error: the identity id-pull was created again, and its roles were not
        at: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull
        because: the workload has the principal 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad, the identity is d5e18a61-7639-5bfe-8e97-2ffa4c2eeb8f now
        also: acme1.azurecr.io/api:v1: needed for this image
        help: attach the identity again, and grant the role to its present principal
        run: az role assignment create --assignee-object-id d5e18a61-7639-5bfe-8e97-2ffa4c2eeb8f --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
    }

    #[test]
    fn a_role_that_is_left_behind_helps_nobody() {
        let new = json!({"properties": {"principalId": "d5e18a61-7639-5bfe-8e97-2ffa4c2eeb8f"}});
        let held = [assignment(ACR_PULL, REGISTRY_ID)];
        assert!(holding_says(&held, Ok(new)).contains("was created again"));
        assert_eq!(holding_says(&held, Ok(json!({"properties": {"principalId": PRINCIPAL}}))), "pass");
        assert_eq!(holding_says(&held, Err(not_allowed())), "pass");
        assert_eq!(holding_says(&held, Err(Failure::not_found("management.azure.com"))), "pass");
    }

    #[test]
    fn the_same_principal_is_no_new_one() {
        assert_eq!(says(Ok(json!({"properties": {"principalId": PRINCIPAL.to_uppercase()}}))), "pass");
    }
}
