//! Talking to one registry: its challenge once, a token per repository once, and requests that carry it.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use futures::lock::Mutex;
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde_json::Value;
use tokio::sync::OnceCell;

use super::challenge::{self, Challenge};
use crate::evidence::{Answer, Failure};
use crate::image::Host;
use crate::probe::http::{Body, Http, Request, Response};
use crate::probe::refusal;
use crate::probe::secret::Secret;

/// How often a redirect is followed; each hop without credentials.
const HOPS: usize = 3;

/// Docker Hub's registry, and where its tokens are (<https://docs.docker.com/reference/api/registry/auth/>).
const DOCKER_HUB: &str = "registry-1.docker.io";
const DOCKER_HUB_TOKENS: &str = "auth.docker.io";

/// What is shown to a registry.
#[derive(Clone, Debug)]
pub enum Credential {
    Anonymous,
    Basic {
        username: String,
        password: Secret,
    },
    /// A refresh token of this very registry: an ACR's own, or an identity token of `docker login`.
    Refresh(Secret),
}

/// Asked once, however many wait for it.
pub(super) type Asked<T> = Arc<OnceCell<Answer<T>>>;

/// One registry, asked with one credential.
pub struct Session {
    http: Arc<Http>,
    host: String,
    base: Url,
    credential: Credential,
    challenge: OnceCell<Answer<Challenge>>,
    tokens: Mutex<HashMap<String, Asked<Option<Token>>>>,
}

/// An access token for one scope.
#[derive(Clone, Debug)]
pub struct Token {
    secret: Secret,
    /// The actions that the token itself says it grants; `None` when it is opaque.
    granted: Option<Vec<Grant>>,
}

/// An entry of the `access` claim.
#[derive(Clone, Debug, serde::Deserialize)]
struct Grant {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    actions: Vec<String>,
}

impl Session {
    /// `plain`: speak HTTP, which is for loopback and registries that the user named.
    pub fn new(http: Arc<Http>, host: &Host, plain: bool, credential: Credential) -> Answer<Session> {
        // `docker.io` names images; the registry itself answers elsewhere (distribution/reference, normalize.go).
        let server = if crate::image::is_docker_hub(host) { DOCKER_HUB } else { host.as_str() };
        let scheme = if plain { "http" } else { "https" };
        let base = Url::parse(&format!("{scheme}://{server}/"))
            .map_err(|_| Failure::unreadable(format!("{host} is no host")))?;
        let challenge = OnceCell::new();
        Ok(Session { http, host: host.to_string(), base, credential, challenge, tokens: Mutex::default() })
    }

    /// With a challenge that is known beforehand, so that it is not asked for.
    pub fn expecting(self, challenge: Challenge) -> Session {
        Session { challenge: OnceCell::new_with(Some(Ok(challenge))), ..self }
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn is_anonymous(&self) -> bool {
        matches!(self.credential, Credential::Anonymous)
    }

    /// GET below the registry, with a token for `scope`. Any status but 2xx is a failure.
    pub async fn get(&self, path: &str, scope: &str, accept: &str, limit: u64) -> Answer<Response> {
        let url =
            self.base.join(path).map_err(|_| Failure::unreadable(format!("{path} is no path at {}", self.host)))?;
        let mut token = self.token(scope).await?;
        if let Some(token) = &token
            && !token.may_pull(scope)
        {
            return Err(self.without_permission(scope));
        }
        for attempt in 0..2 {
            let request = self.authorised(url.clone(), token.as_ref()).header(ACCEPT, accept).limit(limit);
            let response = self.follow(self.http.send(&request).await?, &request).await?;
            if response.status.is_success() {
                return Ok(response);
            }
            // Some registries name another scope than the usual one; their word is taken once.
            let wanted = match challenge::parse(&response.challenges()) {
                Some(Challenge::Bearer { scope: Some(wanted), .. }) if response.status == 401 => wanted,
                _ => String::new(),
            };
            if attempt == 0 && !wanted.is_empty() && wanted != scope {
                token = self.token(&wanted).await?;
                continue;
            }
            return Err(refusal::failure(&self.host, &response, self.is_anonymous()));
        }
        Err(self.without_permission(scope))
    }

    fn authorised(&self, url: Url, token: Option<&Token>) -> Request {
        let request = Request::get(url);
        match (token, &self.credential, self.challenge.get()) {
            (Some(token), _, _) => request.secret_header(AUTHORIZATION, &format!("Bearer {}", token.secret.reveal())),
            (None, Credential::Basic { username, password }, Some(Ok(Challenge::Basic))) => {
                request.secret_header(AUTHORIZATION, &basic(username, password))
            }
            _ => request,
        }
    }

    /// Layers and configurations come from storage: a signed address that must not see the registry's token.
    async fn follow(&self, mut response: Response, request: &Request) -> Answer<Response> {
        let mut from = request.url.clone();
        for _ in 0..HOPS {
            if !response.status.is_redirection() {
                return Ok(response);
            }
            let target = response.header("location").and_then(|location| from.join(location).ok());
            let Some(target) =
                target.filter(|target| target.scheme() == "https" || target.scheme() == self.base.scheme())
            else {
                return Err(refusal::failure(&self.host, &response, self.is_anonymous()));
            };
            let hop = Request::get(target.clone()).limit(request.limit).header(ACCEPT, "*/*");
            response = self.http.send(&hop).await?;
            if !response.status.is_success() && !response.status.is_redirection() {
                let storage = target.host_str().unwrap_or_default();
                return Err(refusal::failure(storage, &response, true));
            }
            from = target;
        }
        Err(refusal::failure(&self.host, &response, self.is_anonymous()))
    }

    /// How the registry wants to be asked. Asked once, without credentials.
    pub async fn challenge(&self) -> Answer<Challenge> {
        let ask = || async {
            let url = self.base.join("v2/").map_err(|_| Failure::unreadable("no registry address"))?;
            let response = self.http.send(&Request::get(url).limit(64 << 10)).await?;
            match response.status.as_u16() {
                200..=299 => Ok(Challenge::Open),
                401 => challenge::parse(&response.challenges())
                    .ok_or_else(|| refusal::failure(&self.host, &response, true)),
                // Not every registry has this address; without it the manifest itself will tell.
                404 => Ok(Challenge::Open),
                _ => Err(refusal::failure(&self.host, &response, true)),
            }
        };
        self.challenge.get_or_init(ask).await.clone()
    }

    /// The token for a scope; `None` when the registry wants none. Asked once per scope, however many wait for it.
    pub async fn token(&self, scope: &str) -> Answer<Option<Token>> {
        let Challenge::Bearer { realm, service, .. } = self.challenge().await? else { return Ok(None) };
        let cell = self.tokens.lock().await.entry(scope.to_owned()).or_default().clone();
        cell.get_or_init(|| async { self.fetch_token(&realm, service.as_deref(), scope).await.map(Some) }).await.clone()
    }

    async fn fetch_token(&self, realm: &str, service: Option<&str>, scope: &str) -> Answer<Token> {
        let url = self.realm(realm)?;
        let service = service.unwrap_or(&self.host).to_owned();
        let mut query = url.clone();
        query.query_pairs_mut().append_pair("service", &service).append_pair("scope", scope);
        let request = match &self.credential {
            Credential::Anonymous => Request::get(query),
            Credential::Basic { username, password } => {
                Request::get(query).secret_header(AUTHORIZATION, &basic(username, password))
            }
            Credential::Refresh(token) => {
                let form = vec![
                    ("grant_type", "refresh_token".to_owned()),
                    ("service", service),
                    ("scope", scope.to_owned()),
                    ("client_id", "pullgate".to_owned()),
                    ("refresh_token", token.reveal().to_owned()),
                ];
                Request::post(url, Body::Form(form))
            }
        };
        let response = self.http.send(&request.limit(256 << 10)).await?;
        if !response.status.is_success() {
            return Err(refusal::failure(&self.host, &response, self.is_anonymous()));
        }
        let json = response.json(&self.host)?;
        let secret = ["token", "access_token"].iter().find_map(|key| json.get(key).and_then(Value::as_str));
        let secret = secret.ok_or_else(|| Failure::unreadable(format!("{} gave no token", self.host)))?;
        Ok(Token { secret: Secret::new(secret), granted: granted(secret) })
    }

    /// Where tokens are fetched. A refresh token is for this registry alone; a password goes where the registry says, over
    /// TLS, as every registry client does.
    fn realm(&self, realm: &str) -> Answer<Url> {
        let redirected = || Failure::Redirected { host: self.host.clone(), to: realm.to_owned() };
        let url = Url::parse(realm).map_err(|_| redirected())?;
        let same_host =
            url.host() == self.base.host() && url.port_or_known_default() == self.base.port_or_known_default();
        let is_secure = url.scheme() == "https" || (url.scheme() == "http" && self.base.scheme() == "http");
        let is_own =
            same_host || (self.base.host_str() == Some(DOCKER_HUB) && url.host_str() == Some(DOCKER_HUB_TOKENS));
        match self.credential {
            _ if !is_secure => Err(redirected()),
            Credential::Refresh(_) if !is_own => Err(redirected()),
            _ => Ok(url),
        }
    }

    fn without_permission(&self, scope: &str) -> Failure {
        Failure::Refused {
            host: self.host.clone(),
            status: 401,
            code: Some("UNAUTHORIZED".to_owned()),
            message: Some(format!("the token for {scope} grants no pull")),
            challenge: None,
            anonymous: self.is_anonymous(),
        }
    }
}

impl Token {
    /// Whether the token says that it lets pull; an opaque one may.
    pub fn may_pull(&self, scope: &str) -> bool {
        let Some(granted) = &self.granted else { return true };
        // Names may hold a colon nowhere, so three parts are all there are; other kinds of scope are not judged.
        let mut parts = scope.splitn(3, ':');
        let (Some("repository"), Some(name), Some(wanted)) = (parts.next(), parts.next(), parts.next()) else {
            return true;
        };
        let is_wanted = |action: &String| action == "*" || wanted.split(',').any(|wanted| wanted == action);
        granted
            .iter()
            .any(|grant| grant.kind == "repository" && grant.name == name && grant.actions.iter().any(is_wanted))
    }

    /// Whether the token names what it grants.
    pub fn is_transparent(&self) -> bool {
        self.granted.is_some()
    }
}

fn basic(username: &str, password: &Secret) -> String {
    let pair = format!("{username}:{}", password.reveal());
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

/// The `access` claim of a JSON web token; `None` when there is none to read.
fn granted(token: &str) -> Option<Vec<Grant>> {
    let claims = token.split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    serde_json::from_value(claims.get("access")?.clone()).ok()
}
