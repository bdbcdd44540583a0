//! Comparing values, and choosing the first that is there.

use std::cmp::Ordering;

use crate::value::{Data, Value};

use super::{Args, Builtin, Lazy, Outcome, any, compare, known, lazy, logical, text};

pub const FUNCTIONS: &[Builtin] = &[
    lazy("coalesce", 1, super::MANY, coalesce),
    any("equals", 2, 2, equals),
    known("less", 2, 2, |args| ordered(args, Ordering::is_lt)),
    known("lessOrEquals", 2, 2, |args| ordered(args, Ordering::is_le)),
    known("greater", 2, 2, |args| ordered(args, Ordering::is_gt)),
    known("greaterOrEquals", 2, 2, |args| ordered(args, Ordering::is_ge)),
];

fn equals(args: &Args) -> Outcome {
    let size = |value: &Value| match &value.data {
        Data::Array(items) => items.len(),
        Data::Object(object) => object.members.len(),
        _ => 0,
    };
    args.spend(size(&args.values[0]).min(size(&args.values[1])))?;
    args.give_maybe(compare::equal(&args.values[0], &args.values[1]))
}

fn ordered(args: &Args, holds: fn(Ordering) -> bool) -> Outcome {
    let order = match (&args.values[0].data, &args.values[1].data) {
        (Data::Int(left), Data::Int(right)) => left.cmp(right),
        (Data::Float(left), Data::Float(right)) => left.total_cmp(right),
        (Data::Int(left), Data::Float(right)) => (*left as f64).total_cmp(right),
        (Data::Float(left), Data::Int(right)) => left.total_cmp(&(*right as f64)),
        (Data::String(left), Data::String(right)) => {
            args.spend_text(left.len().max(right.len()))?;
            compare::order(left, right)
        }
        (Data::String(_), _) => return Err(args.wrong_type(1, "a string, as the first is")),
        (Data::Int(_) | Data::Float(_), _) => return Err(args.wrong_type(1, "an int, as the first is")),
        _ => return Err(args.wrong_type(0, "an int or a string")),
    };
    args.give_bool(holds(order))
}

/// The first that is not null. What could be null, but is not known, leaves those after it possible.
fn coalesce(call: &Lazy) -> Outcome {
    let mut possible: Vec<Value> = Vec::new();
    for index in 0..call.exprs.len() {
        let value = match call.eval(index) {
            Ok(value) => value,
            Err(_) if !possible.is_empty() => break,
            Err(error) => return Err(error),
        };
        match logical::is_null(&value) {
            Some(true) => continue,
            Some(false) if possible.is_empty() => return Ok(text::passed(value, call.at)),
            Some(false) => {
                possible.push(value);
                break;
            }
            None => possible.push(value),
        }
    }
    match <[Value; 1]>::try_from(possible) {
        Ok([only]) => Ok(text::passed(only, call.at)),
        Err(possible) if possible.is_empty() => call.args(&[]).give(Data::Null),
        Err(possible) => {
            let args = call.args(&possible);
            let all_equal = possible.windows(2).all(|pair| compare::equal(&pair[0], &pair[1]) == Some(true));
            Ok(if all_equal { possible[0].clone() } else { args.unknown() })
        }
    }
}
