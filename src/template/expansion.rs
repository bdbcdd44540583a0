//! Expansion: from a template, and what is given to it, to the resources that it deploys.
//!
//! Nothing aborts it. A mistake is a problem with its place, what is only known after the deployment is an unknown value,
//! and the rest is expanded. First all resources of all templates get their names, so that expressions find them; then
//! their bodies and the outputs are evaluated.

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Unknown, Value};

use super::context::{Context, Level};
use super::error::{Error, Kind};
use super::frame::Frame;
use super::given::{self, Given};
use super::ids;
use super::run::Run;
use super::scope::Target;
use super::session::Session;

/// What a template deploys.
#[derive(Debug, Default)]
pub struct Expansion {
    /// Everything that is deployed or read, in the order it is written.
    pub resources: Vec<Resource>,
    /// The nested deployments that were expanded.
    pub deployments: Vec<Deployment>,
    /// The outputs of the template at the top.
    pub outputs: Vec<(String, Value)>,
    pub asserts: Vec<(String, Value)>,
    /// The ids of resources and deployments whose condition is false.
    pub skipped: Vec<Value>,
    /// What is wrong: a deployment would be refused, or fail.
    pub problems: Vec<Error>,
    /// Required parameters that were not given; what depends on them is unknown.
    pub missing: Vec<Missing>,
    /// What nobody looked into: linked templates, resources of extensions.
    pub unexamined: Vec<Unexamined>,
    /// The ids of resources that are read and that no template declares.
    pub referred: Vec<Value>,
    /// Resources that are deployed more than once, by key, and where.
    pub duplicates: Vec<(String, Vec<Span>)>,
}

/// A resource of the deployment.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Null for the resource of an extension.
    pub id: Value,
    /// The canonical id ([`Value::canonical`]), to look it up by.
    pub key: String,
    /// `Microsoft.App/containerApps`, as it is written.
    pub kind: String,
    /// `parent/child`.
    pub name: Value,
    pub api_version: Option<String>,
    /// With its index, when a loop makes it: `apps[0]`, or `apps[…]` when nobody knows how many there are.
    pub symbolic_name: Option<String>,
    /// Read, not deployed.
    pub existing: bool,
    pub condition: Condition,
    /// The names of the nested deployments that it is in, outermost first.
    pub deployment: Rc<[String]>,
    /// The key of the innermost of them.
    pub within: Option<String>,
    /// What it is deployed to.
    pub target: Rc<Target>,
    /// The id of what it is deployed to, or attached to.
    pub scope: Value,
    /// The evaluated members, without type, name, version and what steers the deployment.
    pub body: Value,
    /// The keys of the resources of the same template that it waits for.
    pub depends_on: Vec<String>,
    /// No resource of Azure: the extension that it belongs to.
    pub extension: Option<String>,
    /// The declaration.
    pub at: Span,
}

/// A nested deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub id: Value,
    pub key: String,
    pub name: Value,
    pub symbolic_name: Option<String>,
    pub condition: Condition,
    pub within: Option<String>,
    pub depends_on: Vec<String>,
    pub at: Span,
}

/// Whether something is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Always,
    Never,
    /// Not decidable before the deployment, and why.
    Maybe(String),
}

/// A required parameter that was not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub name: String,
    /// Its declaration.
    pub at: Span,
}

/// Something that was not looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexamined {
    pub what: String,
    pub why: String,
    pub at: Span,
}

/// Of what an expansion may make use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Knowledge {
    /// Also of what Azure will answer, where that follows from the template.
    #[default]
    Platform,
    /// Of the language and the template alone, as Resource Manager before it has deployed anything.
    Language,
}

/// Expands a template with what is given to it.
pub fn expand(template: &Value, given: &Given, context: &Context) -> Expansion {
    expand_knowing(template, given, context, Knowledge::Platform)
}

/// As [`expand`], with a say in what may be predicted.
pub fn expand_knowing(template: &Value, given: &Given, context: &Context, knowledge: Knowledge) -> Expansion {
    let mut inputs = given::external_inputs(&given.sources);
    inputs.extend(given.external_inputs.iter().cloned());
    let session = Session::new(context, knowledge, inputs);
    if template.as_object().is_none() {
        session.report(Error::new(Kind::Type, "a template is an object", template.at));
    }
    let schema = template.get("$schema").and_then(Value::as_str);
    let level = schema.and_then(Level::of_schema).unwrap_or_default();
    let name = match &context.deployment_name {
        Some(name) => ids::known(name),
        None => {
            Value::unknown(Unknown::new("deployment().name", "the name of the deployment was not stated"), Span::NONE)
        }
    };
    let given = given::merged(&session, &given.sources);
    let top = Frame::top(&session, template, Target::of(context, level), name, given);
    Run::new(&session).expand(&top)
}

impl Condition {
    /// Both conditions together.
    pub fn and(self, other: Condition) -> Condition {
        match (self, other) {
            (Condition::Never, _) | (_, Condition::Never) => Condition::Never,
            (Condition::Maybe(why), _) | (_, Condition::Maybe(why)) => Condition::Maybe(why),
            _ => Condition::Always,
        }
    }
}

impl Resource {
    /// `@options.onlyIfNotExists`: a resource that exists keeps what it has, whatever the template says.
    pub fn only_if_not_exists(&self) -> bool {
        self.body.get("@options").is_some_and(|options| options.get("onlyIfNotExists").is_some())
    }
}
