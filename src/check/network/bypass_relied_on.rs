//! The registry lets trusted services pass, and Container Apps is none of them.
//!
//! ## Why
//! `networkRuleBypassOptions: AzureServices` opens a closed registry to a short list of services: Container Instances, Machine Learning,
//! Defender, imports of registries. Container Apps and App Service are not on it.
//! https://learn.microsoft.com/azure/container-registry/allow-access-trusted-services
//!
//! ## Fix
//! Use a private endpoint, or list the outgoing address of the environment.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Barrier;
use crate::evidence::Stop;
use crate::finding::{Finding, Severity};

use super::{Case, Topic};

pub const CHECK: Check = Check {
    code: "bypass-relied-on",
    hypothesis: Hypothesis::H3,
    severity: Severity::Warning,
    source: include_str!("bypass_relied_on.rs"),
    run: Run::Network(run),
};

fn run(case: &Case) -> Result<Vec<Finding>, Stop> {
    case.report(&[Topic::Registry], |way, blocked| {
        let (Barrier::AddressNotAllowed { .. } | Barrier::NoOwnNetwork { .. } | Barrier::NoPrivateEndpoint { .. }) =
            &blocked.barrier
        else {
            return None;
        };
        let known = super::registry(way).filter(|known| known.bypass_for_services)?;
        let title =
            format!("registry {} lets trusted services pass, and Container Apps is none of them", known.id.name());
        // It is the default of every registry: worth saying only to who counted on it.
        Some(case.about(way, title).note())
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::network::world::{says, world};

    #[test]
    fn container_apps_is_no_trusted_service() {
        insta::assert_snapshot!(says(CHECK, &world().platform().closed().registry("networkRuleBypassOptions", serde_json::json!("AzureServices"))), @"
        note: registry acme1 lets trusted services pass, and Container Apps is none of them
        at: /subscriptions/s1/resourceGroups/g/providers/Microsoft.App/managedEnvironments/cae
        ");
    }

    #[test]
    fn who_can_come_in_needs_no_bypass() {
        assert_eq!(
            says(CHECK, &world().registry("networkRuleBypassOptions", serde_json::json!("AzureServices"))),
            "pass"
        );
    }
}
