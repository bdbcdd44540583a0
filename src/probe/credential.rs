//! The caller's Azure credential: who runs pullgate and reads. It is never the identity that pulls.
//!
//! The first source that works is used for the whole run. Tokens are fetched once per scope, however many wait for one, and
//! are shown to nobody but the host that they are for.

mod claims;
mod federated;
mod program;
mod source;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use futures::lock::Mutex;
use tokio::sync::OnceCell;

use super::cloud;
use super::environment::Environment;
use super::http::Http;
use super::secret::Secret;
use super::transport;
use crate::cloud::Cloud;
use crate::evidence::{Answer, Failure};
use source::{Offer, Setting, Source};

/// How long a virtual machine's metadata service is waited for. It is one hop away, or not there.
const MACHINE: Duration = Duration::from_millis(1_500);
/// Longest reason that is told of a credential that did not work.
const WORDS: usize = 300;

/// The credentials that are tried, in order.
pub struct Chain {
    http: Arc<Http>,
    cloud: Cloud,
    sources: Vec<Source>,
    chosen: OnceCell<Answer<Chosen>>,
    tokens: Mutex<HashMap<String, Arc<OnceCell<Answer<AccessToken>>>>>,
}

/// Who the caller is, as its token says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Which credential worked.
    pub source: String,
    pub object_id: Option<String>,
    pub application_id: Option<String>,
    pub tenant: Option<String>,
}

/// The source that works, and the token that proved it.
#[derive(Clone)]
struct Chosen {
    index: usize,
    token: AccessToken,
}

impl Chain {
    /// Looks at the environment; asks nothing yet. `tenant` is for the programs, which may know several.
    pub fn new(http: Arc<Http>, environment: &Environment, cloud: Cloud, tenant: Option<&str>) -> Chain {
        let sources = source::sources(&Setting { http: &http, environment, cloud, tenant });
        Chain { http, cloud, sources, chosen: OnceCell::new(), tokens: Mutex::default() }
    }

    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// A token for the registries' exchange. Fails as [`Chain::management_token`] does.
    pub async fn registry_token(&self) -> Answer<Secret> {
        let [first, second] = cloud::registry_scopes(self.cloud);
        match self.token(&first).await {
            // A tenant may not know the registries' audience; the exchange also takes Resource Manager's.
            Err(Failure::NoCredential { .. }) if self.chosen.get().is_some_and(Answer::is_ok) => {
                self.token(&second).await
            }
            other => other,
        }
    }

    /// A token for Resource Manager.
    ///
    /// Fails with [`Failure::NoCredential`] when no source works, and with what kept a configured one from working when that
    /// was the network: then nobody knows whether it would have.
    pub async fn management_token(&self) -> Answer<Secret> {
        self.token(&cloud::scope(cloud::management(self.cloud))).await
    }

    /// A token for Microsoft Graph.
    pub async fn graph_token(&self) -> Answer<Secret> {
        self.token(&cloud::scope(cloud::graph(self.cloud))).await
    }

    /// The caller's tenant, as its token says.
    pub async fn tenant(&self) -> Answer<Option<String>> {
        Ok(self.caller().await?.tenant)
    }

    /// Who the caller is.
    pub async fn caller(&self) -> Answer<Caller> {
        let token = self.management_token().await?;
        let chosen = self.chosen().await?;
        let claims = claims::claims(&token).unwrap_or_default();
        Ok(Caller {
            source: self.sources[chosen.index].name.to_owned(),
            object_id: claims::text(&claims, &["oid"]),
            application_id: claims::text(&claims, &["appid", "azp"]),
            tenant: claims::text(&claims, &["tid"]),
        })
    }

    /// Every source that is not used, and why.
    pub fn skipped(&self) -> Vec<String> {
        let skipped = self.sources.iter().filter_map(|source| match &source.offer {
            Offer::Skipped(why) => Some(format!("{}: {why}", source.name)),
            _ => None,
        });
        skipped.collect()
    }

    async fn token(&self, scope: &str) -> Answer<Secret> {
        Ok(Secret::new(self.access_token(scope).await?.token.secret()))
    }

    async fn access_token(&self, scope: &str) -> Answer<AccessToken> {
        let chosen = self.chosen().await?;
        if scope == cloud::scope(cloud::management(self.cloud)) {
            return Ok(chosen.token);
        }
        let cell = self.tokens.lock().await.entry(scope.to_owned()).or_default().clone();
        let source = &self.sources[chosen.index];
        let ask = || async {
            self.ask(source, scope).await.map_err(|trouble| match trouble {
                Trouble::Network(failure) => failure,
                Trouble::Refused(why) => Failure::NoCredential { tried: vec![format!("{}: {why}", source.name)] },
            })
        };
        cell.get_or_init(ask).await.clone()
    }

    async fn chosen(&self) -> Answer<Chosen> {
        self.chosen.get_or_init(|| self.choose()).await.clone()
    }

    async fn choose(&self) -> Answer<Chosen> {
        let scope = cloud::scope(cloud::management(self.cloud));
        let mut tried = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            let why = match self.ask(source, &scope).await {
                Ok(token) => return Ok(Chosen { index, token }),
                Err(Trouble::Network(failure)) if matches!(source.offer, Offer::Configured(_)) => return Err(failure),
                Err(Trouble::Network(failure)) => failure.to_string(),
                Err(Trouble::Refused(why)) => why,
            };
            tried.push(format!("{}: {why}", source.name));
        }
        Err(Failure::NoCredential { tried })
    }

    async fn ask(&self, source: &Source, scope: &str) -> Result<AccessToken, Trouble> {
        let (credential, patience) = match &source.offer {
            Offer::Skipped(why) => return Err(Trouble::Refused(why.clone())),
            Offer::Machine(credential) => (credential, MACHINE.min(self.http.left())),
            Offer::Configured(credential) | Offer::Program(credential) => (credential, self.http.left()),
        };
        let scopes = [scope];
        match tokio::time::timeout(patience, credential.get_token(&scopes, None)).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(error)) => Err(match transport::failure(&error) {
                Some(failure) => Trouble::Network(failure),
                None => Trouble::Refused(words(&error)),
            }),
            Err(_) => Err(Trouble::Refused(format!("no answer within {:.1} s", patience.as_secs_f64()))),
        }
    }
}

/// Why a source gave no token.
enum Trouble {
    /// Nobody could be asked.
    Network(Failure),
    /// It was said no.
    Refused(String),
}

/// The chain as azure_core's pipelines take a credential.
#[async_trait::async_trait]
impl TokenCredential for Chain {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let scope = scopes.first().copied().unwrap_or_default();
        self.access_token(scope).await.map_err(|failure| transport::error(ErrorKind::Credential, failure))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chain of {} sources", self.sources.len())
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        let parts = [("application", &self.application_id), ("object", &self.object_id), ("tenant", &self.tenant)];
        let known = parts.iter().filter_map(|(word, id)| Some(format!("{word} {}", id.as_ref()?)));
        let known = known.collect::<Vec<_>>().join(", ");
        if known.is_empty() { Ok(()) } else { write!(f, " ({known})") }
    }
}

/// What an error says, in a line: without the type's name, the advice to read a page and the trace ids.
fn words(error: &azure_core::Error) -> String {
    let text = error.to_string();
    let text = text.split_once("authentication failed.").map_or(text.as_str(), |(_, said)| said);
    let end = ["\nTo troubleshoot", " Trace ID:", "\r\nTrace ID:", "\nTrace ID:"]
        .iter()
        .filter_map(|mark| text.find(mark))
        .min();
    let said = text[..end.unwrap_or(text.len())].split_whitespace().collect::<Vec<_>>().join(" ");
    match said.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None => said,
    }
}
