//! Container apps, jobs and session pools: of a template, of the YAML that the Azure CLI takes, and as the API shows them.
//!
//! The CLI accepts `properties` left out, with its members at the top level, where they win over nested ones; and the old
//! `managedEnvironmentId` (azure-cli 2.91.0, containerapp: `process_loaded_yaml`).

use crate::evidence::Platform;
use crate::value::{Member, Value};

use super::containers::{self, Nesting};
use super::keys;
use super::list::{Entries, branches, elements, entries};
use super::resource::blank;
use super::spelling::{Form, expect, inspect, member, written};
use super::{Host, Origin, PlannedResource, Problem, Registries, RegistryEntry, Secret, Secrets, Workload};

/// Reads an app, a job, a session pool or a revision.
pub(super) fn read(resource: &PlannedResource, origin: Origin) -> Workload {
    let (host, kind) = match resource.kind.as_str() {
        "microsoft.app/jobs" => (Host::Job, "Microsoft.App/jobs"),
        "microsoft.app/sessionpools" => (Host::SessionPool, "Microsoft.App/sessionPools"),
        _ => (Host::ContainerApp, "Microsoft.App/containerApps"),
    };
    let body = &resource.body;
    let template = template(body, host);
    let configuration = section(body, "configuration");
    let mut workload = blank(resource, host, kind, origin);
    workload.environment = ["environmentId", "managedEnvironmentId"]
        .into_iter()
        .filter_map(|key| section(body, key))
        .map(|member| member.value.clone())
        .find(|value| value.as_str() != Some(""));
    workload.containers = template.map(template_containers).unwrap_or_default();
    workload.registries = match host {
        Host::SessionPool => {
            registries(template.and_then(|template| written(template, "registryCredentials")), template)
        }
        _ => registries(
            configuration.and_then(|configuration| written(&configuration.value, "registries")),
            configuration.map(|configuration| &configuration.value),
        ),
    };
    workload.registries.at.get_or_insert(configuration.map_or(resource.at, |configuration| configuration.key_at));
    if resource.kind.ends_with("/revisions") {
        workload
            .registries
            .unknown
            .get_or_insert_with(|| "a revision does not tell the registries of its app".to_owned());
    }
    workload.secrets = match host {
        Host::SessionPool => secrets(section(body, "secrets"), None),
        _ => secrets(
            configuration.and_then(|configuration| written(&configuration.value, "secrets")),
            configuration.map(|configuration| &configuration.value),
        ),
    };
    workload
}

/// What is misspelt or misplaced in the declaration of an app or a job.
pub(super) fn problems(body: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    inspect(body, if is_execution(body) { &keys::TEMPLATE } else { &keys::APP }, &mut problems);
    if let Some(properties) = member(body, "properties") {
        inspect(properties, &keys::APP_PROPERTIES, &mut problems);
    }
    if let Some(identity) = member(body, "identity") {
        inspect(identity, &keys::IDENTITY, &mut problems);
        expect(identity, "userAssignedIdentities", Form::Map, &mut problems);
    }
    if let Some(configuration) = section(body, "configuration") {
        configuration_problems(&configuration.value, &mut problems);
    }
    if let Some(template) = section(body, "template") {
        inspect(&template.value, &keys::TEMPLATE, &mut problems);
        container_problems(&template.value, &mut problems);
    }
    problems
}

/// What is wrong with the keys and forms of lists of containers.
pub(super) fn container_problems(holder: &Value, problems: &mut Vec<Problem>) {
    for key in ["initContainers", "containers"] {
        expect(holder, key, Form::List, problems);
        for item in elements(member(holder, key)).items {
            inspect(item, &keys::CONTAINER, problems);
            expect(item, "image", Form::Text, problems);
        }
    }
}

fn configuration_problems(configuration: &Value, problems: &mut Vec<Problem>) {
    inspect(configuration, &keys::CONFIGURATION, problems);
    for (key, level) in [("registries", &keys::REGISTRY), ("secrets", &keys::SECRET)] {
        expect(configuration, key, Form::List, problems);
        for entry in elements(member(configuration, key)).items {
            inspect(entry, level, problems);
        }
    }
}

/// A member of the resource's properties, wherever it is written. Properties that are not known as a whole stand for it.
fn section<'v>(body: &'v Value, key: &str) -> Option<&'v Member> {
    let properties = || written(body, "properties");
    let nested = || match properties()? {
        unknown if unknown.value.as_unknown().is_some() => Some(unknown),
        known => written(&known.value, key),
    };
    written(body, key).filter(|member| !member.value.is_null()).or_else(nested).filter(|member| !member.value.is_null())
}

/// What holds the containers. The override of a job's execution (`az containerapp job start --yaml`) holds them itself.
fn template(body: &Value, host: Host) -> Option<&Value> {
    let key = if host == Host::SessionPool { "customContainerTemplate" } else { "template" };
    let section = section(body, key).map(|member| &member.value);
    section.or_else(|| is_execution(body).then_some(body))
}

/// Whether it holds containers and nothing of an app or a job around them.
fn is_execution(body: &Value) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| member(body, key).is_some());
    has(&["containers", "initContainers"]) && !has(&["properties", "configuration", "template"])
}

fn template_containers(template: &Value) -> Vec<super::Container> {
    let platform = Platform::linux_amd64();
    let read = |list, init| containers::read(list, init, Nesting::Flat, &platform);
    let mut containers = Vec::new();
    for branch in branches(template) {
        if branch.as_unknown().is_some() {
            containers.extend(read(Some(branch), false));
            continue;
        }
        containers.extend(read(member(branch, "initContainers"), true));
        containers.extend(read(member(branch, "containers"), false));
    }
    containers
}

fn registries(list: Option<&Member>, holder: Option<&Value>) -> Registries {
    let Entries { entries, at, unknown } = entries(list, holder, entry);
    Registries { entries, at, unknown }
}

fn entry(value: &Value, perhaps: bool) -> RegistryEntry {
    RegistryEntry {
        server: member(value, "server").cloned(),
        identity: member(value, "identity").cloned(),
        username: member(value, "username").cloned(),
        password_secret: member(value, "passwordSecretRef").cloned(),
        password: None,
        perhaps,
        at: value.at,
    }
}

fn secrets(list: Option<&Member>, holder: Option<&Value>) -> Secrets {
    let Entries { entries, at, unknown } = entries(list, holder, secret);
    Secrets { entries, at, unknown }
}

fn secret(value: &Value, _: bool) -> Secret {
    Secret {
        name: member(value, "name").cloned(),
        value: member(value, "value").cloned(),
        key_vault_url: member(value, "keyVaultUrl").cloned(),
        identity: member(value, "identity").cloned(),
        at: value.at,
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::{lines, problems};

    const NESTED: &str = "
name: api
identity: {type: 'systemassigned, UserAssigned', userAssignedIdentities: {/subscriptions/s/id-a: {}}}
properties:
  environmentId: /e
  configuration:
    registries:
    - {server: acme.azurecr.io, identity: system, username: '', passwordSecretRef: ''}
    - {server: ghcr.io, username: bot, passwordSecretRef: token}
  template:
    initContainers: [{name: wait, image: busybox}]
    containers: [{name: api, image: 'acme.azurecr.io/api:1'}]
";
    const SHOWN: [&str; 7] = [
        "Microsoft.App/containerApps api",
        "init wait busybox",
        "container api acme.azurecr.io/api:1",
        "registry acme.azurecr.io by identity system",
        "registry ghcr.io as bot with secret token",
        "identity SystemAssigned, UserAssigned",
        "/subscriptions/s/id-a",
    ];

    #[test]
    fn properties_may_be_left_out() {
        let flat: Vec<&str> = NESTED.lines().filter(|line| !line.starts_with("properties")).collect();
        let flat: Vec<&str> = flat.iter().map(|line| line.strip_prefix("  ").unwrap_or(line)).collect();
        assert_eq!(lines(NESTED), SHOWN);
        assert_eq!(lines(&flat.join("\n")), SHOWN);
    }

    #[test]
    fn keys_may_be_in_snake_case_and_in_any_case() {
        let snake =
            NESTED.replace("initContainers", "init_containers").replace("passwordSecretRef", "password_secret_ref");
        let snake = snake
            .replace("userAssignedIdentities", "user_assigned_identities")
            .replace("environmentId", "managed_environment_id");
        assert_eq!(lines(&snake), SHOWN);
        assert_eq!(lines(&NESTED.replace("registries", "Registries").replace("image", "Image")), SHOWN);
        assert!(problems(&snake).is_empty(), "{:?}", problems(&snake));
    }

    #[test]
    fn what_is_left_out_of_a_file_without_environment_stays_as_it_is() {
        assert_eq!(
            lines("template: {containers: [{image: nginx}]}"),
            ["Microsoft.App/containerApps … (what it leaves out stays as it is)", "container nginx"]
        );
        assert_eq!(
            lines("containers: [{image: nginx, name: a}]\ninitContainers:\n- image: busybox"),
            ["Microsoft.App/jobs … (what it leaves out stays as it is)", "init busybox", "container a nginx"]
        );
    }

    #[test]
    fn empty_and_null_images_are_kept_to_be_pointed_at() {
        let text = "environmentId: e\nname: a\ntemplate:\n  containers:\n  - image:\n  - image: ''\n  - name: none";
        let (manifest, sources) = crate::manifest::fixture::manifest(&[("file", text)]);
        let images: Vec<_> =
            manifest.workloads[0].containers.iter().map(|container| container.image.as_ref()).collect();
        assert_eq!(images[0].unwrap().as_str(), Some(""));
        assert_eq!(sources.place(images[0].unwrap().at).unwrap().line, 5);
        assert_eq!(images[1].unwrap().as_str(), Some(""));
        assert!(images[2].is_none());
    }

    #[test]
    fn a_session_pool_has_one_credential() {
        let text = "
type: Microsoft.App/sessionPools
name: pool
properties:
  environmentId: /e
  customContainerTemplate:
    registryCredentials: {server: acme.azurecr.io, username: u, passwordSecretRef: p}
    containers: [{name: s, image: 'acme.azurecr.io/s:1'}]
";
        assert_eq!(
            lines(text),
            [
                "Microsoft.App/sessionPools pool",
                "container s acme.azurecr.io/s:1",
                "registry acme.azurecr.io as u with secret p"
            ]
        );
    }

    #[test]
    fn a_key_near_a_known_one_is_reported_and_an_unknown_one_is_not() {
        let wrong = "
name: a
environmentId: e
someNewKey: 1
Identity: {type: SystemAssigned}
configuration:
  registry: [{server: x}]
  futureSetting: on
template:
  container: [{image: a}]
  scale: {}
";
        assert_eq!(
            problems(wrong),
            [
                "7: `registry` is no key of `configuration`: it is ignored; did you mean `registries`?",
                "10: `container` is no key of `template`: it is ignored; did you mean `containers`?",
            ]
        );
        let misplaced = "
name: a
properties:
  environmentId: e
  identity: {type: SystemAssigned}
  template:
    containers: {name: a, image: b}
    registries: []
  configuration:
    registries: [{server: ghcr.io, username: u, password: p}]
    initContainers: []
";
        assert_eq!(
            problems(misplaced),
            [
                "5: `identity` does not belong in `properties`: it is ignored there; move `identity` beside `properties`, to the top level of the resource",
                "11: `initContainers` does not belong in `configuration`: it is ignored there; move `initContainers` into `template`",
                "10: `password` is no key of an entry of `registries`: it is ignored; did you mean `passwordSecretRef`?",
                "8: `registries` does not belong in `template`: it is ignored there; move `registries` into `configuration`, beside `template`",
                "7: `containers` is a map here, and Azure reads a list; write a dash in front of each entry of `containers`",
            ]
        );
    }

    #[test]
    fn init_containers_beside_template_are_reported() {
        let text = "name: a\nproperties:\n  environmentId: e\n  initContainers: [{image: x}]\n  template: {containers: [{image: a}]}";
        assert_eq!(
            problems(text),
            [
                "4: `initContainers` does not belong in `properties`: it is ignored there; move `initContainers` into `template`"
            ]
        );
    }

    #[test]
    fn an_export_is_live_and_its_keys_are_azures() {
        let text = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/a", "name": "a",
            "type": "Microsoft.App/containerApps", "properties": {"environmentId": "e", "identity": null, "regstries": 1,
            "template": {"containers": [{"name": "a", "image": "nginx"}]}}}"#;
        assert_eq!(lines(text), ["Microsoft.App/containerApps a (live)", "container a nginx"]);
        assert!(problems(text).is_empty());
        let (manifest, _) = crate::manifest::fixture::manifest(&[("file", text)]);
        assert_eq!(manifest.workloads[0].scope.as_deref(), Some("/subscriptions/s/resourceGroups/g"));
    }
}
