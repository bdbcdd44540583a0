//! Built-in roles that a template may plan to assign: to be judged before anything is asked.
//!
//! Not all of them are here. A role that is not here and whose definition was not read is
//! unknown, which is the truth.
//!
//! Source: <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/containers>.

mod general;
mod registry;

use super::operation::{Operation, Pattern, Permissions};
use super::role::{RoleDefinition, RoleGuid, RoleKind, RoleName};
use general::GENERAL_ROLES;
use registry::REGISTRY_ROLES;

/// What recommends a role: its GUID and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub guid: &'static str,
    pub name: &'static str,
}

/// Pulls from a registry in legacy mode.
pub const ACR_PULL: Known = Known { guid: "7f951dda-4ed3-4680-a7ca-43fe172d538d", name: "AcrPull" };

/// Pulls from a registry in ABAC mode.
pub const REPOSITORY_READER: Known =
    Known { guid: "b93aa761-3e63-49ed-ac28-beffa264f7ac", name: "Container Registry Repository Reader" };

/// Reads a secret of a vault that uses role-based access control.
pub const KEY_VAULT_SECRETS_USER: Known =
    Known { guid: "4633458b-17de-408a-b874-0445c86b69e6", name: "Key Vault Secrets User" };

impl Known {
    /// As a role's name anywhere else.
    pub fn name(self) -> RoleName {
        RoleName { guid: RoleGuid::from(self.guid), name: self.name.to_owned(), kind: RoleKind::BuiltIn }
    }
}

/// Reading a secret's value: what a workload does with a Key Vault reference.
pub fn get_secret() -> Operation {
    Operation::data_action("Microsoft.KeyVault/vaults/secrets/getSecret/action")
}

/// The built-in role with this GUID, if it is one of those known here.
pub fn builtin(guid: &RoleGuid) -> Option<RoleDefinition> {
    find(|known, _| known == guid.as_str())
}

/// The built-in role with this name, as `az role assignment create --role` takes it.
pub fn builtin_named(name: &str) -> Option<RoleDefinition> {
    find(|_, known| known.eq_ignore_ascii_case(name.trim()))
}

fn find(is_wanted: impl Fn(&str, &str) -> bool) -> Option<RoleDefinition> {
    let mut lines = REGISTRY_ROLES.lines().chain(GENERAL_ROLES.lines());
    let (guid, name) = lines.by_ref().filter_map(heading).find(|(guid, name)| is_wanted(guid, name))?;
    let mut permissions = Permissions::default();
    for line in lines.take_while(|line| heading(line).is_none()) {
        add(line, &mut permissions);
    }
    Some(RoleDefinition {
        guid: RoleGuid::from(guid),
        name: name.to_owned(),
        kind: RoleKind::BuiltIn,
        permissions: vec![permissions],
    })
}

fn heading(line: &str) -> Option<(&str, &str)> {
    if line.starts_with(' ') {
        return None;
    }
    line.split_once(' ')
}

fn add(line: &str, permissions: &mut Permissions) {
    let line = line.trim_start();
    let (takes_away, line) = match line.strip_prefix("- ") {
        Some(rest) => (true, rest),
        None => (false, line.trim_start_matches("+ ")),
    };
    let (is_data, line) = match line.strip_prefix("data ") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let list = match (takes_away, is_data) {
        (false, false) => &mut permissions.actions,
        (true, false) => &mut permissions.not_actions,
        (false, true) => &mut permissions.data_actions,
        (true, true) => &mut permissions.not_data_actions,
    };
    list.extend(line.split_whitespace().map(Pattern::from));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::RegistryMode;

    #[track_caller]
    fn pulls(name: &str, legacy: bool, abac: bool) {
        let role = builtin_named(name).unwrap();
        assert_eq!(builtin(&role.guid), Some(role.clone()));
        assert_eq!(role.permits(&RegistryMode::Legacy.pull()), legacy);
        assert_eq!(role.permits(&RegistryMode::Abac.pull()), abac);
    }

    #[test]
    fn built_in_roles_pull_as_documented() {
        pulls("AcrPull", true, false);
        pulls("acrpush", true, false);
        pulls("AcrDelete", false, false);
        pulls("AcrImageSigner", false, false);
        pulls("AcrQuarantineReader", false, false);
        pulls("AcrQuarantineWriter", false, false);
        pulls("Container Registry Repository Reader", false, true);
        pulls("Container Registry Repository Writer", false, true);
        pulls("Container Registry Repository Contributor", false, true);
        pulls("Container Registry Repository Catalog Lister", false, false);
        pulls("Container Registry Data Importer and Data Reader", true, true);
        pulls("Container Registry Transfer Pipeline Contributor", false, false);
        pulls("Container Registry Tasks Contributor", false, false);
        pulls("Container Registry Credential Set Reader", false, false);
        pulls("Owner", true, false);
        pulls("Contributor", true, false);
        pulls("Reader", true, false);
        pulls("Monitoring Reader", true, false);
        pulls("Key Vault Secrets User", false, false);
        pulls("Managed Identity Operator", false, false);
    }

    #[test]
    fn a_role_that_is_recommended_does_what_it_is_recommended_for() {
        for known in [ACR_PULL, REPOSITORY_READER, KEY_VAULT_SECRETS_USER] {
            let name = known.name();
            assert_eq!(builtin(&name.guid).unwrap().name, name.name);
        }
        let user = builtin(&KEY_VAULT_SECRETS_USER.name().guid).unwrap();
        assert!(user.permits(&get_secret()));
        let key_vault_contributor = builtin_named("Key Vault Contributor").unwrap();
        assert!(!key_vault_contributor.permits(&get_secret()));
    }

    #[test]
    fn contributor_may_do_all_but_write_assignments() {
        let contributor = builtin_named("Contributor").unwrap();
        let may = |name: &str| contributor.permits(&Operation::action(name));
        assert!(may("Microsoft.ContainerRegistry/registries/listCredentials/action"));
        assert!(!may("Microsoft.Authorization/roleAssignments/write"));
    }

    #[test]
    fn a_role_that_is_not_here_is_not_invented() {
        assert_eq!(builtin(&RoleGuid::from("7f951dda")), None);
        assert_eq!(builtin_named("AcrPul"), None);
        assert_eq!(builtin_named(""), None);
    }
}
