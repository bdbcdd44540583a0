//! H3: can the environment reach the registry and its layers?
//!
//! A [`Case`] is a workload with the story of each registry that it pulls from; a check looks for its own cause in it. What could
//! not be known is carried by `registry-egress-closed`, `layers-egress-closed` and `platform-egress-closed` alone, so that one
//! gap is one unverified verdict. What the runner sees on its own way to a registry decides none of them.

mod case;
mod declared;
mod door;
mod picture;
mod remedy;
mod story;
#[cfg(test)]
pub mod world;

pub mod address_not_allowed;
pub mod address_stale;
pub mod bypass_relied_on;
pub mod data_record_missing;
pub mod dns_servers_opaque;
pub mod endpoint_missing;
pub mod endpoint_not_approved;
pub mod environment_misfit;
pub mod group_pull_closed;
pub mod layers_egress_closed;
pub mod peering_missing;
pub mod platform_dns_closed;
pub mod platform_egress_closed;
pub mod record_missing;
pub mod registry_closed;
pub mod registry_egress_closed;
pub mod route_dead;
pub mod runner_path;
pub mod service_endpoint_relied_on;
pub mod site_pull_not_routed;
pub mod zone_trap;
pub mod zone_unlinked;

pub use case::{Case, Cases, Way};
pub use story::{Blocked, Outcome, Story, Topic};

use crate::egress::registry::Registry;
use crate::egress::{Id, dns};

/// The registry of a way, where it was read.
fn registry<'w>(way: &'w Way) -> Option<&'w Registry> {
    way.story.network().registries.get(&way.host)?.as_ref().ok()
}

/// Whether the registry lets everybody in, so that only the name is in the way.
fn is_open(way: &Way) -> bool {
    registry(way).is_some_and(Registry::is_open)
}

/// Whether the registry lists the subnet of the environment, which helps nobody there.
fn relies_on_subnet(way: &Way) -> bool {
    let own = way.story.network().subnet().ok().flatten();
    registry(way).zip(own).is_some_and(|(registry, own)| registry.allowed_subnets.contains(&own.id))
}

/// The name of a host in a zone that holds its alias.
fn relative(way: &Way, zone: &Id, host: &str) -> Option<String> {
    let zone = way.story.network().zones.get(zone)?.as_ref().ok()?;
    zone.relative(&dns::private_name(host)?)
}

/// The name of the link between a zone and a network.
fn link_of<'w>(way: &'w Way, zone: &Id, network: &Id) -> Option<&'w str> {
    let zone = way.story.network().zones.get(zone)?.as_ref().ok()?;
    let link = zone.links.as_ref().ok()?.iter().find(|link| link.network == *network)?;
    Some(link.name.as_str())
}

/// Writes the records that the zone lacks, with the addresses that the private endpoints tell.
fn record_commands(way: &Way, zone: &Id, record: &str) -> Vec<String> {
    let network = way.story.network();
    let hosts = || network.endpoints.values().flatten().flat_map(|endpoint| &endpoint.hosts);
    let Some(registry) = registry(way) else { return vec![remedy::record(zone, record, "<address>")] };
    let names =
        std::iter::once(registry.login_server.clone()).chain(registry.layer_hosts().into_iter().map(|(host, _)| host));
    let held = network.zones.get(zone).and_then(|part| part.as_ref().ok()?.records.as_ref().ok());
    let mut commands = Vec::new();
    for name in names {
        let Some(relative) = relative(way, zone, &name) else { continue };
        let lacks = held.is_none_or(|records| !records.contains_key(&relative));
        if lacks || relative == record {
            let address = hosts()
                .find(|(host, _)| *host == name)
                .map_or_else(|| "<address>".to_owned(), |(_, address)| address.to_string());
            commands.push(remedy::record(zone, &relative, &address));
        }
    }
    if commands.is_empty() { vec![remedy::record(zone, record, "<address>")] } else { commands }
}
