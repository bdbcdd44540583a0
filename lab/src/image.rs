//! Images made by hand: as small as an image can be, and as wrong as a scene needs it.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A manifest and the blobs that it names.
#[derive(Clone, Debug)]
pub struct Image {
    pub media_type: &'static str,
    pub manifest: Vec<u8>,
    pub blobs: Vec<Vec<u8>>,
}

impl Image {
    /// An image of one layer for a platform; `salt` makes its digest its own.
    pub fn of(os: &str, architecture: &str, salt: &str) -> Image {
        let layer = salt.as_bytes().to_vec();
        let config = json!({
            "architecture": architecture,
            "os": os,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest(&layer)]},
        });
        Image::with_config(CONFIG, config.to_string().into_bytes(), layer)
    }

    /// A chart: a manifest whose configuration is no image's.
    pub fn chart(salt: &str) -> Image {
        Image::with_config("application/vnd.cncf.helm.config.v1+json", b"{}".to_vec(), salt.as_bytes().to_vec())
    }

    /// An index over images, each with the platform it is listed under.
    pub fn index(children: &[(&str, &str, &Image)]) -> Image {
        let entry = |(os, architecture, image): &(&str, &str, &Image)| {
            json!({
                "mediaType": image.media_type,
                "digest": image.digest(),
                "size": image.manifest.len(),
                "platform": {"os": os, "architecture": architecture},
            })
        };
        let entries: Vec<Value> = children.iter().map(entry).collect();
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries});
        Image { media_type: INDEX, manifest: index.to_string().into_bytes(), blobs: Vec::new() }
    }

    fn with_config(media_type: &str, config: Vec<u8>, layer: Vec<u8>) -> Image {
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": media_type, "digest": digest(&config), "size": config.len()},
            "layers": [{"mediaType": LAYER, "digest": digest(&layer), "size": layer.len()}],
        });
        Image { media_type: MANIFEST, manifest: manifest.to_string().into_bytes(), blobs: vec![config, layer] }
    }

    pub fn digest(&self) -> String {
        digest(&self.manifest)
    }
}

/// `sha256:…` of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
