//! Entra: tokens for service principals with a secret or a federated token, and for managed identities.
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use std::collections::HashMap;

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::server::json as json_response;
use crate::token::{Mint, claims, guid, now};
use crate::world::{Principal, World, kind};

pub const HOST: &str = "login.microsoftonline.com";

/// Seconds that an access token is good.
const GOOD: u64 = 3599;

/// What a token can be for; with the other names of the same thing.
const AUDIENCES: &[&str] = &[
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://containerregistry.azure.net",
    "https://graph.microsoft.com",
];

/// Answers what is asked of `login.microsoftonline.com`.
pub fn answer(world: &World, mint: &Mint, request: &Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path();
    let (tenant, rest) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
    match rest {
        "discovery/instance" => json_response(StatusCode::OK, &instances()),
        "v2.0/.well-known/openid-configuration" | ".well-known/openid-configuration" => {
            json_response(StatusCode::OK, &configuration(if is_any(tenant) { &world.written.tenant } else { tenant }))
        }
        "oauth2/v2.0/token" | "oauth2/token" if request.method() == Method::POST => {
            let form: HashMap<String, String> = form_urlencoded::parse(request.body()).into_owned().collect();
            match token(world, mint, tenant, &form) {
                Ok(token) => json_response(StatusCode::OK, &token),
                Err(no) => no.response(),
            }
        }
        _ => json_response(StatusCode::NOT_FOUND, &json!({ "error": "not_found" })),
    }
}

/// Answers for managed identities: the address of virtual machines, and that of App Service and Container Apps.
/// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
pub fn managed_identity(world: &World, mint: &Mint, request: &Request<Bytes>) -> Response<Bytes> {
    let refused = |text: &str| {
        json_response(StatusCode::BAD_REQUEST, &json!({"error": "invalid_request", "error_description": text}))
    };
    let query = request.uri().query().unwrap_or_default();
    let query: HashMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let header = |name: &str| request.headers().contains_key(name);
    if !header("metadata") && !header("x-identity-header") {
        return refused("Required metadata header not specified");
    }
    let names = ["object_id", "principal_id", "client_id", "mi_res_id", "msi_res_id"];
    let wanted = names.iter().find_map(|name| query.get(*name));
    let identities = world.identities();
    let mut fitting = identities.iter().filter(|one| match wanted {
        Some(wanted) => one.is_called(wanted),
        // Without a name it is the identity of the resource itself.
        None => !kind(&one.name).starts_with("microsoft.managedidentity/"),
    });
    let identity = match (fitting.next(), fitting.next()) {
        (Some(identity), None) => identity,
        (None, _) => return refused("Identity not found"),
        _ => {
            return refused(
                "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request",
            );
        }
    };
    let Some(audience) = query.get("resource").and_then(|resource| audience(resource)) else {
        return refused("AADSTS500011: The resource principal was not found in the tenant.");
    };
    let mut answer = issue(world, mint, identity, audience);
    answer["client_id"] = identity.client_id.clone().into();
    answer["expires_in"] = GOOD.to_string().into();
    json_response(StatusCode::OK, &answer)
}

fn token(world: &World, mint: &Mint, tenant: &str, form: &HashMap<String, String>) -> Result<Value, Refused> {
    let known = &world.written.tenant;
    if !tenant.eq_ignore_ascii_case(known) && !is_any(tenant) {
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        );
        return Err(Refused::new(90002, "invalid_request", &text));
    }
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    if field("grant_type") != "client_credentials" {
        let text = format!("The app requested an unsupported grant type '{}'.", field("grant_type"));
        return Err(Refused::new(70003, "unsupported_grant_type", &text));
    }
    let client = field("client_id");
    let principals = world.written.principals.iter();
    let Some(principal) = principals.clone().find(|one| one.client_id.eq_ignore_ascii_case(client)) else {
        let text = format!(
            "Application with identifier '{client}' was not found in the directory '{known}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant."
        );
        return Err(Refused::new(700016, "unauthorized_client", &text));
    };
    match form.get("client_assertion") {
        Some(assertion) => federated(principal, assertion)?,
        None if principal.secret.is_none() || principal.secret.as_ref() != form.get("client_secret") => {
            let text = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
            );
            return Err(Refused::new(7000215, "invalid_client", &text));
        }
        None => (),
    }
    let wanted = form.get("scope").or(form.get("resource")).map_or("", String::as_str);
    let Some(audience) = wanted.split(' ').find_map(audience) else {
        let text = format!("The resource principal named {wanted} was not found in the tenant named {known}.");
        return Err(Refused::new(500011, "invalid_resource", &text));
    };
    Ok(issue(world, mint, principal, audience))
}

/// The issuer's signature is not looked at: the lab's worlds have no issuers.
fn federated(principal: &Principal, assertion: &str) -> Result<(), Refused> {
    let claims = claims(assertion).unwrap_or_default();
    let claim = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    let presented = format!("{} {}", claim("iss"), claim("sub"));
    if principal.federated.contains(&presented) && claim("aud") == "api://AzureADTokenExchange" {
        return Ok(());
    }
    let text = format!(
        "No matching federated identity record found for presented assertion subject '{}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.",
        claim("sub")
    );
    Err(Refused::new(700213, "invalid_request", &text))
}

fn issue(world: &World, mint: &Mint, principal: &Principal, audience: &str) -> Value {
    let tenant = &world.written.tenant;
    let claims = json!({
        "aud": audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "appid": principal.client_id,
        "idtyp": "app",
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": tenant,
        "ver": "1.0",
    });
    json!({
        "token_type": "Bearer",
        "expires_in": GOOD,
        "ext_expires_in": GOOD,
        "expires_on": (now() + GOOD).to_string(),
        "not_before": now().to_string(),
        "resource": audience,
        "access_token": mint.token(GOOD, claims),
    })
}

fn audience(wanted: &str) -> Option<&'static str> {
    let wanted = wanted.strip_suffix(".default").unwrap_or(wanted).trim_end_matches('/');
    AUDIENCES.iter().find(|known| known.eq_ignore_ascii_case(wanted)).copied()
}

fn is_any(tenant: &str) -> bool {
    ["common", "organizations"].contains(&tenant)
}

fn instances() -> Value {
    json!({
        "tenant_discovery_endpoint": format!("https://{HOST}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": HOST, "preferred_cache": "login.windows.net", "aliases": [HOST, "login.windows.net"]}],
    })
}

fn configuration(tenant: &str) -> Value {
    let base = format!("https://{HOST}/{tenant}");
    json!({
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "tenant_region_scope": "EU",
    })
}

/// A number of <https://learn.microsoft.com/entra/identity-platform/reference-error-codes> and its words.
struct Refused {
    number: u32,
    error: &'static str,
    text: String,
}

impl Refused {
    fn new(number: u32, error: &'static str, text: &str) -> Refused {
        Refused { number, error, text: text.to_owned() }
    }

    fn response(&self) -> Response<Bytes> {
        let status = if self.error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let (trace, correlation) = (guid(), guid());
        let Refused { number, error, text } = self;
        let body = json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation}"),
            "error_codes": [number],
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://{HOST}/error?code={number}"),
        });
        json_response(status, &body)
    }
}
