//! Our HTTP client as the transport of azure_core, so that its credentials and pipelines have our routes, certificates,
//! bounds and retries. What fails comes back as the [`Failure`] that it is.

use std::fmt;
use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body as AzureBody, ClientOptions, HttpClient, RetryOptions, Transport};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};

use super::cloud;
use super::http::{Body, Http, Request, Response, host_of};
use super::trouble;
use crate::cloud::Cloud;
use crate::evidence::{Answer, Failure};

/// Longest answer that is read: the role definitions of a tenant are above a megabyte.
const LIMIT: u64 = 16 << 20;

/// The client, as azure_core wants it.
#[derive(Clone)]
struct Carrier(Arc<Http>);

/// Options of every credential and pipeline. Retries are the HTTP client's alone: two who retry multiply, and azure_core's
/// default holds a refused connection for over a minute.
pub fn options(http: &Arc<Http>, cloud: Cloud) -> ClientOptions {
    ClientOptions {
        transport: Some(Transport::new(Arc::new(Carrier(http.clone())))),
        retry: RetryOptions::none(),
        cloud: Some(Arc::new(cloud::configuration(cloud))),
        ..ClientOptions::default()
    }
}

/// The failure that an error of azure_core carries, if one of ours is behind it.
pub fn failure(error: &azure_core::Error) -> Option<Failure> {
    trouble::causes(error).find_map(|cause| cause.downcast_ref::<Failure>().cloned())
}

/// The other way: a failure inside an error of azure_core.
pub fn error(kind: ErrorKind, failure: Failure) -> azure_core::Error {
    azure_core::Error::with_error(kind, failure, "the request failed")
}

#[async_trait::async_trait]
impl HttpClient for Carrier {
    async fn execute_request(&self, request: &azure_core::http::Request) -> azure_core::Result<AsyncRawResponse> {
        match self.exchange(request).await {
            Ok(response) => {
                let headers = response.headers.iter().filter_map(|(name, value)| {
                    let (name, value) = (name.as_str().to_owned(), value.to_str().ok()?.to_owned());
                    Some((name.into(), value.into()))
                });
                let headers = Headers::from(headers.collect::<std::collections::HashMap<_, _>>());
                Ok(AsyncRawResponse::from_bytes(response.status.as_u16().into(), headers, response.body))
            }
            Err(failure) => Err(error(ErrorKind::Io, failure)),
        }
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

impl Carrier {
    async fn exchange(&self, request: &azure_core::http::Request) -> Answer<Response> {
        let host = host_of(request.url());
        let unusable = |what: &str| Failure::unreadable(format!("{what} in a request to {host}"));
        let url = Url::parse(request.url().as_str()).map_err(|_| unusable("no address"))?;
        let method = Method::from_bytes(request.method().as_ref().as_bytes()).map_err(|_| unusable("no method"))?;
        let body = match request.body() {
            AzureBody::Bytes(bytes) if bytes.is_empty() && method == Method::GET => Body::None,
            AzureBody::Bytes(bytes) => Body::Bytes(bytes.to_vec()),
            AzureBody::SeekableStream(_) => return Err(unusable("an unexpected body")),
        };
        let mut sent = Request { method, body, ..Request::get(url) }.limit(LIMIT);
        for (name, value) in request.headers().iter() {
            let name = HeaderName::from_bytes(name.as_str().as_bytes()).map_err(|_| unusable("a malformed header"))?;
            let mut value = HeaderValue::from_str(value.as_str()).map_err(|_| unusable("a malformed header"))?;
            value.set_sensitive(true);
            sent.headers.insert(name, value);
        }
        let response = self.0.send(&sent).await?;
        if response.status.is_redirection() {
            let to = response.header("location").unwrap_or("nowhere").to_owned();
            return Err(Failure::Redirected { host, to });
        }
        if is_a_page(&response) {
            let kind = response.header("content-type").unwrap_or("no content type").to_owned();
            let status = response.status.as_u16();
            return Err(Failure::unreadable(format!(
                "{host} answered {status} with {kind} where JSON was expected: a proxy or firewall between this runner and \
                 {host} may have answered in its place"
            )));
        }
        Ok(response)
    }
}

/// Whether a page for people came where these services answer in JSON.
fn is_a_page(response: &Response) -> bool {
    let is_html = response.header("content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html"));
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(&response.body).is_ok();
    is_html || (response.status.is_success() && !response.body.is_empty() && !is_json())
}
