//! The smallest role that lets the caller read what it could not, and the commands that give it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Caller;
use super::permission::{Permission, home, permission};
use crate::evidence::{Evidence, Failure, Question, Registry};
use crate::image::{Host, is_acr};
use crate::rbac::{RegistryMode, RoleName};

/// What mends it.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mend {
    /// `None` when no action of Resource Manager is missing.
    pub role: Option<Role>,
    /// In the order in which they are run.
    pub commands: Vec<String>,
    /// What no role of Azure mends.
    pub advice: Vec<String>,
}

/// A custom role, in the form that `az role definition create` takes.
/// <https://learn.microsoft.com/azure/role-based-access-control/custom-roles-cli>
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    pub name: &'static str,
    pub is_custom: bool,
    pub description: &'static str,
    pub actions: BTreeSet<String>,
    pub not_actions: [String; 0],
    pub data_actions: [String; 0],
    pub assignable_scopes: BTreeSet<String>,
}

const NAME: &str = "pullgate reader supplement";
const REGISTRY_READ: &str = "Microsoft.ContainerRegistry/registries/read";
/// What is asked of a registry as soon as it can be read.
const ASKED_NEXT: [&str; 3] = [
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
    "Microsoft.Authorization/denyAssignments/read",
];

/// What mends the failures that left something unverified.
pub fn mend(
    evidence: &Evidence,
    failures: &BTreeSet<Failure>,
    caller: Option<&Caller>,
    subscription: Option<&str>,
) -> Mend {
    let mut lacking: BTreeSet<Permission> = failures.iter().filter_map(told).collect();
    let mut pulls: BTreeSet<&Host> = BTreeSet::new();
    let mut advice = BTreeSet::new();
    for (question, answer) in evidence.iter() {
        let Err(failure) = answer else { continue };
        if !failures.contains(failure) {
            continue;
        }
        match (registry_of(question), failure) {
            (Some(host), Failure::Refused { .. }) if is_acr(host) => {
                pulls.insert(host);
            }
            (Some(host), Failure::Refused { .. }) => {
                advice.insert(format!("log in at {host}: `docker login {host}`"));
            }
            _ => lacking.extend(permission(question, failure)),
        }
    }
    advice.extend(failures.iter().filter_map(beyond_roles));
    if lacking.iter().any(|one| one.action.eq_ignore_ascii_case("Microsoft.App/managedEnvironments/read")) {
        let next =
            "an environment with a network of its own has that network asked next: run `pullgate doctor` again then";
        advice.insert(next.to_owned());
    }
    let (role, mut commands) = custom(&lacking, caller, subscription);
    // Nobody is nobody to grant anything to.
    let is_nobody = failures.iter().any(|failure| matches!(failure, Failure::NoCredential { .. }));
    if is_nobody {
        return Mend { role, commands, advice: advice.into_iter().collect() };
    }
    commands.extend(pulls.iter().flat_map(|host| pull_grants(host, evidence, caller, subscription)));
    Mend { role, commands, advice: advice.into_iter().collect() }
}

/// A permission that a check named itself.
fn told(failure: &Failure) -> Option<Permission> {
    match failure {
        Failure::NotAllowed { permission, scope } => {
            Some(Permission { action: permission.clone(), scope: scope.clone() })
        }
        _ => None,
    }
}

fn beyond_roles(failure: &Failure) -> Option<String> {
    match failure {
        Failure::NotAllowed { .. } | Failure::Refused { .. } => None,
        gap if gap.is_for_want_of_input() => None,
        Failure::NoCredential { .. } => {
            Some("log in first: `az login`, or azure/login in a workflow; what the caller lacks shows then".to_owned())
        }
        other => other.remedy(),
    }
}

/// The registry that a question goes to, when it goes to its data.
fn registry_of(question: &Question) -> Option<&Host> {
    match question {
        Question::Image { image, .. } | Question::Attributes { image } | Question::Quota { image } => {
            Some(&image.registry)
        }
        Question::Tags { registry, .. }
        | Question::DeletedTags { registry, .. }
        | Question::Anonymous { registry, .. }
        | Question::Repositories { registry } => Some(registry),
        Question::Login { .. } | Question::Reach { .. } | Question::Registry { .. } | Question::Resource(_) => None,
    }
}

fn custom(
    lacking: &BTreeSet<Permission>,
    caller: Option<&Caller>,
    subscription: Option<&str>,
) -> (Option<Role>, Vec<String>) {
    if lacking.is_empty() {
        return (None, Vec::new());
    }
    let mut actions: BTreeSet<String> =
        lacking.iter().map(|one| one.action.clone()).filter(|one| is_action(one)).collect();
    if actions.contains(REGISTRY_READ) {
        actions.extend(ASKED_NEXT.map(str::to_owned));
    }
    let homes = lacking.iter().map(|one| plain(&home(&one.scope, subscription)));
    let scopes: BTreeSet<String> = widest(homes.collect());
    let role = Role {
        name: NAME,
        is_custom: true,
        description: "Reads what pullgate asks before a deployment; changes nothing.",
        actions,
        not_actions: [],
        data_actions: [],
        assignable_scopes: scopes,
    };
    let json = serde_json::to_string(&role).expect("a role has only string keys");
    let mut commands = vec![format!("az role definition create --role-definition '{json}'")];
    commands.extend(role.assignable_scopes.iter().map(|scope| assign(caller, NAME, scope)));
    (Some(role), commands)
}

/// Without those that lie in another one.
fn widest(scopes: BTreeSet<String>) -> BTreeSet<String> {
    let lies_in = |scope: &str, other: &str| {
        let (scope, other) = (scope.to_ascii_lowercase(), other.to_ascii_lowercase());
        scope.len() > other.len() && scope.starts_with(&format!("{other}/"))
    };
    let is_inner = |scope: &&String| scopes.iter().any(|other| lies_in(scope, other));
    scopes.iter().filter(|scope| !is_inner(scope)).cloned().collect()
}

/// The role that pulls, by the registry's mode; both when the mode is not known.
fn pull_grants(host: &Host, evidence: &Evidence, caller: Option<&Caller>, subscription: Option<&str>) -> Vec<String> {
    let registry: Option<Registry> = evidence.registry(host).ok().and_then(Result::ok);
    let scope = match &registry {
        Some(registry) => plain(&registry.id),
        None => format!("{} # as near to {host} as you can name it", plain(&home("", subscription))),
    };
    let modes = match registry.and_then(|registry| registry.mode) {
        Some(mode) => vec![mode],
        None => vec![RegistryMode::Legacy, RegistryMode::Abac],
    };
    let roles = modes.into_iter().map(RegistryMode::pull_role);
    roles.map(|RoleName { name, .. }| assign(caller, &name, &scope)).collect()
}

fn assign(caller: Option<&Caller>, role: &str, scope: &str) -> String {
    let object = caller.and_then(|caller| caller.object_id.as_deref()).map_or("<object id>".to_owned(), plain);
    // Who is logged in with a program may be a person; what CI gives is always a service principal.
    let is_program = caller.is_none_or(|caller| caller.source.contains("CLI"));
    let kind = if is_program { "" } else { " --assignee-principal-type ServicePrincipal" };
    let role = if role.contains(' ') { format!("\"{role}\"") } else { role.to_owned() };
    format!("az role assignment create --assignee-object-id {object}{kind} --role {role} --scope {scope}")
}

/// Whether this can be the name of an operation: what Azure answers is written into a command too.
fn is_action(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
}

/// A text that a shell takes as it is: ids come from manifests, which nobody has to trust.
fn plain(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let known = text.replace("<subscription id>", "");
    match known.bytes().all(is_plain) {
        true => text.to_owned(),
        // Names of resource groups may have round brackets, which shells read.
        false if known.bytes().all(|byte| is_plain(byte) || b"()".contains(&byte)) => format!("\"{text}\""),
        false => "<scope>".to_owned(),
    }
}
