//! The digest is no digest.
//!
//! ## Why
//! A digest is `sha256:` and 64 lower-case hexadecimal digits. One digit lost while copying, capitals, or another algorithm, and
//! nothing is found. <https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests>
//!
//! ## Fix
//! Copy the digest again: `az acr manifest list-metadata` or `docker buildx imagetools inspect` prints it.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{Cause, SuspicionKind};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "digest-malformed",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("digest_malformed.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let found = super::mistakes(pull, |reason| reason.cause() == Cause::Digest)?;
    if !found.is_empty() {
        return Ok(found);
    }
    // Current builds of go-digest register sha512, older ones refuse it: which one the node has is not known.
    let (written, odd) = super::oddities(pull, &[SuspicionKind::Sha512])?;
    Ok(odd.iter().map(|odd| written.suspected(odd).warning()).collect())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str) -> String {
        verdict(CHECK, image, &Evidence::default())
    }

    #[test]
    fn a_digest_of_another_length_case_or_algorithm_fails() {
        let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0";
        insta::assert_snapshot!(says(&format!("acme.azurecr.io/api@sha256:{hex}")), @"
        error: `acme.azurecr.io/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0` is no image reference: sha256 has 64 hexadecimal digits, not 63
        help: a digit was lost or added: copy the whole digest again
        ");
        insta::assert_snapshot!(says(&format!("acme.azurecr.io/api@sha256:{hex}F")), @"
        error: `acme.azurecr.io/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0F` is no image reference: a digest's digits are lower case
        help: write `acme.azurecr.io/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0f`
        fix: acme.azurecr.io/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0f
        ");
        insta::assert_snapshot!(says(&format!("acme.azurecr.io/api@md5:{hex}8")), @"
        error: `acme.azurecr.io/api@md5:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08` is no image reference: `md5` is not a digest's algorithm
        help: registries of Azure use `sha256:`
        ");
        insta::assert_snapshot!(says(&format!("acme.azurecr.io/api:sha256:{hex}8")), @"
        error: `acme.azurecr.io/api:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08` is no image reference: a digest follows `@`, not a colon
        help: write `acme.azurecr.io/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`
        fix: acme.azurecr.io/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        ");
    }

    #[test]
    fn sha512_is_only_warned_of_and_sha256_is_right() {
        insta::assert_snapshot!(says(&format!("a.io/api@sha512:{}", "a".repeat(128))), @"
        warning: not every node knows sha512; registries of Azure use sha256
        at: sha512:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        ");
        insta::assert_snapshot!(says(&format!("a.io/api@sha256:{}", "a".repeat(64))), @"pass");
    }
}
