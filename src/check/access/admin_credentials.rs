//! The workload pulls with the admin user of the registry.
//!
//! ## Why
//! The admin user may push and delete, everybody shares it, its throttling and its two passwords, and whoever regenerates one
//! breaks every app at its next pull.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account>
//!
//! ## Fix
//! Pull with a managed identity that has the role for it.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Partial, RegistryEntry, Workload, server_host};
use crate::value::{Symbol, Value};

use super::{remedy, wiring};

pub const CHECK: Check = Check {
    code: "admin-credentials",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("admin_credentials.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let entries = workload.registries.entries.iter();
    let with_password: Vec<_> = entries
        .filter(|entry| {
            entry.identity.is_none() && entry.username.is_some() && wiring::is_azure_entry(entry) == Some(true)
        })
        .collect();
    if with_password.is_empty() {
        return Err(Stop::NotApplicable("no password is for a registry of Azure"));
    }
    let admins = with_password.into_iter().filter(|entry| is_admin(workload, entry));
    let finding = |entry: &RegistryEntry| {
        let title = format!("{} is pulled from with its admin user", wiring::server(entry));
        let finding = Finding::at_value(entry.username.as_ref()?, title);
        let finding = finding.help("pull with a managed identity: `identity` instead of `username` and the password");
        let host = entry.server.as_ref().and_then(server_host)?;
        Some(match remedy::set_registry(workload, host.as_str()) {
            Some(command) if host.is_known() => finding.command(command),
            _ => finding,
        })
    };
    Ok(admins.filter_map(finding).collect())
}

/// Whether the user of an entry is the registry's admin: called like the registry, or got from `listCredentials`.
pub fn is_admin(workload: &Workload, entry: &RegistryEntry) -> bool {
    let is_listed = |value: &Value| {
        matches!(value.as_unknown().and_then(|unknown| unknown.symbol.as_ref()), Some(Symbol::Secret(_)))
    };
    if entry.username.as_ref().is_some_and(is_listed) {
        return true;
    }
    let name = entry.server.as_ref().and_then(server_host).and_then(|host| registry_name(&host));
    match (name, entry.username.as_ref().and_then(Partial::of)) {
        (Some(name), Some(user)) if name.same(&user) == Some(true) => return true,
        (Some(_), Some(user)) if user.is_known() => return false,
        _ => {}
    }
    let secret = entry.password_secret.as_ref().and_then(Value::as_str);
    let secret = workload
        .secrets
        .entries
        .iter()
        .find(|one| secret.is_some() && one.name.as_ref().and_then(Value::as_str) == secret);
    secret.and_then(|secret| secret.value.as_ref()).or(entry.password.as_ref()).is_some_and(is_listed)
}

/// The name of the registry: what stands in front of the first dot, without the hash of a domain name label.
fn registry_name(host: &Partial) -> Option<Partial> {
    let label = host.before('.')?;
    Some(label.before('-').unwrap_or(label))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(server: &str, user: &str) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{{name: p, value: x}}]\n  registries: [{{server: {server}, username: {user}, \
             passwordSecretRef: p}}]\ntemplate: {{containers: [{{name: a, image: b}}]}}\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn the_user_that_is_called_like_the_registry_is_its_admin() {
        insta::assert_snapshot!(says("acme1.azurecr.io", "ACME1"), @"
        warning: acme1.azurecr.io is pulled from with its admin user
        at: ACME1
        help: pull with a managed identity: `identity` instead of `username` and the password
        run: az containerapp registry set -n app -g <group> --server acme1.azurecr.io --identity <identity's resource id, or system>
        ");
        insta::assert_snapshot!(says("acme1-e7ggejfuhzhgedc8.azurecr.io", "acme1"), @"
        warning: acme1-e7ggejfuhzhgedc8.azurecr.io is pulled from with its admin user
        help: pull with a managed identity: `identity` instead of `username` and the password
        run: az containerapp registry set -n app -g <group> --server acme1-e7ggejfuhzhgedc8.azurecr.io --identity <identity's resource id, or system>
        ");
    }

    #[test]
    fn tokens_service_principals_and_other_registries_have_none() {
        assert_eq!(says("acme1.azurecr.io", "pull-token"), "pass");
        assert_eq!(says("acme1.azurecr.io", "7e199b43-042e-5e3b-871c-eb57727e3fb6"), "pass");
        insta::assert_snapshot!(says("ghcr.io", "ghcr"), @"not applicable: no password is for a registry of Azure");
    }
}
