//! The private endpoint of the environment's network was not approved by the registry.
//!
//! ## Why
//! Nothing passes a private endpoint whose connection is `Pending`, `Rejected` or `Disconnected`. A connection that somebody without
//! rights on the registry made waits for its owner; a new replica can set it back.
//! https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
//!
//! ## Fix
//! Approve the connection on the registry.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "endpoint-not-approved",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("endpoint_not_approved.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers], |way, blocked| {
        let Barrier::EndpointNotApproved { registry, endpoint, connection, status } = &blocked.barrier else {
            return None;
        };
        let title = format!(
            "the connection of private endpoint {} to registry {} is {status}, not Approved",
            endpoint.name(),
            registry.name()
        );
        let command = format!(
            "az acr private-endpoint-connection approve --registry-name {} -n {}",
            super::remedy::word(registry.name()),
            super::remedy::word(connection)
        );
        Some(case.finding(way, blocked, title).help("let the owner of the registry approve it").command(command))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_pending_endpoint_lets_nothing_pass() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Pending").zone_right()), @"
        error: the connection of private endpoint pe to registry acme1 is Pending, not Approved
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io leads to its public address: the registry has no approved private endpoint
        help: let the owner of the registry approve it
        run: az acr private-endpoint-connection approve --registry-name acme1 -n acme1.1
        ");
    }

    #[test]
    fn a_rejected_one_neither() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Rejected").zone_right()), @"
        error: the connection of private endpoint pe to registry acme1 is Rejected, not Approved
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io leads to its public address: the registry has no approved private endpoint
        help: let the owner of the registry approve it
        run: az acr private-endpoint-connection approve --registry-name acme1 -n acme1.1
        ");
    }

    #[test]
    fn an_approved_one_does() {
        assert_eq!(says(CHECK, &world().closed().endpoint("Approved").zone_right()), "pass");
    }
}
