//! An actual pull: the puller logs in and fetches manifest, configuration and layers, byte by byte, as the platform does.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::{Method, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::azure::{Azure, IDENTITY, RUNNER};
use crate::client::{Client, document};
use crate::image::{INDEX, MANIFEST, digest};

/// Where Container Apps comes from: a public address of its region.
pub const PLATFORM: &str = "20.50.2.80";

/// What is taken for the platform of the container.
const WANTED: (&str, &str) = ("linux", "amd64");

/// Who pulls, and with what.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Puller {
    /// A managed identity or another principal, by object id.
    Principal(String),
    /// A user of the registry.
    Login {
        username: String,
        password: String,
    },
    Anonymous,
}

/// Why a pull failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 0 when nothing answered.
    pub status: u16,
    /// The code of the registry's error, such as `MANIFEST_UNKNOWN`.
    pub code: String,
    pub words: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.status, self.code, self.words)
    }
}

impl From<String> for Refusal {
    fn from(words: String) -> Refusal {
        Refusal { status: 0, code: String::new(), words }
    }
}

/// Pulls an image as Container Apps would, from its own address.
///
/// # Errors
/// What was refused, in the words of who refused.
pub fn pull(azure: &Azure, puller: &Puller, image: &str) -> Result<(), Refusal> {
    pull_from(azure, puller, image, PLATFORM)
}

/// Pulls an image from an address.
///
/// # Errors
/// What was refused, in the words of who refused.
pub fn pull_from(azure: &Azure, puller: &Puller, image: &str, from: &str) -> Result<(), Refusal> {
    let client = azure.client(from)?;
    let (host, rest) = image.split_once('/').ok_or_else(|| format!("`{image}` names no registry"))?;
    let split = rest.rsplit_once('@').or_else(|| rest.rsplit_once(':'));
    let (repository, reference) = split.ok_or_else(|| format!("`{image}` has no tag"))?;
    let token = login(azure, &client, puller, host, repository)?;
    let bearer = format!("Bearer {token}");
    let pulling = Pulling { client: &client, base: format!("https://{host}/v2/{repository}"), bearer: &bearer };
    let mut manifest = pulling.manifest(reference)?;
    if let Some(children) = manifest["manifests"].as_array() {
        let fits =
            |child: &&Value| child["platform"]["os"] == WANTED.0 && child["platform"]["architecture"] == WANTED.1;
        let child = children.iter().find(fits).and_then(|child| child["digest"].as_str());
        let child =
            child.ok_or_else(|| "no matching manifest for linux/amd64 in the manifest list entries".to_owned())?;
        manifest = pulling.manifest(child)?;
    }
    let config = pulling.blob(&manifest["config"])?;
    for layer in manifest["layers"].as_array().into_iter().flatten() {
        pulling.blob(layer)?;
    }
    let config: Value = serde_json::from_slice(&config).map_err(|error| error.to_string())?;
    if config["os"] != WANTED.0 || config["architecture"] != WANTED.1 {
        return Err(format!("the image is for {}/{}", config["os"], config["architecture"]).into());
    }
    Ok(())
}

struct Pulling<'a> {
    client: &'a Client,
    base: String,
    bearer: &'a str,
}

impl Pulling<'_> {
    fn manifest(&self, reference: &str) -> Result<Value, Refusal> {
        let accept = format!("{MANIFEST}, {INDEX}");
        let headers = [("authorization", self.bearer), ("accept", accept.as_str())];
        let response =
            good(self.client.send(Method::GET, &format!("{}/manifests/{reference}", self.base), &headers, "")?)?;
        Ok(serde_json::from_slice(response.body()).map_err(|error| error.to_string())?)
    }

    /// The layer comes from storage, where the token must not go.
    fn blob(&self, described: &Value) -> Result<Bytes, Refusal> {
        let wanted = described["digest"].as_str().unwrap_or_default();
        let url = format!("{}/blobs/{wanted}", self.base);
        let mut response = good(self.client.send(Method::GET, &url, &[("authorization", self.bearer)], "")?)?;
        if response.status().is_redirection() {
            let location = response.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
            response = good(self.client.send(Method::GET, location, &[], "")?)?;
        }
        if digest(response.body()) != wanted {
            return Err(format!("{url} has another digest").into());
        }
        Ok(response.into_body())
    }
}

/// An access token for one repository. Container Apps logs in with a token for Resource Manager.
/// <https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull>
fn login(azure: &Azure, client: &Client, puller: &Puller, host: &str, repository: &str) -> Result<String, Refusal> {
    let scope = format!("repository:{repository}:pull");
    let url = format!("https://{host}/oauth2/token");
    let response = match puller {
        Puller::Principal(id) => {
            let arm = entra_token(azure, client, id)?;
            let exchange = [("grant_type", "access_token"), ("service", host), ("access_token", &arm)];
            let refresh = text(client.form(&format!("https://{host}/oauth2/exchange"), &exchange)?, "refresh_token")?;
            client.form(
                &url,
                &[("grant_type", "refresh_token"), ("service", host), ("scope", &scope), ("refresh_token", &refresh)],
            )?
        }
        Puller::Login { username, password } => {
            let basic = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
            let url = format!("{url}?service={host}&scope={scope}");
            document(&client.send(Method::GET, &url, &[("authorization", &basic)], "")?)?
        }
        Puller::Anonymous => {
            document(&client.send(Method::GET, &format!("{url}?service={host}&scope={scope}"), &[], "")?)?
        }
    };
    text(response, "access_token")
}

/// Principals with a secret log in with it; managed identities ask the machine that they are on.
fn entra_token(azure: &Azure, client: &Client, id: &str) -> Result<String, Refusal> {
    let principal = azure.principal(id)?;
    let answer = match &principal.secret {
        Some(secret) => {
            let url = format!("https://{}/organizations/oauth2/v2.0/token", crate::entra::HOST);
            let scope = format!("https://{}/.default", crate::arm::HOST);
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_id", &*principal.client_id),
                ("client_secret", secret),
                ("scope", &*scope),
            ];
            client.form(&url, &fields)?
        }
        None => {
            let object_id = &principal.object_id;
            let query = format!("api-version=2018-02-01&resource=https://{}/&object_id={object_id}", crate::arm::HOST);
            let url = format!("http://{IDENTITY}/metadata/identity/oauth2/token?{query}");
            document(&client.send(Method::GET, &url, &[("metadata", "true")], "")?)?
        }
    };
    text(answer, "access_token")
}

/// A token of Resource Manager for a principal that applies remedies.
pub(crate) fn arm_token(azure: &Azure, id: &str) -> Result<String, Refusal> {
    entra_token(azure, &azure.client(RUNNER)?, id)
}

fn text((status, body): (u16, Value), member: &str) -> Result<String, Refusal> {
    match body[member].as_str() {
        Some(text) if status == 200 => Ok(text.to_owned()),
        _ => Err(refusal(status, &body)),
    }
}

fn good(response: Response<Bytes>) -> Result<Response<Bytes>, Refusal> {
    if response.status().as_u16() < 400 {
        return Ok(response);
    }
    let body = serde_json::from_slice(response.body()).unwrap_or_default();
    Err(refusal(response.status().as_u16(), &body))
}

fn refusal(status: u16, body: &Value) -> Refusal {
    let error = &body["errors"][0];
    let first = |values: [&Value; 2]| values.iter().find_map(|value| value.as_str()).unwrap_or_default().to_owned();
    Refusal {
        status,
        code: first([&error["code"], &body["error"]]),
        words: first([&error["message"], &body["error_description"]]),
    }
}
