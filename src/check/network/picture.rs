//! The network of an environment, put together from what the deployment declares and what Resource Manager answered; what is
//! missing comes back as questions.
//!
//! Only what the environment's own network and the registry's doors call for is asked ([`wants`]), and all that can be asked
//! at once is asked at once. What could not be read stays unknown, never open.

mod found;

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::Value as Json;

use crate::egress::registry::Registry;
use crate::egress::{Id, Network, Unread, Want, read, wants};
use crate::evidence::{Evidence, Failure, Question, Resource, Stop};
use crate::image::{Endpoint, Host};

use super::declared::Declared;

/// How often reading may lead to something new: environment, network, route table, firewall, policy and its parents.
const ROUNDS: usize = 24;

/// What is known so far.
#[derive(Debug)]
pub struct Picture {
    pub network: Network,
    /// What must be asked before anything about the environment's own network is said.
    pub needs: BTreeSet<Question>,
    /// The same for the registry and its doors.
    pub registry_needs: BTreeSet<Question>,
    /// Why parts are not known, for the wording.
    pub failures: Vec<Failure>,
    /// Parts that the deployment declares decide.
    pub declared: bool,
    /// A private endpoint of the deployment that may be the registry's.
    pub doubt: Option<String>,
}

/// Who wants to know.
#[derive(Clone, Debug)]
pub struct Subject<'s> {
    /// The environment's id in the spelling of the manifest, unknown stretches in braces.
    pub environment: &'s str,
    /// The registry's host, if it is one of Azure's.
    pub registry: Option<&'s Host>,
    /// The registry's id where the deployment declares it.
    pub declared_registry: Option<Id>,
    /// Addresses that an app of the environment leaves by, as far as the manifest tells.
    pub outbound: Vec<IpAddr>,
    /// An app of the environment that can be asked for them.
    pub app: Option<&'s str>,
    /// A repository that is pulled without any credential.
    pub anonymous: Option<&'s str>,
}

struct Drawing<'e> {
    evidence: &'e Evidence,
    declared: &'e Declared,
    subject: &'e Subject<'e>,
    picture: Picture,
    open: BTreeSet<Question>,
}

impl Picture {
    /// Draws as much as is known.
    pub fn draw(subject: &Subject, declared: &Declared, evidence: &Evidence) -> Picture {
        let cloud = subject.registry.and_then(crate::image::acr_cloud).unwrap_or_default();
        let network = Network { cloud, outbound: subject.outbound.clone(), ..Network::default() };
        let picture = Picture {
            network,
            needs: BTreeSet::new(),
            registry_needs: BTreeSet::new(),
            failures: Vec::new(),
            declared: false,
            doubt: None,
        };
        let mut drawing = Drawing { evidence, declared, subject, picture, open: BTreeSet::new() };
        drawing.environment();
        drawing.fill(&[]);
        drawing.picture.needs = std::mem::take(&mut drawing.open);
        if let Some(host) = subject.registry {
            drawing.fill(&[host.as_str()]);
            drawing.addresses(host.as_str());
            drawing.picture.registry_needs = std::mem::take(&mut drawing.open);
            drawing.declared.add_group_records(&mut drawing.picture.network);
        }
        drawing.picture
    }

    /// The failure that a sentence of the algebra tells of, else the sentence.
    pub fn failure(&self, why: &str) -> Failure {
        let told = self.failures.iter().find(|failure| why.contains(&failure.to_string()));
        told.cloned().unwrap_or_else(|| Failure::unreadable(why))
    }
}

impl Drawing<'_> {
    fn environment(&mut self) {
        let id = Id::new(self.subject.environment);
        let part = self.get(&id);
        self.picture.network.environment = part.map(|part| part.and_then(|json| read::environment(&json)));
    }

    fn fill(&mut self, servers: &[&str]) {
        for _ in 0..ROUNDS {
            let wanted = wants(&self.picture.network, servers);
            let filled: Vec<bool> = wanted.into_iter().map(|want| self.read(want)).collect();
            if !filled.contains(&true) {
                return;
            }
        }
    }

    /// Puts one part in; `false` while it is not answered.
    fn read(&mut self, want: Want) -> bool {
        macro_rules! put {
            ($parts:ident, $id:expr, $reader:path) => {{
                let Some(part) = self.get(&$id) else { return false };
                self.picture.network.$parts.insert($id, part.and_then(|json| $reader(&json)));
            }};
        }
        match want {
            Want::Registry(server) => return self.registry(&server),
            Want::Network(id) => put!(networks, id, read::virtual_network),
            Want::Subnet(id) => put!(subnets, id, read::subnet),
            Want::Nsg(id) => put!(nsgs, id, read::nsg),
            Want::AdminRules(id) => {
                let kind = "listNetworkManagerEffectiveSecurityAdminRules".to_owned();
                let Some(rules) = self.ask(Resource::List { scope: id.as_str().to_owned(), kind }) else {
                    return false;
                };
                self.picture.network.admin_rules.insert(id, rules.map(|json| read::admin_rules(&json)));
            }
            Want::RouteTable(id) => put!(route_tables, id, read::route_table),
            Want::NatGateway(id) => put!(nat_gateways, id, read::nat_gateway),
            Want::PublicIp(id) => put!(public_ips, id, read::public_ip),
            Want::IpGroup(id) => {
                let Some(part) = self.get(&id) else { return false };
                self.picture.network.ip_groups.insert(id, part.and_then(|json| Ok(read::ip_group(&json)?.1)));
            }
            Want::Policy(id) => return self.policy(id),
            Want::Endpoint(id) => return self.endpoint(id),
            Want::FirewallAt(address) => return self.firewalls(address),
            Want::ResolverAt(_) => return self.resolvers(),
            Want::Zones(name) => return self.zones(&name),
        }
        true
    }

    fn registry(&mut self, server: &str) -> bool {
        if let Some(id) = self.subject.declared_registry.clone()
            && let Some(body) = self.declared.get(&id)
        {
            self.picture.declared = true;
            let part = body.map_err(|failure| self.unread(failure)).and_then(|mut body| {
                body["properties"]["loginServer"] = Json::from(server);
                self.with_connections(&id, &mut body);
                let replications: Vec<Json> = self
                    .declared
                    .children(&id, "microsoft.containerregistry/registries/replications")
                    .cloned()
                    .collect();
                read::registry(&body, Some(&Json::Array(replications)))
            });
            self.picture.network.registries.insert(server.to_owned(), part);
            return true;
        }
        let Some(host) = self.subject.registry else { return false };
        let known = match self.evidence.registry(&global(host)) {
            Ok(Ok(known)) => known,
            Ok(Err(failure)) => {
                if failure.is_not_found()
                    && let Some(settled) = self.somebody_elses(server, host)
                {
                    return settled;
                }
                let failure = match failure.is_not_found() {
                    true => Failure::NotAllowed {
                        permission: "Microsoft.ContainerRegistry/registries/read".to_owned(),
                        scope: format!("the registry with login server {host}"),
                    },
                    false => failure,
                };
                let unread = self.unread(failure);
                self.picture.network.registries.insert(server.to_owned(), Err(unread));
                return true;
            }
            Err(stop) => return self.needs(stop),
        };
        let id = Id::new(known.id.clone());
        // Only Premium registries have replicas, and only to an environment's own filters do regions matter.
        let own_network =
            matches!(&self.picture.network.environment, Some(Ok(environment)) if environment.subnet.is_some());
        let premium = known.sku.as_deref().is_none_or(|sku| sku.eq_ignore_ascii_case("premium"));
        let mut replications = None;
        if own_network && premium {
            match self.ask(Resource::List { scope: known.id.clone(), kind: "replications".to_owned() }) {
                Some(answer) => replications = answer.ok(),
                None => return false,
            }
        }
        let mut body = known.json;
        self.with_connections(&id, &mut body);
        self.picture.network.registries.insert(server.to_owned(), read::registry(&body, replications.as_ref()));
        true
    }

    /// A registry that no subscription of the caller has and that anybody may pull from lets everybody in. From an environment's
    /// own network its regions would have to be known as well.
    fn somebody_elses(&mut self, server: &str, host: &Host) -> Option<bool> {
        let platform =
            matches!(&self.picture.network.environment, Some(Ok(environment)) if environment.subnet.is_none());
        let repository = self.subject.anonymous.filter(|_| platform)?;
        match self.evidence.anonymous(host, repository) {
            Ok(Ok(true)) => {
                let open = Registry { login_server: server.to_owned(), public: true, ..Registry::default() };
                self.picture.network.registries.insert(server.to_owned(), Ok(open));
                Some(true)
            }
            Ok(_) => None,
            Err(stop) => Some(self.needs(stop)),
        }
    }

    /// Adds the connections that private endpoints of the deployment will make.
    fn with_connections(&mut self, id: &Id, body: &mut Json) {
        let (more, doubt) = self.declared.connections(id);
        self.picture.doubt = doubt;
        if more.is_empty() {
            return;
        }
        self.picture.declared = true;
        if let Some(properties) = body.get_mut("properties").and_then(Json::as_object_mut) {
            let list = properties.entry("privateEndpointConnections").or_insert_with(|| Json::Array(Vec::new()));
            if !list.is_array() {
                *list = Json::Array(Vec::new());
            }
            list.as_array_mut().expect("it was just made one").extend(more);
        }
    }

    fn policy(&mut self, id: Id) -> bool {
        let (body, groups) = if self.declared.contains(&id) {
            let groups = self
                .declared
                .children(&id, "microsoft.network/firewallpolicies/rulecollectiongroups")
                .cloned()
                .collect();
            (self.get(&id), Some(Ok(Json::Array(groups))))
        } else {
            (
                self.get(&id),
                self.ask(Resource::List { scope: id.as_str().to_owned(), kind: "ruleCollectionGroups".to_owned() }),
            )
        };
        let (Some(body), Some(groups)) = (body, groups) else { return false };
        let part = body.and_then(|body| groups.and_then(|groups| read::firewall_policy(&body, &read::items(&groups))));
        self.picture.network.policies.insert(id, part);
        true
    }

    /// The endpoint; where it does not tell its addresses, as one with a zone group does not, its network interface does.
    fn endpoint(&mut self, id: Id) -> bool {
        let Some(part) = self.get(&id) else { return false };
        let mut part = part.and_then(|json| read::private_endpoint(&json));
        if let Ok(endpoint) = &mut part
            && endpoint.hosts.is_empty()
            && !self.declared.contains(&id)
        {
            for interface in endpoint.interfaces.clone() {
                let Some(answer) = self.get(&interface) else { return false };
                endpoint.hosts.extend(answer.and_then(|json| read::interface_hosts(&json)).unwrap_or_default());
            }
        }
        self.picture.network.endpoints.insert(id, part);
        true
    }

    /// The addresses that an app leaves by, where the registry lists who may come in and the platform chooses them.
    fn addresses(&mut self, server: &str) {
        let network = &self.picture.network;
        let Some(Ok(registry)) = network.registries.get(server) else { return };
        let listed = registry.public && registry.closed_by_default && !registry.allowed_addresses.is_empty();
        if !listed || !network.outbound.is_empty() || !matches!(network.environment, Some(Ok(_))) {
            return;
        }
        let own = network.subnet().ok().flatten();
        if own.is_some_and(|subnet| subnet.nat_gateway.is_some() || subnet.route_table.is_some()) {
            return;
        }
        let Some(app) = self.subject.app else { return };
        if let Some(Ok(json)) = self.ask(Resource::Get { id: app.to_owned() }) {
            self.picture.network.outbound = outbound(&json);
        }
    }

    /// A resource: declared, or read.
    fn get(&mut self, id: &Id) -> Option<Result<Json, Unread>> {
        if let Some(body) = self.declared.get(id) {
            self.picture.declared = true;
            return Some(body.map_err(|failure| self.unread(failure)));
        }
        if !id.as_str().starts_with('/') || id.as_str().contains('{') {
            let failure = Failure::Unknown {
                expression: id.as_str().to_owned(),
                why: "the deployment does not declare it, and its id is not known before".to_owned(),
            };
            return Some(Err(self.unread(failure)));
        }
        match self.evidence.resource(Resource::Get { id: id.as_str().to_owned() }) {
            Ok(Ok(json)) => Some(Ok(self.declared.with_children(id, json.clone()))),
            Ok(Err(failure)) if failure.is_not_found() => {
                Some(Err(self.unread(Failure::unreadable(format!("{id} is not there")))))
            }
            Ok(Err(failure)) => Some(Err(self.unread(failure))),
            Err(stop) => {
                self.needs(stop);
                None
            }
        }
    }

    fn ask(&mut self, resource: Resource) -> Option<Result<Json, Unread>> {
        match self.evidence.resource(resource) {
            Ok(Ok(json)) => Some(Ok(json.clone())),
            Ok(Err(failure)) => Some(Err(self.unread(failure))),
            Err(stop) => {
                self.needs(stop);
                None
            }
        }
    }

    fn needs(&mut self, stop: Stop) -> bool {
        if let Stop::Need(question) = stop {
            self.open.insert(question);
        }
        false
    }

    fn unread(&mut self, failure: Failure) -> Unread {
        let unread = Unread::new(failure.to_string());
        self.picture.failures.push(failure);
        unread
    }
}

/// `properties.outboundIpAddresses` of an app.
pub fn outbound(app: &Json) -> Vec<IpAddr> {
    let list = app.pointer("/properties/outboundIpAddresses").and_then(Json::as_array);
    list.into_iter().flatten().filter_map(|address| address.as_str()?.parse().ok()).collect()
}

/// The login server that a regional endpoint belongs to; any other host itself.
fn global(host: &Host) -> Host {
    let acr = host.acr().filter(|acr| matches!(acr.endpoint, Endpoint::Geo(_)));
    let login = acr.and_then(|acr| Host::parse(&format!("{}.{}", acr.label, acr.cloud.acr_suffix())).ok());
    login.unwrap_or_else(|| host.clone())
}
