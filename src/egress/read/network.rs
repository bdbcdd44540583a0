//! Networks, subnets, security groups and route tables.

use serde_json::Value;

use super::super::Unread;
use super::super::address::{Ports, Prefix};
use super::super::admin::AdminRule;
use super::super::decision::Access;
use super::super::id::Id;
use super::super::nsg::{Direction, Nsg, Protocol, SecurityRule, Sides};
use super::super::route::{NextHop, Route, RouteTable, ServiceEndpoint};
use super::super::vnet::{NatGateway, Peering, PublicIp, Subnet, VirtualNetwork};
use super::{
    Resource, addresses, array, items, member, nets, own_name, prefixes, properties, reference, references, string,
    texts, truth,
};

/// Reads a network security group. Its default rules are known without it.
///
/// # Errors
///
/// When the value is not an object.
pub fn nsg(value: &Value) -> Result<Nsg, Unread> {
    let resource = Resource::read(value, "network security group")?;
    let rules = array(resource.properties, "securityRules").iter().flat_map(security_rules).collect();
    Ok(Nsg { id: resource.id, rules })
}

/// Reads a route table.
///
/// # Errors
///
/// When the value is not an object.
pub fn route_table(value: &Value) -> Result<RouteTable, Unread> {
    let resource = Resource::read(value, "route table")?;
    Ok(RouteTable {
        routes: array(resource.properties, "routes").iter().map(route).collect(),
        propagation_disabled: truth(resource.properties, "disableBgpRoutePropagation").unwrap_or_default(),
        id: resource.id,
    })
}

/// Reads a virtual network with its subnets and peerings.
///
/// # Errors
///
/// When the value is not an object.
pub fn virtual_network(value: &Value) -> Result<VirtualNetwork, Unread> {
    let resource = Resource::read(value, "virtual network")?;
    let inside = resource.properties;
    let mut subnets = Vec::new();
    for child in array(inside, "subnets") {
        let mut known = subnet(child)?;
        if known.id.as_str().is_empty() {
            known.id = Id::new(format!("{}/subnets/{}", resource.id, string(child, "name").unwrap_or_default()));
        }
        subnets.push(known);
    }
    Ok(VirtualNetwork {
        location: string(resource.body, "location").unwrap_or_default(),
        spaces: member(inside, "addressSpace").map(|space| nets(space, &["addressPrefixes"])).unwrap_or_default(),
        dns_servers: member(inside, "dhcpOptions").map(|dns| addresses(dns, &["dnsServers"])).unwrap_or_default(),
        peerings: array(inside, "virtualNetworkPeerings").iter().filter_map(peering).collect(),
        subnets,
        id: resource.id,
    })
}

/// Reads a subnet.
///
/// # Errors
///
/// When the value is not an object.
pub fn subnet(value: &Value) -> Result<Subnet, Unread> {
    let resource = Resource::read(value, "subnet")?;
    let inside = resource.properties;
    let delegation = |value: &Value| string(properties(value), "serviceName");
    Ok(Subnet {
        prefixes: nets(inside, &["addressPrefixes", "addressPrefix"]),
        nsg: reference(inside, "networkSecurityGroup"),
        route_table: reference(inside, "routeTable"),
        nat_gateway: reference(inside, "natGateway"),
        delegations: array(inside, "delegations").iter().filter_map(delegation).collect(),
        service_endpoints: array(inside, "serviceEndpoints").iter().filter_map(service_endpoint).collect(),
        endpoint_policies: string(inside, "privateEndpointNetworkPolicies").unwrap_or_default(),
        id: resource.id,
    })
}

/// Reads a NAT gateway.
///
/// # Errors
///
/// When the value is not an object.
pub fn nat_gateway(value: &Value) -> Result<NatGateway, Unread> {
    let resource = Resource::read(value, "NAT gateway")?;
    Ok(NatGateway {
        addresses: references(resource.properties, "publicIpAddresses"),
        prefixes: references(resource.properties, "publicIpPrefixes"),
        id: resource.id,
    })
}

/// Reads a public IP address or public IP prefix.
///
/// # Errors
///
/// When the value is not an object.
pub fn public_ip(value: &Value) -> Result<PublicIp, Unread> {
    let resource = Resource::read(value, "public IP address")?;
    let addresses = nets(resource.properties, &["ipAddress", "ipPrefix"]);
    Ok(PublicIp { addresses: addresses.first().copied(), id: resource.id })
}

/// Reads the security admin rules that are in force in a network.
pub fn admin_rules(answer: &Value) -> Vec<AdminRule> {
    let mut found = Vec::new();
    for value in items(answer) {
        let inside = properties(value);
        let sides = |name: &str| -> Vec<Prefix> {
            array(inside, name).iter().flat_map(|side| prefixes(side, &["addressPrefix"])).collect()
        };
        let always = string(inside, "access").is_some_and(|access| access.eq_ignore_ascii_case("AlwaysAllow"));
        let name = string(value, "id").map(|id| Id::new(id).name().to_owned()).unwrap_or_default();
        for rule in security_rules(value) {
            let access = if always { Access::Allow } else { rule.access };
            // A rule that names a side in a way that is not known may be about anything.
            let known = |sides: Vec<Prefix>| match sides.is_empty() {
                true => vec![Prefix::Unknown("a side that cannot be read".to_owned())],
                false => sides,
            };
            let (sources, destinations) = (known(sides("sources")), known(sides("destinations")));
            found.push(AdminRule {
                rule: SecurityRule { name: name.clone(), access, sources, destinations, ..rule },
                always,
            });
            if always {
                break;
            }
        }
    }
    found
}

/// Reads one security rule, inside its group or as a resource of its own. One whose action cannot
/// be read becomes two.
pub fn security_rules(value: &Value) -> Vec<SecurityRule> {
    let inside = properties(value);
    let ports = |names: &[&str]| {
        let texts = texts(inside, names);
        let parsed: Option<Vec<Ports>> = texts.iter().flat_map(|text| text.split(',')).map(Ports::parse).collect();
        parsed.filter(|ports| !ports.is_empty())
    };
    let word = |name: &str| string(inside, name).map(|text| text.to_ascii_lowercase());
    let access = match word("access").as_deref() {
        Some("allow") => Some(Access::Allow),
        Some("deny") => Some(Access::Deny),
        _ => None,
    };
    let direction = match word("direction").as_deref() {
        Some("inbound") => Direction::Inbound,
        _ => Direction::Outbound,
    };
    let priority = member(inside, "priority").and_then(number);
    let wanted = ports(&["destinationPortRanges", "destinationPortRange"]);
    let unclear = access.is_none() || priority.is_none() || wanted.is_none();

    let mut rule = SecurityRule {
        name: own_name(value),
        priority: priority.unwrap_or_default(),
        direction,
        access: access.unwrap_or(Access::Deny),
        protocol: match word("protocol").as_deref() {
            Some("tcp") => Protocol::Tcp,
            Some("udp") => Protocol::Udp,
            Some("*" | "any") | None => Protocol::Any,
            Some(_) => Protocol::Other,
        },
        sources: prefixes(inside, &["sourceAddressPrefixes", "sourceAddressPrefix"]),
        source_ports: ports(&["sourcePortRanges", "sourcePortRange"]).unwrap_or(vec![Ports::ALL]),
        destinations: prefixes(inside, &["destinationAddressPrefixes", "destinationAddressPrefix"]),
        ports: wanted.unwrap_or(vec![Ports::ALL]),
        grouped: Sides {
            source: !array(inside, "sourceApplicationSecurityGroups").is_empty(),
            destination: !array(inside, "destinationApplicationSecurityGroups").is_empty(),
        },
    };
    if unclear {
        // It may stand anywhere and do either: in both ways it makes an answer that rests on later
        // rules unknown.
        rule.destinations = vec![Prefix::Unknown("a rule that cannot be read".to_owned())];
        if access.is_none() {
            return vec![SecurityRule { access: Access::Allow, ..rule.clone() }, rule];
        }
    }
    vec![rule]
}

/// Reads one route, inside its table or as a resource of its own.
pub fn route(value: &Value) -> Route {
    let inside = properties(value);
    let hop = string(inside, "nextHopType").unwrap_or_default().to_ascii_lowercase();
    let address = addresses(inside, &["nextHopIpAddress"]).first().copied();
    let next = match (hop.as_str(), address) {
        ("internet", _) => NextHop::Internet,
        ("vnetlocal", _) => NextHop::Local,
        ("virtualnetworkgateway", _) => NextHop::Gateway,
        ("none", _) => NextHop::Dropped,
        ("virtualappliance", Some(address)) => NextHop::Appliance(address),
        _ => NextHop::Unknown("the route's next hop cannot be read".to_owned()),
    };
    let prefix = prefixes(inside, &["addressPrefix"]).into_iter().next();
    Route { name: own_name(value), prefix: prefix.unwrap_or_else(|| Prefix::Unknown("no prefix".to_owned())), next }
}

/// Reads one peering, inside its network or as a resource of its own; `None` if it does not say
/// with whom.
pub fn peering(value: &Value) -> Option<Peering> {
    let inside = properties(value);
    let space = |name: &str| member(inside, name).map(|space| nets(space, &["addressPrefixes"])).unwrap_or_default();
    let mut remote_spaces = space("remoteAddressSpace");
    if remote_spaces.is_empty() {
        remote_spaces = space("remoteVirtualNetworkAddressSpace");
    }
    Some(Peering {
        name: own_name(value),
        remote: reference(inside, "remoteVirtualNetwork")?,
        state: string(inside, "peeringState"),
        allows_access: truth(inside, "allowVirtualNetworkAccess").unwrap_or(true),
        uses_remote_gateway: truth(inside, "useRemoteGateways").unwrap_or_default(),
        remote_spaces,
    })
}

fn service_endpoint(value: &Value) -> Option<ServiceEndpoint> {
    Some(ServiceEndpoint { service: string(value, "service")?, locations: texts(value, &["locations"]) })
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| number.try_into().ok()),
    }
}
