//! From documents to one manifest: every document goes to the reader of its kind.

use crate::load::{Document, Kind, Part};
use crate::source::Span;
use crate::template::{Context, Given, Source};
use crate::value::Value;

use super::kubernetes::Object;
use super::{
    Manifest, Origin, PlannedResource, compose, kubernetes, parameters, resource, snapshot, template, unresolved,
    what_if,
};

/// What the command line says about the deployment.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Subscription, resource group, location … as far as they were stated.
    pub context: Context,
    /// Parameters of templates; those of documents that are parameters files come before them.
    pub given: Given,
}

/// Reads all documents as one deployment: a secret, a parameters file or an overlay may be in another file than what it is for.
/// Templates are taken out of their documents: what they expand to shares what it can with them, and the rest need not stay.
pub fn read(documents: &mut [Document], options: &Options) -> Manifest {
    let mut manifest = Manifest { cloud: options.context.cloud, ..Manifest::default() };
    let given = given(documents, options);
    parameters::report_tokens(&given, &mut manifest);
    let (mut resources, mut objects) = (Vec::new(), Vec::new());
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
            kind => resources.push(PlannedResource::of_document(value, type_of(*kind))),
        }
    }
    for resource in &mut resources {
        // A live registry or identity beside a manifest is there already; nothing deploys it.
        resource.existing = origin(resource) == Origin::Live && !resource::runs_containers(&resource.kind);
    }
    resource::add_all(&mut manifest, resources, origin);
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
