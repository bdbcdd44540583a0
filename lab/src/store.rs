//! What a registry holds, and the distribution protocol on it: pulls, pushes and lists, without a word on who may.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::image::{Image, digest};
use crate::server::{json as json_response, plain, with};
use crate::token::guid;

/// Repositories, their manifests, and the blobs of all of them.
#[derive(Default)]
pub struct Store {
    pub repositories: BTreeMap<String, Repository>,
    blobs: HashMap<String, Bytes>,
    uploads: HashMap<String, Vec<u8>>,
}

/// One repository.
#[derive(Default)]
pub struct Repository {
    /// Tag to digest.
    pub tags: BTreeMap<String, String>,
    /// Digest to media type and bytes.
    pub manifests: BTreeMap<String, (String, Bytes)>,
}

impl Store {
    /// Puts an image under `repository:tag` and, as every registry does, under its digest.
    pub fn push(&mut self, repository: &str, tag: &str, image: &Image) {
        self.blobs.extend(image.blobs.iter().map(|blob| (digest(blob), Bytes::from(blob.clone()))));
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        let stored = (image.media_type.to_owned(), Bytes::from(image.manifest.clone()));
        repository.manifests.insert(image.digest(), stored);
        repository.tags.insert(tag.to_owned(), image.digest());
    }

    /// The bytes of a blob.
    pub fn blob(&self, digest: &str) -> Option<Bytes> {
        self.blobs.get(digest).cloned()
    }

    /// Answers a request below `/v2/`; `rest` is its path after that.
    pub fn answer(&mut self, request: &Request<Bytes>, rest: &str) -> Response<Bytes> {
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
            return match *request.method() {
                Method::PUT => self.put_manifest(request, name, reference),
                Method::GET | Method::HEAD => self.manifest(request.method(), name, reference),
                _ => unsupported(),
            };
        }
        if let Some((name, upload)) = rest.rsplit_once("/blobs/uploads") {
            return self.upload(request, name, upload.trim_matches('/'));
        }
        if let Some((_, digest)) = rest.rsplit_once("/blobs/") {
            return match self.blobs.get(digest) {
                Some(blob) if request.method() == Method::HEAD => {
                    with(plain(StatusCode::OK, ""), "content-length", &blob.len().to_string())
                }
                Some(blob) => Response::new(blob.clone()),
                None => refusal(StatusCode::NOT_FOUND, "BLOB_UNKNOWN", "blob unknown to registry"),
            };
        }
        plain(StatusCode::NOT_FOUND, "404 page not found")
    }

    fn tags(&self, name: &str) -> Response<Bytes> {
        match self.repositories.get(name) {
            Some(repository) => {
                let tags: Vec<&String> = repository.tags.keys().collect();
                json_response(StatusCode::OK, &json!({ "name": name, "tags": tags }))
            }
            None => unknown_name(name),
        }
    }

    fn manifest(&self, method: &Method, name: &str, reference: &str) -> Response<Bytes> {
        let Some(repository) = self.repositories.get(name) else { return unknown_name(name) };
        let digest = repository.tags.get(reference).map_or(reference, String::as_str);
        let Some((media_type, body)) = repository.manifests.get(digest) else {
            // The words of Azure's registry.
            let (message, detail) = match reference.contains(':') {
                true => (format!("manifest {reference} is not found"), json!({ "Name": name, "Revision": reference })),
                false => (format!("manifest tagged by \"{reference}\" is not found"), json!({ "Tag": reference })),
            };
            let errors = json!({"errors": [{"code": "MANIFEST_UNKNOWN", "message": message, "detail": detail}]});
            return json_response(StatusCode::NOT_FOUND, &errors);
        };
        let length = body.len().to_string();
        let body = if method == Method::HEAD { Bytes::new() } else { body.clone() };
        let response = Response::builder()
            .header("content-type", media_type)
            .header("content-length", length)
            .header("docker-content-digest", digest)
            .header("etag", format!("\"{digest}\""));
        response.body(body).expect("the headers are well formed")
    }

    fn put_manifest(&mut self, request: &Request<Bytes>, name: &str, reference: &str) -> Response<Bytes> {
        let digest = digest(request.body());
        let media_type =
            request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let repository = self.repositories.entry(name.to_owned()).or_default();
        repository.manifests.insert(digest.clone(), (media_type.to_owned(), request.body().clone()));
        if !reference.contains(':') {
            repository.tags.insert(reference.to_owned(), digest.clone());
        }
        let created = with(plain(StatusCode::CREATED, ""), "location", &format!("/v2/{name}/manifests/{digest}"));
        with(created, "docker-content-digest", &digest)
    }

    /// `POST` opens an upload, `PATCH` adds to it, `PUT …?digest=` closes it; a `POST` with a digest does all at once.
    fn upload(&mut self, request: &Request<Bytes>, name: &str, id: &str) -> Response<Bytes> {
        let query = request.uri().query().unwrap_or_default();
        let wanted =
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "digest").map(|(_, value)| value);
        let id = if id.is_empty() { guid() } else { id.to_owned() };
        let mut bytes = self.uploads.remove(&id).unwrap_or_default();
        bytes.extend_from_slice(request.body());
        let Some(wanted) = wanted else {
            let end = bytes.len().saturating_sub(1);
            self.uploads.insert(id.clone(), bytes);
            let opened = with(plain(StatusCode::ACCEPTED, ""), "location", &format!("/v2/{name}/blobs/uploads/{id}"));
            return with(with(opened, "docker-upload-uuid", &id), "range", &format!("0-{end}"));
        };
        if digest(&bytes) != wanted {
            return refusal(
                StatusCode::BAD_REQUEST,
                "DIGEST_INVALID",
                "provided digest did not match uploaded content",
            );
        }
        self.blobs.insert(wanted.to_string(), bytes.into());
        let created = with(plain(StatusCode::CREATED, ""), "location", &format!("/v2/{name}/blobs/{wanted}"));
        with(created, "docker-content-digest", &wanted)
    }
}

/// An error in the protocol's shape.
pub fn refusal(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    json_response(status, &json!({ "errors": [{ "code": code, "message": message }] }))
}

fn unknown_name(name: &str) -> Response<Bytes> {
    refusal(StatusCode::NOT_FOUND, "NAME_UNKNOWN", &format!("repository \"{name}\" is not found"))
}

fn unsupported() -> Response<Bytes> {
    refusal(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "The operation is unsupported.")
}
