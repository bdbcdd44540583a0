//! A client as small as can be: one connection a request, to the lab's port, whatever host is named.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Longest time for one request. Everything is on this machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the lab, in the thread of the caller.
pub struct Client {
    port: u16,
    tls: TlsConnector,
    runtime: Runtime,
    from: String,
}

impl Client {
    /// A client of the lab on a port, which trusts an authority and comes from an address.
    ///
    /// # Errors
    /// When the authority is none, or the system gives nothing to wait with.
    pub fn new(port: u16, authority: &str, from: &str) -> Result<Client, String> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(authority.as_bytes()).map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
        Ok(Client { port, tls: TlsConnector::from(Arc::new(config)), runtime, from: from.to_owned() })
    }

    /// Sends one request and gives the whole answer, whatever its status; redirects are the caller's.
    ///
    /// # Errors
    /// Why there was no answer.
    pub fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Response<Bytes>, String> {
        let asked = async { tokio::time::timeout(PATIENCE, self.ask(method, url, headers, body.into())).await };
        self.runtime
            .block_on(asked)
            .unwrap_or_else(|_| Err("no answer in time".to_owned()))
            .map_err(|why| format!("{url}: {why}"))
    }

    /// Sends a form and reads a document.
    ///
    /// # Errors
    /// Why there was no answer, or none that is a document.
    pub fn form(&self, url: &str, fields: &[(&str, &str)]) -> Result<(u16, Value), String> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let response = self.send(Method::POST, url, &[("content-type", "application/x-www-form-urlencoded")], form)?;
        document(&response)
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Bytes>, String> {
        let (scheme, rest) = url.split_once("://").ok_or("no address")?;
        let host = rest.split('/').next().unwrap_or_default().to_owned();
        let mut request = Request::builder().method(method).uri(&rest[host.len()..]).header("host", &host);
        request = request.header("x-forwarded-for", &self.from);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.map_err(|error| error.to_string())?;
        if scheme == "http" {
            return exchange(TokioIo::new(stream), request).await;
        }
        let name = ServerName::try_from(host).map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| error.to_string())?;
        exchange(TokioIo::new(stream), request).await
    }
}

async fn exchange(
    stream: impl hyper::rt::Read + hyper::rt::Write + Unpin,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, String> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(stream).await.map_err(|error| error.to_string())?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    tokio::pin!(connection);
    tokio::select! {
        answer = answer => answer,
        ended = &mut connection => Err(ended.err().map_or_else(|| "the connection was closed".to_owned(), |error| error.to_string())),
    }
}

/// The status of an answer and the document in it.
///
/// # Errors
/// When it is none.
pub fn document(response: &Response<Bytes>) -> Result<(u16, Value), String> {
    let body = response.body();
    let value = if body.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(body) };
    value.map(|value| (response.status().as_u16(), value)).map_err(|error| error.to_string())
}
