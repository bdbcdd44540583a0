//! What is in a registry, for those whose token has it: `/v2/` and the registry's own `/acr/v1/`.

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::{Who, challenge, grant};
use crate::arm::percent_decoded;
use crate::server::{json as json_response, plain, with};
use crate::store::{Repository, refusal};
use crate::token::Mint;
use crate::world::{World, data_host};

/// Minutes that the link to a layer is good: at least 20, at most 30.
const LINK: u64 = 25 * 60;

/// Answers a request that is neither of the two token endpoints'.
pub fn answer(
    world: &mut World,
    mint: &Mint,
    registry: &Value,
    host: &str,
    request: &Request<Bytes>,
) -> Response<Bytes> {
    let path = percent_decoded(request.uri().path());
    let wanted = needed(request.method(), &path);
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let scope = wanted.as_ref().map(|(kind, name, action)| (*kind, name.as_str(), *action));
    let Some(header) = header else { return challenge(host, scope, false) };
    if !has(world, mint, registry, host, header, scope) {
        return challenge(host, scope, header.starts_with("Bearer "));
    }
    // A repository's name has no capitals; the registry does not even look.
    if wanted.is_some_and(|(_, name, _)| name.chars().any(char::is_uppercase)) {
        return plain(StatusCode::NOT_FOUND, "404 page not found");
    }
    if let Some(rest) = path.strip_prefix("/acr/v1/") {
        return attributes(world, host, rest);
    }
    let Some(rest) = path.strip_prefix("/v2/") else { return plain(StatusCode::NOT_FOUND, "404 page not found") };
    if let Some((_, digest)) = rest.rsplit_once("/blobs/").filter(|(_, digest)| digest.starts_with("sha256:"))
        && world.stores.get(host).is_some_and(|store| store.blob(digest).is_some())
    {
        return redirect(mint, registry, host, digest);
    }
    world.stores.entry(host.to_owned()).or_default().answer(request, rest)
}

/// What a token must have for a path; nothing but a token for `/v2/` itself.
fn needed(method: &Method, path: &str) -> Option<(&'static str, String, &'static str)> {
    if path.ends_with("/_catalog") {
        return Some(("registry", "catalog".to_owned(), "*"));
    }
    if let Some(rest) = path.strip_prefix("/acr/v1/") {
        let name = rest.split("/_").next().unwrap_or_default();
        let action = if method == Method::GET { "metadata_read" } else { "metadata_write" };
        return Some(("repository", name.to_owned(), action));
    }
    let rest = path.strip_prefix("/v2/")?;
    let words = ["/manifests/", "/blobs/", "/tags/"];
    let name = words.iter().find_map(|word| Some(rest.rsplit_once(word)?.0))?;
    let action = match *method {
        Method::GET | Method::HEAD => "pull",
        Method::DELETE => "delete",
        _ => "push",
    };
    Some(("repository", name.to_owned(), action))
}

fn has(
    world: &World,
    mint: &Mint,
    registry: &Value,
    host: &str,
    header: &str,
    scope: Option<(&str, &str, &str)>,
) -> bool {
    let Some(token) = header.strip_prefix("Bearer ") else {
        let who = grant::by_basic(world, mint, registry, host, header);
        return who.is_some_and(|who| match scope {
            Some((kind, name, action)) => grant::may(world, registry, &who, kind, name, action),
            None => who != Who::Nobody,
        });
    };
    let Some(claims) =
        mint.read(token).filter(|claims| claims["aud"] == host && claims["grant_type"] == "access_token")
    else {
        return false;
    };
    let Some((kind, name, action)) = scope else { return true };
    claims["access"].as_array().into_iter().flatten().any(|one| {
        one["type"] == kind
            && one["name"] == name
            && one["actions"].as_array().is_some_and(|actions| actions.contains(&json!(action)))
    })
}

/// Layers and configurations are in storage; the link says who may, so that no token is needed there.
fn redirect(mint: &Mint, registry: &Value, host: &str, digest: &str) -> Response<Bytes> {
    let signature = mint.token(LINK, json!({ "registry": host, "digest": digest }));
    let hex = digest.trim_start_matches("sha256:");
    let path = format!("docker/registry/v2/blobs/sha256/{}/{hex}/data", &hex[..2.min(hex.len())]);
    let location = format!("https://{}/lab//{path}?sp=r&sig={signature}", data_host(registry));
    with(plain(StatusCode::TEMPORARY_REDIRECT, ""), "location", &location)
}

/// `REPOSITORY`, `REPOSITORY/_tags[/TAG]`, `REPOSITORY/_manifests[/DIGEST]`.
fn attributes(world: &World, host: &str, rest: &str) -> Response<Bytes> {
    let found = |value: Value| json_response(StatusCode::OK, &value);
    if rest == "_catalog" {
        let names: Vec<&String> =
            world.stores.get(host).into_iter().flat_map(|store| store.repositories.keys()).collect();
        return found(json!({ "repositories": names }));
    }
    let (name, what) = rest.split_once("/_").unwrap_or((rest, ""));
    let Some(repository) = world.stores.get(host).and_then(|store| store.repositories.get(name)) else {
        return refusal(StatusCode::NOT_FOUND, "NAME_UNKNOWN", &format!("repository \"{name}\" is not found"));
    };
    let with = |mut value: Value| {
        value["registry"] = host.into();
        value["imageName"] = name.into();
        found(value)
    };
    match what.split_once('/').unwrap_or((what, "")) {
        ("", _) => with(
            json!({ "manifestCount": repository.manifests.len(), "tagCount": repository.tags.len(), "changeableAttributes": changeable() }),
        ),
        ("tags", "") => {
            with(json!({ "tags": repository.tags.keys().map(|one| tag(repository, one)).collect::<Vec<_>>() }))
        }
        ("tags", one) if repository.tags.contains_key(one) => with(json!({ "tag": tag(repository, one) })),
        ("tags", _) => refusal(StatusCode::NOT_FOUND, "TAG_UNKNOWN", "the specified tag does not exist"),
        ("manifests", "") => with(
            json!({ "manifests": repository.manifests.keys().map(|one| manifest(repository, one)).collect::<Vec<_>>() }),
        ),
        ("manifests", one) if repository.manifests.contains_key(one) => {
            with(json!({ "manifest": manifest(repository, one) }))
        }
        ("manifests", _) => refusal(StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN", "manifest unknown"),
        _ => plain(StatusCode::NOT_FOUND, "404 page not found"),
    }
}

fn tag(repository: &Repository, name: &str) -> Value {
    json!({ "name": name, "digest": repository.tags[name], "createdTime": MADE, "lastUpdateTime": MADE, "signed": false, "changeableAttributes": changeable() })
}

fn manifest(repository: &Repository, digest: &str) -> Value {
    let (media_type, bytes) = &repository.manifests[digest];
    let tags: Vec<&String> = repository.tags.iter().filter(|(_, one)| *one == digest).map(|(name, _)| name).collect();
    json!({ "digest": digest, "imageSize": bytes.len(), "createdTime": MADE, "lastUpdateTime": MADE, "mediaType": media_type, "tags": tags, "changeableAttributes": changeable() })
}

/// When everything in the lab was made.
const MADE: &str = "2026-01-01T00:00:00.0000000Z";

fn changeable() -> Value {
    json!({ "deleteEnabled": true, "writeEnabled": true, "readEnabled": true, "listEnabled": true })
}
