//! Which resources an answer still hangs on, seen from what is known so far: only those that the
//! environment's own network and the registry's doors call for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::dns;
use super::firewall::FirewallPolicy;
use super::id::Id;
use super::nsg::PLATFORM_DNS;
use super::registry::Registry;
use super::route::NextHop;
use super::vnet::{Subnet, VirtualNetwork};
use super::{Network, Part};

/// Something to read and put into a [`Network`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Want {
    /// The registry with this login server, into `registries`.
    Registry(String),
    Network(Id),
    Subnet(Id),
    Nsg(Id),
    /// The security admin rules in force in a network.
    AdminRules(Id),
    RouteTable(Id),
    NatGateway(Id),
    /// A public IP address or prefix.
    PublicIp(Id),
    /// The firewall that has this address, if any firewall has: into `firewalls`, and
    /// `firewalls_listed`.
    FirewallAt(IpAddr),
    /// The DNS Private Resolver inbound endpoint that has this address, if any has: into
    /// `resolvers`, and `resolvers_listed`.
    ResolverAt(IpAddr),
    /// A policy with its rule collection groups.
    Policy(Id),
    IpGroup(Id),
    Endpoint(Id),
    /// The private DNS zones of this name with links and records: into `zones`, and `zones_listed`.
    Zones(String),
}

/// What should be read next so that [`super::reach`] and [`super::resolve`] can answer for these
/// registries.
///
/// Call it again after reading: what was read may lead further. It is empty when nothing more could
/// change an answer.
pub fn wants(network: &Network, login_servers: &[&str]) -> Vec<Want> {
    let mut found = Wanted { network, wants: BTreeSet::new() };
    let registries: Vec<&Registry> = login_servers.iter().filter_map(|server| found.registry(server)).collect();
    let Some(Ok(environment)) = &network.environment else {
        return found.wants.into_iter().collect();
    };
    if let Some(id) = &environment.subnet {
        found.subnet(id);
        if let Ok(Some(subnet)) = network.subnet() {
            found.around(subnet, &registries);
        }
    }
    found.wants.into_iter().collect()
}

struct Wanted<'a> {
    network: &'a Network,
    wants: BTreeSet<Want>,
}

impl<'a> Wanted<'a> {
    fn registry(&mut self, login_server: &str) -> Option<&'a Registry> {
        let key = login_server.to_ascii_lowercase();
        match self.network.registries.get(&key) {
            Some(part) => part.as_ref().ok(),
            None => {
                self.wants.insert(Want::Registry(key));
                None
            }
        }
    }

    /// The network's answer holds its subnets too; a subnet is read by itself only where the
    /// network could not be.
    fn subnet(&mut self, id: &Id) {
        let Some(parent) = id.network() else {
            return;
        };
        match self.network.networks.get(&parent) {
            None => self.want(Want::Network(parent)),
            Some(_) if self.network.subnets.contains_key(id) => (),
            Some(Ok(known)) if known.subnets.iter().any(|subnet| subnet.id == *id) => (),
            Some(_) => self.want(Want::Subnet(id.clone())),
        }
    }

    fn around(&mut self, subnet: &Subnet, registries: &[&Registry]) {
        let network = self.network;
        if let Some(id) = subnet.id.network()
            && network.network(&id).is_ok_and(VirtualNetwork::is_managed)
            && !network.admin_rules.contains_key(&id)
        {
            self.want(Want::AdminRules(id));
        }
        if let Some(id) = subnet.nsg.as_ref().filter(|id| !network.nsgs.contains_key(id)) {
            self.want(Want::Nsg(id.clone()));
        }
        if let Some(id) = &subnet.route_table {
            match network.route_tables.get(id) {
                None => self.want(Want::RouteTable(id.clone())),
                Some(Ok(table)) => {
                    for route in &table.routes {
                        if let NextHop::Appliance(address) = route.next {
                            self.firewall(address);
                        }
                    }
                }
                Some(Err(_)) => (),
            }
        }
        for registry in registries {
            self.doors(subnet, registry);
        }
    }

    fn firewall(&mut self, address: IpAddr) {
        let network = self.network;
        let Some(firewall) = network.firewall_at(address) else {
            if network.firewalls_listed.is_none() {
                self.want(Want::FirewallAt(address));
            }
            return;
        };
        let mut next = firewall.policy.as_ref();
        let mut groups: Vec<&Id> = firewall.collections.iter().flat_map(ip_groups).collect();
        let mut seen = BTreeSet::new();
        while let Some(id) = next.filter(|id| seen.insert((*id).clone())) {
            let policy: Option<&Part<FirewallPolicy>> = network.policies.get(id);
            if policy.is_none() {
                self.want(Want::Policy(id.clone()));
            }
            let policy = policy.and_then(|part| part.as_ref().ok());
            groups.extend(
                policy
                    .iter()
                    .flat_map(|policy| &policy.groups)
                    .flat_map(|group| &group.collections)
                    .flat_map(ip_groups),
            );
            next = policy.and_then(|policy| policy.parent.as_ref());
        }
        for group in groups {
            if !network.ip_groups.contains_key(group) {
                self.want(Want::IpGroup(group.clone()));
            }
        }
    }

    fn doors(&mut self, subnet: &Subnet, registry: &Registry) {
        let network = self.network;
        for connection in &registry.connections {
            match network.endpoints.get(&connection.endpoint) {
                None => self.want(Want::Endpoint(connection.endpoint.clone())),
                Some(Ok(endpoint)) => {
                    if let Some(id) = &endpoint.subnet {
                        self.subnet(id);
                        let theirs = network.subnet_by_id(id).ok().filter(|theirs| theirs.nsg_guards_endpoints());
                        let guard = theirs.and_then(|theirs| theirs.nsg.as_ref());
                        if let Some(guard) = guard.filter(|guard| !network.nsgs.contains_key(guard)) {
                            self.want(Want::Nsg(guard.clone()));
                        }
                    }
                }
                Some(Err(_)) => (),
            }
        }
        if registry.has_private_link() {
            if network.zones_listed.is_none()
                && let Some(zone) = dns::private_name(&registry.login_server)
                && let Some((_, zone)) = zone.split_once('.')
            {
                self.want(Want::Zones(zone.to_owned()));
            }
            let home = subnet.id.network().and_then(|id| network.network(&id).ok());
            for server in home.iter().flat_map(|home| &home.dns_servers) {
                if *server != IpAddr::V4(PLATFORM_DNS) && !network.resolvers.contains_key(server) {
                    self.firewall(*server);
                    let no_firewall = network.firewalls_listed.is_some() && network.firewall_at(*server).is_none();
                    if no_firewall && network.resolvers_listed.is_none() {
                        self.want(Want::ResolverAt(*server));
                    }
                }
            }
        }
        if registry.public && registry.closed_by_default && !registry.allowed_addresses.is_empty() {
            self.addresses(subnet);
        }
    }

    /// Where the environment's traffic comes from, for a registry that lists who may come in.
    fn addresses(&mut self, subnet: &Subnet) {
        let network = self.network;
        let mut ids: Vec<&Id> = Vec::new();
        if let Some(id) = &subnet.nat_gateway {
            match network.nat_gateways.get(id) {
                None => self.want(Want::NatGateway(id.clone())),
                Some(Ok(gateway)) => ids.extend(gateway.addresses.iter().chain(&gateway.prefixes)),
                Some(Err(_)) => (),
            }
        }
        let firewalls = network.firewalls.values().filter_map(|part| part.as_ref().ok());
        ids.extend(firewalls.flat_map(|firewall| &firewall.public_addresses));
        for id in ids {
            if !network.public_ips.contains_key(id) {
                self.want(Want::PublicIp(id.clone()));
            }
        }
    }

    fn want(&mut self, want: Want) {
        self.wants.insert(want);
    }
}

fn ip_groups(collection: &super::firewall::Collection) -> impl Iterator<Item = &Id> {
    collection.rules.iter().flat_map(|rule| rule.source_groups.iter().chain(&rule.destination_groups))
}

#[cfg(test)]
mod tests {
    use super::super::environment::Environment;
    use super::super::{Unread, registry::EndpointConnection};
    use super::*;

    const SUBNET: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke/subnets/apps";

    fn network(subnet: Option<&str>) -> Network {
        let environment = Environment { subnet: subnet.map(Id::new), ..Environment::default() };
        Network { environment: Some(Ok(environment)), ..Network::default() }
    }

    fn with_registry(mut network: Network, registry: Registry) -> Network {
        network.registries.insert("acme.azurecr.io".into(), Ok(registry));
        network
    }

    fn open() -> Registry {
        Registry { login_server: "acme.azurecr.io".into(), public: true, ..Registry::default() }
    }

    fn names(network: &Network) -> Vec<String> {
        let name = |want: Want| match want {
            Want::Registry(name) | Want::Zones(name) => name,
            Want::FirewallAt(address) | Want::ResolverAt(address) => address.to_string(),
            Want::Network(id)
            | Want::Subnet(id)
            | Want::Nsg(id)
            | Want::AdminRules(id)
            | Want::RouteTable(id)
            | Want::NatGateway(id)
            | Want::PublicIp(id)
            | Want::Policy(id)
            | Want::IpGroup(id)
            | Want::Endpoint(id) => id.name().to_owned(),
        };
        wants(network, &["acme.azurecr.io"]).into_iter().map(name).collect()
    }

    #[test]
    fn an_environment_in_the_platforms_network_wants_nothing_but_the_registry() {
        assert_eq!(names(&network(None)), ["acme.azurecr.io"]);
        assert!(names(&with_registry(network(None), open())).is_empty());
    }

    #[test]
    fn reading_leads_further_and_ends() {
        let mut network = with_registry(network(Some(SUBNET)), open());
        assert_eq!(names(&network), ["spoke"]);
        let home = Id::new(SUBNET).network().unwrap();
        network.networks.insert(home, Err(Unread::new("403")));
        assert_eq!(names(&network), ["apps"]);
        let subnet = Subnet { id: Id::new(SUBNET), nsg: Some(Id::new("/nsgs/n")), ..Subnet::default() };
        network.subnets.insert(Id::new(SUBNET), Ok(subnet));
        assert_eq!(names(&network), ["n"]);
        network.nsgs.insert(Id::new("/nsgs/n"), Err(Unread::new("403")));
        assert!(names(&network).is_empty());
    }

    #[test]
    fn only_a_registry_with_an_endpoint_wants_zones() {
        let subnet = Subnet { id: Id::new(SUBNET), ..Subnet::default() };
        let home = VirtualNetwork { subnets: vec![subnet], ..VirtualNetwork::default() };
        let connection = EndpointConnection {
            name: "c".into(),
            endpoint: Id::new("/privateEndpoints/pe"),
            status: "Approved".into(),
            description: String::new(),
        };
        let mut network = with_registry(network(Some(SUBNET)), Registry { connections: vec![connection], ..open() });
        network.networks.insert(Id::new(SUBNET).network().unwrap(), Ok(home));
        assert_eq!(names(&network), ["pe", "privatelink.azurecr.io"]);
        assert!(names(&with_registry(network, open())).is_empty());
    }
}
