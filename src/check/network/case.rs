//! What the checks of the network look at: a workload, and the story of each registry that it pulls from.
//!
//! Stories are told once for an environment and a registry, however many workloads share them, and all that is missing is
//! asked at once.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::egress::{Barrier, Id};
use crate::evidence::{Evidence, Failure, Question, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{Host as RegistryHost, ImageRef};
use crate::manifest::{Condition, Credential, Found, Host, Manifest, Origin, Partial, Pull, Workload, set};
use crate::value::Value;

use super::declared::Declared;
use super::picture::{self, Picture, Subject};
use super::remedy;
use super::story::{Blocked, Outcome, Story, Topic};

/// One workload of a manifest.
#[derive(Debug)]
pub struct Case<'m> {
    pub workload: &'m Workload,
    /// One for each registry and way to log in there.
    pub ways: Vec<Way<'m>>,
    /// Why there is nothing to look at, or not everything.
    pub stop: Option<Stop>,
    lacks_environment: bool,
}

const TOLD: &str = "`registry-egress-closed` says what is not known";

/// A registry that the workload pulls from.
#[derive(Debug)]
pub struct Way<'m> {
    pub host: String,
    /// Where the environment is named; the workload when it is not.
    pub environment: Option<&'m Value>,
    pub story: Rc<Story>,
}

/// The stories that were told.
#[derive(Debug, Default)]
pub struct Cases {
    declared: Option<Declared>,
    stories: BTreeMap<Key, Rc<Story>>,
    needs: BTreeSet<Question>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    environment: String,
    host: String,
    identity: bool,
    vault: Option<String>,
}

impl Cases {
    /// The case of a workload.
    pub fn of<'m>(&mut self, manifest: &'m Manifest, workload: &'m Workload, evidence: &Evidence) -> Case<'m> {
        let environment = self.environment(workload, evidence);
        let lacks_environment = environment.is_err();
        let (ways, stop) = match environment {
            Ok(environment) => self.ways(manifest, workload, &environment, evidence),
            Err(stop) => (Vec::new(), Some(stop)),
        };
        if let Some(Stop::Need(question)) = &stop {
            self.needs.insert(question.clone());
        }
        Case { workload, ways, stop, lacks_environment }
    }

    /// Everything that some case lacks.
    pub fn needs(self) -> BTreeSet<Question> {
        self.needs
    }

    /// The id of the environment, also of a live app whose file leaves it out.
    fn environment(&mut self, workload: &Workload, evidence: &Evidence) -> Result<String, Stop> {
        let in_apps = matches!(workload.host, Host::ContainerApp | Host::Job | Host::SessionPool);
        let of_site = |value: &Value| value.canonical().is_some_and(|id| id.contains("/managedenvironments/"));
        if !in_apps && !workload.environment.as_ref().is_some_and(of_site) {
            return Err(Stop::NotApplicable("it does not run in a Container Apps environment"));
        }
        if let Some(id) = &workload.environment {
            return match id.as_str().map(str::to_owned).or_else(|| id.canonical()) {
                Some(text) if text.to_lowercase().contains("/connectedenvironments/") => {
                    Err(Stop::NotApplicable("the environment is on a cluster of one's own"))
                }
                Some(text) => Ok(text),
                None => Err(Stop::NotApplicable("the id of the environment is no text")),
            };
        }
        let app = workload.id.as_ref().and_then(Value::as_str).filter(|id| id.starts_with('/'));
        let Some(app) = app.filter(|_| workload.origin != Origin::Declared) else {
            if workload.origin != Origin::Declared && evidence.is_offline() {
                return Err(Stop::NotApplicable("the file leaves the environment out: it stays as it is in Azure"));
            }
            let why = "the file does not tell in which environment it runs";
            return Err(Stop::Unverified(Failure::left_out("environmentId", why)));
        };
        let json = evidence.resource(Resource::Get { id: app.to_owned() })?.map_err(Stop::Unverified)?;
        let ids = ["/properties/environmentId", "/properties/managedEnvironmentId"];
        let found = ids.iter().find_map(|pointer| json.pointer(pointer)?.as_str());
        found
            .map(str::to_owned)
            .ok_or_else(|| Stop::Unverified(Failure::unreadable("Azure's answer about the app names no environment")))
    }

    fn ways<'m>(
        &mut self,
        manifest: &'m Manifest,
        workload: &'m Workload,
        environment: &str,
        evidence: &Evidence,
    ) -> (Vec<Way<'m>>, Option<Stop>) {
        let mut ways: Vec<Way> = Vec::new();
        let mut stop = None;
        for container in &workload.containers {
            let pull = Pull { manifest, workload, container };
            let host = match pull.host() {
                Ok(host) => host,
                Err(why) => {
                    stop = stop.or(Some(why));
                    continue;
                }
            };
            let declared = match manifest.planned.registry_of(&host) {
                Found::One(registry) if !registry.existing && registry.condition != Condition::Never => {
                    registry.id.canonical().map(Id::new)
                }
                _ => None,
            };
            let Some(name) = host_name(&host, declared.as_ref()) else {
                let why = "the registry is not known before the deployment".to_owned();
                stop = stop.or(Some(Stop::Unverified(Failure::Unknown { expression: host.as_str().to_owned(), why })));
                continue;
            };
            let key = Key {
                environment: environment.to_lowercase(),
                identity: matches!(pull.credential(), Ok(Credential::Identity(_))),
                vault: vault(&pull),
                host: name.clone(),
            };
            let story = match self.stories.get(&key) {
                Some(story) => story.clone(),
                None => {
                    let anonymous =
                        matches!(pull.credential(), Ok(Credential::Anonymous)).then(|| pull.image().ok()).flatten();
                    self.tell(key, manifest, environment, declared, anonymous, evidence)
                }
            };
            if !ways.iter().any(|way| Rc::ptr_eq(&way.story, &story)) {
                ways.push(Way { host: name, environment: workload.environment.as_ref(), story });
            }
        }
        if ways.is_empty() && stop.is_none() {
            stop = Some(Stop::NotApplicable("the workload has no containers"));
        }
        (ways, stop)
    }

    fn tell(
        &mut self,
        key: Key,
        manifest: &Manifest,
        environment: &str,
        registry: Option<Id>,
        anonymous: Option<ImageRef>,
        evidence: &Evidence,
    ) -> Rc<Story> {
        let declared = self.declared.get_or_insert_with(|| Declared::of(&manifest.planned));
        let parsed = RegistryHost::parse(&key.host).ok().filter(crate::image::is_acr);
        let here = |one: &&Rc<Workload>| {
            one.environment.as_ref().and_then(Value::canonical).is_some_and(|id| id == key.environment)
        };
        let mates = || manifest.workloads.iter().filter(here);
        let told = |one: &Rc<Workload>| Some(picture::outbound(&addresses(one))).filter(|known| !known.is_empty());
        let subject = Subject {
            environment,
            registry: parsed.as_ref(),
            declared_registry: registry,
            outbound: mates().find_map(told).unwrap_or_default(),
            app: mates().find_map(|one| one.id.as_ref()?.as_str().filter(|id| id.starts_with('/'))),
            anonymous: anonymous.as_ref().map(|image| image.repository.as_str()),
        };
        let picture = Picture::draw(&subject, declared, evidence);
        self.needs.extend(picture.needs.iter().chain(&picture.registry_needs).cloned());
        let story = Rc::new(Story::tell(picture, &key.host, key.identity, key.vault.as_deref()));
        self.stories.insert(key, story.clone());
        story
    }
}

impl Case<'_> {
    /// A finding for each thing of these topics that is closed by what `tell` knows to tell about.
    ///
    /// # Errors
    /// *Not applicable* where another check decides.
    pub fn report(
        &self,
        topics: &[Topic],
        tell: impl Fn(&Way, &Blocked) -> Option<Finding>,
    ) -> Result<Vec<Finding>, Stop> {
        let mut findings = Vec::new();
        let mut open = false;
        for way in &self.ways {
            let blocked = way.story.blocked().filter(|blocked| topics.contains(&blocked.topic));
            for finding in blocked.filter_map(|blocked| tell(way, blocked)) {
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
            open |= topics
                .iter()
                .all(|topic| matches!(way.story.outcome(*topic), Outcome::Open(_) | Outcome::NotNeeded(_)));
        }
        match self.silent() {
            _ if open || !findings.is_empty() => Ok(findings),
            Some(why) => Err(Stop::NotApplicable(why)),
            None => Err(Stop::NotApplicable("what is closed or not known is told by another check")),
        }
    }

    /// The same for the check that carries what is not known of a topic.
    ///
    /// # Errors
    /// *Need* and *unverified* of the topic; *not applicable* where nothing needs it or another check reports it.
    pub fn decide(&self, topic: Topic, tell: impl Fn(&Way, &Blocked) -> Option<Finding>) -> Result<Vec<Finding>, Stop> {
        let findings = self.report(&[topic], tell).unwrap_or_default();
        if !findings.is_empty() {
            return Ok(findings);
        }
        let (mut passes, mut graver) = (false, self.gap(topic));
        for way in &self.ways {
            let stop = match way.story.outcome(topic) {
                Outcome::Open(_) => {
                    passes = true;
                    continue;
                }
                Outcome::Blocked(_) => Stop::NotApplicable("another check reports what closes the way"),
                Outcome::Follows(_) => {
                    Stop::NotApplicable("what closes it closes something before it, which another check reports")
                }
                Outcome::Unknown(failure, _) if is_told(way, topic, failure) => Stop::NotApplicable(TOLD),
                Outcome::Unknown(failure, _) => Stop::Unverified(failure.clone()),
                Outcome::Need(question) => Stop::Need(question.clone()),
                Outcome::NotNeeded(why) => Stop::NotApplicable(why),
            };
            graver = Some(match graver {
                Some(known) if rank(&known) >= rank(&stop) => known,
                _ => stop,
            });
        }
        match graver {
            Some(stop) if rank(&stop) > 0 || !passes => Err(stop),
            _ => Ok(findings),
        }
    }

    /// A finding for each environment, whatever the topic, once its network is known.
    ///
    /// # Errors
    /// *Not applicable* while it is not, or where there is none.
    pub fn each(&self, tell: impl Fn(&Way) -> Option<Finding>) -> Result<Vec<Finding>, Stop> {
        if let Some(why) = self.silent() {
            return Err(Stop::NotApplicable(why));
        }
        let mut findings = Vec::new();
        for finding in self.ways.iter().filter_map(tell) {
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
        Ok(findings)
    }

    /// A finding about what is closed, where the environment is named, with every decision on the way.
    pub fn finding(&self, way: &Way, blocked: &Blocked, title: impl Into<String>) -> Finding {
        let mut finding = self.about(way, title);
        finding.detail.extend(decisions(blocked).into_iter().filter(|line| *line != finding.title));
        for (topic, _) in &blocked.also {
            finding = finding.detail(format!("the same keeps the environment from {}", topic.name()));
        }
        for command in remedy::open(way.story.network(), blocked) {
            finding = finding.command(command);
        }
        // What the deployment does not declare, another one may add before the first pull.
        let may_be_added = matches!(
            blocked.barrier,
            Barrier::NoPrivateEndpoint { .. }
                | Barrier::ZoneNotLinked { .. }
                | Barrier::RecordMissing { .. }
                | Barrier::Peering { .. }
                | Barrier::AddressNotAllowed { .. }
        );
        if way.story.picture.declared && may_be_added { finding.severity(Severity::Warning) } else { finding }
    }

    /// A finding where the environment is named.
    pub fn about(&self, way: &Way, title: impl Into<String>) -> Finding {
        match way.environment {
            Some(id) if id.at.is_written() || id.via.nearest().is_some() => Finding::at_value(id, title),
            _ => Finding::at(self.workload.at, title),
        }
    }

    fn silent(&self) -> Option<&'static str> {
        match &self.stop {
            Some(Stop::NotApplicable(why)) if self.ways.is_empty() => Some(why),
            Some(_) if self.ways.is_empty() => Some(TOLD),
            _ if self.ways.iter().all(|way| way.story.environment().is_err()) => Some(TOLD),
            _ => None,
        }
    }

    /// Why a topic is not known for a part of the workload. An image that is not known is told once.
    fn gap(&self, topic: Topic) -> Option<Stop> {
        match &self.stop {
            Some(Stop::NotApplicable(why)) => Some(Stop::NotApplicable(why)),
            Some(stop)
                if topic == Topic::Registry
                    || (topic == Topic::Token && self.ways.is_empty() && self.lacks_environment) =>
            {
                Some(stop.clone())
            }
            Some(_) => Some(Stop::NotApplicable(TOLD)),
            None => None,
        }
    }
}

/// Whether another carrier of the same question tells of the same gap.
fn is_told(way: &Way, topic: Topic, failure: &Failure) -> bool {
    let first = match topic {
        Topic::Layers | Topic::Platform => Topic::Registry,
        Topic::Vault => Topic::Token,
        Topic::Registry | Topic::Token => return false,
    };
    matches!(way.story.outcome(first), Outcome::Unknown(known, _) if known == failure)
}

/// The decisions on the way that lead to what is closed. Of several hosts the first that is closed is told of.
fn decisions(blocked: &Blocked) -> Vec<String> {
    let chain = blocked.reach.chain.iter();
    match &blocked.barrier {
        Barrier::Nsg { target, .. } | Barrier::Firewall { target, .. } | Barrier::Route { target, .. } => {
            let about = format!(" {target}");
            chain.filter(|line| line.contains(&about) && !line.contains("leads straight to")).cloned().collect()
        }
        barrier => {
            let told = barrier.to_string();
            chain.take(1).filter(|line| **line != told).cloned().collect()
        }
    }
}

fn rank(stop: &Stop) -> u8 {
    match stop {
        Stop::NotApplicable(_) => 0,
        Stop::Unverified(_) => 1,
        Stop::Need(_) => 2,
    }
}

/// The host of a pull; for a registry of the deployment its login server, as its name makes it.
fn host_name(host: &Partial, declared: Option<&Id>) -> Option<String> {
    match (host.is_known(), declared) {
        (true, _) => Some(host.as_str().to_owned()),
        (false, Some(id)) => Some(format!("{}.azurecr.io", id.name().to_lowercase())),
        (false, None) => None,
    }
}

/// The host of the vault that the pull's password is read from.
fn vault(pull: &Pull) -> Option<String> {
    let Ok(Credential::Password { secret: Some(secret), .. }) = pull.credential() else { return None };
    let name = secret.canonical()?;
    let entry = pull
        .workload
        .secrets
        .entries
        .iter()
        .find(|entry| entry.name.as_ref().and_then(Value::canonical).as_ref() == Some(&name))?;
    let url = entry.key_vault_url.as_ref()?.as_str()?;
    let host = url.split_once("://")?.1.split('/').next()?;
    (!host.is_empty()).then(|| host.to_lowercase())
}

/// The part of an export that tells the addresses which the app leaves by.
fn addresses(workload: &Workload) -> serde_json::Value {
    let list = workload
        .body
        .get("properties")
        .and_then(|properties| set(properties, "outboundIpAddresses"))
        .and_then(Value::as_array);
    let texts: Vec<&str> = list.into_iter().flatten().filter_map(Value::as_str).collect();
    serde_json::json!({ "properties": { "outboundIpAddresses": texts } })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::check::network::world::{HOST, id, world};

    /// A template with this many apps in one environment.
    fn apps(count: usize) -> String {
        let app = |number: usize| {
            json!({"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": format!("app{number}"), "identity": {"type": "SystemAssigned"},
                "properties": {"environmentId": id("managedEnvironments", "cae"),
                    "configuration": {"registries": [{"server": HOST, "identity": "system"}]},
                    "template": {"containers": [{"name": "api", "image": format!("{HOST}/api{number}:v1")}]}}})
        };
        let resources: Vec<_> = (0..count).map(app).collect();
        json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
            "resources": resources})
        .to_string()
    }

    #[test]
    fn two_hundred_workloads_in_one_environment_ask_no_more_than_one() {
        let world = world().closed().endpoint("Approved").zone_right().group(&["200 Deny Sql"]);
        let asked = |count: usize| world.answer(&apps(count)).1;
        assert_eq!(asked(200), asked(1));
    }

    #[test]
    fn an_environment_in_the_platforms_network_asks_for_itself_and_the_registry() {
        assert_eq!(world().platform().answer(&apps(3)).1, 2);
    }
}
