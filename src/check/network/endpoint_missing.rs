//! The registry is closed to the public and has no private endpoint that the environment's network gets to.
//!
//! ## Why
//! With public access disabled a registry can be reached through private endpoints alone, and one counts only in the environment's
//! own virtual network or in one that is peered with it.
//! https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
//!
//! ## Fix
//! Create a private endpoint for the group `registry` in the network, with a zone group for `privatelink.azurecr.io`.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "endpoint-missing",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("endpoint_missing.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers], |way, blocked| {
        let Barrier::NoPrivateEndpoint { registry, network } = &blocked.barrier else { return None };
        let title = format!("registry {} is closed to the public and has no private endpoint in or next to network {}", registry.name(), network.name());
        let name = format!("pe-{}", registry.name());
        let command = format!(
            "az network private-endpoint create {} -n {} --subnet {}/subnets/<subnet> --private-connection-resource-id {} --group-ids registry --connection-name {}",
            super::remedy::scope(network), super::remedy::word(&name), super::remedy::id(network), super::remedy::id(registry), super::remedy::word(&name)
        );
        Some(case.finding(way, blocked, title).help("create a private endpoint in the environment's network").command(command))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_closed_registry_without_an_endpoint_is_out_of_reach() {
        insta::assert_snapshot!(says(CHECK, &world().closed()), @"
        error: registry acme1 is closed to the public and has no private endpoint in or next to network spoke
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io leads to its public address: the registry has no approved private endpoint
        help: create a private endpoint in the environment's network
        run: az network private-endpoint create --subscription s1 -g g -n pe-acme1 --subnet /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke/subnets/<subnet> --private-connection-resource-id /subscriptions/s1/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1 --group-ids registry --connection-name pe-acme1
        ");
    }

    #[test]
    fn an_endpoint_that_dns_leads_to_is_enough() {
        assert_eq!(says(CHECK, &world().closed().endpoint("Approved").zone_right()), "pass");
    }

    #[test]
    fn an_endpoint_in_a_network_that_is_not_peered_is_none() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").endpoint_apart(None).zone_right()), @"not applicable: what is closed or not known is told by another check");
    }
}
