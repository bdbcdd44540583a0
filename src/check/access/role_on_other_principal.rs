//! Another identity of the workload may pull, and not the one that does.
//!
//! ## Why
//! A workload can have a system identity and several user-assigned ones. The registry entry names the one that pulls; what the
//! others may do does not help it.
//! <https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull>
//!
//! ## Fix
//! Name the other identity in the registry entry, or grant the role to this one.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Pull, Workload};
use crate::rbac::access::pullers;
use crate::rbac::{Principal, PrincipalId, PullQuestion, Reason, Roles, Scope, read};

use super::live::{self, Standing};
use super::pull_role_missing::at_entry;
use super::{puller, remedy, wiring};

pub const CHECK: Check = Check {
    code: "role-on-other-principal",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("role_on_other_principal.rs"),
    run: Run::Workload(run),
};

/// An identity of the workload that may pull.
pub struct Holder {
    name: String,
    /// What the registry entry would name it by.
    entry: String,
}

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        // `pull-role-missing` asks; this one only reads.
        let Ok(Some(holder)) = holder(pull, &standing, evidence) else { return Ok(Vec::new()) };
        let title =
            format!("{} may pull, and not {}, which does", holder.name, puller::name(workload, &standing.puller));
        let finding = at_entry(pull, &standing, title);
        let help = format!(
            "name `{}` in the registry entry, or grant the role to the identity that is named there",
            holder.entry
        );
        Ok(vec![finding.help(help).command(standing.remedy())])
    })
}

/// The other identity of the workload that may pull, when the one that does may not for want of any role.
///
/// # Errors
/// *Need* of what the others hold.
pub fn holder(pull: &Pull, standing: &Standing, evidence: &Evidence) -> Result<Option<Holder>, Stop> {
    let Some(Reason::NoAssignment | Reason::LooksLikePull(_)) = standing.cause() else { return Ok(None) };
    let Some(own) = &standing.principal else { return Ok(None) };
    for (id, holder) in others(pull.workload, evidence)? {
        if id != *own && may_pull(&id, standing, evidence)? {
            return Ok(Some(holder));
        }
    }
    Ok(None)
}

/// The identities of the workload with their principals, which an export tells and Azure otherwise.
fn others(workload: &Workload, evidence: &Evidence) -> Result<Vec<(PrincipalId, Holder)>, Stop> {
    let identity = &workload.identity;
    let system = identity.principal_id.as_deref().map(|id| {
        (PrincipalId::from(id), Holder { name: "the system identity".to_owned(), entry: "system".to_owned() })
    });
    let mut all: Vec<(PrincipalId, Holder)> = system.into_iter().collect();
    for one in &identity.user_assigned {
        let principal = match &one.principal_id {
            Some(told) => Some(told.as_str()),
            None => match puller::read(&one.id, evidence) {
                Ok(Ok(json)) => json.pointer("/properties/principalId").and_then(serde_json::Value::as_str),
                Err(need @ Stop::Need(_)) => return Err(need),
                Ok(Err(_)) | Err(_) => None,
            },
        };
        let name = format!("the identity {}", remedy::name_of(&one.id));
        all.extend(principal.map(|id| (PrincipalId::from(id), Holder { name, entry: remedy::id(&one.id) })));
    }
    Ok(all)
}

fn may_pull(id: &PrincipalId, standing: &Standing, evidence: &Evidence) -> Result<bool, Stop> {
    let question = Resource::RoleAssignments { scope: standing.registry.id.clone(), principal: id.to_string() };
    let Ok(json) = evidence.resource(question)? else { return Ok(false) };
    let assignments = read::role_assignments(json).unwrap_or_default();
    let question = PullQuestion {
        principal: &Principal { id: id.clone(), member_of: None },
        registry: &Scope::from(standing.registry.id.as_str()),
        mode: standing.mode,
        repository: Some(&standing.image.repository),
        assignments: &assignments,
        elsewhere: &[],
        roles: &Roles::default(),
        denies: &[],
        eligible: &[],
    };
    Ok(!pullers(question, &assignments).is_empty())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{ACR_PULL, REGISTRY_ID, answering, assignment, exported, holding, registry};
    use crate::check::table::verdicts;
    use crate::evidence::Resource;
    use serde_json::json;

    #[test]
    fn the_role_of_another_identity_is_named() {
        let other = "d5e18a61-7639-5bfe-8e97-2ffa4c2eeb8f";
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull";
        let mut app: serde_json::Value = serde_json::from_str(&exported()).unwrap();
        app["identity"]["type"] = json!("SystemAssigned, UserAssigned");
        app["identity"]["userAssignedIdentities"] = json!({id: {"principalId": other, "clientId": "c"}});
        let mut theirs = assignment(ACR_PULL, REGISTRY_ID);
        theirs["properties"]["principalId"] = json!(other);
        let question = Resource::RoleAssignments { scope: REGISTRY_ID.to_owned(), principal: other.to_owned() };
        let evidence = answering(holding(registry(&json!({})), &[]), question, Ok(json!({"value": [theirs]})));
        insta::assert_snapshot!(verdicts(CHECK, &app.to_string(), &evidence), @"
        error: the identity id-pull may pull, and not the system identity of app, which does
        also: acme1.azurecr.io/api:v1: needed for this image
        help: name `/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull` in the registry entry, or grant the role to the identity that is named there
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
        insta::assert_snapshot!(verdicts(super::super::pull_role_missing::CHECK, &app.to_string(), &evidence), @"not applicable: the role is there and the identity is another one");
    }
}
