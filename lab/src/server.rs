//! An HTTP server on loopback, in a thread of its own. One port speaks both TLS and plain HTTP: the first byte tells.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// Longest body that is taken in.
const LONGEST: usize = 64 << 20;

/// The first byte of a TLS connection: a handshake record (RFC 8446, 5.1).
const HANDSHAKE: u8 = 0x16;

/// What answers requests. The body is whole.
pub type Answer = dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync;

/// A server that runs until the process ends.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    pub address: SocketAddr,
}

impl Server {
    /// Listens on a port of loopback, for plain HTTP; 0 is any port that is free.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, answer: Arc<Answer>) -> io::Result<Server> {
        Server::listen(port, None, answer)
    }

    /// The same, for TLS as well.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start_tls(port: u16, tls: Arc<ServerConfig>, answer: Arc<Answer>) -> io::Result<Server> {
        Server::listen(port, Some(TlsAcceptor::from(tls)), answer)
    }

    fn listen(port: u16, tls: Option<TlsAcceptor>, answer: Arc<Answer>) -> io::Result<Server> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || runtime.block_on(serve(listener, tls, answer)));
        Ok(Server { address })
    }
}

async fn serve(listener: std::net::TcpListener, tls: Option<TlsAcceptor>, answer: Arc<Answer>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let tasks = tokio::task::LocalSet::new();
    let accept = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            tokio::task::spawn_local(connection(stream, tls.clone(), answer.clone()));
        }
    };
    tasks.run_until(accept).await;
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, answer: Arc<Answer>) {
    let mut first = [0];
    match tls {
        Some(tls) if matches!(stream.peek(&mut first).await, Ok(1)) && first[0] == HANDSHAKE => {
            // A client that does not trust the lab's authority ends here, by its own choice.
            if let Ok(stream) = tls.accept(stream).await {
                speak(stream, answer).await;
            }
        }
        _ => speak(stream, answer).await,
    }
}

async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, answer: Arc<Answer>) {
    let service = service_fn(move |request| respond(request, answer.clone()));
    // A client that goes away is no trouble of the lab's.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, answer: Arc<Answer>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let response = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => answer(Request::from_parts(head, body.to_bytes())),
        Err(_) => plain(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
    };
    Ok(response.map(Full::new))
}

/// A short text.
pub fn plain(status: StatusCode, text: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(text.as_bytes()));
    *response.status_mut() = status;
    response
}

/// A JSON document.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Response<Bytes> {
    let mut response = plain(status, &value.to_string());
    let media_type = "application/json; charset=utf-8".parse().expect("a header value");
    response.headers_mut().insert("content-type", media_type);
    response
}

/// With one header more.
pub fn with(mut response: Response<Bytes>, name: &'static str, value: &str) -> Response<Bytes> {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
    response
}
