//! Parameters that are given from outside: parameters files, arguments of a command line, the parameters of a nested
//! deployment.

use std::collections::HashMap;
use std::rc::Rc;

use crate::source::Span;
use crate::value::Value;

use super::copies::Loops;
use super::error::{Error, Kind};
use super::instance::Instance;
use super::session::{FrameId, Session};

/// What is given to a deployment, in the order it was given: later sources win.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub sources: Vec<Source>,
    /// Resolved values for `externalInputs()` of parameters files.
    pub external_inputs: Vec<(String, Value)>,
}

/// One `--parameters`.
#[derive(Clone, Debug)]
pub enum Source {
    /// What a parameters file holds, with or without its envelope.
    File(Value),
    /// `NAME=VALUE`, or `NAME=@FILE` with what the file holds.
    Argument {
        name: String,
        at: Span,
        /// The value as a string.
        text: Value,
        /// The value read as JSON, where it is JSON.
        json: Option<Value>,
    },
}

/// A parameter's value before it is looked at.
pub(super) enum Supplied {
    /// Literal, as it stands in a parameters file.
    Value(Value),
    /// An expression of a parameters file.
    Expression(Value),
    /// An entry that refers to a key vault.
    Vault(Value),
    Argument {
        text: Value,
        json: Option<Value>,
    },
    /// The `value` that a nested deployment passes.
    Passed(Box<Later>),
    /// What a nested deployment passes, as an expression that gives an object with `value` or `reference`.
    Entry(Box<Later>),
    /// As [`Supplied::Entry`], evaluated already.
    Computed(Value),
    /// Nobody knows what is passed, nor whether anything is: an unknown value.
    Unknown(Value),
}

/// Something to evaluate in the template that it is written in, when it is needed.
pub(super) struct Later {
    pub value: Value,
    pub home: FrameId,
    pub loops: Loops,
    pub user: Rc<Instance>,
}

impl Given {
    /// One parameters file.
    pub fn file(file: Value) -> Given {
        Given { sources: vec![Source::File(file)], external_inputs: Vec::new() }
    }
}

/// What is given of each parameter, by its name in lower case, and where.
pub(super) fn merged(session: &Session, sources: &[Source]) -> HashMap<String, (Span, Supplied)> {
    let mut merged = HashMap::new();
    for source in sources {
        match source {
            Source::File(file) => file_entries(session, file, &mut merged),
            Source::Argument { name, at, text, json } => {
                let supplied = Supplied::Argument { text: text.clone(), json: json.clone() };
                merged.insert(name.to_lowercase(), (*at, supplied));
            }
        }
    }
    merged
}

/// The resolved inputs that a parameters file brings along.
pub(super) fn external_inputs(sources: &[Source]) -> Vec<(String, Value)> {
    let files = sources.iter().filter_map(|source| if let Source::File(file) = source { Some(file) } else { None });
    let inputs = files.filter_map(|file| file.get("externalInputs")?.as_object());
    let members = inputs.flat_map(|inputs| inputs.members.iter());
    members.filter_map(|member| Some((member.key.to_string(), member.value.get("value")?.clone()))).collect()
}

fn file_entries(session: &Session, file: &Value, merged: &mut HashMap<String, (Span, Supplied)>) {
    // The Azure CLI takes the content of `parameters` as well as the whole file.
    let Some(entries) = file.get("parameters").unwrap_or(file).as_object() else {
        let message = "a parameters file is an object with `parameters`";
        return session.report(Error::new(Kind::Parameter, message, file.at));
    };
    for member in entries.members.iter() {
        if member.key.starts_with('$') || member.key.eq_ignore_ascii_case("contentVersion") {
            continue;
        }
        let supplied = entry(session, &member.key, &member.value);
        merged.insert(member.key.to_lowercase(), (member.key_at, supplied));
    }
}

/// An entry of a parameters file. azd writes `"reference": null` beside the value.
fn entry(session: &Session, name: &str, written: &Value) -> Supplied {
    let Some(object) = written.as_object() else {
        let message = format!("the parameter `{name}` is given as an object with `value`, `reference` or `expression`");
        session.report(Error::new(Kind::Parameter, message, written.at));
        return Supplied::Value(written.clone());
    };
    if written.get("reference").is_some() {
        return Supplied::Vault(written.clone());
    }
    if let Some(expression) = written.get("expression") {
        return Supplied::Expression(expression.clone());
    }
    match object.get("value") {
        Some(member) => Supplied::Value(member.value.clone()),
        None => Supplied::Value(Value::null(written.at)),
    }
}
