//! The environment's network is linked to a private DNS zone that does not know this registry.
//!
//! ## Why
//! Once a registry has a private endpoint anywhere, its name is an alias into `privatelink.azurecr.io`. A network that is linked to a
//! zone of that name asks the zone and nobody else, so a registry that is open to everybody does not exist for it, because the
//! endpoint and its record are somebody else's.
//! https://learn.microsoft.com/azure/private-link/private-endpoint-dns
//!
//! ## Fix
//! Let the link fall back to the internet for names that the zone does not hold, or give the registry a private endpoint and a record
//! in this network too.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "zone-trap",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("zone_trap.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry], |way, blocked| {
        let Barrier::RecordMissing { host, zone, record, network } = &blocked.barrier else { return None };
        if !super::is_open(way) {
            return None;
        }
        let title = format!(
            "{host} is open to everybody and does not exist for network {}: its zone {} has no record {record}",
            network.name(),
            zone.name()
        );
        let finding = case
            .finding(way, blocked, title)
            .help("let the link fall back to the internet, or give the registry a private endpoint here");
        let link = super::link_of(way, zone, network).unwrap_or("<link>");
        Some(finding.command(format!(
            "az network private-dns link vnet update {} -z {} -n {} --resolution-policy NxDomainRedirect",
            super::remedy::scope(zone),
            super::remedy::word(zone.name()),
            super::remedy::word(link)
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn an_open_registry_does_not_exist_for_who_asks_another_zone() {
        insta::assert_snapshot!(says(CHECK, &world().endpoint("Approved").zone(true, &[])), @"
        error: acme1.azurecr.io is open to everybody and does not exist for network spoke: its zone privatelink.azurecr.io has no record acme1
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: the same keeps the environment from the layers of the images
        help: let the link fall back to the internet, or give the registry a private endpoint here
        run: az network private-dns link vnet update --subscription s1 -g g -z privatelink.azurecr.io -n spoke-link --resolution-policy NxDomainRedirect
        ");
    }

    #[test]
    fn without_the_link_it_does() {
        assert_eq!(says(CHECK, &world().endpoint("Approved").zone(false, &[])), "pass");
    }
}
