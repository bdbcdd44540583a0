//! The password of a registry is written in the file.
//!
//! ## Why
//! Whoever can read the repository or the deployment's history can read it, and push to the registry if it is the admin's.
//! <https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#security-recommendations-for-parameters>
//!
//! ## Fix
//! Pull with a managed identity; or take the password from a secure parameter (`@secure()`) or a key vault (`keyVaultUrl`), and
//! replace the one that was written here.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::placeholder;
use crate::manifest::{Host, Manifest, Origin, RegistryEntry, Workload};
use crate::value::Value;

use super::wiring;

pub const CHECK: Check = Check {
    code: "secret-in-clear",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("secret_in_clear.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if workload.origin == Origin::Live || workload.host == Host::Kubernetes {
        return Err(Stop::NotApplicable("nobody wrote it by hand"));
    }
    let entries = workload.registries.entries.iter();
    let passwords: Vec<_> = entries.filter_map(|entry| Some((entry, workload.password(entry)?.value))).collect();
    if passwords.is_empty() {
        return Err(Stop::NotApplicable("no registry password is in the file"));
    }
    let in_clear = passwords.into_iter().filter(|(_, password)| is_in_clear(password));
    let finding = |(entry, password): (&RegistryEntry, &Value)| {
        let title = format!("the password for {} is written here for everybody to read", wiring::server(entry));
        Finding::at(password.at, title).help("pull with a managed identity, or take the password from a secure parameter or a key vault; and replace this one")
    };
    Ok(in_clear.map(finding).collect())
}

fn is_in_clear(password: &Value) -> bool {
    let is_written =
        |text: &str| !text.is_empty() && placeholder(text).is_none() && !text.bytes().all(|byte| byte == b'*');
    !password.is_secure() && password.as_str().is_some_and(is_written)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(secret: &str) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{{name: p, {secret}}}]\n  registries: [{{server: ghcr.io, username: u, \
             passwordSecretRef: p}}]\ntemplate: {{containers: [{{name: a, image: b}}]}}\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn a_password_in_the_file_is_warned_of_and_never_shown() {
        let says = says("value: correct-horse");
        assert!(says.starts_with("warning: the password for ghcr.io is written here"), "{says}");
    }

    #[test]
    fn what_stands_for_a_password_is_none() {
        assert_eq!(says("value: '${GHCR_TOKEN}'"), "pass");
        insta::assert_snapshot!(says("keyVaultUrl: https://v.vault.azure.net/secrets/p, identity: system"), @"not applicable: no registry password is in the file");
    }
}
