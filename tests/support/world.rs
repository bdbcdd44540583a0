//! Azure as a caller sees it who may read all, at the double, and the probe that asks there.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use base64::Engine;
use pullgate::cloud::Cloud;
use pullgate::evidence::{Answer, Evidence, Failure, Platform, Question, Reply as Told, Resource};
use pullgate::image::{Host, ImageRef};
use pullgate::probe::environment::Environment;
use pullgate::probe::http::HttpOptions;
use pullgate::probe::{Options, Probe, Secret};
use serde_json::{Value, json};

use crate::double::{Double, Reply, Seen};

pub const LOGIN: &str = "login.microsoftonline.com";
pub const ARM: &str = "management.azure.com";
pub const ACME: &str = "acme.azurecr.io";
pub const TENANT: &str = "3f0a9c52-7e41-4d0b-8a6d-91c2e4b7f001";
pub const SECRET: &str = "planted-client-secret";
pub const PLANTED: &str = "planted";
pub const REGISTRY: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme";

/// What Azure answers.
pub fn healthy(seen: &Seen) -> Reply {
    match (seen.host.as_str(), seen.path()) {
        (LOGIN | "login.microsoftonline.us", path) if path.ends_with("/token") => Reply::json(
            200,
            json!({
                "token_type": "Bearer", "expires_in": 3599,
                "access_token": token(&json!({"oid": "o-1", "appid": "a-1", "tid": TENANT, "planted": form(&seen.body, "scope")})),
            }),
        ),
        (ARM, "/subscriptions") => Reply::json(200, json!({"value": [{"subscriptionId": "s"}]})),
        (ARM, "/providers/Microsoft.ResourceGraph/resources") => {
            let row = json!({"id": REGISTRY, "tenantId": TENANT, "properties": {"loginServer": ACME}});
            Reply::json(200, json!({"data": [row]}))
        }
        (ARM, path) if path.eq_ignore_ascii_case(REGISTRY) => Reply::json(200, registry()),
        (_, "/oauth2/exchange") => Reply::json(200, json!({"refresh_token": "planted-refresh-token"})),
        (_, "/oauth2/token") => Reply::json(200, json!({"access_token": "planted-access-token"})),
        (_, path) if path.contains("/manifests/") => {
            Reply::json(200, manifest()).with("content-type", "application/vnd.oci.image.manifest.v1+json")
        }
        (_, path) if path.contains("/blobs/") => Reply::json(200, configuration()),
        _ => Reply::json(404, json!({"error": {"code": "ResourceNotFound", "message": "not there"}})),
    }
}

pub fn registry() -> Value {
    json!({"id": REGISTRY, "name": "acme", "location": "westeurope",
        "properties": {"loginServer": ACME, "roleAssignmentMode": "AbacRepositoryPermissions", "adminUserEnabled": true}})
}

pub fn configuration() -> Value {
    json!({"architecture": "amd64", "os": "linux"})
}

pub fn manifest() -> Value {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(configuration().to_string());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let config =
        json!({"mediaType": "application/vnd.oci.image.config.v1+json", "size": 1, "digest": format!("sha256:{hex}")});
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": []})
}

pub fn token(claims: &Value) -> String {
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.planted-signature", part("{}".to_owned()), part(claims.to_string()))
}

/// A field of a form, as it was sent.
pub fn form<'b>(body: &'b str, name: &str) -> &'b str {
    body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

pub fn with_secret() -> Environment {
    Environment::from([("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "a-1"), ("AZURE_CLIENT_SECRET", SECRET)])
}

pub fn options(double: &Double, environment: Environment) -> Options {
    Options {
        http: HttpOptions {
            timeout: Duration::from_secs(5),
            concurrency: 64,
            connect_to: vec![format!("::127.0.0.1:{}", double.port).parse().unwrap()],
            ca_pem: Some(double.ca.clone()),
        },
        cloud: Cloud::Public,
        tenant: None,
        plain_http: Vec::new(),
        environment,
        passwords: HashMap::from([("pw".to_owned(), Secret::new("planted-password"))]),
    }
}

pub fn all(options: Options, questions: impl IntoIterator<Item = Question>) -> (Evidence, Probe) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let probe = Probe::new(options).unwrap();
    let mut evidence = Evidence::default();
    runtime.block_on(probe.answer(BTreeSet::from_iter(questions), &mut evidence, |_, _| {}));
    (evidence, probe)
}

pub fn one(options: Options, question: Question) -> Answer<Told> {
    let (evidence, _) = all(options, [question.clone()]);
    evidence.iter().find(|(asked, _)| **asked == question).unwrap().1.clone()
}

pub fn failure(double: &Double, question: Question) -> Failure {
    one(options(double, with_secret()), question).unwrap_err()
}

pub fn image(text: &str) -> Question {
    Question::Image { image: ImageRef::parse(text).unwrap(), platform: Platform::linux_amd64() }
}

pub fn get(id: &str) -> Question {
    Question::Resource(Resource::Get { id: id.to_owned() })
}

pub fn assignments() -> Question {
    Question::Resource(Resource::RoleAssignments { scope: REGISTRY.to_owned(), principal: "p-1".to_owned() })
}

pub fn acme() -> Host {
    Host::parse(ACME).unwrap()
}
