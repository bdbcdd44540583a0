//! The registry is closed to the public, and the environment has no network of its own.
//!
//! ## Why
//! With public access disabled only private endpoints lead to a registry. An environment in the platform's network has no place where
//! one could be: the pull ends in `403 Forbidden`. That an identity holds AcrPull, or that a private endpoint serves somebody else's
//! network, does not help.
//! https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
//!
//! ## Fix
//! Run the app in an environment with its own virtual network and give that a private endpoint to the registry, or open the
//! registry's public access.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "registry-closed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("registry_closed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers], |way, blocked| {
        let Barrier::NoOwnNetwork { registry } = &blocked.barrier else { return None };
        let title = format!(
            "registry {} is closed to the public, and the environment has no network of its own",
            registry.name()
        );
        let name = super::remedy::word(registry.name());
        let finding = case
            .finding(way, blocked, title)
            .help("use an environment with its own network and a private endpoint there, or open the registry");
        Some(finding.command(format!("az acr update -n {name} --public-network-enabled true")))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_closed_registry_is_out_of_reach_of_the_platforms_network() {
        insta::assert_snapshot!(says(CHECK, &world().platform().closed()), @"
        error: registry acme1 is closed to the public, and the environment has no network of its own
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: use an environment with its own network and a private endpoint there, or open the registry
        run: az acr update -n acme1 --public-network-enabled true
        ");
    }

    #[test]
    fn an_open_registry_is_not() {
        assert_eq!(says(CHECK, &world().platform()), "pass");
    }

    #[test]
    fn an_endpoint_elsewhere_does_not_help() {
        insta::assert_snapshot!(says(CHECK, &world().platform().closed().endpoint("Approved")), @"
        error: registry acme1 is closed to the public, and the environment has no network of its own
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: the same keeps the environment from the layers of the images
        help: use an environment with its own network and a private endpoint there, or open the registry
        run: az acr update -n acme1 --public-network-enabled true
        ");
    }

    #[test]
    fn a_network_of_its_own_is_another_matter() {
        insta::assert_snapshot!(says(CHECK, &world().closed()), @"not applicable: what is closed or not known is told by another check");
    }
}
