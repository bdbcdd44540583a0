//! Azure Container Registry's hosts: which registry, which cloud, which of its endpoints.

use super::host::Host;
use crate::cloud::Cloud;

/// A host of Azure Container Registry, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acr<'a> {
    /// The first label, as it stands in the host: `acme` or `acme-e7ggejfuhzhgedc`.
    pub label: &'a str,
    /// The name for `az acr` commands: the label without the hash of a domain name label.
    /// Never build a resource id or a host from it; compare with the registry's `loginServer`.
    pub name: &'a str,
    /// The hash of the domain name label, where the registry was made with one.
    pub hash: Option<&'a str>,
    pub cloud: Cloud,
    pub endpoint: Endpoint<'a>,
}

/// Which door of the registry a host is
/// (https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint<'a> {
    /// `acme.azurecr.io`: what an image names.
    Login,
    /// `acme.westeurope.geo.azurecr.io`: the login server of one region.
    Geo(&'a str),
    /// `acme.westeurope.data.azurecr.io`: where layers come from; never in an image.
    Data(&'a str),
    /// `acme.privatelink.azurecr.io`: a name for DNS only; its certificate does not match.
    PrivateLink,
    /// `azurecr.io` itself, or more labels than the service hands out.
    Other,
}

impl Cloud {
    const ALL: [Self; 3] = [Self::Public, Self::UsGov, Self::China];
}

impl Host {
    /// The parts of a host under `azurecr.io`, `azurecr.us` or `azurecr.cn`.
    pub fn acr(&self) -> Option<Acr<'_>> {
        acr(self.name())
    }
}

impl Acr<'_> {
    /// An image may name this host.
    pub fn is_login_server(&self) -> bool {
        matches!(self.endpoint, Endpoint::Login | Endpoint::Geo(_))
    }

    /// The registry's name follows the service's rule: 5 to 50 letters and digits.
    pub fn has_legal_name(&self) -> bool {
        (5..=50).contains(&self.name.len())
            && self.name.bytes().all(|b| b.is_ascii_alphanumeric())
            && self.hash.is_none_or(|hash| !hash.is_empty() && hash.bytes().all(|b| b.is_ascii_alphanumeric()))
    }
}

/// Whether an image on this host is pulled from a container registry of Azure.
pub fn is_acr(host: &Host) -> bool {
    host.acr().is_some_and(|acr| acr.is_login_server())
}

/// The name for `az acr` commands; see [`Acr::name`] for what it must not be used for.
pub fn acr_name(host: &Host) -> Option<&str> {
    host.acr().filter(Acr::is_login_server).map(|acr| acr.name)
}

/// The cloud whose registries have this host's suffix.
pub fn acr_cloud(host: &Host) -> Option<Cloud> {
    host.acr().map(|acr| acr.cloud)
}

fn acr(name: &str) -> Option<Acr<'_>> {
    for cloud in Cloud::ALL {
        let Some(front) = name.strip_suffix(cloud.acr_suffix()) else {
            continue;
        };
        if front.is_empty() {
            return Some(parts("", cloud, Endpoint::Other));
        }
        let front = front.strip_suffix('.')?;
        let labels: Vec<&str> = front.split('.').collect();
        let endpoint = match labels.as_slice() {
            [_] => Endpoint::Login,
            [_, region, "geo"] => Endpoint::Geo(region),
            [_, region, "data"] => Endpoint::Data(region),
            [_, "privatelink"] | [_, _, "data", "privatelink"] => Endpoint::PrivateLink,
            _ => Endpoint::Other,
        };
        return Some(parts(labels[0], cloud, endpoint));
    }
    None
}

fn parts<'a>(label: &'a str, cloud: Cloud, endpoint: Endpoint<'a>) -> Acr<'a> {
    // A registry's name never has a dash, so that a dash begins the hash of a domain name label
    // (https://learn.microsoft.com/azure/container-registry/container-registry-get-started-azure-cli).
    let (name, hash) = match label.split_once('-') {
        Some((name, hash)) => (name, Some(hash)),
        None => (label, None),
    };
    Acr { label, name, hash, cloud, endpoint }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shape(text: &str) -> String {
        let host = Host::parse(text).unwrap();
        match host.acr() {
            None => "not ACR".to_owned(),
            Some(acr) => format!("{} {:?} {:?}", acr.name, acr.cloud, acr.endpoint),
        }
    }

    #[test]
    fn a_host_tells_registry_cloud_and_endpoint() {
        assert_eq!(shape("acme.azurecr.io"), "acme Public Login");
        assert_eq!(shape("ACME.azurecr.us:443"), "acme UsGov Login");
        assert_eq!(shape("acme.azurecr.cn"), "acme China Login");
        assert_eq!(shape("acme-e7ggejfuhzhgedc8.azurecr.io"), "acme Public Login");
        assert_eq!(shape("acme.westeurope.geo.azurecr.io"), r#"acme Public Geo("westeurope")"#);
        assert_eq!(shape("acme.westeurope.data.azurecr.io"), r#"acme Public Data("westeurope")"#);
        assert_eq!(shape("acme.privatelink.azurecr.io"), "acme Public PrivateLink");
        assert_eq!(shape("a.b.azurecr.io"), "a Public Other");
    }

    #[test]
    fn a_look_alike_is_not_a_registry_of_azure() {
        assert_eq!(shape("acme.azurecr.io.evil.example"), "not ACR");
        assert_eq!(shape("acmeazurecr.io"), "not ACR");
        assert_eq!(shape("acme.azurecr.com"), "not ACR");
    }

    #[test]
    fn a_data_endpoint_is_no_login_server() {
        let host = Host::parse("acme.westeurope.data.azurecr.io").unwrap();
        assert!(!is_acr(&host));
        assert_eq!(acr_name(&host), None);
        assert_eq!(acr_cloud(&host), Some(Cloud::Public));
    }
}
