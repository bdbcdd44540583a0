//! The image is only a registry's host.
//!
//! ## Why
//! Without a slash there is no host in a reference: `acme.azurecr.io:v1` is the image `library/acme.azurecr.io` of Docker Hub, and
//! `localhost:5000` is an image with the tag 5000. <https://github.com/distribution/reference/blob/main/normalize.go>
//!
//! ## Fix
//! Name the repository: `acme.azurecr.io/api:v1`. The variable with its name was probably empty.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "host-as-image",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("host_as_image.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (written, odd) = super::oddities(pull, &[SuspicionKind::HostAsImage])?;
    Ok(odd.iter().map(|odd| written.suspected(odd)).collect())
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
    fn a_host_without_a_repository_fails() {
        insta::assert_snapshot!(says("acme.azurecr.io:v1"), @"
        error: `acme.azurecr.io` is a host without a repository, and is looked for on Docker Hub
        help: name the repository, as in `acme.azurecr.io/api`
        ");
        insta::assert_snapshot!(says("acme.azurecr.io"), @"
        error: `acme.azurecr.io` is a host without a repository, and is looked for on Docker Hub
        help: name the repository, as in `acme.azurecr.io/api`
        ");
    }

    #[test]
    fn a_short_name_of_docker_hub_does_not() {
        insta::assert_snapshot!(says("nginx:1.27"), @"pass");
    }
}
