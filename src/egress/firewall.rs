//! Azure Firewall: classic rules and policies, and what they decide about a connection
//! (<https://learn.microsoft.com/azure/firewall/rule-processing>).
//!
//! Everything is denied that no rule allows. All network rules come before all application rules;
//! within a type a parent policy's groups come first, then groups, collections and rules by
//! priority; the first match ends it. Threat intelligence, intrusion detection and address
//! translation of incoming traffic are left out: they are not about known Microsoft hosts.

pub mod fqdn;

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::address::{Cover, Ports, Prefix};
use super::decision::{Access, Decision, Outcome, Rule, Walk};
use super::id::Id;
use super::target::{Destination, Target, Vicinity, source_cover};
use super::{Part, Unread};

/// A firewall in a network, with its classic rules or the id of its policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    pub id: Id,
    /// The addresses that routes name as next hop.
    pub private_addresses: Vec<IpAddr>,
    /// What its outgoing traffic comes from.
    pub public_addresses: Vec<Id>,
    /// The subnet it stands in (`AzureFirewallSubnet`), or none for one in a Virtual WAN hub.
    pub subnet: Option<Id>,
    pub policy: Option<Id>,
    pub collections: Vec<Collection>,
    pub dns: DnsProxy,
}

/// A firewall policy, with its groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallPolicy {
    pub id: Id,
    pub parent: Option<Id>,
    pub groups: Vec<RuleCollectionGroup>,
    pub dns: DnsProxy,
    /// A certificate authority is configured, so that rules may inspect TLS.
    pub inspects: bool,
}

/// How a firewall or policy answers DNS queries of the networks behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsProxy {
    pub enabled: bool,
    /// Where it asks; empty means Azure DNS, from the firewall's own network.
    pub servers: Vec<IpAddr>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleCollectionGroup {
    pub name: String,
    pub priority: u32,
    pub collections: Vec<Collection>,
}

/// Rules with one action. A collection that translates addresses is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    pub name: String,
    pub priority: u32,
    pub access: Access,
    pub rules: Vec<FirewallRule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRule {
    pub name: String,
    pub sources: Vec<Prefix>,
    pub source_groups: Vec<Id>,
    pub destinations: Vec<Prefix>,
    pub destination_groups: Vec<Id>,
    pub matches: Matches,
}

/// What a rule looks at besides addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matches {
    Network {
        /// The rule is for TCP.
        tcp: bool,
        ports: Vec<Ports>,
        fqdns: Vec<String>,
    },
    Application {
        /// The ports of its `Https` protocols.
        https: Vec<u16>,
        fqdns: Vec<String>,
        tags: Vec<String>,
        urls: Vec<String>,
        categories: Vec<String>,
        terminates_tls: bool,
    },
}

/// Everything that a firewall's decision is made from, outermost parent policy first.
pub struct Rulebook<'a> {
    layers: Vec<Layer<'a>>,
    ip_groups: &'a BTreeMap<Id, Part<Vec<Prefix>>>,
    resolves_names: bool,
}

struct Layer<'a> {
    /// What a person calls it: `policy afwp-core` or `firewall afw-hub`.
    name: String,
    groups: Vec<(Option<&'a str>, &'a [Collection])>,
}

impl<'a> Rulebook<'a> {
    /// Gathers the rules of a firewall, its policy and that policy's parents.
    ///
    /// # Errors
    ///
    /// When a policy of the chain was not read, or the chain does not end.
    pub fn new(
        firewall: &'a Firewall,
        policies: &'a BTreeMap<Id, Part<FirewallPolicy>>,
        ip_groups: &'a BTreeMap<Id, Part<Vec<Prefix>>>,
    ) -> Result<Self, Unread> {
        let mut book = Self { layers: Vec::new(), ip_groups, resolves_names: firewall.dns.enabled };
        let Some(policy) = &firewall.policy else {
            let collections = vec![(None, firewall.collections.as_slice())];
            book.layers.push(Layer { name: format!("firewall `{}`", firewall.id.name()), groups: collections });
            return Ok(book);
        };
        let mut next = Some(policy);
        while let Some(id) = next {
            // A policy has one parent and that one none; a longer chain is none that Azure would
            // have taken.
            if book.layers.len() == MAX_POLICIES {
                return Err(Unread::new(format!("firewall policy `{}` has too many parents", policy.name())));
            }
            let policy = super::part(policies, id, "firewall policy")?;
            if book.layers.is_empty() {
                book.resolves_names = policy.dns.enabled;
            }
            let mut groups: Vec<&RuleCollectionGroup> = policy.groups.iter().collect();
            groups.sort_by_key(|group| group.priority);
            let groups = groups.into_iter().map(|group| (Some(group.name.as_str()), group.collections.as_slice()));
            book.layers.push(Layer { name: format!("policy `{}`", policy.id.name()), groups: groups.collect() });
            next = policy.parent.as_ref();
        }
        book.layers.reverse();
        Ok(book)
    }

    /// What the firewall decides about an HTTPS connection from the environment's subnet.
    pub fn evaluate(&self, target: &Target, port: u16, vicinity: &Vicinity) -> Decision {
        let mut walk = Walk::default();
        for network in [true, false] {
            for (layer, group, collection, rule) in self.rules() {
                if matches!(rule.matches, Matches::Network { .. }) != network {
                    continue;
                }
                let cover = self.cover(rule, target, port, vicinity);
                let place = match group {
                    Some(group) => format!("{layer}, group `{group}`, collection `{}`", collection.name),
                    None => format!("{layer}, collection `{}`", collection.name),
                };
                let inspects = matches!(rule.matches, Matches::Application { terminates_tls: true, .. });
                let told = Rule { inspects, ..Rule::new(&rule.name, place) };
                if let Some(decision) = walk.meet(cover, collection.access, told) {
                    return decision;
                }
            }
        }
        let name = self.layers.last().map_or("", |layer| &layer.name);
        let nothing = Rule::new("deny by default", name);
        let decision = walk.meet(Cover::Whole, Access::Deny, nothing).expect("a whole cover ends the walk");
        if decision.outcome != Outcome::Deny {
            return decision;
        }
        Decision { why: format!("no rule of {name} allows {target}"), ..decision }
    }

    /// Rules in the order in which they are met, apart from the two types.
    fn rules(&self) -> impl Iterator<Item = (&str, Option<&str>, &Collection, &FirewallRule)> {
        self.layers.iter().flat_map(|layer| {
            layer.groups.iter().flat_map(move |&(group, collections)| {
                let mut sorted: Vec<&Collection> = collections.iter().collect();
                sorted.sort_by_key(|collection| collection.priority);
                let rules = sorted.into_iter();
                rules.flat_map(move |collection| {
                    collection.rules.iter().map(move |rule| (layer.name.as_str(), group, collection, rule))
                })
            })
        })
    }

    fn cover(&self, rule: &FirewallRule, target: &Target, port: u16, vicinity: &Vicinity) -> Cover {
        let (sources, source_doubt) = self.with_groups(&rule.sources, &rule.source_groups);
        let source = source_cover(&sources, vicinity).or(source_doubt);
        if source == Cover::None {
            return Cover::None;
        }
        let (destinations, doubt) = self.with_groups(&rule.destinations, &rule.destination_groups);
        let addressed = || target.destination.covered_by(&destinations, vicinity).or(doubt);
        let wanted = match &rule.matches {
            Matches::Network { tcp, ports, fqdns } => {
                if !tcp || !ports.iter().any(|ports| ports.contain(port)) {
                    return Cover::None;
                }
                // "FQDN filtering in network rules" needs the DNS proxy, or the firewall and its
                // clients may see other addresses behind a name
                // (learn.microsoft.com/azure/firewall/fqdn-filtering-network-rules).
                let named = fqdns.iter().map(|fqdn| fqdn::cover(fqdn, &target.host)).fold(Cover::None, Cover::or);
                let named = if self.resolves_names { named } else { named.min(Cover::Part) };
                named.or(addressed())
            }
            Matches::Application { https, fqdns, tags, urls, categories, .. } => {
                if !https.contains(&port) {
                    return Cover::None;
                }
                let hosts = fqdns.iter().map(|fqdn| fqdn::cover(fqdn, &target.host));
                let tags = tags.iter().map(|tag| fqdn::tag_cover(tag, &target.host));
                let urls = urls.iter().map(|url| fqdn::url_cover(url, &target.host));
                let categories = categories.iter().map(|category| fqdn::category_cover(category));
                let named = hosts.chain(tags).chain(urls).chain(categories).fold(Cover::None, Cover::or);
                let anywhere = destinations.is_empty() && rule.destination_groups.is_empty();
                if anywhere { named } else { named.and(addressed()) }
            }
        };
        source.and(wanted)
    }

    /// The prefixes with those of the groups; and a doubt, if a group could not be read.
    fn with_groups(&self, prefixes: &[Prefix], groups: &[Id]) -> (Vec<Prefix>, Cover) {
        let mut all = prefixes.to_vec();
        let mut doubt = Cover::None;
        for group in groups {
            match self.ip_groups.get(group) {
                Some(Ok(members)) => all.extend(members.iter().cloned()),
                _ => doubt = Cover::Part,
            }
        }
        (all, doubt)
    }
}

const MAX_POLICIES: usize = 8;

impl Firewall {
    /// The network that the firewall stands in, where it is one.
    pub fn network(&self) -> Option<Id> {
        self.subnet.as_ref().and_then(Id::network)
    }
}

impl Target {
    /// The same place, at one of its addresses.
    pub fn at(&self, address: IpAddr) -> Self {
        Self::new(&self.host, Destination::Address(address))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tag::Tag;
    use super::*;

    /// `allow app login.microsoftonline.com` or `deny net AzureActiveDirectory`, with an optional
    /// source.
    fn collection(name: &str, priority: u32, text: &str) -> Collection {
        let words: Vec<&str> = text.split(' ').collect();
        let entries = || words[2].split(',').map(str::to_owned);
        let application = words[1] == "app";
        let matches = if application {
            Matches::Application {
                https: vec![443],
                fqdns: entries().collect(),
                tags: vec![],
                urls: vec![],
                categories: vec![],
                terminates_tls: words.contains(&"inspecting"),
            }
        } else {
            Matches::Network { tcp: true, ports: vec![Ports::parse("443").unwrap()], fqdns: vec![] }
        };
        let rule = FirewallRule {
            name: "only".into(),
            sources: vec![Prefix::parse(words.get(3).unwrap_or(&"*"))],
            source_groups: vec![],
            destinations: if application { vec![] } else { entries().map(|entry| Prefix::parse(&entry)).collect() },
            destination_groups: vec![],
            matches,
        };
        let access = if words[0] == "allow" { Access::Allow } else { Access::Deny };
        Collection { name: name.into(), priority, access, rules: vec![rule] }
    }

    fn group(name: &str, priority: u32, collections: Vec<Collection>) -> RuleCollectionGroup {
        RuleCollectionGroup { name: name.into(), priority, collections }
    }

    fn policy(name: &str, parent: Option<&str>, groups: Vec<RuleCollectionGroup>) -> (Id, Part<FirewallPolicy>) {
        let id = Id::new(format!("/policies/{name}"));
        let parent = parent.map(|name| Id::new(format!("/policies/{name}")));
        (id.clone(), Ok(FirewallPolicy { id, parent, groups, ..FirewallPolicy::default() }))
    }

    fn vicinity() -> Vicinity {
        Vicinity { source: vec!["10.0.0.0/23".parse().unwrap()], ..Vicinity::default() }
    }

    fn entra() -> Target {
        Target::service("login.microsoftonline.com", Tag::global(Tag::ENTRA))
    }

    fn decide(policies: Vec<(Id, Part<FirewallPolicy>)>) -> Decision {
        let firewall = Firewall { policy: Some(policies[0].0.clone()), ..Firewall::default() };
        let (policies, none) = (policies.into_iter().collect(), BTreeMap::new());
        Rulebook::new(&firewall, &policies, &none).unwrap().evaluate(&entra(), 443, &vicinity())
    }

    #[track_caller]
    fn one_policy(collections: &[(u32, &str)], outcome: Outcome) {
        let collections =
            collections.iter().map(|(priority, text)| collection(&priority.to_string(), *priority, text)).collect();
        let decision = decide(vec![policy("only", None, vec![group("all", 100, collections)])]);
        assert_eq!(decision.outcome, outcome, "{}", decision.why);
    }

    #[test]
    fn what_no_rule_allows_is_denied() {
        one_policy(&[], Outcome::Deny);
        one_policy(&[(100, "allow app *.azurecr.io")], Outcome::Deny);
        one_policy(&[(100, "allow app login.microsoftonline.com 10.9.0.0/24")], Outcome::Deny);
    }

    #[test]
    fn a_name_or_a_tag_is_enough() {
        one_policy(&[(100, "allow app login.microsoftonline.com")], Outcome::Allow);
        one_policy(&[(100, "allow app *")], Outcome::Allow);
        one_policy(&[(100, "allow net AzureActiveDirectory 10.0.0.0/16")], Outcome::Allow);
        one_policy(&[(100, "allow net 20.190.128.0/18")], Outcome::Unknown);
    }

    #[test]
    fn network_rules_come_before_application_rules_whatever_their_priority() {
        one_policy(&[(100, "allow app *"), (900, "deny net AzureCloud")], Outcome::Deny);
        one_policy(&[(100, "deny app *"), (900, "allow net *")], Outcome::Allow);
    }

    #[test]
    fn a_parents_rules_come_first_within_their_type() {
        let parent = || policy("base", None, vec![group("late", 900, vec![collection("c", 900, "deny app *")])]);
        let child = |text| policy("child", Some("base"), vec![group("early", 100, vec![collection("c", 100, text)])]);
        let decision = decide(vec![child("allow app *"), parent()]);
        assert_eq!(decision.outcome, Outcome::Deny);
        assert_eq!(decision.by.to_string(), "rule `only` (policy `base`, group `late`, collection `c`)");
        assert_eq!(decide(vec![child("allow net AzureActiveDirectory"), parent()]).outcome, Outcome::Allow);
    }

    #[test]
    fn groups_come_by_priority_before_collections_do() {
        let first = group("first", 100, vec![collection("z", 900, "deny app *")]);
        let second = group("second", 200, vec![collection("a", 100, "allow app *")]);
        assert_eq!(decide(vec![policy("only", None, vec![second, first])]).outcome, Outcome::Deny);
    }

    #[test]
    fn an_unreadable_group_or_policy_leaves_the_answer_open() {
        let mut allow = collection("c", 100, "allow app login.microsoftonline.com");
        allow.rules[0].sources.clear();
        allow.rules[0].source_groups = vec![Id::new("/ipGroups/spokes")];
        let firewall = Firewall { collections: vec![allow], ..Firewall::default() };
        let (policies, none) = (BTreeMap::new(), BTreeMap::new());
        let spokes = Ok(vec![Prefix::parse("10.0.0.0/16")]);
        let read = BTreeMap::from([(Id::new("/ipgroups/SPOKES"), spokes)]);
        let outcome =
            |groups| Rulebook::new(&firewall, &policies, groups).unwrap().evaluate(&entra(), 443, &vicinity()).outcome;
        assert_eq!(outcome(&none), Outcome::Unknown);
        assert_eq!(outcome(&read), Outcome::Allow);

        let firewall = Firewall { policy: Some(Id::new("/policies/elsewhere")), ..Firewall::default() };
        assert!(Rulebook::new(&firewall, &policies, &none).is_err());
    }

    #[test]
    fn policies_in_a_circle_end() {
        let policies = [policy("a", Some("b"), vec![]), policy("b", Some("a"), vec![])].into_iter().collect();
        let firewall = Firewall { policy: Some(Id::new("/policies/a")), ..Firewall::default() };
        assert!(Rulebook::new(&firewall, &policies, &BTreeMap::new()).is_err());
    }

    #[test]
    fn a_rule_that_breaks_tls_open_says_so() {
        let text = "allow app login.microsoftonline.com * inspecting";
        let decision = decide(vec![policy("p", None, vec![group("g", 100, vec![collection("c", 100, text)])])]);
        assert!(decision.by.inspects);
    }
}
