//! Objects that a value can be, as one object: what all of them have is known, though nobody knows which it will be.

use crate::source::{Span, Text};
use crate::template::{compare, spell};
use crate::value::{Data, Member, Object, Unknown, Value};

use super::MAX_ALTERNATIVES;

/// Deeper objects are kept as alternatives.
const MAX_DEPTH: u32 = 16;

/// The objects as one. A member that not all have is perhaps null, which counts as absent in a resource. `None` when one
/// is no object, or when they have nothing in common that has members or elements itself: a map of names, such as the
/// identities of a resource, is better told by its alternatives.
pub(super) fn join(values: &[Value], expression: &str, why: &str, at: Span) -> Option<Value> {
    joined(values, expression, why, at, MAX_DEPTH)
}

/// Whether a member is perhaps not there.
pub(super) fn is_perhaps(value: &Value) -> bool {
    value.as_unknown().is_some_and(|unknown| unknown.alternatives.iter().any(Value::is_null))
}

fn joined(values: &[Value], expression: &str, why: &str, at: Span, depth: u32) -> Option<Value> {
    let objects: Vec<&Object> = values.iter().map(plain_object).collect::<Option<_>>()?;
    if depth == 0 || !objects.first()?.members.iter().any(|member| is_common_structure(&member.key, &objects)) {
        return None;
    }
    let mut names: Vec<(&Text, Span)> = Vec::new();
    for member in objects.iter().flat_map(|object| object.members.iter()) {
        if !names.iter().any(|(name, _)| name.eq_ignore_ascii_case(&member.key)) {
            names.push((&member.key, member.key_at));
        }
    }
    let members = names.into_iter().map(|(name, key_at)| {
        let found = objects.iter().map(|object| object.get(name).map(|member| &member.value));
        let expression = spell::member(expression, name);
        Member::new(name.clone(), key_at, one_of(found.collect(), &expression, why, at, depth))
    });
    Some(Value::object(members.collect(), at))
}

/// An object all of whose members are there for certain.
fn plain_object(value: &Value) -> Option<&Object> {
    let Data::Object(object) = &value.data else { return None };
    let is_plain = object.members.iter().all(|member| member.key_unknown.is_none());
    is_plain.then_some(object)
}

fn is_common_structure(name: &str, objects: &[&Object]) -> bool {
    objects.iter().all(|object| match object.get(name).map(|member| &member.value.data) {
        Some(Data::Object(inner)) => !inner.members.is_empty(),
        Some(Data::Array(items)) => !items.is_empty(),
        _ => false,
    })
}

/// What a member can be, `None` where it is absent.
fn one_of(found: Vec<Option<&Value>>, expression: &str, why: &str, at: Span, depth: u32) -> Value {
    let absent = Value::null(at);
    let mut distinct: Vec<Value> = Vec::new();
    for value in found.into_iter().map(|value| value.unwrap_or(&absent)) {
        if !distinct.iter().any(|seen| compare::equal(seen, value) == Some(true)) {
            distinct.push(value.clone());
        }
    }
    if distinct.len() == 1 {
        return distinct.remove(0);
    }
    if let Some(object) = joined(&distinct, expression, why, at, depth - 1) {
        return object;
    }
    if distinct.len() > MAX_ALTERNATIVES {
        distinct.clear();
    }
    Value::unknown(Unknown { alternatives: distinct, ..Unknown::new(expression, why) }, at)
}
