//! What is stored under the reference is no container image.
//!
//! ## Why
//! A registry also holds Helm charts, signatures, bills of materials and other artefacts, under the same kind of reference. They resolve,
//! and no node can run them. <https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage>
//!
//! ## Fix
//! Name the image's own tag; charts and signatures often stand beside it.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "not-an-image",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("not_an_image.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, _, picked) = super::picked(pull, evidence)?;
    if super::manifest_outdated::is_schema_1(&picked.media_type) {
        return Err(Stop::NotApplicable("its manifest has no configuration"));
    }
    let config = picked.config_media_type.as_deref();
    let is_image = matches!(
        config,
        Some("application/vnd.oci.image.config.v1+json" | "application/vnd.docker.container.image.v1+json")
    );
    let layers = &picked.layer_media_types;
    if is_image && (layers.is_empty() || layers.iter().any(|layer| is_image_layer(layer))) {
        return Ok(Vec::new());
    }
    let media_type = match (is_image, config) {
        (true, _) => layers.first().map(String::as_str),
        (false, config) => config,
    };
    let media_type = media_type.unwrap_or(&picked.media_type);
    let title = match kind(media_type) {
        Some(kind) => format!("{image} is {kind}, not a container image"),
        None => format!("{image} is an artefact of type `{media_type}`, not a container image"),
    };
    Ok(vec![super::at(pull, title).help("name the tag of the image itself")])
}

/// Whether layers of this type hold a file system.
pub(super) fn is_image_layer(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
}

fn kind(media_type: &str) -> Option<&'static str> {
    const KINDS: &[(&str, &str)] = &[
        ("vnd.cncf.helm", "a Helm chart"),
        ("vnd.cncf.notary", "a signature"),
        ("cosign", "a signature"),
        ("vnd.in-toto", "an attestation"),
        ("sigstore", "a signature"),
        ("spdx", "a bill of materials"),
        ("cyclonedx", "a bill of materials"),
        ("vnd.ms.bicep", "a Bicep module"),
        ("vnd.wasm", "a WebAssembly module"),
        ("vnd.buildkit.cacheconfig", "a build cache"),
    ];
    KINDS.iter().find(|(part, _)| media_type.contains(part)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, single, verdict};
    use crate::evidence::Resolved;

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    fn of(config: &str, layer: &str) -> Resolved {
        let mut resolved = single("linux", "amd64");
        if let Some(Ok(picked)) = &mut resolved.picked {
            picked.config_media_type = Some(config.to_owned());
            picked.layer_media_types = vec![layer.to_owned()];
        }
        resolved
    }

    #[test]
    fn charts_signatures_and_other_artefacts_fail() {
        let chart =
            of("application/vnd.cncf.helm.config.v1+json", "application/vnd.cncf.helm.chart.content.v1.tar+gzip");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, chart)), @"
        error: acme.azurecr.io/api:v2 is a Helm chart, not a container image
        help: name the tag of the image itself
        ");
        let signature =
            of("application/vnd.oci.image.config.v1+json", "application/vnd.dev.cosign.simplesigning.v1+json");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, signature)), @"
        error: acme.azurecr.io/api:v2 is a signature, not a container image
        help: name the tag of the image itself
        ");
        let other = of("application/vnd.oci.empty.v1+json", "application/octet-stream");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, other)), @"
        error: acme.azurecr.io/api:v2 is an artefact of type `application/vnd.oci.empty.v1+json`, not a container image
        help: name the tag of the image itself
        ");
    }

    #[test]
    fn an_image_does_not() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("linux", "amd64"))), @"pass");
        let docker =
            of("application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, docker)), @"pass");
    }
}
