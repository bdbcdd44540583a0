//! Prefixes and ports as network rules write them, and how much of something they cover.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets};
use serde::{Deserialize, Serialize};

use super::tag::Tag;

/// How much of something a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Cover {
    None,
    /// Some of it, or nobody can say how much without the published address ranges.
    Part,
    Whole,
}

impl Cover {
    /// Both conditions must hold.
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either condition is enough.
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    pub fn when(condition: bool) -> Self {
        if condition { Self::Whole } else { Self::None }
    }
}

/// One entry of a rule's source or destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prefix {
    Any,
    Net(IpNet),
    /// From the first to the last address, both included; firewall rules and IP groups have it.
    Range(Ipv4Addr, Ipv4Addr),
    Tag(Tag),
    /// Something that is not known, or that nobody could read: it may be anything.
    Unknown(String),
}

impl Prefix {
    /// Reads `*`, an address, a CIDR, `first-last`, or a service tag.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Self::Any;
        }
        if let Ok(net) = text.parse::<IpNet>() {
            return Self::Net(net.trunc());
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Self::Net(IpNet::from(address));
        }
        if let Some((first, last)) = text.split_once('-')
            && let (Ok(first), Ok(last)) = (first.trim().parse(), last.trim().parse())
        {
            return Self::Range(first, last);
        }
        Tag::parse(text).map_or_else(|| Self::Unknown(text.to_owned()), Self::Tag)
    }

    /// The IPv4 networks that the prefix names; none for a tag. Registries, Entra and their storage
    /// are reached over IPv4.
    pub fn nets(&self) -> Vec<Ipv4Net> {
        match self {
            Self::Any => vec![Ipv4Net::default()],
            Self::Net(IpNet::V4(net)) => vec![*net],
            Self::Range(first, last) if first <= last => Ipv4Subnets::new(*first, *last, 0).collect(),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Net(net) => write!(f, "{net}"),
            Self::Range(first, last) => write!(f, "{first}-{last}"),
            Self::Tag(tag) => write!(f, "{tag}"),
            Self::Unknown(text) => f.write_str(text),
        }
    }
}

/// A range of ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub from: u16,
    pub to: u16,
}

impl Ports {
    pub const ALL: Self = Self { from: 0, to: u16::MAX };

    /// Reads `*`, `443` or `80-443`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" || text.eq_ignore_ascii_case("any") {
            return Some(Self::ALL);
        }
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (from <= to).then_some(Self { from, to })
    }

    pub fn contain(self, port: u16) -> bool {
        (self.from..=self.to).contains(&port)
    }
}

/// How much of the IPv4 networks `of` the `nets` cover together.
pub fn cover_nets(nets: &[Ipv4Net], of: &[Ipv4Net]) -> Cover {
    let merged = Ipv4Net::aggregate(&nets.to_vec());
    let whole = |net: &Ipv4Net| merged.iter().any(|wide| wide.contains(net));
    if of.iter().all(whole) {
        return Cover::Whole;
    }
    let touches = |net: &Ipv4Net| merged.iter().any(|other| overlap(net, other));
    if of.iter().any(touches) { Cover::Part } else { Cover::None }
}

/// How much of the public IPv4 space the `nets` cover together.
pub fn cover_public(nets: &[Ipv4Net]) -> Cover {
    let mut all = nets.to_vec();
    all.extend(NOT_PUBLIC.iter().chain(DOCUMENTATION).map(|&(a, length)| net(a, length)));
    if Ipv4Net::aggregate(&all).iter().any(|merged| merged.prefix_len() == 0) {
        return Cover::Whole;
    }
    let inside = |inner: &Ipv4Net| NOT_PUBLIC.iter().any(|&(a, length)| net(a, length).contains(inner));
    if nets.iter().all(inside) { Cover::None } else { Cover::Part }
}

/// Whether the address belongs to no public service: private, shared, loopback, link-local,
/// multicast or reserved.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => NOT_PUBLIC.iter().any(|&(a, length)| net(a, length).contains(&v4)),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn overlap(left: &Ipv4Net, right: &Ipv4Net) -> bool {
    left.contains(right) || right.contains(left)
}

fn net((a, b): (u8, u8), length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, 0, 0), length)
}

// IANA special-purpose registry, as far as /16 and wider; 192.0.0.0/24 and 192.0.2.0/24 are left
// out as too small to matter.
const NOT_PUBLIC: &[((u8, u8), u8)] = &[
    ((0, 0), 8),
    ((10, 0), 8),
    ((100, 64), 10),
    ((127, 0), 8),
    ((169, 254), 16),
    ((172, 16), 12),
    ((192, 168), 16),
    ((198, 18), 15),
    ((224, 0), 3),
];

// Ranges that nobody misses in a list of "all that is public": 192.0.0.0/16 and the documentation
// networks around them.
const DOCUMENTATION: &[((u8, u8), u8)] = &[((192, 0), 16)];

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(text: &[&str]) -> Vec<Ipv4Net> {
        text.iter().flat_map(|prefix| Prefix::parse(prefix).nets()).collect()
    }

    #[test]
    fn prefixes() {
        assert_eq!(Prefix::parse("10.1.2.3"), Prefix::Net("10.1.2.3/32".parse().unwrap()));
        assert_eq!(Prefix::parse("10.1.2.3/24").to_string(), "10.1.2.0/24");
        assert_eq!(Prefix::parse("*"), Prefix::Any);
        assert_eq!(Prefix::parse("Storage.WestEurope").to_string(), "Storage.westeurope");
        assert_eq!(Prefix::parse("[parameters('x')]"), Prefix::Unknown("[parameters('x')]".into()));
        assert_eq!(nets(&["10.0.0.0-10.0.1.255"]), nets(&["10.0.0.0/23"]));
        assert!(nets(&["10.0.0.9-10.0.0.1", "2001:db8::/32"]).is_empty());
    }

    #[test]
    fn ports() {
        assert!(Ports::parse("*").unwrap().contain(443));
        assert!(Ports::parse("440-450").unwrap().contain(443));
        assert!(!Ports::parse("80").unwrap().contain(443));
        assert_eq!(Ports::parse("450-440"), None);
        assert_eq!(Ports::parse("https"), None);
    }

    #[test]
    fn halves_together_are_the_whole() {
        assert_eq!(cover_nets(&nets(&["10.0.0.0/24", "10.0.1.0/24"]), &nets(&["10.0.0.0/23"])), Cover::Whole);
        assert_eq!(cover_nets(&nets(&["10.0.0.0/24"]), &nets(&["10.0.0.0/23"])), Cover::Part);
        assert_eq!(cover_nets(&nets(&["10.2.0.0/24"]), &nets(&["10.0.0.0/23"])), Cover::None);
        assert_eq!(cover_public(&nets(&["0.0.0.0/1", "128.0.0.0/1"])), Cover::Whole);
    }

    #[test]
    fn everything_but_private_addresses_is_all_that_is_public() {
        let idiom = [
            "1.0.0.0/8",
            "2.0.0.0/7",
            "4.0.0.0/6",
            "8.0.0.0/7",
            "11.0.0.0/8",
            "12.0.0.0/6",
            "16.0.0.0/4",
            "32.0.0.0/3",
            "64.0.0.0/2",
            "128.0.0.0/3",
            "160.0.0.0/5",
            "168.0.0.0/6",
            "172.0.0.0/12",
            "172.32.0.0/11",
            "172.64.0.0/10",
            "172.128.0.0/9",
            "173.0.0.0/8",
            "174.0.0.0/7",
            "176.0.0.0/4",
            "192.0.0.0/9",
            "192.128.0.0/11",
            "192.160.0.0/13",
            "192.169.0.0/16",
            "192.170.0.0/15",
            "192.172.0.0/14",
            "192.176.0.0/12",
            "192.192.0.0/10",
            "193.0.0.0/8",
            "194.0.0.0/7",
            "196.0.0.0/6",
            "200.0.0.0/5",
            "208.0.0.0/4",
        ];
        assert_eq!(cover_public(&nets(&idiom)), Cover::Whole);
        assert_eq!(cover_public(&nets(&idiom[1..])), Cover::Part);
        assert_eq!(cover_public(&nets(&["10.0.0.0/8", "192.168.4.0/24"])), Cover::None);
    }
}
