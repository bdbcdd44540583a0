//! The slow, obvious model: tags are given addresses, and every rule is tried on every address.
//!
//! What the algebra claims of a whole service must hold for each of its addresses, whichever they
//! are; where it makes no claim, the model must not be needed. Single addresses are decided
//! exactly.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::address::{self, Ports, Prefix};
use super::decision::{Access, Outcome};
use super::firewall::{Collection, Firewall, FirewallPolicy, FirewallRule, Matches, RuleCollectionGroup, Rulebook};
use super::id::Id;
use super::nsg::{Direction, Flow, Nsg, Protocol, SecurityRule, evaluate};
use super::route::{NextHop, Route, RouteTable, SystemRoutes, next_hops};
use super::tag::Tag;
use super::target::{Destination, Target, Vicinity};

/// A made-up world: which addresses each tag has. Regional tags lie in their region's part of the
/// cloud.
const WORLD: &[(&str, &[&str])] = &[
    ("AzureActiveDirectory", &["20.190.128.0/18", "40.126.0.0/18"]),
    ("AzureContainerRegistry.westeurope", &["20.61.97.0/25"]),
    ("AzureContainerRegistry.eastus", &["20.62.128.0/26"]),
    ("AzureContainerRegistry", &["20.61.97.0/25", "20.62.128.0/26", "40.64.0.0/24"]),
    ("Storage.westeurope", &["20.60.26.0/23"]),
    ("Storage.eastus", &["20.60.88.0/22"]),
    ("Storage", &["20.60.26.0/23", "20.60.88.0/22"]),
    ("AzureCloud.westeurope", &["20.61.0.0/16", "20.60.26.0/23"]),
    ("AzureCloud.eastus", &["20.62.0.0/16", "20.60.88.0/22", "40.126.0.0/18"]),
    ("AzureCloud", &["20.0.0.0/9", "20.128.0.0/9", "40.0.0.0/9"]),
];

const NETS: &[&str] = &[
    "*",
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "20.0.0.0/8",
    "20.190.128.0/18",
    "20.190.128.0/19",
    "20.190.160.0/19",
    "40.126.0.0/18",
    "20.60.26.0/24",
    "20.61.97.0/25",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.4.0/24",
    "10.0.4.5",
    "203.0.113.0/24",
    "20.190.130.7",
    "::/0",
    "10.0.4.4-10.0.4.9",
];

const SUBJECTS: &[&str] = &[
    "AzureActiveDirectory",
    "AzureContainerRegistry.westeurope",
    "Storage.westeurope",
    "Storage.eastus",
    "AzureContainerRegistry",
];

const HOSTS: &[&str] = &["login.microsoftonline.com", "acme.azurecr.io", "x.blob.core.windows.net"];

fn world(tag: &Tag) -> Vec<Ipv4Net> {
    let named = WORLD.iter().find(|(name, _)| Tag::parse(name).as_ref() == Some(tag));
    named.map(|(_, nets)| nets.iter().map(|net| net.parse().unwrap()).collect()).unwrap_or_default()
}

/// Whether one address is in one entry of a rule.
fn holds(prefix: &Prefix, at: Ipv4Addr, vicinity: &Vicinity) -> bool {
    match prefix {
        Prefix::Any => true,
        Prefix::Net(net) => net.contains(&IpAddr::V4(at)),
        Prefix::Range(first, last) => (*first..=*last).contains(&at),
        Prefix::Unknown(_) => unreachable!("the generators make none"),
        Prefix::Tag(tag) if tag.is("Internet") => !address::is_private(at.into()),
        Prefix::Tag(tag) if tag.is("VirtualNetwork") => vicinity.spaces.iter().any(|space| space.contains(&at)),
        Prefix::Tag(tag) => world(tag).iter().any(|net| net.contains(&at)),
    }
}

fn any_holds(prefixes: &[Prefix], at: Ipv4Addr, vicinity: &Vicinity) -> bool {
    prefixes.iter().any(|prefix| holds(prefix, at, vicinity))
}

/// First, last and some addresses of the tag; every address where a rule's prefix begins or ends is
/// among them.
fn samples(tag: &Tag) -> Vec<Ipv4Addr> {
    let cuts = NETS.iter().flat_map(|net| Prefix::parse(net).nets());
    let edges = cuts.chain(world(tag)).flat_map(|net| [net.network(), net.broadcast()]);
    let nets = world(tag);
    edges.filter(|at| nets.iter().any(|net| net.contains(at))).collect()
}

fn vicinity() -> Vicinity {
    let nets = |text: &str| vec![text.parse().unwrap()];
    Vicinity { source: nets("10.0.0.0/30"), spaces: nets("10.0.0.0/16"), default_route: false }
}

fn prefix() -> impl Strategy<Value = Prefix> {
    let tags: Vec<&str> = WORLD.iter().map(|(name, _)| *name).chain(["Internet", "VirtualNetwork"]).collect();
    prop_oneof![select(NETS), select(tags)].prop_map(Prefix::parse)
}

fn prefixes() -> impl Strategy<Value = Vec<Prefix>> {
    prop::collection::vec(prefix(), 1..4)
}

fn sources() -> impl Strategy<Value = Vec<Prefix>> {
    let choices = vec!["*", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31", "10.0.0.1", "10.9.0.0/16", "VirtualNetwork"];
    subsequence(choices, 1..3).prop_map(|all| all.into_iter().map(Prefix::parse).collect())
}

fn access() -> impl Strategy<Value = Access> {
    select(vec![Access::Allow, Access::Deny])
}

fn ports() -> impl Strategy<Value = Vec<Ports>> {
    let choices = vec!["443", "80", "*", "400-500", "8443"];
    subsequence(choices, 1..3).prop_map(|all| all.into_iter().filter_map(Ports::parse).collect())
}

prop_compose! {
    fn security_rule()(
        priority in 100u32..120, access in access(), sources in sources(), destinations in prefixes(), ports in ports(),
        protocol in select(vec![Protocol::Tcp, Protocol::Udp, Protocol::Any]),
        direction in select(vec![Direction::Outbound, Direction::Outbound, Direction::Inbound]),
    ) -> SecurityRule {
        SecurityRule {
            name: format!("r{priority}"), priority, direction, access, protocol, sources, source_ports: vec![Ports::ALL],
            destinations, ports, grouped: Default::default(),
        }
    }
}

/// One packet against one group.
fn nsg_passes(nsg: &Nsg, from: Ipv4Addr, to: Ipv4Addr, vicinity: &Vicinity) -> bool {
    let mut rules: Vec<&SecurityRule> = nsg.rules.iter().collect();
    rules.sort_by_key(|rule| rule.priority);
    for rule in rules {
        let matches = rule.direction == Direction::Outbound
            && rule.protocol != Protocol::Udp
            && rule.ports.iter().any(|ports| ports.contain(443))
            && any_holds(&rule.sources, from, vicinity)
            && any_holds(&rule.destinations, to, vicinity);
        if matches {
            return rule.access == Access::Allow;
        }
    }
    vicinity.spaces.iter().any(|space| space.contains(&to)) || !address::is_private(to.into())
}

fn flow(destination: &Destination) -> Flow<'_> {
    Flow { direction: Direction::Outbound, destination, protocol: Protocol::Tcp, port: 443 }
}

fn agrees(outcome: Outcome, passes: bool) -> bool {
    match outcome {
        Outcome::Allow => passes,
        Outcome::Deny => !passes,
        Outcome::Unknown => true,
    }
}

fn hop() -> impl Strategy<Value = NextHop> {
    let appliance = NextHop::Appliance("10.9.0.4".parse().unwrap());
    select(vec![NextHop::Internet, NextHop::Dropped, NextHop::Gateway, appliance])
}

prop_compose! {
    fn table()(routes in prop::collection::btree_map(0..NETS.len() + WORLD.len(), hop(), 0..6)) -> RouteTable {
        let routes = routes.into_iter().filter_map(|(at, next)| {
            let name = NETS.iter().copied().chain(WORLD.iter().map(|(name, _)| *name)).nth(at)?;
            let prefix = Prefix::parse(name);
            let allowed = !matches!(prefix, Prefix::Any | Prefix::Range(..));
            allowed.then(|| Route { name: name.to_owned(), prefix, next })
        });
        RouteTable { routes: routes.collect(), ..RouteTable::default() }
    }
}

/// The hop of one address: the longest of all prefixes, a tag's written out; explicit before tag,
/// telling tags before broad ones.
fn model_hop(table: &RouteTable, to: Ipv4Addr, vicinity: &Vicinity) -> Option<NextHop> {
    let mut best: Option<((u8, u8), NextHop)> = None;
    let mut offer = |rank: (u8, u8), next: &NextHop| {
        if best.as_ref().is_none_or(|(known, _)| rank > *known) {
            best = Some((rank, next.clone()));
        }
    };
    for space in vicinity.spaces.iter().filter(|space| space.contains(&to)) {
        offer((space.prefix_len(), 0), &NextHop::Local);
    }
    for route in &table.routes {
        let (nets, rank) = match &route.prefix {
            Prefix::Tag(tag) => (world(tag), 1 + 2 * u8::from(!tag.is("AzureCloud")) + u8::from(tag.region.is_some())),
            explicit => (explicit.nets(), 9),
        };
        for net in nets.iter().filter(|net| net.contains(&to)) {
            offer((net.prefix_len(), rank), &route.next);
        }
    }
    best.map(|(_, next)| next).or((!address::is_private(to.into())).then_some(NextHop::Internet))
}

prop_compose! {
    fn firewall_rule()(
        sources in sources(), destinations in prefixes(), ports in ports(), network in any::<bool>(),
        fqdns in subsequence(vec!["*", "login.microsoftonline.com", "*.azurecr.io", "*.microsoftonline.com", "*.windows.net"], 1..3),
        https in subsequence(vec![443u16, 8443], 1..2),
    ) -> FirewallRule {
        let fqdns = fqdns.into_iter().map(str::to_owned).collect();
        let application = |https, fqdns| Matches::Application {
            https, fqdns, tags: vec![], urls: vec![], categories: vec![], terminates_tls: false,
        };
        FirewallRule {
            name: "r".to_owned(), sources, source_groups: vec![], destination_groups: vec![],
            destinations: if network { destinations } else { vec![] },
            matches: if network { Matches::Network { tcp: true, ports, fqdns: vec![] } } else { application(https, fqdns) },
        }
    }
}

prop_compose! {
    fn collection()(priority in 100u32..1000, access in access(), rules in prop::collection::vec(firewall_rule(), 0..4)) -> Collection {
        Collection { name: format!("c{priority}"), priority, access, rules }
    }
}

prop_compose! {
    fn groups()(groups in prop::collection::btree_map(100u32..1000, prop::collection::vec(collection(), 0..3), 0..3))
        -> Vec<RuleCollectionGroup>
    {
        // Two collections of a group do not share a priority.
        groups.into_iter().rev().map(|(priority, mut collections)| {
            collections.sort_by_key(|collection| collection.priority);
            collections.dedup_by_key(|collection| collection.priority);
            RuleCollectionGroup { name: format!("g{priority}"), priority, collections }
        }).collect()
    }
}

/// One packet against a policy and its parent: number every rule by type, policy, group,
/// collection, place; take the lowest match.
fn firewall_passes(
    policies: [&FirewallPolicy; 2],
    from: Ipv4Addr,
    to: Ipv4Addr,
    host: &str,
    vicinity: &Vicinity,
) -> bool {
    let mut numbered = Vec::new();
    for (depth, policy) in policies.into_iter().enumerate() {
        for group in &policy.groups {
            for collection in &group.collections {
                for (place, rule) in collection.rules.iter().enumerate() {
                    let (kind, matches) = match &rule.matches {
                        Matches::Network { ports, .. } => {
                            let port = ports.iter().any(|ports| ports.contain(443));
                            (0, port && any_holds(&rule.destinations, to, vicinity))
                        }
                        Matches::Application { https, fqdns, .. } => {
                            let named = |fqdn: &String| match fqdn.strip_prefix('*') {
                                Some(suffix) => host.ends_with(suffix),
                                None => host == fqdn,
                            };
                            (1, https.contains(&443) && fqdns.iter().any(named))
                        }
                    };
                    if matches && any_holds(&rule.sources, from, vicinity) {
                        numbered.push(((kind, depth, group.priority, collection.priority, place), collection.access));
                    }
                }
            }
        }
    }
    numbered.into_iter().min_by_key(|(number, _)| *number).is_some_and(|(_, access)| access == Access::Allow)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn what_a_group_decides_about_a_service_holds_for_each_of_its_addresses(
        rules in prop::collection::vec(security_rule(), 0..8), subject in select(SUBJECTS),
    ) {
        let (nsg, vicinity) = (Nsg { rules, ..Nsg::default() }, vicinity());
        let tag = Tag::parse(subject).unwrap();
        let outcome = evaluate(&nsg, flow(&Destination::Service(tag.clone())), &vicinity).outcome;
        for from in vicinity.source[0].hosts() {
            for to in samples(&tag) {
                prop_assert!(agrees(outcome, nsg_passes(&nsg, from, to, &vicinity)), "{outcome:?} for {from} to {to}");
            }
        }
    }

    #[test]
    fn a_group_decides_exactly_between_two_addresses(
        rules in prop::collection::vec(security_rule(), 0..8), from in 0u8..4, to in select(vec!["10.0.4.5", "10.0.4.200", "10.0.200.1"]),
    ) {
        let from = Ipv4Addr::new(10, 0, 0, from);
        let to: Ipv4Addr = to.parse().unwrap();
        let vicinity = Vicinity { source: vec![Ipv4Net::from(from)], ..vicinity() };
        let nsg = Nsg { rules, ..Nsg::default() };
        let outcome = evaluate(&nsg, flow(&Destination::Address(to.into())), &vicinity).outcome;
        let expected = if nsg_passes(&nsg, from, to, &vicinity) { Outcome::Allow } else { Outcome::Deny };
        prop_assert_eq!(outcome, expected);
    }

    #[test]
    fn every_address_of_a_service_takes_one_of_the_hops(table in table(), subject in select(SUBJECTS)) {
        let (tag, vicinity) = (Tag::parse(subject).unwrap(), vicinity());
        let hops = next_hops(Some(&table), &Destination::Service(tag.clone()), &vicinity, &SystemRoutes::default());
        for to in samples(&tag) {
            let taken = model_hop(&table, to, &vicinity).unwrap();
            prop_assert!(hops.iter().any(|hop| hop.next == taken), "{to} goes {taken:?}, not {hops:?}");
        }
    }

    #[test]
    fn the_hop_of_an_address_is_exact(
        table in table(), to in select(vec!["10.0.4.5", "10.0.4.200", "10.0.77.1", "10.9.1.1", "172.16.0.1"]),
    ) {
        let (to, vicinity): (Ipv4Addr, _) = (to.parse().unwrap(), vicinity());
        let hops = next_hops(Some(&table), &Destination::Address(to.into()), &vicinity, &SystemRoutes::default());
        prop_assert_eq!(hops.len(), 1);
        match model_hop(&table, to, &vicinity) {
            Some(taken) => prop_assert_eq!(&hops[0].next, &taken),
            None => prop_assert!(matches!(hops[0].next, NextHop::Unknown(_))),
        }
    }

    #[test]
    fn what_a_firewall_decides_holds_for_each_address(
        parent in groups(), child in groups(), subject in select(SUBJECTS), host in select(HOSTS),
    ) {
        let (tag, vicinity) = (Tag::parse(subject).unwrap(), vicinity());
        let (base, own) = (Id::new("/policies/base"), Id::new("/policies/own"));
        let parent = FirewallPolicy { id: base.clone(), groups: parent, ..FirewallPolicy::default() };
        let child =
            FirewallPolicy { id: own.clone(), parent: Some(base.clone()), groups: child, ..FirewallPolicy::default() };
        let policies = BTreeMap::from([(base, Ok(parent.clone())), (own.clone(), Ok(child.clone()))]);
        let firewall = Firewall { policy: Some(own), ..Firewall::default() };
        let none = BTreeMap::new();
        let book = Rulebook::new(&firewall, &policies, &none).unwrap();

        let outcome = book.evaluate(&Target::service(host, tag.clone()), 443, &vicinity).outcome;
        for from in vicinity.source[0].hosts() {
            for to in samples(&tag) {
                let passes = firewall_passes([&parent, &child], from, to, host, &vicinity);
                prop_assert!(agrees(outcome, passes), "{outcome:?} for {from} to {to}");
            }
        }
        let one = Vicinity { source: vec!["10.0.0.1/32".parse().unwrap()], ..vicinity };
        let (from, to): (Ipv4Addr, Ipv4Addr) = ("10.0.0.1".parse().unwrap(), "10.0.4.5".parse().unwrap());
        let exact = book.evaluate(&Target::new(host, Destination::Address(to.into())), 443, &one).outcome;
        let expected = if firewall_passes([&parent, &child], from, to, host, &one) { Outcome::Allow } else { Outcome::Deny };
        prop_assert_eq!(exact, expected);
    }
}
