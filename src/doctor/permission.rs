//! Which permission a question needs.

use serde::Serialize;

use crate::evidence::{Failure, Question, Resource};
use crate::rbac::Scope;

/// What a caller lacks: an action of Resource Manager, or the right to pull from a registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Permission {
    pub action: String,
    /// The scope in Azure's spelling, or what is known of it.
    pub scope: String,
}

/// What would have let the question be answered; `None` where no permission is what is missing.
///
/// Resource Manager names the action itself; where it does not (Resource Graph, a bare 403), it follows from the question.
pub fn permission(question: &Question, failure: &Failure) -> Option<Permission> {
    if let Failure::NotAllowed { permission, scope } = failure {
        return Some(Permission { action: permission.clone(), scope: scope.clone() });
    }
    let is_no = match failure {
        Failure::Refused { .. } => true,
        Failure::NotFound { .. } => matches!(question, Question::Registry { .. }),
        _ => false,
    };
    if !is_no {
        return None;
    }
    match question {
        Question::Registry { host } => Some(Permission {
            action: "Microsoft.ContainerRegistry/registries/read".to_owned(),
            scope: format!("the registry with login server {host}"),
        }),
        Question::Resource(resource) => of_resource(resource),
        _ => None,
    }
}

fn of_resource(resource: &Resource) -> Option<Permission> {
    let on = |scope: &str, action: String| Some(Permission { action, scope: scope.to_owned() });
    let authorization = |scope: &str, kind: &str| on(scope, format!("Microsoft.Authorization/{kind}/read"));
    match resource {
        Resource::Get { id } => on(id, format!("{}/read", kind_of(id)?)),
        Resource::List { scope, kind } if kind.contains('.') => on(scope, format!("{kind}/read")),
        Resource::List { scope, kind } if kind.starts_with("list") => {
            on(scope, format!("{}/{kind}/action", kind_of(scope)?))
        }
        Resource::List { scope, kind } => on(scope, format!("{}/{kind}/read", kind_of(scope)?)),
        Resource::Find { kind } => on("", format!("{kind}/read")),
        Resource::RoleAssignments { scope, .. } => authorization(scope, "roleAssignments"),
        Resource::DenyAssignments { scope } => authorization(scope, "denyAssignments"),
        Resource::RoleDefinition { scope, .. } => authorization(scope, "roleDefinitions"),
        Resource::Eligible { scope, .. } => authorization(scope, "roleEligibilityScheduleInstances"),
        Resource::Scheduled { scope, .. } => authorization(scope, "roleAssignmentScheduleInstances"),
        Resource::AdminCredentials { registry } => {
            on(registry, "Microsoft.ContainerRegistry/registries/listCredentials/action".to_owned())
        }
        // Everybody may read what they may do; Graph has permissions of its own.
        Resource::Permissions { .. } | Resource::ApplicationSecrets { .. } => None,
    }
}

/// The type in a resource id: `Microsoft.Network/virtualNetworks/subnets`.
pub fn kind_of(id: &str) -> Option<String> {
    let mut segments = id.split('/').skip_while(|segment| !segment.eq_ignore_ascii_case("providers")).skip(1);
    let provider = segments.next()?;
    let kinds: Vec<&str> = segments.step_by(2).collect();
    (!kinds.is_empty()).then(|| format!("{provider}/{}", kinds.join("/")))
}

/// Where a role is assigned for a permission: the resource group of what is read, else its subscription.
pub fn home(scope: &str, subscription: Option<&str>) -> String {
    let parsed = Scope::from(scope);
    match (parsed.subscription(), parsed.resource_group()) {
        (Some(subscription), Some(group)) => format!("/subscriptions/{subscription}/resourceGroups/{group}"),
        (Some(subscription), None) => format!("/subscriptions/{subscription}"),
        _ => format!("/subscriptions/{}", subscription.unwrap_or("<subscription id>")),
    }
}
