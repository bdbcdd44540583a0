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
    let mut workload = blank(resource, Host::ContainerGroup, kind, origin);
    let nested = written(&resource.body, "properties");
    // `az container show` prints the properties at the top level.
    let properties = nested.map_or(&resource.body, |member| &member.value);
    workload.containers = branches(properties).into_iter().flat_map(containers_of).collect();
    let list = written(properties, "imageRegistryCredentials").filter(|member| !member.value.is_null());
    workload.registries = registries(list, properties);
    workload.registries.at.get_or_insert(nested.map_or(resource.at, |member| member.key_at));
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
    let windows =
        member(properties, "osType").and_then(Value::as_str).is_some_and(|os| os.eq_ignore_ascii_case("windows"));
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

fn entry(value: &Value, perhaps: bool) -> RegistryEntry {
    RegistryEntry {
        server: member(value, "server").cloned(),
        identity: member(value, "identity").cloned(),
        username: member(value, "username").cloned(),
        password_secret: None,
        password: member(value, "password").cloned(),
        perhaps,
        at: value.at,
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::{lines, manifest, problems};

    const GROUP: &str = "
type: Microsoft.ContainerInstance/containerGroups
name: stamps
identity: {type: UserAssigned, userAssignedIdentities: {/subscriptions/s/id-stamps: {}}}
properties:
  osType: Windows
  imageRegistryCredentials:
  - {server: acme.azurecr.io, identity: /subscriptions/s/id-stamps}
  - {server: ghcr.io, username: bot, password: pass}
  initContainers: [{name: wait, properties: {image: busybox}}]
  containers: [{name: stamps, properties: {image: 'acme.azurecr.io/stamps:6'}}]
";

    #[test]
    fn images_are_in_the_properties_of_containers() {
        assert_eq!(
            lines(GROUP),
            [
                "Microsoft.ContainerInstance/containerGroups stamps",
                "init wait busybox",
                "container stamps acme.azurecr.io/stamps:6",
                "registry acme.azurecr.io by identity /subscriptions/s/id-stamps",
                "registry ghcr.io as bot with a password",
                "identity UserAssigned",
                "/subscriptions/s/id-stamps",
            ]
        );
        assert!(problems(GROUP).is_empty());
    }

    #[test]
    fn what_the_cli_shows_has_its_properties_at_the_top() {
        let shown = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerInstance/containerGroups/a", "name": "a",
            "type": "Microsoft.ContainerInstance/containerGroups", "osType": "Linux", "containers": [{"name": "c", "image": "nginx:1"}],
            "imageRegistryCredentials": [{"server": "ghcr.io", "username": "u", "password": null}]}"#;
        assert_eq!(
            lines(shown),
            ["Microsoft.ContainerInstance/containerGroups a (live)", "container c nginx:1", "registry ghcr.io as u"]
        );
    }

    #[test]
    fn the_platform_follows_the_operating_system() {
        let (groups, _) = manifest(&[("file", GROUP)]);
        assert_eq!(groups.workloads[0].containers[0].platform.to_string(), "windows/amd64");
        let (groups, _) = manifest(&[("file", &GROUP.replace("Windows", "Linux"))]);
        assert_eq!(groups.workloads[0].containers[0].platform.to_string(), "linux/amd64");
    }

    #[test]
    fn the_keys_of_container_apps_are_not_those_of_groups() {
        assert_eq!(
            problems(&GROUP.replace("imageRegistryCredentials", "registries")),
            ["7: `registries` is no key of `properties`: it is ignored; did you mean `imageRegistryCredentials`?"]
        );
    }
}
