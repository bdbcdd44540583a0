//! Tags, repositories and ACR's own attributes: asked only to help after a failure, or where a check needs them.

use reqwest::Url;
use serde_json::Value;

use super::resolve::scope;
use super::session::Session;
use crate::evidence::{Answer, Attributes};
use crate::image::{Digest, ImageRef};
use crate::probe::http::Response;

/// Longest page that is read, and how many pages: enough for a near name, never a whole giant registry.
const PAGE: u64 = 2 << 20;
const PAGES: usize = 10;

/// The tags of a repository.
pub async fn tags(session: &Session, repository: &str) -> Answer<Vec<String>> {
    pages(session, &format!("v2/{repository}/tags/list?n=1000"), &scope(repository), "tags").await
}

/// The repositories of a registry.
pub async fn repositories(session: &Session) -> Answer<Vec<String>> {
    pages(session, "v2/_catalog?n=1000", "registry:catalog:*", "repositories").await
}

/// Tags that were deleted and can be restored (ACR soft delete, preview).
pub async fn deleted_tags(session: &Session, repository: &str) -> Answer<Vec<String>> {
    let scope = format!("repository:{repository}:metadata_read");
    let response =
        session.get(&format!("acr/v1/_deleted/{repository}/_tags"), &scope, "application/json", PAGE).await?;
    let json = response.json(session.host())?;
    let tags = json.get("tags").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let name = |tag: &Value| tag.get("tag").or_else(|| tag.get("name")).unwrap_or(tag).as_str().map(str::to_owned);
    Ok(tags.iter().filter_map(name).collect())
}

/// Locks and quarantine of repository, tag and manifest. What one of the three does not tell, the others may: it fails only when
/// none answers.
pub async fn attributes(session: &Session, image: &ImageRef, digest: Option<&str>) -> Answer<Attributes> {
    let repository = &image.repository;
    let scope = format!("repository:{repository}:metadata_read");
    let ask = async |path: String| -> Answer<Value> {
        session.get(&path, &scope, "application/json", PAGE).await?.json(session.host())
    };
    let whole = ask(format!("acr/v1/{repository}")).await;
    let tag = match image.tag().filter(|_| image.digest().is_none()) {
        Some(tag) => Some(ask(format!("acr/v1/{repository}/_tags/{tag}")).await),
        None => None,
    };
    let tagged = tag.as_ref().and_then(|tag| tag.as_ref().ok()).map(|json| json.get("tag").unwrap_or(json));
    let named = tagged.and_then(|tag| tag.get("digest")).and_then(Value::as_str).and_then(Digest::parse);
    let manifest = match digest.map(str::to_owned).or_else(|| named.map(|digest| digest.to_string())) {
        Some(digest) => Some(ask(format!("acr/v1/{repository}/_manifests/{digest}")).await),
        None => None,
    };
    if [tag.as_ref(), manifest.as_ref()].into_iter().flatten().all(Result::is_err)
        && let Err(failure) = whole
    {
        return Err(failure);
    }
    let mut attributes =
        Attributes { repository_readable: whole.as_ref().ok().and_then(readable), ..Attributes::default() };
    if let Some(tag) = tagged {
        attributes.tag_readable = readable(tag);
        attributes.tag_updated = tag.get("lastUpdateTime").and_then(Value::as_str).map(str::to_owned);
    }
    if let Some(Ok(json)) = &manifest {
        let manifest = json.get("manifest").unwrap_or(json);
        attributes.manifest_readable = readable(manifest);
        attributes.untagged = Some(manifest.get("tags").and_then(Value::as_array).is_none_or(Vec::is_empty));
        let state = manifest.pointer("/changeableAttributes/quarantineState").and_then(Value::as_str);
        attributes.quarantined = state.map(|state| !state.eq_ignore_ascii_case("passed"));
    }
    Ok(attributes)
}

fn readable(json: &Value) -> Option<bool> {
    json.pointer("/changeableAttributes/readEnabled").and_then(Value::as_bool)
}

async fn pages(session: &Session, first: &str, scope: &str, key: &str) -> Answer<Vec<String>> {
    let mut names = Vec::new();
    let mut path = first.to_owned();
    for _ in 0..PAGES {
        let response = session.get(&path, scope, "application/json", PAGE).await?;
        let json = response.json(session.host())?;
        let page = json.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        names.extend(page.iter().filter_map(Value::as_str).map(str::to_owned));
        match next(&response) {
            Some(next) => path = next,
            None => break,
        }
    }
    Ok(names)
}

/// The path of `Link: </v2/_catalog?last=x&n=2>; rel="next"`. Another host's address is cut to its path.
fn next(response: &Response) -> Option<String> {
    let link = response.header("link")?;
    let (target, rest) = link.trim_start().strip_prefix('<')?.split_once('>')?;
    if !rest.contains("next") {
        return None;
    }
    let base = Url::parse("http://registry.invalid/").ok()?;
    let url = base.join(target).ok()?;
    Some(format!("{}?{}", url.path().trim_start_matches('/'), url.query().unwrap_or_default()))
}
