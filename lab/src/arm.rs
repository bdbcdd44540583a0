//! Resource Manager: the world's resources by id and in lists, for those who may read them.
//! <https://learn.microsoft.com/rest/api/resources/>

mod authorization;
mod resources;
mod search;

use std::collections::HashMap;

use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::access::Deed;
use crate::server::json as json_response;
use crate::token::Mint;
use crate::world::{World, split_authorization};

pub const HOST: &str = "management.azure.com";

/// What Resource Manager says: a document, or a status with an error.
type Answer = Result<(StatusCode, Value), Error>;

/// An error in Resource Manager's shape.
struct Error {
    status: StatusCode,
    code: &'static str,
    message: String,
}

/// One call: who asks for what.
struct Call<'a> {
    world: &'a mut World,
    method: &'a Method,
    /// Without a slash at its end, in the letters of the caller.
    path: String,
    query: HashMap<String, String>,
    body: Value,
    object_id: String,
    client_id: String,
}

/// Answers what is asked of `management.azure.com`.
pub fn answer(world: &mut World, mint: &Mint, request: &Request<Bytes>) -> Response<Bytes> {
    if request.uri().path().eq_ignore_ascii_case("/metadata/endpoints") {
        return json_response(StatusCode::OK, &search::endpoints());
    }
    let answer = call(world, mint, request).and_then(|mut call| call.answer());
    match answer {
        Ok((StatusCode::NO_CONTENT, _)) => crate::server::plain(StatusCode::NO_CONTENT, ""),
        Ok((status, body)) => json_response(status, &body),
        Err(Error { status, code, message }) => {
            json_response(status, &json!({ "error": { "code": code, "message": message } }))
        }
    }
}

fn call<'a>(world: &'a mut World, mint: &Mint, request: &'a Request<Bytes>) -> Result<Call<'a>, Error> {
    let error = |code, message: &str| Error { status: StatusCode::UNAUTHORIZED, code, message: message.to_owned() };
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let token = header.ok_or_else(|| {
        error("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    })?;
    let claims = mint.read(token).ok_or_else(|| error("InvalidAuthenticationToken", "The access token is invalid."))?;
    let audience = claims["aud"].as_str().unwrap_or_default();
    if !["https://management.azure.com", "https://management.core.windows.net"].contains(&audience) {
        let message = format!(
            "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the allowed audiences 'https://management.core.windows.net/','https://management.core.windows.net','https://management.azure.com/','https://management.azure.com'."
        );
        return Err(error("InvalidAuthenticationTokenAudience", &message));
    }
    let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let query: HashMap<String, String> =
        query.map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect();
    if query.get("api-version").is_none_or(String::is_empty) {
        let message = "The api-version query parameter (?api-version=) is required for all requests.".to_owned();
        return Err(Error { status: StatusCode::BAD_REQUEST, code: "MissingApiVersionParameter", message });
    }
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    Ok(Call {
        method: request.method(),
        path: percent_decoded(request.uri().path()).trim_end_matches('/').to_owned(),
        query,
        body: serde_json::from_slice(request.body()).unwrap_or_default(),
        object_id: text("oid"),
        client_id: text("appid"),
        world,
    })
}

impl Call<'_> {
    fn answer(&mut self) -> Answer {
        let lower = self.path.to_ascii_lowercase();
        match lower.as_str() {
            "/subscriptions" => return self.subscriptions(),
            "/tenants" => {
                return found(
                    json!({ "value": [{ "id": format!("/tenants/{}", self.world.written.tenant), "tenantId": self.world.written.tenant }] }),
                );
            }
            "/providers/microsoft.resourcegraph/resources" => return self.graph(),
            _ => (),
        }
        let path = self.path.clone();
        if let Some((scope, rest)) = split_authorization(&path) {
            return self.authorization(scope, rest);
        }
        if let Some((scope, namespace)) = lower.rsplit_once("/providers/")
            && !namespace.contains('/')
        {
            return self.provider(scope, namespace);
        }
        self.resource()
    }

    /// Refuses, in Azure's words, what the caller may not do.
    fn demand(&self, action: &str, scope: &str) -> Result<(), Error> {
        if self.world.permits(&self.object_id, scope, Deed::Action(action)) {
            return Ok(());
        }
        let message = format!(
            "The client '{}' with object id '{}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
            self.client_id, self.object_id
        );
        Err(Error { status: StatusCode::FORBIDDEN, code: "AuthorizationFailed", message })
    }
}

fn found(body: Value) -> Answer {
    Ok((StatusCode::OK, body))
}

fn missing(code: &'static str, message: String) -> Answer {
    Err(Error { status: StatusCode::NOT_FOUND, code, message })
}

/// A path or query without its escapes.
pub fn percent_decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
}
