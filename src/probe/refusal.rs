//! What a registry's status means, with what it said.

use serde_json::Value;

use crate::evidence::Failure;
use crate::probe::http::Response;

/// Longest message that is kept of an answer.
const WORDS: usize = 400;

/// The failure that a status other than 2xx is. `anonymous`: no credential was sent.
pub fn failure(host: &str, response: &Response, anonymous: bool) -> Failure {
    let host = host.to_owned();
    let (code, message) = told(&response.body);
    let status = response.status.as_u16();
    match status {
        404 => Failure::NotFound { host, code, message },
        // A closed firewall answers 403 too, with `DENIED: client with IP '…' is not allowed access`
        // (https://aka.ms/acr/firewall). That is H3, not H1: nobody should be told to grant a role.
        403 if is_firewall(code.as_deref(), message.as_deref()) => Failure::Closed { host, message },
        401 | 403 => {
            let challenge = response.challenges().into_iter().next();
            Failure::Refused { host, status, code, message, challenge, anonymous }
        }
        429 => Failure::Throttled { host, retry_after: response.retry_after(), message },
        300..=399 => Failure::Redirected { host, to: response.header("location").unwrap_or("nowhere").to_owned() },
        _ => Failure::Server { host, status, code, message },
    }
}

fn is_firewall(code: Option<&str>, message: Option<&str>) -> bool {
    let message = message.unwrap_or_default();
    message.contains("is not allowed access") || (code == Some("DENIED") && message.contains("aka.ms/acr/firewall"))
}

/// Code and message of the distribution error envelope; a short plain text counts as a message.
fn told(body: &[u8]) -> (Option<String>, Option<String>) {
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        let text = String::from_utf8_lossy(body);
        let text = text.trim();
        let is_sentence = !text.is_empty() && text.len() < WORDS && !text.starts_with('<');
        return (None, is_sentence.then(|| text.to_owned()));
    };
    let first = json.pointer("/errors/0").unwrap_or(&json);
    let text = |key: &str| first.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let code = text("code").or_else(|| text("error"));
    let message = text("message").or_else(|| text("error_description"));
    (code.map(clip), message.map(clip))
}

pub fn clip(text: &str) -> String {
    match text.char_indices().nth(WORDS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use reqwest::header::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Failure {
        let status = StatusCode::from_u16(status).unwrap();
        let response =
            Response { status, headers: HeaderMap::new(), body: body.as_bytes().to_vec(), certificate: None };
        failure("acme.azurecr.io", &response, false)
    }

    #[test]
    fn a_firewall_is_not_a_missing_role() {
        let body = r#"{"errors":[{"code":"DENIED","message":"client with IP '203.0.113.9' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}"#;
        assert!(matches!(answer(403, body), Failure::Closed { .. }));
        let denied = r#"{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}"#;
        assert!(matches!(answer(403, denied), Failure::Refused { status: 403, .. }));
    }

    #[test]
    fn each_status_keeps_what_was_said() {
        let unknown = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest tagged by \"v9\" is not found"}]}"#;
        insta::assert_snapshot!(answer(404, unknown), @r#"acme.azurecr.io has no such thing: MANIFEST_UNKNOWN: manifest tagged by "v9" is not found"#);
        insta::assert_snapshot!(answer(503, "<html>busy</html>"), @"acme.azurecr.io answered 503");
        insta::assert_snapshot!(answer(404, "404 page not found"), @"acme.azurecr.io has no such thing: 404 page not found");
        insta::assert_snapshot!(answer(429, "{}"), @"acme.azurecr.io asked to come back later (429)");
    }
}
