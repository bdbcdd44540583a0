//! Whether the identity that pulls may pull, by what Azure grants and denies now and what the deployment adds.
//!
//! One judgement for all checks of roles: each reports its own cause, and [`super::pull_role_missing`] alone carries what could not
//! be known, so that one refused question is one unverified verdict.

use crate::evidence::{Evidence, Failure, Registry, Resource, Stop};
use crate::image::{Endpoint, Host, ImageRef};
use crate::manifest::{Pull, Puller};
use crate::rbac::{
    Access, Assignment, Breadth, DenyAssignment, Doubt, Held, Principal as Holder, PrincipalId, PullQuestion, Reason,
    RegistryMode, Roles, Scope, may_pull, read,
};

use super::plan::{self, Granted, Plan};
use super::puller::{self, Principal};

/// What is known of a pull by an identity.
#[derive(Clone, Debug)]
pub struct Standing<'m> {
    pub puller: Puller<'m>,
    pub plan: Plan<'m>,
    pub image: ImageRef,
    pub registry: Registry,
    pub mode: RegistryMode,
    /// `None` while the identity does not exist.
    pub principal: Option<PrincipalId>,
    pub access: Access,
}

/// The principal id that stands for an identity that does not exist yet.
const NEW: &str = "new-identity";

/// Judges the pull.
///
/// # Errors
/// *Not applicable* when no identity pulls from a registry of Azure, or when only the deployment decides.
pub fn standing<'m>(pull: &Pull<'m>, evidence: &Evidence) -> Result<Standing<'m>, Stop> {
    let puller = puller::azure_puller(pull)?;
    let image = pull.image()?;
    let plan = plan::weigh(pull, &puller)?;
    if plan.registry_is_new {
        return Err(Stop::NotApplicable("the same deployment creates the registry"));
    }
    let registry = match registry(&image.registry, evidence)? {
        Ok(registry) => registry,
        Err(failure) if failure.is_not_found() => return Err(unseen(&image)),
        Err(failure) => return Err(Stop::Unverified(failure)),
    };
    if super::tenant_mismatch::mismatch(pull, &puller, &registry, evidence)?.is_some() {
        return Err(Stop::NotApplicable("identity and registry are of different tenants: see `tenant-mismatch`"));
    }
    let planned = planned(&plan, &registry);
    let principal = match puller::principal(pull.workload, &puller, evidence) {
        Ok(Principal::Known { id, .. }) => Some(id),
        Ok(Principal::New) => None,
        // The deployment creates it and grants the pull: who it is need not be known.
        Err(Stop::Unverified(_)) if plan.identity_is_new && !planned.is_empty() => None,
        Err(stop) => return Err(stop),
    };
    let (assignments, roles) = match &principal {
        Some(id) => assignments(id, &registry.id, planned, evidence)?,
        None => (planned, Roles::default()),
    };
    let denies = denies(&registry, evidence)?.unwrap_or_default();
    let holder = Holder { id: principal.clone().unwrap_or_else(|| PrincipalId::from(NEW)), member_of: None };
    let scope = Scope::from(registry.id.as_str());
    let question = |mode| PullQuestion {
        principal: &holder,
        registry: &scope,
        mode,
        repository: Some(image.repository.as_str()),
        assignments: &assignments,
        elsewhere: &[],
        roles: &roles,
        denies: &denies,
        eligible: &[],
    };
    let (mode, access) = match registry.mode {
        Some(mode) => (mode, may_pull(question(mode))),
        None => either_mode(question)?,
    };
    if let Access::Unknown(doubts) = &access {
        return Err(doubtful(doubts, &registry, evidence)?);
    }
    let access = match access {
        Access::Denied(reasons) if explains_nothing(&reasons) => match &principal {
            Some(id) => Access::Denied(explained(question(mode), id, evidence)?),
            None => Access::Denied(reasons),
        },
        access => access,
    };
    Ok(Standing { puller, plan, image, registry, mode, principal, access })
}

/// The same for a check that leaves to `pull-role-missing` what could not be known.
///
/// # Errors
/// *Not applicable*, always.
pub fn settled<'m>(pull: &Pull<'m>, evidence: &Evidence) -> Result<Standing<'m>, Stop> {
    standing(pull, evidence).map_err(left_to_main)
}

/// What a check that is not the main one makes of a stop.
pub fn left_to_main(stop: Stop) -> Stop {
    match stop {
        Stop::NotApplicable(why) => Stop::NotApplicable(why),
        Stop::Need(_) | Stop::Unverified(_) => Stop::NotApplicable("`pull-role-missing` decides it"),
    }
}

impl Standing<'_> {
    /// The reason that tells most why the pull is not allowed; `None` when it is.
    pub fn cause(&self) -> Option<&Reason> {
        match &self.access {
            Access::Denied(reasons) => reasons.first(),
            Access::Allowed(_) | Access::Unknown(_) => None,
        }
    }

    /// The principal for commands.
    pub fn assignee(&self) -> String {
        self.principal.as_ref().map_or_else(|| "<principal id>".to_owned(), ToString::to_string)
    }

    /// Grants the least role that pulls.
    pub fn remedy(&self) -> String {
        super::remedy::grant(&self.assignee(), self.mode, &self.registry.id)
    }
}

/// The registry of a host. A regional endpoint is one of the global login server's.
pub fn registry(host: &Host, evidence: &Evidence) -> Result<Result<Registry, Failure>, Stop> {
    let global = host.acr().filter(|acr| matches!(acr.endpoint, Endpoint::Geo(_)));
    let global = global.and_then(|acr| Host::parse(&format!("{}.{}", acr.label, acr.cloud.acr_suffix())).ok());
    evidence.registry(global.as_ref().unwrap_or(host))
}

/// The deny assignments at a registry.
///
/// # Errors
/// *Need* of them.
pub fn denies(registry: &Registry, evidence: &Evidence) -> Result<Result<Vec<DenyAssignment>, Failure>, Stop> {
    let answer = evidence.resource(Resource::DenyAssignments { scope: registry.id.clone() })?;
    Ok(answer.and_then(|json| read::deny_assignments(json).map_err(|error| Failure::unreadable(error.to_string()))))
}

/// The grants that the deployment adds, as they will be at this registry.
fn planned(plan: &Plan, registry: &Registry) -> Vec<Assignment> {
    let grants = match &plan.granted {
        Granted::Yes(grants) => grants.as_slice(),
        Granted::Undecided(_) | Granted::No(_) => &[],
    };
    let assignment = |grant: &crate::manifest::Grant| {
        Some(Assignment {
            id: "planned".to_owned(),
            scope: Scope::from(registry.id.as_str()),
            principal_id: PrincipalId::from(NEW),
            principal_type: Some("ServicePrincipal".to_owned()),
            role: grant.role.clone()?,
            condition: grant.condition.and_then(crate::value::Value::as_str).map(str::to_owned),
            condition_version: None,
            end: None,
            created_on: None,
        })
    };
    grants.iter().filter_map(assignment).collect()
}

/// What is assigned to the principal at a resource, and what those roles allow.
///
/// # Errors
/// *Need* of them; *unverified* when they may not be read.
pub fn assignments(
    principal: &PrincipalId,
    at: &str,
    planned: Vec<Assignment>,
    evidence: &Evidence,
) -> Result<(Vec<Assignment>, Roles), Stop> {
    let question = Resource::RoleAssignments { scope: at.to_owned(), principal: principal.to_string() };
    let answer = evidence.resource(question)?.map_err(Stop::Unverified)?;
    let unreadable = |error: read::Unreadable| Stop::Unverified(Failure::unreadable(error.to_string()));
    let mut assignments = read::role_assignments(answer).map_err(unreadable)?;
    assignments.extend(planned.into_iter().map(|one| Assignment { principal_id: principal.clone(), ..one }));
    let mut roles = Roles::default();
    for assignment in &assignments {
        if roles.get(&assignment.role).is_some() {
            continue;
        }
        let question = Resource::RoleDefinition { scope: at.to_owned(), guid: assignment.role.to_string() };
        // A definition that cannot be read stays a doubt of that role alone.
        if let Ok(json) = evidence.resource(question)? {
            let listed = json.get("value").is_some();
            let definitions = if listed {
                read::role_definitions(json)
            } else {
                read::role_definitions(&serde_json::json!({"value": [json]}))
            };
            definitions.unwrap_or_default().into_iter().for_each(|role| roles.insert(role));
        }
    }
    Ok((assignments, roles))
}

/// An answer of an old api-version does not tell the mode, and its silence means nothing: only what holds in both modes is known.
fn either_mode<'q>(question: impl Fn(RegistryMode) -> PullQuestion<'q>) -> Result<(RegistryMode, Access), Stop> {
    let (legacy, abac) = (may_pull(question(RegistryMode::Legacy)), may_pull(question(RegistryMode::Abac)));
    match (&legacy, &abac) {
        (Access::Allowed(_), Access::Allowed(_)) | (Access::Denied(_), Access::Denied(_)) => {
            Ok((RegistryMode::Legacy, legacy))
        }
        _ => Err(super::wiring::not_known(
            "roleAssignmentMode",
            "Azure's answer about the registry does not tell how it reads role assignments",
        )),
    }
}

fn explains_nothing(reasons: &[Reason]) -> bool {
    matches!(reasons.first(), Some(Reason::NoAssignment | Reason::LooksLikePull(_)))
}

/// The roles of the puller that would let it pull if the registry were in its other mode, and that say so by name: Owner and
/// Reader are not given to anybody for a pull.
///
/// # Errors
/// *Need* of what was not asked.
pub fn in_other_mode(standing: &Standing, evidence: &Evidence) -> Result<Vec<Held>, Stop> {
    let Some(id) = &standing.principal else { return Ok(Vec::new()) };
    let (assignments, roles) = match self::assignments(id, &standing.registry.id, Vec::new(), evidence) {
        Ok(known) => known,
        Err(Stop::Need(question)) => return Err(Stop::Need(question)),
        Err(_) => return Ok(Vec::new()),
    };
    let holder = Holder { id: id.clone(), member_of: None };
    let access = may_pull(PullQuestion {
        principal: &holder,
        registry: &Scope::from(standing.registry.id.as_str()),
        mode: standing.mode.other(),
        repository: Some(standing.image.repository.as_str()),
        assignments: &assignments,
        elsewhere: &[],
        roles: &roles,
        denies: &[],
        eligible: &[],
    });
    let Access::Allowed(allowed) = access else { return Ok(Vec::new()) };
    Ok(allowed.by.into_iter().filter(|grant| grant.breadth == Breadth::Exact).map(|grant| grant.held).collect())
}

/// Asks for what may explain that nothing is granted: a role that could be activated, a role elsewhere.
fn explained(question: PullQuestion, principal: &PrincipalId, evidence: &Evidence) -> Result<Vec<Reason>, Stop> {
    let scope = question.registry.as_str().to_owned();
    let listed = Resource::Eligible { scope: scope.clone(), principal: principal.to_string() };
    let eligible = evidence.resource(listed)?.ok().and_then(|json| read::eligibilities(json).ok()).unwrap_or_default();
    let above =
        question.registry.subscription().map(|subscription| format!("/subscriptions/{subscription}")).unwrap_or(scope);
    let elsewhere = Resource::RoleAssignments { scope: above, principal: principal.to_string() };
    let elsewhere =
        evidence.resource(elsewhere)?.ok().and_then(|json| read::role_assignments(json).ok()).unwrap_or_default();
    match may_pull(PullQuestion { eligible: &eligible, elsewhere: &elsewhere, ..question }) {
        Access::Denied(reasons) => Ok(reasons),
        Access::Allowed(_) | Access::Unknown(_) => Ok(vec![Reason::NoAssignment]),
    }
}

fn doubtful(doubts: &[Doubt], registry: &Registry, evidence: &Evidence) -> Result<Stop, Stop> {
    let unknown = |what: &str, why: String| super::wiring::not_known(what, &why);
    Ok(match doubts.first() {
        Some(Doubt::RoleUnreadable { role, .. }) => {
            let question = Resource::RoleDefinition { scope: registry.id.clone(), guid: role.to_string() };
            match evidence.resource(question)? {
                Err(failure) => Stop::Unverified(failure),
                Ok(_) => unknown(&format!("role {role}"), "nobody told what it allows".to_owned()),
            }
        }
        Some(Doubt::Condition { condition, why, .. }) => unknown(condition, why.join("; ")),
        Some(Doubt::RoleCondition { held, why }) => {
            unknown(&format!("the condition of the role {}", held.role.name), why.join("; "))
        }
        Some(Doubt::ScopeUnclear { held }) => {
            unknown(held.assignment.scope.as_str(), "the scope of an assignment is not clear".to_owned())
        }
        Some(Doubt::Deny { deny, why }) => unknown(&format!("the deny assignment {}", deny.name), why.join("; ")),
        None => unknown("the role assignments", "they do not decide it".to_owned()),
    })
}

/// The registry is in no subscription that the caller can read.
fn unseen(image: &ImageRef) -> Stop {
    Stop::Unverified(Failure::NotAllowed {
        permission: "Microsoft.ContainerRegistry/registries/read".to_owned(),
        scope: format!("the registry with login server {}", image.registry),
    })
}
