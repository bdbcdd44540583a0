//! Private endpoints and private DNS zones.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value;

use super::super::Unread;
use super::super::id::Id;
use super::super::vnet::{Connection, PrivateEndpoint};
use super::super::zone::Link;
use super::{Resource, addresses, array, items, member, own_name, properties, reference, references, string, texts};

/// Reads a private endpoint.
///
/// # Errors
///
/// When the value is not an object.
pub fn private_endpoint(value: &Value) -> Result<PrivateEndpoint, Unread> {
    let resource = Resource::read(value, "private endpoint")?;
    let inside = resource.properties;
    let mut known = PrivateEndpoint {
        subnet: reference(inside, "subnet"),
        interfaces: references(inside, "networkInterfaces"),
        id: resource.id,
        ..PrivateEndpoint::default()
    };
    // A connection that its owner may not approve himself is among the manual ones; before Azure
    // answers it is pending.
    for (name, at_first) in
        [("privateLinkServiceConnections", "Approved"), ("manualPrivateLinkServiceConnections", "Pending")]
    {
        known.connections.extend(array(inside, name).iter().filter_map(|value| connection(value, at_first)));
    }
    for config in array(inside, "customDnsConfigs") {
        let fqdn = string(config, "fqdn").unwrap_or_default().to_ascii_lowercase();
        known.hosts.extend(addresses(config, &["ipAddresses"]).into_iter().map(|address| (fqdn.clone(), address)));
    }
    for config in array(inside, "ipConfigurations") {
        let config = properties(config);
        let member = string(config, "memberName").unwrap_or_default();
        known
            .hosts
            .extend(addresses(config, &["privateIPAddress"]).into_iter().map(|address| (member.clone(), address)));
    }
    Ok(known)
}

/// Reads the hosts and addresses of a private endpoint's network interface, for an endpoint that
/// does not tell them.
///
/// # Errors
///
/// When the value is not an object.
pub fn interface_hosts(value: &Value) -> Result<Vec<(String, IpAddr)>, Unread> {
    let resource = Resource::read(value, "network interface")?;
    let mut hosts = Vec::new();
    for config in array(resource.properties, "ipConfigurations") {
        let config = properties(config);
        let link = member(config, "privateLinkConnectionProperties");
        let names = link.map(|link| texts(link, &["fqdns"])).unwrap_or_default();
        for address in addresses(config, &["privateIPAddress"]) {
            hosts.extend(names.iter().map(|name| (name.to_ascii_lowercase(), address)));
        }
    }
    Ok(hosts)
}

/// Reads an inbound endpoint of a DNS Private Resolver: its addresses, and the network that it
/// resolves for.
///
/// # Errors
///
/// When the value is not an object.
pub fn resolver_endpoint(value: &Value) -> Result<Vec<(IpAddr, Id)>, Unread> {
    let resource = Resource::read(value, "DNS resolver's inbound endpoint")?;
    let mut found = Vec::new();
    for config in array(resource.properties, "ipConfigurations") {
        let config = properties(config);
        let network = reference(config, "subnet").and_then(|subnet| subnet.network());
        let addresses = addresses(config, &["privateIpAddress"]);
        found.extend(addresses.into_iter().filter_map(|address| Some((address, network.clone()?))));
    }
    Ok(found)
}

/// Reads a list of a zone's virtual network links.
pub fn zone_links(answer: &Value) -> Vec<Link> {
    let link = |value: &Value| {
        let inside = properties(value);
        let policy = string(inside, "resolutionPolicy").unwrap_or_default();
        Some(Link {
            name: string(value, "name").unwrap_or_default(),
            network: reference(inside, "virtualNetwork")?,
            state: string(inside, "virtualNetworkLinkState"),
            falls_back: policy.eq_ignore_ascii_case("NxDomainRedirect"),
        })
    };
    items(answer).into_iter().filter_map(link).collect()
}

/// Reads a list of a zone's record sets, of which only A records are kept.
pub fn zone_records(answer: &Value) -> BTreeMap<String, Vec<IpAddr>> {
    let mut records = BTreeMap::new();
    for value in items(answer) {
        let inside = properties(value);
        let kind = string(value, "type").unwrap_or_default();
        let is_a = kind.rsplit('/').next().is_some_and(|kind| kind.eq_ignore_ascii_case("A"));
        if !is_a && member(inside, "aRecords").is_none() {
            continue;
        }
        let name = own_name(value).to_ascii_lowercase();
        let found = array(inside, "aRecords").iter().flat_map(|record| addresses(record, &["ipv4Address"])).collect();
        records.insert(name, found);
    }
    records
}

fn connection(value: &Value, at_first: &str) -> Option<Connection> {
    let inside = properties(value);
    let state = member(inside, "privateLinkServiceConnectionState");
    let told = |name: &str| state.and_then(|state| string(state, name));
    Some(Connection {
        target: string(inside, "privateLinkServiceId").map(Id::new)?,
        groups: texts(inside, &["groupIds"]),
        status: told("status").unwrap_or_else(|| at_first.to_owned()),
        description: told("description").unwrap_or_default(),
    })
}
