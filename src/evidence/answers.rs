//! The shapes of answers.

use serde::{Deserialize, Serialize};

use crate::image::Digest;

use super::Answer;

/// What answered a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    Image(Box<Resolved>),
    Flag(bool),
    Names(Vec<String>),
    Quota(Quota),
    Attributes(Box<Attributes>),
    Resolution(Box<Resolution>),
    /// What Resource Manager answered, without secrets.
    Json(serde_json::Value),
}

/// An operating system and a processor, as an index names them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    pub os: String,
    pub architecture: String,
}

/// What a registry has under a reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resolved {
    pub digest: Digest,
    pub media_type: String,
    /// The children of an index; empty for a single manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
    /// The manifest that the platform runs: the single one, or the fitting child; `None` when no child fits.
    pub picked: Option<Answer<Picked>>,
    /// Where the digest in the reference and the tag beside it differ: what the tag points to now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_digest: Option<Answer<Digest>>,
    /// Had without a credential: anybody may pull it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anonymous: bool,
}

/// A child of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub digest: String,
    pub platform: Option<Platform>,
    /// BuildKit attaches provenance as children of platform unknown/unknown: never an image.
    pub attestation: bool,
}

/// A manifest that can be run, with its configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Picked {
    pub digest: String,
    pub media_type: String,
    pub config_media_type: Option<String>,
    /// From the configuration; `None` when the manifest is no image (a chart, a signature) or has none.
    pub platform: Option<Answer<Platform>>,
    /// Compressed bytes of all layers.
    pub size: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layer_media_types: Vec<String>,
}

/// How many pulls are left (`ratelimit-limit`, `ratelimit-remaining`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    pub limit: Option<u32>,
    pub remaining: Option<u32>,
    pub window_seconds: Option<u64>,
    pub source: Option<String>,
}

/// What ACR tells of an image beside the image (`/acr/v1/…`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Attributes {
    pub repository_readable: Option<bool>,
    pub tag_readable: Option<bool>,
    pub manifest_readable: Option<bool>,
    pub quarantined: Option<bool>,
    /// ISO 8601, when the tag was last moved.
    pub tag_updated: Option<String>,
    /// Whether the manifest has no tag at all.
    pub untagged: Option<bool>,
}

/// A user name and where its password is to be looked up; the password itself is never part of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    pub username: String,
    /// What the password is called: by its workload, and by the secret or the entry that holds it.
    pub secret: String,
}

/// What the runner sees on its way to a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Resolution {
    /// The chain of aliases, in order.
    pub aliases: Vec<String>,
    pub addresses: Vec<std::net::IpAddr>,
    /// Who signed the certificate, when TLS was reached.
    pub issuer: Option<String>,
    /// The status of `GET /v2/` without credentials.
    pub status: Option<u16>,
    pub proxy: Option<String>,
    /// Where the way ends although the name leads somewhere: no connection, no trusted TLS, no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<super::Failure>,
}

impl Platform {
    /// What Container Apps, jobs and most hosts run.
    pub fn linux_amd64() -> Platform {
        Platform { os: "linux".to_owned(), architecture: "amd64".to_owned() }
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)
    }
}

impl Reply {
    pub(super) fn names(&self) -> Option<&[String]> {
        match self {
            Reply::Names(names) => Some(names),
            _ => None,
        }
    }
}
