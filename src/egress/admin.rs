//! Security admin rules of a Virtual Network Manager, which come before a network's security groups
//! (<https://learn.microsoft.com/azure/virtual-network-manager/concept-security-admins>).
//!
//! A denial is final, *always allow* is too, and *allow* hands on to the security group. Which rules
//! are in force is asked of the network itself.

use serde::{Deserialize, Serialize};

use super::address::Cover;
use super::decision::{Outcome, Rule, Walk};
use super::nsg::{Flow, SecurityRule};
use super::target::Vicinity;

/// A rule in force in a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminRule {
    pub rule: SecurityRule,
    /// What it allows no security group denies.
    pub always: bool,
}

/// What the rules leave to a security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The group decides.
    HandedOn,
    /// It is open, whatever the group says; by this rule.
    Open(String),
    /// It is denied, or perhaps is; why.
    Denied(String),
}

/// What the rules say of a connection.
pub fn rule(rules: &[AdminRule], flow: Flow, vicinity: &Vicinity) -> Ruling {
    let mut sorted: Vec<&AdminRule> = rules.iter().filter(|one| one.rule.direction == flow.direction).collect();
    sorted.sort_by_key(|one| one.rule.priority);
    let mut walk = Walk::default();
    let mut perhaps = None;
    for one in sorted {
        let cover = one.rule.cover(flow, vicinity);
        let told = Rule::new(&one.rule.name, format!("priority {}", one.rule.priority));
        if cover == Cover::Part && one.rule.access == super::decision::Access::Deny {
            perhaps.get_or_insert_with(|| one.rule.name.clone());
        }
        let Some(decision) = walk.meet(cover, one.rule.access, told) else { continue };
        return match decision.outcome {
            Outcome::Allow if one.always => Ruling::Open(one.rule.name.clone()),
            Outcome::Allow => Ruling::HandedOn,
            Outcome::Deny | Outcome::Unknown => Ruling::Denied(decision.why),
        };
    }
    match perhaps {
        Some(name) => Ruling::Denied(format!("whether `{name}` covers it cannot be read from it")),
        None => Ruling::HandedOn,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::nsg::{Direction, Protocol};
    use super::super::read;
    use super::super::tag::Tag;
    use super::super::target::Destination;
    use super::*;

    /// `100 AlwaysAllow AzureActiveDirectory`.
    #[track_caller]
    fn rules(rules: &[&str], expected: &str) {
        let rule = |text: &&str| {
            let words: Vec<&str> = text.split(' ').collect();
            json!({"kind": "Custom", "id": format!("/rules/r{}", words[0]), "properties": {"priority": words[0].parse::<u32>().unwrap(), "access": words[1],
                "direction": "Outbound", "protocol": "Tcp", "sources": [{"addressPrefix": "*", "addressPrefixType": "IPPrefix"}],
                "destinations": [{"addressPrefix": words[2], "addressPrefixType": "ServiceTag"}],
                "sourcePortRanges": ["0-65535"], "destinationPortRanges": ["443"]}})
        };
        let rules = read::admin_rules(&json!({"value": rules.iter().map(rule).collect::<Vec<_>>()}));
        let destination = Destination::Service(Tag::global(Tag::ENTRA));
        let flow =
            Flow { direction: Direction::Outbound, destination: &destination, protocol: Protocol::Tcp, port: 443 };
        let vicinity = Vicinity { source: vec!["10.0.0.0/23".parse().unwrap()], ..Vicinity::default() };
        let said = match super::rule(&rules, flow, &vicinity) {
            Ruling::HandedOn => "handed on".to_owned(),
            Ruling::Open(by) => format!("open by {by}"),
            Ruling::Denied(_) => "denied".to_owned(),
        };
        assert_eq!(said, expected, "{rules:?}");
    }

    #[test]
    fn a_denial_and_always_allow_are_final_and_allow_hands_on() {
        rules(&[], "handed on");
        rules(&["100 Deny Internet"], "denied");
        rules(&["100 Allow AzureActiveDirectory", "200 Deny Internet"], "handed on");
        rules(&["100 AlwaysAllow AzureActiveDirectory", "200 Deny Internet"], "open by r100");
        rules(&["200 AlwaysAllow AzureActiveDirectory", "100 Deny Internet"], "denied");
        rules(&["100 Deny Sql"], "handed on");
        rules(&["100 Deny 20.190.128.0/18"], "denied");
    }
}
