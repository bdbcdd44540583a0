//! What an environment must reach so that an image can be pulled, by name and by service tag.
//!
//! From "Securing a virtual network" (by tag, for security groups) and "Use Azure Firewall" (by
//! name and tag) of the Container Apps documentation:
//! <https://learn.microsoft.com/azure/container-apps/firewall-integration>,
//! <https://learn.microsoft.com/azure/container-apps/use-azure-firewall>.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::tag::Tag;
use super::target::{Destination, Target};
use crate::cloud::Cloud;

/// One thing that a pull depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Need {
    /// The token of a managed identity.
    Entra,
    /// The login server of a container registry: manifests and registry tokens.
    Registry { login_server: String },
    /// Where the registry's layers are: its data endpoints, or shared storage.
    Layers { login_server: String },
    /// The platform's own containers.
    MicrosoftContainerRegistry,
    /// The cluster of an environment without workload profiles.
    Cluster,
    /// What the Microsoft registry is served by.
    FrontDoorFirstParty,
    /// A registry password that is kept in a vault: its host name.
    KeyVault { host: String },
    /// Any other public registry.
    Host { host: String },
}

/// A host of a need, and how much hangs on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    pub target: Target,
    /// Without it nothing works. The others are documented as needed, yet pulls were not shown to
    /// fail without them.
    pub essential: bool,
}

impl Need {
    /// What pulling an image needs: `identity` if a managed identity pulls, `vault` where the
    /// password comes from one.
    pub fn of_pull(cloud: Cloud, registry: &str, identity: bool, vault: Option<&str>) -> Vec<Self> {
        let mut needs = vec![Self::MicrosoftContainerRegistry, Self::FrontDoorFirstParty];
        let registry = registry.to_ascii_lowercase();
        if cloud.is_registry(&registry) {
            needs.push(Self::Registry { login_server: registry.clone() });
            needs.push(Self::Layers { login_server: registry });
        } else if registry != cloud.microsoft_registry() {
            needs.push(Self::Host { host: registry });
        }
        if identity || vault.is_some() {
            needs.push(Self::Entra);
        }
        if let Some(host) = vault {
            needs.push(Self::KeyVault { host: host.to_ascii_lowercase() });
        }
        needs
    }

    /// The hosts that the need is about, for those that do not depend on a registry's
    /// configuration.
    pub fn required(&self, cloud: Cloud) -> Vec<Required> {
        let service = |host: &str, tag: &str, essential: bool| Required {
            target: Target::service(host, Tag::global(tag)),
            essential,
        };
        match self {
            Self::Entra => {
                let names = cloud.entra_hosts().iter();
                names.enumerate().map(|(at, host)| service(host, Tag::ENTRA, at == 0)).collect()
            }
            Self::MicrosoftContainerRegistry => {
                let host = cloud.microsoft_registry();
                let data = cloud.microsoft_registry_data();
                vec![service(host, Tag::MICROSOFT_REGISTRY, true), service(data, Tag::MICROSOFT_REGISTRY, true)]
            }
            // A filter that reads names sees the Microsoft registry's own.
            Self::FrontDoorFirstParty => vec![service(cloud.microsoft_registry(), Tag::FRONT_DOOR, true)],
            Self::KeyVault { host } => vec![service(host, Tag::KEY_VAULT, true)],
            Self::Host { host } => {
                let hosts = match hosts_of(host) {
                    [] => vec![(host.as_str(), true)],
                    known => known.to_vec(),
                };
                let public = |host| Target::new(host, Destination::Public);
                hosts.into_iter().map(|(host, essential)| Required { target: public(host), essential }).collect()
            }
            Self::Registry { .. } | Self::Layers { .. } | Self::Cluster => Vec::new(),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entra => f.write_str("Microsoft Entra ID"),
            Self::Registry { login_server } => f.write_str(login_server),
            Self::Layers { login_server } => write!(f, "the layers of {login_server}"),
            Self::MicrosoftContainerRegistry => f.write_str("the Microsoft container registry"),
            Self::Cluster => f.write_str("the environment's cluster"),
            Self::FrontDoorFirstParty => f.write_str("Azure Front Door (first party)"),
            Self::KeyVault { host } | Self::Host { host } => f.write_str(host),
        }
    }
}

impl Cloud {
    /// Where tokens come from first, then what the documentation adds for managed identities.
    pub fn entra_hosts(self) -> &'static [&'static str] {
        match self {
            Self::Public => &[
                "login.microsoftonline.com",
                "*.login.microsoftonline.com",
                "*.login.microsoft.com",
                "*.identity.azure.net",
            ],
            // The documentation lists no further names for this cloud.
            Self::UsGov => &["login.microsoftonline.us"],
            Self::China => &["login.chinacloudapi.cn", "*.login.chinacloudapi.cn", "*.identity.azure.cn"],
        }
    }

    pub fn microsoft_registry(self) -> &'static str {
        match self {
            Self::Public | Self::UsGov => "mcr.microsoft.com",
            Self::China => "mcr.azure.cn",
        }
    }

    fn microsoft_registry_data(self) -> &'static str {
        match self {
            Self::Public | Self::UsGov => "*.data.mcr.microsoft.com",
            Self::China => "*.data.mcr.azure.cn",
        }
    }

    /// The names of shared storage; which account holds a layer is the registry's affair.
    pub fn layer_storage(self) -> &'static str {
        match self {
            Self::Public => "*.blob.core.windows.net",
            Self::UsGov => "*.blob.core.usgovcloudapi.net",
            Self::China => "*.blob.core.chinacloudapi.cn",
        }
    }

    /// Whether the host is the login server of a container registry of this cloud.
    pub fn is_registry(self, host: &str) -> bool {
        let name = host.strip_suffix(self.acr_suffix()).and_then(|name| name.strip_suffix('.'));
        name.is_some_and(|name| !name.is_empty())
    }
}

/// The hosts of a well-known public registry, and whether a pull fails without them (not all are
/// documented by their owners).
fn hosts_of(registry: &str) -> &'static [(&'static str, bool)] {
    match registry {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            &[("registry-1.docker.io", true), ("production.cloudflare.docker.com", true), ("auth.docker.io", false)]
        }
        "ghcr.io" => &[("ghcr.io", true), ("pkg-containers.githubusercontent.com", true)],
        "quay.io" => &[("quay.io", true), ("cdn.quay.io", false)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_by_identity_needs_entra_and_one_by_password_does_not() {
        let by_identity = Need::of_pull(Cloud::Public, "Acme.azurecr.io", true, None);
        assert!(by_identity.contains(&Need::Entra));
        assert!(by_identity.contains(&Need::Layers { login_server: "acme.azurecr.io".into() }));
        assert!(!Need::of_pull(Cloud::Public, "acme.azurecr.io", false, None).contains(&Need::Entra));
        assert!(
            Need::of_pull(Cloud::Public, "acme.azurecr.io", false, Some("v.vault.azure.net")).contains(&Need::Entra)
        );
    }

    #[test]
    fn a_look_alike_is_not_a_registry_of_the_cloud() {
        assert!(Cloud::Public.is_registry("acme.westeurope.geo.azurecr.io"));
        assert!(!Cloud::Public.is_registry("acme.azurecr.io.evil.example"));
        assert!(!Cloud::Public.is_registry("azurecr.io"));
        assert!(!Cloud::China.is_registry("acme.azurecr.io"));
        assert_eq!(Need::of_pull(Cloud::Public, "mcr.microsoft.com", false, None).len(), 2);
    }

    #[test]
    fn each_cloud_has_its_own_login_host() {
        let first = |cloud| Need::Entra.required(cloud)[0].target.host.clone();
        assert_eq!(first(Cloud::Public), "login.microsoftonline.com");
        assert_eq!(first(Cloud::UsGov), "login.microsoftonline.us");
        assert_eq!(first(Cloud::China), "login.chinacloudapi.cn");
    }
}
