//! What the expressions of a template see: the language's seam ([`Scope`]), for templates.

use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Unknown, Value};

use super::context::Context;
use super::copies::{Index, Loops, Of};
use super::error::{Error, Kind, Outcome};
use super::frame::Frame;
use super::instance::Instance;
use super::scope::{Call, Engine, Function, Place, Scope, Target};
use super::session::Session;

/// What an expression sees from where it stands.
#[derive(Clone)]
pub(super) struct View<'s> {
    pub session: &'s Session,
    /// The template that the expression is written in.
    pub home: Rc<Frame>,
    /// The template whose parameters, variables and functions it uses: another one with outer scope.
    pub words: Rc<Frame>,
    pub place: Place,
    pub loops: Loops,
    /// The resource that the expression belongs to.
    pub user: Option<Rc<Instance>>,
    /// Mistakes do not matter: what the expression belongs to is not deployed.
    pub is_idle: bool,
}

impl<'s> View<'s> {
    pub fn new(session: &'s Session, home: &Rc<Frame>, place: Place) -> View<'s> {
        let mut words = Rc::clone(home);
        while let Some(outer) = words.language {
            words = session.frame(outer);
        }
        View { session, home: Rc::clone(home), words, place, loops: home.loops.clone(), user: None, is_idle: false }
    }

    /// The view from a turn of a loop.
    pub fn inside(&self, name: Option<Text>, index: Index, of: Of) -> View<'s> {
        View { loops: self.loops.inside(name, index, of), ..self.clone() }
    }

    pub fn with_loops(self, loops: Loops) -> View<'s> {
        View { loops, ..self }
    }

    pub fn of_user(self, user: &Rc<Instance>) -> View<'s> {
        View { user: Some(Rc::clone(user)), ..self }
    }

    /// The view of something that is not deployed when `is_idle`.
    pub fn idle(&self, is_idle: bool) -> View<'s> {
        View { is_idle, ..self.clone() }
    }

    /// Notes a mistake, if it matters.
    pub fn report(&self, error: Error) {
        if !self.is_idle {
            self.session.report(error);
        }
    }

    pub fn at_place(&self, place: Place) -> View<'s> {
        View { place, ..self.clone() }
    }
}

impl Scope for View<'_> {
    fn context(&self) -> &Context {
        &self.session.context
    }

    fn target(&self) -> &Target {
        &self.words.target
    }

    fn place(&self) -> Place {
        self.place
    }

    fn engine(&self) -> &Engine {
        &self.session.engine
    }

    fn repeats(&self) -> bool {
        self.home.repeats || self.words.repeats || !self.loops.is_empty()
    }

    fn parameter(&self, name: &str, at: Span) -> Outcome {
        match self.words.parameters.find(name) {
            Some(parameter) => self.words.parameter(self.session, parameter, at),
            None => {
                let names = self.words.parameters.list.iter().map(|parameter| &*parameter.name);
                Err(Error::not_found("parameter", name, names, at))
            }
        }
    }

    fn variable(&self, name: &str, at: Span) -> Outcome {
        // https://learn.microsoft.com/azure/azure-resource-manager/templates/parameters#default-value
        if self.place == Place::ParameterDefault {
            return Err(Error::new(Kind::Placement, "the default value of a parameter cannot use variables", at));
        }
        match self.words.variables.find(name) {
            Some(variable) => self.words.variable(self.session, variable, at),
            None => {
                let names = self.words.variables.list.iter().map(|variable| &*variable.name);
                Err(Error::not_found("variable", name, names, at))
            }
        }
    }

    fn copy_index(&self, name: Option<&str>, at: Span) -> Outcome {
        self.loops.index(name, at)
    }

    fn function(&self, namespace: &str, name: &str) -> Option<Rc<Function>> {
        self.words.functions.get(&format!("{namespace}.{name}").to_lowercase()).cloned()
    }

    fn function_names(&self) -> Vec<String> {
        self.words.functions.values().map(|function| function.name.clone()).collect()
    }

    fn deployment(&self, at: Span) -> Outcome {
        let parameters = Value::object(Vec::new(), at);
        Ok(self.words.target.deployment(self.words.name.clone(), self.words.template.clone(), parameters, at))
    }

    fn external_input(&self, key: &str, at: Span) -> Outcome {
        if self.place != Place::ParametersFile {
            return Err(Error::new(Kind::Placement, "externalInputs() belongs into a parameters file", at));
        }
        let given = self.session.external_inputs.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(key));
        Ok(given.map_or_else(
            || {
                let expression = format!("externalInputs('{key}')");
                Value::unknown(Unknown::new(expression, "the client supplies this input when it deploys"), at)
            },
            |(_, value)| value.clone(),
        ))
    }

    fn runtime(&self, call: &Call) -> Outcome {
        self.answer(call)
    }

    fn member(&self, of: &Unknown, name: &str, at: Span) -> Option<Value> {
        self.predict(of, name, at)
    }
}
