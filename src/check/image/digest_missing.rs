//! The registry has no manifest of the image's digest.
//!
//! ## Why
//! The digest is of another registry or repository, of a local build (its image id is not the digest that a registry gives), or the
//! manifest was purged after its tag had moved. <https://learn.microsoft.com/azure/container-registry/container-registry-delete>
//!
//! ## Fix
//! Deploy a digest that is there. Lock those that are deployed: `az acr repository update --image REPOSITORY@DIGEST --delete-enabled false`.

use super::Missing;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Version;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "digest-missing",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("digest_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::reference::image(pull)?;
    let Some(digest) = image.digest() else { return Err(Stop::NotApplicable("a tag is pulled, not a digest")) };
    match super::missing(pull, &image, evidence)? {
        None => return Ok(Vec::new()),
        Some(Missing::Digest) => {}
        Some(_) => return Err(Stop::NotApplicable("what is missing is reported by another check")),
    }
    let finding = super::at(pull, format!("digest `{digest}` is not in {}", image.name()));
    let finding = match &image.version {
        Version::TagAndDigest(tag, _) => {
            finding.help(format!("deploy the digest that the tag `{tag}` has now, or push the image again"))
        }
        _ => finding.help("deploy a digest that is there, or push the image again"),
    };
    Ok(vec![finding.command(super::command(
        &image,
        |acr| format!("az acr manifest list-metadata -r {acr} -n {} --orderby time_desc --top 10", image.repository),
        || format!("docker buildx imagetools inspect {}", image.name()),
    ))])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{asks_tags, digest, has, lacks, names, not_found, refused, single, verdict};
    use crate::evidence::Evidence;

    fn image() -> String {
        format!("acme.azurecr.io/api@{}", digest('c'))
    }

    #[test]
    fn a_digest_that_is_not_there_fails() {
        let evidence = lacks(&image(), not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))
            .with(asks_tags("acme.azurecr.io/api"), names(&["v1"]));
        insta::assert_snapshot!(verdict(CHECK, &image(), &evidence), @"
        error: digest `sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc` is not in acme.azurecr.io/api
        at: acme.azurecr.io/api@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
        help: deploy a digest that is there, or push the image again
        run: az acr manifest list-metadata -r acme -n api --orderby time_desc --top 10
        ");
    }

    #[test]
    fn one_that_is_there_does_not_and_a_refusal_is_unverified() {
        insta::assert_snapshot!(verdict(CHECK, &image(), &has(&image(), single("linux", "amd64"))), @"pass");
        insta::assert_snapshot!(verdict(CHECK, &image(), &lacks(&image(), refused("acme.azurecr.io", 403))), @"unverified: acme.azurecr.io answered 403");
        assert!(
            verdict(CHECK, &image(), &Evidence::default()).starts_with("needs manifest of acme.azurecr.io/api@sha256:")
        );
    }
}
