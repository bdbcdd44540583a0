//! The registry entry and the identity block spell one identity with different capitals.
//!
//! ## Why
//! Resource Manager compares ids without regard to case, and Azure itself writes them in more than one way. An update in which
//! only the case of the registry's identity differed was nevertheless reported to be ignored:
//! <https://github.com/microsoft/azure-container-apps/issues/1467>.
//!
//! ## Fix
//! Spell the id in both places as `az identity show --query id` does.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Origin, Workload};

use super::wiring;

pub const CHECK: Check = Check {
    code: "identity-casing",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("identity_casing.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    // Azure's own spelling of a live workload is nobody's to mend.
    if workload.origin == Origin::Live || !wiring::is_container_app(workload) {
        return Err(Stop::NotApplicable("nobody wrote these ids by hand"));
    }
    let mut findings = Vec::new();
    let mut judged = false;
    for entry in &workload.registries.entries {
        let Some(identity) = entry.identity.as_ref().filter(|identity| identity.as_str().is_some()) else { continue };
        let Some(attached) = workload.assigned(&workload.puller(identity)) else { continue };
        if manifest.is_live(identity.at) {
            continue;
        }
        judged = true;
        let (Some(one), Some(other)) = (identity.as_str(), attached.id.as_str()) else { continue };
        if wiring::differ_in_case(one, other) {
            let title = "the identity is spelled with other capitals than where it is attached";
            findings.push(
                Finding::at_value(identity, title)
                    .also(attached.id.at, "attached here")
                    .help(format!("write `{other}`")),
            );
        }
    }
    match judged {
        true => Ok(findings),
        false => Err(Stop::NotApplicable("no registry entry names an attached identity")),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(identity: &str, attached: &str) -> String {
        let id = |name: &str| {
            format!(
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
            )
        };
        let text = format!(
            "name: app\nenvironmentId: /e\nidentity: {{type: UserAssigned, userAssignedIdentities: {{{}: {{}}}}}}\n\
             configuration:\n  registries:\n  - server: acme1.azurecr.io\n    identity: {}\n\
             template:\n  containers:\n  - name: api\n    image: acme1.azurecr.io/api:v1\n",
            id(attached),
            id(identity)
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn capitals_that_differ_are_remarked_on() {
        insta::assert_snapshot!(says("id-Pull", "id-pull"), @"
        warning: the identity is spelled with other capitals than where it is attached
        at: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-Pull
        also: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull: attached here
        help: write `/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull`
        ");
        assert_eq!(says("id-pull", "id-pull"), "pass");
    }
}
