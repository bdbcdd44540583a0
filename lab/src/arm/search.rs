//! Resource Graph, in the few words of its language that are asked for here, and the addresses of the cloud.
//! <https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language>

use std::collections::BTreeSet;

use hyper::StatusCode;
use serde_json::{Value, json};

use super::{Answer, Call, Error, found};
use crate::world::kind;

impl Call<'_> {
    /// `resources | where PATH =~ 'text' and … | project …`; anything else is refused, rather than answered with a guess.
    pub(super) fn graph(&self) -> Answer {
        let query = self.body["query"].as_str().unwrap_or_default();
        let Some(wanted) = conditions(query) else {
            let message = "Please provide below info when asking for support: the query is invalid.".to_owned();
            return Err(Error { status: StatusCode::BAD_REQUEST, code: "BadRequest", message });
        };
        let rows: Vec<Value> = self
            .world
            .resources
            .iter()
            .filter(|(id, _)| !kind(id).starts_with("microsoft.authorization/") && id.contains("/providers/"))
            .filter(|(id, _)| self.demand(&format!("{}/read", kind(id)), id).is_ok())
            .map(|(id, resource)| self.row(id, resource))
            .filter(|row| wanted.iter().all(|condition| condition.is_true(row)))
            .collect();
        found(json!({ "totalRecords": rows.len(), "count": rows.len(), "resultTruncated": "false", "data": rows }))
    }

    /// `/subscriptions/S/providers/Microsoft.App`: what types there are, and in which versions.
    pub(super) fn provider(&self, scope: &str, namespace: &str) -> Answer {
        self.demand(&format!("{namespace}/register/read"), scope)?;
        let kinds = self.world.resources.keys().map(|id| kind(id));
        let types: BTreeSet<String> =
            kinds.filter_map(|kind| Some(kind.strip_prefix(namespace)?.strip_prefix('/')?.to_owned())).collect();
        let versions = ["2025-01-01", "2022-04-01"];
        let types: Vec<Value> = types
            .iter()
            .map(|name| json!({ "resourceType": name, "apiVersions": versions, "locations": [] }))
            .collect();
        found(
            json!({ "id": format!("{scope}/providers/{namespace}"), "namespace": namespace, "registrationState": "Registered", "resourceTypes": types }),
        )
    }

    fn row(&self, id: &str, resource: &Value) -> Value {
        let segments: Vec<&str> = id.split('/').collect();
        json!({
            "id": resource["id"],
            "name": resource["name"],
            "type": kind(id),
            "location": resource["location"],
            "resourceGroup": segments.get(4),
            "subscriptionId": segments.get(2),
            "tenantId": self.world.written.tenant,
            "sku": resource["sku"],
            "identity": resource["identity"],
            "tags": resource["tags"],
            "properties": resource["properties"],
        })
    }
}

/// `properties.loginServer =~ 'x.azurecr.io'`
struct Condition {
    path: String,
    operator: String,
    texts: Vec<String>,
}

impl Condition {
    fn is_true(&self, row: &Value) -> bool {
        let value = self.path.split('.').try_fold(row, |value, name| value.get(name));
        let Some(value) = value.and_then(Value::as_str) else { return false };
        self.texts.iter().any(|text| match self.operator.as_str() {
            "=~" | "in~" => value.eq_ignore_ascii_case(text),
            _ => value == text,
        })
    }
}

fn conditions(query: &str) -> Option<Vec<Condition>> {
    let mut stages = query.split('|').map(str::trim);
    if !stages.next()?.eq_ignore_ascii_case("resources") {
        return None;
    }
    let mut all = Vec::new();
    for stage in stages {
        let (verb, rest) = stage.split_once(' ')?;
        match verb {
            "where" => all.extend(rest.split(" and ").map(condition).collect::<Option<Vec<_>>>()?),
            "project" | "limit" | "take" | "order" => (),
            _ => return None,
        }
    }
    Some(all)
}

fn condition(text: &str) -> Option<Condition> {
    let mut words = text.trim().splitn(3, ' ');
    let (path, operator, rest) = (words.next()?, words.next()?, words.next()?);
    if !["==", "=~", "in", "in~"].contains(&operator) {
        return None;
    }
    let texts =
        rest.trim_matches(['(', ')', ' ']).split(',').map(|text| text.trim().trim_matches(['\'', '"']).to_owned());
    Some(Condition { path: path.to_owned(), operator: operator.to_owned(), texts: texts.collect() })
}

/// What `az cloud register` reads.
pub fn endpoints() -> Value {
    let arm = format!("https://{}", super::HOST);
    json!({
        "name": "AzureLab",
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": format!("https://{}", crate::entra::HOST),
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graphAudience": "https://graph.windows.net/",
        "graph": "https://graph.windows.net/",
        "microsoftGraphResourceId": format!("https://{}/", crate::directory::HOST),
        "resourceManager": arm,
        "batch": "https://batch.core.windows.net/",
        "suffixes": {
            "acrLoginServer": "azurecr.io",
            "keyVaultDns": "vault.azure.net",
            "storage": "core.windows.net",
            "sqlServerHostname": "database.windows.net",
        },
    })
}
