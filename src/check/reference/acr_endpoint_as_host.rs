//! The host is an endpoint of the registry from which no image is pulled by name.
//!
//! ## Why
//! Images are named by the login server (`acme.azurecr.io`). Data endpoints (`acme.westeurope.data.azurecr.io`) serve layers only,
//! and `privatelink` names are for DNS: no certificate matches them.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-dedicated-data-endpoints>
//!
//! ## Fix
//! Write the login server.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "acr-endpoint-as-host",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("acr_endpoint_as_host.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (written, odd) = super::oddities(pull, &[SuspicionKind::AcrEndpoint])?;
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
    fn a_data_or_private_link_host_fails() {
        insta::assert_snapshot!(says("acme1.westeurope.data.azurecr.io/api:v1"), @"
        error: this is a data endpoint of the registry; images are named by its login server
        at: acme1.westeurope.data.azurecr.io
        help: write `acme1.azurecr.io/api:v1`
        fix: acme1.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("acme1.privatelink.azurecr.io/api:v1"), @"
        error: this is a name for private DNS; images are named by its login server
        at: acme1.privatelink.azurecr.io
        help: write `acme1.azurecr.io/api:v1`
        fix: acme1.azurecr.io/api:v1
        ");
    }

    #[test]
    fn a_regional_login_server_does_not() {
        insta::assert_snapshot!(says("acme1.westeurope.geo.azurecr.io/api:v1"), @"pass");
    }
}
