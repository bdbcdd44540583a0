//! A reference to a container image: its parts, its canonical form, and what is wrong with it.
//!
//! The grammar is that of distribution/reference, which containerd applies on the node; it is the
//! stricter of the two parsers that act on Azure Container Apps (the service's own validation
//! lets through `https://…`, `a//b` and a leading slash, and fails later with a misleading
//! `UNAUTHORIZED`). What the grammar accepts although Azure cannot serve it is a [`Suspicion`].
//! Whether an image exists is not asked here: nothing in this module does I/O.

mod acr;
mod digest;
mod grammar;
mod host;
mod known;
#[cfg(test)]
mod laws;
mod mistake;
mod nearest;
mod partial;
mod recent;
mod repair;
mod screen;
mod suspicion;
mod token;
mod typo;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use crate::cloud::Cloud;
pub use acr::{Acr, Endpoint, acr_cloud, acr_name, is_acr};
pub use digest::{Algorithm, Digest};
pub use host::{Host, Reach};
pub use known::{
    DOCKER_HUB_ALIASES, PLACEHOLDER_IMAGES, is_docker_hub, is_known_registry, is_mutable_tag, is_placeholder_image,
};
pub use mistake::{Cause, Mistake, Reason};
pub use nearest::nearest;
pub use partial::{Known, UNKNOWN, judge_partial, known};
pub use suspicion::{Suspicion, SuspicionKind, suspicions};
pub use token::{Style, Token, placeholder, placeholders};
pub use typo::near_host;

/// An image as the node asks for it: every part present, the implied ones filled in.
///
/// Two references are equal when they name the same thing: how they were written
/// (`written_registry`, `written_version`) is not compared.
#[derive(Clone, Debug)]
pub struct ImageRef {
    /// The registry's host; `docker.io` when none was written.
    pub registry: Host,
    /// The path within the registry, with Docker Hub's `library/` filled in.
    pub repository: String,
    /// The tag or the digest; the tag `latest` when neither was written.
    pub version: Version,
    /// The host was in the text; otherwise Docker Hub was implied.
    pub written_registry: bool,
    /// A tag or digest was in the text; otherwise the tag `latest` was implied.
    pub written_version: bool,
}

/// Which of the repository's images.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The image that the tag points at when somebody asks.
    Tag(String),
    /// Exactly this image.
    Digest(Digest),
    /// Both were written. The node drops the tag and pulls the digest, and nobody checks whether
    /// they agree.
    TagAndDigest(String, Digest),
}

impl ImageRef {
    /// Reads a reference and fills in what Docker's names leave out.
    ///
    /// # Errors
    /// The first [`Mistake`]: its bytes in `text`, its reason, and a correction where one is
    /// certain.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        recent::recall(text, |text| grammar::read(text).map_err(|fault| repair::explain(text, fault)))
    }

    /// `host/path`, without tag and digest.
    pub fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    /// The tag, written or implied; also the one beside a digest, which is not what is pulled.
    pub fn tag(&self) -> Option<&str> {
        match &self.version {
            Version::Tag(tag) | Version::TagAndDigest(tag, _) => Some(tag),
            Version::Digest(_) => None,
        }
    }

    /// The digest, if one was written.
    pub fn digest(&self) -> Option<&Digest> {
        match &self.version {
            Version::Tag(_) => None,
            Version::Digest(digest) | Version::TagAndDigest(_, digest) => Some(digest),
        }
    }

    /// Neither tag nor digest was written, so that `latest` is pulled.
    pub fn has_implied_tag(&self) -> bool {
        !self.written_version
    }

    /// What the node pulls: the digest alone where a tag stands beside it.
    pub fn pulled(&self) -> Self {
        match &self.version {
            Version::TagAndDigest(_, digest) => self.with_digest(digest.clone()),
            Version::Tag(_) | Version::Digest(_) => self.clone(),
        }
    }

    /// The same repository at a digest.
    pub fn with_digest(&self, digest: Digest) -> Self {
        self.at(Version::Digest(digest))
    }

    /// The same repository at another version. The caller vouches for the tag's grammar.
    pub fn at(&self, version: Version) -> Self {
        Self { version, written_version: true, ..self.clone() }
    }

    /// The shortest text that means the same: without `docker.io/library/`.
    pub fn familiar(&self) -> String {
        let version = &self.version;
        if self.registry.as_str() != known::DOCKER_HUB {
            return self.to_string();
        }
        let path = match self.repository.strip_prefix("library/") {
            Some(official) if !official.contains('/') => official,
            _ => &self.repository,
        };
        // Without `docker.io/` the path would be read as another host: `docker.io/acme.io/api`.
        match grammar::host_end(path) {
            Some(_) => self.to_string(),
            None => format!("{path}{version}"),
        }
    }

    fn identity(&self) -> (&Host, &str, &Version) {
        (&self.registry, &self.repository, &self.version)
    }
}

impl Version {
    /// What stands behind `/manifests/` in a request: the digest where there is one.
    pub fn key(&self) -> String {
        match self {
            Self::Tag(tag) => tag.clone(),
            Self::Digest(digest) | Self::TagAndDigest(_, digest) => digest.to_string(),
        }
    }
}

impl PartialEq for ImageRef {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for ImageRef {}

impl PartialOrd for ImageRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ImageRef {
    fn cmp(&self, other: &Self) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl Hash for ImageRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

/// The separator belongs to the version: `:v1`, `@sha256:…`, `:v1@sha256:…`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, ":{tag}"),
            Self::Digest(digest) => write!(f, "@{digest}"),
            Self::TagAndDigest(tag, digest) => write!(f, ":{tag}@{digest}"),
        }
    }
}

/// The canonical form: host, whole path, tag or digest, nothing implied.
impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.registry, self.repository, self.version)
    }
}

impl FromStr for ImageRef {
    type Err = Mistake;

    fn from_str(text: &str) -> Result<Self, Mistake> {
        Self::parse(text)
    }
}

impl Serialize for ImageRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ImageRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    #[track_caller]
    fn accept(text: &str, canonical: &str) -> ImageRef {
        let image = ImageRef::parse(text).unwrap();
        assert_eq!(image.to_string(), canonical);
        image
    }

    #[test]
    fn docker_hub_names_are_filled_in() {
        accept("nginx", "docker.io/library/nginx:latest");
        accept("acme/api:v1", "docker.io/acme/api:v1");
        accept("index.docker.io/nginx:1", "docker.io/library/nginx:1");
        accept("Docker.io/nginx:1", "docker.io/library/nginx:1");
        accept("myacr.azurecr.io:v1", "docker.io/library/myacr.azurecr.io:v1");
        accept("localhost", "docker.io/library/localhost:latest");
        accept("localhost/app", "localhost/app:latest");
    }

    #[test]
    fn a_host_is_lower_cased_and_keeps_its_port() {
        accept("Acme.AzureCR.io:443/api:v1", "acme.azurecr.io:443/api:v1");
        accept("[2001:DB8::1]:5000/api:v1", "[2001:db8::1]:5000/api:v1");
    }

    #[test]
    fn a_first_part_that_is_a_host_only_by_its_capitals_keeps_them() {
        let image = accept("MyOrg/app:1", "MyOrg/app:1");
        assert_eq!(ImageRef::parse(&image.to_string()).unwrap(), image);
    }

    #[test]
    fn the_digest_wins_over_the_tag() {
        let text = format!("acme.azurecr.io/api:v1@sha256:{HEX}");
        let image = accept(&text, &text);
        assert_eq!(image.tag(), Some("v1"));
        assert_eq!(image.version.key(), format!("sha256:{HEX}"));
        assert_eq!(image.pulled().to_string(), format!("acme.azurecr.io/api@sha256:{HEX}"));
    }

    #[test]
    fn what_was_implied_is_remembered_and_not_compared() {
        let short = ImageRef::parse("nginx").unwrap();
        let long = ImageRef::parse("docker.io/library/nginx:latest").unwrap();
        assert!(!short.written_registry && short.has_implied_tag());
        assert!(long.written_registry && !long.has_implied_tag());
        assert_eq!(short, long);
    }

    #[test]
    fn the_familiar_form_is_the_short_one() {
        let familiar = |text| ImageRef::parse(text).unwrap().familiar();
        assert_eq!(familiar("docker.io/library/nginx:1"), "nginx:1");
        assert_eq!(familiar("docker.io/acme/api:1"), "acme/api:1");
        assert_eq!(familiar("ghcr.io/acme/api:1"), "ghcr.io/acme/api:1");
        assert_eq!(familiar("docker.io/acme.io/api:1"), "docker.io/acme.io/api:1");
    }

    #[test]
    fn json_holds_the_canonical_text() {
        let image = ImageRef::parse("nginx:1.27").unwrap();
        let json = serde_json::to_string(&image).unwrap();
        assert_eq!(json, r#""docker.io/library/nginx:1.27""#);
        assert_eq!(serde_json::from_str::<ImageRef>(&json).unwrap(), image);
        assert!(serde_json::from_str::<ImageRef>(r#""a//b""#).is_err());
    }
}
