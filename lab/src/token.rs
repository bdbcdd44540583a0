//! Tokens as Azure writes them: claims between dots. The lab believes only those that it signed itself.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{self, HMAC_SHA256, Key};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::{Value, json};

/// The key of one lab.
pub struct Mint {
    key: Key,
}

impl Mint {
    /// A new key. No token outlives it.
    pub fn new() -> Mint {
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).expect("the system has random bytes");
        Mint { key }
    }

    /// Signs claims, for some seconds from now.
    pub fn token(&self, seconds: u64, mut claims: Value) -> String {
        let from = now();
        claims["iat"] = from.into();
        claims["nbf"] = from.into();
        claims["exp"] = (from + seconds).into();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"typ": "JWT", "alg": "HS256"})), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The claims of a token, when it is one of this lab and still good.
    pub fn read(&self, token: &str) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        hmac::verify(&self.key, signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
        let claims = claims(token)?;
        (claims["exp"].as_u64()? > now()).then_some(claims)
    }
}

impl Default for Mint {
    fn default() -> Mint {
        Mint::new()
    }
}

/// What a token says of itself, whoever signed it.
pub fn claims(token: &str) -> Option<Value> {
    let part = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?).ok()
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A random id in the usual form.
pub fn guid() -> String {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).expect("the system has random bytes");
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_tokens_are_believed() {
        let (mint, other) = (Mint::new(), Mint::new());
        let token = mint.token(60, json!({"oid": "a"}));
        assert_eq!(mint.read(&token).unwrap()["oid"], "a");
        assert_eq!(other.read(&token), None);
        assert_eq!(mint.read(&mint.token(0, json!({}))), None);
        assert_eq!(mint.read("a.b"), None);
    }
}
