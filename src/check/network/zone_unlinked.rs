//! The private DNS zone of the registry is not linked to the environment's network.
//!
//! ## Why
//! A private endpoint is used only by who asks the zone `privatelink.azurecr.io` that holds its records. A network that is not linked
//! to it resolves the registry to the public address, which is closed and answers 403. A peering does not carry links.
//! https://learn.microsoft.com/azure/private-link/private-endpoint-dns
//!
//! ## Fix
//! Link the zone to the environment's network, or to that of the DNS servers which it uses.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "zone-unlinked",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("zone_unlinked.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers], |way, blocked| {
        let Barrier::ZoneNotLinked { host, network, zone } = &blocked.barrier else { return None };
        let default = format!("privatelink.{}", way.story.network().cloud.registry_suffix());
        let name = zone.as_ref().map_or(default.as_str(), |zone| zone.name());
        let title = format!("{host} leads to the closed public address: zone {name} is not linked to network {}", network.name());
        let command = super::remedy::link(zone.as_ref(), network, name);
        Some(case.finding(way, blocked, title).help("link the zone that holds the registry's records to the network").command(command))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_zone_that_is_not_linked_leaves_the_public_address() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone(false, &["acme1 10.0.4.5"])), @"");
    }

    #[test]
    fn no_zone_at_all_does_too() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved")), @"");
    }

    #[test]
    fn a_linked_zone_is_asked() {
        assert_eq!(says(CHECK, &world().closed().endpoint("Approved").zone_right()), "pass");
    }
}
