//! Azure resources as workloads: which types run containers, and what all of them have in common.

use std::rc::Rc;

use crate::source::Text;
use crate::value::{Unknown, Value};

use super::spelling::{member, written};
use super::{
    Condition, Host, Identity, Manifest, Origin, PlannedResource, Problem, Registries, Secrets, Workload,
    container_app, container_group, identity, web_site,
};

/// The workload that a resource is; `None` when it runs no containers. `others` are the resources of the same deployment: the
/// settings of a web site can be resources of their own.
pub(super) fn workload(resource: &PlannedResource, others: &[PlannedResource], origin: Origin) -> Option<Workload> {
    match resource.kind.as_str() {
        "microsoft.app/containerapps"
        | "microsoft.app/jobs"
        | "microsoft.app/sessionpools"
        | "microsoft.app/containerapps/revisions" => Some(container_app::read(resource, origin)),
        "microsoft.containerinstance/containergroups" | "microsoft.containerinstance/containergroupprofiles" => {
            Some(container_group::read(resource, origin))
        }
        "microsoft.web/sites" | "microsoft.web/sites/slots" => web_site::read(resource, others, origin),
        "microsoft.web/sites/config" | "microsoft.web/sites/slots/config" => {
            web_site::read_config(resource, others, origin)
        }
        // The preview of 2021 (facts: the type is gone, templates of it are still around).
        "microsoft.web/containerapps" => Some(container_app::read(resource, origin)),
        _ => None,
    }
}

/// Whether resources of a type can run containers.
pub(super) fn runs_containers(kind: &str) -> bool {
    const PREFIXES: [&str; 3] = ["microsoft.app/", "microsoft.containerinstance/", "microsoft.web/"];
    PREFIXES.iter().any(|prefix| kind.starts_with(prefix)) && kind != "microsoft.app/managedenvironments"
}

/// Adds resources of one deployment: those that run containers as workloads too, and what is misspelt in their declarations
/// unless Azure itself wrote them.
pub(super) fn add_all(
    manifest: &mut Manifest,
    resources: Vec<PlannedResource>,
    origin: impl Fn(&PlannedResource) -> Origin,
) {
    for resource in resources.iter().filter(|resource| !resource.existing) {
        if let Some(workload) = workload(resource, &resources, origin(resource)) {
            add(manifest, resource, workload);
        }
    }
    Rc::make_mut(&mut manifest.planned).resources.extend(resources);
}

/// The type in an id, in lower case: the last provider and every other segment behind it.
pub(super) fn kind_of_id(id: &Value) -> String {
    let id = id.partial().unwrap_or_default().to_ascii_lowercase();
    let Some((_, rest)) = id.rsplit_once("/providers/") else {
        let group = id.contains("/resourcegroups/");
        return if group { "microsoft.resources/resourcegroups" } else { "" }.to_owned();
    };
    let mut segments = rest.split('/');
    let provider = segments.next().unwrap_or_default();
    std::iter::once(provider).chain(segments.step_by(2)).collect::<Vec<_>>().join("/")
}

fn add(manifest: &mut Manifest, resource: &PlannedResource, workload: Workload) {
    if matches!(workload.origin, Origin::Declared | Origin::Partial) {
        let problems = match workload.host {
            Host::ContainerApp | Host::Job => container_app::problems(&resource.body),
            Host::ContainerGroup => container_group::problems(&resource.body),
            _ => Vec::new(),
        };
        let name = workload.display_name();
        for problem in problems {
            manifest.add_problem(Problem { workload: Some(name.clone()), ..problem });
        }
    }
    manifest.workloads.push(Rc::new(workload));
}

/// A workload with what every resource has; the readers add what is theirs.
pub(super) fn blank(resource: &PlannedResource, host: Host, kind: &str, origin: Origin) -> Workload {
    let body = &resource.body;
    let block = written(body, "identity").filter(|member| !member.value.is_null());
    let identity =
        Identity { at: block.map(|member| member.key_at), ..identity::read(block.map(|member| &member.value)) };
    Workload {
        host,
        kind: kind.to_owned(),
        name: resource.name.clone(),
        id: Some(resource.id.clone()).filter(|id| id.partial().is_some_and(|id| id.starts_with('/'))),
        api_version: member(body, "apiVersion").and_then(Value::as_str).map(str::to_owned),
        condition: resource.condition.clone(),
        scope: resource.id.partial().and_then(|id| scope(&id)),
        location: member(body, "location").cloned(),
        containers: Vec::new(),
        registries: Registries::default(),
        identity,
        secrets: Secrets::default(),
        environment: None,
        body: body.clone(),
        depends_on: resource.depends_on.clone(),
        origin,
        at: resource.at,
    }
}

impl PlannedResource {
    /// A resource that a document declares or shows by itself. `kind` is its type where the document does not say it.
    pub(super) fn of_document(body: &Value, kind: &str) -> PlannedResource {
        let id = member(body, "id").or_else(|| member(body, "resourceId"));
        let id = id.cloned().unwrap_or_else(|| Value::null(body.at));
        let nameless = || Unknown::new("name", "the file does not name the resource: the command line does");
        // An id ends in the name, and in nothing else.
        let named = || {
            Some(Value { data: id.data.clone(), ..id.clone() }).filter(|id| id.as_str().is_some()).map(|id| tail(&id))
        };
        let name = member(body, "name").cloned().or_else(named);
        PlannedResource {
            kind: member(body, "type").and_then(Value::as_str).unwrap_or(kind).to_ascii_lowercase(),
            name: name.unwrap_or_else(|| Value::unknown(nameless(), body.at)),
            id,
            scope: None,
            body: body.clone(),
            existing: false,
            condition: Condition::Always,
            depends_on: Vec::new(),
            at: body.at,
        }
    }
}

/// The last segment of an id, at the place of the id.
fn tail(id: &Value) -> Value {
    let text = id.as_str().unwrap_or_default();
    let name = text.rsplit('/').next().unwrap_or_default();
    Value::string(Text::from(name.to_owned()), id.at)
}

/// The subscription or resource group in an id.
fn scope(id: &str) -> Option<String> {
    let end = id.to_ascii_lowercase().find("/providers/")?;
    Some(id[..end].to_owned()).filter(|scope| !scope.is_empty())
}
