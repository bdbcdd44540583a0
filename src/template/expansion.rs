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
            let value = self.session.bounded(value, &format!("the assertion `{}`", member.key), member.key_at);
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

#[cfg(test)]
mod tests {
    use super::super::trial::{outputs, refuses, resources, run, shown, value};
    use super::*;

    #[track_caller]
    fn id(schema: &str, members: &str, expected: &str) {
        let template = format!(
            r#"{{"$schema": "https://schema.management.azure.com/schemas/x/{schema}.json#", "resources": [{{{members}, "apiVersion": "1"}}]}}"#
        );
        let expansion = run(&template, "{}");
        assert!(expansion.problems.is_empty(), "{:?}", expansion.problems);
        assert_eq!(shown(&expansion.resources[0].id), expected);
    }

    #[test]
    fn ids_at_every_level() {
        let resource = r#""type": "A.B/c", "name": "x""#;
        id("deploymentTemplate", resource, "/subscriptions/s/resourceGroups/g/providers/A.B/c/x");
        id("subscriptionDeploymentTemplate", resource, "/subscriptions/s/providers/A.B/c/x");
        id("tenantDeploymentTemplate", resource, "/providers/A.B/c/x");
        id(
            "managementGroupDeploymentTemplate",
            resource,
            "?/providers/Microsoft.Management/managementGroups/…/providers/A.B/c/x",
        );
        let group = r#""type": "Microsoft.Resources/resourceGroups", "name": "new""#;
        id("subscriptionDeploymentTemplate", group, "/subscriptions/s/resourceGroups/new");
        let role = r#""type": "Microsoft.Authorization/roleAssignments", "name": "r", "scope": "A.B/c/x""#;
        id(
            "deploymentTemplate",
            role,
            "/subscriptions/s/resourceGroups/g/providers/A.B/c/x/providers/Microsoft.Authorization/roleAssignments/r",
        );
    }

    #[test]
    fn a_mistake_stops_nothing_else() {
        let template = r#"{"resources": [
            {"type": "A.B/c", "apiVersion": "1", "name": "x", "properties": {"bad": "[nothing()]", "good": "[toUpper('a')]"}},
            {"type": "A.B/c", "apiVersion": "1", "name": "[nobody()]"},
            {"type": "A.B/c", "apiVersion": "1", "name": "y"}], "outputs": {"o": {"value": "[add(1, 'x')]"}, "p": {"value": 1}}}"#;
        let expansion = run(template, "{}");
        assert_eq!(expansion.problems.len(), 3, "{:?}", expansion.problems);
        assert_eq!(resources(&expansion), "x, ?nobody(), y");
        assert_eq!(shown(expansion.resources[0].body.path(&["properties", "good"]).unwrap()), "A");
        assert_eq!(shown(&expansion.outputs[1].1), "1");
    }

    #[test]
    fn a_mistake_in_what_nobody_reads_is_found() {
        refuses(r#"{"variables": {"v": "[fail('no')]"}}"#, Kind::UserFail, "no");
        refuses(r#"{"variables": {"a": "[variables('b')]", "b": "[variables('a')]"}}"#, Kind::Cycle, "itself");
        refuses(
            r#"{"resources": [{"condition": false, "type": "A.B/c", "name": "x", "properties": {"p": "[oops"}}, {"condition": false, "type": "A.B/c", "name": "x", "properties": {"p": "[oops(]"}}]}"#,
            Kind::Syntax,
            "",
        );
    }

    #[test]
    fn what_is_not_deployed_is_skipped_and_may_be_wrong() {
        let template = r#"{"parameters": {"id": {"type": "string", "defaultValue": ""}}, "languageVersion": "2.0", "resources": {
            "x": {"condition": "[not(empty(parameters('id')))]", "existing": true, "type": "A.B/c", "apiVersion": "1",
                  "resourceGroup": "[split(parameters('id'), '/')[4]]", "name": "[last(split(parameters('id'), '/'))]"},
            "y": {"condition": false, "type": "A.B/c", "apiVersion": "1", "name": "y"}}}"#;
        let expansion = run(template, "{}");
        assert!(expansion.problems.is_empty(), "{:?}", expansion.problems);
        assert_eq!(resources(&expansion), "");
        let skipped: Vec<String> = expansion.skipped.iter().map(shown).collect();
        assert_eq!(skipped, ["/subscriptions/s/resourceGroups/g/providers/A.B/c/y"]);
    }

    #[test]
    fn a_resource_that_is_declared_twice_is_a_mistake_unless_one_of_them_is_off() {
        let twice = |condition: &str| {
            format!(
                r#"{{"resources": [{{"type": "A.B/c", "apiVersion": "1", "name": "x"}},
                {{"condition": {condition}, "type": "a.b/C", "apiVersion": "1", "name": "X"}}]}}"#
            )
        };
        refuses(&twice("true"), Kind::Value, "declared twice");
        assert!(run(&twice("false"), "{}").problems.is_empty());
    }

    #[test]
    fn too_many_resources_are_refused() {
        let copies = |name: &str| {
            format!(
                r#"{{"type": "A.B/c", "apiVersion": "1", "name": "[concat('{name}', copyIndex())]", "copy": {{"name": "{name}", "count": 500}}}}"#
            )
        };
        let template = format!(r#"{{"resources": [{}, {}]}}"#, copies("a"), copies("b"));
        refuses(&template, Kind::Limit, "at most 800 resources, loops expanded, not 1000");
        assert_eq!(run(&template, "{}").resources.len(), 1000);
    }

    #[test]
    fn loops_of_deployments_end() {
        let mut inner = r#"{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "x"}]}"#.to_owned();
        for _ in 0..4 {
            inner = format!(
                r#"{{"resources": [{{"type": "Microsoft.Resources/deployments", "apiVersion": "1",
                "name": "[concat('d', copyIndex())]", "copy": {{"name": "l", "count": 800}},
                "properties": {{"expressionEvaluationOptions": {{"scope": "inner"}}, "template": {inner}}}}}]}}"#
            );
        }
        refuses(&inner, Kind::Limit, "all templates together");
    }

    #[test]
    fn unknown_conditions_keep_both_possibilities() {
        let template = r#"{"parameters": {"b": {"type": "bool"}}, "resources": [
            {"condition": "[parameters('b')]", "type": "A.B/c", "apiVersion": "1", "name": "x"}]}"#;
        assert_eq!(resources(&run(template, "{}")), "x maybe");
    }

    #[test]
    fn every_unknown_value_is_listed() {
        let template = r#"{"parameters": {"tag": {"type": "string"}}, "resources": [
            {"type": "A.B/c", "apiVersion": "1", "name": "x", "properties": {"list": [{"image": "[concat('a:', parameters('tag'))]"}]}}]}"#;
        let unresolved = run(template, "{}").unresolved();
        assert_eq!(unresolved.len(), 1);
        assert_eq!(unresolved[0].path, "A.B/c/x.properties.list[0].image");
        assert_eq!(unresolved[0].expression, "concat('a:', parameters('tag'))");
        assert_eq!(unresolved[0].why, "the parameter `tag` is required and was not given");
    }

    #[test]
    fn children_take_type_and_name_of_their_parents() {
        let template = r#"{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "x", "resources": [
            {"type": "d", "apiVersion": "1", "name": "y"},
            {"type": "Microsoft.Insights/diagnosticSettings", "apiVersion": "1", "name": "z"}]}]}"#;
        let expansion = run(template, "{}");
        let ids: Vec<String> = expansion.resources.iter().map(|one| shown(&one.id)).collect();
        let parent = "/subscriptions/s/resourceGroups/g/providers/A.B/c/x";
        let attached = format!("{parent}/providers/Microsoft.Insights/diagnosticSettings/z");
        assert_eq!(ids, [parent.to_owned(), format!("{parent}/d/y"), attached]);
    }

    #[test]
    fn a_template_that_is_none_is_a_problem() {
        for text in ["[]", "1", "null", r#"{"resources": 1}"#, r#"{"resources": [1]}"#, r#"{"resources": [{}]}"#] {
            let expansion = expand(&value(text), &Given::default(), &Context::default());
            assert!(!expansion.problems.is_empty(), "{text}");
        }
        assert_eq!(outputs(&run("{}", "{}")), "");
    }

    #[test]
    fn asserts_are_evaluated() {
        let expansion = run(r#"{"asserts": {"a": "[equals(1, 1)]"}}"#, "{}");
        assert_eq!(shown(&expansion.asserts[0].1), "true");
    }

    #[test]
    fn options_of_the_engine_are_kept() {
        let template = r#"{"resources": {"x": {"type": "A.B/c", "apiVersion": "1", "name": "x", "@options": {"onlyIfNotExists": []}}}}"#;
        assert!(run(template, "{}").resources[0].only_if_not_exists());
    }
}
