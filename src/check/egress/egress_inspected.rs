//! A firewall breaks TLS open on the way to the registry or to Entra.
//!
//! ## Why
//! A rule that inspects TLS shows the firewall's own certificate. The nodes of an environment do not trust it, and there is no way to
//! make them: pulls end in `x509: certificate signed by unknown authority`.
//! https://learn.microsoft.com/azure/firewall/premium-features
//!
//! ## Fix
//! Exclude the hosts of the registry, of its layers and of Microsoft Entra ID from inspection.

use crate::check::network::{Case, Outcome, Topic};
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

pub const CHECK: Check = Check {
    code: "egress-inspected",
    hypothesis: Hypothesis::H5,
    severity: Severity::Warning,
    source: include_str!("egress_inspected.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.each(|way| {
        let inspected = Topic::ALL.into_iter().find_map(|topic| match way.story.outcome(topic) {
            Outcome::Open(reach) | Outcome::Unknown(_, reach) => Some((topic, reach.inspected.clone()?)),
            _ => None,
        });
        let (topic, rule) = inspected?;
        let title = format!("{rule} breaks TLS open on the way to {}", topic.name());
        Some(case.about(way, title).help("exclude the hosts that a pull needs from TLS inspection"))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn nodes_do_not_trust_the_firewalls_certificate() {
        insta::assert_snapshot!(says(CHECK, &world().firewall(&["*"], true)), @"
        warning: rule `names` (policy `afwp`, group `apps`, collection `allow`) breaks TLS open on the way to the registry
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        help: exclude the hosts that a pull needs from TLS inspection
        ");
    }

    #[test]
    fn a_rule_that_only_lets_through_is_fine() {
        assert_eq!(says(CHECK, &world().firewall(&["*"], false)), "pass");
    }
}
