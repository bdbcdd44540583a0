//! Union and intersection, of arrays and of objects.

use std::collections::HashSet;

use crate::source::Text;
use crate::template::target;
use crate::value::{Data, Member, Object, Unknown, Value};

use super::{Args, Outcome, array, compare, is_spread, open, spell};

/// Values that were seen, to find equal ones without comparing each with each.
#[derive(Default)]
struct Seen {
    scalars: HashSet<Scalar>,
    others: Vec<Value>,
}

#[derive(PartialEq, Eq, Hash)]
enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Float(u64),
    String(Text),
}

impl Seen {
    fn holds(&self, value: &Value) -> bool {
        match scalar(value) {
            Some(scalar) => self.scalars.contains(&scalar),
            None => self.others.iter().any(|other| compare::equal(other, value) == Some(true)),
        }
    }

    /// Whether it is new.
    fn add(&mut self, value: &Value) -> bool {
        match scalar(value) {
            Some(scalar) => self.scalars.insert(scalar),
            None if self.holds(value) => false,
            None => {
                self.others.push(value.clone());
                true
            }
        }
    }
}

fn scalar(value: &Value) -> Option<Scalar> {
    match &open(value).data {
        Data::Null => Some(Scalar::Null),
        Data::Bool(value) => Some(Scalar::Bool(*value)),
        Data::Int(value) => Some(Scalar::Int(*value)),
        Data::Float(value) => Some(Scalar::Float(value.to_bits())),
        Data::String(text) => Some(Scalar::String(text.clone())),
        _ => None,
    }
}

pub(super) fn distinct(args: &Args) -> Outcome {
    let mut seen = Seen::default();
    let mut distinct = Vec::new();
    for item in args.array(0)? {
        args.spend(1 + seen.others.len())?;
        if is_spread(item) || seen.add(item) {
            distinct.push(item.clone());
        }
    }
    args.give_array(distinct)
}

/// Of arrays: each element once. Of objects: members of both, recursively, the last value of a name. Null is left out.
pub(super) fn union(args: &Args) -> Outcome {
    let first = args.values.iter().find(|value| !value.is_null() && value.as_unknown().is_none());
    match first.map(|value| &value.data) {
        Some(Data::Array(_)) => union_of_arrays(args),
        Some(Data::Object(_)) => union_of_objects(args),
        Some(_) => {
            let place = args.values.iter().position(|value| !matches!(value.data, Data::Null | Data::Unknown(_)));
            Err(args.wrong_type(place.unwrap_or(0), "an array or an object"))
        }
        None if args.values.iter().any(|value| value.as_unknown().is_some()) => Ok(args.unknown()),
        None => args.give(Data::Null),
    }
}

fn union_of_arrays(args: &Args) -> Outcome {
    let mut seen = Seen::default();
    let mut union = Vec::new();
    for (index, value) in args.values.iter().enumerate() {
        match &value.data {
            Data::Array(items) => {
                for item in items.iter() {
                    args.spend(1 + seen.others.len())?;
                    if is_spread(item) || seen.add(item) {
                        union.push(crate::template::eval::part(item, value));
                    }
                }
            }
            Data::Unknown(unknown) => union.push(array::spread(unknown, value)),
            Data::Null => (),
            _ => return Err(args.wrong_type(index, "an array, as the others are")),
        }
    }
    args.give(Data::Array(union.into()))
}

fn union_of_objects(args: &Args) -> Outcome {
    let mut union: Vec<Member> = Vec::new();
    for (index, value) in args.values.iter().enumerate() {
        match &value.data {
            Data::Object(object) => merge(args, &mut union, object, value)?,
            Data::Unknown(unknown) => {
                // It can hold any of the members that are before it.
                for member in &mut union {
                    if !is_spread(&member.value) {
                        let expression = spell::member(&spell::call("union", args.values), &member.key);
                        let at = member.value.at;
                        member.value = Value::unknown(Unknown::new(expression, unknown.why.as_str()), at);
                    }
                }
                union.push(target::rest(&spell::call("union", args.values), &unknown.why, value.at));
            }
            Data::Null => (),
            _ => return Err(args.wrong_type(index, "an object, as the others are")),
        }
    }
    args.give(Data::Object(union.into()))
}

fn merge(args: &Args, into: &mut Vec<Member>, from: &Object, whole: &Value) -> Result<(), super::Error> {
    args.spend(from.members.len())?;
    let index: std::collections::HashMap<String, usize> = match from.members.len() * into.len() > 64 {
        true => into.iter().enumerate().map(|(i, member)| (member.key.to_ascii_lowercase(), i)).collect(),
        false => std::collections::HashMap::new(),
    };
    for member in from.members.iter() {
        let mut member = member.clone();
        member.value.via = member.value.via.within(&whole.via);
        let place = match index.is_empty() {
            true => into.iter().position(|other| same_key(other, &member)),
            false => index.get(&member.key.to_ascii_lowercase()).copied(),
        };
        match place.filter(|place| same_key(&into[*place], &member)) {
            None => into.push(member),
            Some(place) => {
                let target = &mut into[place].value;
                match (&target.data, &member.value.data) {
                    (Data::Object(old), Data::Object(new)) => {
                        let mut merged = old.members.to_vec();
                        merge(args, &mut merged, new, &member.value)?;
                        target.data = Data::Object(merged.into());
                    }
                    _ => *target = member.value,
                }
            }
        }
    }
    Ok(())
}

fn same_key(left: &Member, right: &Member) -> bool {
    match (&left.key_unknown, &right.key_unknown) {
        (None, None) => left.key.eq_ignore_ascii_case(&right.key),
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

/// What all have, at the place of the first. For objects: name and value.
pub(super) fn intersection(args: &Args) -> Outcome {
    if (0..args.len()).any(|index| args.is_unknown(index)) {
        return Ok(args.unknown());
    }
    match &args.values[0].data {
        Data::Array(first) => {
            let mut common = first.to_vec();
            for index in 1..args.len() {
                let mut seen = Seen::default();
                for item in args.array(index)? {
                    seen.add(item);
                }
                args.spend(common.len() * (1 + seen.others.len()))?;
                common.retain(|item| seen.holds(item));
            }
            let mut once = Seen::default();
            common.retain(|item| once.add(item));
            args.give_array(common)
        }
        Data::Object(first) => {
            let mut common = first.members.to_vec();
            for index in 1..args.len() {
                let other = args.object(index)?;
                args.spend(common.len() * (1 + other.members.len()))?;
                common.retain(|member| {
                    other
                        .get(&member.key)
                        .is_some_and(|found| compare::equal(&found.value, &member.value) == Some(true))
                });
            }
            args.give(Data::Object(common.into()))
        }
        _ => Err(args.wrong_type(0, "an array or an object")),
    }
}
