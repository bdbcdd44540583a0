//! Hubs and spokes as Resource Manager answers about them, one thing changed in each: what the gate says of the environment's way to
//! its registry. Beyond the causes that playbooks list (`network_worlds.rs`), what people build and what callers may not read.

#[path = "landscapes/filters.rs"]
mod filters;
#[path = "landscapes/firewalls.rs"]
mod firewalls;
#[path = "support/landscape.rs"]
mod landscape;
#[path = "landscapes/registry.rs"]
mod registry;
#[path = "landscapes/routes.rs"]
mod routes;
#[path = "landscapes/zones.rs"]
mod zones;

use landscape::{Land, id, land, subnet};
use pullgate::check::Hypothesis;
use pullgate::evidence::{Question, Resource};
use pullgate::finding::Severity;
use pullgate::judge::{Judgement, Verdict};
use serde_json::{Value, json};

/// What is changed, and the codes that must then fail as errors and stay unverified.
type Row = (&'static str, fn(&mut Land), &'static [&'static str], &'static [&'static str]);

/// Everything that can be not known of an environment whose egress leads into the dark.
const EVERY: &[&str] =
    &["layers-egress-closed", "platform-egress-closed", "registry-egress-closed", "token-egress-closed"];
const EVERYTHING: &str = "300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com,acme1.azurecr.io,*.blob.core.windows.net,login.microsoftonline.com,*.login.microsoftonline.com,*.login.microsoft.com,login.microsoft.com,*.identity.azure.net 10.0.0.0/16";

fn replicate(land: &mut Land) {
    let replicas = json!({"value": [{"name": "westeurope", "location": "westeurope"}, {"name": "northeurope", "location": "North Europe"}]});
    land.set(&format!("{}/replications", id("registries", "acme1")), "", replicas);
}

fn third_address(land: &mut Land) {
    let config = json!({"fqdn": "acme1.northeurope.data.azurecr.io", "ipAddresses": ["10.9.4.6"]});
    land.add(&id("privateEndpoints", "pe"), "customDnsConfigs", config);
}

fn grouped(land: &mut Land, property: &str) {
    let groups = json!([{"id": id("applicationSecurityGroups", "asg")}]);
    let rule = format!("/properties/securityRules/0/properties/{property}");
    land.set(&id("networkSecurityGroups", "nsg"), &rule, groups);
    land.set(
        &id("networkSecurityGroups", "nsg"),
        "/properties/securityRules/0/properties/destinationAddressPrefix",
        Value::Null,
    );
}

/// A security group at the endpoint's subnet that lets nobody in.
fn guard(land: &mut Land, policies: &str) {
    let rule = json!({"name": "nobody", "properties": {"priority": 100, "access": "Deny", "direction": "Inbound", "protocol": "*",
        "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*"}});
    land.put("networkSecurityGroups", "nsg-endpoints", json!({"securityRules": [rule]}));
    let hub = id("virtualNetworks", "hub");
    land.set(
        &hub,
        "/properties/subnets/1/properties/networkSecurityGroup",
        json!({"id": id("networkSecurityGroups", "nsg-endpoints")}),
    );
    land.set(&hub, "/properties/subnets/1/properties/privateEndpointNetworkPolicies", json!(policies));
}

fn parent(land: &mut Land) {
    land.set(&id("firewallPolicies", "afwp"), "/properties/basePolicy", json!({"id": id("firewallPolicies", "base")}));
}

/// What connecting a network to a hub of Virtual WAN makes: a peering with a network of Microsoft's.
fn virtual_hub(land: &mut Land, network: &str) {
    let remote =
        "/subscriptions/microsoft/resourceGroups/RG_vhub_6f0d/providers/Microsoft.Network/virtualNetworks/HV_vhub_6f0d";
    land.add(&id("virtualNetworks", network), "virtualNetworkPeerings", json!({"name": "RemoteVnetToHubPeering_6f0d", "properties": {
        "peeringState": "Connected", "allowVirtualNetworkAccess": true, "useRemoteGateways": true, "remoteVirtualNetwork": {"id": remote}}}));
}

/// The peering is one that a network manager made, and these security admin rules are in force.
fn managed(land: &mut Land, rules: &[&str]) {
    let spoke = id("virtualNetworks", "spoke");
    land.set(&spoke, "/properties/virtualNetworkPeerings/0/name", json!("ANM_4b5e0c_to-hub"));
    let rule = |text: &&str| {
        let words: Vec<&str> = text.split(' ').collect();
        json!({"kind": "Custom", "id": format!("/rules/{}", words[0]), "properties": {"priority": words[0].parse::<u32>().unwrap(),
            "access": words[1], "direction": "Outbound", "protocol": "Any", "sources": [{"addressPrefix": "*"}],
            "destinations": [{"addressPrefix": words[2]}], "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["0-65535"]}})
    };
    let path = format!("{spoke}/listNetworkManagerEffectiveSecurityAdminRules");
    land.list(&path, rules.iter().map(rule).collect());
}

fn codes(judgements: &[Judgement], wanted: impl Fn(&Judgement) -> bool) -> Vec<&'static str> {
    let is_about_the_network = |one: &&Judgement| matches!(one.check.hypothesis, Hypothesis::H3 | Hypothesis::H5);
    let about = judgements.iter().filter(is_about_the_network);
    let mut codes: Vec<&str> = about.filter(|one| wanted(one)).map(|one| one.check.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[track_caller]
fn each(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (name, change, failing, unverified) in rows {
        let mut land = land();
        change(&mut land);
        let (judgements, _) = land.judged();
        let failed = codes(&judgements, |one| one.fails() && one.severity == Severity::Error);
        let open = codes(&judgements, |one| matches!(one.verdict, Verdict::Unverified(_)));
        if failed != *failing || open != *unverified {
            wrong.push(format!("{name}: {failed:?}, unverified {open:?}; wanted {failing:?}, {unverified:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_registrys_side_of_a_landscape_is_judged_right() {
    each(registry::ROWS);
}

#[test]
fn the_names_of_a_landscape_are_judged_right() {
    each(zones::ROWS);
}

#[test]
fn the_security_groups_of_a_landscape_are_judged_right() {
    each(filters::ROWS);
}

#[test]
fn the_routes_of_a_landscape_are_judged_right() {
    each(routes::ROWS);
}

#[test]
fn the_firewalls_of_a_landscape_are_judged_right() {
    each(firewalls::ROWS);
}

#[test]
fn records_of_a_zone_that_the_environment_does_not_see_are_not_asked_for() {
    let asks_for_records = |networks: &[&str]| {
        let mut land = land();
        land.hub_endpoint(networks);
        let asked = land.judged().1.into_iter();
        asked.filter(|one| matches!(one, Question::Resource(Resource::List { kind, .. }) if kind == "A")).count()
    };
    assert_eq!((asks_for_records(&["spoke"]), asks_for_records(&["hub"])), (1, 0));
}

#[test]
fn only_a_network_that_a_manager_has_a_say_in_is_asked_for_its_rules() {
    let asks_for_rules = |land: &Land| {
        let asked = land.judged().1.into_iter();
        asked
            .filter(|one| matches!(one, Question::Resource(Resource::List { kind, .. }) if kind.starts_with("list")))
            .count()
    };
    let mut own = land();
    assert_eq!(asks_for_rules(&own), 0);
    managed(&mut own, &[]);
    assert_eq!(asks_for_rules(&own), 1);
}
