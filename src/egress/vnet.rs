//! Virtual networks, subnets and what stands in them.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use super::address::Prefix;
use super::id::Id;
use super::route::ServiceEndpoint;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualNetwork {
    pub id: Id,
    pub location: String,
    pub spaces: Vec<IpNet>,
    /// Empty means Azure DNS.
    pub dns_servers: Vec<IpAddr>,
    pub peerings: Vec<Peering>,
    pub subnets: Vec<Subnet>,
}

/// One direction of a peering. Traffic needs both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peering {
    pub name: String,
    pub remote: Id,
    /// `Connected`, `Initiated` or `Disconnected`; `None` for one that a template will create.
    pub state: Option<String>,
    pub allows_access: bool,
    pub uses_remote_gateway: bool,
    pub remote_spaces: Vec<IpNet>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    pub id: Id,
    pub prefixes: Vec<IpNet>,
    pub nsg: Option<Id>,
    pub route_table: Option<Id>,
    pub nat_gateway: Option<Id>,
    /// Service names such as `Microsoft.App/environments`.
    pub delegations: Vec<String>,
    pub service_endpoints: Vec<ServiceEndpoint>,
    /// `Disabled`, `Enabled`, `NetworkSecurityGroupEnabled` or `RouteTableEnabled`.
    pub endpoint_policies: String,
}

/// The addresses that a subnet's outgoing traffic comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatGateway {
    pub id: Id,
    pub addresses: Vec<Id>,
    pub prefixes: Vec<Id>,
}

/// A public address or a prefix of them; `None` while Azure has not given it one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicIp {
    pub id: Id,
    pub addresses: Option<IpNet>,
}

/// A private endpoint: addresses in a subnet that lead to one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateEndpoint {
    pub id: Id,
    pub subnet: Option<Id>,
    pub connections: Vec<Connection>,
    /// Hosts and their addresses, as far as the endpoint tells; Azure leaves this empty for some
    /// endpoints.
    pub hosts: Vec<(String, IpAddr)>,
    pub interfaces: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub target: Id,
    pub groups: Vec<String>,
    /// `Approved`, `Pending`, `Rejected` or `Disconnected`.
    pub status: String,
    pub description: String,
}

impl VirtualNetwork {
    /// The hub of Virtual WAN that it is connected to.
    pub fn virtual_hub(&self) -> Option<&Peering> {
        self.peerings.iter().find(|peering| peering.leads_to_virtual_hub() && peering.is_up())
    }

    /// Whether a Network Manager has a say in it, as far as its peerings tell.
    pub fn is_managed(&self) -> bool {
        self.peerings.iter().any(Peering::is_managed)
    }

    /// Its peering towards another network.
    pub fn peering(&self, remote: &Id) -> Option<&Peering> {
        self.peerings.iter().find(|peering| peering.remote == *remote)
    }
}

impl Peering {
    /// Whether it joins the network to a hub of Virtual WAN: Azure makes such a peering itself, with a
    /// network of its own, and names both
    /// (<https://learn.microsoft.com/azure/virtual-wan/virtual-wan-faq>).
    pub fn leads_to_virtual_hub(&self) -> bool {
        let starts =
            |text: &str, with: &str| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
        starts(&self.name, "RemoteVnetToHubPeering_") || starts(self.remote.name(), "HV_")
    }

    /// Whether a Network Manager made it, which may hold security admin rules as well
    /// (<https://learn.microsoft.com/azure/virtual-network-manager/concept-connectivity-configuration>).
    pub fn is_managed(&self) -> bool {
        self.name.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("ANM_"))
    }

    /// Whether traffic passes in this direction.
    pub fn is_up(&self) -> bool {
        let connected = |state: &String| state.eq_ignore_ascii_case("Connected");
        self.state.as_ref().is_none_or(connected) && self.allows_access
    }
}

impl Subnet {
    pub fn nets(&self) -> Vec<Ipv4Net> {
        v4(&self.prefixes)
    }

    /// Whether the subnet's route tables may overrule the routes of private endpoints in it.
    pub fn routes_overrule_endpoints(&self) -> bool {
        ["Enabled", "RouteTableEnabled"].iter().any(|policy| policy.eq_ignore_ascii_case(&self.endpoint_policies))
    }

    /// Whether the subnet's security group applies to private endpoints in it.
    pub fn nsg_guards_endpoints(&self) -> bool {
        let policies = ["Enabled", "NetworkSecurityGroupEnabled"];
        policies.iter().any(|policy| policy.eq_ignore_ascii_case(&self.endpoint_policies))
    }

    /// The resource provider that the subnet is given to, if there is one.
    pub fn is_delegated_to(&self, service: &str) -> bool {
        self.delegations.iter().any(|name| name.eq_ignore_ascii_case(service))
    }
}

impl PrivateEndpoint {
    /// The connection to a resource.
    pub fn connection(&self, target: &Id) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.target == *target)
    }

    pub fn holds(&self, address: IpAddr) -> bool {
        self.hosts.iter().any(|(_, own)| *own == address)
    }
}

impl Connection {
    pub fn is_approved(&self) -> bool {
        self.status.eq_ignore_ascii_case("Approved")
    }
}

/// The IPv4 ones of some networks.
pub fn v4(nets: &[IpNet]) -> Vec<Ipv4Net> {
    nets.iter().flat_map(|net| Prefix::Net(*net).nets()).collect()
}
