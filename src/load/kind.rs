//! What a document is, told from its content.

use crate::document::is_json;
use crate::value::{Data, Object, Value};

/// What pullgate reads, for the sentence that refuses a file.
pub(super) const ACCEPTED: &str = "ARM templates and parameters, Bicep, what-if, snapshot and `az … show` JSON, \
     Container Apps YAML, container groups, web sites, Kubernetes manifests and compose files";

/// The kinds of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    ArmTemplate,
    ArmParameters,
    /// `Microsoft.App/containerApps`, with its properties nested or flattened.
    ContainerApp,
    /// `Microsoft.App/jobs`, with its properties nested or flattened.
    Job,
    /// The template of one execution of a job: `containers` at the top.
    JobExecution,
    SessionPool,
    /// What a deployment would change: `changes` at the top or under `properties`.
    WhatIf,
    /// What `bicep snapshot` predicts.
    BicepSnapshot,
    /// A deployment that took place: `outputs` and `outputResources`, no manifest.
    DeploymentShow,
    /// `Microsoft.ContainerInstance/containerGroups` and their profiles.
    ContainerGroup,
    /// `Microsoft.Web/sites` with their slots, configurations and containers.
    WebSite,
    Kubernetes,
    Kustomization,
    Compose,
    /// A resource of another type: an environment, a registry, an identity …
    Resource,
}

/// The two sources that Bicep compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bicep {
    Template,
    Parameters,
}

/// Whether a text is Bicep: by what it says, or by its name when it says nothing else.
pub(super) fn bicep(path: &str, text: &str) -> Option<Bicep> {
    if is_json(text) {
        return None;
    }
    let ends = |suffix: &str| {
        path.len() >= suffix.len()
            && path.as_bytes()[path.len() - suffix.len()..].eq_ignore_ascii_case(suffix.as_bytes())
    };
    if ends(".bicepparam") {
        return Some(Bicep::Parameters);
    }
    if ends(".bicep") {
        return Some(Bicep::Template);
    }
    let quote = |rest: &str| rest.trim_start().starts_with('\'');
    for line in text.lines() {
        let Some((word, rest)) = line.trim().split_once(' ') else { continue };
        match word {
            "using" if quote(rest) => return Some(Bicep::Parameters),
            "targetScope" if rest.trim_start().strip_prefix('=').is_some_and(quote) => return Some(Bicep::Template),
            "resource" | "module" if rest.split_once(' ').is_some_and(|(_, rest)| quote(rest)) => {
                return Some(Bicep::Template);
            }
            _ => (),
        }
    }
    None
}

/// The kind of what these members make.
pub(super) fn kind(object: &Object) -> Option<Kind> {
    let get = |key: &str| object.get(key).map(|member| &member.value).filter(|value| !value.is_null());
    let text = |key: &str| get(key).and_then(Value::as_str);
    let properties = get("properties");

    if let Some(kind) = template(&get) {
        return Some(kind);
    }
    let changes =
        |value: &Value| value.as_array().is_some_and(|items| items.iter().all(|item| item.get("changeType").is_some()));
    if get("changes").or_else(|| properties?.get("changes")).is_some_and(changes) {
        return Some(Kind::WhatIf);
    }
    if get("predictedResources").is_some() {
        return Some(Kind::BicepSnapshot);
    }
    if let Some(kind) = kubernetes(&get) {
        return Some(kind);
    }
    if let Some(kind) = text("type").or_else(|| text("resourceType")).and_then(by_type) {
        return Some(kind);
    }
    if let Some(kind) = text("id").and_then(type_of_id).and_then(|name| by_type(&name)) {
        return Some(kind);
    }
    if get("services").and_then(Value::as_object).is_some_and(is_compose) {
        return Some(Kind::Compose);
    }
    if properties.is_some_and(|properties| properties.get("outputResources").is_some()) {
        return Some(Kind::DeploymentShow);
    }
    by_shape(&get, properties)
}

/// An ARM template or its parameters, by their schema, or by the members that they must have.
fn template<'v>(get: &impl Fn(&str) -> Option<&'v Value>) -> Option<Kind> {
    let schema = get("$schema").and_then(Value::as_str).unwrap_or("").to_ascii_lowercase();
    if schema.contains("deploymenttemplate.json") {
        return Some(Kind::ArmTemplate);
    }
    if schema.contains("deploymentparameters.json") {
        return Some(Kind::ArmParameters);
    }
    let versioned = get("contentVersion").is_some();
    let resources = get("resources").filter(|value| value.as_array().is_some() || value.as_object().is_some());
    let declared = |item: &Value| item.get("type").is_some() && item.get("apiVersion").is_some();
    let declares = |resources: &Value| match &resources.data {
        Data::Array(items) => items.iter().any(declared),
        Data::Object(object) => object.members.iter().any(|member| declared(&member.value)),
        _ => false,
    };
    if resources.is_some_and(|resources| versioned || declares(resources)) {
        return Some(Kind::ArmTemplate);
    }
    (versioned && get("parameters").is_some()).then_some(Kind::ArmParameters)
}

/// What a resource type is; `None` for what is no resource type.
fn by_type(name: &str) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    let (provider, rest) = name.split_once('/')?;
    let kind = match (provider, rest) {
        // Microsoft.Web is where Container Apps were in preview; files with that type are still about.
        ("microsoft.app" | "microsoft.web", "containerapps") => Kind::ContainerApp,
        ("microsoft.app", "jobs") => Kind::Job,
        ("microsoft.app", "sessionpools") => Kind::SessionPool,
        ("microsoft.containerinstance", "containergroups" | "containergroupprofiles") => Kind::ContainerGroup,
        ("microsoft.resources", "deployments") => Kind::DeploymentShow,
        ("microsoft.web", rest) if rest == "sites" || rest.starts_with("sites/") => Kind::WebSite,
        (provider, rest) if provider.contains('.') && !rest.is_empty() => Kind::Resource,
        _ => return None,
    };
    Some(kind)
}

/// The type in a resource id: the last provider and every other segment after it.
fn type_of_id(id: &str) -> Option<String> {
    let lower = id.to_ascii_lowercase();
    let (_, rest) = lower.rsplit_once("/providers/")?;
    let mut segments = rest.split('/');
    let provider = segments.next()?;
    let types: Vec<&str> = segments.step_by(2).collect();
    Some(format!("{provider}/{}", types.join("/")))
}

fn kubernetes<'v>(get: &impl Fn(&str) -> Option<&'v Value>) -> Option<Kind> {
    let text = |key: &str| get(key).and_then(Value::as_str);
    // A secret of Kubernetes has a type with a slash too: `kubernetes.io/dockerconfigjson`.
    if text("type").is_some_and(|name| name.to_ascii_lowercase().starts_with("microsoft.")) {
        return None;
    }
    match (text("apiVersion"), text("kind")) {
        (_, Some("Kustomization")) => Some(Kind::Kustomization),
        (Some(version), _) if version.starts_with("kustomize.config.k8s.io/") => Some(Kind::Kustomization),
        // Container Apps files have been seen with `kind: containerApp` and Resource Manager's versions, which are dates.
        (Some(version), Some(kind)) => {
            let sound = kind.starts_with(|first: char| first.is_ascii_uppercase())
                && !version.starts_with(|first: char| first.is_ascii_digit());
            sound.then_some(Kind::Kubernetes)
        }
        _ => is_kustomization(get).then_some(Kind::Kustomization),
    }
}

/// A kustomization needs neither version nor kind: https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
fn is_kustomization<'v>(get: &impl Fn(&str) -> Option<&'v Value>) -> bool {
    let list = |key: &str| get(key).and_then(Value::as_array).filter(|items| !items.is_empty());
    let files = |key: &str| list(key).is_some_and(|items| items.iter().all(|item| item.as_str().is_some()));
    let changed = |item: &Value| {
        item.get("name").is_some() && ["newTag", "newName", "digest"].iter().any(|key| item.get(key).is_some())
    };
    ["resources", "bases", "components"].iter().any(|key| files(key))
        || list("images").is_some_and(|items| items.iter().any(changed))
}

/// Whether these are services of compose; azd's `azure.yaml` has services too, which say their `host` and name no image.
fn is_compose(services: &Object) -> bool {
    let services = || services.members.iter().map(|member| &member.value);
    let azd = |service: &Value| service.get("host").is_some() && service.get("build").is_none();
    let service = |service: &Value| service.is_null() || service.as_object().is_some();
    services().all(service) && !services().any(azd)
}

/// A resource that does not say its type: partial files, and properties at the top (`az containerapp update --yaml`).
fn by_shape<'v>(get: &impl Fn(&str) -> Option<&'v Value>, properties: Option<&Value>) -> Option<Kind> {
    const JOB: &[&str] = &[
        "triggerType",
        "replicaTimeout",
        "replicaRetryLimit",
        "manualTriggerConfig",
        "scheduleTriggerConfig",
        "eventTriggerConfig",
    ];
    // The CLI also takes names of its Python model: `managed_environment_id`.
    let either = |key: &str| properties.and_then(|properties| properties.get(key)).or_else(|| get(key));
    let any = |keys: &[&str]| keys.iter().any(|key| either(key).is_some());
    let configuration = either("configuration");
    let has = |keys: &[&str]| {
        configuration.is_some_and(|configuration| keys.iter().any(|key| configuration.get(key).is_some()))
    };

    if properties.and_then(|properties| properties.get("mode")).is_some() {
        // The body of a request to deploy: what it deploys is in a template or behind a link.
        return None;
    }
    if has(JOB) {
        return Some(Kind::Job);
    }
    if any(&["customContainerTemplate", "poolManagementType"]) {
        return Some(Kind::SessionPool);
    }
    if any(&["siteConfig", "linuxFxVersion", "windowsFxVersion"]) {
        return Some(Kind::WebSite);
    }
    let containers = either("containers").and_then(Value::as_array);
    if containers.is_some_and(|items| items.iter().any(|item| item.path(&["properties", "image"]).is_some())) {
        return Some(Kind::ContainerGroup);
    }
    if properties.is_none()
        && get("template").is_none()
        && (containers.is_some() || get("initContainers").is_some() || get("init_containers").is_some())
    {
        return Some(Kind::JobExecution);
    }
    let template = either("template").is_some_and(|template| template.as_object().is_some());
    let environment = any(&["environmentId", "managedEnvironmentId", "environment_id", "managed_environment_id"]);
    let app = template || configuration.is_some_and(|value| value.as_object().is_some()) || environment;
    (app || properties.is_some_and(|properties| resembles_app(properties, get))).then_some(Kind::ContainerApp)
}

/// Whether properties without a known key are an app's whose keys are misspelt: a finding says so better than a refusal.
fn resembles_app<'v>(properties: &Value, get: &impl Fn(&str) -> Option<&'v Value>) -> bool {
    const KEYS: &[&str] = &["template", "configuration", "environmentid", "managedenvironmentid"];
    let Some(properties) = properties.as_object() else { return false };
    let near = |key: &str| KEYS.iter().any(|known| strsim::osa_distance(known, &key.to_ascii_lowercase()) <= 2);
    let misspelt = properties.members.iter().any(|member| member.key.len() <= 24 && near(&member.key));
    misspelt || (get("type").is_none() && (get("location").is_some() || get("identity").is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::bytes::Encoding;
    use crate::load::{Document, LoadError, document};
    use crate::source::Sources;

    fn read(text: &str) -> Result<Document, LoadError> {
        let mut sources = Sources::default();
        let file = sources.add("x", text);
        document("x".to_owned(), file, Encoding::Utf8, &sources)
    }

    #[track_caller]
    fn is(text: &str, expected: &[Kind]) {
        let document = read(text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(document.parts.iter().map(|part| part.kind).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn templates_and_parameters() {
        let schema =
            |name: &str| format!(r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/{name}#"}}"#);
        is(&schema("deploymentTemplate.json"), &[Kind::ArmTemplate]);
        is(&schema("subscriptionDeploymentTemplate.json"), &[Kind::ArmTemplate]);
        is(&schema("deploymentParameters.json"), &[Kind::ArmParameters]);
        is(r#"{"contentVersion": "1.0.0.0", "resources": {}}"#, &[Kind::ArmTemplate]);
        is(r#"{"resources": [{"type": "A.B/c", "apiVersion": "2020-01-01"}]}"#, &[Kind::ArmTemplate]);
        is(r#"{"contentVersion": "1.0.0.0", "parameters": {}}"#, &[Kind::ArmParameters]);
    }

    #[test]
    fn container_apps_and_jobs_in_every_shape() {
        is("type: microsoft.app/containerapps", &[Kind::ContainerApp]);
        is("type: Microsoft.App/jobs", &[Kind::Job]);
        is("properties: {template: {revisionSuffix: a}}", &[Kind::ContainerApp]);
        is("template: {containers: []}\nconfiguration: {registries: []}", &[Kind::ContainerApp]);
        is("managedEnvironmentId: /x", &[Kind::ContainerApp]);
        is("properties: {configuration: {replicaTimeout: 300}}", &[Kind::Job]);
        is("configuration: {triggerType: Manual}\ntemplate: {}", &[Kind::Job]);
        is("containers: [{image: a, name: b}]", &[Kind::JobExecution]);
        is("apiVersion: '2024-05-01'\nkind: containerApp\nproperties: {template: {}}", &[Kind::ContainerApp]);
        is(
            "kind: functionapp\nname: x\ntype: Microsoft.App/containerApps\napiVersion: 2024-03-01",
            &[Kind::ContainerApp],
        );
        is("location: westeurope\nproperties: {templates: {}}", &[Kind::ContainerApp]);
        is("properties: {configuraton: {}}", &[Kind::ContainerApp]);
        is(
            r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/a"}"#,
            &[Kind::ContainerApp],
        );
        is("properties: {poolManagementType: Dynamic}", &[Kind::SessionPool]);
        is(
            r#"[{"type": "Microsoft.App/containerApps"}, {"type": "Microsoft.App/jobs"}]"#,
            &[Kind::ContainerApp, Kind::Job],
        );
        is(r#"{"value": [{"type": "Microsoft.App/containerApps"}], "nextLink": null}"#, &[Kind::ContainerApp]);
    }

    #[test]
    fn results_of_tools() {
        is(r#"{"status": "Succeeded", "changes": [{"changeType": "Create"}]}"#, &[Kind::WhatIf]);
        is(r#"{"status": "Succeeded", "properties": {"changes": []}}"#, &[Kind::WhatIf]);
        is(r#"{"predictedResources": [], "diagnostics": []}"#, &[Kind::BicepSnapshot]);
        is(r#"{"type": "Microsoft.Resources/deployments", "properties": {"outputs": {}}}"#, &[Kind::DeploymentShow]);
        is(r#"{"name": "x", "properties": {"outputResources": [], "mode": "Incremental"}}"#, &[Kind::DeploymentShow]);
        is(r#"{"type": "Microsoft.ContainerRegistry/registries"}"#, &[Kind::Resource]);
        let recorded = r#"{"parameters": {"api-version": "1", "body": {"properties": {"mode": "Incremental"}}},
            "responses": {"202": {}, "200": {"body": {"properties": {"changes": []}}}}}"#;
        is(recorded, &[Kind::WhatIf]);
    }

    #[test]
    fn other_hosts() {
        is("type: Microsoft.ContainerInstance/containerGroups", &[Kind::ContainerGroup]);
        is("properties: {containers: [{name: a, properties: {image: b}}]}", &[Kind::ContainerGroup]);
        is(r#"{"type": "Microsoft.Web/sites/slots"}"#, &[Kind::WebSite]);
        is(r#"{"name": "x", "siteConfig": {"linuxFxVersion": "DOCKER|a"}}"#, &[Kind::WebSite]);
        is("services: {web: {image: a}, api: {build: .}, db: }", &[Kind::Compose]);
        is(
            "apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Secret\ntype: kubernetes.io/dockerconfigjson",
            &[Kind::Kubernetes; 2],
        );
        is("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization", &[Kind::Kustomization]);
        is("resources: [base.yaml]\nimages: [{name: a, newTag: b}]", &[Kind::Kustomization]);
    }

    #[test]
    fn bicep_is_told_by_what_it_says_or_its_name() {
        assert_eq!(bicep("main.bicep", ""), Some(Bicep::Template));
        assert_eq!(bicep("prod.BicepParam", ""), Some(Bicep::Parameters));
        assert_eq!(bicep("-", "// c\nusing 'main.bicep'\n"), Some(Bicep::Parameters));
        assert_eq!(bicep("-", "param x string\nresource a 'Microsoft.App/jobs@2024-03-01' = {"), Some(Bicep::Template));
        assert_eq!(bicep("main.bicep", "{\"$schema\": \"\"}"), None);
        assert_eq!(bicep("é", "resource: 'x'\nusing: a"), None);
    }
}
