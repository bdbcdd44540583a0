//! Network security groups: the first rule in priority order decides, then the default rules
//! (<https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview>).
//!
//! Security admin rules of a Virtual Network Manager run before a group: see [`super::admin`].

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::address::{Cover, Ports, Prefix};
use super::decision::{Access, Decision, Rule, Walk};
use super::id::Id;
use super::tag::Tag;
use super::target::{Destination, Vicinity, source_cover};

/// A network security group with its own rules; the default rules are added by [`evaluate`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nsg {
    pub id: Id,
    pub rules: Vec<SecurityRule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityRule {
    pub name: String,
    pub priority: u32,
    pub direction: Direction,
    pub access: Access,
    pub protocol: Protocol,
    pub sources: Vec<Prefix>,
    pub source_ports: Vec<Ports>,
    pub destinations: Vec<Prefix>,
    pub ports: Vec<Ports>,
    /// Which sides of the rule are application security groups, whose members are not in the rule.
    pub grouped: Sides,
}

/// The sides of a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    pub source: bool,
    pub destination: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    Inbound,
    Outbound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    Any,
    Tcp,
    Udp,
    Other,
}

/// A connection that a group is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    pub direction: Direction,
    pub destination: &'a Destination,
    pub protocol: Protocol,
    pub port: u16,
}

/// Azure's own resolver, which every network asks unless it has DNS servers of its own.
pub const PLATFORM_DNS: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);

/// What the group decides about a connection from the environment's subnet.
pub fn evaluate(nsg: &Nsg, flow: Flow, vicinity: &Vicinity) -> Decision {
    let mut rules: Vec<&SecurityRule> = nsg.rules.iter().filter(|rule| rule.direction == flow.direction).collect();
    rules.sort_by_key(|rule| rule.priority);
    let defaults = defaults(flow.direction);

    let mut walk = Walk::default();
    let mut all = rules.into_iter().chain(&defaults);
    all.find_map(|rule| {
        let told = Rule::new(&rule.name, format!("priority {}", rule.priority));
        walk.meet(rule.cover(flow, vicinity), rule.access, told)
    })
    .expect("the last default rule covers every connection")
}

/// The rule that closes Azure's own DNS to the subnet, if there is one.
///
/// Platform DNS is not subject to a group unless a rule names it: by the tag `AzurePlatformDNS`,
/// or, which the Container Apps documentation warns of, by its address 168.63.129.16.
pub fn closes_platform_dns<'a>(nsg: &'a Nsg, vicinity: &Vicinity) -> Option<&'a SecurityRule> {
    let named = |rule: &&SecurityRule| {
        let dns = |prefix: &Prefix| match prefix {
            Prefix::Tag(tag) => tag.is(Tag::PLATFORM_DNS),
            Prefix::Net(net) => net.prefix_len() == 32 && net.addr() == IpAddr::V4(PLATFORM_DNS),
            _ => false,
        };
        let udp = matches!(rule.protocol, Protocol::Any | Protocol::Udp);
        let from_here = source_cover(&rule.sources, vicinity) != Cover::None;
        rule.direction == Direction::Outbound
            && udp
            && from_here
            && rule.ports.iter().any(|ports| ports.contain(53))
            && rule.destinations.iter().any(dns)
    };
    let first = nsg.rules.iter().filter(named).min_by_key(|rule| rule.priority)?;
    (first.access == Access::Deny).then_some(first)
}

impl SecurityRule {
    /// How much of a connection's ends the rule covers.
    pub fn cover(&self, flow: Flow, vicinity: &Vicinity) -> Cover {
        let protocol = self.protocol == Protocol::Any || self.protocol == flow.protocol;
        if !protocol || !self.ports.iter().any(|ports| ports.contain(flow.port)) {
            return Cover::None;
        }
        // A side with application security groups has no prefixes. Who is in one is not in the rule; but
        // its members are network interfaces and private endpoints, never a public service
        // (learn.microsoft.com/azure/virtual-network/application-security-groups).
        let source = if self.grouped.source { Cover::Part } else { source_cover(&self.sources, vicinity) };
        let destination = match flow.destination {
            Destination::Address(_) if self.grouped.destination => Cover::Part,
            _ if self.grouped.destination => Cover::None,
            destination => destination.covered_by(&self.destinations, vicinity),
        };
        source.and(destination).and(self.source_port_cover())
    }

    fn source_port_cover(&self) -> Cover {
        // Connections start at ephemeral ports; which of them a client takes is its own affair.
        let all = self.source_ports.iter().any(|ports| ports.from <= 1024 && ports.to == u16::MAX);
        match all {
            true => Cover::Whole,
            false if self.source_ports.iter().any(|ports| ports.to > 1023) => Cover::Part,
            false => Cover::None,
        }
    }
}

fn defaults(direction: Direction) -> [SecurityRule; 3] {
    let rule = |name: &str, priority, access, source: &str, destination: &str| SecurityRule {
        name: name.to_owned(),
        priority,
        direction,
        access,
        protocol: Protocol::Any,
        sources: vec![Prefix::parse(source)],
        source_ports: vec![Ports::ALL],
        destinations: vec![Prefix::parse(destination)],
        ports: vec![Ports::ALL],
        grouped: Sides::default(),
    };
    let network = Tag::VIRTUAL_NETWORK;
    match direction {
        Direction::Outbound => [
            rule("AllowVnetOutBound", 65000, Access::Allow, network, network),
            rule("AllowInternetOutBound", 65001, Access::Allow, "*", Tag::INTERNET),
            rule("DenyAllOutBound", 65500, Access::Deny, "*", "*"),
        ],
        Direction::Inbound => [
            rule("AllowVnetInBound", 65000, Access::Allow, network, network),
            rule("AllowAzureLoadBalancerInBound", 65001, Access::Allow, "AzureLoadBalancer", "*"),
            rule("DenyAllInBound", 65500, Access::Deny, "*", "*"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::super::decision::Outcome;
    use super::*;

    /// `100 deny AzureActiveDirectory:443`, with an optional protocol and source: `200 allow
    /// Internet:80-443 udp 10.0.0.0/24`.
    pub fn rule(text: &str) -> SecurityRule {
        let words: Vec<&str> = text.split(' ').collect();
        let (destinations, ports) = words[2].rsplit_once(':').unwrap();
        SecurityRule {
            name: format!("rule-{}", words[0]),
            priority: words[0].parse().unwrap(),
            direction: Direction::Outbound,
            access: if words[1] == "allow" { Access::Allow } else { Access::Deny },
            protocol: match words.get(3) {
                Some(&"udp") => Protocol::Udp,
                Some(&"any") => Protocol::Any,
                _ => Protocol::Tcp,
            },
            sources: vec![Prefix::parse(words.get(4).unwrap_or(&"*"))],
            source_ports: vec![Ports::ALL],
            destinations: destinations.split(',').map(Prefix::parse).collect(),
            ports: vec![Ports::parse(ports).unwrap()],
            grouped: Sides::default(),
        }
    }

    fn vicinity() -> Vicinity {
        let nets = |text: &str| vec![text.parse().unwrap()];
        Vicinity { source: nets("10.0.0.0/23"), spaces: nets("10.0.0.0/16"), default_route: false }
    }

    #[track_caller]
    fn decides(rules: &[&str], to: &str, outcome: Outcome, by: &str) {
        let destination = match Prefix::parse(to) {
            Prefix::Tag(tag) => Destination::Service(tag),
            _ => Destination::Address(to.parse().unwrap()),
        };
        let flow =
            Flow { direction: Direction::Outbound, destination: &destination, protocol: Protocol::Tcp, port: 443 };
        let nsg = Nsg { rules: rules.iter().map(|text| rule(text)).collect(), ..Nsg::default() };
        let decision = evaluate(&nsg, flow, &vicinity());
        assert_eq!((decision.outcome, decision.by.name.as_str()), (outcome, by), "{}", decision.why);
    }

    const ENTRA: &str = "AzureActiveDirectory";

    #[test]
    fn a_group_without_rules_lets_everything_out() {
        decides(&[], ENTRA, Outcome::Allow, "AllowInternetOutBound");
        decides(&[], "10.0.4.5", Outcome::Allow, "AllowVnetOutBound");
    }

    #[test]
    fn the_lowest_number_wins_whatever_the_order_in_the_file() {
        decides(&["300 deny *:*", "200 allow AzureActiveDirectory:443"], ENTRA, Outcome::Allow, "rule-200");
        decides(&["200 deny AzureCloud:443", "300 allow AzureActiveDirectory:443"], ENTRA, Outcome::Deny, "rule-200");
    }

    #[test]
    fn another_port_protocol_or_source_does_not_match() {
        decides(&["100 deny Internet:80"], ENTRA, Outcome::Allow, "AllowInternetOutBound");
        decides(&["100 deny Internet:* udp"], ENTRA, Outcome::Allow, "AllowInternetOutBound");
        decides(&["100 deny Internet:440-450 any"], ENTRA, Outcome::Deny, "rule-100");
        decides(&["100 deny *:* any 10.7.0.0/24"], ENTRA, Outcome::Allow, "AllowInternetOutBound");
        decides(&["100 deny *:* any 10.0.0.0/24"], ENTRA, Outcome::Unknown, "rule-100");
    }

    #[test]
    fn explicit_addresses_decide_nothing_about_a_tag_but_they_can_spoil_the_answer() {
        decides(&["100 allow 20.190.128.0/18:443", "200 deny *:*"], ENTRA, Outcome::Unknown, "rule-100");
        decides(&["100 deny 20.190.128.0/18:443"], ENTRA, Outcome::Unknown, "rule-100");
        decides(&["100 allow 20.190.128.0/18:443"], ENTRA, Outcome::Allow, "AllowInternetOutBound");
        decides(&["100 deny 10.0.0.0/8,172.16.0.0/12:*"], ENTRA, Outcome::Allow, "AllowInternetOutBound");
        decides(&["100 deny 0.0.0.0/1,128.0.0.0/1:*"], ENTRA, Outcome::Deny, "rule-100");
    }

    #[test]
    fn the_front_door_tag_matches_in_both_spellings() {
        let rules = ["100 allow AzureFrontDoorFirstParty:443", "200 deny *:*"];
        decides(&rules, "AzureFrontDoor.FirstParty", Outcome::Allow, "rule-100");
    }

    #[test]
    fn another_regions_storage_is_not_this_regions() {
        let rules = ["100 allow Storage.WestEurope:443", "200 deny Internet:*"];
        decides(&rules, "Storage.westeurope", Outcome::Allow, "rule-100");
        decides(&rules, "Storage.northeurope", Outcome::Deny, "rule-200");
    }

    #[track_caller]
    fn grouped(sides: Sides, destination: &Destination, outcome: Outcome) {
        let nsg = Nsg { rules: vec![SecurityRule { grouped: sides, ..rule("100 deny *:443") }], ..Nsg::default() };
        let flow = Flow { direction: Direction::Outbound, destination, protocol: Protocol::Tcp, port: 443 };
        assert_eq!(evaluate(&nsg, flow, &vicinity()).outcome, outcome);
    }

    #[test]
    fn an_application_security_group_may_hold_an_interface_and_holds_no_public_service() {
        let (source, destination) =
            (Sides { source: true, ..Sides::default() }, Sides { destination: true, ..Sides::default() });
        let endpoint = Destination::Address("10.0.4.5".parse().unwrap());
        grouped(source, &Destination::Public, Outcome::Unknown);
        grouped(destination, &endpoint, Outcome::Unknown);
        grouped(destination, &Destination::Public, Outcome::Allow);
    }

    #[test]
    fn platform_dns_is_closed_only_by_a_rule_that_names_it() {
        let closes = |text: &str| {
            let nsg = Nsg { rules: vec![rule(text)], ..Nsg::default() };
            closes_platform_dns(&nsg, &vicinity()).is_some()
        };
        assert!(closes("100 deny AzurePlatformDNS:* any"));
        assert!(closes("100 deny 168.63.129.16:53 udp"));
        assert!(!closes("100 deny *:* any"));
        assert!(!closes("100 allow AzurePlatformDNS:53 udp"));
        assert!(!closes("100 deny AzurePlatformDNS:443 any"));
    }
}
