//! A registry's host stands in the reference twice, or behind another host.
//!
//! ## Why
//! A host was put in front of a reference that already had one. The registry then looks for a repository of that name and answers
//! `UNAUTHORIZED` or `NAME_UNKNOWN`. <https://github.com/microsoft/azure-container-apps/issues/352>
//!
//! ## Fix
//! Leave one of them out. A mirror may really name its copies so: then it is only warned of.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{SuspicionKind, is_docker_hub};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "host-doubled",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("host_doubled.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::image(pull)?;
    let (written, odd) = super::oddities(pull, &[SuspicionKind::DoubledHost, SuspicionKind::HostInRepository])?;
    let Some(odd) = odd.first() else { return Ok(Vec::new()) };
    let finding = written.suspected(odd);
    let inner = &written.text[odd.at.clone()];
    Ok(vec![match odd.kind {
        SuspicionKind::HostInRepository => finding.note(),
        _ if image.registry.as_str().eq_ignore_ascii_case(inner) || is_docker_hub(&image.registry) => finding,
        _ => finding.warning(),
    }])
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
    fn the_same_host_twice_fails() {
        insta::assert_snapshot!(says("docker.io/docker.io/acme/api:latest"), @"
        error: the host `docker.io` stands there twice
        help: write `docker.io/acme/api:latest`
        fix: docker.io/acme/api:latest
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/acme.azurecr.io/api:v1"), @"
        error: the host `acme.azurecr.io` stands there twice
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
    }

    #[test]
    fn a_host_behind_another_may_be_a_mirror_and_is_only_spoken_of() {
        insta::assert_snapshot!(says("acme1.azurecr.io/acme2.azurecr.io/api:v1"), @"
        warning: the host `acme2.azurecr.io` stands behind the host `acme1.azurecr.io`
        help: write `acme2.azurecr.io/api:v1`
        fix: acme2.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/docker.io/library/nginx:1.27"), @"
        note: the repository begins with the host of another registry, `docker.io`
        help: right for a mirrored image; otherwise leave out `acme.azurecr.io/`
        ");
    }

    #[test]
    fn a_version_with_dots_is_no_host() {
        insta::assert_snapshot!(says("acme.azurecr.io/v1.2/api:v1"), @"pass");
    }
}
