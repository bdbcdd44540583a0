//! The repository-scoped token of a registry entry does not allow the pull.
//!
//! ## Why
//! A token of the registry has a status, and a scope map that names repositories and what may be done with them. A pull needs
//! `repositories/NAME/content/read`.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions>
//!
//! ## Fix
//! Enable the token, or add the repository to its scope map.

use serde_json::Value as Json;

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Answer, Evidence, Registry, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Credential, Manifest, Pull, Workload};
use crate::value::Value;

use super::{admin_credentials, live, wiring};

pub const CHECK: Check = Check {
    code: "token-disabled",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("token_disabled.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| judge(pull, evidence))
}

/// The token of a registry that a pull logs in with.
pub struct Token<'m> {
    pub user: &'m str,
    pub username: &'m Value,
    pub registry: Registry,
    /// What Azure says of it.
    pub json: Answer<Json>,
}

/// The token that a pull logs in with.
///
/// # Errors
/// *Not applicable* when it logs in with something else; *unverified* when the registry cannot be read.
fn named<'m>(pull: &Pull<'m>, evidence: &Evidence) -> Result<Token<'m>, Stop> {
    const NO_TOKEN: Stop = Stop::NotApplicable("no token of a registry pulls");
    let Credential::Password { username: Some(username), entry, .. } = pull.credential()? else { return Err(NO_TOKEN) };
    let Some(user) = username.as_str().filter(|user| is_token(user)) else { return Err(NO_TOKEN) };
    if wiring::is_azure_entry(entry) != Some(true) || admin_credentials::is_admin(pull.workload, entry) {
        return Err(NO_TOKEN);
    }
    let image = pull.image()?;
    let registry = live::registry(&image.registry, evidence)?.map_err(Stop::Unverified)?;
    let json = evidence.resource(Resource::Get { id: format!("{}/tokens/{user}", registry.id) })?.cloned();
    Ok(Token { user, username, registry, json })
}

/// The token, for a check that leaves to this one what is not there, may not be read or is switched off.
///
/// # Errors
/// *Need* of what was not asked; *not applicable* for everything else.
pub fn usable<'m>(pull: &Pull<'m>, evidence: &Evidence) -> Result<(Token<'m>, Json), Stop> {
    const LEFT: Stop = Stop::NotApplicable("`token-disabled` tells of the token");
    let token = named(pull, evidence).map_err(|stop| if let Stop::Unverified(_) = stop { LEFT } else { stop })?;
    match token.json.clone() {
        Ok(json) if !is_disabled(&json) => Ok((token, json)),
        _ => Err(LEFT),
    }
}

fn judge(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let Token { user, username, registry, json } = named(pull, evidence)?;
    let image = pull.image()?;
    let token = match json {
        Ok(token) => token,
        Err(failure) if failure.is_not_found() => {
            let title = format!("{} has no token `{user}`", registry.login_server);
            return Ok(vec![finding(username, title, "create it", create(user, &registry, &image.repository))]);
        }
        Err(failure) => return Err(Stop::Unverified(failure)),
    };
    let text = |pointer: &str| token.pointer(pointer).and_then(Json::as_str);
    if is_disabled(&token) {
        let command = format!("az acr token update -n {user} -r {} --status enabled", registry.name);
        return Ok(vec![finding(username, format!("the token `{user}` is disabled"), "enable it", command)]);
    }
    let Some(map) = text("/properties/scopeMapId") else { return Ok(Vec::new()) };
    // A token pulls by its scope map; what that allows cannot be told without it.
    let map = evidence.resource(Resource::Get { id: map.to_owned() })?.map_err(Stop::Unverified)?;
    if allows(map, &image.repository) {
        return Ok(Vec::new());
    }
    let name = map.get("name").and_then(Json::as_str).unwrap_or("<scope map>");
    let title = format!("the token `{user}` may not pull {}", image.repository);
    let command = format!(
        "az acr scope-map update -n {name} -r {} --add-repository {} content/read",
        registry.name, image.repository
    );
    Ok(vec![finding(username, title, "add the repository to its scope map", command)])
}

fn is_disabled(token: &Json) -> bool {
    let status = token.pointer("/properties/status").and_then(Json::as_str);
    status.is_some_and(|status| status.eq_ignore_ascii_case("disabled"))
}

fn create(user: &str, registry: &Registry, repository: &str) -> String {
    format!("az acr token create -n {user} -r {} --repository {repository} content/read", registry.name)
}

/// Whether this can be the name of a token: a GUID is a service principal or stands for a refresh token.
fn is_token(user: &str) -> bool {
    let is_guid = user.len() == 36 && user.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    !is_guid && (5..=50).contains(&user.len()) && user.bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric())
}

/// Whether a scope map allows the pull: actions are `repositories/NAME/content/read`, `*` stands for any rest of a name.
fn allows(map: &Json, repository: &str) -> bool {
    let actions = map.pointer("/properties/actions").and_then(Json::as_array);
    actions.into_iter().flatten().filter_map(Json::as_str).any(|action| {
        let name = action.strip_prefix("repositories/").and_then(|rest| rest.strip_suffix("/content/read"));
        name.is_some_and(|name| match name.strip_suffix('*') {
            Some(prefix) => repository.starts_with(prefix),
            None => name == repository,
        })
    })
}

fn finding(username: &Value, title: String, help: &str, command: String) -> Finding {
    Finding::at_value(username, title).help(help).command(command)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{REGISTRY_ID, answering, registry};
    use crate::check::table::verdicts;
    use crate::evidence::{Answer, Failure, Resource};
    use serde_json::{Value, json};

    const TEXT: &str = "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{name: p}]\n  registries: [{server: acme1.azurecr.io, username: \
                        pull-token, passwordSecretRef: p}]\ntemplate: {containers: [{name: a, image: 'acme1.azurecr.io/shop/api:v1'}]}\n";

    #[track_caller]
    fn says(token: Answer<Value>, actions: &[&str]) -> String {
        let get = |id: String| Resource::Get { id };
        let evidence = answering(registry(&json!({})), get(format!("{REGISTRY_ID}/tokens/pull-token")), token);
        let map = json!({"name": "pulls", "properties": {"actions": actions}});
        verdicts(CHECK, TEXT, &answering(evidence, get("/map".to_owned()), Ok(map)))
    }

    fn enabled() -> Answer<Value> {
        Ok(json!({"properties": {"status": "enabled", "scopeMapId": "/map"}}))
    }

    #[test]
    fn a_token_that_is_gone_or_disabled_fails() {
        insta::assert_snapshot!(says(Err(Failure::not_found("management.azure.com")), &[]), @"
        error: acme1.azurecr.io has no token `pull-token`
        help: create it
        run: az acr token create -n pull-token -r acme1 --repository shop/api content/read
        ");
        insta::assert_snapshot!(says(Ok(json!({"properties": {"status": "disabled"}})), &[]), @"
        error: the token `pull-token` is disabled
        help: enable it
        run: az acr token update -n pull-token -r acme1 --status enabled
        ");
    }

    #[test]
    fn a_scope_map_names_the_repositories() {
        assert_eq!(says(enabled(), &["repositories/shop/api/content/read"]), "pass");
        assert_eq!(says(enabled(), &["repositories/shop/*/content/read", "repositories/*/metadata/read"]), "pass");
        insta::assert_snapshot!(says(enabled(), &["repositories/shop/web/content/read", "repositories/shop/api/metadata/read"]), @"
        error: the token `pull-token` may not pull shop/api
        help: add the repository to its scope map
        run: az acr scope-map update -n pulls -r acme1 --add-repository shop/api content/read
        ");
    }
}
