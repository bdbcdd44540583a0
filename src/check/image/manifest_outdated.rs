//! The image has a manifest of schema 1, which was given up.
//!
//! ## Why
//! Registries still serve it; current versions of containerd no longer pull it.
//! <https://docs.docker.com/engine/deprecated/#pushing-and-pulling-with-image-manifest-v2-schema-1>
//!
//! ## Fix
//! Build and push the image again with a current tool.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "manifest-outdated",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("manifest_outdated.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, resolved) = super::resolved(pull, evidence)?;
    if !is_schema_1(&resolved.media_type) {
        return Ok(Vec::new());
    }
    let title = format!("{image} has a manifest of schema 1, which current nodes do not pull");
    Ok(vec![super::at(pull, title).help("build and push it again with a current tool")])
}

/// Whether a manifest is of the first schema, signed or not.
pub(super) fn is_schema_1(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.docker.distribution.manifest.v1+")
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, single, verdict};

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    #[test]
    fn schema_1_is_warned_of_and_others_are_not() {
        let mut resolved = single("linux", "amd64");
        resolved.media_type = "application/vnd.docker.distribution.manifest.v1+prettyjws".to_owned();
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"
        warning: acme.azurecr.io/api:v2 has a manifest of schema 1, which current nodes do not pull
        help: build and push it again with a current tool
        ");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("linux", "amd64"))), @"pass");
    }
}
