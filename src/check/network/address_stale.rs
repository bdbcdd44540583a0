//! The private DNS zone leads to an address that no private endpoint of the registry has.
//!
//! ## Why
//! A record that was written by hand stays when the private endpoint is made anew and gets another address. Whatever answers there is
//! not the registry, and mostly nothing does.
//! https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
//!
//! ## Fix
//! Replace the record by the address that the private endpoint has now, or leave it to a zone group.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "address-stale",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("address_stale.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers], |way, blocked| {
        let Barrier::RecordStale { host, zone, address } = &blocked.barrier else { return None };
        let title =
            format!("zone {} leads {host} to {address}, which no private endpoint of the registry has", zone.name());
        let finding = case.finding(way, blocked, title).help("replace the address of the record");
        let Some(record) = super::relative(way, zone, host) else { return Some(finding) };
        let command = format!(
            "az network private-dns record-set a remove-record {} -z {} -n {} -a {} --keep-empty-record-set",
            super::remedy::scope(zone),
            super::remedy::word(zone.name()),
            super::remedy::word(&record),
            super::remedy::word(address)
        );
        Some(super::record_commands(way, zone, &record).into_iter().fold(finding.command(command), Finding::command))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_record_of_an_endpoint_that_is_gone_leads_nowhere() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone(true, &["acme1 10.0.4.9", "acme1.westeurope.data 10.0.4.4"])), @"
        error: zone privatelink.azurecr.io leads acme1.azurecr.io to 10.0.4.9, which no private endpoint of the registry has
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io is 10.0.4.9 in zone privatelink.azurecr.io
        help: replace the address of the record
        run: az network private-dns record-set a remove-record --subscription s1 -g g -z privatelink.azurecr.io -n acme1 -a 10.0.4.9 --keep-empty-record-set
        run: az network private-dns record-set a add-record --subscription s1 -g g -z privatelink.azurecr.io -n acme1 -a 10.0.4.5
        ");
    }

    #[test]
    fn the_addresses_of_the_interface_are_right() {
        assert_eq!(says(CHECK, &world().closed().endpoint("Approved").zone_right()), "pass");
    }
}
