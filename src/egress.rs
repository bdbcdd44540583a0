//! Can an environment's network reach what a pull needs? Pure algebra over what Resource Manager
//! says.
//!
//! [`reach`] answers for one [`Need`], [`resolve`] says what a host's name becomes inside the
//! environment's network, and [`wants`] which resources would have to be read for that. Whatever
//! was not read is *unknown*, never open.
//!
//! In `read` are the readers of Resource Manager's JSON, which also take resources as a template
//! declares them.

pub mod address;
pub mod admin;
pub mod decision;
pub mod dns;
pub mod environment;
pub mod firewall;
pub mod id;
#[cfg(test)]
mod model;
pub mod need;
pub mod nsg;
pub mod path;
pub mod read;
pub mod registry;
pub mod route;
pub mod tag;
pub mod target;
pub mod vnet;
pub mod wants;
pub mod zone;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use crate::cloud::Cloud;
pub use dns::{Resolution, resolve};
pub use id::Id;
pub use need::Need;
pub use path::{Barrier, Reach, Verdict, reach};
pub use wants::{Want, wants};

use address::Prefix;
use admin::AdminRule;
use environment::Environment;
use firewall::{Firewall, FirewallPolicy};
use nsg::Nsg;
use registry::Registry;
use route::RouteTable;
use target::Vicinity;
use vnet::{NatGateway, PrivateEndpoint, PublicIp, Subnet, VirtualNetwork};
use zone::PrivateDnsZone;

/// A part that was read, or why it was not.
pub type Part<T> = Result<T, Unread>;

/// Why a part is not known: the sentence goes into an `unverified`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    pub why: String,
}

/// All that is known of one environment's network. Parts are found by resource id, registries by
/// login server (lower case).
///
/// A part that nobody asked for is absent; one that was asked for and could not be read is an
/// `Err`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    pub cloud: Cloud,
    pub environment: Option<Part<Environment>>,
    /// The app's `outboundIpAddresses`, for an environment whose traffic leaves by the platform's
    /// addresses.
    pub outbound: Vec<IpAddr>,
    pub subnets: BTreeMap<Id, Part<Subnet>>,
    pub networks: BTreeMap<Id, Part<VirtualNetwork>>,
    pub nsgs: BTreeMap<Id, Part<Nsg>>,
    /// The security admin rules in force, by network.
    pub admin_rules: BTreeMap<Id, Part<Vec<AdminRule>>>,
    pub route_tables: BTreeMap<Id, Part<RouteTable>>,
    pub nat_gateways: BTreeMap<Id, Part<NatGateway>>,
    pub public_ips: BTreeMap<Id, Part<PublicIp>>,
    pub firewalls: BTreeMap<Id, Part<Firewall>>,
    pub policies: BTreeMap<Id, Part<FirewallPolicy>>,
    pub ip_groups: BTreeMap<Id, Part<Vec<Prefix>>>,
    pub endpoints: BTreeMap<Id, Part<PrivateEndpoint>>,
    /// Private DNS zones that could answer for a registry.
    pub zones: BTreeMap<Id, Part<PrivateDnsZone>>,
    /// `Ok` once all zones that the caller can see were looked for; only then is a zone that is not
    /// there not there.
    pub zones_listed: Option<Part<()>>,
    /// `Ok` once all firewalls that the caller can see were looked for.
    pub firewalls_listed: Option<Part<()>>,
    /// Addresses of DNS Private Resolver inbound endpoints, and the network that each resolves for.
    pub resolvers: BTreeMap<IpAddr, Id>,
    /// `Ok` once all resolvers that the caller can see were looked for.
    pub resolvers_listed: Option<Part<()>>,
    pub registries: BTreeMap<String, Part<Registry>>,
}

impl Unread {
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Network {
    /// The environment's own subnet; `Ok(None)` for one in the platform's network.
    ///
    /// # Errors
    ///
    /// When the environment or its subnet was not read.
    pub fn subnet(&self) -> Part<Option<&Subnet>> {
        let Some(environment) = &self.environment else {
            return Err(Unread::new("the environment was not read"));
        };
        let environment = environment.as_ref().map_err(Clone::clone)?;
        match &environment.subnet {
            Some(id) => self.subnet_by_id(id).map(Some),
            None => Ok(None),
        }
    }

    /// A subnet, read by itself or with its network.
    ///
    /// # Errors
    ///
    /// When neither was read.
    pub fn subnet_by_id(&self, id: &Id) -> Part<&Subnet> {
        let alone = part(&self.subnets, id, "subnet");
        alone.or_else(|unread| {
            let network = id.network().and_then(|network| self.networks.get(&network)?.as_ref().ok());
            let inside = network.and_then(|network| network.subnets.iter().find(|subnet| subnet.id == *id));
            inside.ok_or(unread)
        })
    }

    /// A virtual network.
    ///
    /// # Errors
    ///
    /// When it was not read.
    pub fn network(&self, id: &Id) -> Part<&VirtualNetwork> {
        part(&self.networks, id, "virtual network")
    }

    /// The route table of a subnet, if it has one.
    ///
    /// # Errors
    ///
    /// When it has one that was not read.
    pub fn route_table(&self, subnet: &Subnet) -> Part<Option<&RouteTable>> {
        subnet.route_table.as_ref().map(|id| part(&self.route_tables, id, "route table")).transpose()
    }

    /// What rules see around a subnet.
    pub fn vicinity(&self, subnet: &Subnet) -> Vicinity {
        let network = subnet.id.network().and_then(|id| self.network(&id).ok());
        let mut spaces: Vec<IpNet> = network.map(|network| network.spaces.clone()).unwrap_or_default();
        for peering in network.iter().flat_map(|network| &network.peerings) {
            if peering.is_up() {
                spaces.extend(&peering.remote_spaces);
                let remote = self.network(&peering.remote).ok();
                spaces.extend(remote.iter().flat_map(|remote| &remote.spaces));
            }
        }
        let default_route = self.route_table(subnet).ok().flatten().is_some_and(route::has_default);
        let mut spaces = vnet::v4(&spaces);
        if spaces.is_empty() {
            // The network itself could not be read: its subnet is the part of it that is known.
            spaces = subnet.nets();
        }
        Vicinity { source: subnet.nets(), spaces, default_route }
    }

    /// The firewall that has this address, if one is known.
    pub fn firewall_at(&self, address: IpAddr) -> Option<&Firewall> {
        let known = self.firewalls.values().filter_map(|part| part.as_ref().ok());
        known.into_iter().find(|firewall| firewall.private_addresses.contains(&address))
    }
}

/// A part by its id.
pub(crate) fn part<'a, T>(parts: &'a BTreeMap<Id, Part<T>>, id: &Id, what: &str) -> Part<&'a T> {
    match parts.get(id) {
        Some(part) => part.as_ref().map_err(Clone::clone),
        None => Err(Unread::new(format!("{what} `{}` was not read", id.name()))),
    }
}
