//! Role definitions, and how they are found.

use super::builtin::builtin;
use super::operation::{Operation, Permissions};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What identifies a role: its name may be translated and renamed, its GUID is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct RoleGuid(String);

impl RoleGuid {
    /// The GUID in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for RoleGuid {
    /// Takes a GUID or a role definition's whole id, also one with unknown parts: the last
    /// GUID in it, else its last part.
    fn from(text: &str) -> Self {
        let text = text.trim().trim_end_matches('/').to_lowercase();
        let starts = text.char_indices().map(|(at, _)| at).rev();
        let found = starts.filter_map(|at| text.get(at..at + 36)).find(|window| is_guid(window));
        let last = text.rsplit('/').next().unwrap_or_default();
        Self(found.unwrap_or(last).to_owned())
    }
}

impl From<String> for RoleGuid {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<RoleGuid> for String {
    fn from(guid: RoleGuid) -> Self {
        guid.0
    }
}

impl fmt::Display for RoleGuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who wrote a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoleKind {
    BuiltIn,
    Custom,
}

/// What to call a role in a sentence or a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleName {
    pub guid: RoleGuid,
    pub name: String,
    pub kind: RoleKind,
}

/// A role: what its holders may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleDefinition {
    pub guid: RoleGuid,
    pub name: String,
    pub kind: RoleKind,
    pub permissions: Vec<Permissions>,
}

impl RoleDefinition {
    /// What to call it.
    pub fn name(&self) -> RoleName {
        RoleName { guid: self.guid.clone(), name: self.name.clone(), kind: self.kind }
    }

    /// Whether some block allows the operation, conditions aside. What one block takes away,
    /// another may give.
    pub fn permits(&self, operation: &Operation) -> bool {
        self.permissions.iter().any(|block| block.allowing(operation).is_some())
    }

    /// Whether it names anything of container registries, and so may be taken for a role
    /// that pulls.
    pub fn concerns_registries(&self) -> bool {
        const REGISTRIES: &str = "microsoft.containerregistry/";
        self.permissions
            .iter()
            .flat_map(|block| block.actions.iter().chain(&block.data_actions))
            .any(|pattern| pattern.as_str().to_ascii_lowercase().starts_with(REGISTRIES))
    }
}

/// The role definitions that were read, by GUID. Built-in ones that were not are known anyway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(BTreeMap<RoleGuid, RoleDefinition>);

impl Roles {
    /// The definition, as read or as built in. `None`: nobody knows what it allows.
    pub fn get(&self, guid: &RoleGuid) -> Option<RoleDefinition> {
        self.0.get(guid).cloned().or_else(|| builtin(guid))
    }

    /// Adds a definition; the later one wins.
    pub fn insert(&mut self, role: RoleDefinition) {
        self.0.insert(role.guid.clone(), role);
    }
}

impl FromIterator<RoleDefinition> for Roles {
    fn from_iter<I: IntoIterator<Item = RoleDefinition>>(roles: I) -> Self {
        let entries = roles.into_iter().map(|role| (role.guid.clone(), role));
        Self(entries.collect())
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::RegistryMode;
    use crate::rbac::read::role_definitions;
    use serde_json::Value;

    #[track_caller]
    fn guid(text: &str, expected: &str) {
        assert_eq!(RoleGuid::from(text).as_str(), expected);
    }

    /// Every role definition that Azure listed at a registry (2024-11, 667 of them), without
    /// descriptions and assignable scopes.
    const RECORDED: &str = include_str!("../../tests/data/rbac/role-definitions.json");

    /// What the rules say, as slowly and plainly as possible, on the answer as it came.
    fn slowly(role: &Value, actions: &str, not_actions: &str, operation: &str) -> bool {
        fn fits(pattern: &[u8], text: &[u8]) -> bool {
            match (pattern, text) {
                ([], _) => text.is_empty(),
                ([b'*', rest @ ..], _) => (0..=text.len()).any(|at| fits(rest, &text[at..])),
                (_, []) => false,
                ([p, pattern @ ..], [t, text @ ..]) => p == t && fits(pattern, text),
            }
        }
        let any = |block: &Value, member: &str| {
            let patterns = block[member].as_array().into_iter().flatten();
            patterns
                .map(|p| p.as_str().unwrap().trim().to_lowercase())
                .any(|pattern| fits(pattern.as_bytes(), operation.to_lowercase().as_bytes()))
        };
        let blocks = role["properties"]["permissions"].as_array().unwrap();
        blocks.iter().any(|block| any(block, actions) && !any(block, not_actions))
    }

    #[test]
    fn all_recorded_roles_are_judged_as_the_slow_way_judges_them() {
        let answer: Value = serde_json::from_str(RECORDED).unwrap();
        let roles = role_definitions(&answer).unwrap();
        assert_eq!(roles.len(), 667);
        let legacy = RegistryMode::Legacy.pull();
        let abac = RegistryMode::Abac.pull();
        for (role, raw) in roles.iter().zip(answer["value"].as_array().unwrap()) {
            let slow = slowly(raw, "actions", "notActions", legacy.name());
            assert_eq!(role.permits(&legacy), slow, "{}", role.name);
            let slow = slowly(raw, "dataActions", "notDataActions", abac.name());
            assert_eq!(role.permits(&abac), slow, "{}", role.name);
        }
        let count = |operation| roles.iter().filter(|role| role.permits(operation)).count();
        assert_eq!((count(&legacy), count(&abac)), (25, 4));
    }

    #[test]
    fn named_roles_pull_in_the_modes_that_are_documented() {
        let answer: Value = serde_json::from_str(RECORDED).unwrap();
        let roles = role_definitions(&answer).unwrap();
        let modes = |name: &str| {
            let role = roles.iter().find(|role| role.name == name).unwrap();
            [RegistryMode::Legacy, RegistryMode::Abac].map(|mode| role.permits(&mode.pull()))
        };
        for name in [
            "Owner",
            "Contributor",
            "Reader",
            "AcrPull",
            "AcrPush",
            "Monitoring Reader",
            "Monitoring Contributor",
            "Log Analytics Reader",
            "Log Analytics Contributor",
            "User Access Administrator",
            "Role Based Access Control Administrator",
            "Managed Applications Reader",
            "Resource Policy Contributor",
        ] {
            assert_eq!(modes(name), [true, false], "{name}");
        }
        for name in [
            "Container Registry Repository Reader",
            "Container Registry Repository Writer",
            "Container Registry Repository Contributor",
        ] {
            assert_eq!(modes(name), [false, true], "{name}");
        }
        for name in [
            "AcrDelete",
            "AcrImageSigner",
            "AcrQuarantineReader",
            "AcrQuarantineWriter",
            "Container Registry Repository Catalog Lister",
            "Container Registry Transfer Pipeline Contributor",
            "Container Registry Contributor and Data Access Configuration Administrator",
            "Container Registry Configuration Reader and Data Access Configuration Reader",
            "Managed Identity Operator",
            "Key Vault Secrets User",
            "Network Contributor",
        ] {
            assert_eq!(modes(name), [false, false], "{name}");
        }
    }

    #[test]
    fn what_is_built_in_agrees_with_what_was_recorded() {
        let answer: Value = serde_json::from_str(RECORDED).unwrap();
        let mut seen = 0;
        for recorded in role_definitions(&answer).unwrap() {
            // The documentation has since added data actions to this one.
            if recorded.name == "Container Registry Data Importer and Data Reader" {
                continue;
            }
            if let Some(known) = builtin(&recorded.guid) {
                assert_eq!(known, recorded);
                seen += 1;
            }
        }
        assert_eq!(seen, 62);
    }

    #[test]
    fn the_last_guid_of_an_id_names_the_role() {
        let pull = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
        let below = "/providers/Microsoft.Authorization/roleDefinitions/";
        guid(pull, pull);
        guid(&pull.to_uppercase(), pull);
        guid(&format!("{below}{pull}"), pull);
        guid(&format!("/subscriptions/{}{below}{pull}/", "0".repeat(8)), pull);
        guid(&format!("/subscriptions/…{below}{pull}"), pull);
        guid(&format!("{below}AcrPull"), "acrpull");
        guid("…", "…");
        guid("", "");
    }
}
