//! A registry in memory that speaks the distribution protocol as far as clients pull and push.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::image::{Image, digest};
use crate::server::{Server, json as json_response, plain};

/// A registry and the address it listens on.
#[derive(Clone)]
pub struct Registry {
    pub host: String,
    store: Arc<Mutex<Store>>,
}

#[derive(Default)]
struct Store {
    repositories: BTreeMap<String, Repository>,
    blobs: HashMap<String, Bytes>,
    /// `GET /v2/…`, in order.
    log: Vec<String>,
}

#[derive(Default)]
struct Repository {
    tags: BTreeMap<String, String>,
    manifests: HashMap<String, (String, Bytes)>,
}

impl Registry {
    /// Starts an empty registry on loopback; port 0 is any that is free.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: u16) -> io::Result<Registry> {
        let store = Arc::new(Mutex::new(Store::default()));
        let served = store.clone();
        let server = Server::start(port, Arc::new(move |request| lock(&served).answer(&request)))?;
        Ok(Registry { host: format!("localhost:{}", server.address.port()), store })
    }

    /// Puts an image under `repository:tag` and, as every registry does, under its digest.
    pub fn push(&self, repository: &str, tag: &str, image: &Image) {
        let mut store = lock(&self.store);
        store.blobs.extend(image.blobs.iter().map(|blob| (digest(blob), Bytes::from(blob.clone()))));
        let repository = store.repositories.entry(repository.to_owned()).or_default();
        let stored = (image.media_type.to_owned(), Bytes::from(image.manifest.clone()));
        repository.manifests.insert(image.digest(), stored);
        repository.tags.insert(tag.to_owned(), image.digest());
    }

    /// Every request so far, as `METHOD path`.
    pub fn log(&self) -> Vec<String> {
        lock(&self.store).log.clone()
    }
}

/// A panic of another thread leaves the store as it was; the lab goes on with it.
fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Store {
    fn answer(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        self.log.push(format!("{} {path}", request.method()));
        let Some(rest) = path.strip_prefix("/v2/") else { return plain(StatusCode::NOT_FOUND, "404 page not found") };
        if rest.is_empty() {
            return json_response(StatusCode::OK, &json!({}));
        }
        if rest == "_catalog" {
            let names: Vec<&String> = self.repositories.keys().collect();
            return json_response(StatusCode::OK, &json!({ "repositories": names }));
        }
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return self.tags(name);
        }
        if let Some((name, reference)) = rest.rsplit_once("/manifests/") {
            return self.manifest(request.method(), name, reference);
        }
        if let Some((_, digest)) = rest.rsplit_once("/blobs/") {
            return self.blob(request.method(), digest);
        }
        plain(StatusCode::NOT_FOUND, "404 page not found")
    }

    fn tags(&self, name: &str) -> Response<Bytes> {
        match self.repositories.get(name) {
            Some(repository) => {
                let tags: Vec<&String> = repository.tags.keys().collect();
                json_response(StatusCode::OK, &json!({ "name": name, "tags": tags }))
            }
            None => refusal("NAME_UNKNOWN", &format!("repository \"{name}\" is not found")),
        }
    }

    fn manifest(&self, method: &Method, name: &str, reference: &str) -> Response<Bytes> {
        let Some(repository) = self.repositories.get(name) else {
            return refusal("NAME_UNKNOWN", &format!("repository \"{name}\" is not found"));
        };
        let digest = repository.tags.get(reference).map_or(reference, String::as_str);
        let Some((media_type, body)) = repository.manifests.get(digest) else {
            // The words of Azure's registry.
            return refusal("MANIFEST_UNKNOWN", &format!("manifest tagged by \"{reference}\" is not found"));
        };
        let body = if method == Method::HEAD { Bytes::new() } else { body.clone() };
        let response = Response::builder().header("content-type", media_type).header("docker-content-digest", digest);
        response.body(body).expect("the headers are well formed")
    }

    fn blob(&self, method: &Method, digest: &str) -> Response<Bytes> {
        match self.blobs.get(digest) {
            Some(_) if method == Method::HEAD => plain(StatusCode::OK, ""),
            Some(blob) => Response::new(blob.clone()),
            None => refusal("BLOB_UNKNOWN", "blob unknown to registry"),
        }
    }
}

fn refusal(code: &str, message: &str) -> Response<Bytes> {
    json_response(StatusCode::NOT_FOUND, &json!({ "errors": [{ "code": code, "message": message }] }))
}
