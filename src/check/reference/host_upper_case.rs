//! The host has capital letters, or is a host only because of them.
//!
//! ## Why
//! `MyOrg/api` is no repository of Docker Hub: a first part with capitals is read as a host, and no such host exists. In
//! `MyAcr.azurecr.io` the capitals do no harm to DNS, but credentials are looked up by the text of `registries[].server`.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-troubleshoot-login>
//!
//! ## Fix
//! Write it in lower case.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "host-upper-case",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("host_upper_case.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (written, odd) = super::oddities(pull, &[SuspicionKind::UpperCaseHost, SuspicionKind::UpperCaseRegistry])?;
    let finding = odd.first().map(|odd| match odd.kind {
        // That the platform compares hosts by their text is unverified; Microsoft only advises lower case.
        SuspicionKind::UpperCaseRegistry => written.suspected(odd).warning(),
        _ => written.suspected(odd),
    });
    Ok(finding.into_iter().collect())
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
    fn a_host_by_its_capitals_alone_fails() {
        insta::assert_snapshot!(says("MyOrg/api:v1"), @"
        error: `MyOrg` has capitals and is therefore taken for a registry's host
        help: write `myorg/api:v1`
        fix: myorg/api:v1
        ");
    }

    #[test]
    fn capitals_in_a_real_host_are_warned_of() {
        insta::assert_snapshot!(says("MyAcr.azurecr.io/api:v1"), @"
        warning: a registry's host is written in lower case
        at: MyAcr.azurecr.io
        help: write `myacr.azurecr.io/api:v1`
        fix: myacr.azurecr.io/api:v1
        ");
    }

    #[test]
    fn lower_case_is_right() {
        insta::assert_snapshot!(says("myacr.azurecr.io/api:V1"), @"pass");
    }
}
