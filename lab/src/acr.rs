//! Azure's registry: who one is becomes a token, the token says what one may, and the firewall stands before both.
//! <https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md>

mod content;
mod grant;

use bytes::Bytes;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::server::{json as json_response, plain, with};
use crate::token::Mint;
use crate::world::World;

/// Who stands before a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Nobody,
    /// A principal of Entra, by object id.
    Principal(String),
    /// The admin user: may everything.
    Admin,
    /// A token of the registry's own, by name.
    Token(String),
}

/// Answers what is asked of a registry's login server.
///
/// `from` is the address that the caller comes from, as the registry's firewall sees it.
pub fn answer(world: &mut World, mint: &Mint, host: &str, from: &str, request: &Request<Bytes>) -> Response<Bytes> {
    let Some(registry) = world.registry(host).cloned() else {
        return plain(StatusCode::NOT_FOUND, "404 page not found");
    };
    let response = if is_let_in(&registry, from) {
        inside(world, mint, &registry, host, request)
    } else {
        let message = format!(
            "client with IP '{from}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
        );
        json_response(StatusCode::FORBIDDEN, &json!({ "errors": [{ "code": "DENIED", "message": message }] }))
    };
    let response = with(response, "server", "AzureContainerRegistry");
    with(response, "docker-distribution-api-version", "registry/2.0")
}

/// Answers what is asked of the storage that layers are in: only with the signature of the redirect, and with no token.
pub fn layer(world: &World, mint: &Mint, request: &Request<Bytes>) -> Response<Bytes> {
    let signature = request.uri().query().and_then(|query| query.split('&').find_map(|part| part.strip_prefix("sig=")));
    let Some(claims) = signature.and_then(|signature| mint.read(signature)) else {
        return plain(
            StatusCode::FORBIDDEN,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>AuthenticationFailed</Code></Error>",
        );
    };
    if request.headers().contains_key("authorization") {
        return plain(
            StatusCode::BAD_REQUEST,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>InvalidAuthenticationInfo</Code></Error>",
        );
    }
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    match world.stores.get(text("registry")).and_then(|store| store.blob(text("digest"))) {
        Some(blob) => Response::new(blob),
        None => plain(
            StatusCode::NOT_FOUND,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>BlobNotFound</Code></Error>",
        ),
    }
}

fn inside(world: &mut World, mint: &Mint, registry: &Value, host: &str, request: &Request<Bytes>) -> Response<Bytes> {
    match request.uri().path() {
        "/oauth2/exchange" => grant::exchange(world, mint, registry, host, request),
        "/oauth2/token" => grant::token(world, mint, registry, host, request),
        _ => content::answer(world, mint, registry, host, request),
    }
}

/// Private addresses come through a private endpoint, which no rule of the firewall is about.
/// <https://learn.microsoft.com/azure/container-registry/container-registry-access-selected-networks>
fn is_let_in(registry: &Value, from: &str) -> bool {
    let properties = &registry["properties"];
    if from.starts_with("10.") {
        return true;
    }
    let rules = &properties["networkRuleSet"];
    let named = rules["ipRules"].as_array().into_iter().flatten().any(|rule| rule["value"].as_str() == Some(from));
    properties["publicNetworkAccess"] != json!("Disabled") && (rules["defaultAction"] != json!("Deny") || named)
}

/// The challenge, in the registry's words.
fn challenge(host: &str, wanted: Option<(&str, &str, &str)>, is_narrow: bool) -> Response<Bytes> {
    let detail = wanted.map(|(kind, name, action)| json!([{ "Type": kind, "Name": name, "Action": action }]));
    let message = "authentication required, visit https://aka.ms/acr/authorization for more information.";
    let errors = json!({ "errors": [{ "code": "UNAUTHORIZED", "message": message, "detail": detail }] });
    let scope = wanted.map(|(kind, name, action)| format!(",scope=\"{kind}:{name}:{action}\"")).unwrap_or_default();
    let error = if is_narrow { ",error=\"insufficient_scope\"" } else { "" };
    let header = format!("Bearer realm=\"https://{host}/oauth2/token\",service=\"{host}\"{scope}{error}");
    with(json_response(StatusCode::UNAUTHORIZED, &errors), "www-authenticate", &header)
}
