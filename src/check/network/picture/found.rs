//! What is found without knowing where it is: firewalls and resolvers by their address, zones by their name.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::Drawing;
use crate::egress::nsg::PLATFORM_DNS;
use crate::egress::route::NextHop;
use crate::egress::zone::{Link, PrivateDnsZone};
use crate::egress::{Id, Part, Unread, dns, read};
use crate::evidence::Resource;

impl Drawing<'_> {
    pub(super) fn firewalls(&mut self, address: IpAddr) -> bool {
        let Some(answer) = self.ask(Resource::Find { kind: "Microsoft.Network/azureFirewalls".to_owned() }) else {
            return false;
        };
        let network = &mut self.picture.network;
        let rows = match answer {
            Ok(rows) => rows,
            Err(unread) => {
                network.firewalls_listed = Some(Err(unread));
                return true;
            }
        };
        // Firewalls at other addresses are not in the way; reading what hangs on them would be for nothing.
        let mut addresses = BTreeSet::from([address]);
        for table in network.route_tables.values().flatten() {
            addresses.extend(
                table.routes.iter().filter_map(|route| {
                    if let NextHop::Appliance(address) = route.next { Some(address) } else { None }
                }),
            );
        }
        addresses.extend(network.networks.values().flatten().flat_map(|known| known.dns_servers.iter().copied()));
        for firewall in read::items(&rows).into_iter().filter_map(|row| read::firewall(row).ok()) {
            if firewall.private_addresses.iter().any(|own| addresses.contains(own)) {
                network.firewalls.insert(firewall.id.clone(), Ok(firewall));
            }
        }
        network.firewalls_listed = Some(Ok(()));
        true
    }

    pub(super) fn resolvers(&mut self) -> bool {
        let Some(answer) = self.ask(Resource::Find { kind: "Microsoft.Network/dnsResolvers".to_owned() }) else {
            return false;
        };
        let rows = match answer {
            Ok(rows) => rows,
            Err(unread) => {
                self.picture.network.resolvers_listed = Some(Err(unread));
                return true;
            }
        };
        let scopes: Vec<String> =
            read::items(&rows).into_iter().filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
        let answers: Vec<_> = scopes
            .into_iter()
            .map(|scope| self.ask(Resource::List { scope, kind: "inboundEndpoints".to_owned() }))
            .collect();
        for answer in answers {
            let Some(answer) = answer else { return false };
            let Ok(endpoints) = answer else { continue };
            let known = read::items(&endpoints)
                .into_iter()
                .filter_map(|endpoint| read::resolver_endpoint(endpoint).ok())
                .flatten();
            self.picture.network.resolvers.extend(known);
        }
        self.picture.network.resolvers_listed = Some(Ok(()));
        true
    }

    pub(super) fn zones(&mut self, name: &str) -> bool {
        let server = self.subject.registry.map(|host| host.as_str().to_owned()).unwrap_or_default();
        let alias = dns::private_name(&server).unwrap_or_default();
        let holds = |zone: &str| {
            let under = |host: &str| host.to_lowercase().ends_with(&format!(".{}", zone.to_lowercase()));
            zone.eq_ignore_ascii_case(name) || under(&server) || under(&alias)
        };
        let declared = self.declared.zones(holds);
        let home = self.picture.network.subnet().ok().flatten().and_then(|subnet| subnet.id.network());
        // A network can be linked to one zone of a name only: where the deployment links one, no other counts.
        let linked = declared
            .iter()
            .any(|zone| self.declared.links(zone).iter().any(|link| Some(&link.network) == home.as_ref()));
        let mut ids: BTreeSet<Id> = declared.into_iter().collect();
        if !linked {
            match self.ask(Resource::Find { kind: "Microsoft.Network/privateDnsZones".to_owned() }) {
                None => return false,
                Some(Err(unread)) => {
                    self.picture.network.zones_listed = Some(Err(unread));
                    return true;
                }
                Some(Ok(rows)) => {
                    let found = read::items(&rows).into_iter().filter_map(|row| row["id"].as_str().map(Id::new));
                    ids.extend(found.filter(|id| holds(id.name())));
                }
            }
        }
        let links: Vec<_> = ids.iter().map(|id| self.links(id)).collect();
        let Some(links) = links.into_iter().collect::<Option<Vec<_>>>() else { return false };
        let counts = self.counting_networks();
        let matters = |links: &Part<Vec<Link>>| {
            let counts = |link: &Link| counts.as_ref().is_none_or(|networks| networks.contains(&link.network));
            links.as_ref().map_or(true, |links| links.iter().any(counts))
        };
        // Of several zones that no network here sees, the one to link is the one that holds the name.
        let choose = ids.len() > 1 && !links.iter().any(matters);
        let parts: Vec<Option<PrivateDnsZone>> = ids
            .into_iter()
            .zip(links)
            .map(|(id, links)| {
                let records = if choose || matters(&links) { self.records(&id)? } else { Err(Unread::new(UNSEEN)) };
                Some(PrivateDnsZone { id, links, records })
            })
            .collect();
        let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return false };
        self.picture.network.zones.extend(parts.into_iter().map(|zone| (zone.id.clone(), Ok(zone))));
        self.picture.network.zones_listed = Some(Ok(()));
        true
    }

    /// The networks from which names of the environment are asked; `None` where it has DNS servers of its own, or is not known.
    fn counting_networks(&self) -> Option<BTreeSet<Id>> {
        let network = &self.picture.network;
        let home = network.subnet().ok().flatten()?.id.network()?;
        let known = network.network(&home).ok()?;
        if known.dns_servers.iter().all(|server| *server == IpAddr::V4(PLATFORM_DNS)) {
            return Some(BTreeSet::from([home]));
        }
        None
    }

    fn links(&mut self, zone: &Id) -> Option<Part<Vec<Link>>> {
        let mut links = self.declared.links(zone);
        if self.declared.contains(zone) {
            return Some(Ok(links));
        }
        let list = Resource::List { scope: zone.as_str().to_owned(), kind: "virtualNetworkLinks".to_owned() };
        Some(self.ask(list)?.map(|json| {
            links.extend(read::zone_links(&json));
            links
        }))
    }

    fn records(&mut self, zone: &Id) -> Option<Part<BTreeMap<String, Vec<IpAddr>>>> {
        let mut records = self.declared.records(zone);
        if self.declared.contains(zone) {
            return Some(Ok(records));
        }
        let list = Resource::List { scope: zone.as_str().to_owned(), kind: "A".to_owned() };
        Some(self.ask(list)?.map(|json| {
            let mut all = read::zone_records(&json);
            all.append(&mut records);
            all
        }))
    }
}

/// Why the records of a zone are not known that no network sees from which the environment asks.
const UNSEEN: &str =
    "the zone is linked to no network that the environment asks from, so that its records do not matter";
