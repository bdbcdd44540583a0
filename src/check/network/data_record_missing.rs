//! The private DNS zone knows the registry and not the host that its layers come from.
//!
//! ## Why
//! With a private endpoint the layers come from a data endpoint of each region, `NAME.REGION.data.azurecr.io`, which needs a record of
//! its own. Without it the manifest is found and the layers are not: the pull hangs and ends in a timeout. New replicas are the usual
//! cause.
//! https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
//!
//! ## Fix
//! Write the A record of every data endpoint, or give the private endpoint a zone group, which does.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "data-record-missing",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("data_record_missing.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Layers], |way, blocked| {
        let Barrier::RecordMissing { host, zone, record, network } = &blocked.barrier else { return None };
        let title = format!(
            "{host}, where the layers are, does not exist for network {}: zone {} has no record {record}",
            network.name(),
            zone.name()
        );
        let finding = case.finding(way, blocked, title).help("write the record of the data endpoint");
        Some(super::record_commands(way, zone, record).into_iter().fold(finding, Finding::command))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn layers_need_a_record_of_their_own() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone(true, &["acme1 10.0.4.5"])), @"
        error: acme1.westeurope.data.azurecr.io, where the layers are, does not exist for network spoke: zone privatelink.azurecr.io has no record acme1.westeurope.data
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: write the record of the data endpoint
        run: az network private-dns record-set a add-record --subscription s1 -g g -z privatelink.azurecr.io -n acme1.westeurope.data -a 10.0.4.4
        ");
    }

    #[test]
    fn a_zone_without_any_record_is_one_cause() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone(true, &[])), @"not applicable: what is closed or not known is told by another check");
    }
}
