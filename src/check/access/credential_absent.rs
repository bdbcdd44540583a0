//! A registry entry lacks the credential, or half of it.
//!
//! ## Why
//! An entry with a server alone logs in with nothing. A user name needs its password, and a password its user name.
//! <https://learn.microsoft.com/azure/container-apps/containers#container-registries>
//!
//! ## Fix
//! Add `identity`, or `username` and `passwordSecretRef`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Origin, RegistryEntry, Workload, server_host};

use super::wiring;

pub const CHECK: Check = Check {
    code: "credential-absent",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("credential_absent.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if workload.registries.entries.is_empty() || workload.host == Host::Kubernetes {
        return Err(Stop::NotApplicable("there are no registry entries"));
    }
    Ok(workload.registries.entries.iter().filter_map(|entry| finding(workload, entry)).collect())
}

fn finding(workload: &Workload, entry: &RegistryEntry) -> Option<Finding> {
    if entry.identity.is_some() {
        return None;
    }
    let server = wiring::server(entry);
    let has_password = entry.password_secret.is_some() || entry.password.is_some();
    let title = match (&entry.username, has_password) {
        (Some(_), true) => return None,
        (None, false) => format!("the entry for {server} has no credential"),
        // What an export hides is there all the same.
        (Some(_), false) if hides_passwords(workload) => return None,
        (Some(_), false) => format!("the entry for {server} has a user name and no password"),
        (None, true) => format!("the entry for {server} has a password and no user name"),
    };
    let finding = Finding::at(entry.at, title).help(match workload.host {
        Host::WebSite => "set DOCKER_REGISTRY_SERVER_USERNAME and DOCKER_REGISTRY_SERVER_PASSWORD, or `acrUseManagedIdentityCreds: true`",
        Host::ContainerGroup => "add `identity`, or `username` and `password`",
        _ => "add `identity`, or `username` and `passwordSecretRef`",
    });
    let host = entry.server.as_ref().and_then(server_host);
    // A URL without a user is how a web site names a public registry, and an entry without credential changes nothing there.
    let is_public = host.is_some_and(|host| wiring::is_azure(&host) == Some(false));
    Some(if is_public && entry.username.is_none() && !has_password { finding.warning() } else { finding })
}

fn hides_passwords(workload: &Workload) -> bool {
    workload.origin == Origin::Live && matches!(workload.host, Host::ContainerGroup | Host::WebSite)
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
    fn half_a_credential_is_none() {
        insta::assert_snapshot!(says("{server: acme1.azurecr.io}"), @"
        error: the entry for acme1.azurecr.io has no credential
        at: {server: acme1.azurecr.io}
        help: add `identity`, or `username` and `passwordSecretRef`
        ");
        insta::assert_snapshot!(says("{server: acme1.azurecr.io, username: u}"), @"
        error: the entry for acme1.azurecr.io has a user name and no password
        at: {server: acme1.azurecr.io, username: u}
        help: add `identity`, or `username` and `passwordSecretRef`
        ");
        insta::assert_snapshot!(says("{server: ghcr.io, passwordSecretRef: p}"), @"
        error: the entry for ghcr.io has a password and no user name
        at: {server: ghcr.io, passwordSecretRef: p}
        help: add `identity`, or `username` and `passwordSecretRef`
        ");
    }

    #[test]
    fn a_whole_one_passes() {
        assert_eq!(says("{server: acme1.azurecr.io, identity: system}"), "pass");
        assert_eq!(says("{server: ghcr.io, username: u, passwordSecretRef: p}"), "pass");
    }
}
