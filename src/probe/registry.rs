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
use tokio::sync::OnceCell;

use super::acr;
use super::credential::Chain;
use super::docker_config::DockerConfig;
use super::http::Http;
use crate::evidence::{Answer, Attributes, Failure, Platform, Quota, Resolved};
use crate::image::{Cloud, Host, ImageRef, Reach, acr_cloud};
use crate::probe::secret::Secret;
use session::Session;

pub use session::Credential;

/// All registries of a run.
pub struct Registries {
    http: Arc<Http>,
    docker: DockerConfig,
    azure: Option<Arc<Chain>>,
    cloud: Cloud,
    plain: Vec<String>,
    sessions: Mutex<HashMap<Host, Arc<OnceCell<Answer<Arc<Session>>>>>>,
    /// What the registries said of quotas beside the manifests.
    quotas: Mutex<HashMap<String, Quota>>,
}

impl Registries {
    /// `plain`: hosts that may be spoken to over plain HTTP beside loopback.
    pub fn new(http: Arc<Http>, docker: DockerConfig, azure: Option<Arc<Chain>>, cloud: Cloud, plain: Vec<String>) -> Self {
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

    /// The quota that came with the answer about an image; asks for the image when it was not asked yet.
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
            None => Arc::new(Session::new(self.http.clone(), registry, self.is_plain(registry), Credential::Anonymous)?),
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

    /// Whether the registry takes a user name and password for a repository.
    pub async fn login(&self, registry: &Host, repository: &str, username: &str, password: Secret) -> Answer<bool> {
        let credential = Credential::Basic { username: username.to_owned(), password };
        let session = Session::new(self.http.clone(), registry, self.is_plain(registry), credential)?;
        let path = format!("v2/{repository}/tags/list?n=1");
        match session.get(&path, &resolve::scope(repository), "application/json", 2 << 20).await {
            Ok(_) | Err(Failure::NotFound { .. }) => Ok(true),
            Err(Failure::Refused { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }

    async fn session(&self, registry: &Host) -> Answer<Arc<Session>> {
        let cell = self.sessions.lock().await.entry(registry.clone()).or_default().clone();
        let make = || async {
            let credential = self.credential(registry).await?;
            Session::new(self.http.clone(), registry, self.is_plain(registry), credential).map(Arc::new)
        };
        cell.get_or_init(make).await.clone()
    }

    /// An Entra identity for the registries of the chosen cloud, the Docker configuration for all, else nothing.
    /// A credential that is refused is an answer; it is not tried without it.
    async fn credential(&self, registry: &Host) -> Answer<Credential> {
        let is_own_acr = acr_cloud(registry) == Some(self.cloud) && registry.port_text().is_none();
        if let Some(azure) = self.azure.as_ref().filter(|_| is_own_acr) {
            match acr::refresh_token(&self.http, azure, registry).await {
                Ok(token) => return Ok(Credential::Refresh(token)),
                // Nobody is logged in: what Docker knows, or anonymous, is all there is.
                Err(Failure::NoCredential { .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(self.docker.credential(registry).await?.unwrap_or(Credential::Anonymous))
    }

    /// Plain HTTP is for loopback and for what the user named.
    fn is_plain(&self, registry: &Host) -> bool {
        let named = self.plain.iter().any(|plain| plain.eq_ignore_ascii_case(registry.as_str()) || plain.eq_ignore_ascii_case(registry.name()));
        named || is_plain_loopback(registry)
    }
}

/// Loopback registries speak plain HTTP unless their port is one of TLS.
fn is_plain_loopback(registry: &Host) -> bool {
    registry.reach() == Reach::Loopback && !matches!(registry.port(), Some(443 | 8443))
}
