//! Arithmetic on 64-bit integers, and numbers from text.

use crate::value::{Data, Value, Via};

use super::{Args, Builtin, Kind, Lazy, Outcome, any, known, lazy};

pub const FUNCTIONS: &[Builtin] = &[
    known("add", 2, 2, |args| arithmetic(args, i64::checked_add)),
    known("sub", 2, 2, |args| arithmetic(args, i64::checked_sub)),
    known("mul", 2, 2, |args| arithmetic(args, i64::checked_mul)),
    // Truncates, and the remainder has the sign of the dividend, as in .NET.
    known("div", 2, 2, |args| divide(args, i64::checked_div)),
    known("mod", 2, 2, |args| divide(args, i64::checked_rem)),
    known("int", 1, 1, int),
    known("float", 1, 1, float),
    any("max", 1, super::MANY, |args| extreme(args, i64::max)),
    any("min", 1, super::MANY, |args| extreme(args, i64::min)),
    lazy("copyIndex", 0, 2, copy_index),
];

fn arithmetic(args: &Args, of: fn(i64, i64) -> Option<i64>) -> Outcome {
    match of(args.int(0)?, args.int(1)?) {
        Some(value) => args.give(Data::Int(value)),
        None => Err(args.error(Kind::Range, "the result does not fit 64 bits")),
    }
}

fn divide(args: &Args, of: fn(i64, i64) -> Option<i64>) -> Outcome {
    if args.int(0).is_ok() && args.int(1)? == 0 {
        return Err(args.wrong(1, Kind::Value, "division by zero"));
    }
    arithmetic(args, of)
}

fn int(args: &Args) -> Outcome {
    match &args.values[0].data {
        Data::Int(value) => args.give(Data::Int(*value)),
        // In range, or clamped: `as` does not panic.
        Data::Float(value) => args.give(Data::Int(*value as i64)),
        Data::String(text) => match text.trim().parse() {
            Ok(value) => args.give(Data::Int(value)),
            Err(_) => Err(args.wrong(0, Kind::Value, format!("`{}` is no integer", short(text)))),
        },
        _ => Err(args.wrong_type(0, "an int or a string")),
    }
}

fn float(args: &Args) -> Outcome {
    match &args.values[0].data {
        // What a double cannot hold exactly is rounded, as in .NET.
        Data::Int(value) => args.give(Data::Float(*value as f64)),
        Data::Float(value) => args.give(Data::Float(*value)),
        Data::String(text) => match text.trim().parse::<f64>() {
            Ok(value) if value.is_finite() => args.give(Data::Float(value)),
            _ => Err(args.wrong(0, Kind::Value, format!("`{}` is no number", short(text)))),
        },
        _ => Err(args.wrong_type(0, "an int or a string")),
    }
}

fn extreme(args: &Args, of: fn(i64, i64) -> i64) -> Outcome {
    let items = match &args.values[0].data {
        Data::Array(items) if args.len() == 1 => items,
        _ => args.values,
    };
    args.spend(items.len())?;
    let mut found: Option<i64> = None;
    let mut unknown = false;
    for (index, item) in items.iter().enumerate() {
        match super::open(item).data {
            Data::Int(value) => found = Some(found.map_or(value, |best| of(best, value))),
            Data::Unknown(_) => unknown = true,
            _ if args.len() == 1 => return Err(args.wrong_type(0, "an array of ints")),
            _ => return Err(args.wrong_type(index, "an int")),
        }
    }
    match found {
        _ if unknown => Ok(args.unknown()),
        Some(value) => args.give(Data::Int(value)),
        None => Err(args.wrong(0, Kind::Value, "the array is empty")),
    }
}

/// `copyIndex()`, `copyIndex(offset)`, `copyIndex('loop')`, `copyIndex('loop', offset)`.
fn copy_index(call: &Lazy) -> Outcome {
    let values = (0..call.exprs.len()).map(|index| call.eval(index)).collect::<Result<Vec<_>, _>>()?;
    let args = call.args(&values);
    let named = values.first().is_some_and(|value| matches!(value.data, Data::String(_)));
    let name = if named { Some(&**args.text(0)?) } else { None };
    let offset = if named { 1 } else { 0 };
    let index = call.env.scope.copy_index(name, call.at).map_err(|error| error.of("copyIndex"))?;
    if offset >= args.len() {
        // Which turn it is was written nowhere.
        return Ok(Value { at: call.at, via: Via::default(), ..index });
    }
    if args.len() > offset + 1 {
        return Err(args.wrong_type(0, "a string, the name of the loop, when there are two"));
    }
    match (&index.data, args.is_unknown(offset)) {
        (Data::Int(index), false) => match index.checked_add(args.int(offset)?) {
            Some(sum) => args.give(Data::Int(sum)),
            None => Err(args.error(Kind::Range, "the result does not fit 64 bits")),
        },
        _ => Ok(args.unknown()),
    }
}

/// The beginning of a text, for a message.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
