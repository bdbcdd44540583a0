//! A world: a tenant with principals and groups, resources with ids, and what is in the registries.
//!
//! A folder holds one: `world.json`, the manifest, and `resources/*.json`, each a resource or a list of them. Role, deny
//! and eligible assignments and custom roles are resources like all others: an id says where each of them is.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::image::Image;
use crate::pull::Puller;
use crate::store::Store;

/// Everything that the lab's Azure knows.
#[derive(Default)]
pub struct World {
    pub written: Written,
    /// What is judged: the manifest of the folder.
    pub manifest: PathBuf,
    /// By id in lower case.
    pub resources: BTreeMap<String, Value>,
    /// By login server.
    pub stores: HashMap<String, Store>,
}

/// `world.json`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Written {
    /// One sentence that says what is the case.
    pub title: String,
    /// The folder of a world beside this one that it adds to: its resources are taken first.
    pub like: Option<String>,
    /// Ids of that world that this one does not have.
    #[serde(default)]
    pub without: Vec<String>,
    #[serde(default)]
    pub tenant: String,
    #[serde(default)]
    pub principals: Vec<Principal>,
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Name of a management group to the subscriptions and management groups in it.
    #[serde(default)]
    pub management_groups: HashMap<String, Vec<String>>,
    /// Users of a registry that have passwords: the admin user, tokens.
    #[serde(default)]
    pub logins: Vec<Login>,
    #[serde(default)]
    pub images: Vec<Pushed>,
    /// What is pulled, and by whom.
    pub pull: Option<Wanted>,
}

/// Who can log in to Entra with something. Managed identities are not written here: their resources say it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Principal {
    /// What the world calls it: `gate` runs pullgate, `operator` applies remedies.
    pub name: String,
    pub object_id: String,
    pub client_id: String,
    pub secret: Option<String>,
    /// `issuer subject` of the tokens that are as good as a secret.
    #[serde(default)]
    pub federated: Vec<String>,
}

/// A group of principals and groups.
#[derive(Clone, Debug, Deserialize)]
pub struct Group {
    pub id: String,
    pub members: Vec<String>,
}

/// A user of a registry.
#[derive(Clone, Debug, Deserialize)]
pub struct Login {
    pub registry: String,
    pub username: String,
    pub password: String,
}

/// An image that is there from the start.
#[derive(Clone, Debug, Deserialize)]
pub struct Pushed {
    pub image: String,
    pub platform: Option<String>,
}

/// The pull that a world is about.
#[derive(Clone, Debug, Deserialize)]
pub struct Wanted {
    pub image: String,
    pub by: Puller,
}

impl World {
    /// Reads a folder.
    ///
    /// # Errors
    /// Which file is wrong, and how.
    pub fn load(folder: &Path) -> Result<World, String> {
        let written: Written = read(&folder.join("world.json"))?;
        let mut world = match &written.like {
            Some(other) => World::load(&folder.parent().unwrap_or(folder).join(other))?,
            None => World::default(),
        };
        for id in &written.without {
            let gone = world.resources.remove(&id.to_ascii_lowercase());
            gone.ok_or_else(|| format!("{}: there is no {id} to leave out", folder.display()))?;
        }
        for path in files(&folder.join("resources"))? {
            match read(&path)? {
                Value::Array(resources) => resources.into_iter().for_each(|resource| world.add(resource)),
                resource => world.add(resource),
            }
        }
        for pushed in &written.images {
            world.push(&pushed.image, pushed.platform.as_deref().unwrap_or("linux/amd64"))?;
        }
        if let Some(manifest) = ["app.yaml", "app.json"].iter().map(|name| folder.join(name)).find(|path| path.exists())
        {
            world.manifest = manifest;
        }
        world.written = written.over(std::mem::take(&mut world.written));
        Ok(world)
    }

    /// Adds a resource or puts it in another's place.
    pub fn add(&mut self, mut resource: Value) {
        let Some(id) = resource["id"].as_str().map(str::to_owned) else { return };
        if let Some((scope, _)) = split_authorization(&id)
            && resource["properties"].is_object()
        {
            // What Azure tells of an assignment besides: where it is.
            resource["properties"]["scope"] = if scope.is_empty() { "/".into() } else { scope.into() };
        }
        if resource["name"].is_null() {
            resource["name"] = id.rsplit('/').next().into();
        }
        if resource["type"].is_null() {
            resource["type"] = kind(&id).into();
        }
        self.resources.insert(id.to_ascii_lowercase(), resource);
    }

    /// Pushes a small image of a platform under `registry/repository:tag`.
    ///
    /// # Errors
    /// When it is no such reference.
    pub fn push(&mut self, image: &str, platform: &str) -> Result<(), String> {
        let parts = image.split_once('/').and_then(|(host, rest)| Some((host, rest.rsplit_once(':')?)));
        let Some((host, (repository, tag))) = parts else {
            return Err(format!("`{image}` is no registry/repository:tag"));
        };
        let (os, architecture) = platform.split_once('/').unwrap_or(("linux", platform));
        let store = self.stores.entry(host.to_owned()).or_default();
        store.push(repository, tag, &Image::of(os, architecture, image));
        Ok(())
    }

    /// A resource by its id, in any case.
    pub fn get(&self, id: &str) -> Option<&Value> {
        self.resources.get(&id.to_ascii_lowercase())
    }

    /// All resources of a type, in any case.
    pub fn of_kind(&self, wanted: &str) -> impl Iterator<Item = &Value> {
        let wanted = wanted.to_ascii_lowercase();
        self.resources.iter().filter(move |(id, _)| kind(id) == wanted).map(|(_, resource)| resource)
    }

    /// The registry that is served under a name.
    pub fn registry(&self, host: &str) -> Option<&Value> {
        self.of_kind("Microsoft.ContainerRegistry/registries")
            .find(|registry| registry["properties"]["loginServer"].as_str() == Some(host))
    }

    /// The names under which the world's registries and their layers are served.
    pub fn registry_hosts(&self) -> Vec<String> {
        let registries = self.of_kind("Microsoft.ContainerRegistry/registries");
        registries
            .flat_map(|registry| {
                [registry["properties"]["loginServer"].as_str().map(str::to_owned), Some(data_host(registry))]
            })
            .flatten()
            .collect()
    }

    /// A principal by object id, client id, or the name that the world gives it; managed identities too.
    pub fn principal(&self, any: &str) -> Option<Principal> {
        let is = |principal: &Principal| principal.is_called(any);
        self.written.principals.iter().find(|one| is(one)).cloned().or_else(|| self.identities().into_iter().find(is))
    }

    /// The identities that resources are and have; the name is the resource's id.
    pub fn identities(&self) -> Vec<Principal> {
        let of = |resource: &Value| {
            let id = resource["id"].as_str()?;
            let is_one = kind(id).eq_ignore_ascii_case("Microsoft.ManagedIdentity/userAssignedIdentities");
            let identity = if is_one { &resource["properties"] } else { &resource["identity"] };
            let object_id = identity["principalId"].as_str()?.to_owned();
            let client_id = identity["clientId"].as_str().unwrap_or_default().to_owned();
            Some(Principal { name: id.to_owned(), object_id, client_id, ..Principal::default() })
        };
        self.resources.values().filter_map(of).collect()
    }

    /// A principal and every group that it is in, directly or through others; in lower case.
    pub fn with_groups(&self, object_id: &str) -> Vec<String> {
        let mut all = vec![object_id.to_ascii_lowercase()];
        let mut seen = 0;
        while let Some(member) = all.get(seen).cloned() {
            let has = |group: &&Group| group.members.iter().any(|one| one.eq_ignore_ascii_case(&member));
            for group in self.written.groups.iter().filter(has).map(|group| group.id.to_ascii_lowercase()) {
                if !all.contains(&group) {
                    all.push(group);
                }
            }
            seen += 1;
        }
        all
    }

    /// The subscriptions that have something in them.
    pub fn subscriptions(&self) -> Vec<String> {
        let of = |id: &String| {
            id.strip_prefix("/subscriptions/").map(|rest| rest.split('/').next().unwrap_or_default().to_owned())
        };
        let mut all: Vec<String> = self.resources.keys().filter_map(of).collect();
        all.dedup();
        all
    }
}

impl Principal {
    /// Whether this is one of its names: object id, client id, or what the world calls it.
    pub fn is_called(&self, any: &str) -> bool {
        let names = [&self.object_id, &self.client_id, &self.name];
        names.iter().any(|name| !name.is_empty() && name.eq_ignore_ascii_case(any))
    }
}

impl Written {
    /// What a world says over what the world that it is like says.
    fn over(mut self, other: Written) -> Written {
        if self.tenant.is_empty() {
            self.tenant = other.tenant;
        }
        self.principals.extend(other.principals);
        self.groups.extend(other.groups);
        self.management_groups.extend(other.management_groups);
        self.logins.extend(other.logins);
        self.pull = self.pull.or(other.pull);
        self
    }
}

/// The type in an id, in lower case: `microsoft.app/jobs` of `/subscriptions/…/providers/Microsoft.App/jobs/j`.
pub fn kind(id: &str) -> String {
    let lower = id.to_ascii_lowercase();
    match lower.rsplit_once("/providers/") {
        Some((_, rest)) => {
            let parts: Vec<&str> = rest.split('/').collect();
            let types = parts.iter().skip(1).step_by(2).copied();
            std::iter::once(parts[0]).chain(types).collect::<Vec<_>>().join("/")
        }
        None if lower.contains("/resourcegroups/") => "microsoft.resources/subscriptions/resourcegroups".to_owned(),
        None => "microsoft.resources/subscriptions".to_owned(),
    }
}

/// An id that ends in something of Microsoft.Authorization: the scope before, and the type and name after.
pub fn split_authorization(id: &str) -> Option<(&str, &str)> {
    const WORD: &str = "/providers/microsoft.authorization/";
    let at = id.to_ascii_lowercase().rfind(WORD)?;
    Some((&id[..at], &id[at + WORD.len()..]))
}

/// Where a registry's layers are: its own data endpoint or Azure's storage.
/// <https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints>
pub fn data_host(registry: &Value) -> String {
    let host = registry["properties"]["loginServer"].as_str().unwrap_or_default();
    let label = host.split('.').next().unwrap_or_default();
    let region = registry["location"].as_str().unwrap_or_default();
    match registry["properties"]["dataEndpointEnabled"].as_bool() {
        Some(true) => format!("{label}.{region}.data.azurecr.io"),
        _ => format!("{region}managed1.blob.core.windows.net"),
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, String> {
    let text = fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))
}
