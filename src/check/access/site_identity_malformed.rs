//! A web site names the identity that pulls by something else than its client id.
//!
//! ## Why
//! `acrUserManagedIdentityID` is the client id of the user-assigned identity, in spite of its name; so is
//! `userManagedIdentityClientId` of a site container. A resource id or an object id finds no identity.
//! <https://learn.microsoft.com/azure/app-service/configure-custom-container>
//!
//! ## Fix
//! Write the client id: `az identity show -n NAME -g GROUP --query clientId -o tsv`, in Bicep `identity.properties.clientId`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Workload};
use crate::value::{Symbol, Value};

use super::remedy;

pub const CHECK: Check = Check {
    code: "site-identity-malformed",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("site_identity_malformed.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let identities = workload.registries.entries.iter().filter_map(|entry| entry.identity.as_ref());
    let identities: Vec<&Value> = identities.filter(|_| workload.host == Host::WebSite).collect();
    if identities.is_empty() {
        return Err(Stop::NotApplicable("no web site pulls with an identity"));
    }
    Ok(identities.into_iter().filter_map(finding).collect())
}

/// Whether this names no identity that a site can pull with.
pub fn is_malformed(identity: &Value) -> bool {
    what(identity).is_some()
}

fn finding(identity: &Value) -> Option<Finding> {
    let title = format!("the identity that pulls is given by {}, not by its client id", what(identity)?);
    let name = remedy::name_of(identity);
    Some(
        Finding::at_value(identity, title)
            .help(format!("write the client id: `az identity show -n {name} -g <group> --query clientId -o tsv`")),
    )
}

fn what(identity: &Value) -> Option<&'static str> {
    if let Some(Symbol::Principal(_)) = identity.as_unknown().and_then(|unknown| unknown.symbol.as_ref()) {
        return Some("its object id");
    }
    let text = identity.partial()?;
    text.to_ascii_lowercase().contains("/userassignedidentities/").then_some("its resource id")
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(identity: &str) -> String {
        let text = format!(
            "type: Microsoft.Web/sites\nname: site\nproperties:\n  siteConfig:\n    linuxFxVersion: DOCKER|acme1.azurecr.io/a:1\n    \
             acrUseManagedIdentityCreds: true\n    acrUserManagedIdentityID: {identity}\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn a_resource_id_is_no_client_id() {
        insta::assert_snapshot!(says("/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull"), @"
        error: the identity that pulls is given by its resource id, not by its client id
        at: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull
        help: write the client id: `az identity show -n id-pull -g <group> --query clientId -o tsv`
        ");
        assert_eq!(says("7e199b43-042e-5e3b-871c-eb57727e3fb6"), "pass");
    }
}
