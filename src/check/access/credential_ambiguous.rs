//! A registry entry has an identity and a user name with a password.
//!
//! ## Why
//! An entry is one or the other. The Azure CLI refuses both: `Cannot provide both registry identity and username/password`.
//! <https://learn.microsoft.com/azure/container-apps/containers#container-registries>
//!
//! ## Fix
//! Remove `username` and the password to pull with the identity, or remove `identity`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, RegistryEntry, Workload};
use crate::value::Value;

use super::wiring;

pub const CHECK: Check = Check {
    code: "credential-ambiguous",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("credential_ambiguous.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if workload.registries.entries.is_empty() || workload.host == Host::Kubernetes {
        return Err(Stop::NotApplicable("there are no registry entries"));
    }
    Ok(workload.registries.entries.iter().filter_map(finding).collect())
}

fn finding(entry: &RegistryEntry) -> Option<Finding> {
    let identity = certain(&entry.identity)?;
    let other = [&entry.username, &entry.password_secret, &entry.password].into_iter().find_map(certain)?;
    let title = format!("the entry for {} has an identity and a password", wiring::server(entry));
    let finding = Finding::at_value(identity, title).also(other.at, "and this as well");
    Some(finding.help("remove `username` and the password to pull with the identity, or remove `identity`"))
}

/// A value that is set for certain: one that depends on a condition may turn out empty.
fn certain(value: &Option<Value>) -> Option<&Value> {
    let value = value.as_ref()?;
    match value.as_unknown() {
        Some(unknown) if !unknown.alternatives.is_empty() || unknown.pieces.is_empty() => None,
        _ => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(entry: &str) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration: {{registries: [{entry}]}}\ntemplate: {{containers: [{{name: a, image: b}}]}}\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn an_entry_is_one_or_the_other() {
        insta::assert_snapshot!(says("{server: acme1.azurecr.io, identity: system, username: acme1, passwordSecretRef: p}"), @"
        error: the entry for acme1.azurecr.io has an identity and a password
        at: system
        also: acme1: and this as well
        help: remove `username` and the password to pull with the identity, or remove `identity`
        ");
    }

    #[test]
    fn empty_texts_of_an_export_are_not_set() {
        assert_eq!(says("{server: acme1.azurecr.io, identity: system, username: '', passwordSecretRef: ''}"), "pass");
        assert_eq!(says("{server: acme1.azurecr.io, identity: '', username: u, passwordSecretRef: p}"), "pass");
    }
}
