//! Is this principal allowed this operation here? For any operation, not only a pull.

use super::assignment::{Assignment, DeniedPrincipal, DenyAssignment, PrincipalId};
use super::condition::{Attributes, Truth, judge};
use super::operation::{Operation, Permissions};
use super::role::{RoleDefinition, RoleGuid, RoleKind, RoleName, Roles};
use super::scope::Scope;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    pub id: PrincipalId,
    /// All groups that contain it, directly or not. `None`: only those are known through which
    /// it holds a role.
    pub member_of: Option<Vec<PrincipalId>>,
}

/// What is asked: this operation on this resource, with what is known of the request.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub target: &'a Scope,
    pub operation: &'a Operation,
    pub attributes: &'a Attributes,
}

/// What Azure would look at.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// As `assignedTo('…')` lists them at the target: a group's assignment is there because the
    /// group contains the principal, a management group's because it is above the target.
    /// (<https://learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest>)
    pub assignments: &'a [Assignment],
    pub roles: &'a Roles,
    pub denies: &'a [DenyAssignment],
}

/// How an assignment reaches the principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Through {
    Direct,
    Group(PrincipalId),
}

/// A role that the principal holds somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub assignment: Assignment,
    pub role: RoleName,
    pub through: Through,
}

/// How closely a role names the operation that it allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Breadth {
    /// By its name.
    Exact,
    /// By a wildcard of a built-in role, such as Owner's or Reader's.
    Broad,
    /// By a wildcard of a custom role. Registries are documented to honour those only in
    /// tenants with a private link for Resource Manager
    /// (<https://learn.microsoft.com/azure/container-registry/container-registry-rbac-custom-roles>).
    CustomWildcard,
}

/// A role that allows the operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub held: Held,
    pub breadth: Breadth,
}

/// Something that would have to be known to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Doubt {
    /// Nobody knows what an assigned role allows.
    RoleUnreadable { role: RoleGuid, scope: Scope },
    /// An assignment's condition may or may not hold.
    Condition { held: Held, condition: String, why: Vec<String> },
    /// A role allows the operation under a condition of its own, which may or may not hold.
    RoleCondition { held: Held, why: Vec<String> },
    /// An assignment's scope is not known well enough.
    ScopeUnclear { held: Held },
    /// A deny assignment may or may not apply.
    Deny { deny: DenyAssignment, why: Vec<String> },
}

/// Everything that bears on the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    pub grants: Vec<Grant>,
    /// Roles that would allow it, were it not for the condition.
    pub excluded: Vec<Held>,
    /// Roles that would allow it, held where the target is not.
    pub beyond: Vec<Held>,
    /// Roles held at the target, or maybe there, that do not allow it.
    pub idle: Vec<Held>,
    pub denied_by: Vec<DenyAssignment>,
    /// Why something may be allowed after all.
    pub grant_doubts: Vec<Doubt>,
    /// Why something may be denied after all.
    pub deny_doubts: Vec<Doubt>,
}

impl Evaluation {
    /// Whether it is allowed; `None` when a doubt decides. A deny beats any grant, and what
    /// nobody grants needs no deny.
    pub fn allowed(&self) -> Option<bool> {
        if !self.denied_by.is_empty() {
            return Some(false);
        }
        match (self.grants.is_empty(), &*self.grant_doubts, &*self.deny_doubts) {
            (false, _, []) => Some(true),
            (true, [], _) => Some(false),
            _ => None,
        }
    }

    /// The doubts that keep [`Self::allowed`] from answering; empty when it does.
    pub fn doubts(&self) -> Vec<Doubt> {
        if self.allowed().is_some() {
            return Vec::new();
        }
        let grants = self.grant_doubts.iter().filter(|_| self.grants.is_empty());
        grants.chain(&self.deny_doubts).cloned().collect()
    }
}

/// Weighs every rule; the answer is [`Evaluation::allowed`], the rest says why.
pub fn evaluate(principal: &Principal, request: Request<'_>, rules: Rules<'_>) -> Evaluation {
    let mut found = Evaluation::default();
    for assignment in rules.assignments {
        let Some(through) = through(assignment, principal) else {
            continue;
        };
        weigh(assignment, through, request, rules.roles, &mut found);
    }
    let groups = groups(principal, rules.assignments);
    for deny in rules.denies {
        match denies(deny, principal, &groups, request) {
            Truth::True => found.denied_by.push(deny.clone()),
            Truth::False => (),
            Truth::Unknown(why) => found.deny_doubts.push(Doubt::Deny { deny: deny.clone(), why }),
        }
    }
    found
}

/// How the assignment reaches the principal; `None` when it is somebody else's.
pub fn through(assignment: &Assignment, principal: &Principal) -> Option<Through> {
    if assignment.principal_id == principal.id {
        return Some(Through::Direct);
    }
    // Old api-versions do not say what a principal is; what is not ours and listed for us
    // nevertheless is a group's. `DirectoryObjectOrGroup` and `Everyone` are of preview versions.
    const GROUPS: [&str; 4] = ["Group", "ForeignGroup", "DirectoryObjectOrGroup", "Everyone"];
    let is_group = assignment
        .principal_type
        .as_ref()
        .is_none_or(|kind| GROUPS.iter().any(|group| kind.eq_ignore_ascii_case(group)));
    let is_ours = principal.member_of.as_ref().is_none_or(|groups| groups.contains(&assignment.principal_id));
    (is_group && is_ours).then(|| Through::Group(assignment.principal_id.clone()))
}

/// Whether what is granted or denied at `scope` reaches the target. A management group is only
/// listed at a target that it contains.
pub fn reaches(scope: &Scope, target: &Scope) -> Option<bool> {
    match scope.covers(target) {
        None if scope.is_management_group() && !scope.is_partial() => Some(true),
        known => known,
    }
}

fn weigh(assignment: &Assignment, through: Through, request: Request<'_>, roles: &Roles, found: &mut Evaluation) {
    let reaches = reaches(&assignment.scope, request.target);
    let lets_through = condition(assignment.condition.as_deref(), request);
    let role = roles.get(&assignment.role);
    let held = Held {
        assignment: assignment.clone(),
        role: role.as_ref().map_or_else(|| nameless(assignment), |role| role.name()),
        through,
    };
    let offer = match &role {
        Some(role) => permit(role, request),
        None if reaches == Some(false) => None,
        None if lets_through == Truth::False => return found.excluded.push(held),
        None => {
            return found
                .grant_doubts
                .push(Doubt::RoleUnreadable { role: assignment.role.clone(), scope: assignment.scope.clone() });
        }
    };
    let Some((breadth, own_condition)) = offer else {
        if reaches != Some(false) {
            found.idle.push(held);
        }
        return;
    };
    match (reaches, lets_through, own_condition) {
        (Some(false), ..) => found.beyond.push(held),
        (_, Truth::False, _) => found.excluded.push(held),
        (None, ..) => found.grant_doubts.push(Doubt::ScopeUnclear { held }),
        (_, Truth::Unknown(why), _) => found.grant_doubts.push(Doubt::Condition {
            condition: assignment.condition.clone().unwrap_or_default(),
            held,
            why,
        }),
        (_, _, Truth::Unknown(why)) => {
            found.grant_doubts.push(Doubt::RoleCondition { held, why });
        }
        _ => found.grants.push(Grant { held, breadth }),
    }
}

/// What to call a role whose definition nobody knows.
fn nameless(assignment: &Assignment) -> RoleName {
    RoleName { guid: assignment.role.clone(), name: assignment.role.to_string(), kind: RoleKind::Custom }
}

/// The best that any block of the role offers; `None` when none allows the operation.
fn permit(role: &RoleDefinition, request: Request<'_>) -> Option<(Breadth, Truth)> {
    let mut best: Option<(Breadth, Truth)> = None;
    for block in &role.permissions {
        let Some(pattern) = block.allowing(request.operation) else {
            continue;
        };
        let breadth = match (pattern.is_wildcard(), role.kind) {
            (false, _) => Breadth::Exact,
            (true, RoleKind::BuiltIn) => Breadth::Broad,
            (true, RoleKind::Custom) => Breadth::CustomWildcard,
        };
        let offer = match condition(block.condition.as_deref(), request) {
            Truth::False => continue,
            holds => (breadth, holds),
        };
        let better = match &best {
            None => true,
            Some((_, Truth::True)) => offer.1 == Truth::True && breadth == Breadth::Exact,
            Some(_) => offer.1 == Truth::True,
        };
        if better {
            best = Some(offer);
        }
    }
    best
}

fn condition(text: Option<&str>, request: Request<'_>) -> Truth {
    match text {
        None => Truth::True,
        Some(text) => judge(text, request.operation, request.attributes),
    }
}

/// The groups that are known to contain the principal, and whether these are all.
fn groups(principal: &Principal, assignments: &[Assignment]) -> (Vec<PrincipalId>, bool) {
    if let Some(all) = &principal.member_of {
        return (all.clone(), true);
    }
    let some = assignments.iter().filter_map(|assignment| match through(assignment, principal)? {
        Through::Direct => None,
        Through::Group(group) => Some(group),
    });
    (some.collect(), false)
}

fn denies(
    deny: &DenyAssignment,
    principal: &Principal,
    groups: &(Vec<PrincipalId>, bool),
    request: Request<'_>,
) -> Truth {
    let reaches = match reaches(&deny.scope, request.target) {
        Some(true) if deny.do_not_apply_to_child_scopes => Truth::from(deny.scope == *request.target),
        Some(reaches) => reaches.into(),
        None => Truth::unknown(format!("its scope `{}` is not fully known", deny.scope)),
    };
    let blocks = deny.permissions.iter();
    let concerns = blocks.map(|block| denies_operation(block, request));
    let among = |list: &[DeniedPrincipal]| {
        list.iter().map(|one| is_among(one, principal, groups)).fold(Truth::False, Truth::or)
    };
    reaches
        .and(concerns.fold(Truth::False, Truth::or))
        .and(among(&deny.principals))
        .and(!among(&deny.exclude_principals))
        .and(condition(deny.condition.as_deref(), request))
}

fn denies_operation(block: &Permissions, request: Request<'_>) -> Truth {
    match block.allowing(request.operation) {
        None => Truth::False,
        Some(_) => condition(block.condition.as_deref(), request),
    }
}

fn is_among(one: &DeniedPrincipal, principal: &Principal, (groups, are_all): &(Vec<PrincipalId>, bool)) -> Truth {
    if one.id == principal.id || one.id.is_everyone() || groups.contains(&one.id) {
        return Truth::True;
    }
    let kind = one.principal_type.as_deref();
    let may_contain = kind.is_none_or(|kind| kind.to_ascii_lowercase().contains("group"));
    if may_contain && !are_all {
        return Truth::unknown(format!("nobody knows whether it is in group {}", one.id));
    }
    Truth::False
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoleUnreadable { role, scope } => {
                write!(f, "the definition of role {role}, assigned at {scope}, is not known")
            }
            Self::Condition { held, why, .. } => write!(
                f,
                "the condition on {} at {} cannot be decided: {}",
                held.role.name,
                held.assignment.scope,
                why.join("; ")
            ),
            Self::RoleCondition { held, why } => {
                write!(f, "{} allows it under a condition that cannot be decided: {}", held.role.name, why.join("; "))
            }
            Self::ScopeUnclear { held } => {
                write!(f, "{} is assigned at {}, which is not fully known", held.role.name, held.assignment.scope)
            }
            Self::Deny { deny, why } => write!(f, "the deny assignment `{}` may apply: {}", deny.name, why.join("; ")),
        }
    }
}
