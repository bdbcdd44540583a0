//! A security group or firewall on the environment's way out closes what the platform itself needs.
//!
//! ## Why
//! Every environment in its own network pulls images of the platform from the Microsoft Container Registry, which is served by Azure
//! Front Door: the tags `MicrosoftContainerRegistry` and `AzureFrontDoor.FirstParty`, or `mcr.microsoft.com` and `*.data.mcr.microsoft.com`.
//! Without them nothing starts, whatever the image.
//! https://learn.microsoft.com/azure/container-apps/firewall-integration
//!
//! ## Fix
//! Allow both.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "platform-egress-closed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("platform_egress_closed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.decide(Topic::Platform, |way, blocked| {
        let title = match &blocked.barrier {
            Barrier::Nsg { nsg, rule, .. } => format!(
                "rule {rule} of security group {} keeps the environment from the platform's own images",
                nsg.name()
            ),
            Barrier::Firewall { firewall, .. } => {
                format!("firewall {} keeps the environment from the platform's own images", firewall.name())
            }
            _ => return None,
        };
        Some(
            case.finding(way, blocked, title)
                .help("allow `MicrosoftContainerRegistry` and `AzureFrontDoor.FirstParty`"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn the_platform_needs_its_own_registry() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["200 Deny MicrosoftContainerRegistry"])), @"
        error: rule rule-200 of security group nsg keeps the environment from the platform's own images
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: security group `nsg`, mcr.microsoft.com (MicrosoftContainerRegistry): rule `rule-200` (priority 200) denies it
        help: allow `MicrosoftContainerRegistry` and `AzureFrontDoor.FirstParty`
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-microsoftcontainerregistry-443 --priority 199 --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes MicrosoftContainerRegistry --destination-port-ranges 443
        ");
    }

    #[test]
    fn and_what_that_is_served_by() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["200 Deny AzureFrontDoor.FirstParty"])), @"
        error: rule rule-200 of security group nsg keeps the environment from the platform's own images
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: security group `nsg`, mcr.microsoft.com (AzureFrontDoor.FirstParty): rule `rule-200` (priority 200) denies it
        help: allow `MicrosoftContainerRegistry` and `AzureFrontDoor.FirstParty`
        run: az network nsg rule create --subscription s1 -g g --nsg-name nsg -n allow-out-azurefrontdoor-firstparty-443 --priority 199 --direction Outbound --access Allow --protocol Tcp --destination-address-prefixes AzureFrontDoor.FirstParty --destination-port-ranges 443
        ");
    }

    #[test]
    fn nothing_filters_in_the_platforms_network() {
        assert_eq!(says(CHECK, &world().platform()), "pass");
    }
}
