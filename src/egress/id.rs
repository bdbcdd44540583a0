//! Resource ids. Resource Manager does not keep their letter case, so two that differ only in case
//! are one resource.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A resource id as it was written; compared and ordered without regard to letter case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// Takes the id as it was read; a closing slash is dropped.
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        while text.ends_with('/') {
            text.pop();
        }
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The resource's own name: the last segment.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The subscription that holds it, where the id names one.
    pub fn subscription(&self) -> Option<&str> {
        self.after("subscriptions")
    }

    /// The resource group that holds it, where the id names one.
    pub fn resource_group(&self) -> Option<&str> {
        self.after("resourcegroups")
    }

    /// For a subnet's id the id of its virtual network.
    pub fn network(&self) -> Option<Id> {
        let at = self.0.to_ascii_lowercase().find("/subnets/")?;
        self.0.get(..at).map(Id::new)
    }

    fn after(&self, collection: &str) -> Option<&str> {
        let mut segments = self.0.split('/');
        segments.find(|segment| segment.eq_ignore_ascii_case(collection))?;
        segments.next().filter(|segment| !segment.is_empty())
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.0.bytes().map(|byte| byte.to_ascii_lowercase())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for Id {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for Id {}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.folded() {
            state.write_u8(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBNET: &str =
        "/subscriptions/s1/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v1/subnets/apps";

    #[test]
    fn letter_case_does_not_make_another_resource() {
        let id = Id::new(SUBNET);
        let shouted = Id::new(SUBNET.to_uppercase() + "/");
        assert_eq!(id, shouted);
        assert_eq!(id.cmp(&shouted), Ordering::Equal);
    }

    #[test]
    fn an_id_names_its_parts() {
        let id = Id::new(SUBNET);
        assert_eq!(id.name(), "apps");
        assert_eq!(id.subscription(), Some("s1"));
        assert_eq!(id.resource_group(), Some("rg-net"));
        assert_eq!(id.network().unwrap().name(), "v1");
        assert_eq!(Id::new("").network(), None);
    }
}
