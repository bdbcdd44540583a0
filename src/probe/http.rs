//! One HTTP client for everything: bounds, retries, and failures that keep what was said.
//!
//! Redirects are never followed here; who sent a credential decides where it may go. A credential is sent only by the caller
//! that owns it, to the host that it names.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::clients::Clients;
use super::connect::ConnectTo;
use super::trouble;
use crate::evidence::{Answer, Failure};

/// How long a single request may take, within the deadline of the run.
const PATIENCE: Duration = Duration::from_secs(15);
/// Kept back from the run's time, to look at names when the last request got no answer.
pub const RESERVE: Duration = Duration::from_millis(300);
/// How often a request is repeated after 429, 502, 503, 504 or a broken connection.
const RETRIES: u32 = 3;

/// What the client is made of.
#[derive(Clone, Debug, Default)]
pub struct HttpOptions {
    /// Everything must be over by then, counted from the first request.
    pub timeout: Duration,
    /// Requests under way at once.
    pub concurrency: usize,
    pub connect_to: Vec<ConnectTo>,
    /// Certificates to trust beside the system's and the public ones, PEM.
    pub ca_pem: Option<Vec<u8>>,
}

/// The client.
pub struct Http {
    clients: Clients,
    connect_to: Vec<ConnectTo>,
    deadline: Instant,
    seconds: u64,
    slots: Semaphore,
    doors: Mutex<HashMap<String, Arc<Door>>>,
    sent: AtomicUsize,
}

/// Before a host has answered, one request goes to it at a time; then the door stays open. What it speaks is known by then: with
/// HTTP/2 all others share that connection, where each would have opened one of its own.
#[derive(Default)]
struct Door {
    /// Of one permit; closed once the door is open.
    turns: OnceLock<Semaphore>,
    /// The host let the first request wait until its time was over: the others that wait need not try.
    silent: OnceLock<Failure>,
}

/// What to send.
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Body,
    /// The longest answer that is read.
    pub limit: u64,
}

pub enum Body {
    None,
    Form(Vec<(&'static str, String)>),
    /// Bytes whose kind the headers tell.
    Bytes(Vec<u8>),
}

/// A whole answer, of any status.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// The server's certificate, DER, where TLS was spoken.
    pub certificate: Option<Vec<u8>>,
}

/// Why the client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("the certificates to trust cannot be used")]
    Certificates(#[source] reqwest::Error),
    #[error("the certificate file holds no certificate in PEM form")]
    NoCertificate,
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl Http {
    /// Reads the certificates and sets the client up; asks nothing.
    pub fn new(options: &HttpOptions) -> Result<Http, HttpError> {
        let timeout = if options.timeout.is_zero() { Duration::from_secs(60) } else { options.timeout };
        let deadline = Instant::now() + timeout;
        Ok(Http {
            clients: Clients::new(options, deadline)?,
            connect_to: options.connect_to.clone(),
            deadline,
            seconds: timeout.as_secs(),
            slots: Semaphore::new(options.concurrency.max(1)),
            doors: Mutex::default(),
            sent: AtomicUsize::new(0),
        })
    }

    /// Whether certificates beside the public ones are trusted.
    pub fn has_own_authority(&self) -> bool {
        self.clients.has_own_authority()
    }

    /// The rules of `--connect-to`.
    pub fn connect_to(&self) -> &[ConnectTo] {
        &self.connect_to
    }

    /// How many requests were sent, retries included.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// Time that is left of the run.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Sends a request and reads its whole answer. Any status is an answer; a failure says why there is none.
    /// 429, 502, 503, 504 and broken connections are tried again after `Retry-After` or a growing pause with jitter, while
    /// the deadline allows; the last answer is given.
    pub async fn send(&self, request: &Request) -> Answer<Response> {
        let door = self.door(&request.url);
        let first = door.enter().await?;
        let _slot = self.slots.acquire().await.expect("the semaphore is never closed");
        let mut attempt = 0;
        loop {
            let outcome = self.once(request).await;
            if first.is_some() {
                door.open(&outcome);
            }
            let Some(pause) = self.pause(&outcome, attempt) else { return outcome };
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    fn door(&self, url: &Url) -> Arc<Door> {
        let mut doors = self.doors.lock().expect("nobody panics while holding it");
        let door = doors.entry(url.origin().ascii_serialization());
        Arc::clone(door.or_default())
    }

    fn pause(&self, outcome: &Answer<Response>, attempt: u32) -> Option<Duration> {
        let told = match outcome {
            Ok(response) if matches!(response.status.as_u16(), 429 | 502 | 503 | 504) => response.retry_after(),
            Ok(_) => return None,
            Err(Failure::Connect { reason, .. }) if trouble::is_passing(reason) => None,
            Err(_) => return None,
        };
        if attempt >= RETRIES {
            return None;
        }
        let growing = Duration::from_millis(200 << attempt).mul_f64(0.5 + trouble::jitter());
        let pause = told.map_or(growing, |seconds| Duration::from_secs(seconds).max(growing));
        (pause < self.left()).then_some(pause)
    }

    async fn once(&self, request: &Request) -> Answer<Response> {
        let host = host_of(&request.url);
        let patience = PATIENCE.min(self.left().saturating_sub(RESERVE));
        if patience.is_zero() {
            let why = format!("the {} s of the run (`--timeout`) were over before {host} could be asked", self.seconds);
            return Err(Failure::Skipped { why });
        }
        let (url, host_header) = self.route(&request.url);
        let client = self.clients.of(&request.url);
        let mut builder = client.request(request.method.clone(), url).headers(request.headers.clone());
        if let Some(header) = host_header {
            builder = builder.header(reqwest::header::HOST, header);
        }
        builder = match &request.body {
            Body::None => builder,
            Body::Form(fields) => builder.form(fields),
            Body::Bytes(bytes) => builder.body(bytes.clone()),
        };
        self.sent.fetch_add(1, Ordering::Relaxed);
        let limit = request.limit;
        let exchange = async {
            let response = builder.send().await.map_err(|error| trouble::failure(&host, &error))?;
            read(&host, response, limit).await
        };
        match tokio::time::timeout(patience, exchange).await {
            Ok(answer) => answer,
            Err(_) => {
                Err(Failure::Timeout { host: host.clone(), seconds: patience.as_secs_f64().round().max(1.0) as u64 })
            }
        }
    }

    /// A rule of `--connect-to` takes effect in the resolver, which only sees names. A port that is written in the URL would
    /// win over the rule's, so it is taken out; an address is never looked up, so it is replaced. Both stay in the `Host`
    /// header.
    fn route(&self, url: &Url) -> (Url, Option<HeaderValue>) {
        let unrouted = || (url.clone(), None);
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return unrouted() };
        if !self.connect_to.iter().any(|rule| rule.applies(host, port)) {
            return unrouted();
        }
        let mut routed = url.clone();
        let done = match url.host() {
            // With TLS the certificate would be held against the other address.
            Some(_) if url.domain().is_none() && url.scheme() == "http" => {
                let (to_host, to_port) = ConnectTo::route(&self.connect_to, host, port);
                routed.set_host(Some(&to_host)).is_ok() && routed.set_port(Some(to_port)).is_ok()
            }
            _ => routed.set_port(None).is_ok(),
        };
        let header = HeaderValue::from_str(&host_of(url)).ok().filter(|_| routed != *url);
        if done { (routed, header) } else { unrouted() }
    }
}

impl Door {
    /// Waits until it may be gone through; `Some` for the one who goes first.
    async fn enter(&self) -> Answer<Option<SemaphorePermit<'_>>> {
        let turns = self.turns.get_or_init(|| Semaphore::new(1));
        if turns.is_closed() {
            return Ok(None);
        }
        match turns.acquire().await {
            Ok(first) => Ok(Some(first)),
            Err(_) => self.silent.get().map_or(Ok(None), |failure| Err(failure.clone())),
        }
    }

    fn open(&self, outcome: &Answer<Response>) {
        if let Err(failure @ Failure::Timeout { .. }) = outcome {
            let _ = self.silent.set(failure.clone());
        }
        if let Some(turns) = self.turns.get() {
            turns.close();
        }
    }
}

async fn read(host: &str, response: reqwest::Response, limit: u64) -> Answer<Response> {
    let status = response.status();
    let headers = response.headers().clone();
    let tls = response.extensions().get::<reqwest::tls::TlsInfo>();
    let certificate = tls.and_then(|tls| tls.peer_certificate()).map(<[u8]>::to_vec);
    let too_large = || Failure::TooLarge { what: format!("the answer of {host}"), bound: limit };
    let mut body = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| trouble::failure(host, &error))?;
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body, certificate })
}

/// `host` or `host:port` of a URL, for people.
pub fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        _ => String::new(),
    }
}

impl Request {
    pub fn get(url: Url) -> Request {
        Request { method: Method::GET, url, headers: HeaderMap::new(), body: Body::None, limit: 4 << 20 }
    }

    pub fn post(url: Url, body: Body) -> Request {
        Request { method: Method::POST, body, ..Request::get(url) }
    }

    pub fn header(mut self, name: HeaderName, value: &str) -> Request {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// A header that is never shown.
    pub fn secret_header(mut self, name: HeaderName, value: &str) -> Request {
        if let Ok(mut value) = HeaderValue::from_str(value) {
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        self
    }

    pub fn limit(mut self, bytes: u64) -> Request {
        self.limit = bytes;
        self
    }
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Every challenge of a 401.
    pub fn challenges(&self) -> Vec<String> {
        let values = self.headers.get_all(WWW_AUTHENTICATE);
        values.iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
    }

    /// Seconds of `Retry-After`, else of the sentence that says so; a date counts as none. Resource Manager does not always
    /// send the header, but writes `Retry after 2 seconds.` or `Please try again after '372' seconds.`
    pub fn retry_after(&self) -> Option<u64> {
        let told = self.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        told.or_else(|| trouble::seconds_to_wait(&String::from_utf8_lossy(&self.body)))
    }

    pub fn json(&self, host: &str) -> Answer<serde_json::Value> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let kind = self.header("content-type").unwrap_or("no content type");
            Failure::unreadable(format!(
                "{host} answered {} with {kind} where JSON was expected; something in between may have answered",
                self.status.as_u16()
            ))
        })
    }
}
