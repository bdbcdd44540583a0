//! GitHub's token of a job, as the assertion with which Entra gives a token of its own.
//! <https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect>

use std::fmt;
use std::sync::Arc;

use azure_core::error::ErrorKind;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde_json::Value;

use crate::evidence::{Answer, Failure};
use crate::probe::http::{Http, Request, host_of};
use crate::probe::secret::Secret;
use crate::probe::{refusal, transport};

/// Fetches `ACTIONS_ID_TOKEN_REQUEST_URL` for the audience.
pub struct GitHub {
    pub http: Arc<Http>,
    pub url: Url,
    pub bearer: Secret,
}

impl GitHub {
    /// `url` as the runner gives it, with a query of its own. `None` when a token must not be sent there.
    pub fn new(http: Arc<Http>, url: &str, bearer: &str, audience: &str) -> Option<GitHub> {
        let mut url = Url::parse(url).ok().filter(|url| url.scheme() == "https")?;
        url.query_pairs_mut().append_pair("audience", audience);
        Some(GitHub { http, url, bearer: Secret::new(bearer) })
    }

    async fn token(&self) -> Answer<String> {
        let host = host_of(&self.url);
        let request = Request::get(self.url.clone())
            .header(ACCEPT, "application/json")
            .secret_header(AUTHORIZATION, &format!("Bearer {}", self.bearer.reveal()))
            .limit(256 << 10);
        let response = self.http.send(&request).await?;
        if !response.status.is_success() {
            return Err(refusal::failure(&host, &response, false));
        }
        let json = response.json(&host)?;
        let token = json.get("value").and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| Failure::unreadable(format!("{host} gave no token of the job")))
    }
}

#[async_trait::async_trait]
impl ClientAssertion for GitHub {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        self.token().await.map_err(|failure| transport::error(ErrorKind::Credential, failure))
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitHub({})", host_of(&self.url))
    }
}
