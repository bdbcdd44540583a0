//! The ACR exchange: an Entra token becomes a refresh token of one registry.
//! <https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md>

use reqwest::Url;
use serde_json::Value;

use super::credential::Chain;
use super::http::{Body, Http, Request};
use super::refusal;
use super::registry::Challenge;
use super::secret::Secret;
use crate::evidence::{Answer, Failure};
use crate::image::Host;

/// Exchanges the caller's token. Only for a host that belongs to the cloud's ACR suffix: the caller checks that before.
pub async fn refresh_token(http: &Http, azure: &Chain, registry: &Host) -> Answer<Secret> {
    let token = azure.registry_token().await?;
    let tenant = azure.tenant().await.ok().flatten();
    let host = registry.name();
    let url = Url::parse(&format!("https://{host}/oauth2/exchange"))
        .map_err(|_| Failure::unreadable(format!("{host} is no host")))?;
    let mut form = vec![
        ("grant_type", "access_token".to_owned()),
        ("service", host.to_owned()),
        ("access_token", token.reveal().to_owned()),
    ];
    form.extend(tenant.map(|tenant| ("tenant", tenant)));
    let response = http.send(&Request::post(url, Body::Form(form)).limit(256 << 10)).await?;
    if !response.status.is_success() {
        return Err(refusal::failure(host, &response, false));
    }
    let json = response.json(host)?;
    let refresh = json.get("refresh_token").and_then(Value::as_str);
    refresh.map(Secret::new).ok_or_else(|| Failure::unreadable(format!("{host} gave no refresh token")))
}

/// Where a registry's tokens are, and for whom: documented, so that nobody needs to be asked.
pub fn challenge(registry: &Host) -> Challenge {
    let host = registry.name();
    Challenge::Bearer { realm: format!("https://{host}/oauth2/token"), service: Some(host.to_owned()), scope: None }
}
