//! Commands that repair access, with the real names as far as they are known.
//!
//! Two that public guides recommend are never printed: AcrPull on a registry in ABAC mode, which does not honour it
//! (<https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>), and rules for
//! subnets, which registries take from virtual machines and AKS only
//! (<https://learn.microsoft.com/azure/container-registry/container-registry-vnet>).

use crate::manifest::{Host, Partial, Workload};
use crate::rbac::{RegistryMode, Scope};
use crate::value::Value;

/// Grants the pull: the least role that pulls in this mode, by object id, which needs no directory lookup.
pub fn grant(principal: &str, mode: RegistryMode, registry: &str) -> String {
    let role = mode.pull_role().name;
    let role = if role.contains(' ') { format!("\"{role}\"") } else { role };
    format!(
        "az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --role {role} --scope {registry}"
    )
}

/// Lets the workload pull from a registry with an identity.
pub fn set_registry(workload: &Workload, server: &str) -> Option<String> {
    let target = target(workload);
    let identity = || only_identity(workload).unwrap_or_else(|| "<identity's resource id, or system>".to_owned());
    Some(match workload.host {
        Host::ContainerApp => {
            format!("az containerapp registry set {target} --server {server} --identity {}", identity())
        }
        Host::Job => format!("az containerapp job registry set {target} --server {server} --identity {}", identity()),
        Host::WebSite => {
            format!("az webapp config set {target} --generic-configurations '{{\"acrUseManagedIdentityCreds\": true}}'")
        }
        _ => return None,
    })
}

/// Attaches an identity to the workload: `None` is the system identity.
pub fn attach(workload: &Workload, identity: Option<&str>) -> Option<String> {
    let target = target(workload);
    Some(match (workload.host, identity) {
        (Host::ContainerApp, Some(id)) => format!("az containerapp identity assign {target} --user-assigned {id}"),
        (Host::ContainerApp, None) => format!("az containerapp identity assign {target} --system-assigned"),
        (Host::Job, Some(id)) => format!("az containerapp job identity assign {target} --user-assigned {id}"),
        (Host::Job, None) => format!("az containerapp job identity assign {target} --system-assigned"),
        (Host::WebSite, Some(id)) => format!("az webapp identity assign {target} --identities {id}"),
        (Host::WebSite, None) => format!("az webapp identity assign {target}"),
        _ => return None,
    })
}

/// The identity that is meant when only one is attached.
fn only_identity(workload: &Workload) -> Option<String> {
    let identity = &workload.identity;
    match identity.user_assigned.as_slice() {
        _ if identity.unknown.is_some() => None,
        [] if identity.system => Some("system".to_owned()),
        [one] if !identity.system && !one.perhaps => known(&one.id),
        _ => None,
    }
}

/// `-n` and `-g` of the workload.
pub fn target(workload: &Workload) -> String {
    let name = known(&workload.name).unwrap_or_else(|| "<app>".to_owned());
    format!("-n {name} -g {}", group(workload))
}

/// The workload's resource group, for commands: of its id, of the deployment, or as a file for the Azure CLI notes it.
pub fn group(workload: &Workload) -> String {
    let id = workload.id.as_ref().and_then(Value::as_str).or(workload.scope.as_deref());
    let of_id = id.and_then(|id| Scope::from(id).resource_group().map(str::to_owned));
    let written = || workload.body.get("resourceGroup").and_then(known);
    of_id.or_else(written).unwrap_or_else(|| "<group>".to_owned())
}

/// A name for commands; `None` while it is not known.
pub fn known(value: &Value) -> Option<String> {
    value.as_str().filter(|text| is_plain(text)).map(str::to_owned)
}

/// An id for commands: what is not known of it is left to the reader.
pub fn id(value: &Value) -> String {
    let text = value.partial().unwrap_or_else(|| "…".to_owned());
    text.replace('…', "<…>")
}

/// The last segment of an id, for people.
pub fn name_of(id: &Value) -> String {
    Partial::of(id).map_or_else(|| "(unknown)".to_owned(), |id| id.name().to_owned())
}

/// Whether a text can stand in a command line as it is: texts of a manifest are not trusted there.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte))
}
