//! The environment's network is not joined with the one that the way leads to.
//!
//! ## Why
//! Traffic passes between two virtual networks only when both have a peering to the other that is `Connected` and allows access. A
//! private endpoint or a firewall in a network without it cannot be reached. DNS does not show it: a zone may be linked to both.
//! https://learn.microsoft.com/azure/virtual-network/virtual-network-peering-overview
//!
//! ## Fix
//! Peer the networks in both directions, or put a private endpoint into the environment's own network.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "peering-missing",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("peering_missing.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers, Topic::Platform], |way, blocked| {
        let Barrier::Peering { to, why, .. } = &blocked.barrier else { return None };
        let title = format!("the environment's network does not get to network {}: {why}", to.name());
        Some(case.finding(way, blocked, title).help("peer both networks with each other"))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_peering_that_is_not_connected_lets_nothing_pass() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").endpoint_apart(Some("Disconnected")).zone_right()), @"
        error: the environment's network does not get to network hub: peering `to-hub` of network `spoke` with `hub` is Disconnected
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io is 10.0.4.5 in zone privatelink.azurecr.io
        because: the same keeps the environment from the layers of the images
        help: peer both networks with each other
        run: az network vnet peering create --subscription s1 -g g --vnet-name spoke -n to-hub --remote-vnet /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub --allow-vnet-access
        run: az network vnet peering create --subscription s1 -g g --vnet-name hub -n to-spoke --remote-vnet /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke --allow-vnet-access
        ");
    }

    #[test]
    fn no_peering_at_all_is_told_here_when_dns_leads_to_the_endpoint() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").endpoint_apart(None).zone_right()), @"
        error: the environment's network does not get to network hub: network `spoke` is not peered with `hub`
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io is 10.0.4.5 in zone privatelink.azurecr.io
        because: the same keeps the environment from the layers of the images
        help: peer both networks with each other
        run: az network vnet peering create --subscription s1 -g g --vnet-name spoke -n to-hub --remote-vnet /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub --allow-vnet-access
        run: az network vnet peering create --subscription s1 -g g --vnet-name hub -n to-spoke --remote-vnet /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke --allow-vnet-access
        ");
    }

    #[test]
    fn a_connected_one_does() {
        assert_eq!(
            says(CHECK, &world().closed().endpoint("Approved").endpoint_apart(Some("Connected")).zone_right()),
            "pass"
        );
    }
}
