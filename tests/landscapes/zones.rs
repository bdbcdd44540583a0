//! What names become: zones, links, records, and who is asked.

use super::*;

pub const ROWS: &[Row] = &[
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
