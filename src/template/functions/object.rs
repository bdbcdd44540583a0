//! Objects: making them, merging them, and going through them in order.

use std::rc::Rc;

use crate::source::Text;
use crate::template::eval;
use crate::value::{Data, Member, Object, Unknown, Value};

use super::{Args, Builtin, Kind, Outcome, is_spread, joined, json, kept, known, open};

pub const FUNCTIONS: &[Builtin] = &[
    kept("createObject", 0, super::MANY, create),
    known("items", 1, 1, items),
    known("objectKeys", 1, 1, keys),
    known("json", 1, 1, json::parse),
    known("null", 0, 0, |args| args.give(Data::Null)),
    known("shallowMerge", 1, 1, shallow_merge),
];

fn create(args: &Args) -> Outcome {
    if args.len() % 2 == 1 {
        return Err(args
            .error(Kind::Arity, "a name is without its value")
            .expected("it takes names and values in turn"));
    }
    let mut members = Vec::new();
    for (index, pair) in args.values.chunks_exact(2).enumerate() {
        let at = args.exprs[2 * index].at;
        if !matches!(open(&pair[0]).data, Data::String(_) | Data::Unknown(_)) {
            return Err(args.wrong_type(2 * index, "a string, the name of a property"));
        }
        put(&mut members, eval::keyed(&pair[0], at, pair[1].clone())?);
    }
    args.give(Data::Object(members.into()))
}

/// Adds the member, instead of one of the same name.
pub(super) fn put(members: &mut Vec<Member>, member: Member) {
    let same = |other: &&mut Member| match (&other.key_unknown, &member.key_unknown) {
        (None, None) => other.key.eq_ignore_ascii_case(&member.key),
        _ => false,
    };
    match members.iter_mut().find(same) {
        Some(old) => old.value = member.value,
        None => members.push(member),
    }
}

/// Members as `items()` orders them: by name without regard to case, equal ones as they were written. Of two members
/// with one name the last counts.
fn ordered<'o>(args: &Args, object: &'o Object) -> Result<Vec<&'o Member>, super::Error> {
    args.spend(object.members.len())?;
    let mut members: Vec<(String, &Member)> =
        object.members.iter().map(|member| (member.key.to_uppercase(), member)).collect();
    members.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(members.into_iter().map(|(_, member)| member).collect())
}

fn key_of(member: &Member) -> Value {
    match &member.key_unknown {
        Some(unknown) => Value::new(Data::Unknown(Rc::clone(unknown)), member.key_at),
        None => Value::string(member.key.clone(), member.key_at),
    }
}

/// An element for a member that is perhaps not there.
fn perhaps(member: &Member) -> Value {
    let mut value = member.value.clone();
    if let Data::Unknown(unknown) = &mut value.data {
        *unknown = Rc::new(Unknown { alternatives: Vec::new(), spread: true, ..(**unknown).clone() });
    }
    value
}

fn items(args: &Args) -> Outcome {
    let object = args.object(0)?;
    let item = |member: &Member| {
        if is_spread(&member.value) {
            return member.value.clone();
        }
        if joined::is_perhaps(&member.value) {
            return perhaps(member);
        }
        let value = eval::part(&member.value, &args.values[0]);
        let members = vec![Member::new("key", args.at, key_of(member)), Member::new("value", args.at, value)];
        Value::object(members, member.value.at)
    };
    let items = ordered(args, object)?.into_iter().map(item).collect();
    args.give_array(items)
}

fn keys(args: &Args) -> Outcome {
    let key = |member: &Member| if joined::is_perhaps(&member.value) { perhaps(member) } else { key_of(member) };
    let keys = ordered(args, args.object(0)?)?.into_iter().map(key).collect();
    args.give_array(keys)
}

/// The first spelling of a name, the last value.
fn shallow_merge(args: &Args) -> Outcome {
    let mut merged: Vec<Member> = Vec::new();
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for item in args.array(0)? {
        let object = match &open(item).data {
            Data::Object(object) => object,
            Data::Unknown(_) => return Ok(args.unknown()),
            _ => return Err(args.wrong_type(0, "an array of objects")),
        };
        args.spend(object.members.len())?;
        for member in object.members.iter() {
            let value = eval::part(&member.value, item);
            match places.get(&member.key.to_ascii_lowercase()) {
                Some(&place) => merged[place].value = value,
                None => {
                    places.insert(member.key.to_ascii_lowercase(), merged.len());
                    merged.push(Member { value, ..member.clone() });
                }
            }
        }
    }
    args.give(Data::Object(merged.into()))
}

/// A member that a function makes.
pub(super) fn text_member(name: &'static str, value: impl Into<Text>, args: &Args) -> Member {
    Member::new(name, args.at, Value::string(value, args.at))
}
