//! What a registry's host becomes inside the environment's network.
//!
//! The public name of a registry with a private endpoint is an alias: `acme.azurecr.io` →
//! `acme.privatelink.azurecr.io`. A network that is linked to a private zone of that suffix asks
//! the zone, and only the zone
//! (<https://learn.microsoft.com/azure/private-link/private-endpoint-dns>). So a linked zone
//! without the record is worse than none.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::id::Id;
use super::nsg::PLATFORM_DNS;
use super::registry::Registry;
use super::zone::{Entry, Link, PrivateDnsZone};
use super::{Network, Part, Unread};

/// What a host resolves to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Resolution {
    Private {
        addresses: Vec<IpAddr>,
        zone: Id,
    },
    /// The public address.
    Public {
        why: String,
    },
    /// NXDOMAIN: a zone answers for the name and has no such record.
    Missing {
        zone: Id,
        record: String,
        network: Id,
    },
    Unknown {
        why: String,
    },
}

/// Who answers the queries of a network.
enum Server {
    /// Azure DNS, with the private zones that are linked to this network.
    Azure(Id),
    Unknown(String),
}

/// What the host resolves to inside the environment's network.
///
/// `registry` is the one that the host belongs to; without it, whether the name is an alias of a
/// private one is not known.
pub fn resolve(network: &Network, host: &str, registry: Option<&Registry>) -> Resolution {
    let home = match network.subnet() {
        Ok(Some(subnet)) => subnet.id.network(),
        Ok(None) => return public("the environment is in the platform's network, which sees no private zones"),
        Err(unread) => return unknown(unread.why),
    };
    let Some(home) = home else {
        return unknown("the id of the environment's subnet names no virtual network".to_owned());
    };
    let servers = match network.network(&home) {
        Ok(known) if known.dns_servers.is_empty() => vec![Server::Azure(home.clone())],
        Ok(known) => known.dns_servers.iter().map(|&server| who(network, server, &home)).collect(),
        Err(unread) => vec![unread_servers(network, &home, host, registry, unread)],
    };
    let mut answers: Vec<Resolution> = Vec::new();
    for server in servers {
        let answer = match server {
            Server::Azure(seen_from) => by_azure(network, &seen_from, host, registry),
            Server::Unknown(why) => unknown(why),
        };
        let same = |other: &Resolution| std::mem::discriminant(other) == std::mem::discriminant(&answer);
        if answers.first().is_some_and(|first| !same(first)) {
            return unknown(format!("the DNS servers of network `{}` answer differently for {host}", home.name()));
        }
        answers.push(answer);
    }
    answers.into_iter().next().unwrap_or_else(|| unknown(format!("nobody answers for {host}")))
}

/// The DNS servers of the environment's network of which nobody can say whether they forward to
/// Azure DNS.
pub fn opaque_servers(network: &Network) -> Vec<IpAddr> {
    let Some(home) = network.subnet().ok().flatten().and_then(|subnet| subnet.id.network()) else {
        return Vec::new();
    };
    let servers = network.network(&home).map(|known| known.dns_servers.clone()).unwrap_or_default();
    let opaque = |server: &IpAddr| matches!(who(network, *server, &home), Server::Unknown(_));
    servers.into_iter().filter(opaque).collect()
}

/// The network whose zone links count for the environment: its own, or the one that its DNS servers
/// ask from.
pub fn asks_from(network: &Network, home: &Id) -> Id {
    let servers = network.network(home).map(|known| known.dns_servers.clone()).unwrap_or_default();
    let mut known = servers.into_iter().filter_map(|server| match who(network, server, home) {
        Server::Azure(id) => Some(id),
        Server::Unknown(_) => None,
    });
    known.next().unwrap_or_else(|| home.clone())
}

/// The host under the `privatelink` zone: `acme.privatelink.azurecr.io`.
pub fn private_name(host: &str) -> Option<String> {
    let suffix = [".azurecr.io", ".azurecr.us", ".azurecr.cn"].into_iter().find(|suffix| host.ends_with(suffix))?;
    Some(format!("{}.privatelink{suffix}", host.strip_suffix(suffix)?))
}

fn who(network: &Network, server: IpAddr, home: &Id) -> Server {
    if server == IpAddr::V4(PLATFORM_DNS) {
        return Server::Azure(home.clone());
    }
    if let Some(network_id) = network.resolvers.get(&server) {
        return Server::Azure(network_id.clone());
    }
    if let Some(firewall) = network.firewall_at(server) {
        let name = firewall.id.name();
        let dns = match &firewall.policy {
            None => &firewall.dns,
            Some(policy) => match super::part(&network.policies, policy, "firewall policy") {
                Ok(policy) => &policy.dns,
                Err(unread) => return Server::Unknown(unread.why),
            },
        };
        let azure = dns.servers.iter().all(|upstream| *upstream == IpAddr::V4(PLATFORM_DNS));
        return match firewall.network() {
            _ if !dns.enabled => {
                Server::Unknown(format!("firewall `{name}` is the DNS server and its DNS proxy is off"))
            }
            Some(seen_from) if azure => Server::Azure(seen_from),
            _ => Server::Unknown(format!("firewall `{name}` forwards DNS to servers of its own")),
        };
    }
    Server::Unknown(format!(
        "network `{}` asks the DNS server {server}; whether that forwards to Azure DNS from a network that sees the private zone is not in Resource Manager",
        home.name()
    ))
}

/// The network itself was not read, so neither were its DNS servers. That does not matter where no
/// zone that any network sees holds the name: then no server that asks Azure DNS can give a private
/// address.
fn unread_servers(network: &Network, home: &Id, host: &str, registry: Option<&Registry>, unread: Unread) -> Server {
    let alias = private_name(host);
    let names = || [Some(host), alias.as_deref()].into_iter().flatten();
    let may_answer = |zone: &Part<PrivateDnsZone>| {
        let Ok((zone, links)) = links_of(zone) else {
            return true;
        };
        let held = |records| names().any(|name| matches!(zone.lookup(records, name), Entry::Addresses(_)));
        !links.is_empty() && zone.records.as_ref().map_or(true, held)
    };
    let mut relevant = zones(network, host, registry).peekable();
    let listed = matches!(network.zones_listed, Some(Ok(()))) || relevant.peek().is_some();
    if listed && !relevant.any(may_answer) {
        return Server::Azure(home.clone());
    }
    Server::Unknown(format!("its DNS servers are not known: {unread}"))
}

fn by_azure(network: &Network, seen_from: &Id, host: &str, registry: Option<&Registry>) -> Resolution {
    let mut doubts = Vec::new();
    let mut linked: Vec<(&PrivateDnsZone, &Link)> = Vec::new();
    for zone in zones(network, host, registry) {
        match links_of(zone) {
            Ok((zone, links)) => linked.extend(
                links.iter().filter(|link| link.network == *seen_from && link.is_up()).map(|link| (zone, link)),
            ),
            Err(unread) => doubts.push(unread.why),
        }
    }
    // The most specific zone answers: one for the host itself, else one for its alias.
    linked.sort_by_key(|(zone, _)| std::cmp::Reverse(zone.name().len()));
    let alias = private_name(host);
    for name in [Some(host), alias.as_deref()].into_iter().flatten() {
        let Some((zone, link)) = linked.iter().find(|(zone, _)| zone.relative(name).is_some()) else {
            continue;
        };
        let records = match &zone.records {
            Ok(records) => records,
            Err(unread) => return unknown(unread.why.clone()),
        };
        return match zone.lookup(records, name) {
            Entry::Addresses(addresses) => Resolution::Private { addresses, zone: zone.id.clone() },
            Entry::NotMine => continue,
            Entry::Missing(_) if link.falls_back => {
                public("the zone's link falls back to the internet for names it does not hold")
            }
            Entry::Missing(_) if registry.is_none() && name != host => {
                unknown(format!("the registry of {host} was not read, so whether its name is private is not known"))
            }
            Entry::Missing(record) => Resolution::Missing { zone: zone.id.clone(), record, network: seen_from.clone() },
        };
    }
    if registry.is_some_and(|registry| !registry.has_private_link()) {
        return public("the registry has no approved private endpoint");
    }
    match (&network.zones_listed, doubts.into_iter().next()) {
        (_, Some(doubt)) => unknown(doubt),
        (Some(Err(unread)), None) => unknown(unread.why.clone()),
        (None, None) if network.zones.is_empty() => unknown("the private DNS zones were not read".to_owned()),
        _ => public("no private zone that answers for the name is linked to the network"),
    }
}

/// The zones whose name the host, or its alias, ends with. A name has an alias only if its registry
/// has an endpoint.
fn zones<'a>(
    network: &'a Network,
    host: &'a str,
    registry: Option<&Registry>,
) -> impl Iterator<Item = &'a Part<PrivateDnsZone>> {
    let aliased = registry.is_none_or(Registry::has_private_link);
    let alias = private_name(host).filter(|_| aliased);
    network
        .zones
        .iter()
        .filter(move |(id, _)| {
            let under = |name: &str| {
                let (name, zone) = (name.to_ascii_lowercase(), id.name().to_ascii_lowercase());
                name == zone || name.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.'))
            };
            under(host) || alias.as_deref().is_some_and(under)
        })
        .map(|(_, zone)| zone)
}

fn links_of(zone: &Part<PrivateDnsZone>) -> Part<(&PrivateDnsZone, &[Link])> {
    let zone = zone.as_ref().map_err(Clone::clone)?;
    let links = zone.links.as_ref().map_err(Clone::clone)?;
    Ok((zone, links))
}

fn public(why: &str) -> Resolution {
    Resolution::Public { why: why.to_owned() }
}

fn unknown(why: String) -> Resolution {
    Resolution::Unknown { why }
}
