//! Evaluates expressions and templates of the ARM template language, one JSON object a line in, one a line out.
//!
//! ```text
//! in   {"id", "kind": "expression", "expression", "parameters", "variables", "functions", "context", "copy"}
//!      {"id", "kind": "template", "template", "parameters", "externalInputs", "context"}
//! out  {"id", "value"} | {"id", "error"} | {"id", "unknown"} | {"id", "resources", "outputs", "skipped", "asserts", "dependsOn"}
//! ```
//!
//! A value that is not known before deployment is `{"$unknown": "<why>"}`. Try it:
//!
//! ```text
//! echo '{"id": 1, "kind": "expression", "expression": "[add(1, 2)]"}' | cargo run --release --example arm_eval
//! ```

use std::collections::HashMap;
use std::io::{BufRead, Write};
use std::rc::Rc;

use arcstr::ArcStr;
use pullgate::document::parse_json;
use pullgate::source::{Sources, Span};
use pullgate::template::eval::evaluate;
use pullgate::template::plain::Plain;
use pullgate::template::scope::{Function, FunctionParameter, Place};
use pullgate::template::{Cloud, Context, Deployer, Given, Knowledge, Level, Resource, expand_knowing};
use pullgate::value::{Data, Member, Value};
use serde_json::{Map, Value as Json, json};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", answer(&line))?;
        }
    }
    Ok(())
}

/// Reads the line twice: for what steers the evaluation, and as a document whose strings know where they are written.
pub fn answer(line: &str) -> Json {
    let text = ArcStr::from(line);
    let file = Sources::default().add("line", text.clone());
    let (request, document) = match (serde_json::from_str::<Json>(line), parse_json(&text, file)) {
        (Ok(request), Ok(document)) => (request, document),
        (Err(error), _) => return json!({"error": format!("the line is no JSON: {error}")}),
        (_, Err(error)) => return json!({"error": format!("the line is no JSON: {error}")}),
    };
    let mut answer = match request["kind"].as_str() {
        Some("template") => template(&request, &document),
        _ => expression(&request, &document),
    };
    answer["id"] = request["id"].clone();
    answer
}

fn expression(request: &Json, document: &Value) -> Json {
    let stated = &request["context"];
    let mut scope = Plain::new(context(stated), level(stated), Place::Properties);
    let parameters =
        document.get("parameters").and_then(Value::as_object).into_iter().flat_map(|object| object.members.iter());
    scope.parameters = parameters.map(|member| (member.key.to_string(), member.value.clone())).collect();
    scope.variables = document.get("variables").cloned();
    scope.functions = functions(&request["functions"], document);
    scope.copy = members(&request["copy"]).filter_map(|(name, index)| Some((name.clone(), index.as_i64()?))).collect();
    let nothing = Value::string("", Span::NONE);
    match evaluate(document.get("expression").unwrap_or(&nothing), &scope) {
        Ok(value) => match write(&value) {
            Json::Object(object) if object.contains_key("$unknown") => json!({"unknown": object["$unknown"]}),
            value => json!({"value": value}),
        },
        Err(error) => json!({"error": error.to_string(), "kind": error.kind.word()}),
    }
}

/// As Resource Manager sees it before it has deployed anything: what it will answer later is unknown.
fn template(request: &Json, document: &Value) -> Json {
    let nothing = Value::null(Span::NONE);
    let parameters = Value::object(
        document.as_object().and_then(|object| object.get("parameters")).cloned().into_iter().collect(),
        Span::NONE,
    );
    let inputs =
        document.get("externalInputs").and_then(Value::as_object).into_iter().flat_map(|object| object.members.iter());
    let given = Given {
        external_inputs: inputs.map(|member| (member.key.to_string(), member.value.clone())).collect(),
        ..Given::file(parameters)
    };
    let template = document.get("template").unwrap_or(&nothing);
    let expansion = expand_knowing(template, &given, &context(&request["context"]), Knowledge::Language);
    if let Some(problem) = expansion.problems.first() {
        return json!({"error": problem.to_string(), "kind": problem.kind.word()});
    }
    if let Some(missing) = expansion.missing.first() {
        let message = format!("the parameter `{}` is required and was not given", missing.name);
        return json!({"error": message, "kind": "parameter"});
    }
    let ids: HashMap<&str, &str> =
        expansion.resources.iter().filter_map(|resource| Some((&*resource.key, resource.id.as_str()?))).collect();
    let mut waits = Map::new();
    for resource in &expansion.resources {
        let on: Vec<&str> = resource.depends_on.iter().filter_map(|key| ids.get(&**key).copied()).collect();
        if let (Some(id), false) = (resource.id.as_str(), on.is_empty()) {
            waits.insert(id.to_owned(), json!(on));
        }
    }
    let named = |values: &[(String, Value)]| -> Json {
        Json::Object(values.iter().map(|(name, value)| (name.clone(), write(value))).collect())
    };
    json!({
        "resources": expansion.resources.iter().map(resource).collect::<Json>(),
        "outputs": named(&expansion.outputs),
        "skipped": expansion.skipped.iter().map(write).collect::<Json>(),
        "asserts": named(&expansion.asserts),
        "dependsOn": waits,
    })
}

fn resource(resource: &Resource) -> Json {
    let mut shown = match write(&resource.body) {
        Json::Object(members) => members,
        _ => Map::new(),
    };
    shown.insert("type".to_owned(), json!(resource.kind));
    match &resource.extension {
        Some(extension) => shown.insert("extension".to_owned(), json!(extension)),
        None => {
            shown.insert("name".to_owned(), write(&resource.name));
            shown.insert("id".to_owned(), write(&resource.id))
        }
    };
    if let Some(version) = &resource.api_version {
        shown.insert("apiVersion".to_owned(), json!(version));
    }
    if let Some(symbol) = &resource.symbolic_name {
        shown.insert("symbolicName".to_owned(), json!(symbol));
    }
    if resource.existing {
        shown.insert("existing".to_owned(), json!(true));
    }
    if !resource.deployment.is_empty() {
        shown.insert("deployment".to_owned(), json!(&resource.deployment[..]));
    }
    Json::Object(shown)
}

fn members(object: &Json) -> impl Iterator<Item = (&String, &Json)> {
    object.as_object().into_iter().flatten()
}

fn context(stated: &Json) -> Context {
    let text = |name: &str| stated[name].as_str().map(str::to_owned);
    let deployer = stated["deployer"].as_object().map(|deployer| {
        let text = |name: &str| deployer.get(name).and_then(Json::as_str).map(str::to_owned);
        Deployer {
            object_id: text("objectId"),
            tenant_id: text("tenantId"),
            user_principal_name: text("userPrincipalName"),
        }
    });
    let tags = stated["resourceGroupTags"]
        .as_object()
        .map(|tags| tags.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or("").to_owned())).collect());
    Context {
        tenant_id: text("tenantId"),
        subscription_id: text("subscriptionId"),
        subscription_name: text("subscriptionDisplayName"),
        resource_group: text("resourceGroup"),
        resource_group_tags: tags,
        location: text("location"),
        management_group: text("managementGroup"),
        deployment_name: text("deploymentName"),
        utc_now: text("utcNow"),
        new_guid: text("newGuid"),
        deployer,
        cloud: match stated["environment"].as_str() {
            Some("AzureUSGovernment") => Cloud::UsGov,
            Some("AzureChinaCloud") => Cloud::China,
            _ => Cloud::Public,
        },
        ..Context::default()
    }
}

fn level(stated: &Json) -> Level {
    match stated["scope"].as_str() {
        Some("subscription") => Level::Subscription,
        Some("managementGroup") => Level::ManagementGroup,
        Some("tenant") => Level::Tenant,
        _ => Level::ResourceGroup,
    }
}

fn functions(namespaces: &Json, document: &Value) -> Vec<Rc<Function>> {
    let mut functions = Vec::new();
    for (index, namespace) in namespaces.as_array().into_iter().flatten().enumerate() {
        let declared_at = document.get("functions").and_then(Value::as_array).and_then(|all| all.get(index));
        for (name, declared) in members(&namespace["members"]) {
            let parameters =
                declared["parameters"].as_array().into_iter().flatten().map(|parameter| FunctionParameter {
                    name: parameter["name"].as_str().unwrap_or("").to_owned(),
                    kind: parameter["type"].as_str().unwrap_or("").to_owned(),
                    nullable: parameter["nullable"].as_bool().unwrap_or(false),
                });
            let output = declared_at.and_then(|namespace| namespace.path(&["members", name, "output", "value"]));
            functions.push(Rc::new(Function {
                name: format!("{}.{name}", namespace["namespace"].as_str().unwrap_or("")),
                parameters: parameters.collect(),
                output: output.cloned().unwrap_or_else(|| Value::null(Span::NONE)),
            }));
        }
    }
    functions
}

fn write(value: &Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(value) => json!(value),
        Data::Int(value) => json!(value),
        Data::Float(value) => json!(value),
        Data::String(text) => json!(&**text),
        Data::Array(items) => match items.iter().find_map(spread) {
            Some(why) => json!({"$unknown": why}),
            None => items.iter().map(write).collect(),
        },
        Data::Object(object) => match object.members.iter().find_map(|member| spread(&member.value)) {
            Some(why) => json!({"$unknown": why}),
            None => {
                let entry = |member: &Member| (member.key.to_string(), write(&member.value));
                Json::Object(object.members.iter().map(entry).collect::<Map<_, _>>())
            }
        },
        Data::Unknown(unknown) => json!({"$unknown": unknown.why}),
        Data::Secure(inner) => write(inner),
    }
}

/// Why it is not even known how many there are.
fn spread(value: &Value) -> Option<&str> {
    value.as_unknown().filter(|unknown| unknown.spread).map(|unknown| unknown.why.as_str())
}
