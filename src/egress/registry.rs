//! The network part of a container registry: who may come in, by which doors, and where its layers
//! are.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::address::{Cover, Prefix};
use super::id::Id;
use super::tag::region;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    pub id: Id,
    pub login_server: String,
    pub location: String,
    pub sku: String,
    /// `publicNetworkAccess` is not `Disabled`.
    pub public: bool,
    /// `networkRuleSet.defaultAction` is `Deny`.
    pub closed_by_default: bool,
    pub allowed_addresses: Vec<Prefix>,
    /// Subnets allowed by service endpoint. Only virtual machines and AKS can use these.
    pub allowed_subnets: Vec<Id>,
    /// `networkRuleBypassOptions` is `AzureServices`. Container Apps is not among these services.
    pub bypass_for_services: bool,
    pub data_endpoints: bool,
    pub data_hosts: Vec<String>,
    pub connections: Vec<EndpointConnection>,
    /// Regions of the geo-replicas, the home region among them if it was read.
    pub replicas: Vec<String>,
}

/// A private endpoint as the registry sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointConnection {
    pub name: String,
    pub endpoint: Id,
    pub status: String,
    pub description: String,
}

impl Registry {
    /// Whether everybody may come in through the public door.
    pub fn is_open(&self) -> bool {
        self.public && !self.closed_by_default
    }

    /// Its regions as Azure compares them, the home region first.
    pub fn regions(&self) -> Vec<String> {
        let mut regions = vec![region(&self.location)];
        for replica in &self.replicas {
            let replica = region(replica);
            if !regions.contains(&replica) {
                regions.push(replica);
            }
        }
        regions.retain(|region| !region.is_empty());
        regions
    }

    /// Whether its public name leads to `privatelink`, which it does once an endpoint is approved.
    pub fn has_private_link(&self) -> bool {
        self.connections.iter().any(|connection| connection.status.eq_ignore_ascii_case("Approved"))
    }

    /// Layers come from the registry's own hosts: asked for, or because "data endpoints are enabled
    /// automatically" with a private endpoint
    /// (<https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints>).
    pub fn has_data_hosts(&self) -> bool {
        self.data_endpoints || self.has_private_link()
    }

    /// The hosts that layers come from, one a region, with that region; none where layers come from
    /// shared storage.
    pub fn layer_hosts(&self) -> Vec<(String, String)> {
        if !self.has_data_hosts() {
            return Vec::new();
        }
        let Some((name, suffix)) = self.login_server.split_once('.') else {
            return Vec::new();
        };
        let host = |region: String| (format!("{name}.{region}.data.{suffix}").to_ascii_lowercase(), region);
        let mut hosts: Vec<(String, String)> = self.regions().into_iter().map(host).collect();
        for listed in &self.data_hosts {
            let listed = listed.to_ascii_lowercase();
            let place = listed.split('.').nth(1).map(str::to_owned).unwrap_or_default();
            if !hosts.iter().any(|(host, _)| *host == listed) {
                hosts.push((listed, place));
            }
        }
        hosts
    }

    /// How much of these outgoing addresses the registry's firewall lets in.
    pub fn admits(&self, addresses: &[IpNet]) -> Cover {
        if !self.public {
            return Cover::None;
        }
        if !self.closed_by_default {
            return Cover::Whole;
        }
        let nets: Vec<_> = self.allowed_addresses.iter().flat_map(Prefix::nets).collect();
        let theirs = super::vnet::v4(addresses);
        if theirs.is_empty() { Cover::None } else { super::address::cover_nets(&nets, &theirs) }
    }

    /// The same for single addresses.
    pub fn admits_address(&self, address: IpAddr) -> bool {
        self.admits(&[IpNet::from(address)]) == Cover::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Registry {
        Registry {
            login_server: "acme-b2c4.azurecr.io".into(),
            location: "westeurope".into(),
            public: true,
            replicas: vec!["North Europe".into(), "westeurope".into()],
            ..Registry::default()
        }
    }

    #[test]
    fn every_replica_has_a_data_host_of_its_own_under_the_login_servers_label() {
        assert_eq!(registry().layer_hosts(), []);
        let dedicated = Registry { data_endpoints: true, ..registry() };
        let hosts: Vec<String> = dedicated.layer_hosts().into_iter().map(|(host, _)| host).collect();
        assert_eq!(hosts, ["acme-b2c4.westeurope.data.azurecr.io", "acme-b2c4.northeurope.data.azurecr.io"]);
    }

    #[test]
    fn only_listed_addresses_come_in_when_the_default_is_deny() {
        let closed = Registry {
            closed_by_default: true,
            allowed_addresses: vec![Prefix::parse("203.0.113.0/25")],
            ..registry()
        };
        let nets = |text: &str| vec![text.parse().unwrap()];
        assert_eq!(closed.admits(&nets("203.0.113.7/32")), Cover::Whole);
        assert_eq!(closed.admits(&nets("203.0.113.0/24")), Cover::Part);
        assert_eq!(closed.admits(&nets("203.0.113.200/32")), Cover::None);
        assert_eq!(closed.admits(&[]), Cover::None);
        assert!(registry().admits_address("198.51.100.1".parse().unwrap()));
        assert!(!Registry { public: false, ..closed }.admits_address("203.0.113.7".parse().unwrap()));
    }
}
