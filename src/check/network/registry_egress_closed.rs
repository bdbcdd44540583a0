//! A security group or firewall on the environment's way out closes the registry.
//!
//! ## Why
//! An environment in its own network needs the registry on port 443: the tag `AzureContainerRegistry` in security groups, the login
//! server's name in a firewall's application rules, or a private endpoint. Without it the pull ends in `i/o timeout` or
//! `connection reset`.
//! https://learn.microsoft.com/azure/container-apps/firewall-integration
//!
//! ## Fix
//! Allow the registry in front of the rule that closes it.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "registry-egress-closed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("registry_egress_closed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.decide(Topic::Registry, |way, blocked| {
        let title = match &blocked.barrier {
            Barrier::Nsg { nsg, rule, .. } => {
                format!("rule {rule} of security group {} keeps the environment from {}", nsg.name(), way.host)
            }
            Barrier::Firewall { firewall, .. } => {
                format!("firewall {} keeps the environment from {}", firewall.name(), way.host)
            }
            _ => return None,
        };
        Some(case.finding(way, blocked, title).help("allow the registry on port 443, in front of what closes it"))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_rule_for_the_registrys_tag_closes_it() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["200 Deny AzureContainerRegistry"])), @"
        error: rule rule-200 of security group nsg keeps the environment from acme1.azurecr.io
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: security group `nsg`, acme1.azurecr.io (AzureContainerRegistry.westeurope): rule `rule-200` (priority 200) denies it
        help: allow the registry on port 443, in front of what closes it
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-azurecontainerregistry-westeurope-443 --priority 199 --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes AzureContainerRegistry.westeurope --destination-port-ranges 443
        ");
    }

    #[test]
    fn a_firewall_that_does_not_know_it_closes_it() {
        insta::assert_snapshot!(says(CHECK, &world().firewall(&["mcr.microsoft.com", "*.data.mcr.microsoft.com", "login.microsoftonline.com", "*.login.microsoftonline.com", "*.login.microsoft.com", "*.identity.azure.net"], false)), @"
        error: firewall afw keeps the environment from acme1.azurecr.io
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: route `route-virtualappliance` of `rt` sends acme1.azurecr.io (AzureContainerRegistry.westeurope) to firewall `afw` at 10.0.9.4
        because: firewall `afw`, acme1.azurecr.io (AzureContainerRegistry.westeurope): no rule of policy `afwp` allows acme1.azurecr.io (AzureContainerRegistry.westeurope)
        because: the same keeps the environment from the layers of the images
        help: allow the registry on port 443, in front of what closes it
        run: az network firewall policy rule-collection-group collection rule add --subscription s1 -g g --policy-name afwp --rule-collection-group-name apps --collection-name allow --name allow-registry --rule-type ApplicationRule --source-addresses 10.0.0.0/23 --protocols Https=443 --target-fqdns acme1.azurecr.io
        run: az network firewall policy rule-collection-group collection rule add --subscription s1 -g g --policy-name afwp --rule-collection-group-name apps --collection-name allow --name allow-registry-layers --rule-type ApplicationRule --source-addresses 10.0.0.0/23 --protocols Https=443 --target-fqdns '*.blob.core.windows.net'
        ");
    }

    #[test]
    fn an_appliance_that_cannot_be_read_is_not_verified() {
        insta::assert_snapshot!(says(CHECK, &world().routes(&["0.0.0.0/0 VirtualAppliance 10.0.9.4"])), @"unverified: route `route-virtualappliance` of `rt` sends acme1.azurecr.io (AzureContainerRegistry.westeurope) to the appliance 10.0.9.4, whose rules are not known: it is no Azure Firewall that can be read");
    }

    #[test]
    fn a_group_that_is_gone_is_not_verified() {
        insta::assert_snapshot!(says(CHECK, &world().group(&[]).without("networkSecurityGroups", "nsg")), @"unverified: /subscriptions/s1/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/nsg is not there");
    }

    #[test]
    fn an_environment_that_is_not_there_is_not_verified() {
        insta::assert_snapshot!(says(CHECK, &world().without("managedEnvironments", "cae")), @"unverified: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae is not there");
    }

    #[test]
    fn a_rule_for_another_service_does_not() {
        assert_eq!(says(CHECK, &world().group(&["200 Deny Sql"])), "pass");
    }

    #[test]
    fn a_private_endpoint_needs_no_such_rule() {
        assert_eq!(
            says(
                CHECK,
                &world()
                    .closed()
                    .endpoint("Approved")
                    .zone_right()
                    .group(&["200 Deny AzureContainerRegistry", "210 Deny Storage"])
            ),
            "pass"
        );
    }

    #[test]
    fn nothing_is_asked_offline() {
        let says =
            crate::check::table::verdicts(CHECK, &world().manifest(), &crate::evidence::Evidence::default().offline());
        insta::assert_snapshot!(says, @"not asked: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae");
    }
}
