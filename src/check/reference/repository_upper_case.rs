//! A repository has capital letters.
//!
//! ## Why
//! Repository names are lower case; no parser accepts others (`invalid reference format: repository name must be lowercase`).
//! Often the name comes from a project or branch. <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests>
//!
//! ## Fix
//! Write it in lower case, where the image is pushed as well. A tag may have capitals.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Cause;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "repository-upper-case",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("repository_upper_case.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::mistakes(pull, |reason| reason.cause() == Cause::UpperCase)
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
    fn a_capital_in_the_repository_fails() {
        insta::assert_snapshot!(says("acme.azurecr.io/Shop/api:v1"), @"
        error: `acme.azurecr.io/Shop/api:v1` is no image reference: a repository name is lower case
        help: write `acme.azurecr.io/shop/api:v1`
        fix: acme.azurecr.io/shop/api:v1
        ");
    }

    #[test]
    fn a_capital_in_the_tag_does_not() {
        insta::assert_snapshot!(says("acme.azurecr.io/shop/api:V1"), @"pass");
    }
}
