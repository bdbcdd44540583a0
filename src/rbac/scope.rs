//! Where something is granted, and what lies below it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};

/// Stands for text that is only known after deployment, in a scope as in any partial value.
pub const UNKNOWN: char = '…';

/// Longest text that is compared with unknown parts; Resource Manager's ids are far shorter.
const LONGEST: usize = 4096;

/// A resource's id, or that of a group, subscription, management group or the root `/`.
///
/// Keeps the letters as written; compares without case, as Resource Manager does
/// (<https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules>).
/// A part that is not known yet is written `…` and stands for any text.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scope(String);

impl Scope {
    /// The tenant's root, an ancestor of everything.
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The id as written, with one leading slash and none at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes; none for the root.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }

    /// Whether some of the id is not known yet.
    pub fn is_partial(&self) -> bool {
        self.0.contains(UNKNOWN)
    }

    /// Whether this is a management group, whose descendants an id does not tell.
    pub fn is_management_group(&self) -> bool {
        let mut segments = self.segments();
        let starts = ["providers", "Microsoft.Management", "managementGroups"]
            .iter()
            .all(|word| segments.next().is_some_and(|s| s.eq_ignore_ascii_case(word)));
        starts && segments.next().is_some() && segments.next().is_none()
    }

    /// The subscription's id, if it is below one and known.
    pub fn subscription(&self) -> Option<&str> {
        self.after("subscriptions", 0)
    }

    /// The resource group's name, if it is below one and known.
    pub fn resource_group(&self) -> Option<&str> {
        self.after("resourceGroups", 2)
    }

    /// The last part: a resource's name.
    pub fn name(&self) -> Option<&str> {
        self.segments().last()
    }

    /// Whether what is granted here is granted at `target` too: the same place or an ancestor.
    /// `None` when the text does not tell: a part is unknown, or this is a management group.
    pub fn covers(&self, target: &Self) -> Option<bool> {
        if self.0 == "/" {
            return Some(true);
        }
        if self.is_partial() || target.is_partial() {
            return self.covers_in_part(target);
        }
        if self == target {
            return Some(true);
        }
        // The tree of management groups is not in the ids: any group may be above anything
        // except the root.
        if self.is_management_group() {
            return if target.0 == "/" { Some(false) } else { None };
        }
        let mut below = target.segments();
        Some(self.segments().all(|segment| below.next().is_some_and(|other| same_letters(segment, other))))
    }

    fn covers_in_part(&self, target: &Self) -> Option<bool> {
        if self.0.len() > LONGEST || target.0.len() > LONGEST {
            return None;
        }
        let above = self.0.to_lowercase();
        let below = target.0.to_lowercase();
        if !self.is_partial() && !self.is_management_group() {
            let inside = format!("{above}/");
            if below.starts_with(&inside) {
                return Some(true);
            }
        }
        if self.is_management_group() && target.0 != "/" {
            return None;
        }
        let deeper = format!("{above}/{UNKNOWN}");
        let possible = may_agree(&above, &below) || may_agree(&deeper, &below);
        if possible { None } else { Some(false) }
    }

    fn after(&self, word: &str, at: usize) -> Option<&str> {
        let mut segments = self.segments().skip(at);
        let found = segments.next()?.eq_ignore_ascii_case(word);
        segments.next().filter(|value| found && !value.contains(UNKNOWN))
    }
}

impl From<String> for Scope {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for Scope {
    fn from(text: &str) -> Self {
        let inner = text.trim().trim_matches('/');
        Self(format!("/{inner}"))
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        let (mut these, mut those) = (self.segments(), other.segments());
        loop {
            match (these.next(), those.next()) {
                (None, None) => return true,
                (Some(this), Some(that)) if same_letters(this, that) => (),
                _ => return false,
            }
        }
    }
}

impl Eq for Scope {}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for segment in self.segments() {
            segment.to_lowercase().hash(state);
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

fn same_letters(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

/// Whether some text fits both, where `…` fits any text: the product of two automata, one row
/// at a time.
fn may_agree(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut next_row = vec![false; other.len() + 1];
    for i in (0..=one.len()).rev() {
        let mut row = vec![false; other.len() + 1];
        for j in (0..=other.len()).rev() {
            row[j] = match (one.get(i), other.get(j)) {
                (None, None) => true,
                (Some(&UNKNOWN), None) => next_row[j],
                (Some(&UNKNOWN), Some(_)) => next_row[j] || row[j + 1],
                (None, Some(&UNKNOWN)) => row[j + 1],
                (Some(_), Some(&UNKNOWN)) => row[j + 1] || next_row[j],
                (Some(a), Some(b)) => a == b && next_row[j + 1],
                (None, Some(_)) | (Some(_), None) => false,
            };
        }
        next_row = row;
    }
    next_row[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acme";

    #[track_caller]
    fn covers(scope: &str, target: &str, expected: Option<bool>) {
        assert_eq!(Scope::from(scope).covers(&Scope::from(target)), expected);
    }

    #[test]
    fn an_ancestor_covers_whatever_the_letter_case() {
        covers("/", REGISTRY, Some(true));
        covers("/subscriptions/s", REGISTRY, Some(true));
        covers("/subscriptions/s/", REGISTRY, Some(true));
        covers("/SUBSCRIPTIONS/S/resourcegroups/RG", REGISTRY, Some(true));
        covers(REGISTRY, &REGISTRY.to_uppercase(), Some(true));
    }

    #[test]
    fn a_sibling_whose_name_begins_alike_is_not_covered() {
        covers("/subscriptions/S/resourceGroups/r", REGISTRY, Some(false));
        covers(REGISTRY, &format!("{REGISTRY}2"), Some(false));
        covers(&format!("{REGISTRY}/x"), REGISTRY, Some(false));
        covers("/subscriptions/T", REGISTRY, Some(false));
        covers("/subscriptions/T", "/", Some(false));
    }

    #[test]
    fn ids_do_not_tell_what_a_management_group_contains() {
        let group = "/providers/Microsoft.Management/managementGroups/corp";
        covers(group, REGISTRY, None);
        covers(group, &group.to_uppercase(), Some(true));
        covers("/subscriptions/S", group, Some(false));
    }

    #[test]
    fn an_unknown_part_is_only_judged_where_the_rest_decides() {
        let unknown = REGISTRY.replace("/S/", "/…/");
        covers(&unknown, REGISTRY, None);
        covers(&unknown, &unknown, None);
        covers(&unknown, &REGISTRY.replace("acme", "other"), Some(false));
        covers(&unknown, &REGISTRY.replace("rg/", "rg2/"), Some(false));
        covers("…", REGISTRY, None);
        covers("/subscriptions/S/resourceGroups/…", REGISTRY, None);
        covers("/subscriptions/T/resourceGroups/…", REGISTRY, Some(false));
        covers("/subscriptions/S", "/subscriptions/S/resourceGroups/…", Some(true));
        covers("/subscriptions/S", &unknown, None);
    }

    #[test]
    fn parts_are_found_by_their_place() {
        let scope = Scope::from(REGISTRY);
        assert_eq!(scope.subscription(), Some("S"));
        assert_eq!(scope.resource_group(), Some("rg"));
        assert_eq!(scope.name(), Some("acme"));
        assert_eq!(Scope::from("/subscriptions/…").subscription(), None);
        assert_eq!(Scope::root().subscription(), None);
    }
}
