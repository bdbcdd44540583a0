//! A hub and a spoke in two subscriptions, as Resource Manager answers about them: an app in `spoke/apps`, the registry `acme1`, and
//! whatever a test adds. Each method changes one thing.

use std::collections::{BTreeMap, BTreeSet};

use pullgate::document::bytes::Encoding;
use pullgate::evidence::{Answer, Evidence, Failure, Question, Reply, Resource};
use pullgate::judge::{Judgement, judge};
use pullgate::source::Sources;
use pullgate::{load, manifest};
use serde_json::{Value, json};

/// Resources and lists by id, in lower case.
#[derive(Clone)]
pub struct Land {
    resources: BTreeMap<String, Value>,
    refused: BTreeSet<String>,
    app: String,
}

/// Where things are: those of the app's team, then those of the platform's team.
const SPOKE: &[&str] = &["managedEnvironments", "networkSecurityGroups", "routeTables", "natGateways"];
const ALL_IN_SPOKE: &[&str] = &["spoke", "pip-nat", "prefix-nat", "pe-spoke"];

pub const HOST: &str = "acme1.azurecr.io";
const ZONE: &str = "privatelink.azurecr.io";

pub fn id(kind: &str, name: &str) -> String {
    let provider = match kind {
        "registries" => "Microsoft.ContainerRegistry",
        "managedEnvironments" => "Microsoft.App",
        _ => "Microsoft.Network",
    };
    let subscription = if SPOKE.contains(&kind) || ALL_IN_SPOKE.contains(&name) { "app-team" } else { "platform" };
    format!("/subscriptions/{subscription}/resourceGroups/rg/providers/{provider}/{kind}/{name}")
}

pub fn subnet(network: &str, name: &str) -> String {
    format!("{}/subnets/{name}", id("virtualNetworks", network))
}

/// The environment has a network of its own, nothing filters, the registry is open.
pub fn land() -> Land {
    let app = include_str!("../data/network-worlds/app.yaml").replace(
        "/subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae",
        &id("managedEnvironments", "cae"),
    );
    let mut land = Land { resources: BTreeMap::new(), refused: BTreeSet::new(), app };
    land.put(
        "managedEnvironments",
        "cae",
        json!({
        "vnetConfiguration": {"infrastructureSubnetId": subnet("spoke", "apps"), "internal": true},
        "workloadProfiles": [{"name": "Consumption", "workloadProfileType": "Consumption"}]}),
    );
    land.network("spoke", "10.0.0.0/16", &["apps 10.0.0.0/23", "endpoints 10.0.4.0/24"]);
    land.network(
        "hub",
        "10.9.0.0/16",
        &["AzureFirewallSubnet 10.9.1.0/26", "endpoints 10.9.4.0/24", "dns 10.9.5.0/28"],
    );
    land.set(
        &id("virtualNetworks", "spoke"),
        "/properties/subnets/0/properties/delegations",
        json!([
        {"name": "d", "properties": {"serviceName": "Microsoft.App/environments"}}]),
    );
    land.peer("spoke", "hub");
    land.put("registries", "acme1", json!({"loginServer": HOST, "publicNetworkAccess": "Enabled", "networkRuleBypassOptions": "None",
        "networkRuleSet": {"defaultAction": "Allow", "ipRules": []}, "privateEndpointConnections": [], "dataEndpointEnabled": false}));
    land.resources.get_mut(&id("registries", "acme1").to_lowercase()).unwrap()["sku"] = json!({"name": "Premium"});
    land.list(
        &format!("{}/replications", id("registries", "acme1")),
        vec![json!({"name": "westeurope", "location": "westeurope"})],
    );
    land
}

impl Land {
    pub fn put(&mut self, kind: &str, name: &str, properties: Value) {
        let id = id(kind, name);
        let body = json!({"id": id, "name": name, "location": "westeurope", "properties": properties});
        self.resources.insert(id.to_lowercase(), body);
    }

    pub fn list(&mut self, path: &str, items: Vec<Value>) {
        self.resources.insert(path.to_lowercase(), json!({"value": items}));
    }

    /// Sets what a pointer leads to; objects on the way are made.
    pub fn set(&mut self, id: &str, pointer: &str, value: Value) {
        let mut place = self.resources.get_mut(&id.to_lowercase()).unwrap_or_else(|| panic!("{id} is not there"));
        for key in pointer.split('/').skip(1) {
            place = match key.parse::<usize>() {
                Ok(index) => &mut place[index],
                Err(_) => &mut place[key],
            };
        }
        *place = value;
    }

    /// Adds to a list among the properties.
    pub fn add(&mut self, id: &str, property: &str, value: Value) {
        let place = &mut self.resources.get_mut(&id.to_lowercase()).unwrap_or_else(|| panic!("{id} is not there"))["properties"];
        place[property].as_array_mut().unwrap().push(value);
    }

    /// The caller may not read this, nor what lies below.
    pub fn refuse(&mut self, path: &str) {
        self.refused.insert(path.to_lowercase());
    }

    pub fn app(&mut self, from: &str, to: &str) {
        assert!(self.app.contains(from), "{from}");
        self.app = self.app.replace(from, to);
    }

    fn network(&mut self, name: &str, space: &str, subnets: &[&str]) {
        let one = |text: &&str| {
            let (own, prefix) = text.split_once(' ').unwrap();
            json!({"id": subnet(name, own), "name": own, "properties": {"addressPrefix": prefix, "privateEndpointNetworkPolicies": "Disabled"}})
        };
        let subnets: Vec<Value> = subnets.iter().map(one).collect();
        self.put(
            "virtualNetworks",
            name,
            json!({"addressSpace": {"addressPrefixes": [space]}, "subnets": subnets, "virtualNetworkPeerings": []}),
        );
    }

    /// A further network without peerings.
    pub fn island(&mut self, name: &str) {
        self.network(name, "10.20.0.0/16", &["endpoints 10.20.4.0/24"]);
    }

    pub fn peer(&mut self, one: &str, other: &str) {
        for (near, far) in [(one, other), (other, one)] {
            let peering = json!({"name": format!("to-{far}"), "properties": {"peeringState": "Connected", "allowVirtualNetworkAccess": true,
                "allowForwardedTraffic": true, "useRemoteGateways": false, "remoteVirtualNetwork": {"id": id("virtualNetworks", far)}}});
            let place = &mut self.resources.get_mut(&id("virtualNetworks", near).to_lowercase()).unwrap()["properties"];
            place["virtualNetworkPeerings"].as_array_mut().unwrap().push(peering);
        }
    }

    pub fn registry(&mut self, property: &str, value: Value) {
        self.set(&id("registries", "acme1"), &format!("/properties/{property}"), value);
    }

    /// Lets only these in.
    pub fn listed(&mut self, addresses: &[&str]) {
        let rules: Vec<Value> = addresses.iter().map(|address| json!({"value": address, "action": "Allow"})).collect();
        self.registry("networkRuleSet", json!({"defaultAction": "Deny", "ipRules": rules}));
    }

    /// The registry is closed, and has an approved endpoint in `network/endpoints`.
    pub fn private(&mut self, network: &str, prefix: &str) {
        self.registry("publicNetworkAccess", json!("Disabled"));
        self.endpoint("pe", network, prefix, "Approved");
    }

    pub fn endpoint(&mut self, name: &str, network: &str, prefix: &str, status: &str) {
        let state = json!({"status": status, "actionsRequired": "None"});
        let hosts = [(HOST, 5), ("acme1.westeurope.data.azurecr.io", 4)];
        let configs: Vec<Value> = hosts
            .iter()
            .map(|(host, last)| json!({"fqdn": host, "ipAddresses": [format!("{prefix}.{last}")]}))
            .collect();
        self.put("privateEndpoints", name, json!({"subnet": {"id": subnet(network, "endpoints")}, "customDnsConfigs": configs,
            "privateLinkServiceConnections": [{"name": name, "properties": {"privateLinkServiceId": id("registries", "acme1"), "groupIds": ["registry"],
                "privateLinkServiceConnectionState": state}}]}));
        let connection = json!({"name": format!("{name}.1"), "properties": {"privateEndpoint": {"id": id("privateEndpoints", name)},
            "privateLinkServiceConnectionState": state}});
        let place = &mut self.resources.get_mut(&id("registries", "acme1").to_lowercase()).unwrap()["properties"];
        place["privateEndpointConnections"].as_array_mut().unwrap().push(connection);
    }

    /// The zone with these records (`acme1 10.9.4.5`), linked to these networks.
    pub fn zone(&mut self, networks: &[&str], records: &[&str]) {
        let zone = id("privateDnsZones", ZONE);
        self.put("privateDnsZones", ZONE, json!({}));
        let link = |name: &&str| {
            json!({"name": format!("to-{name}"), "properties": {"virtualNetwork": {"id": id("virtualNetworks", name)},
            "virtualNetworkLinkState": "Completed", "registrationEnabled": false}})
        };
        let record = |text: &&str| {
            let (name, address) = text.split_once(' ').unwrap();
            json!({"name": name, "type": "Microsoft.Network/privateDnsZones/A", "properties": {"aRecords": [{"ipv4Address": address}]}})
        };
        self.list(&format!("{zone}/virtualNetworkLinks"), networks.iter().map(link).collect());
        self.list(&format!("{zone}/A"), records.iter().map(record).collect());
    }

    /// The endpoint in the hub, and the zone right for it, linked to these networks.
    pub fn hub_endpoint(&mut self, networks: &[&str]) {
        self.private("hub", "10.9.4");
        self.zone(networks, &["acme1 10.9.4.5", "acme1.westeurope.data 10.9.4.4"]);
    }

    /// `100 Deny AzureActiveDirectory,Storage`, with an optional port, protocol and source.
    pub fn group(&mut self, rules: &[&str]) {
        let rule = |text: &&str| {
            let words: Vec<&str> = text.split(' ').collect();
            let word = |at: usize, or: &str| words.get(at).copied().unwrap_or(or).to_owned();
            let mut rule = json!({"priority": words[0].parse::<u32>().unwrap(), "access": words[1], "direction": "Outbound",
                "protocol": word(4, "*"), "sourceAddressPrefix": word(5, "*"), "sourcePortRange": "*", "destinationPortRange": word(3, "*")});
            match words[2].split_once(',') {
                None => rule["destinationAddressPrefix"] = json!(words[2]),
                Some(_) => rule["destinationAddressPrefixes"] = json!(words[2].split(',').collect::<Vec<_>>()),
            }
            json!({"name": format!("rule-{}", words[0]), "properties": rule})
        };
        self.put("networkSecurityGroups", "nsg", json!({"securityRules": rules.iter().map(rule).collect::<Vec<_>>()}));
        self.on_subnet("networkSecurityGroup", &id("networkSecurityGroups", "nsg"));
    }

    /// `0.0.0.0/0 VirtualAppliance 10.9.1.4`.
    pub fn routes(&mut self, routes: &[&str]) {
        let route = |text: &&str| {
            let words: Vec<&str> = text.split(' ').collect();
            json!({"name": format!("to-{}", words[0]), "properties": {"addressPrefix": words[0], "nextHopType": words[1], "nextHopIpAddress": words.get(2)}})
        };
        self.put(
            "routeTables",
            "rt",
            json!({"routes": routes.iter().map(route).collect::<Vec<_>>(), "disableBgpRoutePropagation": false}),
        );
        self.on_subnet("routeTable", &id("routeTables", "rt"));
    }

    /// Everything goes to the hub's firewall, which has a policy with these rules; see [`Land::policy`].
    pub fn firewall(&mut self, rules: &[&str]) {
        self.routes(&["0.0.0.0/0 VirtualAppliance 10.9.1.4"]);
        self.put("publicIPAddresses", "pip-fw", json!({"ipAddress": "203.0.113.40"}));
        self.put(
            "azureFirewalls",
            "afw",
            json!({"firewallPolicy": {"id": id("firewallPolicies", "afwp")}, "ipConfigurations": [{"properties": {
            "privateIPAddress": "10.9.1.4", "publicIPAddress": {"id": id("publicIPAddresses", "pip-fw")},
            "subnet": {"id": subnet("hub", "AzureFirewallSubnet")}}}]}),
        );
        self.policy("afwp", None, rules);
    }

    /// `300 allow app login.microsoftonline.com,*.azurecr.io 10.0.0.0/23`: priority of the collection, action, `app`, `net` or `tag`,
    /// what for, from where (`group:NAME` is an IP group).
    pub fn policy(&mut self, name: &str, parent: Option<&str>, rules: &[&str]) {
        let collection = |text: &&str| {
            let words: Vec<&str> = text.split(' ').collect();
            let what: Vec<&str> = words[3].split(',').collect();
            let action = if words[1] == "allow" { "Allow" } else { "Deny" };
            let mut rule = match words[2] {
                "net" => {
                    json!({"ruleType": "NetworkRule", "ipProtocols": ["TCP"], "destinationAddresses": what, "destinationPorts": ["443"]})
                }
                kind => {
                    let property = if kind == "tag" { "fqdnTags" } else { "targetFqdns" };
                    json!({"ruleType": "ApplicationRule", "protocols": [{"protocolType": "Https", "port": 443}], property: what})
                }
            };
            rule["name"] = json!(format!("rule-{}", words[0]));
            match words.get(4).copied().unwrap_or("*").split_once(':') {
                Some((_, group)) => rule["sourceIpGroups"] = json!([id("ipGroups", group)]),
                None => rule["sourceAddresses"] = json!([words.get(4).copied().unwrap_or("*")]),
            }
            json!({"name": format!("collection-{}", words[0]), "priority": words[0].parse::<u32>().unwrap(),
                "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "action": {"type": action}, "rules": [rule]})
        };
        let parent = parent.map(|parent| json!({"id": id("firewallPolicies", parent)}));
        self.put("firewallPolicies", name, json!({"basePolicy": parent}));
        let group = json!({"name": "rcg", "properties": {"priority": 300, "ruleCollections": rules.iter().map(collection).collect::<Vec<_>>()}});
        self.list(&format!("{}/ruleCollectionGroups", id("firewallPolicies", name)), vec![group]);
    }

    /// Traffic leaves by a NAT gateway with this address.
    pub fn nat(&mut self, address: &str) {
        self.put("publicIPAddresses", "pip-nat", json!({"ipAddress": address}));
        self.put("natGateways", "nat", json!({"publicIpAddresses": [{"id": id("publicIPAddresses", "pip-nat")}]}));
        self.on_subnet("natGateway", &id("natGateways", "nat"));
    }

    /// A DNS Private Resolver in the hub, asked at 10.9.5.4.
    pub fn resolver(&mut self) {
        self.put("dnsResolvers", "dnspr", json!({"virtualNetwork": {"id": id("virtualNetworks", "hub")}}));
        let inbound = json!({"name": "in", "properties": {"ipConfigurations": [{"privateIpAddress": "10.9.5.4", "subnet": {"id": subnet("hub", "dns")}}]}});
        self.list(&format!("{}/inboundEndpoints", id("dnsResolvers", "dnspr")), vec![inbound]);
    }

    pub fn dns_servers(&mut self, servers: &[&str]) {
        self.set(&id("virtualNetworks", "spoke"), "/properties/dhcpOptions", json!({"dnsServers": servers}));
    }

    pub fn on_subnet(&mut self, property: &str, id_of_it: &str) {
        let place = format!("/properties/subnets/0/properties/{property}");
        self.set(&id("virtualNetworks", "spoke"), &place, json!({"id": id_of_it}));
    }

    fn tell(&self, question: &Question) -> Answer<Reply> {
        let refused = |path: &str| {
            let path = path.to_lowercase();
            let hit = self.refused.iter().any(|refused| path == *refused || path.starts_with(&format!("{refused}/")));
            let permission = format!("{}/read", path.split("/providers/").nth(1).unwrap_or(&path));
            if hit { Err(Failure::NotAllowed { permission, scope: path }) } else { Ok(()) }
        };
        let found = |path: &str| {
            refused(path)?;
            let own = self.resources.get(&path.to_lowercase()).cloned();
            own.or_else(|| self.inside(path)).ok_or_else(|| Failure::not_found("management.azure.com"))
        };
        let json = match question {
            Question::Registry { .. } => found(&id("registries", "acme1")),
            Question::Resource(Resource::Get { id }) => found(id),
            Question::Resource(Resource::List { scope, kind }) => {
                let path = format!("{scope}/{kind}");
                refused(&path)?;
                Ok(self.resources.get(&path.to_lowercase()).cloned().unwrap_or_else(|| json!({"value": []})))
            }
            Question::Resource(Resource::Find { kind }) => {
                refused(&format!("find/{kind}"))?;
                let of_kind = |(path, _): &(&String, &Value)| {
                    let kind = format!("/providers/{}/", kind.to_lowercase());
                    path.split_once(&kind).is_some_and(|(_, rest)| !rest.contains('/'))
                };
                let rows: Vec<&Value> = self.resources.iter().filter(of_kind).map(|(_, body)| body).collect();
                Ok(json!({ "value": rows }))
            }
            // Identity, image and runner are no matter of the network.
            _ => Err(Failure::Skipped { why: "not part of the landscape".to_owned() }),
        };
        json.map(Reply::Json)
    }

    /// A subnet by its own id.
    fn inside(&self, path: &str) -> Option<Value> {
        let path = path.to_lowercase();
        let parent = self.resources.get(path.split_once("/subnets/")?.0)?;
        let mut subnets = parent["properties"]["subnets"].as_array()?.iter();
        let own = subnets.find(|subnet| subnet["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&path)));
        own.cloned()
    }

    /// What the gate says, once everything is asked; and what it asked.
    pub fn judged(&self) -> (Vec<Judgement>, Vec<Question>) {
        let mut sources = Sources::default();
        let file = sources.add("app.yaml", self.app.clone());
        let document = load::document("app.yaml".to_owned(), file, Encoding::default(), &sources).expect("a manifest");
        let manifest = manifest::read(&mut [document], &manifest::Options::default());
        let (mut evidence, mut asked) = (Evidence::default(), Vec::new());
        for _ in 0..30 {
            let judged = judge(&manifest, &evidence);
            if judged.needs.is_empty() {
                return (judged.judgements, asked);
            }
            for question in judged.needs {
                let answer = self.tell(&question);
                evidence.insert(question.clone(), answer);
                asked.push(question);
            }
        }
        panic!("it never stops asking");
    }
}
