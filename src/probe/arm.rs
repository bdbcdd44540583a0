//! Resource Manager and Microsoft Graph, read only: a thin client over azure_core's pipeline on our HTTP client.
//!
//! The pipeline gives each request its token; bounds, routes and retries are those of the client below. What two questions
//! need is asked once. Nothing that comes out holds a secret.

mod address;
mod clock;
mod directory;
mod find;
mod redact;
mod refusal;
mod version;

use std::collections::HashMap;
use std::sync::Arc;

use azure_core::http::headers::{ACCEPT, CONTENT_TYPE};
use azure_core::http::policies::Policy;
use azure_core::http::policies::auth::BearerTokenAuthorizationPolicy;
use azure_core::http::{Context, Method, Pipeline, PipelineSendOptions, Request};
use futures::lock::Mutex;
use reqwest::Url;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::cloud;
use super::credential::Chain;
use super::http::{Http, Response, host_of};
use super::secret::Secret;
use super::transport;
use crate::evidence::{Answer, Failure, Resource};
use address::{Address, quoted, subscription_scope};

pub use redact::REDACTED;

/// How many pages of a list are read. A page holds up to a thousand resources.
const PAGES: usize = 20;

/// The client.
pub struct Arm {
    chain: Arc<Chain>,
    pipeline: Pipeline,
    directory: Pipeline,
    host: &'static str,
    directory_host: &'static str,
    answers: Mutex<HashMap<String, Arc<OnceCell<Answer<Value>>>>>,
}

impl Arm {
    pub fn new(http: &Arc<Http>, chain: &Arc<Chain>) -> Arm {
        let cloud = chain.cloud();
        let pipeline = |host: &str| {
            let bearer = BearerTokenAuthorizationPolicy::new(chain.clone(), [cloud::scope(host)]);
            let policies: Vec<Arc<dyn Policy>> = vec![Arc::new(bearer)];
            let (name, version) = (option_env!("CARGO_PKG_NAME"), option_env!("CARGO_PKG_VERSION"));
            Pipeline::new(name, version, transport::options(http, cloud), Vec::new(), policies, None)
        };
        let (host, directory_host) = (cloud::management(cloud), cloud::graph(cloud));
        Arm {
            chain: chain.clone(),
            pipeline: pipeline(host),
            directory: pipeline(directory_host),
            host,
            directory_host,
            answers: Mutex::default(),
        }
    }

    /// Answers a question about a resource. `passwords` are those that the manifest configures, to compare with.
    ///
    /// Fails as the answer tells: [`Failure::NotAllowed`] with what the caller lacks, [`Failure::NotFound`],
    /// [`Failure::Unknown`] for an id with an unknown part, and whatever the credential or the network failed with.
    pub async fn resource(&self, resource: &Resource, passwords: &HashMap<String, Secret>) -> Answer<Value> {
        let mut answer = self.ask(resource, passwords).await?;
        if ages(resource) {
            clock::asked().write(&mut answer);
        }
        Ok(answer)
    }

    async fn ask(&self, resource: &Resource, passwords: &HashMap<String, Secret>) -> Answer<Value> {
        let authorization =
            |scope: &str, kind: &str| Address::collection(scope, &format!("Microsoft.Authorization/{kind}"));
        let assigned_to = |principal: &str| Ok(format!("assignedTo('{}')", quoted(principal)?));
        match resource {
            Resource::Get { id } => self.get(&Address::of(id)?).await,
            Resource::List { scope, kind } if kind.starts_with("list") => {
                self.action(&Address::collection(scope, kind)?).await
            }
            Resource::List { scope, kind } => self.list(&Address::collection(scope, kind)?).await,
            Resource::Find { kind } => self.find(kind).await,
            Resource::RoleAssignments { scope, principal } => {
                self.list(&authorization(scope, "roleAssignments")?.filter(&assigned_to(principal)?)).await
            }
            Resource::DenyAssignments { scope } => {
                self.list(&authorization(scope, "denyAssignments")?.filter("atScope()")).await
            }
            Resource::RoleDefinition { scope, guid } => {
                // Every definition that can be assigned at a scope is known to its subscription; asked there, it is asked once.
                let scope = subscription_scope(scope).trim_end_matches('/');
                let id = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}", quoted(guid)?);
                self.get(&Address::of(&id)?).await
            }
            Resource::Eligible { scope, principal } => {
                self.list(&authorization(scope, "roleEligibilityScheduleInstances")?.filter(&assigned_to(principal)?))
                    .await
            }
            Resource::Scheduled { scope, principal } => {
                self.list(&authorization(scope, "roleAssignmentScheduleInstances")?.filter(&assigned_to(principal)?))
                    .await
            }
            Resource::Permissions { scope } => self.list(&authorization(scope, "permissions")?).await,
            Resource::ApplicationSecrets { client } => self.application_secrets(client).await,
            Resource::AdminCredentials { registry } => self.admin_credentials(registry, passwords).await,
        }
    }

    /// One resource.
    async fn get(&self, address: &Address) -> Answer<Value> {
        self.once(address, "get", || async {
            let mut json = self.read(address, Method::Get).await?;
            redact::redact(&mut json);
            Ok(json)
        })
        .await
    }

    /// All pages of a list, as one `{"value": […]}`.
    async fn list(&self, address: &Address) -> Answer<Value> {
        self.once(address, "list", || async {
            let mut page = self.read(address, Method::Get).await?;
            let mut items = Vec::new();
            for _ in 0..PAGES {
                match page.get_mut("value").map(Value::take) {
                    Some(Value::Array(more)) => items.extend(more),
                    _ => return Err(Failure::unreadable(format!("{} answered with what is no list", self.host))),
                }
                let Some(next) = page.get("nextLink").and_then(Value::as_str).filter(|next| !next.is_empty()) else {
                    let mut whole = json!({ "value": items });
                    redact::redact(&mut whole);
                    return Ok(whole);
                };
                page = self.follow(next).await?;
            }
            Err(Failure::TooLarge { what: "a list of Resource Manager".to_owned(), bound: PAGES as u64 * 1_000 })
        })
        .await
    }

    /// The one page of a list that is an action of the resource, as `listNetworkManagerEffectiveSecurityAdminRules`.
    async fn action(&self, address: &Address) -> Answer<Value> {
        self.once(address, "action", || async {
            let mut page = self.read(address, Method::Post).await?;
            if page.get("skipToken").and_then(Value::as_str).is_some_and(|token| !token.is_empty()) {
                return Err(Failure::TooLarge { what: "a list of Resource Manager".to_owned(), bound: 1_000 });
            }
            redact::redact(&mut page);
            Ok(page)
        })
        .await
    }

    /// The next page. Its address is used as it is, but only where the token may go.
    async fn follow(&self, next: &str) -> Answer<Value> {
        let elsewhere = || Failure::Redirected { host: self.host.to_owned(), to: next.chars().take(200).collect() };
        let url = Url::parse(next).map_err(|_| elsewhere())?;
        if url.scheme() != "https" || host_of(&url) != self.host {
            return Err(elsewhere());
        }
        self.send(&self.pipeline, url, Method::Get, None).await
    }

    /// Reads an address, once more with a version that the service names when it does not know the one of the table.
    async fn read(&self, address: &Address, method: Method) -> Answer<Value> {
        let answer = self.send(&self.pipeline, address.url(self.host)?, method, None).await;
        let Err(Failure::Server { status: 400, message: Some(message), .. }) = &answer else { return answer };
        match version::supported(message) {
            Some(version) => self.send(&self.pipeline, address.at_version(version).url(self.host)?, method, None).await,
            None => answer,
        }
    }

    /// Whether one of the configured passwords is still one that the registry gives its admin user.
    async fn admin_credentials(&self, registry: &str, passwords: &HashMap<String, Secret>) -> Answer<Value> {
        if passwords.is_empty() {
            return Err(Failure::Skipped { why: "the manifest holds no password to compare with".to_owned() });
        }
        let json = self.read(&Address::of(registry)?.action("listCredentials"), Method::Post).await?;
        let list = json.get("passwords").and_then(Value::as_array);
        let list = list.ok_or_else(|| Failure::unreadable("the answer about admin credentials holds none"))?;
        let is_one = |given: &Value| {
            let given = given.get("value").and_then(Value::as_str).unwrap_or_default();
            passwords.values().any(|password| !given.is_empty() && password.reveal() == given)
        };
        Ok(json!({ "matches": list.iter().any(is_one) }))
    }

    /// Asks once, however many want the same.
    async fn once<F, T>(&self, address: &Address, how: &str, ask: F) -> Answer<Value>
    where
        F: FnOnce() -> T,
        T: Future<Output = Answer<Value>>,
    {
        let key = format!("{how} {}", address.url(self.host)?.as_str().to_ascii_lowercase());
        let cell = self.answers.lock().await.entry(key).or_default().clone();
        cell.get_or_init(ask).await.clone()
    }

    async fn send(&self, pipeline: &Pipeline, url: Url, method: Method, body: Option<&Value>) -> Answer<Value> {
        let host = host_of(&url);
        let unusable = || Failure::unreadable(format!("{url} is no address"));
        let url = azure_core::http::Url::parse(url.as_str()).map_err(|_| unusable())?;
        let mut request = Request::new(url, method);
        request.insert_header(ACCEPT, "application/json");
        if let Some(body) = body {
            request.insert_header(CONTENT_TYPE, "application/json");
            request.set_body(body.to_string());
        }
        // A status is an answer here; the pipeline would make an error without its headers of it.
        let options = PipelineSendOptions { skip_checks: true, ..Default::default() };
        let sent = pipeline.send(&Context::default(), &mut request, Some(options)).await;
        let raw = sent.map_err(|error| {
            transport::failure(&error)
                .unwrap_or_else(|| Failure::unreadable(format!("{host} could not be asked: {error}")))
        })?;
        let response = answered(&raw)?;
        if !response.status.is_success() {
            return Err(refusal::failure(&host, &response));
        }
        response.json(&host)
    }
}

/// Whether it matters when the answer was given: assignments need minutes to work, passwords of a registry's tokens end.
fn ages(resource: &Resource) -> bool {
    match resource {
        Resource::RoleAssignments { .. } => true,
        Resource::Get { id } => id.to_ascii_lowercase().contains("/registries/") && id.contains("/tokens/"),
        _ => false,
    }
}

/// An answer of the pipeline as one of our client.
fn answered(raw: &azure_core::http::RawResponse) -> Answer<Response> {
    let status = reqwest::StatusCode::from_u16(u16::from(raw.status()));
    let status = status.map_err(|_| Failure::unreadable("a status that is none"))?;
    let mut headers = reqwest::header::HeaderMap::new();
    for (name, value) in raw.headers().iter() {
        let name = reqwest::header::HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, value.as_str().parse()) {
            headers.insert(name, value);
        }
    }
    Ok(Response { status, headers, body: raw.body().as_ref().to_vec(), certificate: None })
}
