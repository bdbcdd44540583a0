//! Values as JSON that anybody may see.

use serde_json::{Map, Number, Value as Json, json as object};

use crate::value::{Data, Object, Unknown, Value};

/// A value as JSON: what is not known says why, what is secret says only that.
pub fn json(value: &Value) -> Json {
    match &value.data {
        Data::Null => Json::Null,
        Data::Bool(flag) => Json::Bool(*flag),
        Data::Int(number) => Json::Number((*number).into()),
        Data::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
        Data::String(text) => Json::String(text.to_string()),
        Data::Array(items) => Json::Array(items.iter().map(json).collect()),
        Data::Object(members) => Json::Object(members_of(members, json)),
        Data::Unknown(unknown) => not_known(unknown),
        Data::Secure(_) => secure(),
    }
}

/// The declaration of a resource. Passwords and secrets that are written in it in clear are not shown either.
pub(super) fn declaration(value: &Value) -> Json {
    match &value.data {
        Data::Array(items) => Json::Array(items.iter().map(declaration).collect()),
        Data::Object(members) => {
            let hides_value = holds_secret(members);
            let mut shown = members_of(members, declaration);
            for (key, value) in &mut shown {
                let secret = is_secret_key(key) || (hides_value && key.eq_ignore_ascii_case("value"));
                if secret && value.is_string() {
                    *value = secure();
                } else if key.eq_ignore_ascii_case("secrets") {
                    hide_values(value);
                }
            }
            Json::Object(shown)
        }
        _ => json(value),
    }
}

fn members_of(object: &Object, show: fn(&Value) -> Json) -> Map<String, Json> {
    object.members.iter().map(|member| (member.key.to_string(), show(&member.value))).collect()
}

fn not_known(unknown: &Unknown) -> Json {
    let mut shown = object!({ "$unknown": unknown.expression, "why": unknown.why });
    if !unknown.pieces.is_empty() {
        shown["partial"] = Json::String(unknown.partial());
    }
    shown
}

fn secure() -> Json {
    object!({ "$secure": true })
}

fn is_secret_key(key: &str) -> bool {
    ["password", "passwordSecret", "secretValue", "secureValue"].iter().any(|secret| secret.eq_ignore_ascii_case(key))
}

/// `{"name": "DOCKER_REGISTRY_SERVER_PASSWORD", "value": …}`, a setting of a web site.
fn holds_secret(object: &Object) -> bool {
    let name = object.get("name").and_then(|member| member.value.as_str()).unwrap_or_default().to_ascii_uppercase();
    ["PASSWORD", "SECRET", "_KEY", "CONNECTIONSTRING", "CONNECTION_STRING"].iter().any(|word| name.ends_with(word))
}

/// The values of `secrets: [{name, value}]`.
fn hide_values(secrets: &mut Json) {
    for secret in secrets.as_array_mut().into_iter().flatten() {
        if let Some(value) = secret.get_mut("value").filter(|value| value.is_string()) {
            *value = secure();
        }
    }
}
