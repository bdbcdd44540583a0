//! For the tests of the other files: templates as text, expansions as text.

use crate::document;
use crate::source::{Sources, Span};
use crate::value::{Data, Value};

use super::context::Context;
use super::error::Kind;
use super::expansion::{Condition, Expansion, expand};
use super::given::{Given, Source};

/// A context in which everything is stated: subscription `s`, resource group `g`, location `westeurope`.
pub(super) fn stated() -> Context {
    let text = |text: &str| Some(text.to_owned());
    Context {
        tenant_id: text("t"),
        subscription_id: text("s"),
        resource_group: text("g"),
        location: text("westeurope"),
        deployment_name: text("main"),
        ..Context::default()
    }
}

pub(super) fn value(json: &str) -> Value {
    let mut sources = Sources::default();
    let file = sources.add("main.json", json);
    document::parse_json(sources.text(file), file).unwrap_or_else(|_| panic!("{json} is no JSON"))
}

/// Expands a template in which everything is stated, with the content of a parameters file.
pub(super) fn run(template: &str, parameters: &str) -> Expansion {
    expand(&value(template), &Given::file(value(parameters)), &stated())
}

/// Expands a template with nothing but arguments.
pub(super) fn run_arguments(template: &str, arguments: &[(&str, &str)]) -> Expansion {
    let argument = |(name, text): &(&str, &str)| Source::Argument {
        name: (*name).to_owned(),
        at: Span::NONE,
        text: Value::string(*text, Span::NONE),
        json: serde_json::from_str::<serde_json::Value>(text).is_ok().then(|| value(text)),
    };
    let given = Given { sources: arguments.iter().map(argument).collect(), external_inputs: Vec::new() };
    expand(&value(template), &given, &stated())
}

/// What a template gives without parameters: its outputs as `name=value`, or its first problem.
#[track_caller]
pub(super) fn gives(template: &str, expected: &str) {
    assert_eq!(outputs(&run(template, "{}")), expected);
}

/// What is wrong with a template: the kind, and a part of the message.
#[track_caller]
pub(super) fn refuses(template: &str, kind: Kind, message: &str) {
    let problems = run(template, "{}").problems;
    let found = problems.iter().any(|problem| problem.kind == kind && problem.to_string().contains(message));
    assert!(found, "{problems:#?}");
}

pub(super) fn outputs(expansion: &Expansion) -> String {
    if let Some(problem) = expansion.problems.first() {
        return format!("{}: {problem}", problem.kind.word());
    }
    let outputs = expansion.outputs.iter().map(|(name, value)| format!("{name}={}", shown(value)));
    outputs.collect::<Vec<_>>().join(" ")
}

/// The resources as `symbol or name [deployment] (condition)`.
pub(super) fn resources(expansion: &Expansion) -> String {
    let one = |resource: &super::expansion::Resource| {
        let name = resource.symbolic_name.clone().unwrap_or_else(|| shown(&resource.name));
        let condition = match &resource.condition {
            Condition::Always => "",
            Condition::Never => " never",
            Condition::Maybe(_) => " maybe",
        };
        let path = resource.deployment.iter().map(|name| format!("{name}/")).collect::<String>();
        format!("{path}{name}{condition}")
    };
    expansion.resources.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// A value on one line: `?` before what is not known, `#` before a secret.
pub(super) fn shown(value: &Value) -> String {
    match &value.data {
        Data::Null => "null".to_owned(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => value.to_string(),
        Data::String(text) => text.to_string(),
        Data::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Data::Object(object) => {
            let member = |member: &crate::value::Member| format!("{}:{}", member.key, shown(&member.value));
            format!("{{{}}}", object.members.iter().map(member).collect::<Vec<_>>().join(","))
        }
        Data::Unknown(unknown) if unknown.pieces.is_empty() => format!("?{}", unknown.expression),
        Data::Unknown(unknown) => format!("?{}", unknown.partial()),
        Data::Secure(inner) => format!("#{}", shown(inner)),
    }
}
