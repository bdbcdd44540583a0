//! Microsoft Graph, as far as somebody looks up who a principal is and how long an application's secrets are good.

use bytes::Bytes;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::arm::percent_decoded;
use crate::server::json as json_response;
use crate::token::Mint;
use crate::world::{Principal, World};

pub const HOST: &str = "graph.microsoft.com";

/// Answers what is asked of `graph.microsoft.com`.
pub fn answer(world: &World, mint: &Mint, request: &Request<Bytes>) -> Response<Bytes> {
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if token.and_then(|token| mint.read(token)).is_none_or(|claims| claims["aud"] != format!("https://{HOST}")) {
        return refusal(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            "Access token is empty or for another audience.",
        );
    }
    let all: Vec<Principal> = world.written.principals.iter().cloned().chain(world.identities()).collect();
    let query = percent_decoded(request.uri().query().unwrap_or_default());
    let is_named = |one: &Principal| {
        query.contains(&format!("'{}'", one.client_id)) || query.contains(&format!("'{}'", one.object_id))
    };
    match request.uri().path() {
        "/v1.0/servicePrincipals" => list(all.iter().filter(|one| is_named(one)).map(person)),
        "/v1.0/directoryObjects/getByIds" => {
            let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
            let ids: Vec<&str> = body["ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            list(all.iter().filter(|one| ids.contains(&one.object_id.as_str())).map(person))
        }
        "/v1.0/applications" => list(all.iter().filter(|one| is_named(one) && one.secret.is_some()).map(|one| {
            let credentials = json!([{"endDateTime": "2099-01-01T00:00:00Z", "hint": "lab"}]);
            json!({"appId": one.client_id, "displayName": one.name, "passwordCredentials": credentials})
        })),
        "/v1.0/users" | "/v1.0/groups" => list(std::iter::empty()),
        path => match path
            .strip_prefix("/v1.0/servicePrincipals/")
            .and_then(|id| all.iter().find(|one| one.object_id == id))
        {
            Some(one) => json_response(StatusCode::OK, &person(one)),
            None => refusal(
                StatusCode::NOT_FOUND,
                "Request_ResourceNotFound",
                &format!("Resource '{path}' does not exist."),
            ),
        },
    }
}

fn person(one: &Principal) -> Value {
    json!({
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": one.object_id,
        "appId": one.client_id,
        "displayName": one.name.rsplit('/').next(),
        "servicePrincipalNames": [one.client_id],
    })
}

fn list(rows: impl Iterator<Item = Value>) -> Response<Bytes> {
    json_response(StatusCode::OK, &json!({ "value": rows.collect::<Vec<_>>() }))
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response<Bytes> {
    json_response(status, &json!({ "error": { "code": code, "message": message } }))
}
