//! The password of a registry is in a secret that does not exist.
//!
//! ## Why
//! `passwordSecretRef` names an entry of `configuration.secrets`. Azure refuses the deployment with
//! `ContainerAppRegistriesPasswordSecretRefNotFound` when there is none of this name. The prefix `secretref:` belongs to
//! options of the Azure CLI, not into files.
//! <https://learn.microsoft.com/azure/container-apps/manage-secrets>
//!
//! ## Fix
//! Define the secret, or name one that is defined.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Origin, Workload};
use crate::value::Value;

use super::{remedy, wiring};

pub const CHECK: Check = Check {
    code: "secret-undefined",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("secret_undefined.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let references = workload.registries.entries.iter().filter_map(|entry| entry.password_secret.as_ref());
    let references: Vec<&Value> = references.filter(|_| wiring::is_container_app(workload)).collect();
    if references.is_empty() {
        return Err(Stop::NotApplicable("no registry entry names a secret"));
    }
    let secrets = &workload.secrets;
    if secrets.entries.is_empty() && !matches!(workload.origin, Origin::Declared | Origin::Updated) {
        return Err(wiring::left_out(workload, evidence, "secrets"));
    }
    let (mut findings, mut open) = (Vec::new(), None);
    for reference in references {
        match is_defined(workload, reference) {
            Some(true) => {}
            Some(false) => findings.push(finding(workload, reference)),
            None => {
                open = Some(
                    secrets
                        .unknown
                        .as_ref()
                        .map_or_else(|| wiring::unknown(reference, "secrets"), |why| wiring::not_known("secrets", why)),
                )
            }
        }
    }
    match open {
        Some(stop) if findings.is_empty() => Err(stop),
        _ => Ok(findings),
    }
}

/// Whether a secret of this name is defined; `None` when names are not known before the deployment.
fn is_defined(workload: &Workload, reference: &Value) -> Option<bool> {
    let mut undecided = workload.secrets.unknown.is_some();
    for secret in &workload.secrets.entries {
        let Some(name) = &secret.name else { continue };
        match (name.canonical(), reference.canonical()) {
            (Some(name), Some(reference)) if name == reference => return Some(true),
            _ if name.as_str().is_none() || reference.as_str().is_none() => undecided = true,
            _ => {}
        }
    }
    let is_open = reference.as_str().is_none() && !workload.secrets.entries.is_empty();
    if undecided || is_open { None } else { Some(false) }
}

fn finding(workload: &Workload, reference: &Value) -> Finding {
    let name = reference.partial().unwrap_or_else(|| "…".to_owned());
    let title = format!("no secret `{name}` is defined");
    let mut finding = Finding::at_value(reference, title);
    if let Some(at) = workload.secrets.at {
        finding = finding.also(at, "the secrets that are");
    }
    let names: Vec<&str> =
        workload.secrets.entries.iter().filter_map(|secret| secret.name.as_ref()?.as_str()).collect();
    let bare = name.strip_prefix("secretref:").filter(|bare| names.contains(bare));
    let wanted = name.strip_prefix("secretref:").unwrap_or(&name);
    let near = bare.or_else(|| crate::image::nearest(&name, names.iter().copied()));
    let help = match near {
        Some(near) => format!("write `{near}`, or define `{wanted}` in `secrets`"),
        None => format!("define `{wanted}` in `secrets`"),
    };
    finding = finding.help(help);
    let group = if workload.host == Host::Job { "containerapp job" } else { "containerapp" };
    match workload.host {
        Host::SessionPool => finding,
        _ => {
            finding.command(format!("az {group} secret set {} --secrets {wanted}=<password>", remedy::target(workload)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(reference: &str, secrets: &str) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: {secrets}\n  registries:\n  - server: ghcr.io\n    username: bot\n    \
             passwordSecretRef: {reference}\ntemplate:\n  containers:\n  - name: api\n    image: ghcr.io/acme/api:v1\n"
        );
        verdicts(CHECK, &text, &Evidence::default().offline())
    }

    #[test]
    fn a_secret_that_is_not_defined_fails() {
        insta::assert_snapshot!(says("registry-password", "[{name: registry-pasword, value: x}]"), @"
        error: no secret `registry-password` is defined
        also: secrets: the secrets that are
        help: write `registry-pasword`, or define `registry-password` in `secrets`
        run: az containerapp secret set -n app -g <group> --secrets registry-password=<password>
        ");
        insta::assert_snapshot!(says("secretref:token", "[{name: token, value: x}]"), @"
        error: no secret `secretref:token` is defined
        also: secrets: the secrets that are
        help: write `token`, or define `token` in `secrets`
        run: az containerapp secret set -n app -g <group> --secrets token=<password>
        ");
        insta::assert_snapshot!(says("token", "[]"), @"
        error: no secret `token` is defined
        also: secrets: the secrets that are
        help: define `token` in `secrets`
        run: az containerapp secret set -n app -g <group> --secrets token=<password>
        ");
    }

    #[test]
    fn a_secret_needs_no_value_to_be_there() {
        assert_eq!(says("token", "[{name: token}]"), "pass");
        assert_eq!(says("token", "[{name: other, value: x}, {name: token, keyVaultUrl: y, identity: system}]"), "pass");
    }

    #[test]
    fn an_update_file_keeps_the_secrets_of_the_app() {
        let text = "configuration:\n  registries:\n  - {server: ghcr.io, username: bot, passwordSecretRef: token}\n\
                    template:\n  containers:\n  - {name: api, image: 'ghcr.io/acme/api:v1'}\n";
        insta::assert_snapshot!(verdicts(CHECK, text, &Evidence::default().offline()), @"not applicable: the file leaves it out: it stays as it is in Azure");
        insta::assert_snapshot!(verdicts(CHECK, text, &Evidence::default()), @"unverified: `secrets` is not known: the file leaves it out, and it stays as it is in Azure");
    }
}
