//! A managed identity is to log in at a registry that is none of Azure's.
//!
//! ## Why
//! Managed identities log in at Azure container registries only (`*.azurecr.io`, `.azurecr.us`, `.azurecr.cn`). Every other
//! registry needs a user name and a password.
//! <https://learn.microsoft.com/azure/container-apps/containers#container-registries>
//!
//! ## Fix
//! Replace `identity` by `username` and `passwordSecretRef`, or copy the image into an Azure container registry
//! (`az acr import`).

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Workload};

use super::wiring;

pub const CHECK: Check = Check {
    code: "identity-not-acr",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("identity_not_acr.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let with_identity =
        || workload.registries.entries.iter().filter_map(|entry| Some((entry, entry.identity.as_ref()?)));
    // A web site has one flag for whatever it pulls; a public image needs no login and ignores it.
    if with_identity().next().is_none() || workload.host == Host::WebSite {
        return Err(Stop::NotApplicable("no registry entry names an identity"));
    }
    let wrong = with_identity().filter(|(entry, _)| wiring::is_azure_entry(entry) == Some(false));
    let finding = |(entry, identity): (&crate::manifest::RegistryEntry, &crate::value::Value)| {
        let server = wiring::server(entry);
        let title = format!("{server} takes no managed identity: only Azure container registries do");
        let finding = Finding::at_value(identity, title).also(entry.at, "the registry entry");
        finding.help(format!("give the entry for {server} a `username` and a `passwordSecretRef`"))
    };
    Ok(wrong.map(finding).collect())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict_with;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(server: &str) -> String {
        verdict_with(CHECK, "nginx", &[server], &Evidence::default())
    }

    #[test]
    fn only_registries_of_azure_take_identities() {
        insta::assert_snapshot!(says("ghcr.io"), @"
        error: ghcr.io takes no managed identity: only Azure container registries do
        at: system
        also: server: ghcr.io
            identity: system: the registry entry
        help: give the entry for ghcr.io a `username` and a `passwordSecretRef`
        ");
        insta::assert_snapshot!(says("acme1.azurecr.io.evil.example"), @"
        error: acme1.azurecr.io.evil.example takes no managed identity: only Azure container registries do
        at: system
        also: server: acme1.azurecr.io.evil.example
            identity: system: the registry entry
        help: give the entry for acme1.azurecr.io.evil.example a `username` and a `passwordSecretRef`
        ");
    }

    #[test]
    fn every_cloud_has_them() {
        for server in [
            "acme1.azurecr.io",
            "acme1.azurecr.us",
            "acme1.azurecr.cn",
            "https://acme1.azurecr.io/",
            "acme1.westeurope.geo.azurecr.io",
            // No registry has this name, which is another mistake.
            "my_acme.azurecr.io",
        ] {
            assert_eq!(says(server), "pass", "{server}");
        }
    }
}
