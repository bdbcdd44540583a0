//! The identity that reads a registry's password from a key vault holds no role there that lets it.
//!
//! ## Why
//! A vault that authorises by roles gives a secret to who has `Microsoft.KeyVault/vaults/secrets/getSecret/action` on it, as Key
//! Vault Secrets User has; Owner, Contributor and Key Vault Contributor do not. Azure answers `Unable to get value using Managed
//! identity`, and the app has no password to pull with.
//! <https://learn.microsoft.com/azure/key-vault/general/rbac-guide>
//!
//! ## Fix
//! Grant Key Vault Secrets User on the vault to the identity that the secret names.

use serde_json::Value as Json;

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Condition, Manifest, Puller, Secret, Workload};
use crate::rbac::builtin::get_secret;
use crate::rbac::{Attributes, Principal as Holder, PrincipalId, Request, Rules, Scope, evaluate};
use crate::value::Value;

use super::puller::{self, Principal};
use super::{live, plan, secret_vault_identity, wiring};

pub const CHECK: Check = Check {
    code: "secret-vault-role-missing",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("secret_vault_role_missing.rs"),
    run: Run::Workload(run),
};

const VAULTS: &str = "Microsoft.KeyVault/vaults";
/// Few callers may read vaults; that a role is missing cannot be told then, and the deployment itself stops at such a secret.
const UNREAD: Stop = Stop::NotApplicable("the key vault and its roles may not be read");

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let passwords = workload
        .secrets
        .entries
        .iter()
        .filter(|secret| secret.key_vault_url.is_some() && secret_vault_identity::is_password(workload, secret));
    let passwords: Vec<&Secret> = passwords.collect();
    if passwords.is_empty() || !wiring::is_container_app(workload) {
        return Err(Stop::NotApplicable("no password of a registry lies in a key vault"));
    }
    let (mut findings, mut stop) = (Vec::new(), None);
    for secret in passwords {
        match judge(manifest, workload, secret, evidence) {
            Ok(found) => findings.extend(found),
            Err(Stop::Need(question)) => return Err(Stop::Need(question)),
            Err(other) => stop = Some(other),
        }
    }
    match stop {
        Some(stop) if findings.is_empty() => Err(stop),
        _ => Ok(findings),
    }
}

fn judge(
    manifest: &Manifest,
    workload: &Workload,
    secret: &Secret,
    evidence: &Evidence,
) -> Result<Option<Finding>, Stop> {
    const LEFT: Stop = Stop::NotApplicable("`secret-vault-identity` decides it");
    let (Some(url), Some(identity)) = (&secret.key_vault_url, &secret.identity) else { return Err(LEFT) };
    let who = workload.puller(identity);
    let Some(name) = url.as_str().and_then(vault_name).filter(|_| workload.is_attached(&who) == Some(true)) else {
        return Err(LEFT);
    };
    if may_grant(manifest, workload, &who) {
        return Err(Stop::NotApplicable("the deployment grants roles itself: see `secret-vault-identity`"));
    }
    let vaults = evidence.resource(Resource::Find { kind: VAULTS.to_owned() })?.map_err(|_| UNREAD)?;
    let (id, vault) = named(vaults, name).ok_or(UNREAD)?;
    if vault.pointer("/properties/enableRbacAuthorization").and_then(Json::as_bool) != Some(true) {
        return Err(Stop::NotApplicable("the vault has access policies, which may name groups"));
    }
    let principal = match puller::principal(workload, &who, evidence) {
        Ok(Principal::Known { id, .. }) => id,
        Err(Stop::Need(question)) => return Err(Stop::Need(question)),
        Ok(Principal::New) | Err(_) => return Err(LEFT),
    };
    if may_read(&principal, id, evidence)? != Some(false) {
        return Ok(None);
    }
    let title = format!("{} may not read secrets of the key vault {name}", puller::name(workload, &who));
    let finding = Finding::at_value(identity, title)
        .also(secret.at, "the registry's password")
        .detail(format!("its principal {principal} holds no role at the vault or above that reads secrets"));
    Ok(Some(finding.help("grant it Key Vault Secrets User on the vault").command(format!(
        "az role assignment create --assignee-object-id {principal} --assignee-principal-type ServicePrincipal --role \"Key Vault \
         Secrets User\" --scope {id}"
    ))))
}

/// The vault in `https://VAULT.vault.azure.net/…`.
fn vault_name(url: &str) -> Option<&str> {
    let host = url.get(8..).filter(|_| url[..8].eq_ignore_ascii_case("https://"))?.split('/').next()?;
    let (name, rest) = host.split_once('.')?;
    rest.to_ascii_lowercase().starts_with("vault.").then_some(name).filter(|name| !name.is_empty())
}

fn named<'j>(vaults: &'j Json, name: &str) -> Option<(&'j str, &'j Json)> {
    let is_it =
        |vault: &&Json| vault.get("name").and_then(Json::as_str).is_some_and(|known| known.eq_ignore_ascii_case(name));
    let vault = vaults.get("value")?.as_array()?.iter().find(is_it)?;
    Some((vault.get("id")?.as_str()?, vault))
}

/// Whether a role that the deployment assigns may let the identity read secrets.
fn may_grant(manifest: &Manifest, workload: &Workload, who: &Puller) -> bool {
    let (id, principal): (Option<&Value>, _) = (puller::resource(workload, who), puller::exported(workload, who));
    let grants = manifest.planned.grants().filter(|grant| grant.resource.condition != Condition::Never);
    let reads = |grant: &crate::manifest::Grant| plan::definition(grant).is_none_or(|role| role.permits(&get_secret()));
    grants.filter(reads).any(|grant| grant.is_to(id, principal) != Some(false))
}

/// Whether the principal may read secrets at this vault.
///
/// # Errors
/// *Need* of its roles; *not applicable* when they may not be read.
fn may_read(principal: &PrincipalId, vault: &str, evidence: &Evidence) -> Result<Option<bool>, Stop> {
    let (assignments, roles) = match live::assignments(principal, vault, Vec::new(), evidence) {
        Err(Stop::Unverified(_)) => return Err(UNREAD),
        known => known?,
    };
    let holder = Holder { id: principal.clone(), member_of: None };
    let (target, operation, attributes) = (Scope::from(vault), get_secret(), Attributes::default());
    let request = Request { target: &target, operation: &operation, attributes: &attributes };
    Ok(evaluate(&holder, request, Rules { assignments: &assignments, roles: &roles, denies: &[] }).allowed())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{PRINCIPAL, answering, assignment, exported, not_allowed};
    use crate::check::table::verdicts;
    use crate::evidence::{Answer, Evidence, Resource};
    use serde_json::{Value, json};

    const VAULT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-shop";
    const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
    const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";

    fn app() -> String {
        let mut app: Value = serde_json::from_str(&exported()).unwrap();
        let configuration = &mut app["properties"]["configuration"];
        configuration["registries"] =
            json!([{"server": "acme1.azurecr.io", "username": "pull-token", "passwordSecretRef": "p", "identity": ""}]);
        configuration["secrets"] =
            json!([{"name": "p", "keyVaultUrl": "https://kv-shop.vault.azure.net/secrets/p", "identity": "system"}]);
        app.to_string()
    }

    #[track_caller]
    fn says(uses_roles: bool, roles: Answer<&[&str]>) -> String {
        let vault = json!({"id": VAULT, "name": "kv-shop", "properties": {"enableRbacAuthorization": uses_roles}});
        let vaults = Resource::Find { kind: "Microsoft.KeyVault/vaults".to_owned() };
        let evidence = answering(Evidence::default(), vaults, Ok(json!({"value": [vault]})));
        let held =
            roles.map(|roles| json!({"value": roles.iter().map(|role| assignment(role, VAULT)).collect::<Vec<_>>()}));
        let question = Resource::RoleAssignments { scope: VAULT.to_owned(), principal: PRINCIPAL.to_owned() };
        verdicts(CHECK, &app(), &answering(evidence, question, held))
    }

    #[test]
    fn a_role_that_reads_secrets_is_needed() {
        insta::assert_snapshot!(says(true, Ok(&[CONTRIBUTOR])), @r#"
        error: the system identity of app may not read secrets of the key vault kv-shop
        because: its principal 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad holds no role at the vault or above that reads secrets
        also: {"name":"p","keyVaultUrl":"https://kv-shop.vault.azure.net/secrets/p","identity":"system"}: the registry's password
        help: grant it Key Vault Secrets User on the vault
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role "Key Vault Secrets User" --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv-shop
        "#);
        assert_eq!(says(true, Ok(&[CONTRIBUTOR, SECRETS_USER])), "pass");
    }

    #[test]
    fn what_cannot_be_read_is_not_judged() {
        insta::assert_snapshot!(says(true, Err(not_allowed())), @"not applicable: the key vault and its roles may not be read");
        insta::assert_snapshot!(says(false, Ok(&[])), @"not applicable: the vault has access policies, which may name groups");
        insta::assert_snapshot!(verdicts(CHECK, &app(), &Evidence::default()), @"needs every Microsoft.KeyVault/vaults");
    }
}
