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
        let default = format!("privatelink.{}", way.story.network().cloud.acr_suffix());
        let name = zone.as_ref().map_or(default.as_str(), |zone| zone.name());
        let title = format!(
            "{host} leads to the closed public address: zone {name} is not linked to network {}",
            network.name()
        );
        let command = super::remedy::link(zone.as_ref(), network, name);
        Some(
            case.finding(way, blocked, title)
                .help("link the zone that holds the registry's records to the network")
                .command(command),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_zone_that_is_not_linked_leaves_the_public_address() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone(false, &["acme1 10.0.4.5"])), @"
        error: acme1.azurecr.io leads to the closed public address: zone privatelink.azurecr.io is not linked to network spoke
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io leads to its public address: no private zone that answers for the name is linked to the network
        because: the same keeps the environment from the layers of the images
        help: link the zone that holds the registry's records to the network
        run: az network private-dns link vnet create --subscription s1 -g g -z privatelink.azurecr.io -n link-spoke -v /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke -e false
        ");
    }

    #[test]
    fn no_zone_at_all_does_too() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved")), @"
        error: acme1.azurecr.io leads to the closed public address: zone privatelink.azurecr.io is not linked to network spoke
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io leads to its public address: no private zone that answers for the name is linked to the network
        because: the same keeps the environment from the layers of the images
        help: link the zone that holds the registry's records to the network
        run: az network private-dns link vnet create -g <group of the zone> -z privatelink.azurecr.io -n link-spoke -v /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke -e false
        ");
    }

    #[test]
    fn a_linked_zone_is_asked() {
        assert_eq!(says(CHECK, &world().closed().endpoint("Approved").zone_right()), "pass");
    }
}
