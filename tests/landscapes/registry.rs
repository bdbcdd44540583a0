//! The registry's side: who is let in, endpoints and their approval, peerings, replicas.

use super::*;

pub const ROWS: &[Row] = &[
    ("nothing filters, the registry is open", |_| (), &[], &[]),
    ("closed, no endpoint", |l| l.registry("publicNetworkAccess", json!("Disabled")), &["endpoint-missing"], &[]),
    ("closed, endpoint in the peered hub", |l| l.hub_endpoint(&["spoke"]), &[], &[]),
    (
        "endpoint rejected",
        |l| {
            l.registry("publicNetworkAccess", json!("Disabled"));
            l.endpoint("pe", "spoke", "10.0.4", "Rejected");
            l.zone(&["spoke"], &["acme1 10.0.4.5", "acme1.westeurope.data 10.0.4.4"])
        },
        &["endpoint-not-approved"],
        &[],
    ),
    (
        "endpoint disconnected",
        |l| {
            l.registry("publicNetworkAccess", json!("Disabled"));
            l.endpoint("pe", "spoke", "10.0.4", "Disconnected");
            l.zone(&["spoke"], &[])
        },
        &["endpoint-not-approved"],
        &[],
    ),
    (
        "the endpoint's network is not peered",
        |l| {
            l.island("build");
            l.private("build", "10.20.4");
            l.zone(&["spoke"], &["acme1 10.20.4.5", "acme1.westeurope.data 10.20.4.4"])
        },
        &["peering-missing"],
        &[],
    ),
    (
        "the endpoint's network is not peered, zone linked there only",
        |l| {
            l.island("build");
            l.private("build", "10.20.4");
            l.zone(&["build"], &["acme1 10.20.4.5", "acme1.westeurope.data 10.20.4.4"])
        },
        &["endpoint-missing"],
        &[],
    ),
    (
        "peering disconnected",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.set(
                &id("virtualNetworks", "spoke"),
                "/properties/virtualNetworkPeerings/0/properties/peeringState",
                json!("Disconnected"),
            )
        },
        &["peering-missing"],
        &[],
    ),
    (
        "the hub's side of the peering lets nobody in",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.set(
                &id("virtualNetworks", "hub"),
                "/properties/virtualNetworkPeerings/0/properties/allowVirtualNetworkAccess",
                json!(false),
            )
        },
        &["peering-missing"],
        &[],
    ),
    (
        "peering only initiated",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.set(
                &id("virtualNetworks", "spoke"),
                "/properties/virtualNetworkPeerings/0/properties/peeringState",
                json!("Initiated"),
            );
            l.set(&id("virtualNetworks", "hub"), "/properties/virtualNetworkPeerings", json!([]))
        },
        &["peering-missing"],
        &[],
    ),
    (
        "the endpoint may not be read",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.refuse(&id("privateEndpoints", "pe"))
        },
        &[],
        &["registry-egress-closed"],
    ),
    (
        "the hub may not be read, the peering here is connected",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.refuse(&id("virtualNetworks", "hub"))
        },
        &[],
        &[],
    ),
    ("the registry may not be read", |l| l.refuse(&id("registries", "acme1")), &[], &["registry-egress-closed"]),
    (
        "the environment may not be read",
        |l| l.refuse(&id("managedEnvironments", "cae")),
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "default action deny, endpoint right",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.registry("publicNetworkAccess", json!("Enabled"));
            l.listed(&["198.51.100.99"])
        },
        &[],
        &[],
    ),
    (
        "the NAT gateway's address is listed",
        |l| {
            l.nat("203.0.113.20");
            l.listed(&["203.0.113.0/24"])
        },
        &[],
        &[],
    ),
    (
        "the NAT gateway's address is not listed",
        |l| {
            l.nat("203.0.113.20");
            l.listed(&["198.51.100.7"])
        },
        &["address-not-allowed"],
        &[],
    ),
    (
        "the NAT gateway may not be read",
        |l| {
            l.nat("203.0.113.20");
            l.listed(&["198.51.100.7"]);
            l.refuse(&id("natGateways", "nat"))
        },
        &[],
        &["registry-egress-closed"],
    ),
    (
        "the NAT gateway's prefix is listed",
        |l| {
            l.nat("203.0.113.20");
            l.put("publicIPPrefixes", "prefix-nat", json!({"ipPrefix": "203.0.113.64/30"}));
            l.set(
                &id("natGateways", "nat"),
                "/properties",
                json!({"publicIpPrefixes": [{"id": id("publicIPPrefixes", "prefix-nat")}]}),
            );
            l.listed(&["203.0.113.64/30"])
        },
        &[],
        &[],
    ),
    (
        "half of the NAT gateway's prefix is listed",
        |l| {
            l.nat("203.0.113.20");
            l.put("publicIPPrefixes", "prefix-nat", json!({"ipPrefix": "203.0.113.64/30"}));
            l.set(
                &id("natGateways", "nat"),
                "/properties",
                json!({"publicIpPrefixes": [{"id": id("publicIPPrefixes", "prefix-nat")}]}),
            );
            l.listed(&["203.0.113.64/31"])
        },
        &[],
        &["registry-egress-closed"],
    ),
    (
        "the firewall's address is listed",
        |l| {
            l.firewall(&[EVERYTHING]);
            l.listed(&["203.0.113.40"])
        },
        &[],
        &[],
    ),
    (
        "the firewall's address is not listed",
        |l| {
            l.firewall(&[EVERYTHING]);
            l.listed(&["198.51.100.7"])
        },
        &["address-not-allowed"],
        &[],
    ),
    (
        "the subnet is listed, which helps nobody here",
        |l| {
            l.registry("networkRuleSet", json!({"defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": [{"id": subnet("spoke", "apps"), "action": "Allow"}]}))
        },
        &["service-endpoint-relied-on"],
        &[],
    ),
    (
        "trusted services do not include this one",
        |l| {
            l.listed(&[]);
            l.registry("networkRuleBypassOptions", json!("AzureServices"))
        },
        &["address-not-allowed"],
        &[],
    ),
    (
        "replicated, each region has its record",
        |l| {
            l.hub_endpoint(&["spoke"]);
            replicate(l);
            l.zone(
                &["spoke"],
                &["acme1 10.9.4.5", "acme1.westeurope.data 10.9.4.4", "acme1.northeurope.data 10.9.4.6"],
            );
            third_address(l)
        },
        &[],
        &[],
    ),
    (
        "replicated, the replica's record is missing",
        |l| {
            l.hub_endpoint(&["spoke"]);
            replicate(l)
        },
        &["data-record-missing"],
        &[],
    ),
    (
        "dedicated data endpoints, the firewall only knows shared storage",
        |l| {
            l.registry("dataEndpointEnabled", json!(true));
            l.firewall(&[EVERYTHING])
        },
        &["layers-egress-closed"],
        &[],
    ),
    (
        "dedicated data endpoints, the firewall knows them",
        |l| {
            l.registry("dataEndpointEnabled", json!(true));
            l.firewall(&[EVERYTHING, "400 allow app *.data.azurecr.io"])
        },
        &[],
        &[],
    ),
    (
        "networks that meet in a Virtual WAN hub",
        |l| {
            l.island("build");
            l.private("build", "10.20.4");
            l.zone(&["spoke"], &["acme1 10.20.4.5", "acme1.westeurope.data 10.20.4.4"]);
            virtual_hub(l, "spoke");
            virtual_hub(l, "build");
        },
        &[],
        &["platform-egress-closed", "registry-egress-closed", "token-egress-closed"],
    ),
    (
        "only the environment's network is in a Virtual WAN hub",
        |l| {
            l.island("build");
            l.private("build", "10.20.4");
            l.zone(&["spoke"], &["acme1 10.20.4.5", "acme1.westeurope.data 10.20.4.4"]);
            virtual_hub(l, "spoke");
        },
        &["peering-missing"],
        &["platform-egress-closed", "token-egress-closed"],
    ),
];
