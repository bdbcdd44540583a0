//! Answers as Azure gave them, served again: each is asked for as the program asks, and read as the checks read it.
//!
//! The sample in `data/azure` is of recordings and official examples that the projects named in each file publish under
//! permissive licences.

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/double.rs"]
mod double;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use double::{Double, Reply};
use pullgate::cloud::Cloud;
use pullgate::evidence::{Answer, Evidence, Failure, Platform, Question, Registry, Reply as Told, Resource};
use pullgate::image::{Host, ImageRef};
use pullgate::probe::environment::Environment;
use pullgate::probe::http::HttpOptions;
use pullgate::probe::{Options, Probe};
use pullgate::rbac::read;
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/azure");

/// What is served now, besides tokens.
type Now = Arc<Mutex<Option<(u16, Vec<(String, String)>, Vec<u8>)>>>;

#[test]
fn recorded_answers_are_read_without_error() {
    let now: Now = Arc::default();
    let served = now.clone();
    let double = Double::start(move |seen, _| match seen.path() {
        path if path.ends_with("/oauth2/v2.0/token") => {
            Reply::json(200, json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "x"}))
        }
        "/oauth2/exchange" => Reply::json(200, json!({"refresh_token": "x"})),
        "/oauth2/token" => Reply::json(200, json!({"access_token": "x"})),
        _ => {
            let (status, headers, body) = served.lock().unwrap().clone().unwrap();
            Reply::Answer { status, headers, body }
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut counts, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    for file in files(Path::new(FOLDER)) {
        let pair: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let Some((question, kind)) = question(&pair) else { continue };
        let mut response = pair["response"].clone();
        if let Some(body) = response["body"].as_object_mut() {
            // The next page was not recorded; that pages are followed is tested elsewhere.
            body.remove("nextLink");
        }
        let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
        let body = match &response["body"] {
            Value::Null => Vec::new(),
            Value::String(text) => text.clone().into_bytes(),
            json => json.to_string().into_bytes(),
        };
        let kept = |(name, value): (&String, &Value)| {
            let is_kept = matches!(
                name.as_str(),
                "content-type" | "www-authenticate" | "x-ms-ratelimit-remaining-calls-per-second"
            );
            is_kept.then(|| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        };
        let headers = response["headers"]
            .as_object()
            .map(|headers| headers.iter().filter_map(kept).collect())
            .unwrap_or_default();
        *now.lock().unwrap() = Some((status, headers, body));
        let answer = runtime.block_on(ask(&double, question));
        match verdict(status, &kind, answer) {
            Ok(()) => {
                *counts.entry(format!("{kind} {}", if status < 300 { "read" } else { "refused" })).or_default() += 1
            }
            Err(why) => wrong.push(format!("{}: {why}", file.display())),
        }
    }
    println!("{counts:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.values().sum::<usize>() >= 30, "{counts:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files
}

/// The question that this exchange answers, and the kind of its answer; `None` for what the program does not ask.
fn question(pair: &Value) -> Option<(Question, String)> {
    let (method, url) =
        (pair["request"]["method"].as_str()?, reqwest::Url::parse(pair["request"]["url"].as_str()?).ok()?);
    let status = pair["response"]["status"].as_u64()?;
    // What the program retries, or what is no whole answer, is not for this test.
    if method != "GET" || matches!(status, 202 | 204 | 206 | 429 | 502..=504) || pair["response"]["body"].is_null() {
        return None;
    }
    let path =
        url.path().trim_end_matches('/').replace("%7B", "").replace("%7D", "").replace("%20", " ").replace("%2F", "/");
    let is_list = pair["response"]["body"].get("value").is_some_and(Value::is_array);
    match url.host_str()? {
        "management.azure.com" => {
            let kind = kind(&path);
            let resource = match path.rsplit_once("/providers/") {
                Some((scope, wanted)) if is_list && !wanted.contains('/') => {
                    Resource::List { scope: scope.to_owned(), kind: wanted.to_owned() }
                }
                Some((scope, wanted)) if is_list && wanted.split('/').count() == 2 => {
                    Resource::List { scope: scope.to_owned(), kind: wanted.to_owned() }
                }
                _ if is_list => {
                    let (scope, word) = path.rsplit_once('/')?;
                    Resource::List { scope: scope.to_owned(), kind: word.to_owned() }
                }
                _ => Resource::Get { id: path },
            };
            Some((Question::Resource(resource), kind))
        }
        "graph.microsoft.com" if path.contains("/applications") && is_list => {
            let client = "00000000-0000-0000-0000-000000000001".to_owned();
            Some((Question::Resource(Resource::ApplicationSecrets { client }), "applications".to_owned()))
        }
        host if host.ends_with(".azurecr.io") => {
            let registry = Host::parse("acme.azurecr.io").ok()?;
            let repository = "app/api".to_owned();
            let image = || ImageRef::parse("acme.azurecr.io/app/api:v1").ok();
            let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
            let question = match segments[..] {
                _ if status != 200 => Question::Image { image: image()?, platform: Platform::linux_amd64() },
                [.., "tags", "list"] => Question::Tags { registry, repository },
                ["v2", "_catalog"] | ["acr", "v1", "_catalog"] => Question::Repositories { registry },
                ["acr", "v1", _] | ["acr", "v1", _, "_tags", _] => Question::Attributes { image: image()? },
                _ => return None,
            };
            Some((question, "acr".to_owned()))
        }
        _ => None,
    }
}

fn kind(path: &str) -> String {
    let after = path.rsplit("/providers/").next().unwrap_or_default();
    let mut parts = after.split('/');
    let namespace = parts.next().unwrap_or_default().to_ascii_lowercase();
    std::iter::once(namespace).chain(parts.step_by(2).map(str::to_ascii_lowercase)).collect::<Vec<_>>().join("/")
}

async fn ask(double: &Double, question: Question) -> Answer<Told> {
    let options = Options {
        http: HttpOptions {
            timeout: Duration::from_secs(5),
            concurrency: 8,
            connect_to: vec![format!("::127.0.0.1:{}", double.port).parse().unwrap()],
            ca_pem: Some(double.ca.clone()),
        },
        cloud: Cloud::Public,
        tenant: None,
        plain_http: Vec::new(),
        environment: Environment::from([
            ("AZURE_TENANT_ID", "t"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", "s"),
        ]),
        passwords: HashMap::new(),
    };
    let probe = Probe::new(options).unwrap();
    let mut evidence = Evidence::default();
    probe.answer(BTreeSet::from([question]), &mut evidence, |_, _| {}).await;
    evidence.iter().next().unwrap().1.clone()
}

/// Whether the answer is what this status and kind must become.
fn verdict(status: u16, kind: &str, answer: Answer<Told>) -> Result<(), String> {
    match (status, answer) {
        (404, Err(Failure::NotFound { .. })) => Ok(()),
        (401, Err(Failure::Refused { .. })) => Ok(()),
        (403, Err(Failure::Refused { .. } | Failure::NotAllowed { .. } | Failure::Closed { .. })) => Ok(()),
        (300..=399, Err(Failure::Redirected { .. })) => Ok(()),
        (400.., Err(Failure::Server { .. })) => Ok(()),
        (200..=299, Ok(Told::Json(json))) => typed(kind, &json),
        (200..=299, Ok(_)) => Ok(()),
        (_, answer) => Err(format!("{status} of {kind} became {answer:?}").chars().take(600).collect()),
    }
}

fn typed(kind: &str, json: &Value) -> Result<(), String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let done = match kind {
        "microsoft.containerregistry/registries" => {
            let one = std::slice::from_ref(json);
            let all = json.get("value").and_then(Value::as_array).map_or(one, Vec::as_slice);
            all.iter().try_for_each(|registry| Registry::read(registry).map(|_| ()).map_err(|error| words(&error)))
        }
        "microsoft.authorization/roleassignments" => {
            read::role_assignments(json).map(|_| ()).map_err(|error| words(&error))
        }
        "microsoft.authorization/roledefinitions" => {
            read::role_definitions(json).map(|_| ()).map_err(|error| words(&error))
        }
        "microsoft.authorization/denyassignments" => {
            read::deny_assignments(json).map(|_| ()).map_err(|error| words(&error))
        }
        "microsoft.authorization/roleeligibilityscheduleinstances" => {
            read::eligibilities(json).map(|_| ()).map_err(|error| words(&error))
        }
        "microsoft.authorization/roleassignmentscheduleinstances" => {
            read::schedule_instances(json).map(|_| ()).map_err(|error| words(&error))
        }
        _ => Ok(()),
    };
    done.map_err(|error| format!("{kind}: {error}"))
}
