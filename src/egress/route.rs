//! Which next hop a packet takes: the longest prefix, then the subnet's own routes before learned
//! ones before the system's
//! (<https://learn.microsoft.com/azure/virtual-network/virtual-networks-udr-overview>).
//!
//! Routes learned from a gateway are in no resource that can be read; where one could matter the
//! hop says so.

use std::net::IpAddr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use super::address::{self, Cover, Prefix};
use super::id::Id;
use super::tag::Tag;
use super::target::{Destination, Vicinity};

/// A subnet's route table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    pub id: Id,
    pub routes: Vec<Route>,
    /// Routes that a gateway learned are kept out.
    pub propagation_disabled: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    pub name: String,
    pub prefix: Prefix,
    pub next: NextHop,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NextHop {
    Internet,
    /// Inside the virtual network or one that is peered with it.
    Local,
    /// Straight to an Azure service, past every route of the table.
    ServiceEndpoint,
    Appliance(IpAddr),
    Gateway,
    /// The packet is dropped.
    Dropped,
    Unknown(String),
}

/// A next hop that a packet may take, and the route that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub next: NextHop,
    /// The route of the table; `None` for a system route.
    pub route: Option<String>,
    /// For a service: so few of its addresses can take this way that the service as a whole does
    /// not.
    pub few: bool,
}

/// What the subnet's surroundings add to its route table.
#[derive(Clone, Debug, Default)]
pub struct SystemRoutes<'a> {
    pub service_endpoints: &'a [ServiceEndpoint],
    /// The address belongs to a private endpoint, which adds its own /32 to this network and its
    /// peers.
    pub endpoint: Option<EndpointRoute>,
}

/// A service endpoint of a subnet: `Microsoft.Storage` and the regions it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEndpoint {
    pub service: String,
    pub locations: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub struct EndpointRoute {
    /// The endpoint's subnet lets route tables overrule the endpoint's own route
    /// (`privateEndpointNetworkPolicies`).
    pub policies: bool,
    /// The prefix of the endpoint's network that holds it, where that is known.
    pub space: Option<Ipv4Net>,
}

/// The next hops that a packet to the destination may take, the likeliest first.
///
/// One hop means that all of the destination's addresses go there. More than one means that a
/// service's addresses are spread over routes whose prefixes cannot be compared with a service tag.
pub fn next_hops(
    table: Option<&RouteTable>,
    destination: &Destination,
    vicinity: &Vicinity,
    system: &SystemRoutes,
) -> Vec<Hop> {
    let routes = table.map_or(&[][..], |table| &table.routes);
    match destination {
        Destination::Address(address) => vec![to_address(routes, *address, vicinity, system)],
        Destination::Service(tag) => to_public(routes, Some(tag), system),
        Destination::Public => to_public(routes, None, system),
    }
}

/// Whether the table sends everything somewhere of its own choice.
pub fn has_default(table: &RouteTable) -> bool {
    let nets: Vec<Ipv4Net> = table.routes.iter().flat_map(|route| route.prefix.nets()).collect();
    !nets.is_empty() && address::cover_public(&nets) == Cover::Whole
}

fn to_address(routes: &[Route], to: IpAddr, vicinity: &Vicinity, system: &SystemRoutes) -> Hop {
    let IpAddr::V4(v4) = to else {
        return Hop::system(NextHop::Unknown("IPv6 routes are not followed".to_owned()));
    };
    let named = routes.iter().filter(|route| matches!(route.prefix, Prefix::Net(net) if net.contains(&to)));
    let own = named.max_by_key(|route| length(&route.prefix));
    let own_length = own.map(|route| length(&route.prefix));

    if let Some(endpoint) = system.endpoint {
        // "To invalidate a private endpoint route, UDRs must have a prefix equal to or larger than
        // the VNet address space … a UDR default route (0.0.0.0/0) doesn't invalidate Private
        // Endpoint routes"
        // (learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy). Larger
        // means: as specific or more.
        let overruled = match (own_length, endpoint.space) {
            (Some(32), _) => true,
            (Some(length), Some(space)) => endpoint.policies && length >= space.prefix_len(),
            (Some(length), None) if endpoint.policies && length > 0 => {
                return Hop::system(NextHop::Unknown(
                    "the address space of the endpoint's network is not known".to_owned(),
                ));
            }
            _ => false,
        };
        return match own {
            Some(route) if overruled => Hop::by(route),
            _ => Hop::system(NextHop::Local),
        };
    }
    let space = vicinity.spaces.iter().filter(|space| space.contains(&v4)).map(Ipv4Net::prefix_len).max();
    match (own, space) {
        (Some(route), Some(space)) if length(&route.prefix) >= space => Hop::by(route),
        (_, Some(_)) => Hop::system(NextHop::Local),
        (Some(route), None) => Hop::by(route),
        (None, None) if address::is_private(to) => {
            let why = format!("no route to {to} can be read; a gateway may have learned one");
            Hop::system(NextHop::Unknown(why))
        }
        (None, None) => Hop::system(NextHop::Internet),
    }
}

fn to_public(routes: &[Route], tag: Option<&Tag>, system: &SystemRoutes) -> Vec<Hop> {
    if let Some(tag) = tag
        && system.service_endpoints.iter().any(|endpoint| endpoint.serves(tag))
    {
        return vec![Hop::system(NextHop::ServiceEndpoint)];
    }
    let everything = |route: &&Route| match &route.prefix {
        Prefix::Any => true,
        Prefix::Net(net) => net.prefix_len() == 0 && net.network().is_ipv4(),
        Prefix::Tag(tag) => tag.is(Tag::INTERNET),
        _ => false,
    };
    let tagged = tagged_routes(routes, tag);
    let whole = tagged.iter().find(|(cover, _)| *cover == Cover::Whole).map(|(_, route)| *route);
    let perhaps = tagged.iter().filter(|(cover, _)| *cover == Cover::Part).map(|(_, route)| *route);

    // A tag's prefixes are longer than any /8 (the published ones are; unverified for all time), so
    // a tag's route is only beaten by explicit prefixes that are longer still.
    let shortest = if whole.is_some() { 9 } else { 1 };
    let explicit: Vec<&Route> = routes.iter().filter(|route| competes(route, shortest)).collect();
    let nets: Vec<Ipv4Net> = explicit.iter().flat_map(|route| route.prefix.nets()).collect();
    let complete = !nets.is_empty() && address::cover_public(&nets) == Cover::Whole;

    let mut hops = Vec::new();
    match whole.or_else(|| routes.iter().find(everything)) {
        Some(route) => hops.push(Hop::by(route)),
        None if complete => (),
        None => hops.push(Hop::system(NextHop::Internet)),
    }
    hops.extend(perhaps.map(Hop::by));
    for route in explicit {
        let size: u64 = explicit_size(routes, &route.next, shortest);
        hops.push(Hop { few: size <= FEW, ..Hop::by(route) });
    }
    distinct(hops)
}

// A route for one firewall's or one time server's address next to a default route is a common
// pattern; so few addresses do not carry Entra or a region's storage.
const FEW: u64 = 16;

/// Routes for service tags that hold the wanted one, the most telling first: "regional tags …
/// top-level … AzureCloud regional … AzureCloud" (virtual-networks-udr-overview).
fn tagged_routes<'a>(routes: &'a [Route], wanted: Option<&Tag>) -> Vec<(Cover, &'a Route)> {
    let Some(wanted) = wanted else {
        return Vec::new();
    };
    let mut found: Vec<(u8, Cover, &Route)> = Vec::new();
    for route in routes {
        let Prefix::Tag(tag) = &route.prefix else {
            continue;
        };
        let cover = tag.cover(wanted);
        if cover == Cover::None || tag.is(Tag::INTERNET) {
            continue;
        }
        let rank = match (tag.is(Tag::AZURE), &tag.region) {
            (false, Some(_)) => 0,
            (false, None) => 1,
            (true, Some(_)) => 2,
            (true, None) => 3,
        };
        found.push((rank, cover, route));
    }
    found.sort_by_key(|(rank, ..)| *rank);
    // What stands behind a route that takes everything does not matter.
    let end = found.iter().position(|(_, cover, _)| *cover == Cover::Whole).map_or(found.len(), |at| at + 1);
    found.into_iter().take(end).map(|(_, cover, route)| (cover, route)).collect()
}

fn competes(route: &Route, shortest: u8) -> bool {
    match &route.prefix {
        Prefix::Net(net) => net.prefix_len() >= shortest && address::cover_public(&route.prefix.nets()) != Cover::None,
        Prefix::Unknown(_) => true,
        _ => false,
    }
}

fn explicit_size(routes: &[Route], next: &NextHop, shortest: u8) -> u64 {
    let same = routes.iter().filter(|route| route.next == *next && competes(route, shortest));
    let size = |route: &Route| match route.prefix.nets().first() {
        Some(net) => 1u64 << (32 - net.prefix_len()),
        None => u64::from(u32::MAX),
    };
    same.map(size).fold(0, u64::saturating_add)
}

fn distinct(hops: Vec<Hop>) -> Vec<Hop> {
    let mut kept: Vec<Hop> = Vec::new();
    for hop in hops {
        if !kept.iter().any(|other| other.next == hop.next) {
            kept.push(hop);
        }
    }
    kept
}

fn length(prefix: &Prefix) -> u8 {
    prefix.nets().first().map_or(0, Ipv4Net::prefix_len)
}

impl Hop {
    fn by(route: &Route) -> Self {
        Self { next: route.next.clone(), route: Some(route.name.clone()), few: false }
    }

    fn system(next: NextHop) -> Self {
        Self { next, route: None, few: false }
    }
}

impl ServiceEndpoint {
    fn serves(&self, tag: &Tag) -> bool {
        let service = match self.service.to_ascii_lowercase().as_str() {
            "microsoft.storage" | "microsoft.storage.global" => Tag::STORAGE,
            "microsoft.keyvault" => Tag::KEY_VAULT,
            "microsoft.containerregistry" => Tag::REGISTRY,
            // Microsoft.AzureActiveDirectory only serves Data Lake Storage Gen1, not Entra itself
            // (learn.microsoft.com/azure/virtual-network/virtual-network-service-endpoints-overview).
            _ => return false,
        };
        let everywhere = self.locations.is_empty() || self.locations.iter().any(|place| place == "*");
        let here = |region: &String| self.locations.iter().any(|place| super::tag::region(place) == *region);
        tag.is(service) && (everywhere || tag.region.as_ref().is_some_and(here))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0.0.0.0/0 10.9.0.4`, `AzureActiveDirectory internet`, `20.0.0.0/8 none`, `0.0.0.0/0
    /// gateway`.
    fn table(text: &[&str]) -> RouteTable {
        let routes = text.iter().map(|line| {
            let (prefix, next) = line.split_once(' ').unwrap();
            let next = match next {
                "internet" => NextHop::Internet,
                "none" => NextHop::Dropped,
                "gateway" => NextHop::Gateway,
                address => NextHop::Appliance(address.parse().unwrap()),
            };
            Route { name: (*line).to_owned(), prefix: Prefix::parse(prefix), next }
        });
        RouteTable { routes: routes.collect(), ..RouteTable::default() }
    }

    #[track_caller]
    fn goes(routes: &[&str], to: &str, hops: &[&str]) {
        goes_with(routes, to, &SystemRoutes::default(), hops);
    }

    #[track_caller]
    fn goes_with(routes: &[&str], to: &str, system: &SystemRoutes, hops: &[&str]) {
        let destination = match Prefix::parse(to) {
            Prefix::Tag(tag) => Destination::Service(tag),
            _ => Destination::Address(to.parse().unwrap()),
        };
        let vicinity = Vicinity { spaces: vec!["10.0.0.0/16".parse().unwrap()], ..Vicinity::default() };
        let found = next_hops(Some(&table(routes)), &destination, &vicinity, system);
        let found: Vec<String> = found
            .iter()
            .map(|hop| {
                hop.route.clone().unwrap_or_else(|| format!("system {:?}", hop.next))
                    + if hop.few { " few" } else { "" }
            })
            .collect();
        assert_eq!(found, hops);
    }

    const ENTRA: &str = "AzureActiveDirectory";

    #[test]
    fn without_routes_the_system_decides() {
        goes(&[], ENTRA, &["system Internet"]);
        goes(&[], "10.0.4.5", &["system Local"]);
        goes(&[], "20.1.2.3", &["system Internet"]);
    }

    #[test]
    fn a_default_route_takes_every_service_and_a_tags_route_is_more_telling() {
        goes(&["0.0.0.0/0 10.9.0.4"], ENTRA, &["0.0.0.0/0 10.9.0.4"]);
        goes(&["0.0.0.0/0 10.9.0.4", "AzureActiveDirectory internet"], ENTRA, &["AzureActiveDirectory internet"]);
        goes(&["AzureCloud none", "Storage internet"], "Storage.westeurope", &["Storage internet"]);
        goes(&["Storage none", "Storage.westeurope internet"], "Storage.westeurope", &["Storage.westeurope internet"]);
        goes(
            &["AzureCloud none", "AzureCloud.westeurope internet"],
            "Storage.westeurope",
            &["AzureCloud.westeurope internet"],
        );
        goes(&["0.0.0.0/0 none", "Storage.eastus internet"], "Storage.westeurope", &["0.0.0.0/0 none"]);
    }

    #[test]
    fn explicit_prefixes_may_take_a_part_of_a_service() {
        let routes = ["0.0.0.0/0 10.9.0.4", "20.190.128.0/18 internet", "203.0.113.9/32 none"];
        goes(&routes, ENTRA, &["0.0.0.0/0 10.9.0.4", "20.190.128.0/18 internet", "203.0.113.9/32 none few"]);
        goes(&["10.0.0.0/8 none"], ENTRA, &["system Internet"]);
        goes(&["0.0.0.0/1 gateway", "128.0.0.0/1 gateway"], ENTRA, &["0.0.0.0/1 gateway"]);
        goes(&["0.0.0.0/1 none", "AzureActiveDirectory internet"], ENTRA, &["AzureActiveDirectory internet"]);
    }

    #[test]
    fn a_private_endpoint_is_reached_directly_unless_its_subnet_lets_routes_overrule() {
        let endpoint = |policies| SystemRoutes {
            endpoint: Some(EndpointRoute { policies, space: Some("10.5.0.0/16".parse().unwrap()) }),
            ..SystemRoutes::default()
        };
        let routes = ["0.0.0.0/0 none", "10.5.0.0/16 10.9.0.4"];
        goes_with(&routes, "10.5.4.5", &endpoint(false), &["system Local"]);
        goes_with(&routes, "10.5.4.5", &endpoint(true), &["10.5.0.0/16 10.9.0.4"]);
        goes_with(&["0.0.0.0/0 none"], "10.5.4.5", &endpoint(true), &["system Local"]);
        goes_with(&["10.5.4.5/32 none"], "10.5.4.5", &endpoint(false), &["10.5.4.5/32 none"]);
    }

    #[test]
    fn a_service_endpoint_passes_the_table_by_in_its_regions() {
        let endpoints =
            [ServiceEndpoint { service: "Microsoft.Storage".into(), locations: vec!["West Europe".into()] }];
        let system = SystemRoutes { service_endpoints: &endpoints, ..SystemRoutes::default() };
        goes_with(&["0.0.0.0/0 none"], "Storage.westeurope", &system, &["system ServiceEndpoint"]);
        goes_with(&["0.0.0.0/0 none"], "Storage.eastus", &system, &["0.0.0.0/0 none"]);
    }

    #[test]
    fn the_longest_prefix_wins_and_the_subnets_own_route_wins_a_tie() {
        goes(&["0.0.0.0/0 none", "10.0.0.0/8 gateway"], "10.7.0.1", &["10.0.0.0/8 gateway"]);
        goes(&["10.0.0.0/8 gateway"], "10.0.4.5", &["system Local"]);
        goes(&["10.0.0.0/16 gateway"], "10.0.4.5", &["10.0.0.0/16 gateway"]);
    }
}
