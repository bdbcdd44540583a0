//! Functions of arrays, and of what is counted and cut like them: strings and objects.

use std::rc::Rc;

use crate::value::{Data, Member, Unknown, Value};

use super::joined::is_perhaps;
use super::{Args, Builtin, Kind, Outcome, any, compare, is_spread, kept, known, open, sets, string, text};
use crate::template::eval;
use crate::template::text::Builder;

pub const FUNCTIONS: &[Builtin] = &[
    kept("array", 1, 1, array),
    any("concat", 1, super::MANY, concat),
    any("contains", 2, 2, contains),
    kept("createArray", 0, super::MANY, |args| args.give_array(args.values.to_vec())),
    any("empty", 1, 1, empty),
    any("first", 1, 1, |args| end(args, End::First)),
    any("last", 1, 1, |args| end(args, End::Last)),
    known("flatten", 1, 1, flatten),
    any("indexOf", 2, 2, |args| index_of(args, End::First)),
    any("lastIndexOf", 2, 2, |args| index_of(args, End::Last)),
    known("indexFromEnd", 2, 2, |args| from_end(args, false)),
    known("tryIndexFromEnd", 2, 2, |args| from_end(args, true)),
    any("length", 1, 1, length),
    known("range", 2, 2, range),
    any("skip", 2, 2, |args| cut(args, End::Last)),
    any("take", 2, 2, |args| cut(args, End::First)),
    any("tryGet", 2, super::MANY, try_get),
    any("union", 2, super::MANY, sets::union),
    any("intersection", 2, super::MANY, sets::intersection),
    known("distinct", 1, 1, sets::distinct),
];

#[derive(Clone, Copy, PartialEq)]
enum End {
    First,
    Last,
}

/// https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-array#range
const MAX_RANGE: i64 = 10_000;

fn array(args: &Args) -> Outcome {
    match &args.values[0].data {
        Data::Array(_) => Ok(args.values[0].clone()),
        Data::Unknown(_) => Ok(args.unknown()),
        _ => args.give_array(vec![args.values[0].clone()]),
    }
}

fn concat(args: &Args) -> Outcome {
    if let [only] = args.values
        && !matches!(only.data, Data::Bool(_) | Data::Int(_) | Data::Float(_))
    {
        return match only.data {
            Data::String(_) | Data::Array(_) | Data::Unknown(_) => Ok(text::passed(only.clone(), args.at)),
            _ => Err(args.wrong_type(0, "strings or arrays")),
        };
    }
    if args.values.iter().any(|value| matches!(value.data, Data::Array(_))) {
        return concat_arrays(args);
    }
    let texts = |value: &Value| match &value.data {
        Data::Unknown(unknown) => compare::is_string(unknown),
        _ => true,
    };
    if !args.values.iter().any(texts) {
        return Ok(args.unknown());
    }
    let mut builder = Builder::new();
    for (index, value) in args.values.iter().enumerate() {
        match &value.data {
            Data::Bool(_) | Data::Int(_) | Data::Float(_) => builder.push(&string::plain(value)),
            _ if builder.push_value(value) => (),
            _ => return Err(args.wrong_type(index, "strings or arrays")),
        }
        args.spend_text(builder.len())?;
    }
    Ok(string::built(args, builder))
}

fn concat_arrays(args: &Args) -> Outcome {
    let mut items: Vec<Value> = Vec::new();
    for (index, value) in args.values.iter().enumerate() {
        match &value.data {
            Data::Array(more) => {
                args.spend(more.len())?;
                items.extend(more.iter().map(|item| eval::part(item, value)));
            }
            Data::Unknown(unknown) => items.push(spread(unknown, value)),
            _ => return Err(args.wrong_type(index, "an array, as the others are")),
        }
    }
    args.give(Data::Array(items.into()))
}

/// The elements of an array that is not known.
pub(super) fn spread(unknown: &Unknown, value: &Value) -> Value {
    let elements = Unknown { spread: true, alternatives: Vec::new(), pieces: Vec::new(), ..unknown.clone() };
    Value { data: Data::Unknown(Rc::new(elements)), ..value.clone() }
}

fn contains(args: &Args) -> Outcome {
    let item = &args.values[1];
    let truth = match &args.values[0].data {
        Data::Array(items) => {
            args.spend(items.len())?;
            any_true(items.iter().map(|element| compare::equal(element, item)))
        }
        Data::Object(object) => match item.as_unknown() {
            Some(_) => object.members.is_empty().then_some(false),
            None => has_key(object, &string::plain(item)),
        },
        Data::String(text) => match item.as_unknown() {
            Some(unknown) => {
                let possible = |piece: &crate::value::Piece| match piece {
                    crate::value::Piece::Known(stretch) => text.contains(stretch.as_str()),
                    crate::value::Piece::Unknown(_) => true,
                };
                (!text::pieces(unknown).iter().all(possible)).then_some(false)
            }
            None if matches!(item.data, Data::String(_) | Data::Int(_)) => Some(text.contains(&*string::plain(item))),
            None => return Err(args.wrong_type(1, "a string or an int")),
        },
        Data::Unknown(unknown) if compare::is_string(unknown) && !args.is_unknown(1) => {
            compare::holds(&unknown.pieces, &string::plain(item))
        }
        Data::Unknown(_) => None,
        _ => return Err(args.wrong_type(0, "an array, an object or a string")),
    };
    args.give_maybe(truth)
}

fn has_key(object: &crate::value::Object, key: &str) -> Option<bool> {
    any_true(object.members.iter().map(|member| match &member.key_unknown {
        None if member.key.eq_ignore_ascii_case(key) => (!is_perhaps(&member.value)).then_some(true),
        None => Some(false),
        Some(unknown) if unknown.spread => None,
        Some(unknown) => (!text::may_equal(&text::pieces(unknown), key)).then_some(false),
    }))
}

fn any_true(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut sure = true;
    for truth in truths {
        match truth {
            Some(true) => return Some(true),
            Some(false) => (),
            None => sure = false,
        }
    }
    sure.then_some(false)
}

fn empty(args: &Args) -> Outcome {
    let truth = match &args.values[0].data {
        Data::Null => Some(true),
        Data::String(text) => Some(text.is_empty()),
        Data::Array(items) if items.iter().all(is_spread) && !items.is_empty() => None,
        Data::Array(items) => Some(items.is_empty()),
        Data::Object(object) if object.members.iter().all(is_open) && !object.members.is_empty() => None,
        Data::Object(object) => Some(object.members.is_empty()),
        Data::Unknown(unknown) => (text::least_units(&text::pieces(unknown)) > 0).then_some(false),
        _ => return Err(args.wrong_type(0, "an array, an object, a string or null")),
    };
    args.give_maybe(truth)
}

/// Whether the member perhaps is not there, or stands for several.
fn is_open(member: &Member) -> bool {
    is_spread(&member.value) || is_perhaps(&member.value)
}

fn length(args: &Args) -> Outcome {
    let count = match &args.values[0].data {
        Data::String(text) => Some(text::units(text)),
        Data::Array(items) => (!items.iter().any(is_spread)).then_some(items.len()),
        Data::Object(object) => (!object.members.iter().any(is_open)).then_some(object.members.len()),
        Data::Unknown(unknown) => text::total_units(&text::pieces(unknown)),
        _ => return Err(args.wrong_type(0, "an array, an object or a string")),
    };
    match count {
        Some(count) => args.give(Data::Int(i64::try_from(count).unwrap_or(i64::MAX))),
        None => Ok(args.unknown()),
    }
}

fn end(args: &Args, end: End) -> Outcome {
    let value = &args.values[0];
    match &value.data {
        Data::Array(items) => {
            let item = if end == End::First { items.first() } else { items.last() };
            match item {
                Some(item) if is_spread(item) => Ok(args.unknown()),
                Some(item) => Ok(text::passed(eval::part(item, value), args.at)),
                None => args.give(Data::Null),
            }
        }
        Data::String(text) => args.give_changed(0, end_of(text, end)),
        Data::Unknown(unknown) => {
            let stretch = match end {
                End::First => text::known_start(&unknown.pieces),
                End::Last => text::known_end(&unknown.pieces),
            };
            if stretch.is_empty() { Ok(args.unknown()) } else { args.give_changed(0, end_of(stretch, end)) }
        }
        _ => Err(args.wrong_type(0, "an array or a string")),
    }
}

fn end_of(text: &str, end: End) -> String {
    let character = if end == End::First { text.chars().next() } else { text.chars().next_back() };
    character.map(String::from).unwrap_or_default()
}

fn flatten(args: &Args) -> Outcome {
    let mut flat = Vec::new();
    for item in args.array(0)? {
        match &open(item).data {
            Data::Array(items) => {
                args.spend(items.len())?;
                flat.extend(items.iter().map(|inner| eval::part(inner, item)));
            }
            Data::Unknown(unknown) => flat.push(spread(unknown, item)),
            _ => return Err(args.wrong_type(0, "an array of arrays")),
        }
    }
    args.give(Data::Array(flat.into()))
}

fn index_of(args: &Args, end: End) -> Outcome {
    let give = |index: Option<usize>| {
        let index = index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1);
        args.give(Data::Int(index))
    };
    match &args.values[0].data {
        Data::Array(items) => {
            args.spend(items.len())?;
            let item = &args.values[1];
            let found = |element: &Value| compare::equal(element, item) != Some(false);
            let place = match end {
                End::First => items.iter().position(found),
                End::Last => items.iter().rposition(found),
            };
            match place {
                Some(place) if compare::equal(&items[place], item).is_none() => Ok(args.unknown()),
                Some(place) if items[..place].iter().any(is_spread) => Ok(args.unknown()),
                place => give(place),
            }
        }
        Data::Unknown(_) => Ok(args.unknown()),
        Data::String(_) if args.is_unknown(1) => Ok(args.unknown()),
        Data::String(text) => {
            args.spend_text(text.len())?;
            give(string::find_folded(text, args.text(1)?, end == End::Last))
        }
        _ => Err(args.wrong_type(0, "an array or a string")),
    }
}

/// Counts from one at the end.
fn from_end(args: &Args, tolerant: bool) -> Outcome {
    let items = args.array(0)?;
    let place = usize::try_from(args.int(1)?).ok().filter(|place| *place > 0);
    if items.iter().any(is_spread) {
        return Ok(args.unknown());
    }
    match place.and_then(|place| items.len().checked_sub(place)) {
        Some(index) => Ok(text::passed(eval::part(&items[index], &args.values[0]), args.at)),
        None if tolerant => args.give(Data::Null),
        None => {
            let message = format!("there is no such element: the array has {}", items.len());
            Err(args.wrong(1, Kind::Range, message).expected("1 is the last element"))
        }
    }
}

fn range(args: &Args) -> Outcome {
    let (start, count) = (args.int(0)?, args.int(1)?);
    if !(0..=MAX_RANGE).contains(&count) {
        return Err(args.wrong(1, Kind::Range, format!("the count is {count}")).expected("expected 0 to 10,000"));
    }
    let last = start.checked_add(count).filter(|last| *last <= i64::from(i32::MAX));
    if last.is_none() || start < i64::from(i32::MIN) {
        return Err(args.error(Kind::Range, "start and count together are more than 2,147,483,647"));
    }
    args.give_array((start..start + count).map(|value| Value::new(Data::Int(value), args.at)).collect())
}

/// What `take` keeps at the start, or `skip` at the end.
fn cut(args: &Args, kept: End) -> Outcome {
    let value = &args.values[0];
    if !matches!(value.data, Data::Array(_) | Data::String(_) | Data::Unknown(_)) {
        return Err(args.wrong_type(0, "an array or a string"));
    }
    if args.is_unknown(1) {
        return Ok(args.unknown());
    }
    let count = usize::try_from(args.int(1)?.max(0)).unwrap_or(usize::MAX);
    match &value.data {
        Data::Array(items) => {
            let items = if kept == End::First { taken(items, count) } else { skipped(items, count) };
            args.spend(items.len())?;
            Ok(text::made_of(value, Data::Array(items.into()), args.at))
        }
        Data::String(text) => {
            let at = text::byte_of_unit(text, count);
            args.give_changed(0, if kept == End::First { text.substr(..at) } else { text.substr(at..) })
        }
        Data::Unknown(unknown)
            if compare::is_string(unknown) || text::total_units(&text::pieces(unknown)).is_some() =>
        {
            let pieces = text::pieces(unknown);
            let pieces = if kept == End::First { text::take(&pieces, count) } else { text::skip(&pieces, count) };
            let made = text::value(&pieces, &unknown.why, args.at);
            Ok(text::made_of(value, made.data, args.at))
        }
        _ => Ok(args.unknown()),
    }
}

fn taken(items: &[Value], count: usize) -> Vec<Value> {
    let mut taken = items[..count.min(items.len())].to_vec();
    if let Some(spread) = taken.iter().position(is_spread) {
        taken.truncate(spread + 1);
    }
    taken
}

fn skipped(items: &[Value], count: usize) -> Vec<Value> {
    match items.iter().position(is_spread) {
        Some(spread) if spread < count => items[spread..].to_vec(),
        _ => items.get(count..).unwrap_or(&[]).to_vec(),
    }
}

/// Members and elements of each other; null as soon as one is missing.
fn try_get(args: &Args) -> Outcome {
    let mut value = args.values[0].clone();
    for key in &args.values[1..] {
        if value.is_null() {
            break;
        }
        value = match eval::element(&value, key, args.at, args.env) {
            Ok(value) => value,
            Err(error) if matches!(error.kind, Kind::NotFound | Kind::Range) => return args.give(Data::Null),
            Err(error) => return Err(error),
        };
    }
    Ok(value)
}
