//! The only part that talks to the world: questions in, answers out.
//!
//! Everything is asked at once, within the bounds of [`http::HttpOptions`]; every question leaves an entry in the evidence,
//! if only a failure.

pub mod acr;
pub mod connect;
pub mod credential;
pub mod docker_config;
pub mod http;
mod refusal;
pub mod registry;
mod secret;
mod trouble;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};

use crate::evidence::{Answer, Evidence, Failure, Question, Reply};
use crate::image::Cloud;
use docker_config::DockerConfig;
use http::{Http, HttpError, HttpOptions};
use registry::Registries;

pub use secret::Secret;

/// What the probe is made of.
pub struct Options {
    pub http: HttpOptions,
    pub cloud: Cloud,
    /// Registries that may be asked over plain HTTP.
    pub plain_http: Vec<String>,
}

/// The world.
pub struct Probe {
    http: Arc<Http>,
    registries: Registries,
}

impl Probe {
    /// Reads the Docker configuration and the environment's credentials; asks nothing yet.
    pub fn new(options: Options) -> Result<Probe, HttpError> {
        let http = Arc::new(Http::new(&options.http)?);
        let docker = DockerConfig::from_environment();
        let registries = Registries::new(http.clone(), docker, None, options.cloud, options.plain_http);
        Ok(Probe { http, registries })
    }

    /// Requests sent so far.
    pub fn requests(&self) -> usize {
        self.http.sent()
    }

    /// Answers all questions, concurrently. `progress` is told after each answer how many of how many are there.
    pub async fn answer(&self, needs: BTreeSet<Question>, evidence: &mut Evidence, progress: impl Fn(usize, usize)) {
        let total = needs.len();
        let mut answers: FuturesUnordered<_> = needs
            .into_iter()
            .map(|question| {
                let known = digest_of(&question, evidence);
                async move {
                    let answer = self.ask(&question, known.as_deref()).await;
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
            Question::Anonymous { registry, repository } => registries.anonymous(registry, repository).await.map(Reply::Flag),
            Question::Tags { registry, repository } => registries.tags(registry, repository).await.map(Reply::Names),
            Question::Repositories { registry } => registries.repositories(registry).await.map(Reply::Names),
            Question::DeletedTags { registry, repository } => {
                registries.deleted_tags(registry, repository).await.map(Reply::Names)
            }
            Question::Quota { image } => registries.quota(image).await.map(Reply::Quota),
            Question::Attributes { image } => {
                registries.attributes(image, digest).await.map(|attributes| Reply::Attributes(Box::new(attributes)))
            }
            Question::Login { .. } | Question::Reach { .. } | Question::Registry { .. } | Question::Resource(_) => {
                Err(Failure::Skipped { why: "this pullgate cannot ask it".to_owned() })
            }
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
