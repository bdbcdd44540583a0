//! The identity block that every Azure resource has in the same form.

use std::rc::Rc;

use crate::value::{Member, Value};

use super::list::{branches, unknown};
use super::spelling::member;
use super::{AssignedIdentity, Identity, set};

/// Reads an identity block; without one, no identity is attached.
pub(super) fn read(block: Option<&Value>) -> Identity {
    let Some(block) = block else { return Identity::default() };
    let kind = member(block, "type");
    let mut identity = Identity {
        system: kind.is_some_and(is_system),
        principal_id: text(block, "principalId"),
        tenant_id: text(block, "tenantId"),
        at: Some(block.at),
        unknown: unknown(Some(block)).or_else(|| undecided(kind)),
        ..Identity::default()
    };
    // A block that depends on a condition: what any branch attaches may be attached.
    for branch in branches(block) {
        identity.system |= member(branch, "type").is_some_and(is_system);
        identity.add_assigned(member(branch, "userAssignedIdentities"));
    }
    identity
}

/// The value of a key: the text, or the unknown that it is made of.
pub(super) fn key(member: &Member) -> Value {
    match &member.key_unknown {
        Some(unknown) => Value { data: crate::value::Data::Unknown(Rc::clone(unknown)), ..Value::null(member.key_at) },
        None => Value::string(member.key.clone(), member.key_at),
    }
}

impl Identity {
    fn add_assigned(&mut self, identities: Option<&Value>) {
        let Some(identities) = identities else { return };
        if let Some(why) = unknown(Some(identities)) {
            self.unknown.get_or_insert(why);
        }
        for branch in branches(identities) {
            for member in branch.as_object().map_or(&[][..], |object| &object.members) {
                self.add(member);
            }
            // A list of ids is not what Azure takes; it is what was meant.
            for id in branch.as_array().unwrap_or_default() {
                self.user_assigned.push(AssignedIdentity { id: id.clone(), principal_id: None, client_id: None });
            }
        }
    }

    fn add(&mut self, member: &Member) {
        if let Some(spread) = member.key_unknown.as_ref().filter(|unknown| unknown.spread) {
            self.unknown.get_or_insert_with(|| spread.why.clone());
        }
        if let Some(spread) = member.value.as_unknown().filter(|unknown| unknown.spread) {
            self.unknown.get_or_insert_with(|| spread.why.clone());
            for branch in spread.alternatives.iter().filter_map(Value::as_object) {
                branch.members.iter().for_each(|member| self.add_one(member));
            }
            return;
        }
        self.add_one(member);
    }

    fn add_one(&mut self, member: &Member) {
        let principal_id = text(&member.value, "principalId");
        self.user_assigned.push(AssignedIdentity { id: key(member), principal_id, client_id: text(&member.value, "clientId") });
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    set(value, key)?.as_str().map(str::to_owned)
}

/// `SystemAssigned`, also beside `UserAssigned`; the case and the blanks are not told apart.
fn is_system(kind: &Value) -> bool {
    let names = |value: &Value| value.partial().is_some_and(|text| text.to_ascii_lowercase().contains("systemassigned"));
    branches(kind).into_iter().any(names)
}

/// Why the type does not decide whether there is a system identity.
fn undecided(kind: Option<&Value>) -> Option<String> {
    let kind = kind?;
    let branches = branches(kind);
    let known = branches.iter().all(|branch| branch.as_str().is_some());
    let system = branches.iter().filter(|branch| is_system(branch)).count();
    if known && (system == 0 || system == branches.len()) { None } else { unknown(Some(kind)) }
}
