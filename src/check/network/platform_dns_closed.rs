//! A rule of the environment's security group closes Azure DNS.
//!
//! ## Why
//! Azure DNS at 168.63.129.16 is not subject to security groups, unless a rule names the tag `AzurePlatformDNS` or the address. Without
//! it the environment cannot function: no name resolves.
//! https://learn.microsoft.com/azure/container-apps/networking
//!
//! ## Fix
//! Remove the rule.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::Case;

pub const CHECK: Check = Check {
    code: "platform-dns-closed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("platform_dns_closed.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.each(|way| {
        let (group, rule) = crate::egress::path::closed_platform_dns(way.story.network())?;
        let title =
            format!("rule {rule} of security group {} closes Azure DNS, without which no name resolves", group.name());
        let command = format!(
            "az network nsg rule delete {} --nsg-name {} -n {}",
            super::remedy::scope(&group),
            super::remedy::word(group.name()),
            super::remedy::word(&rule)
        );
        Some(case.about(way, title).help("remove the rule").command(command))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn a_rule_for_azure_dns_stops_everything() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["150 Deny AzurePlatformDNS"])), @"
        error: rule rule-150 of security group nsg closes Azure DNS, without which no name resolves
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: remove the rule
        run: az network nsg rule delete --subscription s1 -g g --nsg-name nsg -n rule-150
        ");
    }

    #[test]
    fn other_rules_do_not_touch_it() {
        assert_eq!(says(CHECK, &world().group(&["150 Deny Internet"])), "pass");
    }
}
