use serde_json::json;

use super::super::decision::Outcome;
use super::super::nsg::{self, Direction, Flow, Protocol};
use super::super::route::NextHop;
use super::super::tag::Tag;
use super::super::target::{Destination, Vicinity};
use super::*;

/// Recorded answers and official examples, with their sources.
const ANSWERS: &str = include_str!("../../../tests/data/egress/answers.json");

/// The answers of a kind, lists taken apart.
fn answers(kind: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_json::from_str(ANSWERS).unwrap();
    let of_kind = all.into_iter().filter(|entry| entry["kind"] == kind);
    of_kind.flat_map(|entry| items(&entry["answer"]).into_iter().cloned().collect::<Vec<_>>()).collect()
}

#[test]
fn recorded_networks_parse() {
    for value in answers("virtualNetwork") {
        let known = virtual_network(&value).unwrap();
        assert!(!known.spaces.is_empty() && !known.subnets.is_empty());
        assert!(
            known
                .subnets
                .iter()
                .all(|subnet| !subnet.prefixes.is_empty() && subnet.id.network() == Some(known.id.clone()))
        );
    }
    for value in answers("subnet") {
        assert!(!subnet(&value).unwrap().prefixes.is_empty());
    }
    for value in answers("nsg") {
        let known = nsg(&value).unwrap();
        assert_eq!(known.rules.len(), array(&value["properties"], "securityRules").len());
        let unreadable = |prefix: &Prefix| matches!(prefix, Prefix::Unknown(_));
        assert!(!known.rules.iter().flat_map(|rule| rule.sources.iter().chain(&rule.destinations)).any(unreadable));
    }
    let routes: Vec<_> = answers("routeTable").iter().flat_map(|value| route_table(value).unwrap().routes).collect();
    assert!(routes.iter().any(|route| matches!(route.next, NextHop::Appliance(_))));
    assert!(routes.iter().all(|route| !matches!(route.next, NextHop::Unknown(_))));
    assert_eq!(nat_gateway(&answers("natGateway")[0]).unwrap().addresses.len(), 1);
}

#[test]
fn recorded_firewalls_parse() {
    let firewalls: Vec<_> = answers("firewall").iter().map(|value| firewall(value).unwrap()).collect();
    assert_eq!(firewalls[0].collections.iter().map(|collection| collection.rules.len()).collect::<Vec<_>>(), [2, 1, 1]);
    assert_eq!(firewalls[1].private_addresses, ["10.0.0.4".parse::<IpAddr>().unwrap()]);
    assert_eq!(firewalls[1].network().unwrap().name(), "asotest-vn-bxihil");
    let group = answers("ruleCollectionGroup");
    for group in &group {
        assert!(rule_collection_group(group).unwrap().priority < u32::MAX);
    }
    let groups: Vec<&Value> = group.iter().collect();
    let policy = firewall_policy(&answers("firewallPolicy")[0], &groups).unwrap();
    assert!(policy.dns.enabled && policy.inspects);
    assert_eq!(policy.groups.len(), groups.len());
}

#[test]
fn recorded_endpoints_and_zones_parse() {
    let endpoints: Vec<_> = answers("privateEndpoint").iter().map(|value| private_endpoint(value).unwrap()).collect();
    assert!(endpoints[0].connections[0].is_approved());
    assert!(!endpoints[1].connections[0].is_approved());
    assert!(endpoints[0].holds("192.168.0.6".parse().unwrap()));
    let inbound = json!({"properties": {"ipConfigurations": [{"privateIpAddress": "10.9.2.4",
        "privateIpAllocationMethod": "Dynamic", "subnet": {"id": "/v/virtualNetworks/hub/subnets/in"}}]}});
    assert_eq!(resolver_endpoint(&inbound).unwrap()[0].1.name(), "hub");
    let links = answers("zoneLinks").iter().flat_map(zone_links).collect::<Vec<_>>();
    assert_eq!(links.len(), 2);
    assert!(links.iter().all(|link| link.is_up() && !link.falls_back));
    let records = answers("zoneRecords").iter().flat_map(zone_records).collect::<Vec<_>>();
    assert_eq!(records[0], ("recorda".to_owned(), vec!["1.2.3.4".parse().unwrap()]));
}

#[test]
fn recorded_environments_and_registries_parse() {
    let environments: Vec<_> = answers("environment").iter().map(|value| environment(value).unwrap()).collect();
    assert_eq!(environments[0].subnet.as_ref().unwrap().name(), "default");
    assert_eq!(environments[1].subnet, None);
    assert!(environments.iter().all(|environment| !environment.is_consumption_only()));
    let registries: Vec<_> = answers("registry").iter().map(|value| registry(value, None).unwrap()).collect();
    assert!(registries.iter().all(|registry| registry.is_open()));
    assert_eq!(registries[1].layer_hosts()[0].0, "clireg000002.eastus.data.azurecr.io");
    assert_eq!(registries[1].layer_hosts().len(), 1);
    assert_eq!(registries[2].allowed_addresses, [Prefix::parse("16.17.18.0/24")]);
}

#[test]
fn what_is_no_object_is_an_error_and_nothing_else_is() {
    for value in [json!(null), json!([]), json!("text"), json!(7)] {
        assert!(nsg(&value).is_err() && environment(&value).is_err() && firewall(&value).is_err());
    }
    for value in [json!({}), json!({"properties": null}), json!({"properties": {"securityRules": "?", "routes": {}}})] {
        assert!(nsg(&value).unwrap().rules.is_empty());
        assert!(route_table(&value).unwrap().routes.is_empty());
        assert!(private_endpoint(&value).unwrap().connections.is_empty());
        assert!(registry(&value, Some(&value)).is_ok() && virtual_network(&value).is_ok());
    }
}

#[test]
fn singular_plural_and_letter_case_are_the_same() {
    let one = json!({"addressPrefix": "10.0.0.0/24"});
    let many = json!({"AddressPrefixes": ["10.0.0.0/24"], "addressPrefix": null});
    for properties in [one, many] {
        assert_eq!(subnet(&json!({"properties": properties})).unwrap().prefixes, ["10.0.0.0/24".parse().unwrap()]);
    }
}

#[test]
fn a_rule_that_cannot_be_read_leaves_the_answer_open() {
    let outcome = |rule: Value| {
        let group = nsg(&json!({"properties": {"securityRules": [{"name": "r", "properties": rule}]}})).unwrap();
        let destination = Destination::Service(Tag::global(Tag::ENTRA));
        let flow =
            Flow { direction: Direction::Outbound, destination: &destination, protocol: Protocol::Tcp, port: 443 };
        nsg::evaluate(&group, flow, &Vicinity::default()).outcome
    };
    let rule = |access: &str, port: &str, to: &str| {
        json!({"priority": 100, "access": access, "direction": "Outbound", "protocol": "*", "sourceAddressPrefix": "*",
            "sourcePortRange": "*", "destinationPortRange": port, "destinationAddressPrefix": to})
    };
    assert_eq!(outcome(rule("Deny", "443", "AzureActiveDirectory")), Outcome::Deny);
    assert_eq!(outcome(rule("Deny", "443", "[parameters('to')]")), Outcome::Unknown);
    assert_eq!(outcome(rule("[parameters('access')]", "443", "*")), Outcome::Unknown);
    assert_eq!(outcome(rule("Deny", "[parameters('port')]", "*")), Outcome::Unknown);
}

#[test]
fn a_template_leaves_states_and_children_to_azure() {
    let known = virtual_network(&json!({"id": "/v/spoke", "properties": {
        "subnets": [{"name": "apps", "properties": {"addressPrefix": "10.0.0.0/23"}}],
        "virtualNetworkPeerings": [{"name": "to-hub", "properties": {"remoteVirtualNetwork": {"id": "/v/hub"}}}],
    }}));
    let known = known.unwrap();
    assert_eq!(known.subnets[0].id.as_str(), "/v/spoke/subnets/apps");
    assert!(known.peerings[0].is_up());
    let endpoint = json!({"properties": {"manualPrivateLinkServiceConnections": [{"properties": {"privateLinkServiceId": "/r"}}]}});
    assert_eq!(private_endpoint(&endpoint).unwrap().connections[0].status, "Pending");
    let records =
        zone_records(&json!({"name": "privatelink.azurecr.io/Acme", "type": "Microsoft.Network/privateDnsZones/A",
        "properties": {"aRecords": [{"ipv4Address": "10.0.4.5"}]}}));
    assert!(records.contains_key("acme"));
}
