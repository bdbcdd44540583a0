//! Tokens as registries take them: <https://distribution.github.io/distribution/spec/auth/jwt/>.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::SigningKey;
use serde_json::json;

use crate::authority::Authority;

/// A token for one repository.
pub fn token(signer: &Authority, service: &str, repository: &str, actions: &[&str]) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let header = json!({"typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(&signer.der)]});
    let access = json!([{"type": "repository", "name": repository, "actions": actions}]);
    let claims = json!({"iss": "rig", "sub": "", "aud": service, "nbf": now - 10, "iat": now, "exp": now + 300, "jti": "1", "access": access});
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = signer.key().sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(raw(&signature)))
}

/// From DER's two integers to 32 bytes each, as tokens have them (RFC 7518 §3.4).
fn raw(der: &[u8]) -> [u8; 64] {
    let mut raw = [0; 64];
    let mut rest = &der[2..];
    for half in raw.chunks_exact_mut(32) {
        let length = usize::from(rest[1]);
        let integer = &rest[2..2 + length];
        let integer = &integer[integer.len().saturating_sub(32)..];
        half[32 - integer.len()..].copy_from_slice(integer);
        rest = &rest[2 + length..];
    }
    raw
}
