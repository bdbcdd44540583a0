//! Calls of user-defined functions.
//!
//! The documentation forbids variables and other user functions in them; the engine evaluates both, and so does this.

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Data, Unknown, Value};

use super::context::Context;
use super::error::{Error, Kind, Outcome};
use super::eval;
use super::functions::{kind_of, open};
use super::scope::{Call, Engine, Function, FunctionParameter, Place, Scope, Target};

/// Calls `function`.
///
/// # Errors
/// When the arguments do not fit its parameters, or its output has no value.
pub(super) fn call(function: &Rc<Function>, values: &[Value], at: Span, outer: &dyn Scope) -> Outcome {
    if values.len() != function.parameters.len() {
        let message = format!("the number of arguments given is {}", values.len());
        let expected = format!("it takes {}", function.parameters.len());
        return Err(Error::new(Kind::Arity, message, at).of(&function.name).expected(expected));
    }
    for (parameter, value) in function.parameters.iter().zip(values) {
        if !fits(parameter, value) {
            let message = format!("its parameter `{}` is {}", parameter.name, kind_of(value));
            let expected = format!("expected {}", parameter.kind);
            return Err(Error::new(Kind::Type, message, at).of(&function.name).expected(expected));
        }
    }
    let scope = Inside { function, values, outer };
    eval::evaluate(&function.output, &scope).map(|value| super::text::passed(value, at))
}

fn fits(parameter: &FunctionParameter, value: &Value) -> bool {
    let data = &open(value).data;
    if matches!(data, Data::Unknown(_)) || (matches!(data, Data::Null) && parameter.nullable) {
        return true;
    }
    match parameter.kind.to_ascii_lowercase().as_str() {
        "string" | "securestring" => matches!(data, Data::String(_)),
        "int" => matches!(data, Data::Int(_)),
        "bool" => matches!(data, Data::Bool(_)),
        "array" => matches!(data, Data::Array(_)),
        "object" | "secureobject" => matches!(data, Data::Object(_)),
        _ => true,
    }
}

/// What the output of a function sees: its own parameters, and of the template around it all but loops and what only
/// Azure knows.
struct Inside<'a> {
    function: &'a Function,
    values: &'a [Value],
    outer: &'a dyn Scope,
}

impl Scope for Inside<'_> {
    fn context(&self) -> &Context {
        self.outer.context()
    }

    fn target(&self) -> &Target {
        self.outer.target()
    }

    fn place(&self) -> Place {
        Place::Function
    }

    fn engine(&self) -> &Engine {
        self.outer.engine()
    }

    fn parameter(&self, name: &str, at: Span) -> Outcome {
        let parameters = &self.function.parameters;
        match parameters.iter().position(|parameter| parameter.name.eq_ignore_ascii_case(name)) {
            Some(place) => Ok(self.values[place].clone()),
            None => {
                let thing = format!("parameter of `{}`", self.function.name);
                Err(Error::not_found(&thing, name, parameters.iter().map(|parameter| &*parameter.name), at))
            }
        }
    }

    fn variable(&self, name: &str, at: Span) -> Outcome {
        self.outer.variable(name, at)
    }

    fn copy_index(&self, _: Option<&str>, at: Span) -> Outcome {
        Err(Error::new(Kind::Placement, "a user-defined function is not in the loop that calls it", at).of("copyIndex"))
    }

    fn function(&self, namespace: &str, name: &str) -> Option<Rc<Function>> {
        self.outer.function(namespace, name)
    }

    fn function_names(&self) -> Vec<String> {
        self.outer.function_names()
    }

    fn deployment(&self, at: Span) -> Outcome {
        self.outer.deployment(at)
    }

    fn external_input(&self, key: &str, at: Span) -> Outcome {
        self.outer.external_input(key, at)
    }

    fn runtime(&self, call: &Call) -> Outcome {
        self.outer.runtime(call)
    }

    fn member(&self, of: &Unknown, name: &str, at: Span) -> Option<Value> {
        self.outer.member(of, name, at)
    }
}
