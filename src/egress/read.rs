//! Readers of Resource Manager's JSON. They take an answer or a resource of an expanded template;
//! what a template leaves to Azure (states, ids of children) is filled in as it will be.
//!
//! Singular and plural members, null, absence and letter case do not matter. A value that is there
//! and cannot be read, such as an expression, becomes unknown rather than nothing.

mod firewall;
mod network;
mod platform;
mod private;

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

pub use firewall::{firewall, firewall_policy, ip_group, rule_collection_group};
pub use network::{
    admin_rules, nat_gateway, nsg, peering, public_ip, route, route_table, security_rules, subnet, virtual_network,
};
pub use platform::{environment, registry};
pub use private::{interface_hosts, private_endpoint, resolver_endpoint, zone_links, zone_records};

use super::Unread;
use super::address::Prefix;
use super::id::Id;

/// The items of a list answer (`{"value": […]}`), of an array, or the one resource itself.
pub fn items(answer: &Value) -> Vec<&Value> {
    match (answer, member(answer, "value")) {
        (_, Some(Value::Array(items))) | (Value::Array(items), _) => items.iter().collect(),
        (Value::Object(_), _) => vec![answer],
        _ => Vec::new(),
    }
}

/// A resource's id and properties.
struct Resource<'a> {
    id: Id,
    body: &'a Value,
    properties: &'a Value,
}

impl<'a> Resource<'a> {
    fn read(body: &'a Value, what: &str) -> Result<Self, Unread> {
        if !body.is_object() {
            return Err(Unread::new(format!("the answer for a {what} is not an object")));
        }
        let id = Id::new(string(body, "id").unwrap_or_default());
        let properties = member(body, "properties").filter(|value| value.is_object()).unwrap_or(&Value::Null);
        Ok(Self { id, body, properties })
    }

    fn name(&self) -> String {
        match own_name(self.body) {
            name if name.is_empty() => self.id.name().to_owned(),
            name => name,
        }
    }
}

/// A resource's name without its parents': a template writes `parent/child`, Azure only `child`.
fn own_name(value: &Value) -> String {
    let name = string(value, "name").unwrap_or_default();
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// A member by name, whatever the letter case; null is absence.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    let found = object.get(name).or_else(|| {
        let mut folded = object.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        folded.next().map(|(_, value)| value)
    });
    found.filter(|value| !value.is_null())
}

fn string(value: &Value, name: &str) -> Option<String> {
    let text = member(value, name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A truth value, also where it is written as text.
fn truth(value: &Value, name: &str) -> Option<bool> {
    match member(value, name)? {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.to_ascii_lowercase().parse().ok(),
        _ => None,
    }
}

fn array<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    member(value, name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of a plural and a singular member together. What is no text is kept as its JSON, which
/// nothing can parse.
fn texts(value: &Value, names: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for name in names {
        let text = |value: &Value| match value {
            Value::String(text) => text.trim().to_owned(),
            other => other.to_string(),
        };
        match member(value, name) {
            Some(Value::Array(items)) => found.extend(items.iter().filter(|item| !item.is_null()).map(text)),
            Some(other) => found.push(text(other)),
            None => (),
        }
    }
    found.retain(|text| !text.is_empty());
    found
}

fn prefixes(value: &Value, names: &[&str]) -> Vec<Prefix> {
    // One member may hold several, with commas between them; the portal accepts that.
    let all = texts(value, names);
    let each = all.iter().flat_map(|text| text.split(','));
    each.map(Prefix::parse).collect()
}

fn nets(value: &Value, names: &[&str]) -> Vec<IpNet> {
    let net = |text: String| match Prefix::parse(&text) {
        Prefix::Net(net) => Some(net),
        _ => None,
    };
    texts(value, names).into_iter().filter_map(net).collect()
}

fn addresses(value: &Value, names: &[&str]) -> Vec<IpAddr> {
    texts(value, names).iter().filter_map(|text| text.parse().ok()).collect()
}

/// The id of a reference: `{"id": "…"}`.
fn reference(value: &Value, name: &str) -> Option<Id> {
    string(member(value, name)?, "id").map(Id::new)
}

fn references(value: &Value, name: &str) -> Vec<Id> {
    array(value, name).iter().filter_map(|item| string(item, "id").map(Id::new)).collect()
}

/// A child's own properties: a resource nests them, a rule does not.
fn properties(value: &Value) -> &Value {
    member(value, "properties").unwrap_or(value)
}

#[cfg(test)]
mod tests;
