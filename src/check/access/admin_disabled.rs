//! The workload logs in as the registry's admin, who is disabled.
//!
//! ## Why
//! The admin user is off by default. With `adminUserEnabled: false` its password logs in nobody, and `listCredentials` fails.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account>
//!
//! ## Fix
//! Pull with a managed identity that has the role for it.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Host;
use crate::manifest::{Found, Manifest, RegistryEntry, Workload, server_host};
use crate::value::Value;

use super::{admin_credentials, live, remedy, wiring};

pub const CHECK: Check = Check {
    code: "admin-disabled",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("admin_disabled.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let entries = workload.registries.entries.iter().filter(|entry| entry.identity.is_none());
    let azure = entries.filter(|entry| wiring::is_azure_entry(entry) == Some(true));
    let admins: Vec<_> = azure.filter(|entry| admin_credentials::is_admin(workload, entry)).collect();
    if admins.is_empty() {
        return Err(Stop::NotApplicable("no registry entry logs in as the admin"));
    }
    let mut findings = Vec::new();
    for entry in admins {
        findings.extend(judge(manifest, workload, entry, evidence)?);
    }
    Ok(findings)
}

fn judge(
    manifest: &Manifest,
    workload: &Workload,
    entry: &RegistryEntry,
    evidence: &Evidence,
) -> Result<Option<Finding>, Stop> {
    let Some(host) = entry.server.as_ref().and_then(server_host) else { return Ok(None) };
    if let Found::One(registry) = manifest.planned.registry_of(&host)
        && !registry.existing
    {
        let flag = registry.body.path(&["properties", "adminUserEnabled"]);
        return match flag.map(|flag| (flag, flag.as_bool())) {
            Some((flag, None)) => Err(wiring::unknown(flag, "adminUserEnabled")),
            Some((_, Some(true))) => Ok(None),
            _ => {
                let at = flag.map_or(registry.at, |flag| flag.at);
                Ok(Some(finding(workload, entry, host.as_str()).also(at, "the registry, with its admin off")))
            }
        };
    }
    let Some(host) = Host::parse(host.as_str()).ok().filter(|_| host.is_known()) else {
        return Err(wiring::not_known("server", "the registry is not known before the deployment"));
    };
    let registry = live::registry(&host, evidence)?.map_err(Stop::Unverified)?;
    match registry.admin_enabled {
        Some(true) => Ok(None),
        Some(false) => Ok(Some(finding(workload, entry, host.as_str()))),
        None => Err(wiring::not_known("adminUserEnabled", "Azure's answer about the registry does not tell")),
    }
}

fn finding(workload: &Workload, entry: &RegistryEntry, host: &str) -> Finding {
    let title = format!("the admin user of {host} is disabled, and the entry logs in as it");
    let at =
        entry.username.as_ref().map_or(entry.at, |name: &Value| if name.at.is_written() { name.at } else { entry.at });
    let finding =
        Finding::at(at, title).help("pull with a managed identity: `identity` instead of `username` and the password");
    match remedy::set_registry(workload, host) {
        Some(command) => finding.command(command),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::registry;
    use crate::check::table::verdicts;
    use serde_json::json;

    #[track_caller]
    fn says(user: &str, enabled: bool) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{{name: p}}]\n  registries: [{{server: acme1.azurecr.io, username: {user}, \
             passwordSecretRef: p}}]\ntemplate: {{containers: [{{name: a, image: b}}]}}\n"
        );
        verdicts(CHECK, &text, &registry(&json!({"adminUserEnabled": enabled})))
    }

    #[test]
    fn a_disabled_admin_logs_in_nobody() {
        insta::assert_snapshot!(says("acme1", false), @"
        error: the admin user of acme1.azurecr.io is disabled, and the entry logs in as it
        help: pull with a managed identity: `identity` instead of `username` and the password
        run: az containerapp registry set -n app -g <group> --server acme1.azurecr.io --identity <identity's resource id, or system>
        ");
        assert_eq!(says("acme1", true), "pass");
        insta::assert_snapshot!(says("pull-token", false), @"not applicable: no registry entry logs in as the admin");
    }
}
