//! The functions of the language: finding one, checking how it is called, and what holds for all of them when an argument
//! is unknown or secret. What each does is in its family's file.

use std::rc::Rc;
use std::sync::LazyLock;

use crate::source::{Span, Text};
use crate::value::{Data, Unknown, Value};

use super::ast::Expr;
use super::compare;
use super::error::{Error, Kind, Outcome};
use super::eval::{self, Env};
use super::{spell, text};

mod args;
mod array;
mod cidr;
mod comparison;
mod date;
mod deployment;
mod duration;
mod encoding;
mod format;
mod hash;
mod joined;
mod json;
mod lambda;
mod logical;
mod moment;
mod number;
mod numeric;
mod object;
mod parts;
mod resource;
mod sets;
mod string;
mod uri;

pub(super) use args::{Args, Lazy};
pub(super) use json::compact;

/// A function of the language.
#[derive(Debug)]
pub struct Builtin {
    /// As the documentation spells it.
    pub name: &'static str,
    min: u8,
    max: u8,
    run: Run,
}

/// How a function takes its arguments.
#[derive(Clone, Copy, Debug)]
enum Run {
    /// Evaluated and known; of an unknown one, the result is unknown.
    Known(fn(&Args) -> Outcome),
    /// Evaluated, perhaps unknown: it says what can be said.
    Any(fn(&Args) -> Outcome),
    /// As `Any`, and arguments are kept as they are: what is secret stays so inside of the result.
    Kept(fn(&Args) -> Outcome),
    /// Not evaluated: it evaluates what it needs.
    Lazy(fn(&Lazy) -> Outcome),
}

/// So many values an unknown one can have, before it is just unknown.
pub(super) const MAX_ALTERNATIVES: usize = 8;
/// Any number of arguments.
const MANY: u8 = u8::MAX;

static BUILTINS: LazyLock<Vec<&'static Builtin>> = LazyLock::new(|| {
    let families: [&'static [Builtin]; 14] = [
        array::FUNCTIONS,
        cidr::FUNCTIONS,
        comparison::FUNCTIONS,
        date::FUNCTIONS,
        deployment::FUNCTIONS,
        encoding::FUNCTIONS,
        hash::FUNCTIONS,
        lambda::FUNCTIONS,
        logical::FUNCTIONS,
        numeric::FUNCTIONS,
        object::FUNCTIONS,
        resource::FUNCTIONS,
        string::FUNCTIONS,
        uri::FUNCTIONS,
    ];
    let mut all: Vec<_> = families.into_iter().flatten().collect();
    all.sort_by(|left, right| compare_names(left.name, right.name));
    all
});

const fn known(name: &'static str, min: u8, max: u8, run: fn(&Args) -> Outcome) -> Builtin {
    Builtin { name, min, max, run: Run::Known(run) }
}

const fn any(name: &'static str, min: u8, max: u8, run: fn(&Args) -> Outcome) -> Builtin {
    Builtin { name, min, max, run: Run::Any(run) }
}

const fn kept(name: &'static str, min: u8, max: u8, run: fn(&Args) -> Outcome) -> Builtin {
    Builtin { name, min, max, run: Run::Kept(run) }
}

const fn lazy(name: &'static str, min: u8, max: u8, run: fn(&Lazy) -> Outcome) -> Builtin {
    Builtin { name, min, max, run: Run::Lazy(run) }
}

/// The function of this name, without regard to case.
pub fn find(name: &str) -> Option<&'static Builtin> {
    let place = BUILTINS.binary_search_by(|builtin| compare_names(builtin.name, name)).ok()?;
    Some(BUILTINS[place])
}

/// Whether it is one of the many `list…` functions of resource providers.
pub fn is_list(name: &str) -> bool {
    name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("list"))
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}

fn compare_names(left: &str, right: &str) -> std::cmp::Ordering {
    left.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(right.bytes().map(|byte| byte.to_ascii_lowercase()))
}

/// Calls a function of the language.
pub(super) fn call(builtin: &Builtin, exprs: &[Expr], at: Span, env: &Env) -> Outcome {
    let name = builtin.name;
    if exprs.len() < builtin.min.into() || (builtin.max != MANY && exprs.len() > builtin.max.into()) {
        return Err(wrong_arity(name, builtin.min, builtin.max, exprs.len(), at));
    }
    let run = match builtin.run {
        Run::Lazy(run) => return run(&Lazy { name, exprs, at, env }).map_err(|error| blame(error, name, at)),
        run => run,
    };
    let values = values(exprs, env)?;
    apply(run, &Args { name, values: &values, exprs, at, env }).map_err(|error| blame(error, name, at))
}

/// Calls one of the `list…` functions.
pub(super) fn call_list(name: &Text, exprs: &[Expr], at: Span, env: &Env) -> Outcome {
    if exprs.len() < 2 {
        return Err(wrong_arity(name, 2, MANY, exprs.len(), at));
    }
    let values = values(exprs, env)?;
    resource::list(&Args { name, values: &values, exprs, at, env })
}

fn values(exprs: &[Expr], env: &Env) -> Result<Vec<Value>, Error> {
    let mut values = Vec::with_capacity(exprs.len());
    for expr in exprs {
        values.push(eval::eval(expr, env)?);
    }
    Ok(values)
}

fn wrong_arity(name: &str, min: u8, max: u8, given: usize, at: Span) -> Error {
    let some = |count: u8| if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") };
    let expected = match (min, max) {
        (min, max) if min == max => some(min),
        (min, MANY) => format!("at least {}", some(min)),
        (min, max) => format!("{min} to {max} arguments"),
    };
    let given = if given == 1 { "1 argument is".to_owned() } else { format!("{given} arguments are") };
    Error::new(Kind::Arity, format!("{given} given"), at).of(name).expected(format!("it takes {expected}"))
}

/// The error as one of this call, when it was raised by it and not by an expression inside of it.
fn blame(error: Error, name: &str, at: Span) -> Error {
    if error.at == at && error.kind != Kind::UserFail { error.of(name) } else { error }
}

fn apply(run: Run, args: &Args) -> Outcome {
    match run {
        Run::Kept(run) | Run::Any(run) | Run::Known(run) if args.values.iter().all(is_plain) => run(args),
        Run::Kept(run) => run(args),
        _ if args.values.iter().any(Value::is_secure) => {
            let values: Vec<Value> = args.values.iter().map(|value| open(value).clone()).collect();
            apply(run, &Args { values: &values, ..*args }).map(|value| secure(value, args.at))
        }
        _ if let Some(place) = args.values.iter().position(has_alternatives) => args.choose(run, place),
        Run::Any(run) => run(args),
        _ => Ok(args.unknown()),
    }
}

fn is_plain(value: &Value) -> bool {
    !matches!(value.data, Data::Unknown(_) | Data::Secure(_))
}

fn has_alternatives(value: &Value) -> bool {
    matches!(&value.data, Data::Unknown(unknown) if !unknown.alternatives.is_empty())
}

/// The value inside of a secret one.
pub(super) fn open(value: &Value) -> &Value {
    match &value.data {
        Data::Secure(inner) => open(inner),
        _ => value,
    }
}

/// The value as a secret, where it could tell something about what it was made of.
pub(super) fn secure(value: Value, at: Span) -> Value {
    match &value.data {
        Data::Null | Data::Bool(_) | Data::Int(_) | Data::Secure(_) => value,
        _ => {
            let (at, via) = (if value.at.is_written() { value.at } else { at }, value.via.clone());
            Value { data: Data::Secure(Rc::new(value)), at, via }
        }
    }
}

/// What the value is, with its article, for people.
pub fn kind_of(value: &Value) -> &'static str {
    match &value.data {
        Data::Null => "null",
        Data::Bool(_) => "a bool",
        Data::Int(_) => "an int",
        Data::Float(_) => "a float",
        Data::String(_) => "a string",
        Data::Array(_) => "an array",
        Data::Object(_) => "an object",
        Data::Unknown(_) => "a value that is not known before deployment",
        Data::Secure(inner) => kind_of(inner),
    }
}

/// Whether it stands for any number of elements.
pub(super) fn is_spread(value: &Value) -> bool {
    matches!(&value.data, Data::Unknown(unknown) if unknown.spread)
}

/// Something unknown that depends on the value, for the first reason that is found in it.
pub(super) fn unknown_part(value: &Value, expression: &str, at: Span) -> Value {
    Value::unknown(Unknown::new(expression, why(value, 0).unwrap_or("a part of it is not known")), at)
}

fn why(value: &Value, depth: u32) -> Option<&str> {
    match &value.data {
        Data::Unknown(unknown) => Some(&unknown.why),
        Data::Secure(inner) => why(inner, depth),
        Data::Array(items) if depth < 8 => items.iter().find_map(|item| why(item, depth + 1)),
        Data::Object(object) if depth < 8 => object.members.iter().find_map(|member| {
            let key = member.key_unknown.as_ref().map(|unknown| unknown.why.as_str());
            key.or_else(|| why(&member.value, depth + 1))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
