//! From a reference to the manifest that the platform runs: index → child → configuration.

use oci_distribution::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE, IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE,
    OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciImageIndex, OciImageManifest,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};

use super::session::Session;
use crate::evidence::{Answer, Entry, Failure, Picked, Platform, Quota, Resolved};
use crate::image::{Algorithm, Digest, ImageRef, Version};
use crate::probe::http::Response;

/// Longest manifest and configuration that are read. ACR and Docker Hub refuse manifests above 4 MiB.
const MANIFEST: u64 = 4 << 20;
const CONFIG: u64 = 8 << 20;

/// Everything that a registry must be asked for, so that none answers 404 for what it has in another form: the
/// distribution registry does so for an index that is not in `Accept`.
pub const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, \
application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
application/vnd.docker.distribution.manifest.v1+prettyjws";

/// The scope of a pull, as the distribution token specification spells it.
pub fn scope(repository: &str) -> String {
    format!("repository:{repository}:pull")
}

struct Fetched {
    digest: Digest,
    media_type: String,
    body: Vec<u8>,
}

/// Resolves a reference, with the quota that the registry tells on the way. At most three requests: the index or manifest,
/// the child, the configuration.
pub async fn resolve(session: &Session, image: &ImageRef, platform: &Platform) -> Answer<(Resolved, Option<Quota>)> {
    let repository = &image.repository;
    let (first, response, tag_digest) = match &image.version {
        Version::Tag(tag) => {
            let (fetched, response) = manifest(session, repository, tag).await?;
            (fetched, response, None)
        }
        Version::Digest(digest) => {
            let (fetched, response) = manifest(session, repository, &digest.to_string()).await?;
            (fetched, response, None)
        }
        Version::TagAndDigest(tag, digest) => tag_and_digest(session, repository, tag, digest).await?,
    };
    let quota = quota(&response);
    let mut resolved = Resolved {
        digest: first.digest.clone(),
        media_type: first.media_type.clone(),
        entries: Vec::new(),
        picked: None,
        tag_digest,
        anonymous: session.is_anonymous(),
    };
    if is_index(&first) {
        let index: OciImageIndex = serde_json::from_slice(&first.body).map_err(|_| not_a_manifest(session, image))?;
        resolved.entries = index.manifests.iter().map(entry).collect();
        if let Some(child) = fitting(&resolved.entries, platform) {
            resolved.picked = Some(picked_child(session, image, child).await);
        }
    } else {
        resolved.picked = Some(picked(session, repository, &first, None).await);
    }
    Ok((resolved, quota))
}

/// The digest is pulled and the tag is not looked at. Asking for the tag first costs one request when both agree.
async fn tag_and_digest(
    session: &Session,
    repository: &str,
    tag: &str,
    digest: &Digest,
) -> Answer<(Fetched, Response, Option<Answer<Digest>>)> {
    match manifest(session, repository, tag).await {
        Ok((fetched, response)) if fetched.digest == *digest => Ok((fetched, response, Some(Ok(digest.clone())))),
        other => {
            let (fetched, response) = manifest(session, repository, &digest.to_string()).await?;
            Ok((fetched, response, Some(other.map(|(tagged, _)| tagged.digest))))
        }
    }
}

async fn manifest(session: &Session, repository: &str, reference: &str) -> Answer<(Fetched, Response)> {
    let path = format!("v2/{repository}/manifests/{reference}");
    let response = session.get(&path, &scope(repository), ACCEPT, MANIFEST).await?;
    let media_type = response.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
    if media_type.eq_ignore_ascii_case("text/html") {
        // No registry has manifests of this type: a proxy's page is no image, and no artefact either.
        response.json(session.host())?;
    }
    let told = response.header("docker-content-digest").and_then(Digest::parse);
    let wanted = Digest::parse(reference).or(told);
    let digest = digest_of(&response.body, wanted.as_ref().map_or(Algorithm::Sha256, Digest::algorithm));
    if wanted.is_some_and(|wanted| wanted != digest) && !media_type.contains("prettyjws") {
        return Err(Failure::unreadable(format!(
            "the manifest of {repository} does not have the digest that the registry names"
        )));
    }
    let body = response.body.clone();
    Ok((Fetched { digest, media_type, body }, response))
}

fn digest_of(body: &[u8], algorithm: Algorithm) -> Digest {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let text = match algorithm {
        Algorithm::Sha256 => format!("sha256:{}", hex(&Sha256::digest(body))),
        Algorithm::Sha512 => format!("sha512:{}", hex(&Sha512::digest(body))),
    };
    Digest::parse(&text).expect("a computed digest is well formed")
}

fn is_index(fetched: &Fetched) -> bool {
    match fetched.media_type.as_str() {
        OCI_IMAGE_INDEX_MEDIA_TYPE | IMAGE_MANIFEST_LIST_MEDIA_TYPE => true,
        OCI_IMAGE_MEDIA_TYPE | IMAGE_MANIFEST_MEDIA_TYPE => false,
        _ => serde_json::from_slice::<Value>(&fetched.body)
            .is_ok_and(|json| json.get("manifests").is_some_and(Value::is_array)),
    }
}

fn entry(entry: &oci_distribution::manifest::ImageIndexEntry) -> Entry {
    let platform = entry
        .platform
        .as_ref()
        .map(|platform| Platform { os: platform.os.to_string(), architecture: platform.architecture.to_string() });
    // https://docs.docker.com/build/metadata/attestations/attestation-storage/
    let annotated = entry.annotations.as_ref().and_then(|all| all.get("vnd.docker.reference.type")).is_some();
    let nowhere = platform.as_ref().is_some_and(|p| p.os == "unknown" && p.architecture == "unknown");
    Entry { digest: entry.digest.clone(), platform, attestation: annotated || nowhere }
}

/// The child that a node takes: the first of its platform, else the first that names none.
fn fitting<'e>(entries: &'e [Entry], platform: &Platform) -> Option<&'e Entry> {
    let images = || entries.iter().filter(|entry| !entry.attestation);
    images()
        .find(|entry| entry.platform.as_ref() == Some(platform))
        .or_else(|| images().find(|entry| entry.platform.is_none()))
}

async fn picked_child(session: &Session, image: &ImageRef, child: &Entry) -> Answer<Picked> {
    if Digest::parse(&child.digest).is_none() {
        return Err(not_a_manifest(session, image));
    }
    let (fetched, _) = manifest(session, &image.repository, &child.digest).await?;
    picked(session, &image.repository, &fetched, child.platform.as_ref()).await
}

/// `stated`: the platform that the index names. It saves no request, since the configuration is what the node goes by.
async fn picked(session: &Session, repository: &str, fetched: &Fetched, stated: Option<&Platform>) -> Answer<Picked> {
    let picked = |config_media_type, platform, size, layer_media_types| Picked {
        digest: fetched.digest.to_string(),
        media_type: fetched.media_type.clone(),
        config_media_type,
        platform,
        size,
        layer_media_types,
    };
    let Ok(manifest) = serde_json::from_slice::<OciImageManifest>(&fetched.body) else {
        // Schema 1 has no configuration; what else answers here is no manifest that a node can run.
        return Ok(picked(None, stated.cloned().map(Ok), 0, Vec::new()));
    };
    let size = manifest.layers.iter().map(|layer| u64::try_from(layer.size).unwrap_or(0)).sum();
    let mut media_types: Vec<String> = manifest.layers.iter().map(|layer| layer.media_type.clone()).collect();
    media_types.sort();
    media_types.dedup();
    let config = manifest.config.media_type.clone();
    if !matches!(config.as_str(), IMAGE_CONFIG_MEDIA_TYPE | IMAGE_DOCKER_CONFIG_MEDIA_TYPE) {
        return Ok(picked(Some(config), None, size, media_types));
    }
    let platform = configuration(session, repository, &manifest.config.digest).await;
    Ok(picked(Some(config), Some(platform), size, media_types))
}

async fn configuration(session: &Session, repository: &str, digest: &str) -> Answer<Platform> {
    let wanted =
        Digest::parse(digest).ok_or_else(|| Failure::unreadable(format!("`{digest}` in the manifest is no digest")))?;
    let path = format!("v2/{repository}/blobs/{digest}");
    let response = session.get(&path, &scope(repository), "*/*", CONFIG).await?;
    if digest_of(&response.body, wanted.algorithm()) != wanted {
        return Err(Failure::unreadable(format!(
            "the configuration of {repository} does not have the digest {digest}"
        )));
    }
    let json: Value = serde_json::from_slice(&response.body)
        .map_err(|_| Failure::unreadable("the image's configuration is not JSON"))?;
    let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Platform { os: text("os"), architecture: text("architecture") })
}

/// Docker Hub tells `100;w=21600` in these headers. <https://docs.docker.com/docker-hub/usage/pulls/>
fn quota(response: &Response) -> Option<Quota> {
    let number = |name: &str| response.header(name)?.split(';').next()?.trim().parse().ok();
    let window = |name: &str| response.header(name)?.split(";w=").nth(1)?.trim().parse().ok();
    let (limit, remaining) = (number("ratelimit-limit"), number("ratelimit-remaining"));
    let source = response.header("docker-ratelimit-source").map(|source| {
        if source.contains('.') || source.contains(':') { "this address".to_owned() } else { "this account".to_owned() }
    });
    (limit.is_some() || remaining.is_some()).then(|| Quota {
        limit,
        remaining,
        window_seconds: window("ratelimit-limit"),
        source,
    })
}

fn not_a_manifest(session: &Session, image: &ImageRef) -> Failure {
    Failure::unreadable(format!("{} answered for {image} with what is no manifest", session.host()))
}
