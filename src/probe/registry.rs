//! The registry client: which credential for which registry, and each registry asked once for each thing.
//!
//! Why our own and not a registry crate's: a gate must not fall back to anonymous when a credential is refused, must keep
//! what was refused and why, and must ask once where many wait.

mod challenge;
mod listing;
mod resolve;
mod session;

use std::collections::HashMap;
use std::sync::Arc;

use futures::lock::Mutex;

use super::acr;
use super::credential::Chain;
use super::docker_config::DockerConfig;
use super::http::Http;
use crate::cloud::Cloud;
use crate::evidence::{Answer, Attributes, Failure, Platform, Quota, Resolved};
use crate::image::{Host, ImageRef, Reach};
use crate::probe::secret::Secret;
use session::{Asked, Session};

pub use challenge::Challenge;
pub use session::Credential;

/// All registries of a run.
pub struct Registries {
    http: Arc<Http>,
    docker: DockerConfig,
    azure: Option<Arc<Chain>>,
    cloud: Cloud,
    plain: Vec<String>,
    sessions: Mutex<HashMap<Host, Asked<Arc<Session>>>>,
    /// What the registries said of quotas beside the manifests.
    quotas: Mutex<HashMap<String, Quota>>,
}

impl Registries {
    /// `plain`: hosts that may be spoken to over plain HTTP beside loopback.
    pub fn new(
        http: Arc<Http>,
        docker: DockerConfig,
        azure: Option<Arc<Chain>>,
        cloud: Cloud,
        plain: Vec<String>,
    ) -> Self {
        Registries { http, docker, azure, cloud, plain, sessions: Mutex::default(), quotas: Mutex::default() }
    }

    /// What is under a reference.
    pub async fn image(&self, image: &ImageRef, platform: &Platform) -> Answer<Resolved> {
        let session = self.session(&image.registry).await?;
        let (resolved, quota) = resolve::resolve(&session, image, platform).await?;
        if let Some(quota) = quota {
            self.quotas.lock().await.insert(image.to_string(), quota);
        }
        Ok(resolved)
    }

    /// The quota that came with the answer about an image.
    pub async fn quota(&self, image: &ImageRef) -> Answer<Quota> {
        if let Some(quota) = self.quotas.lock().await.get(&image.to_string()) {
            return Ok(quota.clone());
        }
        Err(Failure::unreadable(format!("{} tells no quota", image.registry)))
    }

    pub async fn tags(&self, registry: &Host, repository: &str) -> Answer<Vec<String>> {
        listing::tags(&*self.session(registry).await?, repository).await
    }

    pub async fn repositories(&self, registry: &Host) -> Answer<Vec<String>> {
        listing::repositories(&*self.session(registry).await?).await
    }

    pub async fn deleted_tags(&self, registry: &Host, repository: &str) -> Answer<Vec<String>> {
        listing::deleted_tags(&*self.session(registry).await?, repository).await
    }

    pub async fn attributes(&self, image: &ImageRef, digest: Option<&str>) -> Answer<Attributes> {
        listing::attributes(&*self.session(&image.registry).await?, image, digest).await
    }

    /// Whether a repository can be pulled without credentials: by what an anonymous token grants where it says, by asking
    /// for one tag where it does not.
    pub async fn anonymous(&self, registry: &Host, repository: &str) -> Answer<bool> {
        let own = self.session(registry).await.ok().filter(|session| session.is_anonymous());
        let session = match own {
            Some(session) => session,
            None => Arc::new(self.connect(registry, Credential::Anonymous, None).await?),
        };
        let scope = resolve::scope(repository);
        let path = format!("v2/{repository}/tags/list?n=1");
        let asked = match session.token(&scope).await {
            Ok(Some(token)) if token.is_transparent() => return Ok(token.may_pull(&scope)),
            Ok(_) => session.get(&path, &scope, "application/json", 2 << 20).await.map(|_| true),
            Err(failure) => Err(failure),
        };
        match asked {
            Err(Failure::Refused { .. }) => Ok(false),
            Err(Failure::NotFound { .. }) => Ok(true),
            other => other,
        }
    }

    /// Whether the registry takes a user name and password for a repository. A password that is right and may not pull this
    /// repository is a refusal with its words, not a no.
    pub async fn login(&self, registry: &Host, repository: &str, username: &str, password: Secret) -> Answer<bool> {
        let credential = Credential::Basic { username: username.to_owned(), password };
        let session = self.connect(registry, credential, None).await?;
        let (path, scope) = (format!("v2/{repository}/tags/list?n=1"), resolve::scope(repository));
        match session.get(&path, &scope, "application/json", 2 << 20).await {
            Ok(_) | Err(Failure::NotFound { .. }) => Ok(true),
            Err(refused @ Failure::Refused { .. }) => match session.token(&scope).await {
                Ok(Some(token)) if !token.may_pull(&scope) => Err(refused),
                _ => Ok(false),
            },
            Err(other) => Err(other),
        }
    }

    async fn session(&self, registry: &Host) -> Answer<Arc<Session>> {
        let cell = self.sessions.lock().await.entry(registry.clone()).or_default().clone();
        cell.get_or_init(|| self.open(registry)).await.clone()
    }

    async fn open(&self, registry: &Host) -> Answer<Arc<Session>> {
        let (credential, challenge) = self.credential(registry).await?;
        self.connect(registry, credential, challenge).await.map(Arc::new)
    }

    /// A session of the scheme that the registry speaks. One on loopback may speak either, and is asked without a
    /// credential, which is the challenge that is needed anyway: over TLS first where somebody brought certificates of their
    /// own, in plain first where not.
    async fn connect(&self, registry: &Host, credential: Credential, challenge: Option<Challenge>) -> Answer<Session> {
        let open = |plain| Session::new(self.http.clone(), registry, plain, credential.clone());
        if let Some(challenge) = challenge {
            return Ok(open(false)?.expecting(challenge));
        }
        if self.is_named(registry) || !is_plain_loopback(registry) {
            return open(self.is_named(registry));
        }
        let first = !self.http.has_own_authority();
        let session = open(first)?;
        match session.challenge().await {
            // What a server says that wants TLS, and how one ends that does not.
            Err(Failure::Server { status: 400, .. } | Failure::Connect { .. }) if first => open(false),
            Err(Failure::Tls { .. } | Failure::Connect { .. }) if !first => {
                let plain = open(true)?;
                let speaks_plain = !matches!(
                    plain.challenge().await,
                    Err(Failure::Server { status: 400, .. } | Failure::Connect { .. })
                );
                Ok(if speaks_plain { plain } else { session })
            }
            _ => Ok(session),
        }
    }

    /// An Entra identity for the registries of the chosen cloud, the Docker configuration for all, else nothing.
    /// A credential that is refused is an answer; it is not tried without it.
    async fn credential(&self, registry: &Host) -> Answer<(Credential, Option<Challenge>)> {
        let failure = match self.azure.as_ref().filter(|_| self.is_own_acr(registry)) {
            None => Failure::NoCredential { tried: Vec::new() },
            Some(azure) => match acr::refresh_token(&self.http, azure, registry).await {
                Ok(token) => return Ok((Credential::Refresh(token), Some(acr::challenge(registry)))),
                Err(failure) => failure,
            },
        };
        match (self.docker.credential(registry).await?, failure) {
            (Some(credential), _) => Ok((credential, None)),
            // Nobody is logged in: anonymous is all there is.
            (None, Failure::NoCredential { .. }) => Ok((Credential::Anonymous, None)),
            (None, failure) => Err(failure),
        }
    }

    /// Whether the caller's Entra token may go there: a login server under the suffix of the chosen cloud, over TLS.
    fn is_own_acr(&self, registry: &Host) -> bool {
        let is_own = registry.acr().is_some_and(|acr| acr.cloud == self.cloud && acr.is_login_server());
        is_own && matches!(registry.port_text(), None | Some("443")) && !self.is_plain(registry)
    }

    /// Plain HTTP is for loopback and for what the user named.
    pub fn is_plain(&self, registry: &Host) -> bool {
        self.is_named(registry) || is_plain_loopback(registry)
    }

    fn is_named(&self, registry: &Host) -> bool {
        self.plain
            .iter()
            .any(|plain| plain.eq_ignore_ascii_case(registry.as_str()) || plain.eq_ignore_ascii_case(registry.name()))
    }
}

/// Loopback registries speak plain HTTP unless their port is one of TLS.
fn is_plain_loopback(registry: &Host) -> bool {
    registry.reach() == Reach::Loopback && !matches!(registry.port(), Some(443 | 8443))
}
