//! Microsoft Graph: until when an application's secrets are good. <https://learn.microsoft.com/graph/api/application-list>

use azure_core::http::Method;
use reqwest::Url;
use serde_json::{Value, json};

use super::Arm;
use super::address::quoted;
use crate::evidence::{Answer, Failure};

impl Arm {
    /// The end dates of an application's secrets, and nothing else of them.
    ///
    /// Fails with [`Failure::NotFound`] when the tenant has no such application, which a service principal of another
    /// tenant's application also is.
    pub(super) async fn application_secrets(&self, client: &str) -> Answer<Value> {
        let client = quoted(client)?;
        let host = self.directory_host;
        let mut url = Url::parse(&format!("https://{host}/v1.0/applications"))
            .map_err(|_| Failure::unreadable("no directory"))?;
        url.query_pairs_mut()
            .append_pair("$filter", &format!("appId eq '{client}'"))
            .append_pair("$select", "appId,displayName,passwordCredentials");
        let json = self.send(&self.directory, url, Method::Get, None).await?;
        let found = json.get("value").and_then(Value::as_array);
        let found = found.ok_or_else(|| Failure::unreadable(format!("{host} answered with what is no list")))?;
        let application = found.first().ok_or_else(|| Failure::not_found(host))?;
        let credentials =
            application.get("passwordCredentials").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let ends = credentials
            .iter()
            .filter_map(|credential| credential.get("endDateTime"))
            .map(|end| json!({ "endDateTime": end }));
        Ok(json!({ "displayName": application.get("displayName"), "passwordCredentials": ends.collect::<Vec<_>>() }))
    }
}
