//! From documents to one manifest: every document goes to the reader of its kind.

use crate::load::{Document, Kind, Part};
use crate::source::Span;
use crate::template::{Context, Given, Source};
use crate::value::Value;

use super::kubernetes::Object;
use super::{
    Asked, Manifest, Origin, PlannedResource, Problem, compose, container_app, kubernetes, overlay, parameters,
    resource, snapshot, template, unresolved, what_if,
};

/// What the command line says about the deployment.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Subscription, resource group, location … as far as they were stated.
    pub context: Context,
    /// Parameters of templates; those of documents that are parameters files come before them.
    pub given: Given,
    /// The live resources that the operation meets.
    pub live: Vec<Asked>,
}

/// Reads all documents as one deployment: a secret, a parameters file or an overlay may be in another file than what it is for.
/// Templates are taken out of their documents: what they expand to shares what it can with them, and the rest need not stay.
pub fn read(documents: &mut [Document], options: &Options) -> Manifest {
    let live = options.live.iter().map(Asked::read).collect();
    let mut manifest = Manifest { cloud: options.context.cloud, live, ..Manifest::default() };
    let given = given(documents, options);
    parameters::report_tokens(&given, &mut manifest);
    let (mut resources, mut updated, mut objects) = (Vec::new(), Vec::new(), Vec::new());
    let parts = documents.iter().flat_map(|document| document.parts.iter().map(move |part| (document, part)));
    for (document, Part { kind, value }) in parts {
        match kind {
            Kind::ArmParameters | Kind::ArmTemplate => {}
            Kind::WhatIf => what_if::read(value, &options.context, &mut manifest),
            Kind::BicepSnapshot => snapshot::read(value, &options.context, &mut manifest),
            Kind::DeploymentShow => snapshot::deployed(value, &mut manifest),
            Kind::Compose => compose::read(value, &mut manifest),
            Kind::Kubernetes | Kind::Kustomization => {
                objects.push(Object { value, path: &document.path, overlay: *kind == Kind::Kustomization });
            }
            kind => {
                let resource = PlannedResource::of_document(value, type_of(*kind));
                let live = options.live.iter().find(|live| live.is_met_by(&resource)).map(|live| &live.body);
                match live {
                    Some(Ok(live)) => updated.push(laid_over(live, &resource, &mut manifest)),
                    Some(Err(_)) | None => resources.push(resource),
                }
            }
        }
    }
    for resource in &mut resources {
        // A live registry or identity beside a manifest is there already; nothing deploys it.
        resource.existing = origin(resource) == Origin::Live && !resource::runs_containers(&resource.kind);
    }
    resource::add_all(&mut manifest, resources, origin);
    resource::add_all(&mut manifest, updated, |_| Origin::Updated);
    kubernetes::read(&objects, &mut manifest);
    manifest.unknown = unresolved::of(&manifest);
    // Templates tell themselves what is not known in them.
    let parts = documents.iter_mut().flat_map(|document| &mut document.parts);
    for part in parts.filter(|part| part.kind == Kind::ArmTemplate) {
        let template = std::mem::replace(&mut part.value, Value::null(Span::NONE));
        template::read(template, &given, &options.context, &mut manifest);
    }
    manifest
}

/// The resource as the update leaves it; what is misspelt in the file is told of the file.
fn laid_over(live: &Value, file: &PlannedResource, manifest: &mut Manifest) -> PlannedResource {
    let resource = PlannedResource::of_document(&overlay::patch(live, &file.body), "");
    let name = resource.name.as_str().map(str::to_owned);
    for problem in container_app::problems(&file.body) {
        manifest.add_problem(Problem { workload: name.clone(), ..problem });
    }
    PlannedResource { at: file.at, ..resource }
}

fn given(documents: &[Document], options: &Options) -> Given {
    let parts = documents.iter().flat_map(|document| &document.parts);
    let files = parts.filter(|part| part.kind == Kind::ArmParameters).map(|part| Source::File(part.value.clone()));
    Given { sources: files.chain(options.given.sources.iter().cloned()).collect(), ..options.given.clone() }
}

/// The type of a resource whose document does not say it.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Job | Kind::JobExecution => "Microsoft.App/jobs",
        Kind::SessionPool => "Microsoft.App/sessionPools",
        Kind::ContainerGroup => "Microsoft.ContainerInstance/containerGroups",
        Kind::WebSite => "Microsoft.Web/sites",
        Kind::ContainerApp => "Microsoft.App/containerApps",
        _ => "",
    }
}

/// Whether a document shows what is there or says what is to be. `create --yaml` needs an environment, so that a file without one
/// can only be laid over an app that has one.
fn origin(resource: &PlannedResource) -> Origin {
    let body = &resource.body;
    let written = |key: &str| body.get(key).or_else(|| body.get("properties")?.get(key)).is_some();
    if body.get("id").or_else(|| body.get("resourceId")).and_then(Value::as_str).is_some_and(|id| id.starts_with('/'))
        || written("provisioningState")
        || written("systemData")
    {
        return Origin::Live;
    }
    let environments = ["environmentId", "managedEnvironmentId", "environment_id", "managed_environment_id"];
    match resource.kind.starts_with("microsoft.app/") && !environments.iter().any(|key| written(key)) {
        true => Origin::Partial,
        false => Origin::Declared,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::bytes::Encoding;
    use crate::load;
    use crate::manifest::Host;
    use crate::source::Sources;

    const LIVE: &str = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/api", "name": "api",
        "type": "Microsoft.App/containerApps", "location": "x", "properties": {"environmentId": "/e", "configuration": {
        "registries": [{"server": "acme.azurecr.io", "identity": "system"}]},
        "template": {"containers": [{"name": "api", "image": "acme.azurecr.io/api:1"}]}}}"#;

    /// The workloads of a file that meets the live app, a line each, and the codes of its problems.
    fn meets(file: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let mut read = |path: &str, text: &str| {
            let file = sources.add(path, text);
            load::document(path.to_owned(), file, Encoding::Utf8, &sources).unwrap()
        };
        let (live, document) = (read("live", LIVE), read("file", file));
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/api".to_owned();
        let asked =
            Asked { id, name: "api".to_owned(), host: Host::ContainerApp, body: Ok(live.parts[0].value.clone()) };
        let manifest = super::read(&mut [document], &Options { live: vec![asked], ..Options::default() });
        let line = |workload: &std::rc::Rc<crate::manifest::Workload>| {
            let images: Vec<String> =
                workload.containers.iter().filter_map(|one| one.image.as_ref()?.partial()).collect();
            let entries = workload.registries.entries.len();
            let is_met = manifest.live_of(workload).is_some();
            format!("{:?} {} {images:?} {entries} {is_met}", workload.origin, workload.display_name())
        };
        let problems = manifest.problems.iter().map(|problem| problem.code.to_owned());
        manifest.workloads.iter().map(line).chain(problems).collect()
    }

    #[test]
    fn a_file_of_the_cli_is_laid_over_the_live_app() {
        let file = "template: {containers: [{name: api, image: 'acme.azurecr.io/api:2'}]}";
        assert_eq!(meets(file), [r#"Updated api ["acme.azurecr.io/api:2"] 1 true"#]);
        assert_eq!(meets(&format!("name: api\n{file}")), [r#"Updated api ["acme.azurecr.io/api:2"] 1 true"#]);
    }

    #[test]
    fn a_file_of_another_app_stands_for_itself() {
        let file = "name: web\ntemplate: {containers: [{name: web, image: 'acme.azurecr.io/web:2'}]}";
        assert_eq!(meets(file), [r#"Partial web ["acme.azurecr.io/web:2"] 0 false"#]);
        let job = "configuration: {triggerType: Manual}\ntemplate: {containers: [{name: api, image: nginx}]}";
        assert_eq!(meets(job), [r#"Partial (unnamed) ["nginx"] 0 false"#]);
    }

    #[test]
    fn what_is_misspelt_is_told_of_the_file() {
        let file = "template: {container: [{name: api}]}";
        assert_eq!(meets(file), [r#"Updated api ["acme.azurecr.io/api:1"] 1 true"#, "key-unknown"]);
    }

    #[test]
    fn a_template_replaces_what_it_meets() {
        let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1", "resources": [{"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "api",
            "properties": {"template": {"containers": [{"name": "api", "image": "acme.azurecr.io/api:2"}]}}}]}"#;
        assert_eq!(meets(template), [r#"Declared api ["acme.azurecr.io/api:2"] 0 true"#]);
    }
}
