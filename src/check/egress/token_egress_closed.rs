//! The environment cannot fetch the token that the pull needs.
//!
//! ## Why
//! A managed identity's token comes from Microsoft Entra ID over the environment's own way out: the tag `AzureActiveDirectory`, or
//! `login.microsoftonline.com` and its like in a firewall. When that is closed the pull ends in `UNAUTHORIZED`, as if the role were
//! missing. AcrPull may be right; the token cannot be fetched. A private endpoint of the registry does not change that.
//! https://learn.microsoft.com/azure/container-apps/use-azure-firewall
//!
//! ## Fix
//! Allow Entra on port 443. Do not touch the role assignments.

use crate::check::network::{Case, Topic};
use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

pub const CHECK: Check = Check {
    code: "token-egress-closed",
    hypothesis: Hypothesis::H5,
    severity: Severity::Error,
    source: include_str!("token_egress_closed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.decide(Topic::Token, |way, blocked| {
        let by = match &blocked.barrier {
            Barrier::Nsg { nsg, rule, .. } => format!("rule {rule} of security group {}", nsg.name()),
            Barrier::Firewall { firewall, .. } => format!("firewall {}", firewall.name()),
            Barrier::Route { table, route, .. } => format!("route {route} of {}", table.name()),
            Barrier::Peering { why, .. } => why.clone(),
            _ => return None,
        };
        let title = format!("the environment cannot fetch the token of the identity: {by} keeps it from Microsoft Entra ID");
        let finding = case.finding(way, blocked, title);
        Some(finding.help("allow AzureActiveDirectory on port 443; AcrPull is not what is missing: the token cannot be fetched, which looks like UNAUTHORIZED"))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_rule_for_entra_keeps_the_token_away() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["100 Deny AzureActiveDirectory"])), @"
        error: the environment cannot fetch the token of the identity: rule rule-100 of security group nsg keeps it from Microsoft Entra ID
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: security group `nsg`, login.microsoftonline.com (AzureActiveDirectory): rule `rule-100` (priority 100) denies it
        help: allow AzureActiveDirectory on port 443; AcrPull is not what is missing: the token cannot be fetched, which looks like UNAUTHORIZED
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-azureactivedirectory-443 --priority <lower than that rule's> --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes AzureActiveDirectory --destination-port-ranges 443
        ");
    }

    #[test]
    fn a_private_endpoint_does_not_help() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone_right().group(&["100 Deny Internet"])), @"
        error: the environment cannot fetch the token of the identity: rule rule-100 of security group nsg keeps it from Microsoft Entra ID
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: security group `nsg`, login.microsoftonline.com (AzureActiveDirectory): rule `rule-100` (priority 100) denies it
        because: the same keeps the environment from the platform's own images
        help: allow AzureActiveDirectory on port 443; AcrPull is not what is missing: the token cannot be fetched, which looks like UNAUTHORIZED
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-azureactivedirectory-443 --priority <lower than that rule's> --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes AzureActiveDirectory --destination-port-ranges 443
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-microsoftcontainerregistry-443 --priority <lower than that rule's> --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes MicrosoftContainerRegistry --destination-port-ranges 443
        ");
    }

    #[test]
    fn a_firewall_without_the_login_hosts_does_too() {
        insta::assert_snapshot!(says(CHECK, &world().firewall(&["*.azurecr.io", "*.blob.core.windows.net", "mcr.microsoft.com", "*.data.mcr.microsoft.com"], false)), @"
        error: the environment cannot fetch the token of the identity: firewall afw keeps it from Microsoft Entra ID
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: route `route-virtualappliance` of `rt` sends login.microsoftonline.com (AzureActiveDirectory) to firewall `afw` at 10.0.9.4
        because: firewall `afw`, login.microsoftonline.com (AzureActiveDirectory): no rule of policy `afwp` allows login.microsoftonline.com (AzureActiveDirectory)
        help: allow AzureActiveDirectory on port 443; AcrPull is not what is missing: the token cannot be fetched, which looks like UNAUTHORIZED
        run: az network firewall policy rule-collection-group collection rule add --subscription s1 -g g --policy-name afwp --rule-collection-group-name apps --collection-name allow --name allow-entra --rule-type ApplicationRule --source-addresses 10.0.0.0/23 --protocols Https=443 --target-fqdns login.microsoftonline.com '*.login.microsoftonline.com' '*.login.microsoft.com' '*.identity.azure.net'
        ");
    }

    #[test]
    fn a_route_to_nowhere_past_a_private_endpoint_does_too() {
        insta::assert_snapshot!(says(CHECK, &world().closed().endpoint("Approved").zone_right().routes(&["0.0.0.0/0 None"])), @"
        error: the environment cannot fetch the token of the identity: route route-none of rt keeps it from Microsoft Entra ID
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: route `route-none` of `rt` drops what goes to login.microsoftonline.com (AzureActiveDirectory)
        because: the same keeps the environment from the platform's own images
        help: allow AzureActiveDirectory on port 443; AcrPull is not what is missing: the token cannot be fetched, which looks like UNAUTHORIZED
        run: az network route-table route create --subscription s1 -g g --route-table-name rt -n allow-azureactivedirectory-443 --address-prefix AzureActiveDirectory --next-hop-type Internet
        run: az network route-table route create --subscription s1 -g g --route-table-name rt -n allow-microsoftcontainerregistry-443 --address-prefix MicrosoftContainerRegistry --next-hop-type Internet
        ");
    }

    #[test]
    fn what_closes_the_registry_too_is_told_there() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["100 Deny Internet"])), @"not applicable: what closes it closes something before it, which another check reports");
    }

    #[test]
    fn a_password_needs_no_token() {
        insta::assert_snapshot!(says(CHECK, &world().password()), @"not applicable: no managed identity pulls");
    }

    #[test]
    fn an_appliance_that_cannot_be_read_is_not_verified() {
        insta::assert_snapshot!(says(CHECK, &world().routes(&["0.0.0.0/0 VirtualAppliance 10.0.9.4"])), @"unverified: route `route-virtualappliance` of `rt` sends login.microsoftonline.com (AzureActiveDirectory) to the appliance 10.0.9.4, whose rules are not known: it is no Azure Firewall that can be read");
    }

    #[test]
    fn an_open_way_is_a_pass() {
        assert_eq!(says(CHECK, &world()), "pass");
    }
}
