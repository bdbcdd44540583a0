//! Truth: what decides early is not held up by what is not known.

use crate::value::{Data, Unknown, Value};

use super::{Args, Builtin, Error, Kind, Lazy, Outcome, known, lazy, open, secure, spell, text};

pub const FUNCTIONS: &[Builtin] = &[
    lazy("and", 2, super::MANY, |call| junction(call, false)),
    lazy("or", 2, super::MANY, |call| junction(call, true)),
    known("not", 1, 1, not),
    known("bool", 1, 1, bool),
    known("true", 0, 0, |args| args.give_bool(true)),
    known("false", 0, 0, |args| args.give_bool(false)),
    lazy("if", 3, 3, choose),
];

/// `and` stops at the first false, `or` at the first true: `decisive`.
fn junction(call: &Lazy, decisive: bool) -> Outcome {
    let mut values: Vec<Value> = Vec::new();
    let mut unknown = false;
    for index in 0..call.exprs.len() {
        let value = match call.eval(index) {
            Ok(value) => value,
            // What is before it can spare the service from evaluating it.
            Err(_) if unknown => return Ok(call.args(&values).unknown()),
            Err(error) => return Err(error),
        };
        let truth = open(&value).data.clone();
        values.push(value);
        match truth {
            Data::Bool(truth) if truth == decisive => return call.args(&values).give_bool(decisive),
            Data::Bool(_) => (),
            Data::Unknown(_) => unknown = true,
            _ => return Err(call.args(&values).wrong_type(index, "a bool")),
        }
    }
    if !unknown {
        return call.args(&values).give_bool(!decisive);
    }
    // Those that are known do not matter any more.
    values.retain(|value| value.as_unknown().is_some());
    match <[Value; 1]>::try_from(values) {
        Ok([only]) => Ok(only),
        Err(values) => Ok(call.args(&values).unknown()),
    }
}

fn not(args: &Args) -> Outcome {
    match args.values[0].data {
        Data::Bool(value) => args.give_bool(!value),
        _ => Err(args.wrong_type(0, "a bool")),
    }
}

fn bool(args: &Args) -> Outcome {
    match &args.values[0].data {
        Data::Bool(value) => args.give_bool(*value),
        Data::Int(value) => args.give_bool(*value != 0),
        Data::String(text) => match text.trim() {
            word if word.eq_ignore_ascii_case("true") => args.give_bool(true),
            word if word.eq_ignore_ascii_case("false") => args.give_bool(false),
            _ => {
                let message = format!("`{}` is neither `true` nor `false`", super::numeric::short(text));
                Err(args.wrong(0, Kind::Value, message))
            }
        },
        _ => Err(args.wrong_type(0, "a string or an int")),
    }
}

/// Only the branch that is taken is evaluated; both when nobody knows which.
fn choose(call: &Lazy) -> Outcome {
    let condition = call.eval(0)?;
    let unknown = match &open(&condition).data {
        Data::Bool(true) => return call.eval(1).map(|value| text::passed(value, call.at)),
        Data::Bool(false) => return call.eval(2).map(|value| text::passed(value, call.at)),
        Data::Unknown(unknown) => unknown.clone(),
        _ => return Err(call.args(std::slice::from_ref(&condition)).wrong_type(0, "a bool")),
    };
    let branches = [call.eval(1), call.eval(2)];
    let spelled = |branch: &Result<Value, Error>| match branch {
        Ok(value) => spell::value(value),
        Err(_) => "fail()".to_owned(),
    };
    let expression = format!("if({}, {}, {})", unknown.expression, spelled(&branches[0]), spelled(&branches[1]));
    let is_secret = branches.iter().flatten().any(Value::is_secure);
    let outcomes = branches
        .into_iter()
        .map(|branch| branch.map(|value| text::passed(if is_secret { open(&value).clone() } else { value }, call.at)));
    let value = Args::unify(outcomes, &expression, &unknown.why, call.at)?;
    Ok(if is_secret { secure(value, call.at) } else { value })
}

/// What is certain of a value that can be null: `None` when it can be either.
pub(super) fn is_null(value: &Value) -> Option<bool> {
    match &open(value).data {
        Data::Null => Some(true),
        Data::Unknown(unknown) => is_unknown_null(unknown),
        _ => Some(false),
    }
}

fn is_unknown_null(unknown: &Unknown) -> Option<bool> {
    if !unknown.pieces.is_empty() {
        return Some(false);
    }
    let first = is_null(unknown.alternatives.first()?)?;
    unknown.alternatives.iter().all(|value| is_null(value) == Some(first)).then_some(first)
}
