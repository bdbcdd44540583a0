//! Registries as they are: Debian's docker-registry, with images of real tools, asked through the probe.

#[path = "support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/double.rs"]
mod double;
#[path = "support/registry.rs"]
mod rig;
#[path = "support/tokens.rs"]
mod tokens;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::Command;
use std::time::Duration;

use authority::Authority;
use base64::Engine;
use double::{Double, Reply};
use pullgate::cloud::Cloud;
use pullgate::evidence::{Answer, Evidence, Failure, Platform, Question, Reply as Told, Resolved};
use pullgate::image::{Host, ImageRef};
use pullgate::probe::environment::Environment;
use pullgate::probe::http::HttpOptions;
use pullgate::probe::{Options, Probe};
use rig::{Registry, Store, Variant, is_installed};
use serde_json::json;

const HELM: &str = "application/vnd.cncf.helm.config.v1+json";

fn options(environment: Environment, ca: Option<&Authority>) -> Options {
    let http = HttpOptions {
        timeout: Duration::from_secs(20),
        concurrency: 64,
        connect_to: Vec::new(),
        ca_pem: ca.map(|ca| ca.pem.clone().into_bytes()),
    };
    let (cloud, passwords) = (Cloud::Public, HashMap::new());
    Options { http, cloud, tenant: None, plain_http: Vec::new(), environment, passwords }
}

fn all(options: Options, questions: impl IntoIterator<Item = Question>) -> Evidence {
    // The program does this in its first line.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let probe = Probe::new(options).unwrap();
    let mut evidence = Evidence::default();
    runtime.block_on(probe.answer(BTreeSet::from_iter(questions), &mut evidence, |_, _| {}));
    evidence
}

fn one(options: Options, question: Question) -> Answer<Told> {
    all(options, [question]).iter().next().unwrap().1.clone()
}

fn image(registry: &Registry, rest: &str) -> Question {
    let text = format!("{}/{rest}", registry.host());
    Question::Image { image: ImageRef::parse(&text).unwrap(), platform: Platform::linux_amd64() }
}

fn resolved(options: Options, registry: &Registry, rest: &str) -> Answer<Resolved> {
    match one(options, image(registry, rest))? {
        Told::Image(resolved) => Ok(*resolved),
        other => panic!("{other:?}"),
    }
}

fn open(registry: &Registry, rest: &str) -> Answer<Resolved> {
    resolved(options(Environment::default(), None), registry, rest)
}

/// A Docker configuration with a login for a registry.
fn logged_in(registry: &Registry, username: &str, password: &str) -> (tempfile::TempDir, Environment) {
    let folder = tempfile::tempdir().unwrap();
    let auth = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    let config = json!({"auths": {registry.host(): {"auth": auth}}});
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let environment = Environment::from([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
    (folder, environment)
}

fn platform(resolved: &Resolved) -> String {
    resolved.picked.as_ref().unwrap().as_ref().unwrap().platform.as_ref().unwrap().as_ref().unwrap().to_string()
}

#[test]
fn images_of_every_kind_are_told_apart() {
    if !is_installed() {
        return;
    }
    let store = Store::with_images();
    let registry = Registry::start(&store, Variant::Open);
    assert_eq!(platform(&open(&registry, "app/amd64:1.0").unwrap()), "linux/amd64");
    assert_eq!(platform(&open(&registry, "app/arm64:1.0").unwrap()), "linux/arm64");
    let schema2 = open(&registry, "app/schema2:1.0").unwrap();
    assert_eq!(schema2.media_type, "application/vnd.docker.distribution.manifest.v2+json");
    assert_eq!(platform(&schema2), "linux/amd64");
    let picked = schema2.picked.as_ref().unwrap().as_ref().unwrap();
    assert!(
        picked.size > 0 && picked.layer_media_types == ["application/vnd.docker.image.rootfs.diff.tar.gzip"],
        "{picked:?}"
    );

    let index = open(&registry, "app/index:1.0").unwrap();
    assert_eq!(platform(&index), "linux/amd64");
    assert_eq!(index.entries.iter().map(|entry| entry.attestation).collect::<Vec<_>>(), [false, false, true]);
    let hollow = open(&registry, "app/hollow:1.0").unwrap();
    assert!(matches!(hollow.picked, Some(Err(Failure::NotFound { .. }))), "{hollow:?}");
    let chart = open(&registry, "chart/web:1.0").unwrap().picked.unwrap().unwrap();
    assert_eq!((chart.config_media_type.as_deref(), chart.platform), (Some(HELM), None));

    let pinned = open(&registry, &format!("app/amd64@{}", open(&registry, "app/amd64:1.0").unwrap().digest)).unwrap();
    assert_eq!(platform(&pinned), "linux/amd64");
    let other = open(&registry, &format!("app/index:1.0@{}", index.entries[0].digest)).unwrap();
    assert_eq!(other.tag_digest, Some(Ok(index.digest)));
}

#[test]
fn what_is_not_there_is_not_found_and_neighbours_are_listed() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    let registry = Registry::start(&store, Variant::Open);
    for tag in ["1.0", "1.1"] {
        registry.push_image("app/api", tag, "amd64");
    }
    let missing = open(&registry, "app/api:1.2").unwrap_err();
    assert!(matches!(&missing, Failure::NotFound { code: Some(code), .. } if code == "MANIFEST_UNKNOWN"), "{missing}");
    assert!(open(&registry, "app/none:1.0").unwrap_err().is_not_found());
    let host = Host::parse(&registry.host()).unwrap();
    let tags = Question::Tags { registry: host.clone(), repository: "app/api".to_owned() };
    let names = |question| match one(options(Environment::default(), None), question) {
        Ok(Told::Names(names)) => BTreeSet::from_iter(names),
        other => panic!("{other:?}"),
    };
    assert_eq!(names(tags), ["1.0", "1.1"].map(str::to_owned).into());
    assert_eq!(names(Question::Repositories { registry: host }), ["app/api".to_owned()].into());
}

#[test]
fn a_login_is_taken_from_docker_and_a_wrong_one_is_refused() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    Registry::start(&store, Variant::Open).push_image("app/api", "1.0", "amd64");
    let registry = Registry::start(&store, Variant::Basic("alice", "secret"));
    let nobody = open(&registry, "app/api:1.0").unwrap_err();
    assert!(matches!(nobody, Failure::Refused { status: 401, anonymous: true, .. }), "{nobody}");
    let (_folder, alice) = logged_in(&registry, "alice", "secret");
    assert!(resolved(options(alice, None), &registry, "app/api:1.0").is_ok());
    let (_folder, mallory) = logged_in(&registry, "alice", "wrong");
    let wrong = resolved(options(mallory, None), &registry, "app/api:1.0").unwrap_err();
    assert!(matches!(wrong, Failure::Refused { status: 401, anonymous: false, .. }), "{wrong}");
    let anonymous =
        Question::Anonymous { registry: Host::parse(&registry.host()).unwrap(), repository: "app/api".to_owned() };
    assert_eq!(one(options(Environment::default(), None), anonymous), Ok(Told::Flag(false)));
}

#[test]
fn a_registry_is_challenged_once_and_each_repository_has_one_token() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    let writer = Registry::start(&store, Variant::Open);
    for number in 0..10 {
        writer.push_image(&format!("app/{}", number % 2), &number.to_string(), "amd64");
    }
    let signer = Authority::new("Signer");
    let service = token_service(&signer);
    let realm = format!("https://localhost:{}/token", service.port);
    let registry = Registry::start(&store, Variant::Token { realm: &realm, signer: &signer, tls: None });
    let (_folder, alice) = logged_in(&registry, "alice", "secret");
    let questions = (0..10).map(|number| image(&registry, &format!("app/{}:{number}", number % 2)));
    let evidence = all(options(alice, Some(&signer)), questions);
    assert!(evidence.iter().all(|(_, answer)| answer.is_ok()), "{evidence:?}");
    assert_eq!(service.log().len(), 2, "{:?}", service.log());
    let requests = registry.requests();
    let count = |path: &str| requests.iter().filter(|request| request.contains(path)).count();
    assert_eq!((count("GET /v2/ "), count("/manifests/"), count("/blobs/")), (1, 10, 10), "{requests:?}");
    assert_eq!(requests.len(), 21, "{requests:?}");
}

#[test]
fn an_image_of_thirty_containers_is_asked_for_once() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    let registry = Registry::start(&store, Variant::Open);
    registry.push_image("app/api", "1.0", "amd64");
    let before = registry.requests().len();
    let image = format!("{}/app/api:1.0", registry.host());
    let containers: String = (0..30).map(|number| format!("  - {{name: c{number}, image: '{image}'}}\n")).collect();
    let folder = tempfile::tempdir().unwrap();
    let pod = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: many}}\nspec:\n  containers:\n{containers}");
    fs::write(folder.path().join("pod.yaml"), pod).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_pullgate")).args(["check", "pod.yaml"]).current_dir(&folder).output();
    let run = run.unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stdout));
    let requests = registry.requests().split_off(before);
    let count = |path: &str| requests.iter().filter(|request| request.contains(path)).count();
    assert_eq!((count("/manifests/"), count("/blobs/")), (1, 1), "{requests:?}");
    assert!(requests.len() <= 3, "{requests:?}");
}

#[test]
fn a_token_that_grants_nothing_is_a_refusal_and_not_a_missing_image() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    Registry::start(&store, Variant::Open).push_image("app/api", "1.0", "amd64");
    let signer = Authority::new("Signer");
    let service = token_service(&signer);
    let realm = format!("https://localhost:{}/token", service.port);
    let registry = Registry::start(&store, Variant::Token { realm: &realm, signer: &signer, tls: None });
    let (_folder, mallory) = logged_in(&registry, "mallory", "secret");
    let said = resolved(options(mallory, Some(&signer)), &registry, "app/api:1.0").unwrap_err();
    assert!(matches!(said, Failure::Refused { status: 401, anonymous: false, .. }), "{said}");
    let host = Host::parse(&registry.host()).unwrap();
    let anonymous = Question::Anonymous { registry: host, repository: "app/api".to_owned() };
    assert_eq!(one(options(Environment::default(), Some(&signer)), anonymous), Ok(Told::Flag(false)));
}

/// Gives alice what she asks for, and everybody else an empty token.
fn token_service(signer: &Authority) -> Double {
    let alice = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("alice:secret"));
    let own = signer.clone();
    Double::signed_by(signer, move |seen, _| {
        let scope = seen.target.split("scope=repository%3A").nth(1).unwrap_or_default();
        let repository = scope.split("%3Apull").next().unwrap_or_default().replace("%2F", "/");
        let actions: &[&str] = if seen.authorization.as_ref() == Some(&alice) { &["pull"] } else { &[] };
        Reply::json(200, json!({"token": tokens::token(&own, "rig", &repository, actions)}))
    })
}

#[test]
fn tls_needs_an_authority_that_is_trusted() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    Registry::start(&store, Variant::Open).push_image("app/api", "1.0", "amd64");
    let authority = Authority::new("Test Authority");
    let registry = Registry::start(&store, Variant::Tls(&authority.leaf(&["localhost"])));
    assert!(resolved(options(Environment::default(), Some(&authority)), &registry, "app/api:1.0").is_ok());
    let untrusted = open(&registry, "app/api:1.0").unwrap_err();
    assert!(matches!(&untrusted, Failure::Tls { reason, .. } if reason.contains("not trusted")), "{untrusted}");
    let elsewhere = Registry::start(&store, Variant::Tls(&authority.leaf(&["registry.example"])));
    let wrong = resolved(options(Environment::default(), Some(&authority)), &elsewhere, "app/api:1.0").unwrap_err();
    assert!(matches!(&wrong, Failure::Tls { reason, .. } if reason.contains("another name")), "{wrong}");
}

#[test]
fn nobody_listening_is_a_connection_that_failed() {
    let question =
        Question::Image { image: ImageRef::parse("localhost:1/app:1").unwrap(), platform: Platform::linux_amd64() };
    let said = one(options(Environment::default(), None), question).unwrap_err();
    assert_eq!(said.to_string(), "cannot connect to localhost:1: connection refused");
}
