//! Expansion: from a template, and what is given to it, to the resources that it deploys.
//!
//! Nothing aborts it. A mistake is a problem with its place, what is only known after the deployment is an unknown value,
//! and the rest is expanded. First all resources of all templates get their names, so that expressions find them; then
//! their bodies and the outputs are evaluated.

use std::collections::HashMap;
use std::rc::Rc;

use crate::source::Span;
use crate::value::{Unknown, Value};

use super::context::{Context, Level};
use super::dependencies;
use super::error::{Error, Kind};
use super::frame::Frame;
use super::given::{self, Given};
use super::instance::Instance;
use super::scope::{Place, Target};
use super::session::Session;
use super::view::View;
use super::{ids, limits};

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

/// A run over all templates.
struct Run<'s> {
    session: &'s Session,
    expansion: Expansion,
    /// Beside each resource and deployment of the expansion, what it was made of.
    resources: Vec<Rc<Instance>>,
    deployments: Vec<Rc<Instance>>,
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
    let run =
        Run { session: &session, expansion: Expansion::default(), resources: Vec::new(), deployments: Vec::new() };
    run.expand(&top)
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

impl Run<'_> {
    fn expand(mut self, top: &Rc<Frame>) -> Expansion {
        self.name(top);
        self.evaluate(top, None);
        let outputs = top.outputs(self.session).unwrap_or_default();
        self.expansion.outputs = outputs.iter().map(|output| (output.name.to_string(), output.value.clone())).collect();
        self.asserts(top);
        for (resource, instance) in self.expansion.resources.iter_mut().zip(&self.resources) {
            resource.depends_on = instance.depends_on(self.session);
        }
        for (deployment, instance) in self.expansion.deployments.iter_mut().zip(&self.deployments) {
            deployment.depends_on = instance.depends_on(self.session);
        }
        dependencies::check_cycles(self.session, &self.expansion);
        self.duplicates();
        self.expansion.problems = self.session.take_problems();
        self.expansion.missing = self.session.missing.take();
        self.expansion
    }

    /// Names the resources of a template and of all templates inside.
    fn name(&self, frame: &Rc<Frame>) {
        frame.name_all(self.session);
        let mut count = 0;
        for index in 0..frame.declarations.len() {
            let instances = frame.instances(self.session, index).unwrap_or_default();
            count += instances.len();
            for instance in instances.iter().filter(|instance| instance.condition != Condition::Never) {
                if let Some(child) = instance.nested(self.session) {
                    self.name(&child);
                }
            }
        }
        if count > limits::MAX_RESOURCES && frame.declarations.len() <= limits::MAX_RESOURCES {
            let at = frame.template.as_object().and_then(|template| Some(template.get("resources")?.key_at));
            limits::too_many_resources(self.session, count, at.unwrap_or(frame.template.at));
        }
    }

    fn evaluate(&mut self, frame: &Rc<Frame>, within: Option<&str>) {
        if frame.language.is_none() {
            for parameter in &frame.parameters.list {
                self.note(frame.parameter(self.session, parameter, parameter.at));
            }
            for variable in &frame.variables.list {
                self.note(frame.variable(self.session, variable, variable.at));
            }
        }
        let mut deployed: HashMap<String, Span> = HashMap::new();
        for index in 0..frame.declarations.len() {
            for instance in frame.instances(self.session, index).unwrap_or_default().iter() {
                let is_certain = instance.is_deployed() && instance.condition == Condition::Always;
                if is_certain
                    && instance.id.as_str().is_some()
                    && deployed.insert(instance.key.clone(), instance.at).is_some()
                {
                    let message =
                        format!("the resource `{}` is declared twice", instance.id.as_str().unwrap_or_default());
                    self.session.report(Error::new(Kind::Value, message, instance.at));
                }
                self.instance(frame, instance, within);
            }
        }
        // Also those that nobody reads can be wrong.
        if frame.outputs(self.session).is_err() {
            let message = "the outputs of the deployment depend on themselves";
            self.session.report(Error::new(Kind::Cycle, message, frame.template.at));
        }
    }

    fn instance(&mut self, frame: &Rc<Frame>, instance: &Rc<Instance>, within: Option<&str>) {
        if instance.condition == Condition::Never {
            instance.view(self.session, Place::Resource).parse_only(&instance.body);
            if instance.id.as_str().is_some() || !instance.existing {
                self.expansion.skipped.push(instance.id.clone());
            }
            return;
        }
        if let Some(child) = instance.nested(self.session) {
            self.deployments.push(Rc::clone(instance));
            self.expansion.deployments.push(Deployment {
                id: instance.id.clone(),
                key: instance.key.clone(),
                name: instance.name.clone(),
                symbolic_name: instance.symbol.clone(),
                condition: instance.condition.clone(),
                within: within.map(str::to_owned),
                depends_on: Vec::new(),
                at: instance.at,
            });
            return self.evaluate(&child, Some(&instance.key));
        }
        self.examine(instance);
        self.resources.push(Rc::clone(instance));
        self.expansion.resources.push(Resource {
            id: instance.id.clone(),
            key: instance.key.clone(),
            kind: instance.kind.clone(),
            name: instance.name.clone(),
            api_version: instance.api_version.clone(),
            symbolic_name: instance.symbol.clone(),
            existing: instance.existing,
            condition: instance.condition.clone(),
            deployment: Rc::clone(&frame.path),
            within: within.map(str::to_owned),
            target: Rc::clone(&frame.target),
            scope: instance.scope.clone(),
            body: instance.members(self.session),
            depends_on: Vec::new(),
            extension: instance.extension.clone(),
            at: instance.at,
        });
    }

    /// Says what cannot be looked into.
    fn examine(&mut self, instance: &Rc<Instance>) {
        let why = match &instance.extension {
            Some(extension) => format!("resources of the extension `{extension}` are outside of Azure"),
            None if instance.is_linked() => "its template is linked, not written here".to_owned(),
            None => return,
        };
        self.expansion.unexamined.push(Unexamined { what: instance.title(), why, at: instance.at });
    }

    fn asserts(&mut self, top: &Rc<Frame>) {
        let view = View::new(self.session, top, Place::Resource);
        for member in top.section("asserts").map(|asserts| asserts.members.as_slice()).unwrap_or_default() {
            let value = view.evaluate(&member.value);
            self.expansion.asserts.push((member.key.to_string(), value));
        }
    }

    fn duplicates(&mut self) {
        let mut places: HashMap<&str, Vec<Span>> = HashMap::new();
        for resource in
            self.expansion.resources.iter().filter(|resource| !resource.existing && resource.extension.is_none())
        {
            places.entry(&resource.key).or_default().push(resource.at);
        }
        let mut duplicates: Vec<(String, Vec<Span>)> =
            places.into_iter().filter(|(_, at)| at.len() > 1).map(|(key, at)| (key.to_owned(), at)).collect();
        duplicates.sort_by_key(|(_, at)| at[0]);
        self.expansion.duplicates = duplicates;
    }

    fn note(&self, outcome: super::error::Outcome) {
        if let Err(error) = outcome {
            self.session.report(error);
        }
    }
}
