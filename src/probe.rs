//! The only part that talks to the world: questions in, answers out.
//!
//! Everything is asked at once, within the bounds of [`http::HttpOptions`]; every question leaves an entry in the evidence,
//! if only a failure.

mod acr;
mod arm;
mod clients;
mod cloud;
pub mod connect;
pub mod credential;
pub mod docker_config;
pub mod environment;
pub mod http;
mod network;
mod refusal;
pub mod registry;
mod secret;
mod transport;
mod trouble;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};

use crate::cloud::Cloud;
use crate::evidence::{Answer, Evidence, Failure, Question, Reply};
use crate::image::Host;
use arm::Arm;
use credential::{Caller, Chain};
use docker_config::DockerConfig;
use environment::Environment;
use http::{Http, HttpError, HttpOptions};
use network::Network;
use registry::Registries;

pub use arm::REDACTED;
pub use secret::Secret;

/// What the probe is made of.
#[derive(Debug)]
pub struct Options {
    pub http: HttpOptions,
    pub cloud: Cloud,
    /// Entra's tenant, for login programs that know several.
    pub tenant: Option<String>,
    /// Registries that may be asked over plain HTTP.
    pub plain_http: Vec<String>,
    pub environment: Environment,
    /// The passwords that the manifest configures, by the name of their secret.
    pub passwords: HashMap<String, Secret>,
}

/// The world.
pub struct Probe {
    http: Arc<Http>,
    chain: Arc<Chain>,
    arm: Arm,
    network: Network,
    registries: Registries,
    passwords: HashMap<String, Secret>,
}

impl Probe {
    /// Reads the Docker configuration and the environment's credentials; asks nothing yet.
    pub fn new(options: Options) -> Result<Probe, HttpError> {
        let Options { http, cloud, tenant, plain_http, environment, passwords } = options;
        let http = Arc::new(Http::new(&http)?);
        let chain = Arc::new(Chain::new(http.clone(), &environment, cloud, tenant.as_deref()));
        let docker = DockerConfig::from_environment(&environment);
        let registries = Registries::new(http.clone(), docker, Some(chain.clone()), cloud, plain_http);
        let (arm, network) = (Arm::new(&http, &chain), Network::new(http.clone(), &environment));
        Ok(Probe { http, chain, arm, network, registries, passwords })
    }

    /// Keeps the passwords that the manifest configures, once it is read.
    pub fn know(&mut self, passwords: HashMap<String, Secret>) {
        self.passwords = passwords;
    }

    /// Requests sent so far.
    pub fn requests(&self) -> usize {
        self.http.sent()
    }

    /// Who the caller is; fails when no credential works.
    pub async fn caller(&self) -> Answer<Caller> {
        self.chain.caller().await
    }

    /// The credentials that the environment does not offer, and why.
    pub fn skipped_credentials(&self) -> Vec<String> {
        self.chain.skipped()
    }

    /// Answers all questions, concurrently. `progress` is told after each answer how many of how many are there.
    pub async fn answer(&self, needs: BTreeSet<Question>, evidence: &mut Evidence, progress: impl Fn(usize, usize)) {
        let total = needs.len();
        let mut answers: FuturesUnordered<_> = needs
            .into_iter()
            .map(|question| {
                let known = digest_of(&question, evidence);
                async move {
                    let answer = match self.ask(&question, known.as_deref()).await {
                        Err(failure) => Err(self.explained(failure).await),
                        answer => answer,
                    };
                    (question, answer)
                }
            })
            .collect();
        let mut received = Vec::with_capacity(total);
        while let Some(answer) = answers.next().await {
            received.push(answer);
            progress(received.len(), total);
        }
        drop(answers);
        for (question, answer) in received {
            evidence.insert(question, answer);
        }
    }

    async fn ask(&self, question: &Question, digest: Option<&str>) -> Answer<Reply> {
        let registries = &self.registries;
        match question {
            Question::Image { image, platform } => {
                registries.image(image, platform).await.map(|resolved| Reply::Image(Box::new(resolved)))
            }
            Question::Anonymous { registry, repository } => {
                registries.anonymous(registry, repository).await.map(Reply::Flag)
            }
            Question::Tags { registry, repository } => registries.tags(registry, repository).await.map(Reply::Names),
            Question::Repositories { registry } => registries.repositories(registry).await.map(Reply::Names),
            Question::DeletedTags { registry, repository } => {
                registries.deleted_tags(registry, repository).await.map(Reply::Names)
            }
            Question::Quota { image } => registries.quota(image).await.map(Reply::Quota),
            Question::Attributes { image } => {
                registries.attributes(image, digest).await.map(|attributes| Reply::Attributes(Box::new(attributes)))
            }
            Question::Login { registry, repository, login } => {
                let password = self.passwords.get(&login.secret).cloned().ok_or_else(|| Failure::Skipped {
                    why: format!("the value of the secret `{}` is not in the manifest", login.secret),
                })?;
                registries.login(registry, repository, &login.username, password).await.map(Reply::Flag)
            }
            Question::Reach { host } => self.reach(host).await,
            Question::Registry { host } => self.arm.registry(host).await.map(Reply::Json),
            Question::Resource(resource) => self.arm.resource(resource, &self.passwords).await.map(Reply::Json),
        }
    }

    async fn reach(&self, host: &Host) -> Answer<Reply> {
        let seen = self.network.reach(host, self.registries.is_plain(host)).await;
        seen.map(|resolution| Reply::Resolution(Box::new(resolution)))
    }

    /// A name that does not resolve, with the alias that it ended in; a certificate that is not trusted, with who signed it.
    async fn explained(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Name { host, last: None } => {
                let last = self.network.last_alias(&host).await;
                Failure::Name { host, last }
            }
            Failure::Tls { host, reason } if reason == trouble::untrusted(None) => {
                let issuer = self.network.stranger(&host).await;
                Failure::Tls { host, reason: trouble::untrusted(issuer.as_deref()) }
            }
            other => other,
        }
    }
}

/// The digest that an image was found to have, for questions that need it.
fn digest_of(question: &Question, evidence: &Evidence) -> Option<String> {
    let Question::Attributes { image } = question else { return None };
    evidence.iter().find_map(|(asked, answer)| match (asked, answer) {
        (Question::Image { image: other, .. }, Ok(Reply::Image(resolved))) if other == image => {
            Some(resolved.digest.to_string())
        }
        _ => None,
    })
}
