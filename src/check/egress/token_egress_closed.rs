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
