//! Some layers of the image are of a kind that not every node can use.
//!
//! ## Why
//! Foreign layers lie on another server, which the environment must reach as well; encrypted layers need a key on the node; other types
//! need a plug-in. <https://github.com/opencontainers/image-spec/blob/main/layer.md>
//!
//! ## Fix
//! Build the image again with ordinary layers (`tar`, `tar+gzip`, `tar+zstd`).

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "layers-unusual",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("layers_unusual.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, _, picked) = super::picked(pull, evidence)?;
    let layers = &picked.layer_media_types;
    if !layers.iter().any(|layer| super::not_an_image::is_image_layer(layer)) {
        return Err(Stop::NotApplicable("it has no layers of an image"));
    }
    let odd: Vec<String> =
        layers.iter().filter(|layer| !is_ordinary(layer)).map(|layer| format!("`{layer}`")).collect();
    if odd.is_empty() {
        return Ok(Vec::new());
    }
    let title = format!("{image} has layers of type {}", odd.join(", "));
    Ok(vec![super::at(pull, title).help("build it again with ordinary layers")])
}

fn is_ordinary(media_type: &str) -> bool {
    let is_odd =
        media_type.contains("foreign") || media_type.contains("nondistributable") || media_type.ends_with("+encrypted");
    super::not_an_image::is_image_layer(media_type) && !is_odd
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, single, verdict};

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    #[test]
    fn foreign_layers_are_warned_of_and_ordinary_ones_are_not() {
        let mut resolved = single("linux", "amd64");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved.clone())), @"pass");
        if let Some(Ok(picked)) = &mut resolved.picked {
            picked.layer_media_types.push("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".to_owned());
        }
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"
        warning: acme.azurecr.io/api:v2 has layers of type `application/vnd.docker.image.rootfs.foreign.diff.tar.gzip`
        help: build it again with ordinary layers
        ");
    }
}
