//! What the same deployment grants to the identity that pulls.
//!
//! Principals, scopes and roles are compared as far as they are known before the deployment; what does not decide is
//! undecided, never wrong. Only where identity *and* registry are new is a missing grant certain: to what exists, anybody may have
//! granted it before.

use crate::manifest::{Condition, Found, Grant, Manifest, Origin, Partial, PlannedResource, Pull, Puller, Workload};
use crate::rbac::condition::{self, Truth};
use crate::rbac::{Attributes, REPOSITORY_NAME, RegistryMode, RoleDefinition, builtin};
use crate::value::Value;

use super::puller;

/// The grants of the deployment, weighed for one pull.
#[derive(Clone, Debug)]
pub struct Plan<'m> {
    /// The registry among the resources of the deployment.
    pub registry: Option<&'m PlannedResource>,
    /// The deployment creates the registry.
    pub registry_is_new: bool,
    /// The deployment creates the identity.
    pub identity_is_new: bool,
    /// How the registry reads grants; `None` while that is not known.
    pub mode: Option<RegistryMode>,
    pub granted: Granted<'m>,
}

/// Whether the deployment grants the pull.
#[derive(Clone, Debug)]
pub enum Granted<'m> {
    Yes(Vec<Grant<'m>>),
    /// Something of a grant is known only after the deployment.
    Undecided(&'static str),
    No(Flaw<'m>),
}

/// The nearest that comes to a grant of the pull, and why it is none.
#[derive(Clone, Debug)]
pub enum Flaw<'m> {
    ConditionExcludes(Grant<'m>),
    /// The role pulls from registries of the other mode.
    WrongMode(Grant<'m>),
    /// The role pulls from no registry.
    WrongRole(Grant<'m>),
    WrongScope(Grant<'m>),
    OtherPrincipal(Grant<'m>),
    /// Granted to the application id or the resource id of the identity, which is nobody's object id.
    NoPrincipal(Grant<'m>),
    Nothing,
}

/// One grant against one pull: who, where and what, each as far as it is known.
struct Weighed {
    to: Option<bool>,
    covers: Option<bool>,
    pulls: Option<bool>,
    pulls_in_other_mode: bool,
    lets_through: Option<bool>,
}

impl Plan<'_> {
    /// Whether nothing but this deployment can grant the pull.
    pub fn is_certain(&self) -> bool {
        self.registry_is_new && self.identity_is_new
    }

    /// Whether what a flaw says is worth saying: the deployment means to set up this identity or this registry.
    pub fn is_telling(&self) -> bool {
        self.registry_is_new || self.identity_is_new
    }
}

/// Weighs the grants of the deployment.
///
/// # Errors
/// As [`Pull::host`].
pub fn weigh<'m>(pull: &Pull<'m>, who: &Puller<'m>) -> Result<Plan<'m>, crate::evidence::Stop> {
    let planned = &pull.manifest.planned;
    let registry = match planned.registry_of(&pull.host()?) {
        Found::One(registry) => Some(registry),
        Found::Maybe(_) | Found::None => None,
    };
    let is_new = |resource: &PlannedResource| !resource.existing && resource.condition == Condition::Always;
    let mode = registry.map_or(Some(None), |registry| mode(registry).map(Some));
    // A registry that is only read, or not in the files, has the mode that Azure knows.
    let mode = registry.filter(|registry| !registry.existing).and(mode.flatten());
    let mut plan = Plan {
        registry,
        registry_is_new: registry.is_some_and(is_new),
        identity_is_new: is_identity_new(pull.manifest, pull.workload, who),
        mode,
        granted: Granted::No(Flaw::Nothing),
    };
    plan.granted = granted(pull, who, &plan);
    Ok(plan)
}

/// The grants of the deployment that are in force, each with whether it is made for certain.
fn grants(manifest: &Manifest) -> impl Iterator<Item = Grant<'_>> {
    manifest.planned.grants().filter(|grant| grant.resource.condition != Condition::Never)
}

fn granted<'m>(pull: &Pull<'m>, who: &Puller<'m>, plan: &Plan<'m>) -> Granted<'m> {
    let id = puller::resource(pull.workload, who);
    let principal = puller::exported(pull.workload, who);
    let repository = pull.image().ok().map(|image| image.repository);
    let mut yes = Vec::new();
    let mut undecided = None;
    let mut flaw = Flaw::Nothing;
    for grant in grants(pull.manifest) {
        let weighed = Weighed {
            to: grant.is_to(id, principal),
            covers: covers(&grant.scope, pull, plan),
            ..role(&grant, plan.mode, repository.as_deref())
        };
        if weighed.is_to_no_principal(&grant, id) {
            flaw = Flaw::NoPrincipal(grant).or(flaw);
            continue;
        }
        match weighed {
            Weighed { to: Some(true), covers: Some(true), pulls: Some(true), lets_through: Some(true), .. } => {
                yes.push(grant)
            }
            weighed if weighed.may_pull() => undecided = undecided.or(weighed.doubt()),
            weighed => flaw = weighed.flaw(grant).or(flaw),
        }
    }
    match undecided {
        _ if !yes.is_empty() => Granted::Yes(yes),
        Some(why) => Granted::Undecided(why),
        None => Granted::No(flaw),
    }
}

impl Weighed {
    fn is_to_no_principal(&self, grant: &Grant, id: Option<&Value>) -> bool {
        self.covers != Some(false)
            && self.pulls != Some(false)
            && id.is_some_and(|id| grant.is_to_no_principal(id) == Some(true))
    }

    fn may_pull(&self) -> bool {
        [self.to, self.covers, self.pulls, self.lets_through].iter().all(|known| *known != Some(false))
    }

    fn doubt(&self) -> Option<&'static str> {
        match (self.to, self.covers, self.pulls) {
            (None, _, _) => Some("to whom a role is granted is known only after the deployment"),
            (_, None, _) => Some("what a role is granted on is known only after the deployment"),
            (_, _, None) => Some("what a granted role allows is not known here"),
            _ => Some("whether the condition of a grant holds is not known here"),
        }
    }

    fn flaw<'m>(&self, grant: Grant<'m>) -> Flaw<'m> {
        let concerns = || definition(&grant).is_some_and(|role| role.concerns_registries());
        match (self.to, self.covers, self.pulls) {
            (Some(true), Some(true), Some(true)) => Flaw::ConditionExcludes(grant),
            (Some(true), Some(true), Some(false)) if self.pulls_in_other_mode => Flaw::WrongMode(grant),
            (Some(true), Some(true), Some(false)) if concerns() => Flaw::WrongRole(grant),
            (Some(true), Some(false), pulls) if (pulls == Some(true) || self.pulls_in_other_mode) && concerns() => {
                Flaw::WrongScope(grant)
            }
            (Some(false), Some(true), pulls) if pulls == Some(true) && concerns() => Flaw::OtherPrincipal(grant),
            _ => Flaw::Nothing,
        }
    }
}

impl<'m> Flaw<'m> {
    /// The one that is nearer to a grant.
    fn or(self, other: Flaw<'m>) -> Flaw<'m> {
        if self.rank() < other.rank() { self } else { other }
    }

    /// The grant that was meant for the pull.
    pub fn grant(&self) -> Option<&Grant<'m>> {
        match self {
            Flaw::ConditionExcludes(grant)
            | Flaw::WrongMode(grant)
            | Flaw::WrongRole(grant)
            | Flaw::NoPrincipal(grant)
            | Flaw::WrongScope(grant) => Some(grant),
            Flaw::OtherPrincipal(_) | Flaw::Nothing => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Flaw::ConditionExcludes(_) => 0,
            Flaw::WrongMode(_) => 1,
            Flaw::WrongRole(_) => 2,
            Flaw::NoPrincipal(_) => 3,
            Flaw::WrongScope(_) => 4,
            Flaw::OtherPrincipal(_) => 5,
            Flaw::Nothing => 6,
        }
    }
}

/// The built-in role of a grant.
pub fn definition(grant: &Grant) -> Option<RoleDefinition> {
    builtin(grant.role.as_ref()?)
}

/// The name of the role of a grant, for people.
pub fn role_name(grant: &Grant) -> String {
    let known = definition(grant).map(|role| role.name);
    known.or_else(|| grant.role.as_ref().map(ToString::to_string)).unwrap_or_else(|| "a role".to_owned())
}

fn role(grant: &Grant, mode: Option<RegistryMode>, repository: Option<&str>) -> Weighed {
    let mut weighed =
        Weighed { to: None, covers: None, pulls: None, pulls_in_other_mode: false, lets_through: Some(true) };
    let Some(role) = definition(grant) else { return weighed };
    let permits = |mode: RegistryMode| role.permits(&mode.pull());
    let modes = [RegistryMode::Legacy, RegistryMode::Abac];
    weighed.pulls = Some(mode.map_or_else(|| modes.into_iter().any(permits), permits));
    weighed.pulls_in_other_mode = mode.is_some_and(|mode| permits(mode.other()));
    if let (Some(text), Some(RegistryMode::Abac)) = (grant.condition, mode) {
        weighed.lets_through = match (text.as_str(), repository) {
            (Some(text), Some(repository)) => {
                let attributes = Attributes::request(REPOSITORY_NAME, repository);
                match condition::judge(text, &RegistryMode::Abac.pull(), &attributes) {
                    Truth::True => Some(true),
                    Truth::False => Some(false),
                    Truth::Unknown(_) => None,
                }
            }
            _ => None,
        };
    }
    weighed
}

/// Whether what is granted at `scope` holds at the registry of the pull.
fn covers(scope: &Value, pull: &Pull, plan: &Plan) -> Option<bool> {
    let scope = Partial::of(scope)?.without_slashes();
    if scope.as_str().is_empty() {
        return Some(true);
    }
    if let Some(registry) = plan.registry {
        return holds_at(&scope, &Partial::of(&registry.id)?);
    }
    // The registry is not in the files: its name is, in its host.
    let is_registry = scope.as_str().contains("/microsoft.containerregistry/registries/");
    match (is_registry, scope.as_str().contains("/providers/")) {
        (true, _) => {
            let host = pull.host().ok()?;
            let label = host.before('.')?;
            let name = label.as_str().split('-').next().unwrap_or_default();
            if scope.name().contains('…') || name.contains('…') { None } else { Some(scope.name() == name) }
        }
        // Something else than a registry.
        (false, true) if !is_management_group(&scope) => Some(false),
        _ => None,
    }
}

/// Whether a scope is this resource or above it; `None` when that is not known.
pub fn holds_at(scope: &Partial, resource: &Partial) -> Option<bool> {
    if scope.same(resource) == Some(true) {
        return Some(true);
    }
    if is_management_group(scope) {
        return None;
    }
    if !scope.as_str().starts_with('/') || !resource.as_str().starts_with('/') {
        return scope.same(resource);
    }
    let (depth, whole) = (segments(scope), segments(resource));
    if depth > whole {
        return Some(false);
    }
    scope.same(&resource.ancestor(whole - depth)?)
}

fn is_management_group(scope: &Partial) -> bool {
    scope.as_str().starts_with("/providers/microsoft.management/managementgroups/")
}

fn segments(id: &Partial) -> usize {
    id.as_str().split('/').count()
}

/// The mode of a registry that the deployment declares; without the property it is the default, legacy.
fn mode(registry: &PlannedResource) -> Option<RegistryMode> {
    match registry.body.path(&["properties", "roleAssignmentMode"]) {
        None => Some(RegistryMode::Legacy),
        Some(mode) => RegistryMode::parse(mode.as_str()?),
    }
}

fn is_identity_new(manifest: &Manifest, workload: &Workload, who: &Puller) -> bool {
    let is_declared = |id: &Value| {
        manifest.planned.get(id).is_some_and(|resource| !resource.existing && resource.condition == Condition::Always)
    };
    match who {
        Puller::System => workload.origin == Origin::Declared && workload.id.as_ref().is_some_and(is_declared),
        _ => puller::resource(workload, who).is_some_and(is_declared),
    }
}

/// Whether the workload waits for one of these grants; `None` when the file does not tell what waits for what.
pub fn is_awaited(manifest: &Manifest, workload: &Workload, grants: &[Grant]) -> Option<bool> {
    let tells =
        !workload.depends_on.is_empty() || manifest.planned.resources.iter().any(|one| !one.depends_on.is_empty());
    if !tells {
        return None;
    }
    let awaited = |grant: &Grant| grant.resource.id.canonical().is_some_and(|id| workload.depends_on.contains(&id));
    Some(grants.iter().any(awaited))
}
