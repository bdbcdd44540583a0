//! Microsoft Graph: until when an application's secrets are good. <https://learn.microsoft.com/graph/api/application-list>

use std::time::{SystemTime, UNIX_EPOCH};

use azure_core::http::Method;
use reqwest::Url;
use serde_json::{Value, json};

use super::Arm;
use super::address::quoted;
use crate::config::Date;
use crate::evidence::{Answer, Failure};

/// How many days before its end a secret is worth a word.
const SOON: i64 = 30;

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
        let (now, soon) = (days_from_now(0), days_from_now(SOON));
        Ok(
            json!({ "displayName": application.get("displayName"), "now": now, "soon": soon, "passwordCredentials": ends.collect::<Vec<_>>() }),
        )
    }
}

/// A day, so many days from today: judging has no clock, so the answer says when it was given.
fn days_from_now(days: i64) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_days(i64::try_from(seconds / 86_400).unwrap_or(0) + days).to_string()
}
