//! Service tags: Azure's names for sets of public addresses, and which of them contains which.
//!
//! The published ranges are not in here. They change weekly, so an address is never compared with a
//! service tag; what can be compared without them is one tag with another
//! (<https://learn.microsoft.com/azure/virtual-network/service-tags-overview>).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::address::Cover;

/// A service tag: a service and, for a regional one, the region in the form that `location` has
/// (`westeurope`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    pub service: String,
    pub region: Option<String>,
}

impl Tag {
    pub const ENTRA: &str = "AzureActiveDirectory";
    pub const REGISTRY: &str = "AzureContainerRegistry";
    pub const STORAGE: &str = "Storage";
    pub const MICROSOFT_REGISTRY: &str = "MicrosoftContainerRegistry";
    pub const FRONT_DOOR: &str = "AzureFrontDoor.FirstParty";
    pub const KEY_VAULT: &str = "AzureKeyVault";
    pub const INTERNET: &str = "Internet";
    pub const VIRTUAL_NETWORK: &str = "VirtualNetwork";
    pub const PLATFORM_DNS: &str = "AzurePlatformDNS";
    pub const AZURE: &str = "AzureCloud";

    /// A tag from the text of a rule or route, in any letter case; `None` where the text cannot be
    /// a tag's name.
    pub fn parse(text: &str) -> Option<Self> {
        let named = text.starts_with(|first: char| first.is_ascii_alphabetic());
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if !named || !text.chars().all(plain) {
            return None;
        }
        // The documentation of firewall network rules spells this tag without its dot, that of NSGs
        // with it (Container Apps, "use-azure-firewall.md" and "firewall-integration.md").
        if same(text, "AzureFrontDoorFirstParty") {
            return Some(Self::global(Self::FRONT_DOOR));
        }
        // Front Door's and API Management's dots do not introduce a region.
        let whole = |known: &&&str| same(text, known);
        if let Some(known) = DOTTED.iter().find(whole) {
            return Some(Self::global(known));
        }
        match text.split_once('.') {
            Some((service, place)) if !place.is_empty() => Some(Self::regional(service, place)),
            _ => Some(Self::global(text)),
        }
    }

    /// The tag of a service in all regions.
    pub fn global(service: &str) -> Self {
        let service = CANONICAL.iter().find(|known| same(known, service)).copied().unwrap_or(service);
        Self { service: service.to_owned(), region: None }
    }

    /// The tag of a service in one region, which may be written as a display name (`West Europe`).
    pub fn regional(service: &str, place: &str) -> Self {
        Self { region: Some(region(place)), ..Self::global(service) }
    }

    /// Whether the tag is this service's, in whatever region.
    pub fn is(&self, service: &str) -> bool {
        same(&self.service, service)
    }

    /// How much of the `wanted` tag's addresses a rule for this tag covers.
    pub fn cover(&self, wanted: &Tag) -> Cover {
        if self.is(Self::INTERNET) {
            // "outside the virtual network and reachable by the public internet. The address range
            // includes the Azure-owned public IP address space" (service-tags-overview).
            return Cover::Whole;
        }
        if self.is(Self::AZURE) && self.region.is_none() {
            return Cover::Whole;
        }
        if self.is(Self::AZURE) || self.is(&wanted.service) {
            return match (&self.region, &wanted.region) {
                (None, _) => Cover::Whole,
                (Some(mine), Some(theirs)) if mine == theirs => Cover::Whole,
                (Some(_), Some(_)) => Cover::None,
                (Some(_), None) => Cover::Part,
            };
        }
        Cover::None
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.service)?;
        match &self.region {
            Some(region) => write!(f, ".{region}"),
            None => Ok(()),
        }
    }
}

/// A location as Azure compares it: `East US 2`, `EastUS2` and `eastus2` are one. Some service tags
/// shorten a region's name.
pub fn region(place: &str) -> String {
    let folded: String = place.chars().filter(char::is_ascii_alphanumeric).collect();
    let folded = folded.to_ascii_lowercase();
    // Short forms that the published list of service tags uses (not every one was verified).
    let known = SHORT_REGIONS.iter().find(|(short, _)| *short == folded);
    known.map_or(folded.clone(), |(_, long)| (*long).to_owned())
}

const SHORT_REGIONS: &[(&str, &str)] = &[
    ("centralfrance", "francecentral"),
    ("southfrance", "francesouth"),
    ("germanyn", "germanynorth"),
    ("germanywc", "germanywestcentral"),
    ("norwaye", "norwayeast"),
    ("norwayw", "norwaywest"),
    ("switzerlandn", "switzerlandnorth"),
    ("switzerlandw", "switzerlandwest"),
    ("brazilse", "brazilsoutheast"),
    ("uaen", "uaenorth"),
    ("uaec", "uaecentral"),
];

const CANONICAL: &[&str] = &[
    Tag::ENTRA,
    Tag::REGISTRY,
    Tag::STORAGE,
    Tag::MICROSOFT_REGISTRY,
    Tag::FRONT_DOOR,
    Tag::KEY_VAULT,
    Tag::INTERNET,
    Tag::VIRTUAL_NETWORK,
    Tag::PLATFORM_DNS,
    Tag::AZURE,
];

const DOTTED: &[&str] = &[
    Tag::FRONT_DOOR,
    "AzureFrontDoor.Frontend",
    "AzureFrontDoor.Backend",
    "AzureFrontDoor.MicrosoftSecurity",
    "Dynamics365ForMarketingEmail.Geo",
];

fn same(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn covers(rule: &str, wanted: &str, cover: Cover) {
        assert_eq!(Tag::parse(rule).unwrap().cover(&Tag::parse(wanted).unwrap()), cover, "{rule} of {wanted}");
    }

    #[test]
    fn a_tag_covers_what_it_contains() {
        covers("AzureActiveDirectory", "AzureActiveDirectory", Cover::Whole);
        covers("azureactivedirectory", "AzureActiveDirectory", Cover::Whole);
        covers("Internet", "AzureContainerRegistry.westeurope", Cover::Whole);
        covers("AzureCloud", "Storage.westeurope", Cover::Whole);
        covers("AzureCloud.WestEurope", "Storage.westeurope", Cover::Whole);
        covers("AzureCloud.westeurope", "Storage.northeurope", Cover::None);
        covers("AzureCloud.westeurope", "AzureActiveDirectory", Cover::Part);
        covers("Storage", "Storage.westeurope", Cover::Whole);
        covers("Storage.GermanyWC", "Storage.germanywestcentral", Cover::Whole);
        covers("Storage.eastus", "Storage.westeurope", Cover::None);
        covers("Storage.eastus", "Storage", Cover::Part);
        covers("Storage.eastus", "AzureContainerRegistry.eastus", Cover::None);
        covers("Sql", "AzureActiveDirectory", Cover::None);
        covers("AzureActiveDirectoryDomainServices", "AzureActiveDirectory", Cover::None);
    }

    #[test]
    fn both_spellings_of_the_front_door_tag_are_one() {
        covers("AzureFrontDoorFirstParty", "AzureFrontDoor.FirstParty", Cover::Whole);
        covers("azurefrontdoor.firstparty", "AzureFrontDoor.FirstParty", Cover::Whole);
        covers("AzureFrontDoor.Frontend", "AzureFrontDoor.FirstParty", Cover::None);
    }

    #[test]
    fn an_address_is_not_a_tag() {
        for text in ["10.0.0.0/8", "", "*", "a b", "2001:db8::/32"] {
            assert_eq!(Tag::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_display_name_is_the_same_region() {
        assert_eq!(region("East US 2"), "eastus2");
        assert_eq!(Tag::regional("storage", "West Europe").to_string(), "Storage.westeurope");
    }
}
