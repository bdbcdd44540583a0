//! Operations, the patterns that roles allow them with, and how the two match.

use serde::{Deserialize, Serialize};

/// Something a principal may be allowed to do. Actions and data actions live apart: `*` among
/// a role's actions allows no data action.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Operation {
    Action(String),
    DataAction(String),
}

impl Operation {
    /// An operation of the control plane, such as `Microsoft.ContainerRegistry/registries/read`.
    pub fn action(name: &str) -> Self {
        Self::Action(name.to_owned())
    }

    /// An operation on data, such as `Microsoft.KeyVault/vaults/secrets/getSecret/action`.
    pub fn data_action(name: &str) -> Self {
        Self::DataAction(name.to_owned())
    }

    /// The operation's name, whichever kind it is.
    pub fn name(&self) -> &str {
        match self {
            Self::Action(name) | Self::DataAction(name) => name,
        }
    }
}

/// An operation's name in a role, where `*` stands for any text, slashes included.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Pattern(String);

impl Pattern {
    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it allows more than the one operation it names.
    pub fn is_wildcard(&self) -> bool {
        self.0.contains('*')
    }

    /// Whether the operation's name fits, letter case aside.
    /// (<https://learn.microsoft.com/azure/role-based-access-control/role-definitions#operations-format>)
    pub fn matches(&self, operation: &str) -> bool {
        let pattern: Vec<Wild> = self
            .0
            .chars()
            .map(|c| match c {
                '*' => Wild::Any,
                other => Wild::Exactly(other.to_ascii_lowercase()),
            })
            .collect();
        let text: Vec<char> = operation.chars().map(|c| c.to_ascii_lowercase()).collect();
        fits(&pattern, &text)
    }
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for Pattern {
    // A recorded built-in role has a blank at the end of one of its actions.
    fn from(text: &str) -> Self {
        Self(text.trim().to_owned())
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

/// One block of a role's (or a deny assignment's) permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Permissions {
    pub actions: Vec<Pattern>,
    pub not_actions: Vec<Pattern>,
    pub data_actions: Vec<Pattern>,
    pub not_data_actions: Vec<Pattern>,
    /// Some built-in roles hold a condition of their own beside the assignment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

impl Permissions {
    /// The pattern that allows the operation, if one does and none takes it away again. An
    /// exact name is preferred to a wildcard. The block's condition is not looked at.
    pub fn allowing(&self, operation: &Operation) -> Option<&Pattern> {
        let (allow, except) = match operation {
            Operation::Action(_) => (&self.actions, &self.not_actions),
            Operation::DataAction(_) => (&self.data_actions, &self.not_data_actions),
        };
        let name = operation.name();
        if except.iter().any(|pattern| pattern.matches(name)) {
            return None;
        }
        let mut fitting = allow.iter().filter(|pattern| pattern.matches(name));
        let first = fitting.next()?;
        if !first.is_wildcard() {
            return Some(first);
        }
        Some(fitting.find(|p| !p.is_wildcard()).unwrap_or(first))
    }
}

/// A piece of a pattern with wildcards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wild {
    /// Any text, also none.
    Any,
    /// Any one character.
    One,
    Exactly(char),
}

/// Whether the whole text fits: at most `pattern × text` steps, since only the last `Any` is
/// ever tried again.
pub(super) fn fits(pattern: &[Wild], text: &[char]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(Wild::Any) => {
                retry = Some((p, t));
                p += 1;
            }
            Some(Wild::One) => (p, t) = (p + 1, t + 1),
            Some(Wild::Exactly(c)) if *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((any, from)) = retry else {
                    return false;
                };
                retry = Some((any, from + 1));
                (p, t) = (any + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|piece| *piece == Wild::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PULL: &str = "Microsoft.ContainerRegistry/registries/pull/read";

    #[track_caller]
    fn matches(pattern: &str, operation: &str, expected: bool) {
        assert_eq!(Pattern::from(pattern).matches(operation), expected);
    }

    #[test]
    fn a_star_stands_for_any_text_with_slashes() {
        matches("*", PULL, true);
        matches("*/read", PULL, true);
        matches("*/READ", PULL, true);
        matches("Microsoft.ContainerRegistry/*", PULL, true);
        matches("Microsoft.ContainerRegistry/*/read", PULL, true);
        matches("Microsoft.ContainerRegistry/registries/*/read", PULL, true);
        matches("microsoft.containerregistry/registries/PULL/read ", PULL, true);
        matches("*/write", PULL, false);
        matches("Microsoft.ContainerRegistry/registries/read", PULL, false);
        matches("Microsoft.ContainerRegistry/registries/*/pull/read", PULL, false);
        matches("", PULL, false);
        matches("*a*a*a*a*a*a*a*a*b", &"a".repeat(2_000), false);
    }

    #[test]
    fn what_a_block_takes_away_it_does_not_allow() {
        let block = |actions: &[&str], not: &[&str]| Permissions {
            actions: actions.iter().map(|&p| p.into()).collect(),
            not_actions: not.iter().map(|&p| p.into()).collect(),
            ..Permissions::default()
        };
        let pull = Operation::action(PULL);
        assert!(block(&["*"], &[]).allowing(&pull).is_some());
        assert!(block(&["*"], &["*/pull/*"]).allowing(&pull).is_none());
        assert!(block(&["*"], &[]).allowing(&Operation::data_action(PULL)).is_none());
        let named = block(&["*", PULL], &[]);
        assert_eq!(named.allowing(&pull).unwrap().as_str(), PULL);
    }
}
