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
            Barrier::Nsg { nsg, rule, .. } => format!("rule {rule} of security group {} keeps the environment from {}", nsg.name(), way.host),
            Barrier::Firewall { firewall, .. } => format!("firewall {} keeps the environment from {}", firewall.name(), way.host),
            _ => return None,
        };
        Some(case.finding(way, blocked, title).help("allow the registry on port 443, in front of what closes it"))
    })
}
