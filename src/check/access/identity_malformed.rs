//! The identity of a registry entry is neither `system` nor a resource id.
//!
//! ## Why
//! A registry entry names a user-assigned identity by its resource id
//! (`/subscriptions/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/NAME`), the workload's own by `system`, the
//! environment's by `system-environment`. A name, a client id or a principal id finds nothing. The Azure CLI says
//! `--registry-identity must be an identity resource ID or 'system'`.
//! <https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull>
//!
//! ## Fix
//! Write the resource id: `az identity show -n NAME -g GROUP --query id -o tsv`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::placeholder;
use crate::manifest::{Host, Manifest, Workload};
use crate::value::{Symbol, Value};

use super::remedy;

pub const CHECK: Check = Check {
    code: "identity-malformed",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("identity_malformed.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let identities = workload.registries.entries.iter().filter_map(|entry| entry.identity.as_ref());
    let identities: Vec<&Value> = identities.filter(|_| takes_ids(workload)).collect();
    if identities.is_empty() {
        return Err(Stop::NotApplicable("no registry entry names an identity"));
    }
    let malformed = identities.into_iter().filter(|identity| is_malformed(workload, identity));
    Ok(malformed.map(|identity| finding(workload, identity)).collect())
}

/// Whether nothing can have this identity: the other checks of identities leave it alone.
pub fn is_malformed(workload: &Workload, identity: &Value) -> bool {
    if !takes_ids(workload) {
        return false;
    }
    if let Some(Symbol::Principal(_) | Symbol::Client(_)) =
        identity.as_unknown().and_then(|unknown| unknown.symbol.as_ref())
    {
        return true;
    }
    let Some(text) = identity.as_str() else { return false };
    let is_word = ["system", "system-environment"].iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_word || text.contains('…') || text.contains('[') || placeholder(text).is_some() {
        return false;
    }
    let mut segments = text.trim_end_matches('/').split('/').rev();
    let named = segments.next().is_some_and(|name| !name.is_empty());
    let kind = segments.next().is_some_and(|kind| kind.eq_ignore_ascii_case("userAssignedIdentities"));
    let provider = segments.next().is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.ManagedIdentity"));
    !(text.starts_with("/subscriptions/") || text.to_ascii_lowercase().starts_with("/subscriptions/"))
        || !named
        || !kind
        || !provider
}

fn takes_ids(workload: &Workload) -> bool {
    !matches!(workload.host, Host::WebSite | Host::Kubernetes | Host::Compose)
}

fn finding(workload: &Workload, identity: &Value) -> Finding {
    let text = identity.partial().unwrap_or_default();
    let title = match identity.as_unknown().and_then(|unknown| unknown.symbol.as_ref()) {
        Some(Symbol::Principal(_)) => "the registry's identity is a principal id, not a resource id".to_owned(),
        Some(Symbol::Client(_)) => "the registry's identity is a client id, not a resource id".to_owned(),
        _ => format!("`{text}` is no resource id of an identity"),
    };
    let near = workload.identity.user_assigned.iter().find(|one| remedy::name_of(&one.id).eq_ignore_ascii_case(&text));
    let help = match near.and_then(|one| one.id.partial()) {
        Some(id) => format!("write `{id}`"),
        None if text.to_ascii_lowercase().replace([' ', '-'], "").starts_with("systemassigned") => {
            "write `system`".to_owned()
        }
        None => "write the identity's resource id, `system` or `system-environment`".to_owned(),
    };
    Finding::at_value(identity, title).help(help)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(identity: &str) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration:\n  registries:\n  - server: acme1.azurecr.io\n    identity: '{identity}'\n\
             template:\n  containers:\n  - name: api\n    image: acme1.azurecr.io/api:v1\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn names_and_guids_are_no_identities() {
        insta::assert_snapshot!(says("id-pull"), @"
        error: `id-pull` is no resource id of an identity
        help: write the identity's resource id, `system` or `system-environment`
        ");
        insta::assert_snapshot!(says("SystemAssigned"), @"
        error: `SystemAssigned` is no resource id of an identity
        help: write `system`
        ");
        insta::assert_snapshot!(says("7e199b43-042e-5e3b-871c-eb57727e3fb6"), @"
        error: `7e199b43-042e-5e3b-871c-eb57727e3fb6` is no resource id of an identity
        help: write the identity's resource id, `system` or `system-environment`
        ");
        insta::assert_snapshot!(says("/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/app"), @"
        error: `/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/app` is no resource id of an identity
        help: write the identity's resource id, `system` or `system-environment`
        ");
    }

    #[test]
    fn words_and_resource_ids_are() {
        assert_eq!(says("System"), "pass");
        assert_eq!(says("system-environment"), "pass");
        assert_eq!(
            says("/SUBSCRIPTIONS/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/x"),
            "pass"
        );
        assert_eq!(says("${IDENTITY_ID}"), "pass");
    }
}
