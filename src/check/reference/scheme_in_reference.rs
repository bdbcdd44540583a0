//! The image begins with a scheme such as `https://`.
//!
//! ## Why
//! An image reference is no URL. The node refuses it (`invalid reference format`); the service's own validation reads `https:` as
//! the registry's host and fails with an error about names or authorisation.
//! <https://github.com/distribution/reference/blob/main/reference.go>
//!
//! ## Fix
//! Leave the scheme out: `acme.azurecr.io/api:v1`. The same holds for `registries[].server`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Cause;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "scheme-in-reference",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("scheme_in_reference.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::mistakes(pull, |reason| reason.cause() == Cause::Scheme)
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
    fn a_scheme_fails_and_is_left_out_of_the_correction() {
        insta::assert_snapshot!(says("https://acme.azurecr.io/api:v1"), @"
        error: `https://acme.azurecr.io/api:v1` is no image reference: a reference has no scheme such as `https://`
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("docker://acme.azurecr.io/api:v1"), @"
        error: `docker://acme.azurecr.io/api:v1` is no image reference: a reference has no scheme such as `docker://`
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
    }

    #[test]
    fn a_host_that_only_begins_like_one_is_no_scheme() {
        insta::assert_snapshot!(says("https.azurecr.io/api:v1"), @"pass");
    }
}
