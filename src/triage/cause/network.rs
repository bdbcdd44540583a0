//! H3: the way to the registry and to the host of its layers.

use super::{Cause, Command};
use crate::check::Hypothesis::H3;

const OTHERS_PULL: &str = "the same environment pulls other images from this registry";
const OPEN: &str = "the registry is public and has no network rules";
const SHOW_RULES: Command = Command::Acr(
    "az acr show -n {acr} --query '{public: publicNetworkAccess, rules: networkRuleSet, endpoints: \
        privateEndpointConnections[].privateLinkServiceConnectionState.status, dataHosts: \
        dataEndpointHostNames}'",
);
const SHOW_NETWORK: Command = Command::Any(
    "az containerapp env show --ids \"$(az containerapp show -n {app} -g {group} --query \
        properties.environmentId -o tsv)\" --query properties.vnetConfiguration",
);
const SHOW_SUBNET: Command = Command::Any(
    "az network vnet subnet show --ids $SUBNET_ID --query '{nsg: networkSecurityGroup.id, \
        routes: routeTable.id}'",
);
const CHECK_HEALTH: Command = Command::Acr(
    "az acr check-health -n {acr} --vnet $VNET_ID --yes  # from the \
    registry's side; the caller is you, not the environment",
);
const SHOW_ZONE: Command = Command::Acr(
    "az network private-dns record-set a list -g $DNS_GROUP -z \
    privatelink.azurecr.io -o table",
);
const SHOW_LINKS: Command = Command::Acr(
    "az network private-dns link vnet list -g $DNS_GROUP -z \
    privatelink.azurecr.io -o table",
);
const CURL: Command = Command::Any(
    "curl -sS -o /dev/null -w '%{http_code}\\n' https://{registry}/v2/  # \
    from a machine in the same network: 401 is good",
);
const ALLOW_REGISTRY: Command = Command::Acr(
    "az network nsg rule create -g {group} --nsg-name $NSG --name allow-acr-443 --priority 225 --direction \
        Outbound --access Allow --protocol Tcp --destination-address-prefixes AzureContainerRegistry \
        --destination-port-ranges 443",
);

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        code: "registry-closed",
        hypothesis: H3,
        meaning: "the registry's firewall, or its closed public access, refused the caller",
        against: &[
            OPEN,
            "the refused address is not one of the environment's: then a token without rights \
            is likelier (H1)",
        ],
        commands: &[
            SHOW_RULES,
            Command::Any("az containerapp show -n {app} -g {group} --query properties.outboundIpAddresses"),
            SHOW_NETWORK,
            // Service endpoints would need a subnet here; they do not serve Container Apps.
            Command::Acr("az acr network-rule add -n {acr} --ip-address {ip}"),
            Command::Acr(
                "az network private-endpoint create -g {group} -n pe-{acr} --subnet $PE_SUBNET_ID \
                --private-connection-resource-id \"$(az acr show -n {acr} --query id -o tsv)\" --group-ids \
                registry --connection-name {acr}",
            ),
            Command::Other("curl -sS -i https://{registry}/v2/"),
        ],
    },
    Cause {
        code: "registry-name-unresolved",
        hypothesis: H3,
        meaning: "the registry's name does not resolve where the pull runs: misspelt, or private DNS \
            without zone, link or record",
        against: &["the name resolves from a machine in the same network", OTHERS_PULL],
        commands: &[
            Command::Any("nslookup {registry}  # from a machine in the environment's network"),
            Command::Any("az acr list --query '[].loginServer' -o tsv"),
            SHOW_NETWORK,
            SHOW_ZONE,
            SHOW_LINKS,
            Command::Acr(
                "az network private-dns link vnet create -g $DNS_GROUP -z privatelink.azurecr.io \
                -n link-env -v $VNET_ID -e false",
            ),
        ],
    },
    Cause {
        code: "registry-unreachable",
        hypothesis: H3,
        meaning: "packets to the registry are dropped, refused or cut: security group, route, firewall or \
            private endpoint",
        against: &[OTHERS_PULL, "a machine in the same subnet reaches the registry on port 443"],
        commands: &[CURL, SHOW_RULES, SHOW_NETWORK, SHOW_SUBNET, CHECK_HEALTH, ALLOW_REGISTRY],
    },
    Cause {
        code: "layers-egress-closed",
        hypothesis: H3,
        meaning: "the registry answers but the host of its layers does not: blob storage or the dedicated \
            data endpoint",
        against: &[
            "layers of other images of this registry arrive",
            "the data record of each replica is in \
            the private zone",
        ],
        commands: &[
            Command::Acr("az acr show-endpoints -n {acr}"),
            SHOW_SUBNET,
            SHOW_ZONE,
            Command::Acr(
                "az network nsg rule create -g {group} --nsg-name $NSG --name allow-acr-layers-443 \
                --priority 230 --direction Outbound --access Allow --protocol Tcp \
                --destination-address-prefixes Storage.$REGION --destination-port-ranges 443",
            ),
            Command::Other("docker pull {image}  # from a machine in the same network"),
        ],
    },
    Cause {
        code: "registry-unavailable",
        hypothesis: H3,
        meaning: "the registry or a proxy before it could not serve the request; often passing",
        against: &["the same request succeeds now: then it was passing"],
        commands: &[
            CURL,
            CHECK_HEALTH,
            Command::Any(
                "az containerapp update -n {app} -g {group} \
            --revision-suffix \"retry-$(date +%s)\"",
            ),
        ],
    },
];
