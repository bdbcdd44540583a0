//! Where each cloud's services are.
//!
//! Sources: <https://github.com/Azure/azure-cli/blob/dev/src/azure-cli-core/azure/cli/core/cloud.py> (hosts),
//! <https://learn.microsoft.com/entra/workload-id/workload-identity-federation> (audience of a federated token),
//! <https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm> (registry audience).

use azure_core::cloud::CloudConfiguration;

use crate::cloud::Cloud;

/// Resource Manager's host.
pub fn management(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "management.azure.com",
        Cloud::UsGov => "management.usgovcloudapi.net",
        Cloud::China => "management.chinacloudapi.cn",
    }
}

/// Microsoft Graph's host.
pub fn graph(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "graph.microsoft.com",
        Cloud::UsGov => "graph.microsoft.us",
        Cloud::China => "microsoftgraph.chinacloudapi.cn",
    }
}

/// What a federated token must be made out to, for Entra to take it.
pub fn federation_audience(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "api://AzureADTokenExchange",
        Cloud::UsGov => "api://AzureADTokenExchangeUSGov",
        Cloud::China => "api://AzureADTokenExchangeChina",
    }
}

/// The scopes that a registry's exchange takes, the better one first. The registries' own audience is taken even where
/// tokens for Resource Manager are refused; whether sovereign clouds know it is unverified, so there it comes second.
pub fn registry_scopes(cloud: Cloud) -> [String; 2] {
    let own = "https://containerregistry.azure.net/.default".to_owned();
    let broad = scope(management(cloud));
    if cloud == Cloud::Public { [own, broad] } else { [broad, own] }
}

/// The scope of a token for a host.
pub fn scope(host: &str) -> String {
    format!("https://{host}/.default")
}

/// The cloud as azure_core names it; it knows the Entra host by that.
pub fn configuration(cloud: Cloud) -> CloudConfiguration {
    match cloud {
        Cloud::Public => CloudConfiguration::AzurePublic,
        Cloud::UsGov => CloudConfiguration::AzureGovernment,
        Cloud::China => CloudConfiguration::AzureChina,
    }
}
