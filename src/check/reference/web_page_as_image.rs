//! The image is the address of a web page about an image.
//!
//! ## Why
//! `hub.docker.com/r/acme/api`, `github.com/acme/api/pkgs/container/api` and the like show pages; the images are served by other
//! hosts. <https://docs.docker.com/docker-hub/repos/>
//!
//! ## Fix
//! Write the reference that the page's pull command shows.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "web-page-as-image",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("web_page_as_image.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (written, odd) = super::oddities(pull, &[SuspicionKind::WebPage])?;
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
    fn a_page_fails_and_its_image_is_named() {
        insta::assert_snapshot!(says("hub.docker.com/r/acme/api"), @"
        error: hub.docker.com serves web pages, not images
        at: hub.docker.com/r/acme/api
        help: write `docker.io/acme/api`
        fix: docker.io/acme/api
        ");
    }

    #[test]
    fn the_registry_does_not() {
        insta::assert_snapshot!(says("docker.io/acme/api:v1"), @"pass");
    }
}
