//! A registry has two doors: the public one, which its own firewall guards, and private endpoints.
//! DNS decides which is tried.

use std::net::IpAddr;

use super::super::address::Cover;
use super::super::dns::{self, Resolution, resolve};
use super::super::id::Id;
use super::super::registry::{EndpointConnection, Registry};
use super::super::route::SystemRoutes;
use super::super::tag::{Tag, region};
use super::super::target::Target;
use super::super::vnet::Subnet;
use super::super::zone::PrivateDnsZone;
use super::super::{Network, Part, Unread};
use super::endpoint::{Link, by_endpoint, endpoint_network, link};
use super::{Barrier, Reach, Verdict, outgoing, travel};

/// A host of a registry: the tags that its addresses may be in, one of which holds them.
struct Host {
    name: String,
    tags: Vec<Tag>,
}

/// The login server, in each of the registry's regions.
pub fn login(network: &Network, login_server: &str) -> Reach {
    let registry = registry(network, login_server);
    let name = login_server.to_ascii_lowercase();
    let regions = registry.as_ref().map(|registry| registry.regions()).unwrap_or_default();
    let hosts = match regions.as_slice() {
        [] => vec![(Host { name, tags: vec![Tag::global(Tag::REGISTRY)] }, None)],
        known => {
            let host = |place: &String| {
                let host = Host { name: name.clone(), tags: vec![Tag::regional(Tag::REGISTRY, place)] };
                (host, Some(place.clone()))
            };
            known.iter().map(host).collect()
        }
    };
    regional(network, registry, hosts)
}

/// The hosts that layers come from: data endpoints of the registry, or shared storage of its
/// regions.
pub fn layers(network: &Network, login_server: &str) -> Reach {
    let registry = registry(network, login_server);
    let storage = network.cloud.layer_storage().to_owned();
    let Ok(known) = registry else {
        let host = Host { name: storage, tags: vec![Tag::global(Tag::STORAGE)] };
        return to_host(network, Err(Unread::new("")), &host);
    };
    let hosts: Vec<(Host, Option<String>)> = match known.layer_hosts() {
        none if none.is_empty() => {
            let host = |place: String| {
                let tags = vec![Tag::regional(Tag::STORAGE, &place)];
                (Host { name: storage.clone(), tags }, Some(place))
            };
            known.regions().into_iter().map(host).collect()
        }
        // Which of the two tags holds data endpoints is not documented.
        own => {
            let host = |(name, place): (String, String)| {
                let tags = vec![Tag::regional(Tag::REGISTRY, &place), Tag::regional(Tag::STORAGE, &place)];
                (Host { name, tags }, Some(place))
            };
            own.into_iter().map(host).collect()
        }
    };
    regional(network, registry, hosts)
}

fn registry<'a>(network: &'a Network, login_server: &str) -> Part<&'a Registry> {
    let wanted = login_server.to_ascii_lowercase();
    let label = wanted.split('.').next().unwrap_or_default();
    let own = |key: &&String| **key == wanted || key.split('.').next() == Some(label);
    match network.registries.keys().find(own).and_then(|key| network.registries.get(key)) {
        Some(part) => part.as_ref().map_err(Clone::clone),
        None => Err(Unread::new(format!("registry {login_server} was not read"))),
    }
}

/// Azure leads a client to the replica with the shortest way, usually the one of its own region. So
/// that one must be open; if only others are closed, nobody can say which is taken.
fn regional(network: &Network, registry: Part<&Registry>, hosts: Vec<(Host, Option<String>)>) -> Reach {
    let location =
        network.environment.as_ref().and_then(|part| part.as_ref().ok()).map(|known| region(&known.location));
    let private = registry.as_ref().is_ok_and(|registry| registry.has_private_link());
    let several = hosts.len() > 1;
    let mut near_blocked = false;
    let mut blocked = 0;
    let mut all = Vec::new();
    for (host, place) in &hosts {
        let reach = to_host(network, registry.clone(), host);
        if matches!(reach.verdict, Verdict::Blocked(_)) {
            blocked += 1;
            near_blocked |= place.is_some() && *place == location;
        }
        all.push(reach);
    }
    let everywhere = blocked == all.len();
    let whole = Reach::all(all);
    match &whole.verdict {
        // With private endpoints every region's host needs its record: Azure documents no order
        // among them.
        Verdict::Blocked(barrier) if several && !everywhere && !near_blocked && !private => {
            let why = format!("{barrier}; another region of the registry is open, and Azure chooses the region");
            Reach { verdict: Verdict::Unknown(why), ..whole }
        }
        _ => whole,
    }
}

fn to_host(network: &Network, registry: Part<&Registry>, host: &Host) -> Reach {
    let subnet = match network.subnet() {
        Ok(subnet) => subnet,
        Err(unread) => return Reach::unknown(unread.why),
    };
    let Some(subnet) = subnet else {
        return by_public_door(network, None, registry, host);
    };
    // Shared storage is no host of the registry: it has no private name here, and the registry's
    // firewall does not guard it.
    if host.name.starts_with('*') {
        return travel_by_tag(network, subnet, host);
    }
    let known = registry.as_ref().ok().copied();
    match resolve(network, &host.name, known) {
        Resolution::Private { addresses, zone } => {
            let line = format!("{} is {} in zone {}", host.name, listed(&addresses), zone.name());
            let ways =
                addresses.iter().map(|&address| by_endpoint(network, subnet, &registry, &host.name, address, &zone));
            Reach::all(std::iter::once(Reach::open(line)).chain(ways))
        }
        Resolution::Public { why } => {
            let line = Reach::open(format!("{} leads to its public address: {why}", host.name));
            Reach::all([line, by_public_door(network, Some(subnet), registry, host)])
        }
        Resolution::Missing { zone, record, network: seen_from } => {
            let barrier = Barrier::RecordMissing { host: host.name.clone(), zone, record, network: seen_from };
            let line = barrier.to_string();
            Reach::blocked(barrier, line)
        }
        Resolution::Unknown { why } => match known {
            // Nothing private to find: whoever answers can only give the public address.
            Some(registry) if !registry.has_private_link() => {
                by_public_door(network, Some(subnet), Ok(registry), host).caution(why)
            }
            // Whatever address is given, it is of no use from here.
            Some(registry) if !registry.is_open() && !may_use_endpoint(network, subnet, registry) => {
                by_public_door(network, Some(subnet), Ok(registry), host)
            }
            _ => Reach::unknown(why),
        },
    }
}

/// The public door: the registry's firewall first, then the environment's own filters.
fn by_public_door(network: &Network, subnet: Option<&Subnet>, registry: Part<&Registry>, host: &Host) -> Reach {
    let way = match subnet {
        Some(subnet) => travel_by_tag(network, subnet, host),
        None => Reach::open("the environment is in the platform's network, whose egress nothing filters"),
    };
    let shared = host.name.starts_with('*');
    let registry = match registry {
        _ if shared => return way,
        Ok(registry) => registry,
        Err(unread) => return Reach::all([Reach::unknown(unread.why), way]),
    };
    Reach::all([admitted(network, subnet, registry, host), way])
}

fn admitted(network: &Network, subnet: Option<&Subnet>, registry: &Registry, host: &Host) -> Reach {
    let name = registry.id.name();
    if registry.is_open() {
        return Reach::open(format!("registry `{name}` is open to the public"));
    }
    if !registry.public {
        return shut(network, subnet, registry, host);
    }
    let tag = host.tags.first().cloned().unwrap_or_else(|| Tag::global(Tag::REGISTRY));
    let addresses = match outgoing(network, &Target::service(&host.name, tag)) {
        Ok(addresses) => addresses,
        // Where nobody is listed it does not matter who comes.
        Err(_) if registry.allowed_addresses.is_empty() => Vec::new(),
        Err(unread) => {
            return Reach::unknown(format!("registry `{name}` lets only listed addresses in, and {unread}"));
        }
    };
    let told: Vec<String> = addresses.iter().map(ToString::to_string).map(|net| net.replace("/32", "")).collect();
    match registry.admits(&addresses) {
        Cover::Whole => {
            let reach = Reach::open(format!("the firewall of registry `{name}` lets {} in", told.join(", ")));
            let fixed = subnet.is_some_and(|subnet| subnet.nat_gateway.is_some() || subnet.route_table.is_some());
            if fixed {
                reach
            } else {
                reach.caution("the platform may change the addresses that an environment leaves by")
            }
        }
        Cover::Part => Reach::unknown(format!(
            "the firewall of registry `{name}` lets only some of {} in, and traffic may leave by any of them",
            told.join(", ")
        )),
        Cover::None => match shut(network, subnet, registry, host) {
            Reach {
                verdict:
                    Verdict::Blocked(
                        Barrier::NoPrivateEndpoint { .. }
                        | Barrier::NoOwnNetwork { .. }
                        | Barrier::AddressNotAllowed { .. },
                    ),
                ..
            } => {
                let barrier = Barrier::AddressNotAllowed { registry: registry.id.clone(), addresses: told };
                let line = barrier.to_string();
                Reach::blocked(barrier, line)
            }
            other => other,
        },
    }
}

/// The public door is shut: which repair is nearest? An endpoint that is there wants DNS, approval
/// or a peering; else there is none.
fn shut(network: &Network, subnet: Option<&Subnet>, registry: &Registry, host: &Host) -> Reach {
    let id = registry.id.clone();
    let Some(home) = subnet.and_then(|subnet| subnet.id.network()) else {
        let barrier = match registry.public {
            true => Barrier::AddressNotAllowed { registry: id, addresses: Vec::new() },
            false => Barrier::NoOwnNetwork { registry: id },
        };
        let line = barrier.to_string();
        return Reach::blocked(barrier, line);
    };
    let mut found: Vec<(u8, Barrier)> = Vec::new();
    for connection in &registry.connections {
        let approved = connection.status.eq_ignore_ascii_case("Approved");
        let place = endpoint_network(network, &connection.endpoint);
        let joined = place.as_ref().map(|place| link(network, &home, place));
        found.push(match (joined, approved) {
            // An endpoint in some network that has nothing to do with this one is none.
            (Some(Link::Apart(_)), _) => continue,
            (Some(Link::Down(why)), _) => {
                let to = place.unwrap_or_default();
                (2, Barrier::Peering { from: home.clone(), to, why })
            }
            (_, true) => (0, not_linked(network, &home, host)),
            (_, false) => (1, not_approved(registry, connection)),
        });
    }
    found.sort_by_key(|(rank, _)| *rank);
    let barrier = found.into_iter().next().map(|(_, barrier)| barrier);
    let barrier = barrier.unwrap_or(Barrier::NoPrivateEndpoint { registry: id, network: home });
    let line = barrier.to_string();
    Reach::blocked(barrier, line)
}

/// Both tags must give the same answer where it is not known which of them holds the host.
fn travel_by_tag(network: &Network, subnet: &Subnet, host: &Host) -> Reach {
    let travel =
        |tag: &Tag| travel(network, subnet, &Target::service(&host.name, tag.clone()), &SystemRoutes::default());
    let ways: Vec<(Reach, bool)> = host.tags.iter().map(|tag| (travel(tag), false)).collect();
    Reach::spread(ways)
}

/// Whether an approved endpoint is where the environment's traffic may get to.
fn may_use_endpoint(network: &Network, subnet: &Subnet, registry: &Registry) -> bool {
    let Some(home) = subnet.id.network() else {
        return true;
    };
    let approved = registry.connections.iter().filter(|connection| connection.status.eq_ignore_ascii_case("Approved"));
    let near = |connection: &EndpointConnection| {
        let place = endpoint_network(network, &connection.endpoint);
        let apart = |place| matches!(link(network, &home, &place), Link::Down(_) | Link::Apart(_));
        // A route table may lead to a network that is not next to this one.
        subnet.route_table.is_some() || !place.is_some_and(apart)
    };
    approved.into_iter().any(near)
}

/// DNS leads past the endpoint: its zone is not linked, or is linked and lets the name through to
/// the internet.
fn not_linked(network: &Network, home: &Id, host: &Host) -> Barrier {
    let alias = dns::private_name(&host.name).unwrap_or_default();
    let from = dns::asks_from(network, home);
    let zones = || network.zones.values().filter_map(|zone| zone.as_ref().ok());
    let seen = |zone: &&PrivateDnsZone| {
        zone.links.as_ref().is_ok_and(|links| links.iter().any(|link| link.network == from && link.is_up()))
    };
    if let Some((zone, record)) = zones().filter(seen).find_map(|zone| Some((zone, zone.relative(&alias)?))) {
        return Barrier::RecordMissing { host: host.name.clone(), zone: zone.id.clone(), record, network: from };
    }
    let zones = zones();
    let mut holding: Vec<_> = zones.filter(|zone| zone.relative(&alias).is_some()).collect();
    holding.sort_by_key(|zone| {
        let name = zone.relative(&alias).unwrap_or_default();
        !zone.records.as_ref().is_ok_and(|records| records.contains_key(&name))
    });
    Barrier::ZoneNotLinked { host: host.name.clone(), network: from, zone: holding.first().map(|zone| zone.id.clone()) }
}

pub fn not_approved(registry: &Registry, connection: &EndpointConnection) -> Barrier {
    Barrier::EndpointNotApproved {
        registry: registry.id.clone(),
        endpoint: connection.endpoint.clone(),
        connection: connection.name.clone(),
        status: connection.status.clone(),
    }
}

fn listed(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
