//! From a credential to a token, and from roles to what is in it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::Who;
use crate::access::Deed;
use crate::server::{json as json_response, plain};
use crate::token::Mint;
use crate::world::World;

/// The user whose password is a refresh token.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";
/// Seconds that a refresh token and an access token are good, as recorded and documented.
const REFRESH: u64 = 11_700;
const ACCESS: u64 = 4_500;

/// `POST /oauth2/exchange`: an Entra token becomes a refresh token. What its principal may is asked later.
pub fn exchange(world: &World, mint: &Mint, registry: &Value, host: &str, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return plain(StatusCode::NOT_FOUND, "404 page not found");
    }
    let form: HashMap<String, String> = form_urlencoded::parse(request.body()).into_owned().collect();
    let Some(claims) = form.get("access_token").and_then(|token| mint.read(token)) else {
        return refused("Invalid access token.");
    };
    let audience = claims["aud"].as_str().unwrap_or_default();
    let is_arm = ["https://management.azure.com", "https://management.core.windows.net"].contains(&audience);
    let takes_arm =
        registry["properties"]["policies"]["azureADAuthenticationAsArmPolicy"]["status"] != json!("disabled");
    // https://learn.microsoft.com/azure/container-registry/container-registry-disable-authentication-as-arm
    if !(audience == "https://containerregistry.azure.net" || is_arm && takes_arm) {
        return refused("token validation failed");
    }
    if form.get("tenant").is_some_and(|tenant| !tenant.eq_ignore_ascii_case(&world.written.tenant)) {
        return refused("Application not registered with AAD");
    }
    let claims = json!({
        "iss": "Azure Container Registry",
        "aud": host,
        "version": "1.0",
        "grant_type": "refresh_token",
        "oid": claims["oid"],
        "appid": claims["appid"],
        "tenant": claims["tid"],
        "permissions": { "Actions": actions(world, registry, claims["oid"].as_str().unwrap_or_default()) },
        "roles": [],
    });
    json_response(StatusCode::OK, &json!({ "refresh_token": mint.token(REFRESH, claims) }))
}

/// `/oauth2/token`: a refresh token, a user's password or nothing becomes an access token for scopes.
pub fn token(world: &World, mint: &Mint, registry: &Value, host: &str, request: &Request<Bytes>) -> Response<Bytes> {
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let source = if request.method() == Method::POST { request.body().as_ref() } else { query };
    let form: Vec<(String, String)> = form_urlencoded::parse(source).into_owned().collect();
    let field = |wanted: &str| form.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
    let basic = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let who = match basic {
        Some(header) => by_basic(world, mint, registry, host, header),
        None if !field("refresh_token").is_empty() => by_refresh_token(mint, host, field("refresh_token")),
        None if !field("username").is_empty() => {
            by_password(world, mint, registry, host, field("username"), field("password"))
        }
        None => Some(Who::Nobody),
    };
    let open = registry["properties"]["anonymousPullEnabled"] == json!(true);
    let Some(who) = who.filter(|who| *who != Who::Nobody || open) else {
        return refused("authentication required, visit https://aka.ms/acr/authorization for more information.");
    };
    let scopes = form.iter().filter(|(name, _)| name == "scope").flat_map(|(_, scope)| scope.split(' '));
    let access: Vec<Value> = scopes.filter_map(|scope| granted(world, registry, &who, scope)).collect();
    let claims = json!({ "iss": "Azure Container Registry", "aud": host, "version": "1.0", "grant_type": "access_token", "access": access });
    json_response(StatusCode::OK, &json!({ "access_token": mint.token(ACCESS, claims) }))
}

/// Whether somebody may do something with something: `("repository", "app", "pull")`.
pub fn may(world: &World, registry: &Value, who: &Who, kind: &str, name: &str, action: &str) -> bool {
    let id = registry["id"].as_str().unwrap_or_default();
    match who {
        Who::Admin => true,
        Who::Nobody => action == "pull" && registry["properties"]["anonymousPullEnabled"] == json!(true),
        Who::Token(token) => scope_map(world, id, token).iter().any(|one| {
            let wanted = match action {
                "pull" => "content/read",
                "push" => "content/write",
                "delete" => "content/delete",
                "metadata_read" => "metadata/read",
                _ => return false,
            };
            kind == "repository" && one.eq_ignore_ascii_case(&format!("repositories/{name}/{wanted}"))
        }),
        Who::Principal(object_id) => match deed(registry, kind, action) {
            Some((action, true)) => world.permits(object_id, id, Deed::Data(&action, name)),
            Some((action, false)) => world.permits(object_id, id, Deed::Action(&action)),
            None => false,
        },
    }
}

/// Who a `Basic` header is.
pub fn by_basic(world: &World, mint: &Mint, registry: &Value, host: &str, header: &str) -> Option<Who> {
    let decoded = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    by_password(world, mint, registry, host, user, password)
}

fn by_refresh_token(mint: &Mint, host: &str, token: &str) -> Option<Who> {
    let claims = mint.read(token).filter(|claims| claims["aud"] == host && claims["grant_type"] == "refresh_token")?;
    Some(Who::Principal(claims["oid"].as_str()?.to_owned()))
}

fn by_password(world: &World, mint: &Mint, registry: &Value, host: &str, user: &str, password: &str) -> Option<Who> {
    if user == NOBODY {
        return by_refresh_token(mint, host, password);
    }
    let principals = world.written.principals.iter();
    if let Some(one) = principals.clone().find(|one| one.client_id.eq_ignore_ascii_case(user)) {
        return (one.secret.as_deref() == Some(password)).then(|| Who::Principal(one.object_id.clone()));
    }
    let logins =
        world.written.logins.iter().filter(|login| login.registry == host && login.username.eq_ignore_ascii_case(user));
    if !logins.into_iter().any(|login| login.password == password) {
        return None;
    }
    if registry["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(user)) {
        return (registry["properties"]["adminUserEnabled"] == json!(true)).then_some(Who::Admin);
    }
    let id = registry["id"].as_str().unwrap_or_default();
    let token = world.get(&format!("{id}/tokens/{user}"))?;
    (token["properties"]["status"] != json!("disabled")).then(|| Who::Token(user.to_owned()))
}

/// `repository:app:pull,push` with what of it is granted.
fn granted(world: &World, registry: &Value, who: &Who, scope: &str) -> Option<Value> {
    let (rest, actions) = scope.rsplit_once(':')?;
    let (kind, name) = rest.split_once(':')?;
    let granted: Vec<&str> =
        actions.split(',').filter(|action| may(world, registry, who, kind, name, action)).collect();
    (!granted.is_empty()).then(|| json!({ "type": kind, "name": name, "actions": granted }))
}

/// What a role must have for an action, in the registry's mode; whether it is a data action.
/// <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference>
fn deed(registry: &Value, kind: &str, action: &str) -> Option<(String, bool)> {
    let is_abac = registry["properties"]["roleAssignmentMode"] == json!("AbacRepositoryPermissions");
    let name = match (is_abac, kind, action) {
        (true, "registry", _) => "catalog/read",
        (true, _, "pull") => "repositories/content/read",
        (true, _, "push") => "repositories/content/write",
        (true, _, "delete") => "repositories/content/delete",
        (true, _, "metadata_read") => "repositories/metadata/read",
        (true, _, "metadata_write") => "repositories/metadata/write",
        (false, "registry", _) | (false, _, "pull" | "metadata_read") => "pull/read",
        (false, _, "push" | "metadata_write") => "push/write",
        (false, _, "delete") => "artifacts/delete",
        _ => return None,
    };
    Some((format!("Microsoft.ContainerRegistry/registries/{name}"), is_abac))
}

/// What a refresh token says that its principal may do with the registry as a whole.
fn actions(world: &World, registry: &Value, object_id: &str) -> Vec<&'static str> {
    let who = Who::Principal(object_id.to_owned());
    let words = [("read", "pull"), ("write", "push"), ("delete", "delete")];
    words
        .iter()
        .filter(|(_, action)| may(world, registry, &who, "repository", "*", action))
        .map(|(word, _)| *word)
        .collect()
}

fn scope_map(world: &World, registry: &str, token: &str) -> Vec<String> {
    let map =
        world.get(&format!("{registry}/tokens/{token}")).and_then(|token| token["properties"]["scopeMapId"].as_str());
    let actions = map.and_then(|map| world.get(map)?["properties"]["actions"].as_array().cloned());
    actions.unwrap_or_default().iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

fn refused(message: &str) -> Response<Bytes> {
    json_response(
        StatusCode::UNAUTHORIZED,
        &json!({ "errors": [{ "code": "UNAUTHORIZED", "message": message, "detail": null }] }),
    )
}
