//! A registry that lets everybody in, over plain HTTP.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;

use crate::image::Image;
use crate::server::{Server, plain};
use crate::store::Store;

/// A registry and the address it listens on.
#[derive(Clone)]
pub struct Registry {
    pub host: String,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    store: Store,
    log: Vec<String>,
}

impl Registry {
    /// Starts an empty registry on loopback; port 0 is any that is free.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16) -> io::Result<Registry> {
        let held = Arc::new(Mutex::new(Held::default()));
        let served = held.clone();
        let answer = move |request: hyper::Request<bytes::Bytes>| {
            let path = request.uri().path().to_owned();
            let mut held = lock(&served);
            held.log.push(format!("{} {path}", request.method()));
            match path.strip_prefix("/v2/") {
                Some(rest) => held.store.answer(&request, rest),
                None => plain(StatusCode::NOT_FOUND, "404 page not found"),
            }
        };
        let server = Server::start(port, Arc::new(answer))?;
        Ok(Registry { host: format!("localhost:{}", server.address.port()), held })
    }

    /// Puts an image under `repository:tag`.
    pub fn push(&self, repository: &str, tag: &str, image: &Image) {
        lock(&self.held).store.push(repository, tag, image);
    }

    /// Every request so far, as `METHOD path`.
    pub fn log(&self) -> Vec<String> {
        lock(&self.held).log.clone()
    }
}

/// A panic of another thread leaves the store as it was; the lab goes on with it.
fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
