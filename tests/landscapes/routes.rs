//! Route tables and what is learned besides.

use super::*;

pub const ROWS: &[Row] = &[
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
        |l| virtual_hub(l, "spoke"),
        &[],
        &["registry-egress-closed", "token-egress-closed"],
    ),
    (
        "a peering with a Virtual WAN hub, whose routes are kept out",
        |l| {
            virtual_hub(l, "spoke");
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
