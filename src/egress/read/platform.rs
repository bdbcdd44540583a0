//! Container Apps environments and container registries, as far as their networks go.

use serde_json::Value;

use super::super::Unread;
use super::super::environment::Environment;
use super::super::id::Id;
use super::super::registry::{EndpointConnection, Registry};
use super::{Resource, addresses, array, items, member, prefixes, properties, reference, string, texts, truth};

/// Reads a Container Apps environment.
///
/// # Errors
///
/// When the value is not an object.
pub fn environment(value: &Value) -> Result<Environment, Unread> {
    let resource = Resource::read(value, "Container Apps environment")?;
    let inside = resource.properties;
    let network = member(inside, "vnetConfiguration");
    let profile = |value: &Value| string(value, "workloadProfileType").or_else(|| string(value, "name"));
    Ok(Environment {
        location: string(resource.body, "location").unwrap_or_default(),
        subnet: network.and_then(|network| string(network, "infrastructureSubnetId")).map(Id::new),
        internal: network.and_then(|network| truth(network, "internal")).unwrap_or_default(),
        workload_profiles: array(inside, "workloadProfiles").iter().filter_map(profile).collect(),
        mode: string(inside, "environmentMode"),
        static_address: addresses(inside, &["staticIp"]).first().copied(),
        id: resource.id,
    })
}

/// Reads a container registry, with the list of its replications where that was asked for.
///
/// # Errors
///
/// When the value is not an object.
pub fn registry(value: &Value, replications: Option<&Value>) -> Result<Registry, Unread> {
    let resource = Resource::read(value, "container registry")?;
    let inside = resource.properties;
    let is = |value: &Value, name: &str, text: &str| {
        string(value, name).is_some_and(|found| found.eq_ignore_ascii_case(text))
    };
    let rules = member(inside, "networkRuleSet").unwrap_or(&Value::Null);
    let allowed = array(rules, "ipRules").iter().filter(|rule| !is(rule, "action", "Deny"));
    let subnets = array(rules, "virtualNetworkRules").iter();
    let replica = |value: &&Value| {
        // A replica whose own endpoint is off is not led to.
        truth(properties(value), "regionEndpointEnabled").unwrap_or(true)
    };
    let replicas = replications.map(items).unwrap_or_default().into_iter().filter(replica);
    Ok(Registry {
        login_server: string(inside, "loginServer").unwrap_or_default().to_ascii_lowercase(),
        location: string(resource.body, "location").unwrap_or_default(),
        sku: member(resource.body, "sku").and_then(|sku| string(sku, "name")).unwrap_or_default(),
        public: !is(inside, "publicNetworkAccess", "Disabled"),
        closed_by_default: is(rules, "defaultAction", "Deny"),
        allowed_addresses: allowed.flat_map(|rule| prefixes(rule, &["value"])).collect(),
        allowed_subnets: subnets.filter_map(|rule| string(rule, "id").map(Id::new)).collect(),
        bypass_for_services: is(inside, "networkRuleBypassOptions", "AzureServices"),
        data_endpoints: truth(inside, "dataEndpointEnabled").unwrap_or_default(),
        data_hosts: texts(inside, &["dataEndpointHostNames"]),
        connections: array(inside, "privateEndpointConnections").iter().filter_map(connection).collect(),
        replicas: replicas.filter_map(|value| string(value, "location").or_else(|| string(value, "name"))).collect(),
        id: resource.id,
    })
}

fn connection(value: &Value) -> Option<EndpointConnection> {
    let inside = properties(value);
    let state = member(inside, "privateLinkServiceConnectionState");
    let told = |name: &str| state.and_then(|state| string(state, name));
    Some(EndpointConnection {
        name: string(value, "name").unwrap_or_default(),
        endpoint: reference(inside, "privateEndpoint")?,
        status: told("status").unwrap_or_default(),
        description: told("description").unwrap_or_default(),
    })
}
