//! Azure Firewall, its policies and IP groups.

use serde_json::Value;

use super::super::Unread;
use super::super::address::{Ports, Prefix};
use super::super::decision::Access;
use super::super::firewall::{
    Collection, DnsProxy, Firewall, FirewallPolicy, FirewallRule, Matches, RuleCollectionGroup,
};
use super::super::id::Id;
use super::{Resource, addresses, array, member, prefixes, properties, reference, string, texts, truth};

/// Reads a firewall with its classic rules.
///
/// # Errors
///
/// When the value is not an object.
pub fn firewall(value: &Value) -> Result<Firewall, Unread> {
    let resource = Resource::read(value, "firewall")?;
    let inside = resource.properties;
    let mut known = Firewall { policy: reference(inside, "firewallPolicy"), id: resource.id, ..Firewall::default() };
    for config in array(inside, "ipConfigurations") {
        let config = properties(config);
        known.private_addresses.extend(addresses(config, &["privateIPAddress"]));
        known.public_addresses.extend(reference(config, "publicIPAddress"));
        known.subnet = known.subnet.or_else(|| reference(config, "subnet"));
    }
    // In a Virtual WAN hub the addresses stand elsewhere, and there is no subnet.
    if let Some(hub) = member(inside, "hubIPAddresses") {
        known.private_addresses.extend(addresses(hub, &["privateIPAddress"]));
    }
    for name in ["networkRuleCollections", "applicationRuleCollections"] {
        known.collections.extend(array(inside, name).iter().map(|value| collection(value, name.starts_with('n'))));
    }
    if let Some(more) = member(inside, "additionalProperties") {
        known.dns = DnsProxy {
            enabled: truth(more, "Network.DNS.EnableProxy").unwrap_or_default(),
            servers: texts(more, &["Network.DNS.Servers"])
                .iter()
                .flat_map(|text| text.split(','))
                .filter_map(|text| text.trim().parse().ok())
                .collect(),
        };
    }
    Ok(known)
}

/// Reads a firewall policy; its groups are resources of their own.
///
/// # Errors
///
/// When the policy or a group is not an object.
pub fn firewall_policy(value: &Value, groups: &[&Value]) -> Result<FirewallPolicy, Unread> {
    let resource = Resource::read(value, "firewall policy")?;
    let inside = resource.properties;
    let dns = member(inside, "dnsSettings");
    Ok(FirewallPolicy {
        parent: reference(inside, "basePolicy"),
        groups: groups.iter().map(|group| rule_collection_group(group)).collect::<Result<_, _>>()?,
        dns: DnsProxy {
            enabled: dns.and_then(|dns| truth(dns, "enableProxy")).unwrap_or_default(),
            servers: dns.map(|dns| addresses(dns, &["servers"])).unwrap_or_default(),
        },
        inspects: member(inside, "transportSecurity").is_some(),
        id: resource.id,
    })
}

/// Reads a rule collection group; collections that translate addresses are left out.
///
/// # Errors
///
/// When the value is not an object.
pub fn rule_collection_group(value: &Value) -> Result<RuleCollectionGroup, Unread> {
    let resource = Resource::read(value, "rule collection group")?;
    let filters = |value: &&Value| {
        let kind = string(value, "ruleCollectionType").unwrap_or_default();
        !kind.eq_ignore_ascii_case("FirewallPolicyNatRuleCollection")
    };
    let collections = array(resource.properties, "ruleCollections").iter().filter(filters);
    Ok(RuleCollectionGroup {
        name: resource.name(),
        priority: priority(resource.properties),
        collections: collections.map(|value| collection(value, false)).collect(),
    })
}

/// Reads the members of an IP group.
///
/// # Errors
///
/// When the value is not an object.
pub fn ip_group(value: &Value) -> Result<(Id, Vec<Prefix>), Unread> {
    let resource = Resource::read(value, "IP group")?;
    Ok((resource.id, prefixes(resource.properties, &["ipAddresses"])))
}

/// A collection of a policy, or of a firewall, whose rules do not say what they are.
fn collection(value: &Value, classic_network: bool) -> Collection {
    let inside = properties(value);
    let action = member(inside, "action").and_then(|action| string(action, "type")).unwrap_or_default();
    Collection {
        name: string(value, "name").unwrap_or_default(),
        priority: priority(inside),
        access: if action.eq_ignore_ascii_case("Allow") { Access::Allow } else { Access::Deny },
        rules: array(inside, "rules").iter().map(|value| rule(value, classic_network)).collect(),
    }
}

fn rule(value: &Value, classic_network: bool) -> FirewallRule {
    let kind = string(value, "ruleType").unwrap_or_default();
    let network = classic_network || kind.eq_ignore_ascii_case("NetworkRule");
    FirewallRule {
        name: string(value, "name").unwrap_or_default(),
        sources: prefixes(value, &["sourceAddresses"]),
        source_groups: texts(value, &["sourceIpGroups"]).into_iter().map(Id::new).collect(),
        destinations: prefixes(value, &["destinationAddresses"]),
        destination_groups: texts(value, &["destinationIpGroups"]).into_iter().map(Id::new).collect(),
        matches: if network { network_match(value) } else { application_match(value) },
    }
}

fn network_match(value: &Value) -> Matches {
    let protocols = texts(value, &["ipProtocols", "protocols"]);
    let tcp = |name: &String| name.eq_ignore_ascii_case("TCP") || name.eq_ignore_ascii_case("Any");
    Matches::Network {
        tcp: protocols.iter().any(tcp),
        ports: texts(value, &["destinationPorts"]).iter().filter_map(|text| Ports::parse(text)).collect(),
        fqdns: texts(value, &["destinationFqdns"]),
    }
}

fn application_match(value: &Value) -> Matches {
    let https =
        |protocol: &&Value| string(protocol, "protocolType").is_some_and(|kind| kind.eq_ignore_ascii_case("Https"));
    let port = |protocol: &Value| {
        let port = member(protocol, "port").and_then(Value::as_u64).unwrap_or(443);
        u16::try_from(port).ok()
    };
    Matches::Application {
        https: array(value, "protocols").iter().filter(https).filter_map(port).collect(),
        fqdns: texts(value, &["targetFqdns"]),
        tags: texts(value, &["fqdnTags"]),
        urls: texts(value, &["targetUrls"]),
        categories: texts(value, &["webCategories"]),
        terminates_tls: truth(value, "terminateTLS").unwrap_or_default(),
    }
}

fn priority(value: &Value) -> u32 {
    let number = member(value, "priority").and_then(Value::as_u64);
    number.and_then(|number| number.try_into().ok()).unwrap_or(u32::MAX)
}
