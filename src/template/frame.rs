//! One template in its place: what it declares, where it is deployed to, and what of it was computed so far.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Object, Value};

use super::copies::Loops;
use super::declaration::{self, Declaration};
use super::error::{Error, Kind};
use super::expansion::Condition;
use super::given::Supplied;
use super::instance::Instance;
use super::outputs::Output;
use super::scope::{Function, FunctionParameter, Place, Target};
use super::session::{FrameId, Session};
use super::slot::Slot;
use super::view::View;
use super::{copies, limits};

/// A template in its place.
pub(super) struct Frame {
    pub id: FrameId,
    /// The template in whose words its expressions are written: its parent, when it is nested with outer scope.
    pub language: Option<FrameId>,
    pub template: Value,
    pub target: Rc<Target>,
    /// Of the deployment.
    pub name: Value,
    /// The names of the nested deployments that it is in, outermost first.
    pub path: Rc<[String]>,
    pub condition: Condition,
    /// Around the deployment: with outer scope they are seen inside.
    pub loops: Loops,
    pub parameters: Names<Parameter>,
    pub variables: Names<Variable>,
    pub functions: HashMap<String, Rc<Function>>,
    pub declarations: Vec<Declaration>,
    /// Symbolic names, lower case, to declarations.
    pub symbols: HashMap<String, usize>,
    /// The resources whose names are computed by now.
    pub known: RefCell<Known>,
    pub all_named: Cell<bool>,
    /// There are more deployments of the same template: a loop makes it.
    pub repeats: bool,
    pub outputs: Slot<Rc<Vec<Output>>>,
}

/// What makes a frame of a template.
pub(super) struct Start {
    pub language: Option<FrameId>,
    pub template: Value,
    pub target: Target,
    pub name: Value,
    pub path: Rc<[String]>,
    pub condition: Condition,
    pub loops: Loops,
    pub repeats: bool,
    /// By name in lower case.
    pub given: HashMap<String, (Span, Supplied)>,
}

/// Things with names, which are found without regard to case.
pub(super) struct Names<T> {
    pub list: Vec<T>,
    by_name: HashMap<String, usize>,
}

/// A parameter that the template declares.
pub(super) struct Parameter {
    pub name: Text,
    /// Of its name.
    pub at: Span,
    pub declared: Value,
    pub given: Option<Supplied>,
    pub slot: Slot<Value>,
}

/// A variable, as a value or as a loop.
pub(super) struct Variable {
    pub name: Text,
    pub at: Span,
    written: Value,
    is_loop: bool,
    slot: Slot<Value>,
}

/// Resources by what expressions call them.
#[derive(Default)]
pub(super) struct Known {
    pub by_key: HashMap<String, Rc<Instance>>,
    /// By the canonical full name, `parent/child`.
    pub by_name: HashMap<String, Vec<Rc<Instance>>>,
    /// By the name of the loop, to declarations.
    pub by_loop: HashMap<String, usize>,
}

impl<T> Names<T> {
    pub fn find(&self, name: &str) -> Option<&T> {
        match self.by_name.get(name) {
            Some(&index) => self.list.get(index),
            None => self.by_name.get(&name.to_lowercase()).and_then(|&index| self.list.get(index)),
        }
    }

    fn of(list: Vec<T>, name: impl Fn(&T) -> &str) -> Names<T> {
        let by_name = list.iter().enumerate().map(|(index, item)| (name(item).to_lowercase(), index)).collect();
        Names { list, by_name }
    }
}

impl Frame {
    /// Reads what the template declares; nothing is evaluated.
    pub fn start(session: &Session, start: Start) -> Rc<Frame> {
        let template = start.template.as_object().cloned().unwrap_or_default();
        let mut given = start.given;
        let parameters = parameters(&template, &mut given);
        let functions = functions(&template);
        let (declarations, symbols) = declaration::read(session, &template);
        limits::check(session, &start.template, &template, declarations.len());
        // What the parameters of the parent are called is no matter of a template that cannot see its own.
        if start.language.is_none() {
            let names: Vec<&str> = parameters.list.iter().map(|parameter| &*parameter.name).collect();
            for (name, (at, _)) in given {
                session.report(undeclared(&name, &names, at));
            }
        }
        session.add(|id| Frame {
            id,
            language: start.language,
            variables: variables(&template),
            template: start.template,
            target: Rc::new(start.target),
            name: start.name,
            path: start.path,
            condition: start.condition,
            loops: start.loops,
            parameters,
            functions,
            declarations,
            symbols,
            known: RefCell::default(),
            all_named: Cell::new(false),
            repeats: start.repeats,
            outputs: Slot::default(),
        })
    }

    /// A section of the template that is an object.
    pub fn section(&self, name: &str) -> Option<&Object> {
        self.template.get(name)?.as_object()
    }

    /// The value of a variable.
    ///
    /// # Errors
    /// Of kind `Cycle` when it depends on itself.
    pub fn variable(self: &Rc<Frame>, session: &Session, variable: &Variable, at: Span) -> Result<Value, Error> {
        let _descent = session.descend(at)?;
        let computed = variable.slot.get(|| {
            let value = self.variable_value(session, variable);
            session.bounded(value, &format!("the variable `{}`", variable.name), variable.at)
        });
        computed.map_err(|_| Error::new(Kind::Cycle, format!("the variable `{}` depends on itself", variable.name), at))
    }

    fn variable_value(self: &Rc<Frame>, session: &Session, variable: &Variable) -> Value {
        let view = View::new(session, self, Place::Variable);
        if !variable.is_loop {
            return view.evaluate(&variable.written);
        }
        let loops = Value::array(vec![variable.written.clone()], variable.at);
        match copies::written(&loops).as_deref() {
            Some([written]) => view.repeated(written, copies::Of::Part, Some(variable.name.clone())),
            _ => Value::null(variable.at),
        }
    }
}

fn undeclared(name: &str, names: &[&str], at: Span) -> Error {
    let error = Error::not_found("parameter", name, names.iter().copied(), at);
    Error { kind: Kind::Parameter, message: format!("the template declares no parameter `{name}`"), ..error }
}

fn parameters(template: &Object, given: &mut HashMap<String, (Span, Supplied)>) -> Names<Parameter> {
    let mut list = Vec::new();
    if let Some(section) = template.get("parameters").and_then(|member| member.value.as_object()) {
        list.reserve(section.members.len());
        for member in section.members.iter() {
            let given = given.remove(&member.key.to_lowercase()).map(|(_, supplied)| supplied);
            let (name, declared) = (member.key.clone(), member.value.clone());
            list.push(Parameter { name, at: member.key_at, declared, given, slot: Slot::default() });
        }
    }
    Names::of(list, |parameter| &parameter.name)
}

fn variables(template: &Object) -> Names<Variable> {
    let mut list = Vec::new();
    let section = template.get("variables").and_then(|member| member.value.as_object());
    for member in section.map(|section| section.members.iter()).into_iter().flatten() {
        let is_copy = member.key.eq_ignore_ascii_case("copy") && copies::written(&member.value).is_some();
        if !is_copy {
            let (name, written) = (member.key.clone(), member.value.clone());
            list.push(Variable { name, at: member.key_at, written, is_loop: false, slot: Slot::default() });
            continue;
        }
        for item in member.value.as_array().unwrap_or_default() {
            let Some((name, at)) = item.get("name").and_then(|name| Some((name.as_str()?, name.at))) else { continue };
            list.push(Variable { name: name.into(), at, written: item.clone(), is_loop: true, slot: Slot::default() });
        }
    }
    Names::of(list, |variable| &variable.name)
}

/// The user-defined functions by `namespace.name` in lower case.
fn functions(template: &Object) -> HashMap<String, Rc<Function>> {
    let namespaces = template.get("functions").and_then(|member| member.value.as_array()).unwrap_or_default();
    let mut functions = HashMap::new();
    for namespace in namespaces {
        let Some(prefix) = namespace.get("namespace").and_then(Value::as_str) else { continue };
        let members = namespace.get("members").and_then(Value::as_object);
        for member in members.map(|members| members.members.iter()).into_iter().flatten() {
            let name = format!("{prefix}.{}", member.key);
            functions.insert(name.to_lowercase(), Rc::new(function(name, &member.value)));
        }
    }
    functions
}

fn function(name: String, declared: &Value) -> Function {
    let parameters = declared.get("parameters").and_then(Value::as_array).unwrap_or_default();
    let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let parameter = |of: &Value| FunctionParameter {
        name: text(of, "name"),
        kind: text(of, "type"),
        nullable: of.get("nullable").and_then(Value::as_bool).unwrap_or(false),
    };
    Function {
        name,
        parameters: parameters.iter().map(parameter).collect(),
        output: declared.path(&["output", "value"]).cloned().unwrap_or_else(|| Value::null(declared.at)),
    }
}
