//! What is found without knowing where it is: firewalls and resolvers by their address, zones by their name.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Drawing;
use crate::egress::route::NextHop;
use crate::egress::zone::PrivateDnsZone;
use crate::egress::{Id, dns, read};
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
        let parts: Vec<Option<PrivateDnsZone>> = ids.into_iter().map(|id| self.zone(id)).collect();
        let Some(parts) = parts.into_iter().collect::<Option<Vec<_>>>() else { return false };
        self.picture.network.zones.extend(parts.into_iter().map(|zone| (zone.id.clone(), Ok(zone))));
        self.picture.network.zones_listed = Some(Ok(()));
        true
    }

    fn zone(&mut self, id: Id) -> Option<PrivateDnsZone> {
        let (mut links, mut records) = (self.declared.links(&id), self.declared.records(&id));
        if self.declared.contains(&id) {
            return Some(PrivateDnsZone { id, links: Ok(links), records: Ok(records) });
        }
        let list = |kind: &str| Resource::List { scope: id.as_str().to_owned(), kind: kind.to_owned() };
        let (read_links, read_records) = (self.ask(list("virtualNetworkLinks")), self.ask(list("A")));
        let links = read_links?.map(|json| {
            links.extend(read::zone_links(&json));
            links
        });
        let records = read_records?.map(|json| {
            let mut all = read::zone_records(&json);
            all.append(&mut records);
            all
        });
        Some(PrivateDnsZone { id, links, records })
    }
}
