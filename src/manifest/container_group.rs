//! Container groups of Azure Container Instances: of a template, of the YAML that `az container create --file` takes, as shown.

use crate::evidence::Platform;
use crate::value::{Member, Value};

use super::containers::{self, Nesting};
use super::keys;
use super::list::{Entries, branches, elements, entries};
use super::resource::blank;
use super::spelling::{Form, expect, inspect, member, written};
use super::{Container, Host, Origin, PlannedResource, Problem, Registries, RegistryEntry, Workload};

/// Reads a container group or a profile of one.
pub(super) fn read(resource: &PlannedResource, origin: Origin) -> Workload {
    let kind = match resource.kind.ends_with("profiles") {
        true => "Microsoft.ContainerInstance/containerGroupProfiles",
        false => "Microsoft.ContainerInstance/containerGroups",
    };
    let properties = written(&resource.body, "properties");
    let mut workload = blank(resource, Host::ContainerGroup, kind, origin);
    let Some(properties) = properties else { return workload };
    workload.containers = branches(&properties.value).into_iter().flat_map(containers_of).collect();
    let list = written(&properties.value, "imageRegistryCredentials").filter(|member| !member.value.is_null());
    workload.registries = registries(list, &properties.value);
    workload.registries.at.get_or_insert(properties.key_at);
    workload
}

/// What is misspelt or misplaced in the declaration of a container group.
pub(super) fn problems(body: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(identity) = member(body, "identity") {
        inspect(identity, &keys::IDENTITY, &mut problems);
    }
    let Some(properties) = member(body, "properties") else { return problems };
    inspect(properties, &keys::GROUP_PROPERTIES, &mut problems);
    for key in ["containers", "initContainers", "imageRegistryCredentials"] {
        expect(properties, key, Form::List, &mut problems);
    }
    for entry in elements(member(properties, "imageRegistryCredentials")).items {
        inspect(entry, &keys::GROUP_REGISTRY, &mut problems);
    }
    for item in elements(member(properties, "containers")).items {
        if let Some(inner) = member(item, "properties") {
            expect(inner, "image", Form::Text, &mut problems);
        }
    }
    problems
}

fn containers_of(properties: &Value) -> Vec<Container> {
    let windows = member(properties, "osType").and_then(Value::as_str).is_some_and(|os| os.eq_ignore_ascii_case("windows"));
    let os = if windows { "windows" } else { "linux" };
    let platform = Platform { os: os.to_owned(), architecture: "amd64".to_owned() };
    let read = |list, init| containers::read(list, init, Nesting::Properties, &platform);
    if properties.as_unknown().is_some() {
        return read(Some(properties), false);
    }
    let mut containers = read(member(properties, "initContainers"), true);
    containers.extend(read(member(properties, "containers"), false));
    containers
}

fn registries(list: Option<&Member>, holder: &Value) -> Registries {
    let Entries { entries, at, unknown } = entries(list, Some(holder), entry);
    Registries { entries, at, unknown }
}

fn entry(value: &Value) -> RegistryEntry {
    RegistryEntry {
        server: member(value, "server").cloned(),
        identity: member(value, "identity").cloned(),
        username: member(value, "username").cloned(),
        password_secret: None,
        password: member(value, "password").cloned(),
        at: value.at,
    }
}
