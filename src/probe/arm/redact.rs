//! Secrets in Resource Manager's answers, taken out before anything else sees them.

use serde_json::Value;

/// What stands where a secret stood.
pub const REDACTED: &str = "<redacted>";

/// Endings of member names whose text is a secret. References to secrets end otherwise (`passwordSecretRef`).
const SECRET: &[&str] = &[
    "password",
    "passphrase",
    "secret",
    "secretvalue",
    "secrettext",
    "connectionstring",
    "accesskey",
    "accountkey",
    "primarykey",
    "secondarykey",
    "sharedkey",
    "sharedaccesskey",
    "apikey",
    "storageaccountkey",
    "workspacekey",
    "sastoken",
    "sasurl",
    "accesstoken",
    "refreshtoken",
    "privatekey",
    "instrumentationkey",
    "certificatevalue",
];

/// Lists of name and value whose values may be secrets, and which are not read for anything but a registry's name.
const SETTINGS: &[&str] = &["secrets", "env", "environmentvariables", "appsettings", "connectionstrings", "passwords"];

/// Settings of App Service that name a registry and are no secret.
const KEPT: &[&str] =
    &["DOCKER_REGISTRY_SERVER_URL", "DOCKER_REGISTRY_SERVER_USERNAME", "WEBSITE_PULL_IMAGE_OVER_VNET", "WEBSITES_PORT"];

/// Replaces every secret.
pub fn redact(json: &mut Value) {
    walk(json, false);
}

/// `settings`: in a list whose values may be secrets. As deep as the parser of JSON lets in, which is 128.
fn walk(json: &mut Value, settings: bool) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, settings)),
        Value::Object(members) => {
            let is_kept = members.get("name").and_then(Value::as_str).is_some_and(|name| KEPT.contains(&name));
            for (name, value) in members.iter_mut() {
                let lower = name.to_ascii_lowercase();
                let is_value = settings && !is_kept && matches!(lower.as_str(), "value" | "securevalue");
                if value.is_string() && (is_value || SECRET.iter().any(|ending| lower.ends_with(ending))) {
                    *value = Value::from(REDACTED);
                } else {
                    walk(value, SETTINGS.contains(&lower.as_str()));
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_and_what_refers_to_them_stays() {
        let mut json = json!({
            "properties": {
                "configuration": {
                    "secrets": [{"name": "pw", "value": "planted"}, {"name": "kv", "keyVaultUrl": "https://v.vault.azure.net/secrets/a"}],
                    "registries": [{"server": "acme.azurecr.io", "passwordSecretRef": "pw", "password": "planted"}],
                },
                "template": {"containers": [{"env": [{"name": "A", "value": "planted"}, {"name": "B", "secretRef": "pw"}]}]},
                "siteConfig": {"appSettings": [
                    {"name": "DOCKER_REGISTRY_SERVER_URL", "value": "https://acme.azurecr.io"},
                    {"name": "DOCKER_REGISTRY_SERVER_PASSWORD", "value": "planted"},
                ]},
                "appInsightsConfiguration": {"connectionString": "planted"},
                "passwords": [{"name": "password", "value": "planted"}],
                "clientSecret": "planted",
                "primaryKey": "planted",
                "adminUserEnabled": true,
            },
        });
        redact(&mut json);
        let text = json.to_string();
        assert!(!text.contains("planted"), "{text}");
        for kept in [
            "https://acme.azurecr.io",
            "vault.azure.net",
            r#""passwordSecretRef":"pw""#,
            r#""secretRef":"pw""#,
            r#""name":"password""#,
        ] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
    }
}
