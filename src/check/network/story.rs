//! What a pull needs of the network, one after the other, and the first cause of each that is closed.
//!
//! The order is that of a pull: the registry, its layers, the token; then what the platform itself needs. A rule that closes
//! several of them is one cause: it is reported where it strikes first.

use crate::egress::{Barrier, Need, Network, Reach, Verdict, reach};
use crate::evidence::{Failure, Question, Stop};

use super::picture::Picture;

/// What must be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Registry,
    Layers,
    /// The Entra token of the identity that pulls, or that reads the password from a vault.
    Token,
    Vault,
    /// The platform's own images, without which no environment starts anything.
    Platform,
}

impl Topic {
    pub const ALL: [Topic; 5] = [Topic::Registry, Topic::Layers, Topic::Token, Topic::Vault, Topic::Platform];

    /// What is kept from the environment, in words.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Registry => "the registry",
            Topic::Layers => "the layers of the images",
            Topic::Token => "Microsoft Entra ID",
            Topic::Vault => "the key vault",
            Topic::Platform => "the platform's own images",
        }
    }
}

/// Whether one need is met.
#[derive(Clone, Debug)]
pub enum Outcome {
    Open(Reach),
    /// Closed, and nothing before it is closed by the same thing.
    Blocked(Box<Blocked>),
    /// Closed by what closes this one before it.
    Follows(Topic),
    Unknown(Failure, Reach),
    Need(Question),
    /// The pull does not need it.
    NotNeeded(&'static str),
}

/// What is closed, by what.
#[derive(Clone, Debug)]
pub struct Blocked {
    pub topic: Topic,
    pub need: Need,
    pub barrier: Barrier,
    pub reach: Reach,
    /// What the same thing closes besides, with the barrier there.
    pub also: Vec<(Topic, Barrier)>,
}

/// Everything about one environment and one registry.
#[derive(Debug)]
pub struct Story {
    pub picture: Picture,
    outcomes: Vec<(Topic, Outcome)>,
}

impl Story {
    /// Tells it for a host; `identity` when a managed identity pulls, `vault` where the password lies in one.
    pub fn tell(picture: Picture, host: &str, identity: bool, vault: Option<&str>) -> Story {
        let network = &picture.network;
        let mut outcomes: Vec<(Topic, Outcome)> = Vec::new();
        for topic in Topic::ALL {
            let outcome = match needs(network, topic, host, identity, vault) {
                Err(why) => Outcome::NotNeeded(why),
                Ok(needs) => outcome(&picture, topic, &needs),
            };
            let outcome = follow(&mut outcomes, outcome);
            outcomes.push((topic, outcome));
        }
        Story { picture, outcomes }
    }

    pub fn network(&self) -> &Network {
        &self.picture.network
    }

    pub fn outcome(&self, topic: Topic) -> &Outcome {
        let found = self.outcomes.iter().find(|(one, _)| *one == topic);
        &found.expect("every topic has an outcome").1
    }

    /// What is closed, in the order of a pull.
    pub fn blocked(&self) -> impl Iterator<Item = &Blocked> {
        self.outcomes.iter().filter_map(|(_, outcome)| {
            if let Outcome::Blocked(blocked) = outcome { Some(blocked.as_ref()) } else { None }
        })
    }

    /// Nothing when the environment's network is known, else what to ask first.
    ///
    /// # Errors
    /// *Need* of a part.
    pub fn environment(&self) -> Result<(), Stop> {
        first(self.picture.needs.iter().next())
    }

    /// The same for the registry and its doors.
    ///
    /// # Errors
    /// *Need* of a part.
    pub fn doors(&self) -> Result<(), Stop> {
        first(self.picture.needs.iter().chain(&self.picture.registry_needs).next())
    }
}

fn first(question: Option<&Question>) -> Result<(), Stop> {
    question.map_or(Ok(()), |question| Err(Stop::Need(question.clone())))
}

fn needs(
    network: &Network,
    topic: Topic,
    host: &str,
    identity: bool,
    vault: Option<&str>,
) -> Result<Vec<Need>, &'static str> {
    let of_azure = network.cloud.is_registry(host);
    match topic {
        Topic::Registry if of_azure => Ok(vec![Need::Registry { login_server: host.to_owned() }]),
        Topic::Registry if host == network.cloud.microsoft_registry() => Ok(vec![Need::MicrosoftContainerRegistry]),
        Topic::Registry => Ok(vec![Need::Host { host: host.to_owned() }]),
        Topic::Layers if of_azure => Ok(vec![Need::Layers { login_server: host.to_owned() }]),
        Topic::Layers => Err("the layers come from hosts of the registry"),
        Topic::Token if identity || vault.is_some() => Ok(vec![Need::Entra]),
        Topic::Token => Err("no managed identity pulls"),
        Topic::Vault => match vault {
            Some(host) => Ok(vec![Need::KeyVault { host: host.to_owned() }]),
            None => Err("no password lies in a key vault"),
        },
        Topic::Platform => Ok(vec![Need::MicrosoftContainerRegistry, Need::FrontDoorFirstParty, Need::Cluster]),
    }
}

fn outcome(picture: &Picture, topic: Topic, needs: &[Need]) -> Outcome {
    let mut open = picture
        .needs
        .iter()
        .chain(picture.registry_needs.iter().filter(|_| matches!(topic, Topic::Registry | Topic::Layers)));
    if let Some(question) = open.next() {
        return Outcome::Need(question.clone());
    }
    let mut whole: Option<Outcome> = None;
    for need in needs {
        let reach = reach(&picture.network, need);
        let outcome = match &reach.verdict {
            Verdict::Open => Outcome::Open(reach),
            Verdict::Blocked(Barrier::NoPrivateEndpoint { .. }) if picture.doubt.is_some() => {
                let why = picture.doubt.clone().unwrap_or_default();
                Outcome::Unknown(Failure::Unknown { expression: "privateLinkServiceId".to_owned(), why }, reach)
            }
            Verdict::Blocked(barrier) => {
                let blocked = Blocked { topic, need: need.clone(), barrier: barrier.clone(), reach, also: Vec::new() };
                return Outcome::Blocked(Box::new(blocked));
            }
            Verdict::Unknown(why) => Outcome::Unknown(picture.failure(why), reach),
        };
        whole = match whole {
            Some(Outcome::Unknown(failure, reach)) => Some(Outcome::Unknown(failure, reach)),
            _ => Some(outcome),
        };
    }
    whole.unwrap_or(Outcome::NotNeeded("nothing is needed"))
}

/// A cause that closed something before is not another cause.
fn follow(before: &mut [(Topic, Outcome)], outcome: Outcome) -> Outcome {
    let Outcome::Blocked(blocked) = outcome else { return outcome };
    let cause = Cause::of(&blocked.barrier);
    for (topic, earlier) in before {
        if let Outcome::Blocked(earlier) = earlier
            && Cause::of(&earlier.barrier) == cause
        {
            earlier.also.push((blocked.topic, blocked.barrier));
            return Outcome::Follows(*topic);
        }
    }
    Outcome::Blocked(blocked)
}

/// What is to be changed: two barriers with one cause are opened together.
#[derive(PartialEq, Eq)]
struct Cause(&'static str, String, String);

impl Cause {
    fn of(barrier: &Barrier) -> Cause {
        let cause = |kind, one: &dyn std::fmt::Display, other: &dyn std::fmt::Display| {
            Cause(kind, one.to_string().to_lowercase(), other.to_string().to_lowercase())
        };
        match barrier {
            Barrier::NoOwnNetwork { registry } => cause("registry", registry, &""),
            Barrier::NoPrivateEndpoint { registry, .. } => cause("endpoint", registry, &""),
            Barrier::AddressNotAllowed { registry, .. } => cause("addresses", registry, &""),
            Barrier::EndpointNotApproved { endpoint, .. } => cause("approval", endpoint, &""),
            Barrier::Peering { from, to, .. } => cause("peering", from, to),
            Barrier::ZoneNotLinked { network, .. } => cause("link", network, &""),
            Barrier::RecordMissing { zone, .. } => cause("record", zone, &""),
            Barrier::RecordStale { zone, .. } => cause("stale", zone, &""),
            Barrier::Nsg { nsg, rule, .. } => cause("nsg", nsg, rule),
            Barrier::Route { table, route, .. } => cause("route", table, route),
            Barrier::Firewall { firewall, rule, .. } => cause("firewall", firewall, rule),
        }
    }
}
