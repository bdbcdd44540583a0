//! Small worlds as evidence files: an app, what Azure answers about its network, and what the gate says of it. Each row is one
//! of the causes that the playbooks list.

#[path = "support/landscape.rs"]
mod landscape;

use std::path::Path;

use landscape::{Land, id, land, subnet};
use pullgate::check::Hypothesis;
use pullgate::document::bytes::Encoding;
use pullgate::evidence::Evidence;
use pullgate::finding::Severity;
use pullgate::judge::{Judgement, Verdict, judge};
use pullgate::source::Sources;
use pullgate::{load, manifest};
use serde_json::{Value, json};

/// World, the codes that fail as errors, the codes that stay unverified.
const WORLDS: &[(&str, &[&str], &[&str])] = &[
    ("right", &[], &[]),
    ("firewall-ip", &["address-not-allowed"], &[]),
    ("closed-platform-network", &["registry-closed"], &[]),
    ("closed-without-endpoint", &["endpoint-missing"], &[]),
    ("endpoint-pending", &["endpoint-not-approved"], &[]),
    ("zone-unlinked", &["zone-unlinked"], &[]),
    ("record-missing", &["record-missing"], &[]),
    ("data-record-missing", &["data-record-missing"], &[]),
    ("group-closes-entra", &["token-egress-closed"], &[]),
    (
        "route-to-appliance",
        &[],
        &["layers-egress-closed", "platform-egress-closed", "registry-egress-closed", "token-egress-closed"],
    ),
    ("firewall-without-entra", &["token-egress-closed"], &[]),
    ("storage-closed", &["layers-egress-closed"], &[]),
    ("consumption-with-routes", &["environment-misfit"], &[]),
];

fn judged(name: &str) -> Vec<Judgement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/network-worlds");
    let read =
        |file: String| std::fs::read_to_string(folder.join(&file)).unwrap_or_else(|_| panic!("{file} is missing"));
    let mut sources = Sources::default();
    let file = sources.add("app.yaml", read("app.yaml".to_owned()));
    let document = load::document("app.yaml".to_owned(), file, Encoding::default(), &sources).expect("a manifest");
    let manifest = manifest::read(&[document], &manifest::Options::default());
    let evidence = Evidence::load(&read(format!("{name}.json"))).expect("evidence").offline();
    judge(&manifest, &evidence).judgements
}

fn codes(judgements: &[Judgement], wanted: impl Fn(&Judgement) -> bool) -> Vec<&'static str> {
    let mut codes: Vec<&str> =
        judgements.iter().filter(|judgement| wanted(judgement)).map(|judgement| judgement.check.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn is_about_the_network(judgement: &Judgement) -> bool {
    matches!(judgement.check.hypothesis, Hypothesis::H3 | Hypothesis::H5)
}

fn is_error(judgement: &Judgement) -> bool {
    judgement.fails() && judgement.severity == Severity::Error
}

#[test]
fn each_world_fails_for_its_own_cause_alone() {
    for (name, failing, _) in WORLDS {
        let found = codes(&judged(name), |judgement| is_about_the_network(judgement) && is_error(judgement));
        assert_eq!(found, *failing, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_not_verified_and_nothing_else_is() {
    for (name, _, unverified) in WORLDS {
        let open = |judgement: &Judgement| {
            is_about_the_network(judgement) && matches!(judgement.verdict, Verdict::Unverified(_))
        };
        assert_eq!(codes(&judged(name), open), *unverified, "{name}");
    }
}

#[test]
fn a_closed_way_is_no_error_of_another_question() {
    let others = |name: &str| codes(&judged(name), |judgement| !is_about_the_network(judgement) && is_error(judgement));
    let right = others("right");
    for (name, _, _) in WORLDS {
        assert_eq!(others(name), right, "{name}");
    }
}

/// What is changed, and the codes that must then fail as errors and stay unverified.
type Row = (&'static str, fn(&mut Land), &'static [&'static str], &'static [&'static str]);

const REGISTRY_SIDE: &[Row] = &[
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
];

const NAMES_AND_ZONES: &[Row] = &[
    ("zone linked to the hub only, Azure DNS", |l| l.hub_endpoint(&["hub"]), &["zone-unlinked"], &[]),
    (
        "zone linked to the hub only, a resolver there is asked",
        |l| {
            l.hub_endpoint(&["hub"]);
            l.resolver();
            l.dns_servers(&["10.9.5.4"])
        },
        &[],
        &[],
    ),
    (
        "a resolver is asked whose network sees no zone",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.resolver();
            l.dns_servers(&["10.9.5.4"])
        },
        &["zone-unlinked"],
        &[],
    ),
    (
        "zone linked to the hub only, its firewall's DNS proxy is asked",
        |l| {
            l.hub_endpoint(&["hub"]);
            l.firewall(&[EVERYTHING]);
            l.set(
                &id("firewallPolicies", "afwp"),
                "/properties/dnsSettings",
                json!({"enableProxy": true, "servers": []}),
            );
            l.dns_servers(&["10.9.1.4"])
        },
        &[],
        &[],
    ),
    (
        "the firewall is asked and its DNS proxy is off",
        |l| {
            l.hub_endpoint(&["hub"]);
            l.firewall(&[EVERYTHING]);
            l.dns_servers(&["10.9.1.4"])
        },
        &[],
        &["registry-egress-closed"],
    ),
    (
        "a server that nobody can read is asked",
        |l| {
            l.hub_endpoint(&["hub"]);
            l.dns_servers(&["10.9.7.4", "10.9.7.5"])
        },
        &[],
        &["registry-egress-closed"],
    ),
    ("a server that nobody can read, the registry is open", |l| l.dns_servers(&["10.9.7.4"]), &[], &[]),
    (
        "Azure DNS by its address",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.dns_servers(&["168.63.129.16"])
        },
        &[],
        &[],
    ),
    ("no zone at all", |l| l.private("hub", "10.9.4"), &["zone-unlinked"], &[]),
    (
        "the zone is linked and empty",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.zone(&["spoke"], &[])
        },
        &["record-missing"],
        &[],
    ),
    (
        "the data record is missing",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.zone(&["spoke"], &["acme1 10.9.4.5"])
        },
        &["data-record-missing"],
        &[],
    ),
    (
        "the login record is missing",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.zone(&["spoke"], &["acme1.westeurope.data 10.9.4.4"])
        },
        &["record-missing"],
        &[],
    ),
    (
        "records of an endpoint that is gone",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.zone(&["spoke"], &["acme1 10.9.4.77", "acme1.westeurope.data 10.9.4.78"])
        },
        &["address-stale"],
        &[],
    ),
    (
        "the link is being made",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.set(
                &format!("{}/virtualNetworkLinks", id("privateDnsZones", "privatelink.azurecr.io")),
                "/value/0/properties/virtualNetworkLinkState",
                json!("InProgress"),
            )
        },
        &["zone-unlinked"],
        &[],
    ),
    (
        "the link falls back to the internet, and that door is closed",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.zone(&["spoke"], &[]);
            l.set(
                &format!("{}/virtualNetworkLinks", id("privateDnsZones", "privatelink.azurecr.io")),
                "/value/0/properties/resolutionPolicy",
                json!("NxDomainRedirect"),
            )
        },
        &["record-missing"],
        &[],
    ),
    (
        "the link falls back to the internet, and that door is open",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.registry("publicNetworkAccess", json!("Enabled"));
            l.zone(&["spoke"], &[]);
            l.set(
                &format!("{}/virtualNetworkLinks", id("privateDnsZones", "privatelink.azurecr.io")),
                "/value/0/properties/resolutionPolicy",
                json!("NxDomainRedirect"),
            )
        },
        &[],
        &[],
    ),
    (
        "the public door is open, and the linked zone has no record",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.registry("publicNetworkAccess", json!("Enabled"));
            l.zone(&["spoke"], &[])
        },
        &["zone-trap"],
        &[],
    ),
    (
        "the public door is open, and the zone is not linked",
        |l| {
            l.hub_endpoint(&["hub"]);
            l.registry("publicNetworkAccess", json!("Enabled"))
        },
        &[],
        &[],
    ),
    (
        "zones may not be looked for",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.refuse("find/Microsoft.Network/privateDnsZones")
        },
        &[],
        &["registry-egress-closed"],
    ),
    (
        "links may not be read",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.refuse(&format!("{}/virtualNetworkLinks", id("privateDnsZones", "privatelink.azurecr.io")))
        },
        &[],
        &["registry-egress-closed"],
    ),
    (
        "records may not be read",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.refuse(&format!("{}/A", id("privateDnsZones", "privatelink.azurecr.io")))
        },
        &[],
        &["registry-egress-closed"],
    ),
];

const FILTERS: &[Row] = &[
    (
        "all that is documented is allowed, the rest denied",
        |l| {
            l.group(&["100 Allow AzureActiveDirectory,AzureContainerRegistry,Storage.WestEurope,MicrosoftContainerRegistry,AzureFrontDoor.FirstParty 443 Tcp 10.0.0.0/23", "4096 Deny *"])
        },
        &[],
        &[],
    ),
    (
        "in the other spelling, for all regions",
        |l| {
            l.group(&["100 Allow AzureActiveDirectory,AzureContainerRegistry,Storage,MicrosoftContainerRegistry,AzureFrontDoorFirstParty 443 Tcp VirtualNetwork", "4096 Deny Internet"])
        },
        &[],
        &[],
    ),
    (
        "storage of another region",
        |l| {
            l.group(&["100 Allow AzureActiveDirectory,AzureContainerRegistry,Storage.NorthEurope,MicrosoftContainerRegistry,AzureFrontDoor.FirstParty 443", "4096 Deny Internet"])
        },
        &["layers-egress-closed"],
        &[],
    ),
    (
        "the registry's tag is missing",
        |l| {
            l.group(&[
                "100 Allow AzureActiveDirectory,Storage,MicrosoftContainerRegistry,AzureFrontDoor.FirstParty 443",
                "4096 Deny Internet",
            ])
        },
        &["registry-egress-closed"],
        &[],
    ),
    (
        "the platform's registry is denied",
        |l| l.group(&["100 Deny MicrosoftContainerRegistry"]),
        &["platform-egress-closed"],
        &[],
    ),
    ("Front Door is denied", |l| l.group(&["100 Deny AzureFrontDoor.FirstParty"]), &["platform-egress-closed"], &[]),
    ("Entra is denied", |l| l.group(&["100 Deny AzureActiveDirectory"]), &["token-egress-closed"], &[]),
    (
        "Entra is denied after it was allowed",
        |l| l.group(&["100 Allow AzureActiveDirectory 443", "200 Deny AzureActiveDirectory"]),
        &[],
        &[],
    ),
    (
        "Entra is allowed on another port",
        |l| l.group(&["100 Allow AzureActiveDirectory 80", "200 Deny AzureActiveDirectory"]),
        &["token-egress-closed"],
        &[],
    ),
    (
        "Entra is allowed for another subnet",
        |l| l.group(&["100 Allow AzureActiveDirectory 443 Tcp 10.0.4.0/24", "200 Deny AzureActiveDirectory"]),
        &["token-egress-closed"],
        &[],
    ),
    ("Entra is denied over UDP alone", |l| l.group(&["200 Deny AzureActiveDirectory * Udp"]), &[], &[]),
    (
        "Entra is denied, a password pulls",
        |l| {
            l.app("identity: system\n  template", "username: u\n      passwordSecretRef: q\n  template");
            l.group(&["100 Deny AzureActiveDirectory"])
        },
        &[],
        &[],
    ),
    (
        "Entra by its addresses",
        |l| {
            l.group(&[
                "100 Allow AzureContainerRegistry,Storage,MicrosoftContainerRegistry,AzureFrontDoor.FirstParty 443",
                "110 Allow 20.190.128.0/18,40.126.0.0/18 443",
                "4096 Deny Internet",
            ])
        },
        &[],
        &["token-egress-closed"],
    ),
    (
        "the internet is denied, the endpoint is near, Entra is not",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.group(&["4096 Deny Internet"])
        },
        &["token-egress-closed"],
        &[],
    ),
    (
        "the internet is denied, the endpoint is near, Entra and the platform are allowed",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.group(&[
                "100 Allow AzureActiveDirectory,MicrosoftContainerRegistry,AzureFrontDoor.FirstParty 443",
                "4096 Deny Internet",
            ])
        },
        &[],
        &[],
    ),
    (
        "the network itself is denied, and with it the endpoint",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.group(&["100 Deny VirtualNetwork"])
        },
        &["registry-egress-closed"],
        &[],
    ),
    (
        "the endpoints' prefix is denied",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.group(&["100 Deny 10.9.4.0/24 1-1000"])
        },
        &["registry-egress-closed"],
        &[],
    ),
    (
        "the registry's tag is denied, the endpoint is not in it",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.group(&["100 Deny AzureContainerRegistry"])
        },
        &[],
        &[],
    ),
    (
        "a rule about application security groups, at a private endpoint",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.group(&["100 Deny *"]);
            grouped(l, "destinationApplicationSecurityGroups")
        },
        &[],
        &["layers-egress-closed", "registry-egress-closed"],
    ),
    (
        "a rule towards application security groups, at public services",
        |l| {
            l.group(&["100 Deny *"]);
            grouped(l, "destinationApplicationSecurityGroups")
        },
        &[],
        &[],
    ),
    (
        "the security group may not be read",
        |l| {
            l.group(&[]);
            l.refuse(&id("networkSecurityGroups", "nsg"))
        },
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    ("Azure DNS is denied", |l| l.group(&["100 Deny AzurePlatformDNS 53 Udp"]), &["platform-dns-closed"], &[]),
    (
        "the endpoint's subnet lets nobody in, and that counts",
        |l| {
            l.hub_endpoint(&["spoke"]);
            guard(l, "Enabled")
        },
        &["registry-egress-closed"],
        &[],
    ),
    (
        "the endpoint's subnet lets nobody in, and that does not count",
        |l| {
            l.hub_endpoint(&["spoke"]);
            guard(l, "Disabled")
        },
        &[],
        &[],
    ),
    (
        "a network manager's rules deny Entra",
        |l| managed(l, &["100 Deny AzureActiveDirectory"]),
        &[],
        &["token-egress-closed"],
    ),
    (
        "a network manager's rules always allow what the group denies",
        |l| {
            l.group(&["100 Deny AzureActiveDirectory"]);
            managed(l, &["100 AlwaysAllow AzureActiveDirectory"]);
        },
        &[],
        &[],
    ),
    ("a network manager without rules", |l| managed(l, &[]), &[], &[]),
    (
        "a network manager whose rules may not be read",
        |l| {
            managed(l, &[]);
            l.refuse(&format!("{}/listNetworkManagerEffectiveSecurityAdminRules", id("virtualNetworks", "spoke")));
        },
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
];

const ROUTES: &[Row] = &[
    ("everything is dropped", |l| l.routes(&["0.0.0.0/0 None"]), &["route-dead"], &[]),
    ("everything straight out", |l| l.routes(&["0.0.0.0/0 Internet"]), &[], &[]),
    ("everything to a gateway", |l| l.routes(&["0.0.0.0/0 VirtualNetworkGateway"]), &[], EVERY),
    ("everything to an appliance of somebody", |l| l.routes(&["0.0.0.0/0 VirtualAppliance 10.9.8.4"]), &[], EVERY),
    (
        "everything to an appliance but what the tags say",
        |l| {
            l.routes(&[
                "0.0.0.0/0 VirtualAppliance 10.9.8.4",
                "AzureActiveDirectory Internet",
                "AzureContainerRegistry Internet",
                "Storage.WestEurope Internet",
                "MicrosoftContainerRegistry Internet",
                "AzureFrontDoor.FirstParty Internet",
            ])
        },
        &[],
        &[],
    ),
    (
        "everything dropped but what the tags say, Entra forgotten",
        |l| {
            l.routes(&[
                "0.0.0.0/0 None",
                "AzureContainerRegistry Internet",
                "Storage.WestEurope Internet",
                "MicrosoftContainerRegistry Internet",
                "AzureFrontDoor.FirstParty Internet",
            ])
        },
        &["token-egress-closed"],
        &[],
    ),
    (
        "the two halves of the internet to an appliance",
        |l| l.routes(&["0.0.0.0/1 VirtualAppliance 10.9.8.4", "128.0.0.0/1 VirtualAppliance 10.9.8.4"]),
        &[],
        EVERY,
    ),
    (
        "private addresses to an appliance, the endpoint has its own route",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.routes(&["10.0.0.0/8 VirtualAppliance 10.9.8.4"])
        },
        &[],
        &[],
    ),
    (
        "the endpoint's own address to an appliance",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.routes(&["10.9.4.5/32 VirtualAppliance 10.9.8.4"])
        },
        &[],
        &["registry-egress-closed"],
    ),
    (
        "the route table may not be read",
        |l| {
            l.routes(&[]);
            l.refuse(&id("routeTables", "rt"))
        },
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "a peering with a Virtual WAN hub, which may announce a default route",
        |l| virtual_hub(l),
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "a peering with a Virtual WAN hub, whose routes are kept out",
        |l| {
            virtual_hub(l);
            l.routes(&["0.0.0.0/0 Internet"])
        },
        &[],
        &[],
    ),
    (
        "consumption only with a route table",
        |l| {
            l.set(&id("managedEnvironments", "cae"), "/properties/workloadProfiles", Value::Null);
            l.routes(&["0.0.0.0/0 Internet"])
        },
        &["environment-misfit"],
        &[],
    ),
];

const FIREWALLS: &[Row] = &[
    ("all names are allowed", |l| l.firewall(&[EVERYTHING]), &[], &[]),
    (
        "all names are allowed for another subnet",
        |l| l.firewall(&["300 allow app * 10.0.4.0/24"]),
        &["registry-egress-closed"],
        &[],
    ),
    (
        "the login name is missing",
        |l| {
            l.firewall(&[
                "300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com,*.azurecr.io,*.blob.core.windows.net",
            ])
        },
        &["token-egress-closed"],
        &[],
    ),
    (
        "the layers' name is missing",
        |l| {
            l.firewall(&["300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com,*.azurecr.io,login.microsoftonline.com,*.login.microsoftonline.com,*.login.microsoft.com,*.identity.azure.net"])
        },
        &["layers-egress-closed"],
        &[],
    ),
    (
        "blob.core.windows.net is not *.blob.core.windows.net",
        |l| {
            l.firewall(&["300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com,*.azurecr.io,blob.core.windows.net,login.microsoftonline.com,*.login.microsoftonline.com,*.login.microsoft.com,*.identity.azure.net"])
        },
        &["layers-egress-closed"],
        &[],
    ),
    (
        "the platform's names are missing",
        |l| {
            l.firewall(&["300 allow app *.azurecr.io,*.blob.core.windows.net,login.microsoftonline.com,*.login.microsoftonline.com,*.login.microsoft.com,*.identity.azure.net"])
        },
        &["platform-egress-closed"],
        &[],
    ),
    (
        "service tags instead of names",
        |l| {
            l.firewall(&["200 allow net AzureActiveDirectory,AzureContainerRegistry,Storage.WestEurope,MicrosoftContainerRegistry,AzureFrontDoorFirstParty 10.0.0.0/23"])
        },
        &[],
        &[],
    ),
    (
        "service tags as documented, which forget storage",
        |l| {
            l.firewall(&["200 allow net AzureActiveDirectory,AzureContainerRegistry,MicrosoftContainerRegistry,AzureFrontDoorFirstParty"])
        },
        &["layers-egress-closed"],
        &[],
    ),
    (
        "Entra by tag, the rest by name",
        |l| {
            l.firewall(&[
                "200 allow net AzureActiveDirectory",
                "300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com,*.azurecr.io,*.blob.core.windows.net",
            ])
        },
        &[],
        &[],
    ),
    (
        "a network rule denies before the application rules",
        |l| l.firewall(&[EVERYTHING, "900 deny net AzureActiveDirectory"]),
        &["token-egress-closed"],
        &[],
    ),
    (
        "the parent denies what the child allows",
        |l| {
            l.firewall(&[EVERYTHING]);
            l.policy("base", None, &["900 deny app login.microsoftonline.com"]);
            parent(l)
        },
        &["token-egress-closed"],
        &[],
    ),
    (
        "the parent allows what the child does not know",
        |l| {
            l.firewall(&["300 allow app *.azurecr.io,*.blob.core.windows.net"]);
            l.policy("base", None, &[EVERYTHING]);
            parent(l)
        },
        &[],
        &[],
    ),
    (
        "the parent may not be read",
        |l| {
            l.firewall(&[EVERYTHING]);
            l.policy("base", None, &[EVERYTHING]);
            parent(l);
            l.refuse(&id("firewallPolicies", "base"))
        },
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "an IP group holds the subnet",
        |l| {
            l.firewall(&["300 allow app * group:apps"]);
            l.put("ipGroups", "apps", json!({"ipAddresses": ["10.0.0.0/23", "10.7.0.0/24"]}))
        },
        &[],
        &[],
    ),
    (
        "an IP group does not hold the subnet",
        |l| {
            l.firewall(&["300 allow app * group:apps"]);
            l.put("ipGroups", "apps", json!({"ipAddresses": ["10.7.0.0/24"]}))
        },
        &["registry-egress-closed"],
        &[],
    ),
    (
        "an IP group may not be read",
        |l| {
            l.firewall(&["300 allow app * group:apps"]);
            l.refuse(&id("ipGroups", "apps"))
        },
        &[],
        EVERY,
    ),
    (
        "the firewalls may not be looked for",
        |l| {
            l.firewall(&[EVERYTHING]);
            l.refuse("find/Microsoft.Network/azureFirewalls")
        },
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "the policy may not be read",
        |l| {
            l.firewall(&[EVERYTHING]);
            l.refuse(&id("firewallPolicies", "afwp"))
        },
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "the policy's groups may not be read",
        |l| {
            l.firewall(&[EVERYTHING]);
            l.refuse(&format!("{}/ruleCollectionGroups", id("firewallPolicies", "afwp")))
        },
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "the endpoint is near, and the firewall allows Entra and the platform",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.firewall(&["300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com,login.microsoftonline.com,*.login.microsoftonline.com,*.login.microsoft.com,*.identity.azure.net"])
        },
        &[],
        &[],
    ),
    (
        "the endpoint is near, and the firewall forgets Entra",
        |l| {
            l.hub_endpoint(&["spoke"]);
            l.firewall(&["300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com"])
        },
        &["token-egress-closed"],
        &[],
    ),
    (
        "the tag of Kubernetes holds no registry of one's own",
        |l| l.firewall(&["300 allow tag AzureKubernetesService"]),
        &["registry-egress-closed"],
        &["token-egress-closed"],
    ),
    (
        "Entra passes the firewall by a route of its own",
        |l| {
            l.firewall(&[
                "300 allow app mcr.microsoft.com,*.data.mcr.microsoft.com,*.azurecr.io,*.blob.core.windows.net",
            ]);
            l.routes(&["0.0.0.0/0 VirtualAppliance 10.9.1.4", "AzureActiveDirectory Internet"])
        },
        &[],
        &[],
    ),
];

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
fn virtual_hub(land: &mut Land) {
    let remote =
        "/subscriptions/microsoft/resourceGroups/RG_vhub_6f0d/providers/Microsoft.Network/virtualNetworks/HV_vhub_6f0d";
    land.add(&id("virtualNetworks", "spoke"), "virtualNetworkPeerings", json!({"name": "RemoteVnetToHubPeering_6f0d", "properties": {
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

#[track_caller]
fn each(rows: &[Row]) {
    let mut wrong = Vec::new();
    for (name, change, failing, unverified) in rows {
        let mut land = land();
        change(&mut land);
        let (judgements, _) = land.judged();
        let failed = codes(&judgements, |judgement| is_about_the_network(judgement) && is_error(judgement));
        let open = |judgement: &Judgement| {
            is_about_the_network(judgement) && matches!(judgement.verdict, Verdict::Unverified(_))
        };
        let open = codes(&judgements, open);
        if failed != *failing || open != *unverified {
            wrong.push(format!("{name}: {failed:?}, unverified {open:?}; wanted {failing:?}, {unverified:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_registrys_side_of_a_landscape_is_judged_right() {
    each(REGISTRY_SIDE);
}

#[test]
fn the_names_of_a_landscape_are_judged_right() {
    each(NAMES_AND_ZONES);
}

#[test]
fn the_security_groups_of_a_landscape_are_judged_right() {
    each(FILTERS);
}

#[test]
fn the_routes_of_a_landscape_are_judged_right() {
    each(ROUTES);
}

#[test]
fn the_firewalls_of_a_landscape_are_judged_right() {
    each(FIREWALLS);
}
