//! Security groups, and the rules of a network manager before them.

use super::*;

pub const ROWS: &[Row] = &[
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
    (
        "consumption only, and a group that is enough for workload profiles",
        |l| {
            l.set(&id("managedEnvironments", "cae"), "/properties/workloadProfiles", Value::Null);
            l.group(&[
                "100 Allow AzureActiveDirectory,AzureContainerRegistry,Storage,MicrosoftContainerRegistry,AzureFrontDoor.FirstParty 443",
                "4096 Deny Internet",
            ]);
        },
        &[],
        &["platform-egress-closed"],
    ),
    (
        "consumption only, and a group as documented",
        |l| {
            l.set(&id("managedEnvironments", "cae"), "/properties/workloadProfiles", Value::Null);
            l.group(&[
                "100 Allow AzureCloud",
                "110 Allow EventHub",
                "120 Allow * 123 Udp",
                "130 Allow AzureFrontDoor.FirstParty",
                "4096 Deny *",
            ]);
        },
        &[],
        &[],
    ),
];
