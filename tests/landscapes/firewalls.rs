//! Azure Firewall: policies, their parents, groups of addresses.

use super::*;

pub const ROWS: &[Row] = &[
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
