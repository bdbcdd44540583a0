//! May this identity pull this repository from this registry, and if not, why?

use super::assignment::{Assignment, DenyAssignment, Eligibility};
use super::condition::{Attributes, Truth, comparisons, judge};
use super::evaluate::{
    Breadth, Doubt, Evaluation, Grant, Held, Principal, Request, Rules, Through, evaluate, reaches, through,
};
use super::role::{RoleName, Roles};
use super::scope::Scope;
use super::{REPOSITORY_NAME, RegistryMode};
use serde::{Deserialize, Serialize};

/// Everything that the answer depends on.
#[derive(Clone, Copy, Debug)]
pub struct PullQuestion<'a> {
    pub principal: &'a Principal,
    pub registry: &'a Scope,
    pub mode: RegistryMode,
    /// Path without host, tag and digest; `None` while it is not known.
    pub repository: Option<&'a str>,
    /// As `assignedTo('…')` lists them at the registry, and those that a template plans.
    pub assignments: &'a [Assignment],
    /// The principal's assignments found anywhere else: they grant nothing, but may explain.
    pub elsewhere: &'a [Assignment],
    pub roles: &'a Roles,
    pub denies: &'a [DenyAssignment],
    pub eligible: &'a [Eligibility],
}

/// Whether the pull is allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    Allowed(Allowed),
    /// With every reason, the most telling one first; never without.
    Denied(Vec<Reason>),
    /// With what would have to be known; never without.
    Unknown(Vec<Doubt>),
}

/// By what a pull is allowed, and how well that will last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// Every role that allows it; at least one.
    pub by: Vec<Grant>,
}

/// Why a pull is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// These beat whatever is granted.
    DenyAssignment(Vec<DenyAssignment>),
    /// Roles that pull, but whose conditions do not let this repository through.
    ConditionExcludes(Vec<Exclusion>),
    /// Roles that pull from registries of the other mode only.
    WrongModeRole(Vec<Held>),
    /// Roles that pull, but which somebody would have to activate first.
    EligibleOnly(Vec<(Eligibility, RoleName)>),
    /// Roles that pull, held where this registry is not.
    ScopeMisses(Vec<Held>),
    /// Roles for registries that do not pull in either mode.
    LooksLikePull(Vec<Held>),
    /// No role at the registry or above has anything to do with it.
    NoAssignment,
}

/// A role that pulls other repositories only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exclusion {
    pub held: Held,
    pub condition: String,
    /// What the condition compares the repository with: `StringEquals 'x'`.
    pub compares: Vec<String>,
    /// It lets through what is *below* this name: `backend/` does not mean `backend`.
    pub only_below: bool,
}

impl Allowed {
    /// A role that is held through a group, if there is no other: a new member's token may not
    /// show it for hours.
    pub fn only_through_group(&self) -> Option<&Held> {
        let groups = |grant: &Grant| matches!(grant.held.through, Through::Group(_));
        self.by.iter().all(groups).then(|| &self.by[0].held)
    }

    /// When it ends, if every role that allows it does: the latest end, as written.
    pub fn ends(&self) -> Option<&str> {
        let ends = self.by.iter().map(|grant| grant.held.assignment.end.as_deref());
        ends.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Whether only wildcards allow it (Owner, Contributor, Reader, …): too much for a puller,
    /// and nothing once the registry changes its mode.
    pub fn is_only_broad(&self) -> bool {
        self.by.iter().all(|grant| grant.breadth != Breadth::Exact)
    }

    /// Whether only wildcards of custom roles allow it, which a registry may not honour.
    pub fn is_only_custom_wildcard(&self) -> bool {
        let custom = |grant: &Grant| grant.breadth == Breadth::CustomWildcard;
        self.by.iter().all(custom)
    }
}

/// Answers the question.
pub fn may_pull(question: PullQuestion<'_>) -> Access {
    let found = weigh(question, question.mode, question.assignments);
    match found.allowed() {
        Some(true) => Access::Allowed(Allowed { by: found.grants }),
        Some(false) => Access::Denied(reasons(question, found)),
        None => Access::Unknown(found.doubts()),
    }
}

/// Those of `assignments` – anybody's – that would let their holder pull: to see that the role
/// was given to the wrong principal. Those that cannot be decided are left out.
pub fn pullers<'a>(question: PullQuestion<'_>, assignments: &'a [Assignment]) -> Vec<&'a Assignment> {
    let pulls = |assignment: &&Assignment| {
        let holder = Principal { id: assignment.principal_id.clone(), member_of: Some(Vec::new()) };
        let question = PullQuestion { principal: &holder, denies: &[], ..question };
        let found = weigh(question, question.mode, std::slice::from_ref(*assignment));
        found.allowed() == Some(true)
    };
    assignments.iter().filter(pulls).collect()
}

fn weigh(question: PullQuestion<'_>, mode: RegistryMode, assignments: &[Assignment]) -> Evaluation {
    let request =
        Request { target: question.registry, operation: &mode.pull(), attributes: &attributes(question, mode) };
    let rules = Rules { assignments, roles: question.roles, denies: question.denies };
    evaluate(question.principal, request, rules)
}

// Only data actions carry the repository. What a legacy registry makes of a condition that asks
// for it all the same is not documented.
fn attributes(question: PullQuestion<'_>, mode: RegistryMode) -> Attributes {
    match (mode, question.repository) {
        (RegistryMode::Abac, Some(name)) => Attributes::request(REPOSITORY_NAME, name),
        _ => Attributes::default(),
    }
}

fn reasons(question: PullQuestion<'_>, found: Evaluation) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !found.denied_by.is_empty() {
        reasons.push(Reason::DenyAssignment(found.denied_by));
    }
    if !found.grants.is_empty() {
        return reasons;
    }
    let excluded = found.excluded.into_iter();
    let excluded = excluded.map(|held| exclusion(question, held)).collect();
    push(&mut reasons, excluded, Reason::ConditionExcludes);
    let other = question.mode.other().pull();
    let (wrong_mode, rest): (Vec<_>, Vec<_>) =
        found.idle.into_iter().partition(|held| role_permits(question.roles, held, &other));
    push(&mut reasons, wrong_mode, Reason::WrongModeRole);
    push(&mut reasons, eligible(question), Reason::EligibleOnly);

    push(&mut reasons, beyond(question, found.beyond), Reason::ScopeMisses);
    let similar = rest.into_iter().filter(|held| {
        let role = question.roles.get(&held.assignment.role);
        role.is_some_and(|role| role.concerns_registries())
    });
    push(&mut reasons, similar.collect(), Reason::LooksLikePull);
    let unexplained = reasons.iter().all(|reason| matches!(reason, Reason::DenyAssignment(_)));
    if unexplained && found.grant_doubts.is_empty() {
        reasons.push(Reason::NoAssignment);
    }
    reasons
}

/// Adds the roles that were found elsewhere. What a management group grants and the registry does
/// not list is granted to another branch of the tree.
fn beyond(question: PullQuestion<'_>, mut beyond: Vec<Held>) -> Vec<Held> {
    let found = weigh(question, question.mode, question.elsewhere);
    let other_branch =
        found.grants.into_iter().map(|grant| grant.held).filter(|held| held.assignment.scope.is_management_group());
    for held in found.beyond.into_iter().chain(other_branch) {
        let same = |known: &Assignment| *known == held.assignment;
        let is_known = beyond.iter().any(|known| same(&known.assignment));
        if !is_known && !question.assignments.iter().any(same) {
            beyond.push(held);
        }
    }
    beyond
}

fn push<T>(reasons: &mut Vec<Reason>, found: Vec<T>, reason: fn(Vec<T>) -> Reason) {
    if !found.is_empty() {
        reasons.push(reason(found));
    }
}

fn role_permits(roles: &Roles, held: &Held, operation: &super::Operation) -> bool {
    roles.get(&held.assignment.role).is_some_and(|role| role.permits(operation))
}

fn exclusion(question: PullQuestion<'_>, held: Held) -> Exclusion {
    let condition = held.assignment.condition.clone().unwrap_or_default();
    let only_below = question.repository.is_some_and(|name| {
        let below = Attributes::request(REPOSITORY_NAME, &format!("{name}/x"));
        judge(&condition, &question.mode.pull(), &below) == Truth::True
    });
    Exclusion { compares: comparisons(&condition, REPOSITORY_NAME), only_below, condition, held }
}

fn eligible(question: PullQuestion<'_>) -> Vec<(Eligibility, RoleName)> {
    let pull = question.mode.pull();
    let known_groups: Vec<_> = question
        .assignments
        .iter()
        .filter(|assignment| through(assignment, question.principal).is_some())
        .map(|assignment| &assignment.principal_id)
        .chain(question.principal.member_of.iter().flatten())
        .collect();
    let usable = question.eligible.iter().filter_map(|eligible| {
        let id = &eligible.principal_id;
        let is_ours = *id == question.principal.id || known_groups.contains(&id);
        let here = reaches(&eligible.scope, question.registry) == Some(true);
        let role = question.roles.get(&eligible.role)?;
        (is_ours && here && role.permits(&pull)).then(|| (eligible.clone(), role.name()))
    });
    usable.collect()
}

#[cfg(test)]
mod tests;
