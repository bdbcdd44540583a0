//! ARM templates, and the expressions that what-if results and snapshots leave in their values.

mod live;

use std::cell::RefCell;
use std::collections::HashMap;

use crate::finding::Finding;
use crate::rbac::Scope;
use crate::source::{Span, Text};
use crate::template::parser::{self, Parsed};
use crate::template::{self, Context, Error, Expansion, Given, Resource, Waits};
use crate::value::{Data, Member, Value};

use super::{Condition, Manifest, Origin, PlannedResource, Problem, Unresolved, resource};

/// The code of what is wrong with a template itself.
pub(super) const INVALID: &str = "template-invalid";
/// The code of a required parameter that was not given.
pub(super) const MISSING: &str = "parameter-missing";
/// The code of what is deployed but not written in the files.
pub(super) const UNREAD: &str = "template-linked";

/// The code of a resource that is there and that the template leaves as it is.
pub(super) const KEPT: &str = "image-not-applied";

/// Expands a template and adds what it deploys.
pub(super) fn read(template: Value, given: &Given, context: &Context, manifest: &mut Manifest) {
    let expansion = template::expand(&template, given, context);
    drop(template);
    let mut resources = planned(&expansion);
    live::keep(&mut resources, &expansion, context, manifest);
    live::want(&resources, &expansion, context, manifest);
    resource::add_all(manifest, resources, |_| Origin::Declared);
    for error in &expansion.problems {
        manifest.add_problem(invalid(error));
    }
    for missing in &expansion.missing {
        let title = format!("the parameter `{}` is required and was not given", missing.name);
        let help = format!("pass it: `-p {}=VALUE`, or a parameters file with `-p FILE`", missing.name);
        let finding = Finding::at(missing.at, title).note().help(help);
        manifest.add_problem(Problem { code: MISSING, finding, workload: None });
    }
    for unexamined in &expansion.unexamined {
        let finding =
            Finding::at(unexamined.at, format!("{} is not looked into: {}", unexamined.what, unexamined.why)).note();
        manifest.add_problem(Problem { code: UNREAD, finding, workload: None });
    }
    manifest.unknown.extend(expansion.unresolved().into_iter().map(|unresolved| Unresolved {
        path: unresolved.path,
        expression: unresolved.expression,
        why: unresolved.why,
        at: unresolved.at,
    }));
    manifest.outputs.extend(expansion.outputs);
}

/// The resources of an expansion. What runs containers knows everything that is deployed before it.
fn planned(expansion: &Expansion) -> Vec<PlannedResource> {
    let waits = Waits::of(expansion);
    let azure = expansion.resources.iter().filter(|resource| resource.extension.is_none());
    let planned = azure.map(|resource| {
        let kind = resource.kind.to_ascii_lowercase();
        let depends_on = match resource::runs_containers(&kind) {
            true => {
                let mut awaited: Vec<String> = waits.awaited_by(&resource.key).into_iter().map(str::to_owned).collect();
                awaited.sort();
                awaited
            }
            false => resource.depends_on.clone(),
        };
        PlannedResource {
            id: resource.id.clone(),
            kind,
            name: resource.name.clone(),
            scope: Some(resource.scope.clone()),
            body: body(resource),
            existing: resource.existing,
            condition: match &resource.condition {
                template::Condition::Always => Condition::Always,
                template::Condition::Never => Condition::Never,
                template::Condition::Maybe(why) => Condition::Maybe(why.clone()),
            },
            depends_on,
            at: resource.at,
        }
    });
    planned.collect()
}

/// The evaluated members with type and version, as a document that declares the resource alone has them.
fn body(resource: &Resource) -> Value {
    let written = resource.body.as_object().map(|object| &*object.members).unwrap_or_default();
    let text =
        |key: &'static str, value: &str| Member::new(key, resource.at, Value::string(value.to_owned(), resource.at));
    let mut members = vec![text("type", &resource.kind)];
    members.extend(resource.api_version.as_ref().map(|version| text("apiVersion", version)));
    members.extend_from_slice(written);
    Value::object(members, resource.body.at)
}

fn invalid(error: &Error) -> Problem {
    let function = error.function.as_ref().map(|function| format!("{function}(): ")).unwrap_or_default();
    let finding = Finding::at(error.at, format!("{function}{}", error.message));
    let finding = match &error.expected {
        Some(expected) => finding.help(expected.clone()),
        None => finding,
    };
    let finding = match &error.perhaps {
        Some(why) => finding.detail(format!("if the resource is deployed, which is not known: {why}")).note(),
        None => finding,
    };
    Problem { code: INVALID, finding, workload: None }
}

/// Evaluates the expressions that are left as text in what Azure or Bicep evaluated before: what can be predicted becomes known,
/// the rest unknown with its text, so that nobody takes it for a placeholder.
pub(super) struct Predictor {
    context: Context,
    /// The registries of the same deployment: their labels decide their login servers.
    registries: Vec<Value>,
    known: RefCell<HashMap<String, Value>>,
}

impl Predictor {
    /// `bodies` are the resources of the deployment.
    pub(super) fn new(bodies: &[&Value], context: &Context) -> Predictor {
        let is_registry = |body: &&&Value| {
            let kind = body.get("type").and_then(Value::as_str);
            kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Microsoft.ContainerRegistry/registries"))
        };
        let registries: Vec<Value> = bodies.iter().filter(is_registry).map(|body| (**body).clone()).collect();
        let mut context = context.clone();
        // What was deployed to says the ids: where the command line does not, the registry's does.
        if let Some(id) = registries.first().and_then(|registry| registry.get("id")).and_then(Value::as_str) {
            let scope = Scope::from(id);
            context.subscription_id = context.subscription_id.or_else(|| scope.subscription().map(str::to_owned));
            context.resource_group = context.resource_group.or_else(|| scope.resource_group().map(str::to_owned));
        }
        Predictor { context, registries, known: RefCell::default() }
    }

    /// The value with its expressions evaluated.
    pub(super) fn predict(&self, value: &Value) -> Value {
        self.changed(value).unwrap_or_else(|| value.clone())
    }

    /// The changed value; `None` when no expression is in it. Documents bound how deep this goes.
    fn changed(&self, value: &Value) -> Option<Value> {
        match &value.data {
            Data::String(text) if parser::is_expression(text) => self.evaluated(text, value),
            Data::Array(items) => {
                let changed: Vec<Option<Value>> = items.iter().map(|item| self.changed(item)).collect();
                changed.iter().any(Option::is_some).then(|| {
                    let items =
                        items.iter().zip(changed).map(|(item, changed)| changed.unwrap_or_else(|| item.clone()));
                    Value { via: value.via.clone(), ..Value::array(items.collect(), value.at) }
                })
            }
            Data::Object(object) => {
                let changed: Vec<Option<Value>> =
                    object.members.iter().map(|member| self.changed(&member.value)).collect();
                changed.iter().any(Option::is_some).then(|| {
                    let members = object.members.iter().zip(changed).map(|(member, changed)| match changed {
                        Some(value) => Member { value, ..member.clone() },
                        None => member.clone(),
                    });
                    Value { via: value.via.clone(), ..Value::object(members.collect(), value.at) }
                })
            }
            _ => None,
        }
    }

    /// `None` for a text in brackets that is no expression: what-if prints literal texts without their escape.
    fn evaluated(&self, text: &Text, value: &Value) -> Option<Value> {
        if let Some(known) = self.known.borrow().get(text.as_str()) {
            return Some(Value { at: value.at, via: value.via.clone(), ..known.clone() });
        }
        if !matches!(parser::parse(text, value.at), Ok(Parsed::Expression(_))) {
            return None;
        }
        let evaluated = self.output(value).unwrap_or_else(|| value.clone());
        self.known.borrow_mut().insert(text.to_string(), evaluated.clone());
        Some(Value { at: value.at, via: value.via.clone(), ..evaluated })
    }

    /// The expression as the output of a template that deploys the registries.
    fn output(&self, expression: &Value) -> Option<Value> {
        let at = expression.at;
        let object = |members: Vec<(&'static str, Value)>| {
            Value::object(members.into_iter().map(|(key, value)| Member::new(key, at, value)).collect(), at)
        };
        let output = object(vec![("type", Value::string("object", at)), ("value", expression.clone())]);
        let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#";
        let template = object(vec![
            ("$schema", Value::string(schema, at)),
            ("contentVersion", Value::string("1.0.0.0", at)),
            ("resources", Value::array(self.registries.clone(), Span::NONE)),
            ("outputs", object(vec![("value", output)])),
        ]);
        let expansion = template::expand(&template, &Given::default(), &self.context);
        expansion.outputs.into_iter().next().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use crate::evidence::Stop;
    use crate::manifest::fixture::{app, lines, manifest, problems, template};
    use crate::manifest::{Condition, Entry, Pull, Puller};

    const NONE: &str = r#"{"type": "None"}"#;

    #[test]
    fn a_required_parameter_that_is_not_given_leaves_the_image_unknown() {
        let text = template(&app(NONE, "[]", "[format('{0}/api', parameters('image'))]", ""));
        assert_eq!(lines(&text)[1], "container api …/api");
        assert_eq!(
            problems(&text),
            [
                "2: the parameter `image` is required and was not given; pass it: `-p image=VALUE`, or a parameters file with `-p FILE`",
                "2: the parameter `private` is required and was not given; pass it: `-p private=VALUE`, or a parameters file with `-p FILE`",
            ]
        );
        let (manifest, _) = manifest(&[("main.json", &text)]);
        assert!(manifest.unknown.iter().any(|unknown| unknown.path.ends_with("containers[0].image")));
    }

    #[test]
    fn a_parameters_file_among_the_documents_is_given_to_the_template() {
        let text = template(&app(NONE, "[]", "[parameters('image')]", ""));
        let given = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
            "parameters": {"image": {"value": "nginx:1"}, "private": {"value": true}}}"#;
        let (manifest, sources) = manifest(&[("main.json", &text), ("given.json", given)]);
        let image = manifest.workloads[0].containers[0].image.as_ref().unwrap();
        assert_eq!(image.as_str(), Some("nginx:1"));
        assert_eq!(sources.path(image.at.file), "given.json");
        assert!(manifest.problems.is_empty());
    }

    #[test]
    fn entries_under_a_condition_that_nobody_knows_are_possible() {
        let entry = "createArray(createObject('server', 'acme.azurecr.io', 'identity', 'system'))";
        let text = template(&app(
            "\"[if(parameters('private'), createObject('type', 'SystemAssigned'), null())]\"",
            &format!("\"[if(parameters('private'), {entry}, createArray())]\""),
            "acme.azurecr.io/api:1",
            "",
        ));
        let (manifest, _) = manifest(&[("main.json", &text)]);
        let workload = &manifest.workloads[0];
        let pull = Pull { manifest: &manifest, workload, container: &workload.containers[0] };
        assert_eq!(workload.registries.entries.len(), 1);
        assert!(workload.registries.unknown.is_some());
        assert!(workload.identity.unknown.is_some());
        assert!(matches!(pull.entry(), Ok(Entry::Maybe(Some(_)))));
        assert!(matches!(pull.credential(), Err(Stop::Unverified(_))));
        assert_eq!(workload.is_attached(&Puller::System), None);
    }

    #[test]
    fn a_resource_under_a_condition_that_nobody_knows_is_perhaps_deployed() {
        let text =
            template(&app(NONE, "[]", "nginx", "").replacen('{', "{\"condition\": \"[parameters('private')]\", ", 1));
        let (manifest, _) = manifest(&[("main.json", &text)]);
        assert!(matches!(manifest.workloads[0].condition, Condition::Maybe(_)));
    }

    #[test]
    fn a_mistake_in_an_expression_does_not_stop_the_rest() {
        let text = template(&app(NONE, "\"[split(1)]\"", "nginx:1", ""));
        assert_eq!(lines(&text)[1], "container api nginx:1");
        assert!(problems(&text).iter().any(|problem| problem.contains("split")), "{:?}", problems(&text));
    }
}
