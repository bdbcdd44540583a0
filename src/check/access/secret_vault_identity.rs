//! A password that lies in a key vault cannot be read from there.
//!
//! ## Why
//! A secret with `keyVaultUrl` is read by the identity that the secret names, which must be attached to the app and may read
//! secrets of the vault (Key Vault Secrets User, where the vault uses roles). Azure answers `Unable to get value using Managed
//! identity`.
//! <https://learn.microsoft.com/azure/container-apps/manage-secrets#reference-secret-from-key-vault>
//!
//! ## Fix
//! Attach the identity, grant it Key Vault Secrets User on the vault, and write the URL as
//! `https://VAULT.vault.azure.net/secrets/NAME`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::placeholder;
use crate::manifest::{Condition, Manifest, Origin, Partial, PlannedResource, Puller, Secret, Workload};
use crate::rbac::builtin::get_secret;
use crate::value::Value;

use super::{plan, puller, remedy, wiring};

pub const CHECK: Check = Check {
    code: "secret-vault-identity",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("secret_vault_identity.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let in_vaults = || workload.secrets.entries.iter().filter(|secret| secret.key_vault_url.is_some());
    if in_vaults().next().is_none() || !wiring::is_container_app(workload) {
        return Err(Stop::NotApplicable("no secret lies in a key vault"));
    }
    let (mut findings, mut open) = (Vec::new(), None);
    for secret in in_vaults() {
        match judge(manifest, workload, secret, evidence) {
            // A secret that no registry uses stops the deployment all the same, but is no matter of the pull.
            Ok(Some(finding)) if is_password(workload, secret) => findings.push(finding),
            Ok(Some(finding)) => findings.push(finding.warning()),
            Ok(None) => {}
            Err(stop) if is_password(workload, secret) => open = Some(stop),
            Err(_) => {}
        }
    }
    match open {
        Some(stop) if findings.is_empty() => Err(stop),
        _ => Ok(findings),
    }
}

/// Whether a registry entry takes its password from this secret.
pub fn is_password(workload: &Workload, secret: &Secret) -> bool {
    let Some(name) = secret.name.as_ref().and_then(Value::canonical) else { return false };
    let mut used = workload.registries.entries.iter().filter_map(|entry| entry.password_secret.as_ref()?.canonical());
    used.any(|used| used == name)
}

fn judge(
    manifest: &Manifest,
    workload: &Workload,
    secret: &Secret,
    evidence: &Evidence,
) -> Result<Option<Finding>, Stop> {
    let Some(url) = &secret.key_vault_url else { return Ok(None) };
    if let Some(text) = url.as_str()
        && let Some(what) = url_mistake(text)
    {
        let finding = Finding::at_value(url, format!("`{text}` is no address of a secret: {what}"));
        return Ok(Some(finding.help("write `https://VAULT.vault.azure.net/secrets/NAME`")));
    }
    let Some(identity) = &secret.identity else {
        if workload.origin == Origin::Live || manifest.is_live(secret.at) {
            return Ok(None);
        }
        let finding = Finding::at_value(url, "nothing says which identity reads the secret from the key vault");
        return Ok(Some(finding.help("add `identity`: the resource id of an attached identity, or `system`")));
    };
    let who = workload.puller(identity);
    match workload.is_attached(&who) {
        Some(true) => Ok(ungranted(manifest, workload, secret, url, &who)),
        Some(false) => {
            let title = format!("{} reads the secret, and is not attached", puller::name(workload, &who));
            let finding = Finding::at_value(identity, title).also(secret.at, "the secret");
            Ok(Some(finding.help("attach the identity to the app, or name one that is attached")))
        }
        None if workload.identity.unknown.is_none() => Err(wiring::left_out(workload, evidence, "identity")),
        None => Err(wiring::unknown(identity, "identity")),
    }
}

/// Only where vault and identity are both new is it certain that nobody else has granted it.
fn ungranted(manifest: &Manifest, workload: &Workload, secret: &Secret, url: &Value, who: &Puller) -> Option<Finding> {
    let vault = vault(manifest, url)?;
    let id = puller::resource(workload, who)?;
    let identity = manifest.planned.get(id)?;
    let is_new = |resource: &PlannedResource| !resource.existing && resource.condition == Condition::Always;
    let uses_roles = vault.body.path(&["properties", "enableRbacAuthorization"]).and_then(Value::as_bool) == Some(true);
    if !is_new(vault) || !is_new(identity) || !uses_roles {
        return None;
    }
    let vault_id = Partial::of(&vault.id)?;
    let may_read = |grant: crate::manifest::Grant| {
        let reaches = Partial::of(&grant.scope)
            .is_none_or(|scope| plan::holds_at(&scope.without_slashes(), &vault_id) != Some(false));
        let reads = plan::definition(&grant).is_none_or(|role| role.permits(&get_secret()));
        grant.is_to(Some(id), None) != Some(false) && reaches && reads
    };
    if manifest.planned.grants().any(may_read) {
        return None;
    }
    let title = format!(
        "nothing lets {} read secrets of the key vault {}",
        puller::name(workload, who),
        remedy::name_of(&vault.id)
    );
    let finding = Finding::at(secret.at, title)
        .also(vault.at, "the vault, new in this deployment")
        .also(identity.at, "the identity, new as well");
    Some(finding.help(
        "grant it Key Vault Secrets User (4633458b-17de-408a-b874-0445c86b69e6) on the vault in the same template",
    ))
}

fn vault<'m>(manifest: &'m Manifest, url: &Value) -> Option<&'m PlannedResource> {
    let url = Partial::of(url)?;
    let host = url.without_prefix("https://")?.head()?;
    let name = host.before('.')?;
    let is_it =
        |vault: &&PlannedResource| Partial::of(&vault.name).is_some_and(|vault| vault.same(&name) == Some(true));
    manifest.planned.of_kind("microsoft.keyvault/vaults").find(is_it)
}

/// What is wrong with the address of a secret.
fn url_mistake(text: &str) -> Option<&'static str> {
    if placeholder(text).is_some() || text.contains('…') {
        return None;
    }
    let Some(rest) = text.get(..8).filter(|start| start.eq_ignore_ascii_case("https://")).and_then(|_| text.get(8..))
    else {
        return Some("it does not begin with https://");
    };
    let mut parts = rest.trim_end_matches('/').split('/');
    let host = parts.next().unwrap_or_default();
    if host.is_empty() || !host.contains('.') {
        return Some("it names no vault");
    }
    let rest: Vec<&str> = parts.collect();
    match rest.as_slice() {
        [kind, name] | [kind, name, _] if kind.eq_ignore_ascii_case("secrets") && !name.is_empty() => None,
        [kind, ..] if !kind.eq_ignore_ascii_case("secrets") => Some("its path does not begin with /secrets/"),
        _ => Some("it names no secret"),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(secret: &str) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nidentity: {{type: SystemAssigned}}\nconfiguration:\n  secrets: [{{name: p, {secret}}}]\n  registries: \
             [{{server: ghcr.io, username: u, passwordSecretRef: p}}]\ntemplate: {{containers: [{{name: a, image: b}}]}}\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn the_identity_must_be_named_and_attached() {
        insta::assert_snapshot!(says("keyVaultUrl: 'https://v.vault.azure.net/secrets/p'"), @"
        error: nothing says which identity reads the secret from the key vault
        at: https://v.vault.azure.net/secrets/p
        help: add `identity`: the resource id of an attached identity, or `system`
        ");
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-kv";
        insta::assert_snapshot!(says(&format!("keyVaultUrl: 'https://v.vault.azure.net/secrets/p', identity: {id}")), @"
        error: the identity id-kv reads the secret, and is not attached
        at: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-kv
        also: {name: p, keyVaultUrl: 'https://v.vault.azure.net/secrets/p', identity: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-kv}: the secret
        help: attach the identity to the app, or name one that is attached
        ");
        assert_eq!(says("keyVaultUrl: 'https://v.vault.azure.net/secrets/p/0a1b', identity: system"), "pass");
    }

    #[test]
    fn the_address_must_be_one_of_a_secret() {
        insta::assert_snapshot!(says("keyVaultUrl: 'https://v.vault.azure.net/keys/p', identity: system"), @"
        error: `https://v.vault.azure.net/keys/p` is no address of a secret: its path does not begin with /secrets/
        help: write `https://VAULT.vault.azure.net/secrets/NAME`
        ");
        insta::assert_snapshot!(says("keyVaultUrl: 'http://v.vault.azure.net/secrets/p', identity: system"), @"
        error: `http://v.vault.azure.net/secrets/p` is no address of a secret: it does not begin with https://
        help: write `https://VAULT.vault.azure.net/secrets/NAME`
        ");
    }
}
