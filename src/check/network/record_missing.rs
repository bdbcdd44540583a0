//! The private DNS zone that the environment's network asks has no record of the registry.
//!
//! ## Why
//! Who is linked to `privatelink.azurecr.io` asks that zone and nobody else. Without the record the name does not exist there
//! (`no such host`), although it does everywhere else.
//! https://learn.microsoft.com/azure/private-link/private-endpoint-dns
//!
//! ## Fix
//! Give the private endpoint a zone group for the zone, or write the A records of the login server and of each region's data endpoint.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "record-missing",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("record_missing.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry], |way, blocked| {
        let Barrier::RecordMissing { host, zone, record, network } = &blocked.barrier else { return None };
        if super::is_open(way) {
            return None;
        }
        let title = format!(
            "{host} does not exist for network {}: zone {} has no record {record}",
            network.name(),
            zone.name()
        );
        let finding =
            case.finding(way, blocked, title).help("add a zone group to the private endpoint, or write the records");
        Some(super::record_commands(way, zone, record).into_iter().fold(finding, Finding::command))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_zone_without_the_record_answers_that_there_is_none() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone(true, &[])), @"
        error: acme1.azurecr.io does not exist for network spoke: zone privatelink.azurecr.io has no record acme1
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: the same keeps the environment from the layers of the images
        help: add a zone group to the private endpoint, or write the records
        run: az network private-dns record-set a add-record --subscription s1 -g g -z privatelink.azurecr.io -n acme1 -a 10.0.4.5
        run: az network private-dns record-set a add-record --subscription s1 -g g -z privatelink.azurecr.io -n acme1.westeurope.data -a 10.0.4.4
        ");
    }

    #[test]
    fn a_registry_that_is_open_is_a_trap_instead() {
        insta::assert_snapshot!(says(CHECK, &world().endpoint("Approved").zone(true, &[])), @"not applicable: what is closed or not known is told by another check");
    }
}
