//! What is known of the world: questions, their answers, and why an answer is missing.
//!
//! Checks read evidence through the typed methods here; what was not asked yet comes back as [`Stop::Need`]. A refusal or a
//! 404 is an answer. Evidence is data: it can be saved, replayed and written by hand, and never holds a secret.

mod answers;
mod asked;
mod failure;
mod file;
mod question;
mod registry;

pub use answers::{Attributes, Entry, Login, Picked, Platform, Quota, Reply, Resolution, Resolved};
pub use asked::Asked;
pub use failure::Failure;
pub use file::EvidenceError;
pub use question::{Question, Resource};
pub use registry::Registry;

use std::collections::BTreeMap;

use crate::image::{Host, ImageRef};

/// An answer, or why there is none. Often the failure *is* the evidence.
pub type Answer<T> = Result<T, Failure>;

/// Why a check stopped before reaching a verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// Ask this and call me again.
    Need(Question),
    /// It was asked and cannot be known.
    Unverified(Failure),
    /// There is nothing to judge here, and why.
    NotApplicable(&'static str),
}

/// Every answer of this run, by question.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    answers: BTreeMap<Question, Answer<Reply>>,
    /// Questions that this run does not ask (`--offline`, or no way to ask): they stay needs and become *not asked*.
    offline: bool,
}

impl Evidence {
    /// Evidence of a run that asks nothing.
    pub fn offline(mut self) -> Evidence {
        self.offline = true;
        self
    }

    pub fn is_offline(&self) -> bool {
        self.offline
    }

    /// Keeps an answer; the last one counts.
    pub fn insert(&mut self, question: Question, answer: Answer<Reply>) {
        self.answers.insert(question, answer);
    }

    pub fn contains(&self, question: &Question) -> bool {
        self.answers.contains_key(question)
    }

    /// Forgets an answer, so that it is asked again.
    pub fn forget(&mut self, question: &Question) {
        self.answers.remove(question);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Question, &Answer<Reply>)> {
        self.answers.iter()
    }

    /// With one more answer; for tables of tests.
    pub fn with(mut self, question: Question, answer: Answer<Reply>) -> Evidence {
        self.insert(question, answer);
        self
    }

    /// What the registry has under this reference, with the child that `platform` runs.
    pub fn image(&self, image: &ImageRef, platform: &Platform) -> Result<Answer<&Resolved>, Stop> {
        let question = Question::Image { image: image.clone(), platform: platform.clone() };
        self.read(question, |reply| if let Reply::Image(resolved) = reply { Some(resolved.as_ref()) } else { None })
    }

    /// Whether the repository can be pulled without any credential.
    pub fn anonymous(&self, registry: &Host, repository: &str) -> Result<Answer<bool>, Stop> {
        let question = Question::Anonymous { registry: registry.clone(), repository: repository.to_owned() };
        self.read(question, |reply| if let Reply::Flag(flag) = reply { Some(*flag) } else { None })
    }

    /// Whether an image can be pulled without credentials: the registry's answer about it tells where it was asked without any,
    /// so that only who is logged in asks once more.
    pub fn open_to_all(&self, image: &ImageRef, platform: &Platform) -> Result<Answer<bool>, Stop> {
        let asked = self.anonymous(&image.registry, &image.repository);
        if asked.is_ok() {
            return asked;
        }
        match self.image(image, platform)? {
            Ok(resolved) if resolved.anonymous => Ok(Ok(true)),
            Err(Failure::Refused { anonymous: true, .. }) => Ok(Ok(false)),
            _ => asked,
        }
    }

    /// The tags of a repository: to help after a failure, never to decide.
    pub fn tags(&self, registry: &Host, repository: &str) -> Result<Answer<&[String]>, Stop> {
        let question = Question::Tags { registry: registry.clone(), repository: repository.to_owned() };
        self.read(question, Reply::names)
    }

    /// The repositories of a registry: to help after a failure, never to decide.
    pub fn repositories(&self, registry: &Host) -> Result<Answer<&[String]>, Stop> {
        self.read(Question::Repositories { registry: registry.clone() }, Reply::names)
    }

    /// The anonymous or personal pull quota that Docker Hub tells in its headers.
    pub fn quota(&self, image: &ImageRef) -> Result<Answer<Quota>, Stop> {
        let question = Question::Quota { image: image.clone() };
        self.read(question, |reply| if let Reply::Quota(quota) = reply { Some(quota.clone()) } else { None })
    }

    /// What the registry says of a repository, tag and manifest beyond the image: locks, times.
    pub fn attributes(&self, image: &ImageRef) -> Result<Answer<&Attributes>, Stop> {
        let question = Question::Attributes { image: image.clone() };
        self.read(
            question,
            |reply| if let Reply::Attributes(attributes) = reply { Some(attributes.as_ref()) } else { None },
        )
    }

    /// The tags of a repository that were deleted and can still be restored.
    pub fn deleted_tags(&self, registry: &Host, repository: &str) -> Result<Answer<&[String]>, Stop> {
        let question = Question::DeletedTags { registry: registry.clone(), repository: repository.to_owned() };
        self.read(question, Reply::names)
    }

    /// Whether the registry takes a user name and a password. The password is looked up by the probe, never kept.
    pub fn login(&self, registry: &Host, repository: &str, login: &Login) -> Result<Answer<bool>, Stop> {
        let question =
            Question::Login { registry: registry.clone(), repository: repository.to_owned(), login: login.clone() };
        self.read(question, |reply| if let Reply::Flag(flag) = reply { Some(*flag) } else { None })
    }

    /// What the runner sees of a host: names, connection, TLS, status.
    pub fn reach(&self, host: &Host) -> Result<Answer<&Resolution>, Stop> {
        let question = Question::Reach { host: host.clone() };
        self.read(
            question,
            |reply| if let Reply::Resolution(resolution) = reply { Some(resolution.as_ref()) } else { None },
        )
    }

    /// The registry resource whose login server is this host; found by asking, never by cutting the host.
    pub fn registry(&self, host: &Host) -> Result<Answer<Registry>, Stop> {
        let question = Question::Registry { host: host.clone() };
        let json = self.read(question, |reply| if let Reply::Json(json) = reply { Some(json) } else { None })?;
        Ok(json.and_then(Registry::read))
    }

    /// A question to Resource Manager, as it was answered.
    pub fn resource(&self, resource: Resource) -> Result<Answer<&serde_json::Value>, Stop> {
        self.read(Question::Resource(resource), |reply| if let Reply::Json(json) = reply { Some(json) } else { None })
    }

    fn read<'e, T>(&'e self, question: Question, pick: impl FnOnce(&'e Reply) -> Option<T>) -> Result<Answer<T>, Stop> {
        match self.answers.get(&question) {
            None => Err(Stop::Need(question)),
            Some(Err(failure)) => Ok(Err(failure.clone())),
            Some(Ok(reply)) => Ok(pick(reply).ok_or_else(|| Failure::unreadable("an answer of another kind"))),
        }
    }
}
