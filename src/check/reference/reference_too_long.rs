//! The repository or the tag is longer than allowed.
//!
//! ## Why
//! A repository has at most 255 characters and a tag 128. Tags that are made of branch names grow past that. Many clients count
//! the registry's host to the 255. <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>
//!
//! ## Fix
//! Shorten the name where it is made: the commit's hash identifies a build as well as a branch name does.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{Cause, SuspicionKind};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "reference-too-long",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("reference_too_long.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let found = super::mistakes(pull, |reason| reason.cause() == Cause::Length)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let (written, odd) = super::oddities(pull, &[SuspicionKind::LongName])?;
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
    fn a_tag_of_129_characters_fails() {
        let tag = "a".repeat(129);
        assert!(says(&format!("acme.azurecr.io/api:{tag}")).contains("a tag has at most 128 characters, not 129"));
        assert_eq!(says(&format!("acme.azurecr.io/api:{}", &tag[1..])), "pass");
    }

    #[test]
    fn a_repository_of_256_characters_fails_and_one_that_is_long_with_its_host_is_warned_of() {
        let path = "a".repeat(256);
        assert!(says(&format!("a.io/{path}")).starts_with("error: "));
        assert!(says(&format!("a.io/{}", &path[1..])).starts_with("warning: "));
    }
}
