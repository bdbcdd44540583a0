//! The identity block that every Azure resource has in the same form.

use std::rc::Rc;

use crate::value::{Member, Value};

use super::list::{branches, unknown};
use super::spelling::member;
use super::{AssignedIdentity, Identity, set};

/// Reads an identity block; without one, no identity is attached. Of a block that depends on a condition, what any branch
/// attaches may be attached.
pub(super) fn read(block: Option<&Value>) -> Identity {
    let Some(block) = block else { return Identity::default() };
    let mut identity = Identity {
        principal_id: text(block, "principalId"),
        tenant_id: text(block, "tenantId"),
        at: Some(block.at),
        unknown: unknown(Some(block)),
        ..Identity::default()
    };
    let conditional = identity.unknown.is_some();
    let mut kinds = Vec::new();
    for branch in branches(block) {
        let kind = member(branch, "type");
        kinds.extend(kind.map_or_else(|| vec![None], |kind| branches(kind).into_iter().map(Some).collect()));
        if let Some(why) = unknown(kind).filter(|_| !agree(&kinds)) {
            identity.unknown.get_or_insert(why);
        }
        identity.add_assigned(member(branch, "userAssignedIdentities"), conditional);
    }
    identity.system = kinds.iter().all(|kind| kind.is_some_and(is_system));
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
    fn add_assigned(&mut self, identities: Option<&Value>, perhaps: bool) {
        let Some(identities) = identities else { return };
        let why = unknown(Some(identities));
        let perhaps = perhaps || why.is_some();
        self.unknown = self.unknown.take().or(why);
        for branch in branches(identities) {
            for member in branch.as_object().map_or(&[][..], |object| &*object.members) {
                self.add(member, perhaps);
            }
            // A list of ids is not what Azure takes; it is what was meant.
            for id in branch.as_array().unwrap_or_default() {
                self.user_assigned.push(AssignedIdentity {
                    id: id.clone(),
                    principal_id: None,
                    client_id: None,
                    perhaps,
                });
            }
        }
    }

    /// A member, or what stands for any number of them.
    fn add(&mut self, member: &Member, perhaps: bool) {
        let spread = member.value.as_unknown().filter(|unknown| unknown.spread);
        let is_spread = spread.is_some() || member.key_unknown.as_ref().is_some_and(|unknown| unknown.spread);
        if is_spread {
            let why = spread.or(member.key_unknown.as_deref()).map(|unknown| unknown.why.clone());
            self.unknown = self.unknown.take().or(why);
        }
        match spread {
            Some(spread) => {
                let objects = spread.alternatives.iter().filter_map(Value::as_object);
                objects.flat_map(|object| object.members.iter()).for_each(|member| self.add_one(member, true));
            }
            None => self.add_one(member, perhaps || is_spread),
        }
    }

    fn add_one(&mut self, member: &Member, perhaps: bool) {
        let (principal_id, client_id) = (text(&member.value, "principalId"), text(&member.value, "clientId"));
        self.user_assigned.push(AssignedIdentity { id: key(member), principal_id, client_id, perhaps });
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    set(value, key)?.as_str().map(str::to_owned)
}

/// `SystemAssigned`, also beside `UserAssigned`; the case and the blanks are not told apart.
fn is_system(kind: &Value) -> bool {
    kind.partial().is_some_and(|text| text.to_ascii_lowercase().contains("systemassigned"))
}

/// Whether all these types are known and say the same of a system identity.
fn agree(kinds: &[Option<&Value>]) -> bool {
    let mut says = kinds.iter().map(|kind| kind.is_some_and(is_system));
    let first = says.next();
    kinds.iter().flatten().all(|kind| kind.as_str().is_some()) && says.all(|other| Some(other) == first)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::source::Span;
    use crate::value::{Data, Unknown};

    fn text(text: &str) -> Value {
        Value::string(text.to_owned(), Span::NONE)
    }

    fn object(members: Vec<(&str, Value)>) -> Value {
        let member = |(key, value): (&str, Value)| Member::new(key.to_owned(), Span::NONE, value);
        Value::object(members.into_iter().map(member).collect(), Span::NONE)
    }

    fn either(alternatives: Vec<Value>) -> Value {
        Value::unknown(Unknown { alternatives, ..Unknown::new("e", "why") }, Span::NONE)
    }

    #[track_caller]
    fn reads(block: &Value, system: bool, assigned: &[&str], unknown: bool) {
        let identity = read(Some(block));
        let ids: Vec<String> = identity.user_assigned.iter().map(|one| one.id.partial().unwrap()).collect();
        assert_eq!(ids, assigned);
        assert_eq!((identity.system, identity.unknown.is_some()), (system, unknown));
    }

    #[test]
    fn the_type_is_read_in_any_spelling() {
        for kind in ["SystemAssigned", "systemassigned", "UserAssigned, SystemAssigned", "SystemAssigned,UserAssigned"]
        {
            reads(&object(vec![("type", text(kind))]), true, &[], false);
        }
        reads(&object(vec![("type", text("UserAssigned"))]), false, &[], false);
        reads(&object(vec![("type", text("None"))]), false, &[], false);
    }

    #[test]
    fn ids_are_the_keys_of_the_map_or_the_items_of_a_list() {
        let map = object(vec![("/a", object(vec![])), ("/b", object(vec![("clientId", text("c"))]))]);
        reads(&object(vec![("userAssignedIdentities", map.clone())]), false, &["/a", "/b"], false);
        let identity = read(Some(&object(vec![("userAssignedIdentities", map)])));
        assert_eq!(identity.user_assigned[1].client_id.as_deref(), Some("c"));
        let list = Value::array(vec![text("/a")], Span::NONE);
        reads(&object(vec![("userAssignedIdentities", list)]), false, &["/a"], false);
    }

    #[test]
    fn a_type_under_a_condition_is_known_where_all_branches_agree() {
        let kind = |one: &str, other: &str| object(vec![("type", either(vec![text(one), text(other)]))]);
        reads(&kind("SystemAssigned", "SystemAssigned, UserAssigned"), true, &[], false);
        reads(&kind("SystemAssigned", "UserAssigned"), false, &[], true);
        reads(&kind("None", "UserAssigned"), false, &[], false);
    }

    #[test]
    fn a_block_under_a_condition_may_attach_what_its_branches_attach() {
        let map = object(vec![("/a", object(vec![]))]);
        let block = object(vec![("type", text("UserAssigned")), ("userAssignedIdentities", map)]);
        let block = either(vec![block, Value::null(Span::NONE)]);
        reads(&block, false, &["/a"], true);
        assert!(read(Some(&block)).user_assigned[0].perhaps);
    }

    #[test]
    fn a_key_of_which_not_everything_is_known_is_an_unknown_id() {
        let unknown = Unknown { pieces: vec![crate::value::Piece::Unknown("x".to_owned())], ..Unknown::default() };
        let member = Member { key_unknown: Some(Rc::new(unknown)), ..Member::new("…", Span::NONE, object(vec![])) };
        let map = Value::object(vec![member], Span::NONE);
        let identity = read(Some(&object(vec![("userAssignedIdentities", map)])));
        assert!(matches!(identity.user_assigned[0].id.data, Data::Unknown(_)));
    }
}
