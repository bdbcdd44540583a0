//! Commands that open a way, with the real names.
//!
//! One that public guides recommend is never printed: a rule for the environment's subnet on the registry, which takes such
//! rules from virtual machines and AKS only (<https://learn.microsoft.com/azure/container-registry/container-registry-vnet>).

use crate::egress::decision::{Access, Rule};
use crate::egress::firewall::{Collection, Matches};
use crate::egress::nsg::Direction;
use crate::egress::target::{Destination, Target};
use crate::egress::{Barrier, Id, Need, Network};

use super::story::{Blocked, Topic};

/// What opens everything that one thing closes.
pub fn open(network: &Network, blocked: &Blocked) -> Vec<String> {
    let mut commands = opening(network, &blocked.barrier, blocked.topic, &blocked.need);
    for (topic, barrier) in &blocked.also {
        let more = opening(network, barrier, *topic, &blocked.need);
        commands.extend(more.into_iter().filter(|command| !commands.contains(command)).collect::<Vec<_>>());
    }
    commands
}

/// Writes an A record.
pub fn record(zone: &Id, name: &str, address: &str) -> String {
    format!(
        "az network private-dns record-set a add-record {} -z {} -n {} -a {}",
        scope(zone),
        word(zone.name()),
        word(name),
        word(address)
    )
}

/// Links a zone to a network.
pub fn link(zone: Option<&Id>, network: &Id, zone_name: &str) -> String {
    let (scope, name) = match zone {
        Some(zone) => (scope(zone), word(zone.name())),
        None => ("-g <group of the zone>".to_owned(), word(zone_name)),
    };
    format!(
        "az network private-dns link vnet create {scope} -z {name} -n {} -v {} -e false",
        word(&format!("link-{}", network.name())),
        id(network)
    )
}

/// `-g` and `--subscription` of a resource.
pub fn scope(of: &Id) -> String {
    let group = of.resource_group().map_or_else(|| "<group>".to_owned(), word);
    match of.subscription().filter(|text| !text.contains('{')) {
        Some(subscription) => format!("--subscription {} -g {group}", word(subscription)),
        None => format!("-g {group}"),
    }
}

/// A resource id as an argument.
pub fn id(of: &Id) -> String {
    word(of.as_str())
}

/// A text as one word of a shell. Texts from elsewhere are not trusted; what is not known yet is left to the reader.
pub fn word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@".contains(&byte);
    if text.contains('{') {
        return "<…>".to_owned();
    }
    let shown: String = text.chars().filter(|letter| !letter.is_control()).collect();
    if !shown.is_empty() && shown.bytes().all(plain) { shown } else { format!("'{}'", shown.replace('\'', r"'\''")) }
}

/// The hosts that a firewall must let through for a need.
pub fn hosts(network: &Network, topic: Topic, need: &Need) -> Vec<String> {
    let registry = match need {
        Need::Registry { login_server } | Need::Layers { login_server } => Some(login_server),
        _ => None,
    };
    let known = registry.and_then(|server| network.registries.get(server)?.as_ref().ok());
    let of_need = |need: &Need| need.required(network.cloud).into_iter().map(|required| required.target.host).collect();
    match topic {
        Topic::Registry => registry.map_or_else(|| of_need(need), |server| vec![server.clone()]),
        Topic::Layers => match known.map(|known| known.layer_hosts()).unwrap_or_default() {
            none if none.is_empty() => vec![network.cloud.layer_storage().to_owned()],
            hosts => hosts.into_iter().map(|(host, _)| host).collect(),
        },
        Topic::Token => of_need(&Need::Entra),
        Topic::Vault => of_need(need),
        Topic::Platform => of_need(&Need::MicrosoftContainerRegistry),
    }
}

fn opening(network: &Network, barrier: &Barrier, topic: Topic, need: &Need) -> Vec<String> {
    match barrier {
        Barrier::Nsg { nsg, rule, target, inbound } => vec![in_group(network, nsg, rule, target, *inbound)],
        Barrier::Firewall { firewall, policy, rule, .. } => {
            let hosts = hosts(network, topic, need);
            match policy {
                Some(policy) => in_policy(network, policy, rule, topic, &hosts),
                None => vec![in_firewall(network, firewall, topic, &hosts)],
            }
        }
        Barrier::Route { table, target, .. } => {
            let prefix = prefix(target);
            vec![format!(
                "az network route-table route create {} --route-table-name {} -n {} --address-prefix {} --next-hop-type Internet",
                scope(table),
                word(table.name()),
                word(&slug("allow", &prefix)),
                word(&prefix)
            )]
        }
        Barrier::Peering { from, to, .. } => peering(from, to),
        _ => Vec::new(),
    }
}

/// A rule in front of the one that closes the way.
fn in_group(network: &Network, nsg: &Id, rule: &str, target: &Target, inbound: bool) -> String {
    let direction = if inbound { Direction::Inbound } else { Direction::Outbound };
    let group = network.nsgs.get(nsg).and_then(|part| part.as_ref().ok());
    let rules = || group.iter().flat_map(|group| &group.rules).filter(|known| known.direction == direction);
    let below = rules().find(|known| known.name == rule).map_or(4096, |known| known.priority);
    let free = (100..below).rev().find(|priority| rules().all(|known| known.priority != *priority));
    let priority = free.map_or_else(|| "<lower than that rule's>".to_owned(), |priority| priority.to_string());
    let prefix = prefix(target);
    let (direction, way) = if inbound { ("Inbound", "in") } else { ("Outbound", "out") };
    format!(
        "az network nsg rule create {} --nsg-name {} -n {} --priority {priority} --direction {direction} --access Allow --protocol Tcp --destination-address-prefixes {} --destination-port-ranges 443",
        scope(nsg),
        word(nsg.name()),
        word(&slug(&format!("allow-{way}"), &prefix)),
        word(&prefix)
    )
}

/// A rule in a collection of the policy that allows hosts already, else a collection of its own.
fn in_policy(network: &Network, policy: &Id, rule: &Rule, topic: Topic, hosts: &[String]) -> Vec<String> {
    if rule.name != "deny by default" {
        let told = format!(
            "az network firewall policy rule-collection-group list {} --policy-name {}",
            scope(policy),
            word(policy.name())
        );
        return vec![told];
    }
    let known = network.policies.get(policy).and_then(|part| part.as_ref().ok());
    let groups = || known.iter().flat_map(|policy| &policy.groups);
    let allowing = |collection: &&Collection| {
        collection.access == Access::Allow
            && collection.rules.iter().any(|rule| matches!(rule.matches, Matches::Application { .. }))
    };
    let place = groups().find_map(|group| Some((&group.name, group.collections.iter().find(allowing)?)));
    let (verb, group, more) = match place {
        Some((group, collection)) => ("rule add", word(group), format!("--collection-name {}", word(&collection.name))),
        None => {
            let group = groups().next().map_or_else(|| "<rule collection group>".to_owned(), |group| word(&group.name));
            ("add-filter-collection", group, "--collection-priority 300 --action Allow".to_owned())
        }
    };
    let name = match verb {
        "rule add" => format!("--name {}", rule_name(topic)),
        _ => format!("--name container-apps --rule-name {}", rule_name(topic)),
    };
    vec![format!(
        "az network firewall policy rule-collection-group collection {verb} {} --policy-name {} --rule-collection-group-name {group} {more} {name} --rule-type ApplicationRule --source-addresses {} --protocols Https=443 --target-fqdns {}",
        scope(policy),
        word(policy.name()),
        sources(network),
        listed(hosts)
    )]
}

/// The same in a firewall with rules of its own.
fn in_firewall(network: &Network, firewall: &Id, topic: Topic, hosts: &[String]) -> String {
    format!(
        "az network firewall application-rule create {} --firewall-name {} --collection-name container-apps --priority 300 --action Allow --name {} --source-addresses {} --protocols Https=443 --target-fqdns {}",
        scope(firewall),
        word(firewall.name()),
        rule_name(topic),
        sources(network),
        listed(hosts)
    )
}

fn peering(from: &Id, to: &Id) -> Vec<String> {
    let create = |near: &Id, far: &Id| {
        format!(
            "az network vnet peering create {} --vnet-name {} -n {} --remote-vnet {} --allow-vnet-access",
            scope(near),
            word(near.name()),
            word(&format!("to-{}", far.name())),
            id(far)
        )
    };
    vec![create(from, to), create(to, from)]
}

fn rule_name(topic: Topic) -> &'static str {
    match topic {
        Topic::Registry => "allow-registry",
        Topic::Layers => "allow-registry-layers",
        Topic::Token => "allow-entra",
        Topic::Vault => "allow-key-vault",
        Topic::Platform => "allow-microsoft-registry",
    }
}

fn prefix(target: &Target) -> String {
    match &target.destination {
        Destination::Address(address) => address.to_string(),
        Destination::Service(tag) => tag.to_string(),
        Destination::Public => "Internet".to_owned(),
    }
}

fn slug(front: &str, text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' })
        .collect();
    format!("{front}-{plain}-443")
}

fn sources(network: &Network) -> String {
    let subnet = network.subnet().ok().flatten();
    let known: Vec<String> = subnet.iter().flat_map(|subnet| &subnet.prefixes).map(ToString::to_string).collect();
    if known.is_empty() { "'*'".to_owned() } else { listed(&known) }
}

fn listed(texts: &[String]) -> String {
    texts.iter().map(|text| word(text)).collect::<Vec<_>>().join(" ")
}
