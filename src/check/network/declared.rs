//! The network resources of the same deployment, as Resource Manager would answer about them once it is through.
//!
//! A template writes children inside their parents or as resources of their own, and leaves out what Azure fills in: the
//! connections of a registry, the records of a zone that a private endpoint's zone group makes. Here both are made whole.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value as Json, json};

use crate::egress::zone::Link;
use crate::egress::{Id, Network, read};
use crate::evidence::Failure;
use crate::manifest::{Condition, Partial, Planned, PlannedResource};
use crate::value::{Data, Unknown, Value};

/// Collections that a parent's answer holds, by the type of the child.
const CHILDREN: [(&str, &str); 4] = [
    ("microsoft.network/virtualnetworks/subnets", "subnets"),
    ("microsoft.network/virtualnetworks/virtualnetworkpeerings", "virtualNetworkPeerings"),
    ("microsoft.network/networksecuritygroups/securityrules", "securityRules"),
    ("microsoft.network/routetables/routes", "routes"),
];

/// Settings that decide who may come in: a value that is not known must not be read as the default.
const DECISIVE: [&[&str]; 5] = [
    &["properties", "vnetConfiguration"],
    &["properties", "vnetConfiguration", "infrastructureSubnetId"],
    &["properties", "publicNetworkAccess"],
    &["properties", "networkRuleSet"],
    &["properties", "networkRuleSet", "defaultAction"],
];

/// The resources that matter to a network, by id.
#[derive(Debug, Default)]
pub struct Declared {
    resources: BTreeMap<Id, Resource>,
}

#[derive(Debug)]
struct Resource {
    kind: String,
    body: Json,
    undecided: Option<Failure>,
}

impl Declared {
    pub fn of(planned: &Planned) -> Declared {
        let matters = |resource: &&PlannedResource| {
            let kind = resource.kind.as_str();
            let is_network = kind.starts_with("microsoft.network/");
            (is_network || kind == ENVIRONMENT || kind.starts_with(REGISTRY))
                && !resource.existing
                && resource.condition != Condition::Never
        };
        let read = |resource: &PlannedResource| {
            let id = Id::new(resource.id.canonical()?);
            let mut body = plain(&resource.body);
            body["id"] = json!(id.as_str());
            body["name"] = json!(resource.name.canonical().unwrap_or_default());
            let undecided = DECISIVE.iter().find_map(|path| undecided(resource.body.path(path)?, path));
            Some((id, Resource { kind: resource.kind.clone(), body, undecided }))
        };
        Declared { resources: planned.resources.iter().filter(matters).filter_map(read).collect() }
    }

    /// The resource as it will be.
    ///
    /// # Errors
    /// When a setting that decides is known only after the deployment.
    pub fn get(&self, id: &Id) -> Option<Result<Json, Failure>> {
        let resource = self.resources.get(id)?;
        Some(match &resource.undecided {
            Some(failure) => Err(failure.clone()),
            None => Ok(self.with_children(id, resource.body.clone())),
        })
    }

    pub fn contains(&self, id: &Id) -> bool {
        self.resources.contains_key(id)
    }

    /// A resource, declared or read, with the children that the deployment adds to it.
    pub fn with_children(&self, id: &Id, mut body: Json) -> Json {
        for (kind, property) in CHILDREN {
            for child in self.children(id, kind) {
                let name = |value: &Json| {
                    value["name"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_lowercase()
                };
                let own = name(child);
                let Some(properties) =
                    body.as_object_mut().map(|body| body.entry("properties").or_insert_with(|| json!({})))
                else {
                    continue;
                };
                let Some(properties) = properties.as_object_mut() else { continue };
                let list = properties.entry(property).or_insert_with(|| json!([]));
                if let Some(items) = list.as_array_mut() {
                    items.retain(|item| name(item) != own);
                    items.push(child.clone());
                }
            }
        }
        body
    }

    /// The declared children of a resource.
    pub fn children<'d>(&'d self, id: &Id, kind: &'d str) -> impl Iterator<Item = &'d Json> {
        let parent = id.as_str().to_lowercase();
        self.of_kind(kind)
            .filter(move |(child, _)| parent_of(child).is_some_and(|text| text.eq_ignore_ascii_case(&parent)))
            .map(|(_, body)| body)
    }

    /// The registry's connections that private endpoints of the deployment make. `Err` names one that may lead to it.
    pub fn connections(&self, registry: &Id) -> (Vec<Json>, Option<String>) {
        let wanted = Partial::canonical(registry.as_str());
        let (mut found, mut doubt) = (Vec::new(), None);
        for (id, body) in self.of_kind("microsoft.network/privateendpoints") {
            for connection in read::private_endpoint(body).map(|endpoint| endpoint.connections).unwrap_or_default() {
                match Partial::canonical(connection.target.as_str()).same(&wanted) {
                    Some(true) => found
                        .push(json!({"name": id.name(), "properties": {"privateEndpoint": {"id": id.as_str()},
                        "privateLinkServiceConnectionState": {"status": connection.status}}})),
                    Some(false) => {}
                    None => {
                        doubt = Some(format!(
                            "whether private endpoint `{}` of the deployment leads to it is not known before",
                            id.name()
                        ))
                    }
                }
            }
        }
        (found, doubt)
    }

    /// The declared zones that a host could be in.
    pub fn zones(&self, matches: impl Fn(&str) -> bool) -> Vec<Id> {
        self.of_kind(ZONE).map(|(id, _)| id.clone()).filter(|id| matches(id.name())).collect()
    }

    /// The links of a zone that the deployment makes.
    pub fn links(&self, zone: &Id) -> Vec<Link> {
        self.children(zone, "microsoft.network/privatednszones/virtualnetworklinks")
            .flat_map(read::zone_links)
            .collect()
    }

    /// The records of a zone that the deployment writes.
    pub fn records(&self, zone: &Id) -> BTreeMap<String, Vec<IpAddr>> {
        let mut records = BTreeMap::new();
        for record in self.children(zone, "microsoft.network/privatednszones/a") {
            records.extend(read::zone_records(record));
        }
        records
    }

    /// Adds the records that zone groups of the deployment will make. Their addresses are chosen by Azure from the
    /// endpoint's subnet; any one of it stands for them.
    pub fn add_group_records(&self, network: &mut Network) {
        let hosts: Vec<(Id, Vec<String>)> = network
            .registries
            .values()
            .filter_map(|part| part.as_ref().ok())
            .map(|registry| {
                let names = std::iter::once(registry.login_server.clone())
                    .chain(registry.layer_hosts().into_iter().map(|(host, _)| host));
                (registry.id.clone(), names.collect())
            })
            .collect();
        for (group, body) in self.of_kind("microsoft.network/privateendpoints/privatednszonegroups") {
            let Some(endpoint) = parent_of(group).map(Id::new) else { continue };
            let Some(Ok(known)) = network.endpoints.get(&endpoint) else { continue };
            let targets: Vec<Id> = known.connections.iter().map(|connection| connection.target.clone()).collect();
            let subnet = known.subnet.as_ref().and_then(|id| network.subnet_by_id(id).ok());
            let address =
                subnet.and_then(|subnet| subnet.nets().first().and_then(|net| net.hosts().nth(4))).map(IpAddr::V4);
            let Some(address) = address else { continue };
            let names: Vec<String> =
                hosts.iter().filter(|(id, _)| targets.contains(id)).flat_map(|(_, names)| names.clone()).collect();
            let configs = body.pointer("/properties/privateDnsZoneConfigs").and_then(Json::as_array);
            let zones = configs
                .into_iter()
                .flatten()
                .filter_map(|config| config.pointer("/properties/privateDnsZoneId")?.as_str());
            for zone in zones.map(Id::new) {
                let Some(Ok(zone)) = network.zones.get_mut(&zone) else { continue };
                let relative: Vec<String> =
                    names.iter().filter_map(|name| zone.relative(&crate::egress::dns::private_name(name)?)).collect();
                if let Ok(records) = &mut zone.records {
                    records.extend(relative.into_iter().map(|name| (name, vec![address])));
                }
            }
        }
    }

    fn of_kind<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = (&'d Id, &'d Json)> {
        self.resources
            .iter()
            .filter(move |(_, resource)| resource.kind == kind)
            .map(|(id, resource)| (id, &resource.body))
    }
}

const ENVIRONMENT: &str = "microsoft.app/managedenvironments";
const REGISTRY: &str = "microsoft.containerregistry/registries";
const ZONE: &str = "microsoft.network/privatednszones";

/// The id without its last two segments.
fn parent_of(id: &Id) -> Option<&str> {
    let text = id.as_str();
    let end = text.rfind('/')?;
    text.get(..text.get(..end)?.rfind('/')?)
}

/// Why a setting is not known. An id of which only the scope is unknown is known enough.
fn undecided(value: &Value, path: &[&str]) -> Option<Failure> {
    let Unknown { expression, why, .. } = value.as_unknown()?;
    let names_subnet =
        path.last() == Some(&"infrastructureSubnetId") && value.canonical().is_some_and(|id| id.contains("/subnets/"));
    (!names_subnet).then(|| Failure::Unknown { expression: expression.clone(), why: why.clone() })
}

/// A value as JSON: texts in the spelling that makes equal ids equal, nothing of what is secret.
fn plain(value: &Value) -> Json {
    match &value.data {
        Data::Null | Data::Secure(_) => Json::Null,
        Data::Bool(flag) => json!(flag),
        Data::Int(number) => json!(number),
        Data::Float(number) => json!(number),
        Data::String(text) => json!(text.as_str()),
        Data::Array(items) => Json::Array(items.iter().map(plain).collect()),
        Data::Object(object) => {
            let member = |member: &crate::value::Member| (member.key.to_string(), plain(&member.value));
            Json::Object(object.members.iter().map(member).collect::<Map<String, Json>>())
        }
        Data::Unknown(unknown) => json!(unknown.canonical()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::check::Check;
    use crate::check::network::{endpoint_missing, registry_closed, registry_egress_closed};
    use crate::check::{egress::token_egress_closed, table::verdicts};
    use crate::evidence::Evidence;

    fn network(kind: &str, name: &str, properties: &Json) -> Json {
        json!({"type": format!("Microsoft.Network/{kind}"), "apiVersion": "2024-05-01", "name": name, "location": "westeurope", "properties": properties})
    }

    fn id(kind: &str, name: &str) -> String {
        format!("[resourceId('Microsoft.Network/{kind}', '{name}')]")
    }

    fn subnet(name: &str) -> String {
        format!("[resourceId('Microsoft.Network/virtualNetworks/subnets', 'vnet', '{name}')]")
    }

    /// A new environment, in a subnet of `vnet` or in the platform's network, a closed registry, an app, and what else there is.
    fn template(own_network: bool, more: &[Json]) -> String {
        let configuration = if own_network { json!({"infrastructureSubnetId": subnet("apps")}) } else { Json::Null };
        let mut resources = vec![
            json!({"type": "Microsoft.App/managedEnvironments", "apiVersion": "2025-01-01", "name": "cae", "location": "westeurope",
                "properties": {"vnetConfiguration": configuration, "workloadProfiles": [{"name": "Consumption", "workloadProfileType": "Consumption"}]}}),
            json!({"type": "Microsoft.ContainerRegistry/registries", "apiVersion": "2025-11-01", "name": "acme1", "location": "westeurope",
                "sku": {"name": "Premium"}, "properties": {"publicNetworkAccess": "Disabled"}}),
            json!({"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "app", "identity": {"type": "SystemAssigned"},
                "properties": {"environmentId": "[resourceId('Microsoft.App/managedEnvironments', 'cae')]",
                    "configuration": {"registries": [{"server": "acme1.azurecr.io", "identity": "system"}]},
                    "template": {"containers": [{"name": "api", "image": "acme1.azurecr.io/api:v1"}]}}}),
        ];
        resources.extend(more.iter().cloned());
        json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
            "resources": resources})
        .to_string()
    }

    fn vnet(group: Option<&str>) -> Json {
        let group = group.map(|name| json!({"id": id("networkSecurityGroups", name)}));
        let delegations = json!([{"name": "d", "properties": {"serviceName": "Microsoft.App/environments"}}]);
        network(
            "virtualNetworks",
            "vnet",
            &json!({"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": [
            {"name": "apps", "properties": {"addressPrefix": "10.0.0.0/23", "networkSecurityGroup": group, "delegations": delegations}},
            {"name": "endpoints", "properties": {"addressPrefix": "10.0.4.0/24"}}]}),
        )
    }

    /// A private endpoint with its zone, link and zone group.
    fn endpoint() -> Vec<Json> {
        let zone = "privatelink.azurecr.io";
        let connection = json!({"name": "pe", "properties": {"groupIds": ["registry"],
            "privateLinkServiceId": "[resourceId('Microsoft.ContainerRegistry/registries', 'acme1')]"}});
        let configs = json!([{"name": "z", "properties": {"privateDnsZoneId": id("privateDnsZones", zone)}}]);
        vec![
            network(
                "privateEndpoints",
                "pe",
                &json!({"subnet": {"id": subnet("endpoints")}, "privateLinkServiceConnections": [connection]}),
            ),
            network("privateDnsZones", zone, &json!({})),
            network(
                "privateDnsZones/virtualNetworkLinks",
                &format!("{zone}/link"),
                &json!({"virtualNetwork": {"id": id("virtualNetworks", "vnet")}}),
            ),
            network("privateEndpoints/privateDnsZoneGroups", "pe/default", &json!({"privateDnsZoneConfigs": configs})),
        ]
    }

    #[track_caller]
    fn says(check: Check, template: &str, start: &str) {
        let said = verdicts(check, template, &Evidence::default().offline());
        assert!(said.starts_with(start), "{said}");
    }

    #[test]
    fn a_new_environment_without_a_network_does_not_get_to_a_closed_registry() {
        says(registry_closed::CHECK, &template(false, &[]), "error: registry acme1 is closed to the public");
    }

    #[test]
    fn an_endpoint_that_the_deployment_leaves_out_may_come_from_another_one() {
        says(
            endpoint_missing::CHECK,
            &template(true, &[vnet(None)]),
            "warning: registry acme1 is closed to the public",
        );
    }

    #[test]
    fn an_endpoint_with_zone_link_and_zone_group_is_a_way() {
        let mut more = endpoint();
        more.push(vnet(None));
        says(registry_egress_closed::CHECK, &template(true, &more), "pass");
        says(token_egress_closed::CHECK, &template(true, &more), "pass");
    }

    #[test]
    fn a_declared_group_closes_what_it_closes() {
        let rule = json!({"name": "no", "properties": {"priority": 100, "direction": "Outbound", "access": "Deny", "protocol": "*",
            "sourceAddressPrefix": "*", "sourcePortRange": "*", "destinationAddressPrefix": "AzureActiveDirectory", "destinationPortRange": "*"}});
        let mut more = endpoint();
        more.extend([vnet(Some("nsg")), network("networkSecurityGroups", "nsg", &json!({"securityRules": [rule]}))]);
        says(token_egress_closed::CHECK, &template(true, &more), "error: the environment cannot fetch the token");
        says(registry_egress_closed::CHECK, &template(true, &more), "pass");
    }

    #[test]
    fn an_environment_whose_network_is_not_known_is_not_verified() {
        let text = template(false, &[])
            .replace("\"vnetConfiguration\":null", "\"vnetConfiguration\":\"[parameters('network')]\"");
        let text =
            text.replace("\"resources\"", "\"parameters\": {\"network\": {\"type\": \"object\"}}, \"resources\"");
        says(registry_closed::CHECK, &text, "not applicable");
        says(registry_egress_closed::CHECK, &text, "unverified");
    }
}
