//! App Service sites and slots that run containers, and Azure Functions in containers.
//!
//! The image is in `linuxFxVersion` or `windowsFxVersion` behind `DOCKER|`, in the site itself or in its child `config/web`; or in
//! the children `sitecontainers`. The credentials are app settings, or a flag that lets a managed identity pull
//! (<https://learn.microsoft.com/azure/app-service/configure-custom-container>).

use crate::evidence::Platform;
use crate::source::Span;
use crate::value::{Data, Piece, Unknown, Value};

use super::ids::{Partial, head};
use super::list::{branches, elements, unknown};
use super::pull::{may_be_acr, server_host};
use super::resource::blank;
use super::{Condition, Container, Host, Origin, PlannedResource, RegistryEntry, Workload, set};

/// The settings of a site, from wherever they are written.
struct Settings<'v> {
    /// `siteConfig`, and the `properties` of the child `config/web`: the last one that says something counts.
    configs: Vec<&'v Value>,
    /// `appSettings`, and the `properties` of the child `config/appsettings`, which replaces them.
    app: Vec<(String, &'v Value)>,
    /// Why there may be other app settings.
    unknown: Option<String>,
}

/// Reads a configuration whose site is not among the resources: what it sets, the site will run.
pub(super) fn read_config(resource: &PlannedResource, others: &[PlannedResource], origin: Origin) -> Option<Workload> {
    let id = Partial::of(&resource.id)?;
    let parent = if id.name() == "web" { id.ancestor(2) } else { None };
    let is_parent = |other: &PlannedResource| {
        let other_id = Partial::of(&other.id);
        resource.kind.strip_suffix("/config") == Some(other.kind.as_str()) && parent.is_some() && other_id == parent
    };
    let is_web = Partial::of(&resource.name).is_some_and(|name| name.name() == "web");
    if !is_web || others.iter().any(is_parent) {
        return None;
    }
    let settings = Settings { configs: vec![properties(&resource.body)], app: Vec::new(), unknown: None };
    let container = settings.container(resource)?;
    let origin = if origin == Origin::Live { Origin::Live } else { Origin::Partial };
    let mut workload = blank(resource, Host::WebSite, "Microsoft.Web/sites/config", origin);
    workload.registries.entries.extend(settings.entry(std::slice::from_ref(&container)));
    workload.registries.at = Some(resource.at);
    workload.containers.push(container);
    Some(workload)
}

/// Reads a site or a slot; `None` when it runs no container.
pub(super) fn read(resource: &PlannedResource, others: &[PlannedResource], origin: Origin) -> Option<Workload> {
    let kind = if resource.kind.ends_with("/slots") { "Microsoft.Web/sites/slots" } else { "Microsoft.Web/sites" };
    let children = children(resource, others);
    let settings = Settings::of(&resource.body, &children);
    let mut workload = blank(resource, Host::WebSite, kind, origin);
    workload.environment = ["managedEnvironmentId", "serverFarmId"]
        .into_iter()
        .find_map(|key| set(properties(&resource.body), key))
        .cloned();
    workload.registries.at = Some(settings.configs.first().map_or(resource.at, |config| config.at));
    workload.registries.unknown = settings.unknown.clone();

    let side = children.iter().filter(|child| child.kind.ends_with("/sitecontainers"));
    for child in side {
        let properties = properties(&child.body);
        workload.containers.push(side_container(child, properties));
        workload.registries.entries.extend(side_entry(properties));
    }
    if workload.containers.is_empty() {
        workload.containers.extend(settings.container(resource));
        workload.registries.entries.extend(settings.entry(&workload.containers));
    }
    (!workload.containers.is_empty()).then_some(workload)
}

/// The properties of a resource; `az webapp show` prints them at the top level.
fn properties(body: &Value) -> &Value {
    body.get("properties").unwrap_or(body)
}

/// The text behind `DOCKER|`, at its own place where it is written as one text.
fn image(version: &Value) -> Option<Value> {
    const PREFIX: &str = "DOCKER|";
    let has_prefix = |text: &str| text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
    if let Some(text) = version.as_str() {
        let rest = text.get(PREFIX.len()..).filter(|_| has_prefix(text))?;
        // A text without escapes is as long in the file as it is in memory.
        let mirrors = version.at.is_written() && (version.at.end - version.at.start) as usize == text.len();
        let at = if mirrors { version.at.within(PREFIX.len()..text.len()) } else { version.at };
        let via = version.via.cut(u32::try_from(PREFIX.len()).ok());
        return Some(Value { data: Data::String(rest.to_owned().into()), at, via });
    }
    let unknown = version.as_unknown()?;
    let Some(Piece::Known(first)) = unknown.pieces.first() else { return None };
    let rest = first.get(PREFIX.len()..).filter(|_| has_prefix(first))?;
    let mut pieces = unknown.pieces.clone();
    match rest {
        "" => drop(pieces.remove(0)),
        rest => pieces[0] = Piece::Known(rest.to_owned()),
    }
    let unknown = Unknown { pieces, alternatives: Vec::new(), ..unknown.clone() };
    Some(Value { via: version.via.cut(u32::try_from(PREFIX.len()).ok()), ..Value::unknown(unknown, version.at) })
}

/// Whether the site's `kind` says that it runs a container: `app,linux,container`, `functionapp,linux,container,azurecontainerapps`.
fn is_container_kind(body: &Value) -> bool {
    let kind = body.get("kind").and_then(Value::as_str).unwrap_or_default();
    kind.split(',').any(|word| word.trim().eq_ignore_ascii_case("container"))
}

fn children<'r>(site: &PlannedResource, others: &'r [PlannedResource]) -> Vec<&'r PlannedResource> {
    let is_child_kind = |child: &&PlannedResource| {
        child.kind.strip_prefix(site.kind.as_str()).is_some_and(|rest| matches!(rest, "/config" | "/sitecontainers"))
    };
    let Some(id) = Partial::of(&site.id) else { return Vec::new() };
    let belongs = |child: &&PlannedResource| {
        let parent = Partial::of(&child.id).and_then(|child| child.ancestor(2));
        parent.is_some_and(|parent| parent.same(&id) == Some(true))
    };
    let deployed = |child: &&PlannedResource| child.condition != Condition::Never && !child.existing;
    others.iter().filter(is_child_kind).filter(deployed).filter(belongs).collect()
}

fn side_container(child: &PlannedResource, properties: &Value) -> Container {
    let name = Partial::of(&child.name).map(|name| Value::string(name.name().to_owned(), child.name.at));
    Container {
        name,
        image: properties.get("image").cloned().or_else(|| unknown(Some(properties)).map(|_| properties.clone())),
        init: false,
        platform: Platform::linux_amd64(),
        at: child.at,
    }
}

/// How a site container pulls, by its `authType`.
fn side_entry(properties: &Value) -> Option<RegistryEntry> {
    let auth = set(properties, "authType")?;
    let blank = blank_entry(head(set(properties, "image")?), properties.at);
    match auth.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
        "systemidentity" => Some(RegistryEntry { identity: Some(Value::string("system", auth.at)), ..blank }),
        "userassigned" => {
            Some(RegistryEntry { identity: set(properties, "userManagedIdentityClientId").cloned(), ..blank })
        }
        "usercredentials" => Some(RegistryEntry {
            username: set(properties, "userName").cloned(),
            password: set(properties, "passwordSecret").cloned(),
            ..blank
        }),
        _ => None,
    }
}

fn blank_entry(server: Option<Value>, at: Span) -> RegistryEntry {
    RegistryEntry { server, identity: None, username: None, password_secret: None, password: None, perhaps: false, at }
}

impl<'v> Settings<'v> {
    fn of(body: &'v Value, children: &[&'v PlannedResource]) -> Settings<'v> {
        let site = properties(body).get("siteConfig");
        let child = |name: &str| {
            let named = children.iter().find(|child| Partial::of(&child.id).is_some_and(|id| id.name() == name));
            named.map(|child| properties(&child.body))
        };
        let mut settings =
            Settings { configs: site.into_iter().chain(child("web")).collect(), app: Vec::new(), unknown: None };
        for config in settings.configs.clone() {
            settings.add_list(config.get("appSettings"));
        }
        if let Some(replaced) = child("appsettings") {
            settings.app.clear();
            settings.unknown = unknown(Some(replaced));
            let members =
                branches(replaced).into_iter().filter_map(Value::as_object).flat_map(|object| object.members.iter());
            settings.app.extend(members.map(|member| (member.key.to_string(), &member.value)));
        }
        settings
    }

    fn add_list(&mut self, list: Option<&'v Value>) {
        let found = elements(list);
        self.unknown = self.unknown.take().or(found.unknown);
        for item in found.items {
            if let (Some(name), Some(value)) = (item.get("name").and_then(Value::as_str), item.get("value")) {
                self.app.push((name.to_owned(), value));
            }
        }
    }

    fn config(&self, key: &str) -> Option<&'v Value> {
        self.configs.iter().rev().find_map(|config| set(config, key))
    }

    fn app(&self, name: &str) -> Option<&'v Value> {
        let named = self.app.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name));
        named.map(|(_, value)| *value).filter(|value| value.as_str() != Some(""))
    }

    /// The one container of a site without `sitecontainers`.
    fn container(&self, resource: &PlannedResource) -> Option<Container> {
        let windows = self.config("windowsFxVersion");
        let version = windows.or_else(|| self.config("linuxFxVersion"));
        let image = version.and_then(|version| match version.as_str() {
            Some(_) => image(version),
            // Which of the branches it is, only Azure knows: it counts when one of them is a container.
            None => image(version).or_else(|| branches(version).into_iter().find_map(image)),
        });
        let unknown =
            version.filter(|version| version.as_str().is_none() && is_container_kind(&resource.body)).cloned();
        let os = if windows.is_some() { "windows" } else { "linux" };
        Some(Container {
            name: Some(resource.name.clone()),
            image: Some(image.or(unknown)?),
            init: false,
            platform: Platform { os: os.to_owned(), architecture: "amd64".to_owned() },
            at: version.map_or(resource.at, |version| version.at),
        })
    }

    /// The credentials of that container: they are for its own registry. A managed identity is for Azure registries only.
    fn entry(&self, containers: &[Container]) -> Option<RegistryEntry> {
        let url = self.app("DOCKER_REGISTRY_SERVER_URL");
        let own = containers.first().and_then(|container| head(container.image.as_ref()?));
        if let Some(flag) = self.config("acrUseManagedIdentityCreds").filter(|flag| !is_false(flag)) {
            let server = own.or_else(|| url.cloned());
            if server.as_ref().and_then(server_host).is_some_and(|host| may_be_acr(&host) == Some(false)) {
                return None;
            }
            let identity = self.config("acrUserManagedIdentityID").cloned();
            let identity = identity.unwrap_or_else(|| Value::string("system", flag.at));
            let perhaps = flag.as_unknown().is_some();
            return Some(RegistryEntry { identity: Some(identity), perhaps, ..blank_entry(server, flag.at) });
        }
        let (username, password) =
            (self.app("DOCKER_REGISTRY_SERVER_USERNAME"), self.app("DOCKER_REGISTRY_SERVER_PASSWORD"));
        let at = username.or(password)?.at;
        let server = url.cloned().or(own);
        Some(RegistryEntry { username: username.cloned(), password: password.cloned(), ..blank_entry(server, at) })
    }
}

/// `false`, also as the text that some tools write.
fn is_false(flag: &Value) -> bool {
    flag.as_bool() == Some(false) || flag.as_str().is_some_and(|text| text.eq_ignore_ascii_case("false"))
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::{lines, manifest};

    fn site(properties: &str, children: &str) -> String {
        format!(
            r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
            "parameters": {{"host": {{"type": "string", "defaultValue": "acme.azurecr.io"}}}},
            "resources": [{{"type": "Microsoft.Web/sites", "apiVersion": "2024-04-01", "name": "web", "kind": "app,linux,container",
            "properties": {{"siteConfig": {{{properties}}}}}}}{children}]}}"#
        )
    }

    #[track_caller]
    fn reads(properties: &str, children: &str, expected: &[&str]) {
        assert_eq!(lines(&site(properties, children)), expected);
    }

    #[test]
    fn the_image_stands_behind_docker_whatever_its_case() {
        for key in ["linuxFxVersion", "windowsFxVersion"] {
            let property = format!(r#""{key}": "docker|[parameters('host')]/web:1""#);
            reads(&property, "", &["Microsoft.Web/sites web", "container web [parameters('host')]/web:1"]);
        }
        reads(
            r#""linuxFxVersion": "[format('DOCKER|{0}/web:1', parameters('host'))]""#,
            "",
            &["Microsoft.Web/sites web", "container web acme.azurecr.io/web:1"],
        );
        reads(r#""linuxFxVersion": "NODE|20-lts""#, "", &["nothing here runs containers"]);
    }

    #[test]
    fn an_image_points_behind_its_prefix() {
        let text = site(r#""linuxFxVersion": "DOCKER|acme.azurecr.io/web:1""#, "");
        let (manifest, sources) = manifest(&[("file", &text)]);
        let image = manifest.workloads[0].containers[0].image.as_ref().unwrap();
        assert_eq!(sources.slice(image.at), "acme.azurecr.io/web:1");
    }

    #[test]
    fn a_flag_makes_an_identity_pull_from_azure_registries_only() {
        let image =
            |host: &str| format!(r#""linuxFxVersion": "DOCKER|{host}/web:1", "acrUseManagedIdentityCreds": true"#);
        let site = ["Microsoft.Web/sites web", "container web acme.azurecr.io/web:1"];
        reads(&image("acme.azurecr.io"), "", &[&site[..], &["registry acme.azurecr.io by identity system"]].concat());
        let client = format!(
            r#"{}, "acrUserManagedIdentityID": "11111111-1111-1111-1111-111111111111""#,
            image("acme.azurecr.io")
        );
        reads(
            &client,
            "",
            &[&site[..], &["registry acme.azurecr.io by identity 11111111-1111-1111-1111-111111111111"]].concat(),
        );
        reads(&image("ghcr.io"), "", &["Microsoft.Web/sites web", "container web ghcr.io/web:1"]);
    }

    #[test]
    fn settings_are_read_from_the_site_and_from_its_children() {
        let settings = r#""linuxFxVersion": "DOCKER|web:1", "appSettings": [{"name": "DOCKER_REGISTRY_SERVER_URL", "value": "https://acme.azurecr.io"},
            {"name": "docker_registry_server_username", "value": "acme"}, {"name": "DOCKER_REGISTRY_SERVER_PASSWORD", "value": "p"}]"#;
        let shown = [
            "Microsoft.Web/sites web",
            "container web web:1",
            "registry https://acme.azurecr.io as acme with a password",
        ];
        reads(settings, "", &shown);
        let child = r#", {"type": "Microsoft.Web/sites/config", "apiVersion": "2024-04-01", "name": "web/appsettings",
            "properties": {"DOCKER_REGISTRY_SERVER_URL": "https://acme.azurecr.io", "DOCKER_REGISTRY_SERVER_USERNAME": "acme", "DOCKER_REGISTRY_SERVER_PASSWORD": "p"}},
            {"type": "Microsoft.Web/sites/config", "apiVersion": "2024-04-01", "name": "web/web", "properties": {"linuxFxVersion": "DOCKER|web:1"}}"#;
        reads("", child, &shown);
    }

    #[test]
    fn what_the_cli_shows_has_its_properties_at_the_top() {
        let shown = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/web", "name": "web", "type": "Microsoft.Web/sites",
            "kind": "app,linux,container", "siteConfig": {"linuxFxVersion": "DOCKER|web:1"}}"#;
        assert_eq!(lines(shown), ["Microsoft.Web/sites web (live)", "container web web:1"]);
        let config = r#"{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/web/config/web", "name": "web",
            "type": "Microsoft.Web/sites/config", "linuxFxVersion": "DOCKER|web:1"}"#;
        assert_eq!(lines(config), ["Microsoft.Web/sites/config web (live)", "container web web:1"]);
    }

    #[test]
    fn site_containers_are_the_containers_of_their_site() {
        let child = r#", {"type": "Microsoft.Web/sites/sitecontainers", "apiVersion": "2024-04-01", "name": "web/main",
            "properties": {"image": "acme.azurecr.io/web:2", "isMain": true, "authType": "SystemIdentity"}},
            {"type": "Microsoft.Web/sites/sitecontainers", "apiVersion": "2024-04-01", "name": "other/main", "properties": {"image": "x"}}"#;
        reads(
            r#""linuxFxVersion": "SITECONTAINERS""#,
            child,
            &[
                "Microsoft.Web/sites web",
                "container main acme.azurecr.io/web:2",
                "registry acme.azurecr.io by identity system",
            ],
        );
    }
}
