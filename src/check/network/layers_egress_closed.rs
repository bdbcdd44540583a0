//! A security group or firewall on the environment's way out closes the storage that layers come from.
//!
//! ## Why
//! A registry without private or dedicated data endpoints hands out layers from shared blob storage of its regions: the tag
//! `Storage.REGION`, or `*.blob.core.windows.net`. Where only the registry itself is open the manifest is found, and the layers time out
//! (`failed to copy: httpReadSeeker`).
//! https://learn.microsoft.com/azure/container-apps/firewall-integration
//!
//! ## Fix
//! Allow the storage of the registry's region, or turn on dedicated data endpoints and allow those.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "layers-egress-closed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("layers_egress_closed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.decide(Topic::Layers, |way, blocked| {
        let title = match &blocked.barrier {
            Barrier::Nsg { nsg, rule, .. } => format!("rule {rule} of security group {} keeps the environment from the layers of {}", nsg.name(), way.host),
            Barrier::Firewall { firewall, .. } => format!("firewall {} keeps the environment from the layers of {}", firewall.name(), way.host),
            _ => return None,
        };
        Some(case.finding(way, blocked, title).help("allow where the layers come from, or turn on dedicated data endpoints (`az acr update --data-endpoint-enabled true`) and allow those"))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn storage_of_the_registrys_region_is_needed() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["200 Deny Storage.WestEurope"])), @"
        error: rule rule-200 of security group nsg keeps the environment from the layers of acme1.azurecr.io
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: security group `nsg`, *.blob.core.windows.net (Storage.westeurope): rule `rule-200` (priority 200) denies it
        help: allow where the layers come from, or turn on dedicated data endpoints (`az acr update --data-endpoint-enabled true`) and allow those
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-storage-westeurope-443 --priority 199 --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes Storage.westeurope --destination-port-ranges 443
        ");
    }

    #[test]
    fn one_rule_that_closes_both_is_told_once() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["200 Deny Internet"])), @"not applicable: what closes it closes something before it, which another check reports");
    }

    #[test]
    fn data_endpoints_do_without_storage() {
        insta::assert_snapshot!(says(CHECK, &world().registry("dataEndpointEnabled", serde_json::json!(true)).group(&["200 Deny Storage"])), @"unverified: security group `nsg`, acme1.westeurope.data.azurecr.io (AzureContainerRegistry.westeurope): rule `AllowInternetOutBound` (priority 65001) allows it; a system route leads straight to acme1.westeurope.data.azurecr.io (AzureContainerRegistry.westeurope); security group `nsg`, acme1.westeurope.data.azurecr.io (Storage.westeurope): rule `rule-200` (priority 200) denies it; a system route leads straight to acme1.westeurope.data.azurecr.io (Storage.westeurope); which of its addresses take which way cannot be read from the routes");
    }
}
