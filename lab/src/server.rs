//! An HTTP server on loopback, in a thread of its own.

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
use tokio::net::TcpListener;

/// Longest body that is taken in.
const LONGEST: usize = 64 << 20;

/// What answers requests. The body is whole.
pub type Answer = dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync;

/// A server that runs until the process ends.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    pub address: SocketAddr,
}

impl Server {
    /// Listens on a port of loopback; 0 is any that is free.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16, answer: Arc<Answer>) -> io::Result<Server> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || runtime.block_on(serve(listener, answer)));
        Ok(Server { address })
    }
}

async fn serve(listener: std::net::TcpListener, answer: Arc<Answer>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let tasks = tokio::task::LocalSet::new();
    tasks
        .run_until(async {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = stream.set_nodelay(true);
                let answer = answer.clone();
                tokio::task::spawn_local(async move {
                    let service = service_fn(move |request| respond(request, answer.clone()));
                    // A client that goes away is no trouble of the lab's.
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
        })
        .await;
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
    response.headers_mut().insert("content-type", "application/json".parse().expect("a header value"));
    response
}
