//! Whose identity pulls: the resource it belongs to, and its principal in Entra.
//!
//! A question about the puller is answered about the puller; who runs pullgate is somebody else.

use serde_json::Value as Json;

use crate::evidence::{Evidence, Failure, Resource, Stop};
use crate::manifest::{Credential, Host, Pull, Puller, Workload};
use crate::rbac::PrincipalId;
use crate::value::Value;

use super::environment_identity_missing;
use super::wiring::{is_azure, not_known};

/// The principal that pulls.
#[derive(Clone, Debug, PartialEq)]
pub enum Principal {
    Known {
        id: PrincipalId,
        tenant: Option<String>,
    },
    /// Its resource does not exist yet: nothing can have been granted to it.
    New,
}

/// The identity that pulls from a registry of Azure.
///
/// # Errors
/// *Not applicable* for every other way to pull, and while the wiring is wrong, which other checks report.
pub fn azure_puller<'m>(pull: &Pull<'m>) -> Result<Puller<'m>, Stop> {
    let Credential::Identity(puller) = pull.credential()? else {
        return Err(Stop::NotApplicable("no managed identity pulls"));
    };
    match is_azure(&pull.host()?) {
        Some(true) => {}
        Some(false) => return Err(Stop::NotApplicable("the registry is none of Azure's")),
        None => return Err(not_known("server", "the registry is not known before the deployment")),
    }
    if matches!(puller, Puller::Environment)
        && environment_identity_missing::is_planned_without(pull.manifest, pull.workload)
    {
        return Err(Stop::NotApplicable("the environment has no identity: see `environment-identity-missing`"));
    }
    if pull.workload.host == Host::ContainerGroup && matches!(puller, Puller::System) {
        return Err(Stop::NotApplicable("a container group cannot pull with it: see `group-identity-unsupported`"));
    }
    match pull.is_attached(&puller) {
        Some(false) => Err(Stop::NotApplicable("the identity is not attached: see `identity-not-attached`")),
        _ => Ok(puller),
    }
}

/// The resource that the identity belongs to: the user-assigned identity, the workload, the environment.
pub fn resource<'m>(workload: &'m Workload, puller: &Puller<'m>) -> Option<&'m Value> {
    match puller {
        Puller::System => workload.id.as_ref(),
        Puller::Environment => workload.environment.as_ref(),
        Puller::User(id) => Some(id),
        Puller::Client(_) => workload.assigned(puller).map(|one| &one.id).or_else(|| only(workload)),
    }
}

/// What to call the identity.
pub fn name(workload: &Workload, puller: &Puller) -> String {
    let owner = || workload.display_name();
    match puller {
        Puller::System => format!("the system identity of {}", owner()),
        Puller::Environment => format!("the identity of the environment of {}", owner()),
        Puller::User(id) => format!("the identity {}", super::remedy::name_of(id)),
        Puller::Client(id) => match resource(workload, puller) {
            Some(id) => format!("the identity {}", super::remedy::name_of(id)),
            None => format!("the identity with client id {}", id.partial().unwrap_or_else(|| "…".to_owned())),
        },
    }
}

/// The principal id, from an export or from Azure.
///
/// # Errors
/// *Need* of the resource; *unverified* when it cannot be read, or when its id is not known before the deployment.
pub fn principal(workload: &Workload, puller: &Puller, evidence: &Evidence) -> Result<Principal, Stop> {
    if let Some(known) = exported(workload, puller) {
        return Ok(Principal::Known { id: PrincipalId::from(known), tenant: workload.identity.tenant_id.clone() });
    }
    let Some(id) = resource(workload, puller) else {
        return Err(not_known("the identity that pulls", "no resource of the file tells which one it is"));
    };
    let json = match read(id, evidence)? {
        Ok(json) => json,
        Err(failure) if failure.is_not_found() => return Ok(Principal::New),
        Err(failure) => return Err(Stop::Unverified(failure)),
    };
    let holder = if matches!(puller, Puller::System | Puller::Environment) {
        json.get("identity")
    } else {
        json.get("properties")
    };
    let text = |key: &str| Some(holder?.get(key)?.as_str()?.to_owned()).filter(|text| !text.is_empty());
    match text("principalId") {
        Some(principal) => Ok(Principal::Known { id: PrincipalId::from(principal), tenant: text("tenantId") }),
        // The resource is there and has no identity yet: it gets one with this deployment.
        None => Ok(Principal::New),
    }
}

/// A resource by an id of the manifest, as Azure has it.
///
/// # Errors
/// *Need* of it; *unverified* when its id is not known before the deployment.
pub fn read<'e>(id: &Value, evidence: &'e Evidence) -> Result<Result<&'e Json, Failure>, Stop> {
    let Some(text) = id.as_str().filter(|text| text.starts_with('/')) else {
        return Err(match id.as_unknown() {
            Some(unknown) => {
                Stop::Unverified(Failure::Unknown { expression: unknown.expression.clone(), why: unknown.why.clone() })
            }
            None => not_known("id", "the file does not tell the resource group: the command line does"),
        });
    };
    evidence.resource(Resource::Get { id: text.to_owned() })
}

/// The principal that the file itself tells.
pub fn exported<'m>(workload: &'m Workload, puller: &Puller) -> Option<&'m str> {
    match puller {
        Puller::System => workload.identity.principal_id.as_deref(),
        Puller::Environment => None,
        Puller::User(_) | Puller::Client(_) => workload.assigned(puller)?.principal_id.as_deref(),
    }
}

fn only(workload: &Workload) -> Option<&Value> {
    match workload.identity.user_assigned.as_slice() {
        [one] if workload.identity.unknown.is_none() => Some(&one.id),
        _ => None,
    }
}
