//! A registry of Azure is named with a port.
//!
//! ## Why
//! Azure Container Registry listens on 443 only. A port in the reference also keeps it from matching `registries[].server`.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules>
//!
//! ## Fix
//! Leave the port out.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "port-on-acr",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("port_on_acr.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (written, odd) = super::oddities(pull, &[SuspicionKind::AcrPort])?;
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
    fn a_port_is_warned_of() {
        insta::assert_snapshot!(says("acme1.azurecr.io:5000/api:v1"), @"
        warning: Azure Container Registry does not listen on port 5000
        help: write `acme1.azurecr.io/api:v1`
        fix: acme1.azurecr.io/api:v1
        ");
    }

    #[test]
    fn another_registry_may_have_one() {
        insta::assert_snapshot!(says("registry.contoso.com:5000/api:v1"), @"pass");
    }
}
