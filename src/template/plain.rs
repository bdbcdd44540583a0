//! A scope without a template around it: for tests, for fuzzing, and for who evaluates one expression.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Data, Member, Unknown, Value};

use super::context::{Context, Level};
use super::error::{Error, Kind, Outcome};
use super::eval;
use super::scope::{Call, Engine, Function, Place, Scope, Target};

/// Parameters that are bound, variables and functions as a template declares them, and the indexes of loops.
#[derive(Debug)]
pub struct Plain {
    context: Context,
    target: Target,
    place: Place,
    engine: Engine,
    pub parameters: Vec<(String, Value)>,
    /// The `variables` section of a template, with its `copy`.
    pub variables: Option<Value>,
    pub functions: Vec<Rc<Function>>,
    /// By the name of the loop; empty for the loop of the resource.
    pub copy: Vec<(String, i64)>,
    /// Variables that are evaluated, and those that are being evaluated.
    evaluated: RefCell<HashMap<String, Option<Value>>>,
}

/// https://learn.microsoft.com/azure/azure-resource-manager/templates/copy-variables#limits
const MAX_COPIES: i64 = 800;

impl Plain {
    pub fn new(context: Context, level: Level, place: Place) -> Plain {
        Plain {
            target: Target::of(&context, level),
            context,
            place,
            engine: Engine::default(),
            parameters: Vec::new(),
            variables: None,
            functions: Vec::new(),
            copy: Vec::new(),
            evaluated: RefCell::default(),
        }
    }

    /// Evaluates a text as it stands in a template.
    ///
    /// # Errors
    /// Any mistake in it.
    pub fn text(&self, text: &str) -> Outcome {
        eval::evaluate(&Value::string(text, Span::NONE), self)
    }

    fn looped(&self, name: &str, declared: &Value, at: Span) -> Option<Outcome> {
        let items = declared.get("copy")?.as_array()?;
        let item = items.iter().find(|item| {
            item.get("name").and_then(Value::as_str).is_some_and(|declared| declared.eq_ignore_ascii_case(name))
        })?;
        Some(self.copies(name, item, at))
    }

    fn copies(&self, name: &str, item: &Value, at: Span) -> Outcome {
        let count = item.get("count").map(|count| eval::evaluate(count, self)).transpose()?;
        let Some(Data::Int(count)) = count.map(|count| count.data) else {
            return Err(Error::new(Kind::Type, "the count of a loop is an int", at));
        };
        match count {
            ..0 => return Err(Error::new(Kind::Value, format!("the loop counts to {count}"), at)),
            0..=MAX_COPIES => (),
            _ => {
                return Err(Error::new(
                    Kind::Limit,
                    format!("the loop counts to {count}, {MAX_COPIES} is the most"),
                    at,
                ));
            }
        }
        let input = item.get("input").cloned().unwrap_or_else(|| Value::null(at));
        let element = |index| {
            let scope = Looped { name, index, outer: self };
            eval::evaluate(&input, &scope)
        };
        Ok(Value::array((0..count).map(element).collect::<Result<_, _>>()?, at))
    }
}

impl Scope for Plain {
    fn context(&self) -> &Context {
        &self.context
    }

    fn target(&self) -> &Target {
        &self.target
    }

    fn place(&self) -> Place {
        self.place
    }

    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn parameter(&self, name: &str, at: Span) -> Outcome {
        let names = || self.parameters.iter().map(|(name, _)| name.as_str());
        match self.parameters.iter().find(|(parameter, _)| parameter.eq_ignore_ascii_case(name)) {
            Some((_, value)) => Ok(value.clone()),
            None => Err(Error::not_found("parameter", name, names(), at)),
        }
    }

    fn variable(&self, name: &str, at: Span) -> Outcome {
        let key = name.to_lowercase();
        match self.evaluated.borrow().get(&key) {
            Some(Some(value)) => return Ok(value.clone()),
            Some(None) => return Err(Error::new(Kind::Cycle, format!("the variable `{name}` depends on itself"), at)),
            None => (),
        }
        let nothing = Value::object(Vec::new(), at);
        let declared = self.variables.as_ref().unwrap_or(&nothing);
        self.evaluated.borrow_mut().insert(key.clone(), None);
        let found = declared.as_object().and_then(|object| object.get(name)).map(|member| &member.value);
        let outcome = match found {
            Some(value) if !name.eq_ignore_ascii_case("copy") => eval::evaluate(value, self),
            _ => self.looped(name, declared, at).unwrap_or_else(|| {
                let names = declared.as_object().into_iter().flat_map(|object| object.members.iter());
                Err(Error::not_found("variable", name, names.map(|member| &*member.key), at))
            }),
        };
        match &outcome {
            Ok(value) => self.evaluated.borrow_mut().insert(key, Some(value.clone())),
            Err(_) => self.evaluated.borrow_mut().remove(&key),
        };
        outcome
    }

    fn copy_index(&self, name: Option<&str>, at: Span) -> Outcome {
        let name = name.unwrap_or("");
        match self.copy.iter().find(|(declared, _)| declared.eq_ignore_ascii_case(name)) {
            Some((_, index)) => Ok(Value::new(Data::Int(*index), at)),
            None if self.copy.is_empty() => Err(Error::new(Kind::Placement, "there is no loop here", at)),
            None => Err(Error::not_found("loop", name, self.copy.iter().map(|(name, _)| name.as_str()), at)),
        }
    }

    fn function(&self, namespace: &str, name: &str) -> Option<Rc<Function>> {
        let same = |function: &&Rc<Function>| {
            let (declared, member) = function.name.split_once('.').unwrap_or(("", &function.name));
            declared.eq_ignore_ascii_case(namespace) && member.eq_ignore_ascii_case(name)
        };
        self.functions.iter().find(same).cloned()
    }

    fn function_names(&self) -> Vec<String> {
        self.functions.iter().map(|function| function.name.clone()).collect()
    }

    fn deployment(&self, at: Span) -> Outcome {
        let name = match &self.context.deployment_name {
            Some(name) => Value::string(name.as_str(), at),
            None => Value::unknown(Unknown::new("deployment().name", "the name of the deployment was not stated"), at),
        };
        let version = Member::new("contentVersion", at, Value::string("1.0.0.0", at));
        let template = Value::object(vec![version], at);
        Ok(self.target.deployment(name, template, Value::object(Vec::new(), at), at))
    }

    fn external_input(&self, _: &str, at: Span) -> Outcome {
        Err(Error::new(Kind::Placement, "external inputs are for parameters files", at).of("externalInputs"))
    }

    fn runtime(&self, call: &Call) -> Outcome {
        Ok(call.unknown("only Azure can tell, when it is deployed"))
    }

    fn member(&self, _: &Unknown, _: &str, _: Span) -> Option<Value> {
        None
    }
}

/// Inside of the loop of a variable.
struct Looped<'a> {
    name: &'a str,
    index: i64,
    outer: &'a Plain,
}

impl Scope for Looped<'_> {
    fn context(&self) -> &Context {
        &self.outer.context
    }

    fn target(&self) -> &Target {
        &self.outer.target
    }

    fn place(&self) -> Place {
        Place::Variable
    }

    fn engine(&self) -> &Engine {
        &self.outer.engine
    }

    fn parameter(&self, name: &str, at: Span) -> Outcome {
        self.outer.parameter(name, at)
    }

    fn variable(&self, name: &str, at: Span) -> Outcome {
        self.outer.variable(name, at)
    }

    fn copy_index(&self, name: Option<&str>, at: Span) -> Outcome {
        match name {
            Some(name) if name.eq_ignore_ascii_case(self.name) => Ok(Value::new(Data::Int(self.index), at)),
            Some(name) => Err(Error::not_found("loop", name, [self.name], at)),
            None => Err(Error::new(Kind::Placement, "the loop of a variable is called by its name", at)),
        }
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

/// Evaluates any text in an empty scope. For fuzzing: whatever the text is, this ends soon and does not panic.
pub fn try_text(text: &str) -> Outcome {
    let scope = Plain::new(Context::default(), Level::ResourceGroup, Place::Properties);
    let text: Text = text.into();
    eval::evaluate(&Value::string(text, Span::NONE), &scope)
}
