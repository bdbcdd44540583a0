//! A private endpoint as a way: it must be approved, in a network next to the environment's, and
//! let through.

use std::net::IpAddr;

use super::super::id::Id;
use super::super::registry::{EndpointConnection, Registry};
use super::super::route::{EndpointRoute, SystemRoutes};
use super::super::tag::Tag;
use super::super::target::Target;
use super::super::vnet::{PrivateEndpoint, Subnet};
use super::super::{Network, Part};
use super::registry::not_approved;
use super::{Barrier, Direction, NextHop, Reach, hops, through_nsg, travel};

/// How two networks are joined.
pub enum Link {
    Same,
    Peered,
    /// There is a peering, and no traffic passes it.
    Down(String),
    /// There is none.
    Apart(String),
    Unknown(String),
}

/// Whether traffic gets from one network to the other; peering needs both directions.
pub fn link(network: &Network, from: &Id, to: &Id) -> Link {
    if from == to {
        return Link::Same;
    }
    let mut sure = false;
    let mut unread = None;
    for (near, far) in [(from, to), (to, from)] {
        let known = match network.network(near) {
            Ok(known) => known,
            Err(why) => {
                unread = Some(why.why);
                continue;
            }
        };
        let Some(peering) = known.peering(far) else {
            if known.virtual_hub().is_some() && network.network(far).map_or(true, |far| far.virtual_hub().is_some()) {
                return Link::Unknown(format!(
                    "networks `{}` and `{}` may meet in a hub of Virtual WAN, whose routes are not read",
                    near.name(),
                    far.name()
                ));
            }
            return Link::Apart(format!("network `{}` is not peered with `{}`", near.name(), far.name()));
        };
        if !peering.is_up() {
            let state = match &peering.state {
                Some(state) if !state.eq_ignore_ascii_case("Connected") => format!("is {state}"),
                _ => "does not allow access to the network".to_owned(),
            };
            let (near, far) = (near.name(), far.name());
            return Link::Down(format!("peering `{}` of network `{near}` with `{far}` {state}", peering.name));
        }
        // Azure says `Connected` only once both directions exist.
        sure = peering.state.is_some();
    }
    match unread {
        Some(why) if !sure => Link::Unknown(why),
        _ => Link::Peered,
    }
}

/// To an address that DNS gave for the host, through the endpoint that has it.
pub fn by_endpoint(
    network: &Network,
    subnet: &Subnet,
    registry: &Part<&Registry>,
    host: &str,
    address: IpAddr,
    zone: &Id,
) -> Reach {
    let target = Target::service(host, Tag::global(Tag::REGISTRY)).at(address);
    let connections = registry.as_ref().map(|registry| registry.connections.as_slice()).unwrap_or_default();
    let endpoint = match endpoint_at(network, connections, address) {
        Ok(Some(endpoint)) => endpoint,
        Ok(None) if registry.is_ok() => {
            let barrier =
                Barrier::RecordStale { host: host.to_owned(), zone: zone.clone(), address: address.to_string() };
            let line = barrier.to_string();
            return Reach::blocked(barrier, line);
        }
        Ok(None) => return Reach::unknown(format!("which private endpoint has {address} is not known")),
        Err(unread) => return Reach::unknown(unread.why),
    };
    let mut steps = Vec::new();
    if let Some(connection) = connections.iter().find(|connection| connection.endpoint == endpoint.id)
        && let Ok(registry) = registry
        && !connection.status.eq_ignore_ascii_case("Approved")
    {
        let barrier = not_approved(registry, connection);
        let line = barrier.to_string();
        steps.push(Reach::blocked(barrier, line));
    }
    let (Some(home), Some(place)) = (subnet.id.network(), endpoint.subnet.as_ref().and_then(Id::network)) else {
        return Reach::unknown(format!("the network of private endpoint `{}` is not known", endpoint.id.name()));
    };
    let theirs = endpoint.subnet.as_ref().and_then(|id| network.subnet_by_id(id).ok());
    steps.push(match link(network, &home, &place) {
        Link::Same => Reach::open(format!("private endpoint `{}` is in network `{}`", endpoint.id.name(), home.name())),
        Link::Peered => Reach::open(format!("networks `{}` and `{}` are peered", home.name(), place.name())),
        Link::Unknown(why) => Reach::unknown(why),
        Link::Down(why) | Link::Apart(why) => return across(network, subnet, &target, &place, why, steps),
    });
    let policies = theirs.is_some_and(Subnet::routes_overrule_endpoints);
    let space = space_of(network, &place, address);
    let system = SystemRoutes { endpoint: Some(EndpointRoute { policies, space }), ..SystemRoutes::default() };
    steps.push(travel(network, subnet, &target, &system));
    if let Some(theirs) = theirs.filter(|theirs| theirs.nsg_guards_endpoints() && theirs.nsg.is_some()) {
        steps.push(through_nsg(network, subnet, theirs, &target, Direction::Inbound));
    }
    Reach::all(steps)
}

/// The endpoint's network is not next to the environment's: only an appliance between the two could
/// help.
fn across(network: &Network, subnet: &Subnet, target: &Target, to: &Id, why: String, mut steps: Vec<Reach>) -> Reach {
    let way = travel(network, subnet, target, &SystemRoutes::default());
    let hops = hops(network, subnet, target, &SystemRoutes::default());
    let next = hops.ok().and_then(|hops| hops.into_iter().next()).map(|hop| hop.next);
    steps.push(match next {
        Some(NextHop::Appliance(address)) => {
            let far = network.firewall_at(address).and_then(|firewall| firewall.network());
            match far.map(|far| link(network, &far, to)) {
                Some(Link::Same | Link::Peered) => way,
                Some(Link::Down(why) | Link::Apart(why)) => {
                    let from = subnet.id.network().unwrap_or_default();
                    Reach::blocked(Barrier::Peering { from, to: to.clone(), why: why.clone() }, why)
                }
                _ => Reach::all([way, Reach::unknown(format!("{why}; whether {address} leads there is not known"))]),
            }
        }
        Some(NextHop::Gateway) => way,
        _ => {
            let from = subnet.id.network().unwrap_or_default();
            Reach::blocked(Barrier::Peering { from, to: to.clone(), why: why.clone() }, why)
        }
    });
    Reach::all(steps)
}

/// The endpoint that has the address; `None` if all of the registry's endpoints are known and none
/// has it.
fn endpoint_at<'a>(
    network: &'a Network,
    connections: &[EndpointConnection],
    address: IpAddr,
) -> Part<Option<&'a PrivateEndpoint>> {
    let known = || network.endpoints.values().filter_map(|part| part.as_ref().ok());
    if let Some(endpoint) = known().find(|endpoint| endpoint.holds(address)) {
        return Ok(Some(endpoint));
    }
    for connection in connections {
        let endpoint = super::super::part(&network.endpoints, &connection.endpoint, "private endpoint")?;
        // Some answers do not tell an endpoint's addresses; then its subnet says where they are.
        let subnet = endpoint.subnet.as_ref().and_then(|id| network.subnet_by_id(id).ok());
        let inside = subnet.is_none_or(|subnet| subnet.prefixes.iter().any(|net| net.contains(&address)));
        if endpoint.hosts.is_empty() && inside {
            return Ok(Some(endpoint));
        }
    }
    Ok(None)
}

/// The network that an endpoint stands in, if it was read.
pub fn endpoint_network(network: &Network, endpoint: &Id) -> Option<Id> {
    let endpoint = network.endpoints.get(endpoint)?.as_ref().ok()?;
    endpoint.subnet.as_ref()?.network()
}

fn space_of(network: &Network, place: &Id, address: IpAddr) -> Option<ipnet::Ipv4Net> {
    let IpAddr::V4(address) = address else {
        return None;
    };
    let known = network.network(place).ok()?;
    super::super::vnet::v4(&known.spaces).into_iter().find(|space| space.contains(&address))
}
