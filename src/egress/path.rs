//! The way from an environment's subnet to what a pull needs: security group, route, firewall, and
//! for a registry its doors.

mod barrier;
mod consumption;
mod endpoint;
mod registry;
#[cfg(test)]
mod scene;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use barrier::Barrier;
use endpoint::Link;

use super::admin::{self, Ruling};
use super::decision::{Decision, Outcome, Rule};
use super::firewall::Rulebook;
use super::id::Id;
use super::need::{Need, Required};
use super::nsg::{self, Direction, Flow, Protocol};
use super::route::{self, Hop, NextHop, RouteTable, SystemRoutes};
use super::target::{Destination, Target};
use super::vnet::Subnet;
use super::{Network, Part, Unread};

/// Whether a need can be reached, and how that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    pub verdict: Verdict,
    /// A line for each decision on the way.
    pub chain: Vec<String>,
    /// What the verdict rests on that is not certain, or may change.
    pub cautions: Vec<String>,
    /// A firewall rule on the way that breaks TLS open.
    pub inspected: Option<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Open,
    Blocked(Barrier),
    Unknown(String),
}

/// Something about the environment's subnet that Container Apps does not support.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Misfit {
    /// A route table on the subnet of an environment without workload profiles.
    RoutesOnConsumption { subnet: Id, table: Id },
    /// An environment with workload profiles in a subnet that is not delegated to
    /// `Microsoft.App/environments`.
    NotDelegated { subnet: Id },
}

const HTTPS: u16 = 443;

/// Whether the environment's network reaches what is needed.
pub fn reach(network: &Network, need: &Need) -> Reach {
    match need {
        Need::Registry { login_server } => registry::login(network, login_server),
        Need::Layers { login_server } => registry::layers(network, login_server),
        Need::Cluster => consumption::reach(network),
        _ => {
            let required = need.required(network.cloud).into_iter();
            Reach::all(required.map(|required| to_required(network, required)))
        }
    }
}

/// What about the environment's subnet is not supported. Empty also where it was not read.
pub fn misfits(network: &Network) -> Vec<Misfit> {
    let (Some(Ok(environment)), Ok(Some(subnet))) = (&network.environment, network.subnet()) else {
        return Vec::new();
    };
    let consumption = environment.is_consumption_only();
    let mut found = Vec::new();
    if let Some(table) = subnet.route_table.as_ref().filter(|_| consumption) {
        found.push(Misfit::RoutesOnConsumption { subnet: subnet.id.clone(), table: table.clone() });
    }
    if !consumption && !subnet.is_delegated_to("Microsoft.App/environments") {
        found.push(Misfit::NotDelegated { subnet: subnet.id.clone() });
    }
    found
}

/// The rule of the subnet's security group that closes Azure DNS, without which an environment does
/// not function.
pub fn closed_platform_dns(network: &Network) -> Option<(Id, String)> {
    let subnet = network.subnet().ok().flatten()?;
    let group = super::part(&network.nsgs, subnet.nsg.as_ref()?, "network security group").ok()?;
    let rule = nsg::closes_platform_dns(group, &network.vicinity(subnet))?;
    Some((group.id.clone(), rule.name.clone()))
}

/// The addresses that the environment's traffic to a public target comes from.
///
/// # Errors
///
/// When that depends on something that was not read, or that Azure chooses.
pub fn outgoing(network: &Network, target: &Target) -> Part<Vec<IpNet>> {
    let platform = || match network.outbound.as_slice() {
        [] => Err(Unread::new("the environment leaves by addresses of the platform, which are not known")),
        known => Ok(known.iter().map(|&address| IpNet::from(address)).collect()),
    };
    let Some(subnet) = network.subnet()? else {
        return platform();
    };
    let hops = hops(network, subnet, target, &SystemRoutes::default())?;
    match hops.first().map(|hop| &hop.next) {
        Some(NextHop::Appliance(address)) => match network.firewall_at(*address) {
            Some(firewall) => public_nets(network, &firewall.public_addresses),
            None => {
                Err(Unread::new(format!("it leaves by the appliance {address}, whose public addresses are not known")))
            }
        },
        Some(NextHop::Internet) => match &subnet.nat_gateway {
            Some(id) => {
                let gateway = super::part(&network.nat_gateways, id, "NAT gateway")?;
                let ids: Vec<Id> = gateway.addresses.iter().chain(&gateway.prefixes).cloned().collect();
                public_nets(network, &ids)
            }
            None => platform(),
        },
        _ => Err(Unread::new("which public address it leaves by is not known")),
    }
}

fn public_nets(network: &Network, ids: &[Id]) -> Part<Vec<IpNet>> {
    let net = |id: &Id| {
        let known = super::part(&network.public_ips, id, "public IP address")?;
        known.addresses.ok_or_else(|| Unread::new(format!("public IP `{}` has no address yet", id.name())))
    };
    ids.iter().map(net).collect()
}

fn to_required(network: &Network, required: Required) -> Reach {
    let reach = match network.subnet() {
        Ok(None) => Reach::open("the environment is in the platform's network, whose egress nothing filters"),
        Ok(Some(subnet)) => travel(network, subnet, &required.target, &SystemRoutes::default()),
        Err(unread) => Reach::unknown(unread.why),
    };
    match reach.verdict {
        Verdict::Blocked(barrier) if !required.essential => {
            let why = format!("{barrier}; the documentation lists {} as needed", required.target.host);
            Reach { verdict: Verdict::Unknown(why), ..reach }
        }
        _ => reach,
    }
}

/// The way out of the subnet: its security group, then each next hop that the traffic may take.
fn travel(network: &Network, subnet: &Subnet, target: &Target, system: &SystemRoutes) -> Reach {
    let filtered = through_nsg(network, subnet, subnet, target, Direction::Outbound);
    let routed = match hops(network, subnet, target, system) {
        Ok(hops) => Reach::spread(hops.iter().map(|hop| (along(network, subnet, hop, target), hop.few))),
        Err(unread) => Reach::unknown(unread.why),
    };
    let reach = Reach::all([filtered, routed]);
    let is_public = matches!(target.destination, Destination::Service(_) | Destination::Public);
    let home = subnet.id.network().and_then(|id| network.network(&id).ok());
    let Some(home) = home.filter(|_| reach.is_open() && is_public && !keeps_routes_out(network, subnet)) else {
        return reach;
    };
    if home.virtual_hub().is_some() {
        let why = format!(
            "network `{}` is connected to a hub of Virtual WAN, which may announce a default route to a firewall of its own; \
             the subnet's resources do not tell",
            home.id.name()
        );
        return Reach::all([reach, Reach::unknown(why)]);
    }
    if home.peerings.iter().any(|peering| peering.uses_remote_gateway && peering.is_up()) {
        return reach
            .caution("a default route that a remote gateway announces could lead elsewhere; it is in no resource");
    }
    reach
}

/// Whether what a remote gateway learned does not reach the subnet, or a route of its own stands
/// against it.
fn keeps_routes_out(network: &Network, subnet: &Subnet) -> bool {
    let kept_out = |table: &RouteTable| table.propagation_disabled || route::has_default(table);
    network.route_table(subnet).ok().flatten().is_some_and(kept_out)
}

fn hops(network: &Network, subnet: &Subnet, target: &Target, system: &SystemRoutes) -> Part<Vec<Hop>> {
    let table = network.route_table(subnet)?;
    let system = SystemRoutes { service_endpoints: &subnet.service_endpoints, ..system.clone() };
    Ok(route::next_hops(table, &target.destination, &network.vicinity(subnet), &system))
}

/// What the security group at `guard` says about traffic from the environment's subnet.
fn through_nsg(network: &Network, subnet: &Subnet, guard: &Subnet, target: &Target, direction: Direction) -> Reach {
    let flow = Flow { direction, destination: &target.destination, protocol: Protocol::Tcp, port: HTTPS };
    let rules = guard.id.network().and_then(|home| network.admin_rules.get(&home));
    match rules.map(|rules| rules.as_ref().map(|rules| admin::rule(rules, flow, &network.vicinity(subnet)))) {
        None | Some(Ok(Ruling::HandedOn)) => {}
        Some(Ok(Ruling::Open(rule))) => {
            return Reach::open(format!("security admin rule `{rule}` of a network manager always allows {target}"));
        }
        Some(Ok(Ruling::Denied(why))) => {
            return Reach::unknown(format!("security admin rules of a network manager stand before {target}: {why}"));
        }
        Some(Err(unread)) => {
            let why = format!("a network manager may have security admin rules in force here: {}", unread.why);
            return Reach::unknown(why);
        }
    }
    let Some(id) = &guard.nsg else {
        return Reach::open(format!("subnet `{}` has no security group", guard.id.name()));
    };
    let group = match super::part(&network.nsgs, id, "network security group") {
        Ok(group) => group,
        Err(unread) => return Reach::unknown(unread.why),
    };
    let decision = nsg::evaluate(group, flow, &network.vicinity(subnet));
    let place = format!("security group `{}`", id.name());
    let barrier = || Barrier::Nsg {
        nsg: id.clone(),
        rule: decision.by.name.clone(),
        target: target.clone(),
        inbound: direction == Direction::Inbound,
    };
    Reach::decided(&place, target, &decision, barrier)
}

fn along(network: &Network, subnet: &Subnet, hop: &Hop, target: &Target) -> Reach {
    let table = subnet.route_table.as_ref().map_or("", Id::name);
    let by = match &hop.route {
        Some(route) => format!("route `{route}` of `{table}`"),
        None => "a system route".to_owned(),
    };
    match &hop.next {
        NextHop::Internet | NextHop::Local | NextHop::ServiceEndpoint => {
            Reach::open(format!("{by} leads straight to {target}"))
        }
        NextHop::Dropped => {
            let barrier = Barrier::Route {
                table: subnet.route_table.clone().unwrap_or_default(),
                route: hop.route.clone().unwrap_or_default(),
                target: target.clone(),
            };
            Reach::blocked(barrier, format!("{by} drops what goes to {target}"))
        }
        NextHop::Gateway => Reach::unknown(format!(
            "{by} sends {target} to a virtual network gateway; what lies behind it is not in Azure"
        )),
        NextHop::Unknown(why) => Reach::unknown(why.clone()),
        NextHop::Appliance(address) => through_appliance(network, subnet, *address, &by, target),
    }
}

fn through_appliance(network: &Network, subnet: &Subnet, address: IpAddr, by: &str, target: &Target) -> Reach {
    let Some(firewall) = network.firewall_at(address) else {
        let why = match (&network.firewalls_listed, network.firewalls.values().find_map(|part| part.as_ref().err())) {
            (Some(Err(unread)), _) | (_, Some(unread)) => unread.why.clone(),
            _ => "it is no Azure Firewall that can be read".to_owned(),
        };
        return Reach::unknown(format!(
            "{by} sends {target} to the appliance {address}, whose rules are not known: {why}"
        ));
    };
    let name = firewall.id.name();
    let way = Reach::open(format!("{by} sends {target} to firewall `{name}` at {address}"));
    let arrives = match (subnet.id.network(), firewall.network()) {
        (Some(home), Some(far)) => match endpoint::link(network, &home, &far) {
            Link::Down(why) | Link::Apart(why) => {
                Reach::blocked(Barrier::Peering { from: home, to: far, why: why.clone() }, why)
            }
            _ => way,
        },
        _ => way,
    };
    let rules = match Rulebook::new(firewall, &network.policies, &network.ip_groups) {
        Ok(rules) => rules,
        Err(unread) => return Reach::all([arrives, Reach::unknown(unread.why)]),
    };
    let decision = rules.evaluate(target, HTTPS, &network.vicinity(subnet));
    let barrier = || Barrier::Firewall {
        firewall: firewall.id.clone(),
        policy: firewall.policy.clone(),
        rule: decision.by.clone(),
        target: target.clone(),
    };
    let decided = Reach::decided(&format!("firewall `{name}`"), target, &decision, barrier);
    let inspected = (decision.outcome == Outcome::Allow && decision.by.inspects).then(|| decision.by.clone());
    Reach::all([arrives, Reach { inspected, ..decided }])
}

impl Reach {
    fn open(line: impl Into<String>) -> Self {
        Self { verdict: Verdict::Open, chain: vec![line.into()], cautions: Vec::new(), inspected: None }
    }

    fn blocked(by: Barrier, line: impl Into<String>) -> Self {
        Self { verdict: Verdict::Blocked(by), ..Self::open(line) }
    }

    fn unknown(why: impl Into<String>) -> Self {
        let why = why.into();
        Self { verdict: Verdict::Unknown(why.clone()), ..Self::open(why) }
    }

    fn decided(place: &str, target: &Target, decision: &Decision, barrier: impl FnOnce() -> Barrier) -> Self {
        let line = format!("{place}, {target}: {}", decision.why);
        match decision.outcome {
            Outcome::Allow => Self::open(line),
            Outcome::Deny => Self::blocked(barrier(), line),
            Outcome::Unknown => Self::unknown(line),
        }
    }

    fn caution(mut self, text: impl Into<String>) -> Self {
        self.cautions.push(text.into());
        self
    }

    pub fn is_open(&self) -> bool {
        self.verdict == Verdict::Open
    }

    /// All must be passed: the first barrier counts, then the first doubt.
    fn all(parts: impl IntoIterator<Item = Reach>) -> Self {
        let nothing = Self { verdict: Verdict::Open, chain: Vec::new(), cautions: Vec::new(), inspected: None };
        parts.into_iter().fold(nothing, |mut whole, part| {
            extend(&mut whole.chain, part.chain);
            extend(&mut whole.cautions, part.cautions);
            whole.inspected = whole.inspected.or(part.inspected);
            whole.verdict = match (whole.verdict, part.verdict) {
                (Verdict::Blocked(by), _) => Verdict::Blocked(by),
                (_, Verdict::Blocked(by)) => Verdict::Blocked(by),
                (Verdict::Unknown(why), _) => Verdict::Unknown(why),
                (Verdict::Open, other) => other,
            };
            whole
        })
    }

    /// The addresses of one service are spread over these ways; one marked `few` cannot carry the
    /// service.
    fn spread(ways: impl IntoIterator<Item = (Reach, bool)>) -> Self {
        let ways: Vec<(Reach, bool)> = ways.into_iter().collect();
        let shut = ways.iter().filter(|way| !way.1).all(|way| matches!(way.0.verdict, Verdict::Blocked(_)));
        let whole = Self::all(ways.into_iter().map(|way| way.0));
        if shut || !matches!(whole.verdict, Verdict::Blocked(_)) {
            return whole;
        }
        let told = whole.chain.join("; ");
        let why = format!("{told}; which of its addresses take which way cannot be read from the routes");
        Self { verdict: Verdict::Unknown(why), ..whole }
    }
}

/// Adds what is not there yet: several hosts of one need share most of their way.
fn extend(lines: &mut Vec<String>, more: Vec<String>) {
    for line in more {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
}

#[cfg(test)]
mod tests;
