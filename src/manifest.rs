//! What will be deployed: the workloads, the image that each of their containers pulls, how it is pulled, and the other
//! resources of the same deployment that decide whether it can be.
//!
//! A reader per format fills these types; a check sees only them. A field that the manifest leaves out, sets to null or to an
//! empty string is `None` ([`set`]); one that is not known before deployment is a [`Value`] that says so.

mod compose;
mod container_app;
mod container_group;
mod containers;
#[cfg(test)]
mod fixture;
mod identity;
mod ids;
mod keys;
mod kubernetes;
mod list;
mod live;
mod overlay;
mod override_image;
mod parameters;
mod password;
mod planned;
mod pull;
mod reading;
mod resource;
mod snapshot;
mod spelling;
mod template;
mod unresolved;
mod web_site;
mod what_if;

use std::collections::BTreeSet;
use std::rc::Rc;

pub use ids::{Partial, is_named, same_id};
pub use live::{Asked, Live};
pub use override_image::set_images;
pub use password::Password;
pub use planned::{Found, Grant};
pub use pull::{Credential, Entry, Puller, server_host};
pub use reading::{Options, read};

use crate::cloud::Cloud;
use crate::evidence::Platform;
use crate::finding::Finding;
use crate::pin::Lock;
use crate::source::Span;
use crate::value::Value;

/// Everything that was read, from all files.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    pub workloads: Vec<Rc<Workload>>,
    pub planned: Rc<Planned>,
    /// What is wrong with the manifest itself, apart from any image: an expression that cannot be evaluated, a misspelt key.
    pub problems: Vec<Problem>,
    /// Every value that is not known before deployment: path, expression, why.
    pub unknown: Vec<Unresolved>,
    /// The live resources that the operation meets.
    pub live: Vec<Live>,
    /// Ids of live resources that decide what is deployed: `onlyIfNotExists`, an image that is taken from the running app.
    pub wants: BTreeSet<String>,
    /// Evaluated outputs of a template.
    pub outputs: Vec<(String, Value)>,
    /// The cloud that it is deployed to.
    pub cloud: Cloud,
    /// What its tags are meant to be, where somebody wrote that down.
    pub lock: Option<Rc<Lock>>,
    /// Whether the registry's own passwords may be asked for (`--verify-secrets`).
    pub verify_secrets: bool,
}

/// The codes that problems have: each is the page of a check.
pub const PROBLEM_CODES: [&str; 7] = [
    spelling::CODE,
    parameters::TOKEN,
    template::INVALID,
    template::MISSING,
    template::UNREAD,
    template::KEPT,
    compose::BUILT,
];

/// A mistake of the manifest, with the code of the check that explains it.
#[derive(Clone, Debug)]
pub struct Problem {
    pub code: &'static str,
    pub finding: Finding,
    /// The workload it belongs to, if it belongs to one.
    pub workload: Option<String>,
}

/// A value that only Azure knows.
#[derive(Clone, Debug)]
pub struct Unresolved {
    pub path: String,
    pub expression: String,
    pub why: String,
    pub at: Span,
}

/// Something that runs containers.
#[derive(Clone, Debug)]
pub struct Workload {
    pub host: Host,
    /// The type as its format names it: `Microsoft.App/containerApps`, `apps/v1 Deployment`, `compose service`.
    pub kind: String,
    pub name: Value,
    /// The resource id, where there is one; parts of it may be unknown.
    pub id: Option<Value>,
    pub api_version: Option<String>,
    pub condition: Condition,
    /// The scope it is deployed to: a resource group's or subscription's id, a namespace.
    pub scope: Option<String>,
    pub location: Option<Value>,
    pub containers: Vec<Container>,
    pub registries: Registries,
    pub identity: Identity,
    pub secrets: Secrets,
    /// The id of the environment, plan or cluster that it runs in.
    pub environment: Option<Value>,
    /// The evaluated declaration, for what only some checks read of it.
    pub body: Value,
    /// Canonical ids ([`Value::canonical`]) of everything that is deployed before it: [`Workload::waits_for`].
    pub depends_on: Vec<String>,
    pub origin: Origin,
    pub at: Span,
}

/// Where containers run. Each has its own rules of pulling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    ContainerApp,
    Job,
    SessionPool,
    ContainerGroup,
    WebSite,
    Kubernetes,
    Compose,
}

/// What the manifest is to Azure: something to create, or what is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A template or a file for `create`: what it leaves out is not there.
    Declared,
    /// A file that may be laid over a live resource (`update --yaml`): what it leaves out stays as it is.
    Partial,
    /// An export of a live resource.
    Live,
    /// A live resource as the update leaves it: what it does not say is what Azure has.
    Updated,
}

/// Whether a resource is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Always,
    Never,
    /// Not decidable before deployment, and why.
    Maybe(String),
}

/// A container and the image it needs.
#[derive(Clone, Debug)]
pub struct Container {
    pub name: Option<Value>,
    /// `None` when the manifest sets none.
    pub image: Option<Value>,
    pub init: bool,
    pub platform: Platform,
    pub at: Span,
}

/// The registry entries of a workload.
#[derive(Clone, Debug, Default)]
pub struct Registries {
    pub entries: Vec<RegistryEntry>,
    /// Where `registries` is written; where it would be, when it is missing.
    pub at: Option<Span>,
    /// The whole list, or one that holds entries nobody can see, is not known before deployment: why.
    pub unknown: Option<String>,
}

/// A server and the credential for it.
#[derive(Clone, Debug)]
pub struct RegistryEntry {
    pub server: Option<Value>,
    pub identity: Option<Value>,
    pub username: Option<Value>,
    /// The name of a secret of the workload.
    pub password_secret: Option<Value>,
    /// A password written in place (container groups, web sites).
    pub password: Option<Value>,
    /// It is there only under a condition that is not decidable before the deployment.
    pub perhaps: bool,
    pub at: Span,
}

/// The identity block of a workload.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// There is a system identity, whatever is not known.
    pub system: bool,
    pub user_assigned: Vec<AssignedIdentity>,
    /// `principalId` of the system identity, in exports.
    pub principal_id: Option<String>,
    pub tenant_id: Option<String>,
    pub at: Option<Span>,
    /// The block, its type or one of its ids is not known before deployment: why.
    pub unknown: Option<String>,
}

/// A user-assigned identity that is attached.
#[derive(Clone, Debug)]
pub struct AssignedIdentity {
    /// Its resource id, as a string value or an unknown with pieces.
    pub id: Value,
    pub principal_id: Option<String>,
    pub client_id: Option<String>,
    /// It is attached only under a condition that is not decidable before the deployment.
    pub perhaps: bool,
}

/// The secrets of a workload.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    pub entries: Vec<Secret>,
    pub at: Option<Span>,
    pub unknown: Option<String>,
}

/// A secret: a value, or a reference into a key vault.
#[derive(Clone, Debug)]
pub struct Secret {
    pub name: Option<Value>,
    pub value: Option<Value>,
    pub key_vault_url: Option<Value>,
    pub identity: Option<Value>,
    pub at: Span,
}

/// The other resources of the same deployment.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    pub resources: Vec<PlannedResource>,
}

/// A resource of the deployment, evaluated.
#[derive(Clone, Debug)]
pub struct PlannedResource {
    /// The id, as a string value or an unknown with pieces.
    pub id: Value,
    /// The type, lower case: `microsoft.containerregistry/registries`.
    pub kind: String,
    pub name: Value,
    /// The id of the resource or scope that an extension resource (a role assignment) is attached to, or of the deployment's
    /// own scope.
    pub scope: Option<Value>,
    pub body: Value,
    /// Read, not deployed.
    pub existing: bool,
    pub condition: Condition,
    /// Canonical ids of what it waits for itself.
    pub depends_on: Vec<String>,
    pub at: Span,
}

/// One container of one workload that needs one image: what a check judges.
#[derive(Clone, Copy)]
pub struct Pull<'m> {
    pub manifest: &'m Manifest,
    pub workload: &'m Workload,
    pub container: &'m Container,
}

/// The member of an object that is really set: not absent, null or an empty string (all three occur, and mean the same:
/// exports write empty strings for what is unused).
pub fn set<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|value| value.as_str() != Some(""))
}

impl Manifest {
    /// Keeps a problem once, however often the thing it is about is deployed.
    fn add_problem(&mut self, problem: Problem) {
        let same = |known: &Problem| {
            known.code == problem.code
                && known.finding.at == problem.finding.at
                && known.finding.title == problem.finding.title
        };
        if !self.problems.iter().any(same) {
            self.problems.push(problem);
        }
    }
}
