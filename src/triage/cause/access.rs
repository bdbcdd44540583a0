//! H1 and H5: who pulls, with what, and whether the token for it can be had.

use super::{Cause, Command};
use crate::check::Hypothesis::{H1, H5};

const ANOTHER_PULL: &str = "the same identity or credential pulls this repository elsewhere";
const GRANTED: &str = "the pulling principal holds the role on this registry (then suspect H5, the way to Entra)";
const PUBLIC: &str = "the image is public and needs no credential";
const SHOW_REGISTRIES: Command = Command::Any(
    "az containerapp show -n {app} -g {group} --query '{identity: identity, registries: \
        properties.configuration.registries}'",
);
const SHOW_REGISTRY: Command = Command::Acr(
    "az acr show -n {acr} --query '{mode: roleAssignmentMode, admin: adminUserEnabled, anonymous: \
        anonymousPullEnabled, armTokens: policies.azureAdAuthenticationAsArmPolicy.status}'",
);
const LIST_GRANTS: Command = Command::Acr(
    "az role assignment list --scope \"$(az acr show -n {acr} --query id -o tsv)\" --include-inherited \
        --query \"[].{role: roleDefinitionName, principal: principalId, scope: scope}\" -o table",
);
const GRANT: Command = Command::Acr(
    "az role assignment create --assignee-object-id $PRINCIPAL --assignee-principal-type ServicePrincipal \
        --scope \"$(az acr show -n {acr} --query id -o tsv)\" --role AcrPull  # if the registry's \
        roleAssignmentMode is AbacRepositoryPermissions: --role \"Container Registry Repository Reader\"",
);
// A 401 is answered before the tag is looked up (Container Apps, deployment-errors.md): a wrong tag may hide behind it.
const SHOW_TAGS: Command = Command::Acr(
    "az acr repository show-tags -n {acr} --repository {repository} \
    --orderby time_desc --top 10",
);
const INSPECT: Command = Command::Other("docker buildx imagetools inspect {image}");
const SET_PASSWORD: Command = Command::Any(
    "az containerapp registry set -n {app} -g {group} --server {registry} --username $USERNAME --password $PASSWORD",
);
const SET_IDENTITY: Command = Command::Acr(
    "az containerapp registry set -n {app} -g {group} --server \
    {registry} --identity $UAMI",
);

pub(super) const CAUSES: &[Cause] = &[
    Cause {
        code: "credentials-missing",
        hypothesis: H1,
        meaning: "the image was asked for without a credential",
        against: &[
            PUBLIC,
            "the registries entry names exactly this host, with an identity or a password (then getting the \
                token failed: H5)",
        ],
        commands: &[SHOW_REGISTRIES, SHOW_REGISTRY, SHOW_TAGS, INSPECT, SET_IDENTITY, SET_PASSWORD, GRANT],
    },
    Cause {
        code: "pull-role-missing",
        hypothesis: H1,
        meaning: "the identity that pulls is not allowed to read this repository",
        against: &[GRANTED, ANOTHER_PULL, PUBLIC],
        commands: &[SHOW_REGISTRIES, SHOW_REGISTRY, LIST_GRANTS, INSPECT, GRANT, SHOW_TAGS],
    },
    Cause {
        code: "pull-unauthorized",
        hypothesis: H1,
        meaning: "the registry refused: no credential, a wrong one, or one without the right to pull this repository",
        against: &[GRANTED, ANOTHER_PULL, PUBLIC],
        commands: &[SHOW_REGISTRIES, SHOW_REGISTRY, LIST_GRANTS, SHOW_TAGS, INSPECT, GRANT, SET_PASSWORD],
    },
    Cause {
        code: "password-refused",
        hypothesis: H1,
        meaning: "user name or password is wrong, rotated or expired",
        against: &["the same user name and password log in from elsewhere", ANOTHER_PULL],
        commands: &[
            SHOW_REGISTRIES,
            Command::Any("az containerapp secret list -n {app} -g {group} -o table"),
            Command::Acr("az acr show -n {acr} --query adminUserEnabled"),
            SET_PASSWORD,
            Command::Any("az containerapp update -n {app} -g {group} --revision-suffix \"retry-$(date +%s)\""),
        ],
    },
    Cause {
        code: "tenant-mismatch",
        hypothesis: H1,
        meaning: "the principal and the registry belong to different tenants; an identity cannot pull across tenants",
        against: &[
            "registry and identity are in one tenant",
            "the principal was created a moment ago and \
            is not replicated yet",
        ],
        commands: &[
            Command::Any("az account show --query tenantId -o tsv"),
            Command::Any("az containerapp show -n {app} -g {group} --query identity.tenantId -o tsv"),
            SET_PASSWORD,
        ],
    },
    Cause {
        code: "arm-tokens-refused",
        hypothesis: H1,
        meaning: "the registry takes no ARM-audience tokens, which Container Apps and App Service pull with",
        against: &["az acr config authentication-as-arm show says enabled"],
        commands: &[
            Command::Acr("az acr config authentication-as-arm show -r {acr}"),
            Command::Acr("az acr config authentication-as-arm update -r {acr} --status enabled"),
        ],
    },
    Cause {
        code: "identity-not-attached",
        hypothesis: H1,
        meaning: "the identity that should pull is not attached to the app, or its id names none",
        against: &["the id is among the app's identities, in any letter case"],
        commands: &[
            SHOW_REGISTRIES,
            Command::Any("az identity list -g {group} --query '[].id' -o tsv"),
            Command::Any("az containerapp identity assign -n {app} -g {group} --user-assigned $UAMI"),
        ],
    },
    Cause {
        code: "role-assignment-refused",
        hypothesis: H1,
        meaning: "whoever deploys may not grant the pull role; without it the pull will fail",
        against: &["the role is already there: then leave out the flag that makes the CLI assign it"],
        commands: &[LIST_GRANTS, SHOW_REGISTRY, GRANT],
    },
    Cause {
        code: "registry-lookup-failed",
        hypothesis: H1,
        meaning: "the CLI does not find the registry behind this login server, and so no credential and no role",
        against: &["az acr show finds the registry by that name in the current subscription and cloud"],
        commands: &[
            Command::Any(
                "az acr list --query \"[].{name: name, loginServer: loginServer, group: \
                resourceGroup}\" -o table",
            ),
            Command::Any("az cloud show --query '{cloud: name, suffix: suffixes.acrLoginServerEndpoint}'"),
            SET_IDENTITY,
            GRANT,
        ],
    },
    Cause {
        code: "admin-disabled",
        hypothesis: H1,
        meaning: "the pull relies on the registry's admin user, which is off",
        against: &["az acr show says adminUserEnabled: true"],
        commands: &[
            Command::Acr(
                "az acr show -n {acr} --query \
            adminUserEnabled",
            ),
            SHOW_REGISTRIES,
            SET_IDENTITY,
            GRANT,
        ],
    },
    Cause {
        code: "secret-undefined",
        hypothesis: H1,
        meaning: "the registries entry names a secret that is not defined",
        against: &["the secret is in configuration.secrets under exactly that name"],
        commands: &[
            SHOW_REGISTRIES,
            Command::Any("az containerapp secret list -n {app} -g {group} -o table"),
            Command::Any("az containerapp secret set -n {app} -g {group} --secrets $SECRET_NAME=$PASSWORD"),
        ],
    },
    Cause {
        code: "secret-vault-identity",
        hypothesis: H1,
        meaning: "the registry's password comes from Key Vault and could not be read",
        against: &["the identity of the secret holds Key Vault Secrets User and the vault's firewall lets it in"],
        commands: &[
            Command::Any(
                "az containerapp show -n {app} -g {group} --query \
                'properties.configuration.secrets[].{name: name, url: keyVaultUrl, identity: identity}'",
            ),
            Command::Any(
                "az role assignment create --assignee-object-id $PRINCIPAL \
                --assignee-principal-type ServicePrincipal --role \"Key Vault Secrets User\" --scope \
                $VAULT_ID",
            ),
        ],
    },
    Cause {
        code: "token-egress-closed",
        hypothesis: H5,
        meaning: "the environment cannot fetch the Entra token that the pull needs",
        against: &[
            "other workloads of the same environment pull with an identity, or get tokens, after the \
                network was changed",
            "the role is in fact missing, or on another principal or registry (then H1)",
            "outbound traffic is unrestricted, or AzureActiveDirectory:443 is allowed",
        ],
        commands: &[
            SHOW_REGISTRIES,
            Command::Any(
                "az network vnet subnet show --ids $SUBNET_ID --query '{nsg: \
                networkSecurityGroup.id, routes: routeTable.id}'",
            ),
            LIST_GRANTS,
            Command::Any(
                "az network nsg rule create -g {group} --nsg-name $NSG --name allow-entra-443 \
                --priority 200 --direction Outbound --access Allow --protocol Tcp \
                --destination-address-prefixes AzureActiveDirectory --destination-port-ranges 443",
            ),
            Command::Any(
                "az network firewall policy rule-collection-group collection rule add -g {group} \
                --policy-name $POLICY --rule-collection-group-name $GROUP --collection-name $COLLECTION \
                --name allow-entra --rule-type ApplicationRule --source-addresses '*' --protocols Https=443 \
                --target-fqdns login.microsoftonline.com '*.login.microsoftonline.com' \
                '*.login.microsoft.com' login.microsoft.com '*.identity.azure.net'",
            ),
        ],
    },
];
