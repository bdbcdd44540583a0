//! What a token says of its bearer. Nothing is verified: whoever takes the token does that.

use base64::Engine;
use serde_json::Value;

use crate::probe::secret::Secret;

/// The claims of a JSON web token; `None` when it is opaque.
pub fn claims(token: &Secret) -> Option<Value> {
    let part = token.reveal().split('.').nth(1)?;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The first of these claims that is a text.
pub fn text(claims: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| claims.get(name)?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_with_and_without_padding() {
        for token in ["e30.eyJvaWQiOiJhYmMifQ.sig", "e30.eyJvaWQiOiJhYmMifQ==.sig"] {
            let claims = claims(&Secret::new(token)).unwrap();
            assert_eq!(text(&claims, &["nothing", "oid"]).as_deref(), Some("abc"));
        }
    }

    #[test]
    fn an_opaque_token_has_none() {
        for token in ["", "opaque", "a.b.c", "a.!!.c"] {
            assert_eq!(claims(&Secret::new(token)), None);
        }
    }
}
