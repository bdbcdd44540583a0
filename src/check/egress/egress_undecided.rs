//! Rules name addresses where only service tags tell what is open.
//!
//! ## Why
//! The addresses of Azure's services change weekly. Whether a rule for a range of addresses covers Entra or a registry cannot be told
//! from the rule, so what needs it stays unverified.
//! https://learn.microsoft.com/azure/virtual-network/service-tags-overview
//!
//! ## Fix
//! Write the rules with service tags: `AzureActiveDirectory`, `AzureContainerRegistry`, `Storage.REGION`, `MicrosoftContainerRegistry`,
//! `AzureFrontDoor.FirstParty`.

use crate::check::network::{Case, Outcome, Topic};
use crate::check::{Check, Hypothesis, Run};
use crate::egress::address::Prefix;
use crate::egress::nsg::Direction;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

pub const CHECK: Check = Check {
    code: "egress-undecided",
    hypothesis: Hypothesis::H5,
    severity: Severity::Note,
    source: include_str!("egress_undecided.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.each(|way| {
        let undecided: Vec<&str> = Topic::ALL
            .into_iter()
            .filter(|topic| matches!(way.story.outcome(*topic), Outcome::Unknown(..)))
            .map(Topic::name)
            .collect();
        let network = way.story.network();
        let group = network.subnet().ok().flatten()?.nsg.as_ref()?;
        let rules = &network.nsgs.get(group)?.as_ref().ok()?.rules;
        let rule = rules
            .iter()
            .find(|rule| rule.direction == Direction::Outbound && rule.destinations.iter().any(is_public_range))?;
        if undecided.is_empty() {
            return None;
        }
        let title = format!(
            "rule {} of security group {} names addresses, which cannot be compared with services",
            rule.name,
            group.name()
        );
        Some(
            case.about(way, title)
                .detail(format!("so nobody can tell about {}", undecided.join(", ")))
                .help("write the rule with service tags"),
        )
    })
}

/// Public addresses, but not all of them.
fn is_public_range(prefix: &Prefix) -> bool {
    match prefix {
        Prefix::Net(ipnet::IpNet::V4(net)) => net.prefix_len() > 0 && !net.network().is_private(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn an_address_range_cannot_be_compared_with_a_service() {
        insta::assert_snapshot!(says(CHECK, &world().group(&["100 Deny 20.0.0.0/8"])), @"
        note: rule rule-100 of security group nsg names addresses, which cannot be compared with services
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        because: so nobody can tell about the registry, the layers of the images, Microsoft Entra ID, the platform's own images
        help: write the rule with service tags
        ");
    }

    #[test]
    fn a_service_tag_can() {
        assert_eq!(says(CHECK, &world().group(&["100 Deny AzureActiveDirectory"])), "pass");
    }
}
