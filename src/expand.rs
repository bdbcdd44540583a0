//! `pullgate expand`: what would be deployed, as JSON and as text for people. Nothing is judged here.

mod json;
mod text;

use serde::Serialize;

pub use json::json;
pub use text::write;

use crate::bicep::Origins;
use crate::manifest::{Condition, Container, Identity, Manifest, PlannedResource, RegistryEntry, Workload};
use crate::source::{Sources, Span};
use crate::value::Value;

/// What `expand --format json` prints. A field of type `serde_json::Value` is the evaluated value; what is not known before the
/// deployment is `{"$unknown": "<expression>", "why": "…", "partial": "<the text, … for what is unknown of it>"}`, a secret
/// `{"$secure": true}`.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expanded {
    pub schema: &'static str,
    pub workloads: Vec<ExpandedWorkload>,
    /// Every resource of every deployment scope, when they are asked for.
    pub resources: Vec<ExpandedResource>,
    pub outputs: serde_json::Map<String, serde_json::Value>,
    pub unknown: Vec<ExpandedUnknown>,
}

/// Something that runs containers.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpandedWorkload {
    pub r#type: String,
    pub name: serde_json::Value,
    pub api_version: Option<String>,
    /// `true`, `false`, or unknown: whether it is deployed.
    pub condition: serde_json::Value,
    pub scope: Option<String>,
    pub containers: Vec<ExpandedContainer>,
    pub registries: Vec<ExpandedRegistry>,
    pub identity: ExpandedIdentity,
    pub at: Option<At>,
}

/// A container and its image.
#[derive(Clone, Debug, Serialize)]
pub struct ExpandedContainer {
    pub name: serde_json::Value,
    pub image: serde_json::Value,
    pub init: bool,
}

/// A registry entry.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpandedRegistry {
    pub server: serde_json::Value,
    pub identity: serde_json::Value,
    pub username: serde_json::Value,
    pub password_secret_ref: serde_json::Value,
}

/// The identities that a workload has.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpandedIdentity {
    /// `None`, `SystemAssigned`, `UserAssigned` or `SystemAssigned, UserAssigned`.
    pub r#type: &'static str,
    pub user_assigned: Vec<serde_json::Value>,
}

/// A resource: its declaration, evaluated, with its id, type and name.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpandedResource {
    pub id: serde_json::Value,
    pub r#type: String,
    pub name: serde_json::Value,
    pub condition: serde_json::Value,
    /// Read, not deployed.
    pub existing: bool,
    pub depends_on: Vec<String>,
    pub at: Option<At>,
    #[serde(flatten)]
    pub declaration: serde_json::Map<String, serde_json::Value>,
}

/// A value that is not known before the deployment.
#[derive(Clone, Debug, Serialize)]
pub struct ExpandedUnknown {
    pub path: String,
    pub expression: String,
    pub why: String,
    pub at: Option<At>,
}

/// A position, in Bicep where the value came from there and its place is certain; lines and columns count from one, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct At {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// The contract that the JSON follows.
pub const SCHEMA: &str = "pullgate/expand/1";

/// What would be deployed, ready to be printed as JSON; with all resources if `resources` is asked for.
pub fn expand(manifest: &Manifest, sources: &Sources, resources: bool) -> Expanded {
    let origins = Origins::new(sources);
    let planned = manifest.planned.resources.iter().filter(|_| resources);
    let outputs = manifest.outputs.iter().map(|(name, value)| (name.clone(), json(value)));
    let unknown = manifest.unknown.iter().map(|unknown| ExpandedUnknown {
        path: unknown.path.clone(),
        expression: unknown.expression.clone(),
        why: unknown.why.clone(),
        at: at(unknown.at, &origins),
    });
    Expanded {
        schema: SCHEMA,
        workloads: manifest.workloads.iter().map(|workload| expand_workload(workload, &origins)).collect(),
        resources: planned.map(|resource| expand_resource(resource, &origins)).collect(),
        outputs: outputs.collect(),
        unknown: unknown.collect(),
    }
}

fn expand_workload(workload: &Workload, origins: &Origins) -> ExpandedWorkload {
    let container = |container: &Container| ExpandedContainer {
        name: optional(container.name.as_ref()),
        image: optional(container.image.as_ref()),
        init: container.init,
    };
    let registry = |entry: &RegistryEntry| ExpandedRegistry {
        server: optional(entry.server.as_ref()),
        identity: optional(entry.identity.as_ref()),
        username: optional(entry.username.as_ref()),
        password_secret_ref: optional(entry.password_secret.as_ref()),
    };
    ExpandedWorkload {
        r#type: workload.kind.clone(),
        name: json(&workload.name),
        api_version: workload.api_version.clone(),
        condition: condition(&workload.condition),
        scope: workload.scope.clone(),
        containers: workload.containers.iter().map(container).collect(),
        registries: workload.registries.entries.iter().map(registry).collect(),
        identity: ExpandedIdentity {
            r#type: identity_type(&workload.identity),
            user_assigned: workload.identity.user_assigned.iter().map(|identity| json(&identity.id)).collect(),
        },
        at: at(workload.at, origins),
    }
}

fn expand_resource(resource: &PlannedResource, origins: &Origins) -> ExpandedResource {
    const OWN: [&str; 7] = ["id", "type", "name", "condition", "existing", "dependsOn", "at"];
    let written = resource.body.get("type").and_then(Value::as_str);
    let mut declaration = match json::declaration(&resource.body) {
        serde_json::Value::Object(members) => members,
        _ => serde_json::Map::new(),
    };
    declaration.retain(|key, _| !OWN.iter().any(|own| own.eq_ignore_ascii_case(key)));
    ExpandedResource {
        id: json(&resource.id),
        r#type: written
            .filter(|written| written.eq_ignore_ascii_case(&resource.kind))
            .unwrap_or(&resource.kind)
            .to_owned(),
        name: json(&resource.name),
        condition: condition(&resource.condition),
        existing: resource.existing,
        depends_on: resource.depends_on.clone(),
        at: at(resource.at, origins),
        declaration,
    }
}

/// The type of an identity block that has these identities.
fn identity_type(identity: &Identity) -> &'static str {
    match (identity.system, identity.user_assigned.is_empty()) {
        (true, true) => "SystemAssigned",
        (true, false) => "SystemAssigned, UserAssigned",
        (false, false) => "UserAssigned",
        (false, true) => "None",
    }
}

fn condition(condition: &Condition) -> serde_json::Value {
    match condition {
        Condition::Always => true.into(),
        Condition::Never => false.into(),
        Condition::Maybe(why) => serde_json::json!({ "$unknown": "condition", "why": why }),
    }
}

fn optional(value: Option<&Value>) -> serde_json::Value {
    value.map_or(serde_json::Value::Null, json)
}

fn at(span: Span, origins: &Origins) -> Option<At> {
    let place = origins.place(span)?;
    Some(At { file: place.path.to_owned(), line: place.line, column: place.column })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::bytes::Encoding;
    use crate::manifest::{Options, read};

    #[track_caller]
    fn expanded(text: &str) -> serde_json::Value {
        let mut sources = Sources::default();
        let file = sources.add("app.yaml", text);
        let document = crate::load::document("app.yaml".to_owned(), file, Encoding::Utf8, &sources).unwrap();
        let manifest = read(&mut [document], &Options::default());
        serde_json::to_value(expand(&manifest, &sources, true)).unwrap()
    }

    #[test]
    fn a_workload_is_printed_by_the_contract() {
        let text = "name: api\nidentity: {type: SystemAssigned}\nenvironmentId: e\nconfiguration:\n  registries: [{server: acme.azurecr.io, identity: system, username: ''}]\ntemplate:\n  containers: [{name: api, image: 'acme.azurecr.io/api:v1'}]";
        let printed = expanded(text);
        assert_eq!(printed["schema"], "pullgate/expand/1");
        assert_eq!(
            printed["workloads"],
            json!([{
                "type": "Microsoft.App/containerApps", "name": "api", "apiVersion": null, "condition": true, "scope": null,
                "containers": [{"name": "api", "image": "acme.azurecr.io/api:v1", "init": false}],
                "registries": [{"server": "acme.azurecr.io", "identity": "system", "username": null, "passwordSecretRef": null}],
                "identity": {"type": "SystemAssigned", "userAssigned": []},
                "at": {"file": "app.yaml", "line": 1, "column": 1},
            }])
        );
    }

    #[test]
    fn what_is_not_known_says_why() {
        let printed = expanded("environmentId: e\ntemplate: {containers: [{image: a}]}");
        assert_eq!(printed["workloads"][0]["name"]["$unknown"], "name");
        assert_eq!(printed["unknown"][0]["path"], "(unnamed).name");
    }

    #[test]
    fn secrets_that_are_written_in_clear_are_not_printed() {
        let text = "name: a\nenvironmentId: e\nconfiguration:\n  secrets: [{name: s, value: geheim}]\n  x: {password: geheim}\n  env: [{name: DB_PASSWORD, value: geheim}]\ntemplate: {containers: []}";
        let printed = expanded(text);
        assert!(!printed.to_string().contains("geheim"), "{printed}");
        assert_eq!(printed["resources"][0]["configuration"]["secrets"][0]["value"], json!({"$secure": true}));
    }

    #[test]
    fn text_for_people_cannot_control_a_terminal() {
        let mut sources = Sources::default();
        let file = sources.add(
            "app.yaml",
            "name: \"a\\e[31m\"\nenvironmentId: e\ntemplate: {containers: [{image: \"x\\r\\n::error::y\"}]}",
        );
        let document = crate::load::document("app.yaml".to_owned(), file, Encoding::Utf8, &sources).unwrap();
        let manifest = read(&mut [document], &Options::default());
        let mut out = Vec::new();
        write(&mut out, &manifest, &sources, false).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains('\u{1b}') && !text.contains("\n::"), "{text:?}");
    }
}
