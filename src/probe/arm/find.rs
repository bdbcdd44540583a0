//! Finding resources without knowing where they are: Azure Resource Graph, and listing subscriptions where it is refused.
//! <https://learn.microsoft.com/azure/governance/resource-graph/concepts/query-language>

use azure_core::http::Method;
use futures::StreamExt;
use futures::stream;
use serde_json::{Value, json};

use super::address::Address;
use super::{Arm, PAGES, clock, redact};
use crate::evidence::{Answer, Failure};
use crate::image::{Endpoint, Host};

const REGISTRIES: &str = "Microsoft.ContainerRegistry/registries";
/// How many subscriptions are listed one by one, and how many at a time.
const SUBSCRIPTIONS: usize = 50;
const AT_A_TIME: usize = 8;

impl Arm {
    /// The registry whose login server a host is, read with a version that tells everything a pull depends on.
    ///
    /// Fails with [`Failure::NotFound`] when no subscription that the caller can read has it.
    pub async fn registry(&self, host: &Host) -> Answer<Value> {
        let server = login_server(host);
        let found = self.graph(&format!("{} and properties.loginServer =~ {}", all(REGISTRIES), text(&server))).await;
        let rows = match found {
            Ok(rows) => rows.into_iter().filter(|row| is_served_by(row, &server)).collect::<Vec<_>>(),
            Err(failure) if is_no(&failure) => Vec::new(),
            Err(failure) => return Err(failure),
        };
        // Resource Graph lags behind what was made a minute ago, and may be closed: then the subscriptions are gone through.
        let row = match rows.into_iter().next() {
            Some(row) => row,
            None => {
                self.listed(REGISTRIES).await?.into_iter().find(|row| is_served_by(row, &server)).ok_or_else(|| {
                    let message =
                        format!("no subscription that the caller can read has a registry with login server {server}");
                    Failure::NotFound { host: self.host.to_owned(), code: None, message: Some(message) }
                })?
            }
        };
        let id = row.get("id").and_then(Value::as_str).ok_or_else(|| Failure::unreadable("a registry without id"))?;
        let mut registry = self.get(&Address::of(id)?).await?;
        // A token of another tenant reads nothing there, unless the subscription is delegated: where the row does not tell the
        // registry's tenant, the caller's is likely to be it, and `tenant-mismatch` asks before it relies on that.
        let caller = self.chain.tenant().await.ok().flatten().map(Value::from);
        if let Some(members) = registry.as_object_mut() {
            let told = row.get("tenantId").filter(|tenant| tenant.as_str().is_some_and(|text| text.len() == 36));
            if let Some(tenant) = told {
                members.entry("tenantId").or_insert_with(|| tenant.clone());
            }
            if let Some(tenant) = caller {
                members.insert("callerTenant".to_owned(), tenant);
            }
        }
        clock::asked().write(&mut registry);
        Ok(registry)
    }

    /// All resources of a type that the caller can read.
    pub(super) async fn find(&self, kind: &str) -> Answer<Value> {
        // Only to learn whether it is a type: it is written into a query.
        Address::collection("/subscriptions/0", kind)?;
        let rows = match self.graph(&all(kind)).await {
            Err(failure) if is_no(&failure) => self.listed(kind).await?,
            answer => answer?,
        };
        Ok(json!({ "value": rows }))
    }

    async fn graph(&self, query: &str) -> Answer<Vec<Value>> {
        let columns = "id, name, type, location, resourceGroup, subscriptionId, tenantId, sku, identity, properties";
        let query = format!("resources | where {query} | project {columns}");
        let url = Address::of("/providers/Microsoft.ResourceGraph/resources")?.url(self.host)?;
        let mut rows = Vec::new();
        let mut token = Value::Null;
        for _ in 0..PAGES {
            let mut options = json!({ "resultFormat": "objectArray" });
            if !token.is_null() {
                options["$skipToken"] = token;
            }
            let body = json!({ "query": query, "options": options });
            let mut page = self.send(&self.pipeline, url.clone(), Method::Post, Some(&body)).await?;
            redact::redact(&mut page);
            match page.get_mut("data").map(Value::take) {
                Some(Value::Array(more)) => rows.extend(more),
                _ => return Err(Failure::unreadable("Resource Graph answered with what is no list")),
            }
            token = page.get("$skipToken").filter(|token| token.is_string()).cloned().unwrap_or_default();
            if token.is_null() {
                return Ok(rows);
            }
        }
        Err(Failure::TooLarge { what: "a list of Resource Graph".to_owned(), bound: PAGES as u64 * 1_000 })
    }

    /// The same, subscription by subscription. One that refuses is passed over when another answers.
    async fn listed(&self, kind: &str) -> Answer<Vec<Value>> {
        let subscriptions = self.list(&Address::collection("", "Microsoft.Resources/subscriptions")?).await?;
        let subscriptions = subscriptions.get("value").and_then(Value::as_array).cloned().unwrap_or_default();
        let ids = subscriptions.iter().filter_map(|one| one.get("subscriptionId")?.as_str()).take(SUBSCRIPTIONS);
        let addresses =
            ids.map(|id| Address::collection(&format!("/subscriptions/{id}"), kind)).collect::<Answer<Vec<_>>>()?;
        let asked = stream::iter(&addresses).map(|address| self.list(address)).buffered(AT_A_TIME);
        let answers: Vec<_> = asked.collect().await;
        let mut rows = Vec::new();
        let mut refused = None;
        let mut answered = answers.is_empty();
        for answer in answers {
            match answer {
                Ok(list) => {
                    rows.extend(list.get("value").and_then(Value::as_array).cloned().unwrap_or_default());
                    answered = true;
                }
                Err(failure) => refused = Some(failure),
            }
        }
        match refused {
            Some(failure) if !answered => Err(failure),
            _ => Ok(rows),
        }
    }
}

/// The login server that a regional host belongs to; every other host is its own.
/// <https://learn.microsoft.com/azure/container-registry/container-registry-endpoint-reference>
fn login_server(host: &Host) -> String {
    match host.acr() {
        Some(acr) if matches!(acr.endpoint, Endpoint::Geo(_)) => format!("{}.{}", acr.label, acr.cloud.acr_suffix()),
        _ => host.name().to_owned(),
    }
}

fn is_served_by(row: &Value, server: &str) -> bool {
    let named = row.pointer("/properties/loginServer").and_then(Value::as_str);
    named.is_some_and(|named| named.eq_ignore_ascii_case(server))
}

/// Whether it was said no, rather than nothing at all.
fn is_no(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::NotAllowed { .. }
            | Failure::Refused { .. }
            | Failure::NotFound { .. }
            | Failure::Server { .. }
            | Failure::Throttled { .. }
    )
}

fn all(kind: &str) -> String {
    format!("type =~ {}", text(&kind.to_ascii_lowercase()))
}

/// A text as the query language writes it.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_end_its_quotes() {
        assert_eq!(text("acme.azurecr.io"), "'acme.azurecr.io'");
        assert_eq!(text(r"a' or '\"), r"'a\' or \'\\'");
    }

    #[test]
    fn a_regional_host_belongs_to_its_registry() {
        let server = |host| login_server(&Host::parse(host).unwrap());
        assert_eq!(server("acme.westeurope.geo.azurecr.io"), "acme.azurecr.io");
        assert_eq!(server("acme-e7ggejfuhzhgedc8.azurecr.io:443"), "acme-e7ggejfuhzhgedc8.azurecr.io");
    }
}
