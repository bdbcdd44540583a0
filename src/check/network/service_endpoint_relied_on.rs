//! The registry lists the environment's subnet, which does not let Container Apps in.
//!
//! ## Why
//! Rules for subnets (service endpoints) on a registry work for virtual machines and AKS only. Many guides tell otherwise; the pull
//! still ends in 403.
//! https://learn.microsoft.com/azure/container-registry/container-registry-vnet
//!
//! ## Fix
//! Use a private endpoint, or list the outgoing public address of the environment.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "service-endpoint-relied-on",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("service_endpoint_relied_on.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry, Topic::Layers], |way, blocked| {
        let Barrier::AddressNotAllowed { registry, .. } = &blocked.barrier else { return None };
        if !super::relies_on_subnet(way) {
            return None;
        }
        let title = format!("registry {} lists the environment's subnet, and such rules do not let Container Apps in", registry.name());
        let finding = case.finding(way, blocked, title).help("create a private endpoint for the registry in the environment's network");
        let Ok(Some(subnet)) = way.story.network().subnet() else { return Some(finding) };
        let network = subnet.id.network()?;
        let name = format!("pe-{}", registry.name());
        Some(finding.command(format!(
            "az network private-endpoint create {} -n {} --subnet {}/subnets/<subnet> --private-connection-resource-id {} --group-ids registry --connection-name {}",
            super::remedy::scope(&network), super::remedy::word(&name), super::remedy::id(&network), super::remedy::id(registry), super::remedy::word(&name)
        )))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_rule_for_the_subnet_does_not_help() {
        insta::assert_snapshot!(says(CHECK, &world().subnet_listed()), @"
        error: registry acme1 lists the environment's subnet, and such rules do not let Container Apps in
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: acme1.azurecr.io leads to its public address: the registry has no approved private endpoint
        help: create a private endpoint for the registry in the environment's network
        run: az network private-endpoint create --subscription s1 -g g -n pe-acme1 --subnet /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/spoke/subnets/<subnet> --private-connection-resource-id /subscriptions/s1/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1 --group-ids registry --connection-name pe-acme1
        ");
    }

    #[test]
    fn without_one_there_is_nothing_to_say() {
        insta::assert_snapshot!(says(CHECK, &world().listed(&[])), @"not applicable: what is closed or not known is told by another check");
    }
}
