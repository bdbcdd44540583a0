//! The registry's firewall does not list the address that the environment's traffic comes from.
//!
//! ## Why
//! A registry whose default action is Deny lets in the public addresses that it lists. Others are answered
//! `client with IP '…' is not allowed access`, whatever their rights. Container Apps is not among the trusted services that pass.
//! https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks
//!
//! ## Fix
//! List the outgoing address (a NAT gateway makes it a fixed one), or use a private endpoint.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "address-not-allowed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("address_not_allowed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers], |way, blocked| {
        let Barrier::AddressNotAllowed { registry, addresses } = &blocked.barrier else { return None };
        if super::relies_on_subnet(way) {
            return None;
        }
        let title = match addresses.as_slice() {
            [] => format!("the firewall of registry {} lets no address in", registry.name()),
            some => format!(
                "the firewall of registry {} does not let {} in, where the environment's traffic comes from",
                registry.name(),
                some.join(", ")
            ),
        };
        let mut finding = case
            .finding(way, blocked, title)
            .help("list the environment's outgoing addresses, or use a private endpoint");
        let name = super::remedy::word(registry.name());
        let told: Vec<String> = if addresses.is_empty() {
            vec!["<outgoing address>".to_owned()]
        } else {
            addresses.iter().map(|one| super::remedy::word(one)).collect()
        };
        for address in told {
            finding = finding.command(format!("az acr network-rule add -n {name} --ip-address {address}"));
        }
        Some(finding)
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn an_address_that_is_not_listed_stays_outside() {
        insta::assert_snapshot!(says(CHECK, &world().platform().listed(&["203.0.113.0/24"])), @"
        error: the firewall of registry acme1 does not let 198.51.100.7 in, where the environment's traffic comes from
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: list the environment's outgoing addresses, or use a private endpoint
        run: az acr network-rule add -n acme1 --ip-address 198.51.100.7
        ");
    }

    #[test]
    fn a_listed_one_comes_in() {
        assert_eq!(says(CHECK, &world().platform().listed(&["198.51.100.0/24"])), "pass");
    }

    #[test]
    fn nobody_comes_in_where_nobody_is_listed() {
        insta::assert_snapshot!(says(CHECK, &world().platform().listed(&[])), @"
        error: the firewall of registry acme1 does not let 198.51.100.7 in, where the environment's traffic comes from
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: list the environment's outgoing addresses, or use a private endpoint
        run: az acr network-rule add -n acme1 --ip-address 198.51.100.7
        ");
    }
}
