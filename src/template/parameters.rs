//! Binding parameters: what is given, else the default value, else null; then its type, and whether it is secret.
//!
//! https://learn.microsoft.com/azure/azure-resource-manager/templates/parameters

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Data, Unknown, Value};

use super::error::{Error, Kind, Outcome};
use super::expansion::Missing;
use super::frame::{Frame, Parameter};
use super::functions;
use super::given::{Later, Supplied};
use super::scope::Place;
use super::session::Session;
use super::types::Types;
use super::view::View;

impl Frame {
    /// The value of a parameter. It is still where it was written, and passes through the parameter's declaration.
    ///
    /// # Errors
    /// Of kind `Cycle` when its default value depends on itself.
    pub fn parameter(self: &Rc<Frame>, session: &Session, parameter: &Parameter, at: Span) -> Outcome {
        let _descent = session.descend(at)?;
        let bound = parameter.slot.get(|| self.bind(session, parameter));
        bound.map_err(|_| Error::new(Kind::Cycle, format!("the parameter `{}` depends on itself", parameter.name), at))
    }

    fn bind(self: &Rc<Frame>, session: &Session, parameter: &Parameter) -> Value {
        let types = Types::new(session, self);
        let given = parameter.given.as_ref().map(|given| self.supplied(session, parameter, given, &types));
        let value = match given {
            Some(value) if !value.is_null() => value.through(parameter.at),
            absent => self.absent(session, parameter, absent, &types),
        };
        types.check(&parameter.declared, &value, &format!("the parameter `{}`", parameter.name), parameter.at);
        match types.is_secure(&parameter.declared) && !value.is_secure() && !value.is_null() {
            true => functions::secure(value, parameter.at),
            false => value,
        }
    }

    fn supplied(self: &Rc<Frame>, session: &Session, parameter: &Parameter, given: &Supplied, types: &Types) -> Value {
        match given {
            Supplied::Value(value) => types.token(&parameter.declared, value),
            Supplied::Expression(value) => View::new(session, self, Place::ParametersFile).evaluate(value),
            Supplied::Vault(entry) => vault(parameter, entry),
            Supplied::Argument { text, json } => types.argument(&parameter.declared, text, json.as_ref()),
            Supplied::Passed(later) => later.evaluate(session),
            Supplied::Entry(later) => unwrapped(session, parameter, &later.evaluate(session)),
            Supplied::Computed(entry) => unwrapped(session, parameter, entry),
            Supplied::Unknown(value) => value.clone(),
        }
    }

    /// The value when none is given, or null.
    fn absent(
        self: &Rc<Frame>,
        session: &Session,
        parameter: &Parameter,
        given: Option<Value>,
        types: &Types,
    ) -> Value {
        if let Some(default) = parameter.declared.as_object().and_then(|declared| declared.get("defaultValue")) {
            return View::new(session, self, Place::ParameterDefault).evaluate(&default.value);
        }
        let name = &parameter.name;
        if types.is_nullable(&parameter.declared) {
            return given.unwrap_or_else(|| Value::null(parameter.at));
        }
        let why = match &given {
            Some(_) => format!("the parameter `{name}` is given null"),
            None => format!("the parameter `{name}` is required and was not given"),
        };
        let unknown = Value::unknown(Unknown::new(format!("parameters('{name}')"), why.as_str()), parameter.at);
        match given {
            None if self.path.is_empty() => {
                let missing = Missing { name: name.to_string(), at: parameter.at };
                session.missing.borrow_mut().push(missing);
            }
            Some(null) => session.report(Error::new(Kind::Parameter, why, null.at)),
            None => session.report(Error::new(Kind::Parameter, why, parameter.at)),
        }
        unknown
    }
}

impl Later {
    /// The value, in the words of the template that it is written in.
    pub fn evaluate(&self, session: &Session) -> Value {
        let home = session.frame(self.home);
        let view = View::new(session, &home, Place::Properties).with_loops(self.loops.clone()).of_user(&self.user);
        view.evaluate(&self.value)
    }
}

/// What an entry that is computed holds: the value of `value`, or a secret.
fn unwrapped(session: &Session, parameter: &Parameter, entry: &Value) -> Value {
    if let Some(unknown) = entry.as_unknown() {
        let part = |value: &Value| unwrapped(session, parameter, value);
        let made = Unknown {
            expression: format!("{}.value", unknown.expression),
            why: unknown.why.clone(),
            alternatives: unknown.alternatives.iter().map(part).collect(),
            ..Unknown::default()
        };
        return Value { data: Data::Unknown(Rc::new(made)), ..entry.clone() };
    }
    if entry.get("reference").is_some() {
        return vault(parameter, entry);
    }
    match entry.as_object().map(|object| object.get("value")) {
        Some(Some(member)) => member.value.clone(),
        Some(None) => Value::null(entry.at),
        None if entry.is_null() => Value::null(entry.at),
        None => {
            let message =
                format!("the parameter `{}` is given as an object with `value` or `reference`", parameter.name);
            session.report(Error::new(Kind::Parameter, message, entry.at));
            Value::null(entry.at)
        }
    }
}

/// A secret of a key vault, which only Resource Manager reads.
fn vault(parameter: &Parameter, entry: &Value) -> Value {
    let vault = entry.path(&["reference", "keyVault", "id"]).and_then(Value::partial);
    let name = vault.as_deref().and_then(|id| id.rsplit('/').next()).unwrap_or("…");
    let secret = entry.path(&["reference", "secretName"]).and_then(Value::partial).unwrap_or_else(|| "…".to_owned());
    let why = format!("the secret `{secret}` is read from the key vault `{name}` when it is deployed");
    let unknown = Unknown::new(format!("parameters('{}')", parameter.name), why);
    functions::secure(Value::unknown(unknown, entry.at), entry.at)
}
