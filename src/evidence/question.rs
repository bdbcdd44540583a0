//! What can be asked. Two equal questions are one: this is what makes a run ask once.

use serde::{Deserialize, Serialize};

use super::answers::{Login, Platform};
use crate::image::{Host, ImageRef};

/// A question to a registry, to Resource Manager or to the network.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Question {
    Image { image: ImageRef, platform: Platform },
    Anonymous { registry: Host, repository: String },
    Tags { registry: Host, repository: String },
    Repositories { registry: Host },
    Quota { image: ImageRef },
    Attributes { image: ImageRef },
    DeletedTags { registry: Host, repository: String },
    Login { registry: Host, repository: String, login: Login },
    Reach { host: Host },
    Registry { host: Host },
    Resource(Resource),
}

/// A question to Resource Manager or Graph. Ids are in the spelling that they were found in; the probe compares without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// GET of a resource by its id.
    Get {
        id: String,
    },
    /// All resources of a type below a scope or a parent: `privateEndpointConnections` of a registry, zones of a subscription.
    List {
        scope: String,
        kind: String,
    },
    /// All resources of a type in every subscription that can be read, through Resource Graph.
    Find {
        kind: String,
    },
    /// Assignments that hold for a principal at a scope, groups included (`assignedTo`).
    RoleAssignments {
        scope: String,
        principal: String,
    },
    DenyAssignments {
        scope: String,
    },
    RoleDefinition {
        scope: String,
        guid: String,
    },
    /// Assignments that are eligible only, of a principal at a scope.
    Eligible {
        scope: String,
        principal: String,
    },
    /// Active assignments with their end, of a principal at a scope.
    Scheduled {
        scope: String,
        principal: String,
    },
    /// What the caller may do at a scope.
    Permissions {
        scope: String,
    },
    /// The end dates of an application's secrets, from Graph.
    ApplicationSecrets {
        client: String,
    },
    /// Whether `listCredentials` of a registry still returns the password that is configured.
    AdminCredentials {
        registry: String,
    },
}

impl Question {
    /// What is asked, for people, to stand behind "not asked:".
    pub fn subject(&self) -> String {
        match self {
            Question::Image { image, .. } => format!("manifest of {image}"),
            Question::Anonymous { registry, repository } => format!("anonymous pull of {registry}/{repository}"),
            Question::Tags { registry, repository } => format!("tags of {registry}/{repository}"),
            Question::Repositories { registry } => format!("repositories of {registry}"),
            Question::Quota { image } => format!("pull quota for {image}"),
            Question::Attributes { image } => format!("attributes of {image}"),
            Question::DeletedTags { registry, repository } => format!("deleted tags of {registry}/{repository}"),
            Question::Login { registry, .. } => format!("login at {registry}"),
            Question::Reach { host } => format!("the way to {host}"),
            Question::Registry { host } => format!("the registry with login server {host}"),
            Question::Resource(resource) => resource.subject(),
        }
    }
}

impl Resource {
    fn subject(&self) -> String {
        match self {
            Resource::Get { id } => id.clone(),
            Resource::List { scope, kind } => format!("{kind} of {scope}"),
            Resource::Find { kind } => format!("every {kind}"),
            Resource::RoleAssignments { scope, principal } => format!("role assignments of {principal} at {scope}"),
            Resource::DenyAssignments { scope } => format!("deny assignments at {scope}"),
            Resource::RoleDefinition { guid, .. } => format!("role definition {guid}"),
            Resource::Eligible { scope, principal } => format!("eligible assignments of {principal} at {scope}"),
            Resource::Scheduled { scope, principal } => format!("time-bound assignments of {principal} at {scope}"),
            Resource::Permissions { scope } => format!("permissions of the caller at {scope}"),
            Resource::ApplicationSecrets { client } => format!("secrets of application {client}"),
            Resource::AdminCredentials { registry } => format!("admin credentials of {registry}"),
        }
    }
}
