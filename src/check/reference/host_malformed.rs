//! What stands in the place of the registry is no host.
//!
//! ## Why
//! A variable that was empty leaves `.azurecr.io/api` or `/api`; names with an underscore, a dot too many or a wrong port cannot be
//! looked up. Some of them even parse: `my_acr.azurecr.io/api` is accepted as a repository of no registry.
//! <https://github.com/distribution/reference/blob/main/normalize.go>
//!
//! ## Fix
//! Write the registry's login server: `az acr show -n NAME --query loginServer -o tsv` prints it.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{Cause, SuspicionKind};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "host-malformed",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("host_malformed.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let found = super::mistakes(pull, |reason| reason.cause() == Cause::Host)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let (written, odd) = super::oddities(pull, &[SuspicionKind::InvalidHost, SuspicionKind::PortRange])?;
    Ok(odd.first().map(|odd| written.suspected(odd)).into_iter().collect())
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
    fn a_host_with_nothing_in_front_of_its_dot_fails() {
        insta::assert_snapshot!(says(".azurecr.io/web:2.0.1"), @"
        error: `.azurecr.io/web:2.0.1` is no image reference: the registry's name in front of the dot is empty
        help: the variable or parameter for the registry's name is empty: set it
        ");
        insta::assert_snapshot!(says("acme.azurecr.io./web:2.0.1"), @"
        error: `acme.azurecr.io./web:2.0.1` is no image reference: a registry's host does not end in a dot
        help: write `acme.azurecr.io/web:2.0.1`
        fix: acme.azurecr.io/web:2.0.1
        ");
        insta::assert_snapshot!(says("user@acme.azurecr.io/web:2.0.1"), @"
        error: `user@acme.azurecr.io/web:2.0.1` is no image reference: a reference holds no user name or password
        help: write `acme.azurecr.io/web:2.0.1`
        fix: acme.azurecr.io/web:2.0.1
        ");
    }

    #[test]
    fn what_the_grammar_takes_for_a_path_or_a_port_fails_too() {
        insta::assert_snapshot!(says("my_acr.azurecr.io/web:1"), @"
        error: `my_acr.azurecr.io` is no host: a host has no underscore
        help: the name of a registry consists of letters and digits
        ");
        insta::assert_snapshot!(says("acme1.azurecr.io:99999/web:1"), @"error: 99999 is not the number of a port");
    }

    #[test]
    fn hosts_addresses_and_ports_that_exist_do_not() {
        insta::assert_snapshot!(says("registry.contoso.com:5000/web:1"), @"pass");
        insta::assert_snapshot!(says("[2001:db8::1]:5000/web:1"), @"pass");
    }
}
