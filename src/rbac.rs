//! Who may do what: the algebra of Azure role-based access control, without asking anybody.
//!
//! Role definitions, assignments and deny assignments go in, as Resource Manager lists them
//! ([`read`]) or as a template plans them ([`builtin`]); [`may_pull`] and the more general
//! [`evaluate`] say who is allowed, why not, or what would have to be known to tell.
//! Three values everywhere: what cannot be told is never rounded to yes or no.
//!
//! Deliberately not here: fetching any of it, resolving a template's expressions, the clock.
//!
//! Sources: <https://learn.microsoft.com/azure/role-based-access-control/overview>,
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference>.

pub mod access;
pub mod assignment;
pub mod builtin;
pub mod condition;
pub mod evaluate;
pub mod operation;
pub mod read;
pub mod role;
pub mod scope;

#[cfg(test)]
mod reference;

pub use access::{Access, Allowed, Exclusion, PullQuestion, Reason, may_pull};
pub use assignment::{
    Assignment, DeniedPrincipal, DenyAssignment, Eligibility, PrincipalId, ScheduleInstance, expire_by,
};
pub use builtin::builtin;
pub use condition::{Attributes, Truth};
pub use evaluate::{Breadth, Doubt, Evaluation, Grant, Held, Principal, Request, Rules, Through, evaluate};
pub use operation::{Operation, Pattern, Permissions};
pub use role::{RoleDefinition, RoleGuid, RoleKind, RoleName, Roles};
pub use scope::Scope;

use serde::{Deserialize, Serialize};

/// The request attribute that a repository condition compares, as the documentation spells it.
pub const REPOSITORY_NAME: &str = "Microsoft.ContainerRegistry/registries/repositories:name";

const PULL_ACTION: &str = "Microsoft.ContainerRegistry/registries/pull/read";
const PULL_DATA_ACTION: &str = "Microsoft.ContainerRegistry/registries/repositories/content/read";

/// How a registry reads role assignments (`properties.roleAssignmentMode`). It decides which
/// operation a pull is, and so which roles count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistryMode {
    /// `LegacyRegistryPermissions`: a pull is an action; AcrPull, Reader and Owner have it.
    Legacy,
    /// `AbacRepositoryPermissions`: a pull is a data action, which conditions may limit to
    /// some repositories; AcrPull, Reader and Owner do not have it.
    Abac,
}

impl RegistryMode {
    /// Reads the property's value, or the word that `az acr create --role-assignment-mode`
    /// takes for it. `None` for anything else: a mode we have not heard of is not a guess.
    pub fn parse(text: &str) -> Option<Self> {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if is("LegacyRegistryPermissions") || is("rbac") {
            return Some(Self::Legacy);
        }
        if is("AbacRepositoryPermissions") || is("rbac-abac") {
            return Some(Self::Abac);
        }
        None
    }

    /// What the puller must be allowed to do at the registry.
    pub fn pull(self) -> Operation {
        match self {
            Self::Legacy => Operation::action(PULL_ACTION),
            Self::Abac => Operation::data_action(PULL_DATA_ACTION),
        }
    }

    /// The least role that pulls in this mode: the one to recommend.
    pub fn pull_role(self) -> RoleName {
        match self {
            Self::Legacy => builtin::ACR_PULL,
            Self::Abac => builtin::REPOSITORY_READER,
        }
        .name()
    }

    /// The mode that this one is not.
    pub fn other(self) -> Self {
        match self {
            Self::Legacy => Self::Abac,
            Self::Abac => Self::Legacy,
        }
    }
}

/// The condition that limits a Repository Reader to one repository, as the documentation
/// writes it. A repository's name holds no quote, so nothing is escaped.
pub fn repository_condition(repository: &str) -> String {
    format!(
        "((!(ActionMatches{{'{PULL_DATA_ACTION}'}}) AND \
         !(ActionMatches{{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'}})) OR \
         (@Request[{REPOSITORY_NAME}] StringEqualsIgnoreCase '{repository}'))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_read_in_both_spellings_and_never_guessed() {
        assert_eq!(RegistryMode::parse("AbacRepositoryPermissions"), Some(RegistryMode::Abac));
        assert_eq!(RegistryMode::parse("rbac"), Some(RegistryMode::Legacy));
        assert_eq!(RegistryMode::parse("rbac-abac"), Some(RegistryMode::Abac));
        assert_eq!(RegistryMode::parse(""), None);
    }

    #[test]
    fn the_recommended_role_pulls_in_its_mode_and_not_in_the_other() {
        for mode in [RegistryMode::Legacy, RegistryMode::Abac] {
            let role = builtin(&mode.pull_role().guid).unwrap();
            assert!(role.permits(&mode.pull()));
            assert!(!role.permits(&mode.other().pull()));
        }
    }

    #[test]
    fn the_recommended_condition_allows_its_repository_only() {
        let allows = |repository: &str| {
            let attributes = Attributes::request(REPOSITORY_NAME, repository);
            let pull = RegistryMode::Abac.pull();
            condition::judge(&repository_condition("shop/api"), &pull, &attributes)
        };
        assert_eq!(allows("shop/api"), Truth::True);
        assert_eq!(allows("shop/api2"), Truth::False);
    }
}
