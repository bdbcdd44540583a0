//! The run over all templates of an expansion: first names, then bodies and outputs, at last what waits for what.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::source::Span;

use super::error::{Error, Kind, Outcome};
use super::expansion::{Condition, Deployment, Expansion, Resource, Unexamined};
use super::frame::Frame;
use super::instance::Instance;
use super::scope::Place;
use super::session::Session;
use super::view::View;
use super::{dependencies, limits};

/// A run over all templates.
pub(super) struct Run<'s> {
    session: &'s Session,
    expansion: Expansion,
    /// Beside each resource and deployment of the expansion, what it was made of.
    resources: Vec<Rc<Instance>>,
    deployments: Vec<Rc<Instance>>,
}

impl Run<'_> {
    pub fn new(session: &Session) -> Run<'_> {
        Run { session, expansion: Expansion::default(), resources: Vec::new(), deployments: Vec::new() }
    }

    /// Expands the template at the top and all that is inside.
    pub fn expand(mut self, top: &Rc<Frame>) -> Expansion {
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
        self.doubt();
        self.expansion.missing = self.session.missing.take();
        self.expansion.referred = self.session.all_referred();
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
        for member in top.section("asserts").map(|asserts| &*asserts.members).unwrap_or_default() {
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

    /// Marks the mistakes of resources that may not be deployed.
    fn doubt(&mut self) {
        let instances = || self.resources.iter().chain(&self.deployments);
        let certain: HashSet<Span> = instances()
            .filter(|instance| instance.condition == Condition::Always)
            .map(|instance| instance.body.at)
            .collect();
        let perhaps: Vec<(Span, &String)> = instances()
            .filter_map(|instance| match &instance.condition {
                Condition::Maybe(why) if !certain.contains(&instance.body.at) => Some((instance.body.at, why)),
                _ => None,
            })
            .collect();
        let holds = |span: Span, at: Span| span.file == at.file && span.start <= at.start && at.end <= span.end;
        for problem in self.expansion.problems.iter_mut().filter(|problem| problem.kind.is_of_a_value()) {
            let inside = perhaps.iter().find(|(span, _)| holds(*span, problem.at));
            problem.perhaps = inside.map(|(_, why)| (*why).clone());
        }
    }

    fn note(&self, outcome: Outcome) {
        if let Err(error) = outcome {
            self.session.report(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::context::Context;
    use super::super::expansion::expand;
    use super::super::given::Given;
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
    fn a_mistake_in_what_may_not_be_deployed_is_marked() {
        let template = r#"{"parameters": {"b": {"type": "bool"}, "id": {"type": "string", "defaultValue": ""}}, "resources": [
            {"condition": "[parameters('b')]", "type": "A.B/c", "apiVersion": "1", "name": "x", "properties": {"p": "[split(parameters('id'), '/')[2]]"}},
            {"condition": "[parameters('b')]", "type": "A.B/c", "apiVersion": "1", "name": "y", "properties": {"p": "[oops()]"}},
            {"type": "A.B/c", "apiVersion": "1", "name": "z", "properties": {"p": "[split(parameters('id'), '/')[3]]"}}]}"#;
        let problems = run(template, "{}").problems;
        let marked: Vec<(Kind, bool)> = problems.iter().map(|one| (one.kind, one.perhaps.is_some())).collect();
        assert_eq!(marked, [(Kind::Range, true), (Kind::UnknownFunction, false), (Kind::Range, false)]);
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
