//! Where a connection goes, and how much of that a rule's destination covers.

use std::fmt;
use std::net::IpAddr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::address::{self, Cover, Prefix};
use super::tag::Tag;

/// One place that must be reached: by its name where a filter reads names, by its addresses where
/// it reads addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The host, or `*.suffix` where the name is one of many.
    pub host: String,
    pub destination: Destination,
}

/// What is known of the addresses behind a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Destination {
    Address(IpAddr),
    /// The public addresses of an Azure service.
    Service(Tag),
    /// Public addresses of somebody else.
    Public,
}

/// What is around the subnet that a connection starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vicinity {
    /// The environment's subnet.
    pub source: Vec<Ipv4Net>,
    /// The address space of its virtual network and of the ones that are peered with it.
    pub spaces: Vec<Ipv4Net>,
    /// The subnet's route table sends everything somewhere. Then the `VirtualNetwork` tag may
    /// contain everything: it holds "address prefixes used on user-defined routes … might also
    /// contain default routes" (service-tags-overview).
    pub default_route: bool,
}

impl Target {
    pub fn new(host: impl Into<String>, destination: Destination) -> Self {
        Self { host: host.into(), destination }
    }

    /// A host of an Azure service whose addresses are in this tag.
    pub fn service(host: impl Into<String>, tag: Tag) -> Self {
        Self::new(host, Destination::Service(tag))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.destination {
            Destination::Address(address) => write!(f, "{} at {address}", self.host),
            Destination::Service(tag) => write!(f, "{} ({tag})", self.host),
            Destination::Public => f.write_str(&self.host),
        }
    }
}

impl Destination {
    /// How much of the destination's addresses these entries of a rule cover together.
    pub fn covered_by(&self, prefixes: &[Prefix], vicinity: &Vicinity) -> Cover {
        let tags = prefixes.iter().map(|prefix| self.covered_by_name(prefix, vicinity));
        let named = tags.fold(Cover::None, Cover::or);
        let nets: Vec<Ipv4Net> = prefixes.iter().flat_map(Prefix::nets).collect();
        named.or(self.covered_by_nets(&nets))
    }

    /// How much of the destination's addresses these networks cover together.
    pub fn covered_by_nets(&self, nets: &[Ipv4Net]) -> Cover {
        match self {
            _ if nets.is_empty() => Cover::None,
            Self::Address(IpAddr::V4(address)) => Cover::when(nets.iter().any(|net| net.contains(address))),
            Self::Address(IpAddr::V6(_)) => Cover::None,
            Self::Service(_) | Self::Public => address::cover_public(nets),
        }
    }

    fn covered_by_name(&self, prefix: &Prefix, vicinity: &Vicinity) -> Cover {
        let tag = match prefix {
            Prefix::Any => return Cover::Whole,
            Prefix::Net(net) => {
                return Cover::when(matches!(self, Self::Address(address) if net.contains(address)));
            }
            Prefix::Range(..) => return Cover::None,
            Prefix::Unknown(_) => return Cover::Part,
            Prefix::Tag(tag) => tag,
        };
        match self {
            Self::Address(address) => named_address(tag, *address, vicinity),
            _ if tag.is(Tag::VIRTUAL_NETWORK) && vicinity.default_route => Cover::Part,
            _ if tag.is(Tag::VIRTUAL_NETWORK) => Cover::None,
            Self::Service(service) => tag.cover(service),
            Self::Public if tag.is(Tag::INTERNET) => Cover::Whole,
            Self::Public if tag.is(Tag::AZURE) => Cover::Part,
            Self::Public => Cover::None,
        }
    }
}

/// How much of the environment's subnet these entries of a rule's source cover together.
pub fn source_cover(prefixes: &[Prefix], vicinity: &Vicinity) -> Cover {
    let named = prefixes.iter().map(|prefix| match prefix {
        Prefix::Any => Cover::Whole,
        Prefix::Tag(tag) => Cover::when(tag.is(Tag::VIRTUAL_NETWORK)),
        Prefix::Unknown(_) => Cover::Part,
        Prefix::Net(_) | Prefix::Range(..) => Cover::None,
    });
    let named = named.fold(Cover::None, Cover::or);
    let nets: Vec<Ipv4Net> = prefixes.iter().flat_map(Prefix::nets).collect();
    if nets.is_empty() || named == Cover::Whole {
        return named;
    }
    if vicinity.source.is_empty() {
        // The subnet's own prefixes are not known.
        return if nets.iter().any(|net| net.prefix_len() == 0) { Cover::Whole } else { Cover::Part };
    }
    named.or(address::cover_nets(&nets, &vicinity.source))
}

fn named_address(tag: &Tag, at: IpAddr, vicinity: &Vicinity) -> Cover {
    let near = matches!(at, IpAddr::V4(v4) if vicinity.spaces.iter().any(|space| space.contains(&v4)));
    if tag.is(Tag::VIRTUAL_NETWORK) {
        return match near {
            true => Cover::Whole,
            // Prefixes behind a gateway belong to the tag too, and they are not in the subnet's own
            // resources.
            false if address::is_private(at) || vicinity.default_route => Cover::Part,
            false => Cover::None,
        };
    }
    if near || address::is_private(at) {
        return Cover::None;
    }
    if tag.is(Tag::INTERNET) { Cover::Whole } else { Cover::Part }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(text: &[&str]) -> Vec<Prefix> {
        text.iter().map(|prefix| Prefix::parse(prefix)).collect()
    }

    fn vicinity() -> Vicinity {
        let nets = |text: &str| vec![text.parse().unwrap()];
        Vicinity { source: nets("10.0.0.0/23"), spaces: nets("10.0.0.0/16"), default_route: false }
    }

    #[track_caller]
    fn covers(rule: &[&str], destination: &Destination, cover: Cover) {
        assert_eq!(destination.covered_by(&prefixes(rule), &vicinity()), cover, "{rule:?} of {destination:?}");
    }

    #[test]
    fn a_service_is_covered_by_tags_and_by_everything_but_only_perhaps_by_addresses() {
        let entra = Destination::Service(Tag::global(Tag::ENTRA));
        covers(&["AzureActiveDirectory"], &entra, Cover::Whole);
        covers(&["0.0.0.0/0"], &entra, Cover::Whole);
        covers(&["20.190.128.0/18", "40.126.0.0/18"], &entra, Cover::Part);
        covers(&["10.0.0.0/8", "VirtualNetwork"], &entra, Cover::None);
        covers(&["::/0"], &entra, Cover::None);
    }

    #[test]
    fn a_private_address_is_in_its_network_and_in_no_service() {
        let endpoint = Destination::Address("10.0.4.5".parse().unwrap());
        covers(&["VirtualNetwork"], &endpoint, Cover::Whole);
        covers(&["10.0.4.0/24"], &endpoint, Cover::Whole);
        covers(&["10.0.5.0/24", "AzureContainerRegistry", "Internet", "AzureCloud"], &endpoint, Cover::None);
        let elsewhere = Destination::Address("10.9.4.5".parse().unwrap());
        covers(&["VirtualNetwork"], &elsewhere, Cover::Part);
    }

    #[test]
    fn a_rule_for_half_of_the_subnet_covers_a_part() {
        let cover = |rule: &[&str]| source_cover(&prefixes(rule), &vicinity());
        assert_eq!(cover(&["10.0.0.0/24"]), Cover::Part);
        assert_eq!(cover(&["10.0.0.0/24", "10.0.1.0/24"]), Cover::Whole);
        assert_eq!(cover(&["VirtualNetwork"]), Cover::Whole);
        assert_eq!(cover(&["10.1.0.0/16", "Internet"]), Cover::None);
        assert_eq!(source_cover(&prefixes(&["10.0.0.0/24"]), &Vicinity::default()), Cover::Part);
    }
}
