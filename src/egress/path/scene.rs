//! A small hub and spoke for tests: change one thing, and ask what that does.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::environment::Environment;
use super::super::read;
use super::super::registry::{EndpointConnection, Registry};
use super::super::vnet::{PrivateEndpoint, PublicIp, VirtualNetwork};
use super::super::zone::{Link, PrivateDnsZone};
use super::*;

pub fn id(kind: &str, name: &str) -> Id {
    Id::new(format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/{kind}/{name}"))
}

pub fn subnet_id(network: &str, name: &str) -> Id {
    Id::new(format!("{}/subnets/{name}", id("virtualNetworks", network)))
}

pub fn virtual_network(name: &str, space: &str, subnets: &[(&str, &str)]) -> VirtualNetwork {
    let subnets = subnets.iter().map(|(subnet, prefix)| Subnet {
        id: subnet_id(name, subnet),
        prefixes: vec![prefix.parse().unwrap()],
        delegations: vec!["Microsoft.App/environments".to_owned()],
        ..Subnet::default()
    });
    VirtualNetwork {
        id: id("virtualNetworks", name),
        spaces: vec![space.parse().unwrap()],
        subnets: subnets.collect(),
        ..VirtualNetwork::default()
    }
}

/// An environment in `spoke/apps`, an open registry, a hub with a firewall at 10.9.0.4 that is
/// peered with the spoke.
pub fn scene() -> Network {
    let mut spoke = virtual_network("spoke", "10.0.0.0/16", &[("apps", "10.0.0.0/23"), ("endpoints", "10.0.4.0/24")]);
    let mut hub =
        virtual_network("hub", "10.9.0.0/16", &[("AzureFirewallSubnet", "10.9.0.0/26"), ("endpoints", "10.9.4.0/24")]);
    for (near, far) in [(&mut spoke, "hub"), (&mut hub, "spoke")] {
        let body = json!({"value": {"name": format!("to-{far}"), "properties": {"virtualNetworkPeerings": [{"name": format!("to-{far}"),
            "properties": {"peeringState": "Connected", "allowVirtualNetworkAccess": true,
                "remoteVirtualNetwork": {"id": id("virtualNetworks", far)}}}]}}});
        near.peerings = read::virtual_network(&body["value"]).unwrap().peerings;
    }
    let environment = Environment {
        location: "West Europe".into(),
        subnet: Some(subnet_id("spoke", "apps")),
        workload_profiles: vec!["Consumption".into()],
        ..Environment::default()
    };
    let mut network = Network { environment: Some(Ok(environment)), zones_listed: Some(Ok(())), ..Network::default() };
    network.networks.insert(spoke.id.clone(), Ok(spoke));
    network.networks.insert(hub.id.clone(), Ok(hub));
    network.registries.insert("acme.azurecr.io".into(), Ok(registry()));
    network
}

pub fn registry() -> Registry {
    Registry {
        id: Id::new("/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme"),
        login_server: "acme.azurecr.io".into(),
        location: "westeurope".into(),
        public: true,
        ..Registry::default()
    }
}

/// The registry closed, with an endpoint in `place` whose addresses are all in a zone that the
/// spoke is linked to.
pub fn private(place: &str, prefix: &str) -> Network {
    let mut network = scene();
    let endpoint = id("privateEndpoints", "pe");
    let connection = EndpointConnection {
        name: "pe.1".into(),
        endpoint: endpoint.clone(),
        status: "Approved".into(),
        description: String::new(),
    };
    let closed = Registry { public: false, connections: vec![connection], ..registry() };
    network.registries.insert("acme.azurecr.io".into(), Ok(closed));
    let at = |last: u8| format!("{prefix}.{last}").parse().unwrap();
    let hosts = vec![("acme.azurecr.io".to_owned(), at(5)), ("acme.westeurope.data.azurecr.io".to_owned(), at(4))];
    let known = PrivateEndpoint {
        id: endpoint.clone(),
        subnet: Some(subnet_id(place, "endpoints")),
        hosts,
        ..PrivateEndpoint::default()
    };
    network.endpoints.insert(endpoint, Ok(known));
    let link = Link {
        name: "l".into(),
        network: id("virtualNetworks", "spoke"),
        state: Some("Completed".into()),
        falls_back: false,
    };
    let records = BTreeMap::from([("acme".to_owned(), vec![at(5)]), ("acme.westeurope.data".to_owned(), vec![at(4)])]);
    let zone = id("privateDnsZones", "privatelink.azurecr.io");
    network.zones.insert(zone.clone(), Ok(PrivateDnsZone { id: zone, links: Ok(vec![link]), records: Ok(records) }));
    network
}

pub fn change_registry(network: &mut Network, change: impl FnOnce(&mut Registry)) {
    change(network.registries.get_mut("acme.azurecr.io").unwrap().as_mut().unwrap());
}

pub fn change_zone(network: &mut Network, change: impl FnOnce(&mut Vec<Link>, &mut BTreeMap<String, Vec<IpAddr>>)) {
    let zone = network.zones.values_mut().next().unwrap().as_mut().unwrap();
    change(zone.links.as_mut().unwrap(), zone.records.as_mut().unwrap());
}

pub fn change_network(network: &mut Network, name: &str, change: impl FnOnce(&mut VirtualNetwork)) {
    change(network.networks.get_mut(&id("virtualNetworks", name)).unwrap().as_mut().unwrap());
}

/// Gives the environment's subnet a group with outbound rules: `100 Deny AzureActiveDirectory`.
pub fn with_nsg(mut network: Network, rules: &[&str]) -> Network {
    let rules = rules.iter().map(|text| {
        let words: Vec<&str> = text.split(' ').collect();
        json!({"name": format!("r{}", words[0]), "properties": {"priority": words[0], "access": words[1], "direction": "Outbound",
            "protocol": "Tcp", "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": words[2],
            "destinationPortRange": "443"}})
    });
    let group = id("networkSecurityGroups", "nsg");
    let body = json!({"id": group, "properties": {"securityRules": rules.collect::<Vec<_>>()}});
    network.nsgs.insert(group.clone(), read::nsg(&body));
    change_network(&mut network, "spoke", |spoke| spoke.subnets[0].nsg = Some(group));
    network
}

/// Gives the environment's subnet a route table: `0.0.0.0/0 VirtualAppliance 10.9.0.4`.
pub fn with_routes(mut network: Network, routes: &[&str]) -> Network {
    let routes = routes.iter().map(|text| {
        let words: Vec<&str> = text.split(' ').collect();
        json!({"name": format!("to-{}", words[0].replace('/', "-")), "properties": {"addressPrefix": words[0], "nextHopType": words[1], "nextHopIpAddress": words.get(2)}})
    });
    let table = id("routeTables", "rt");
    let body = json!({"id": table, "properties": {"routes": routes.collect::<Vec<_>>()}});
    network.route_tables.insert(table.clone(), read::route_table(&body));
    change_network(&mut network, "spoke", |spoke| spoke.subnets[0].route_table = Some(table));
    network
}

/// Sends everything to the hub's firewall, with a policy that allows these names to everybody.
pub fn with_firewall(network: Network, fqdns: &[&str]) -> Network {
    let mut network = with_routes(network, &["0.0.0.0/0 VirtualAppliance 10.9.0.4"]);
    let (firewall, policy, address) =
        (id("azureFirewalls", "afw"), id("firewallPolicies", "afwp"), id("publicIPAddresses", "pip"));
    let body = json!({"id": firewall, "properties": {"firewallPolicy": {"id": policy}, "ipConfigurations": [{"properties": {
        "privateIPAddress": "10.9.0.4", "publicIPAddress": {"id": address}, "subnet": {"id": subnet_id("hub", "AzureFirewallSubnet")}}}]}});
    network.firewalls.insert(firewall, read::firewall(&body));
    let group = json!({"name": "group", "properties": {"priority": 300, "ruleCollections": [{"name": "collection", "priority": 400,
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "action": {"type": "Allow"}, "rules": [{"ruleType": "ApplicationRule",
        "name": "rule", "protocols": [{"protocolType": "Https", "port": 443}], "targetFqdns": fqdns, "sourceAddresses": ["10.0.0.0/23"]}]}]}});
    network.policies.insert(policy.clone(), read::firewall_policy(&json!({"id": policy}), &[&group]));
    let known = PublicIp { id: address.clone(), addresses: Some("203.0.113.9/32".parse().unwrap()) };
    network.public_ips.insert(address, Ok(known));
    network
}
