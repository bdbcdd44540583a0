//! Resource Manager, Entra and the registries' exchange, at a server that stands for all of them: what is asked, what comes
//! of each way to fail, and that no token goes where it must not.

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/authority.rs"]
mod authority;
#[path = "support/double.rs"]
mod double;

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use base64::Engine;
use double::{Double, Reply, Seen};
use pullgate::evidence::{Answer, Evidence, Failure, Login, Platform, Question, Reply as Told, Resource};
use pullgate::image::{Cloud, Host, ImageRef};
use pullgate::probe::environment::Environment;
use pullgate::probe::http::HttpOptions;
use pullgate::probe::{Options, Probe, Secret};
use serde_json::{Value, json};

const LOGIN: &str = "login.microsoftonline.com";
const ARM: &str = "management.azure.com";
const ACME: &str = "acme.azurecr.io";
const TENANT: &str = "3f0a9c52-7e41-4d0b-8a6d-91c2e4b7f001";
const SECRET: &str = "planted-client-secret";
const PLANTED: &str = "planted";
const REGISTRY: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme";

/// Everything answered as Azure does for a caller who may read all. `None` leaves it to the next.
fn healthy(seen: &Seen) -> Reply {
    match (seen.host.as_str(), seen.path()) {
        (LOGIN | "login.microsoftonline.us", path) if path.ends_with("/token") => Reply::json(200, json!({
            "token_type": "Bearer", "expires_in": 3599,
            "access_token": token(&json!({"oid": "o-1", "appid": "a-1", "tid": TENANT, "planted": form(&seen.body, "scope")})),
        })),
        (ARM, "/subscriptions") => Reply::json(200, json!({"value": [{"subscriptionId": "s"}]})),
        (ARM, "/providers/Microsoft.ResourceGraph/resources") => {
            let row = json!({"id": REGISTRY, "tenantId": TENANT, "properties": {"loginServer": ACME}});
            Reply::json(200, json!({"data": [row]}))
        }
        (ARM, path) if path.eq_ignore_ascii_case(REGISTRY) => Reply::json(200, registry()),
        (_, "/oauth2/exchange") => Reply::json(200, json!({"refresh_token": "planted-refresh-token"})),
        (_, "/oauth2/token") => Reply::json(200, json!({"access_token": "planted-access-token"})),
        (_, path) if path.contains("/manifests/") => Reply::json(200, manifest()).with("content-type", "application/vnd.oci.image.manifest.v1+json"),
        (_, path) if path.contains("/blobs/") => Reply::json(200, configuration()),
        _ => Reply::json(404, json!({"error": {"code": "ResourceNotFound", "message": "not there"}})),
    }
}

fn registry() -> Value {
    json!({"id": REGISTRY, "name": "acme", "location": "westeurope",
        "properties": {"loginServer": ACME, "roleAssignmentMode": "AbacRepositoryPermissions", "adminUserEnabled": true}})
}

fn configuration() -> Value {
    json!({"architecture": "amd64", "os": "linux"})
}

fn manifest() -> Value {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(configuration().to_string());
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let config = json!({"mediaType": "application/vnd.oci.image.config.v1+json", "size": 1, "digest": format!("sha256:{hex}")});
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": []})
}

fn token(claims: &Value) -> String {
    let part = |text: String| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.planted-signature", part("{}".to_owned()), part(claims.to_string()))
}

/// A field of a form, as it was sent.
fn form<'b>(body: &'b str, name: &str) -> &'b str {
    body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

fn with_secret() -> Environment {
    Environment::from([("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", "a-1"), ("AZURE_CLIENT_SECRET", SECRET)])
}

fn options(double: &Double, environment: Environment) -> Options {
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

fn all(options: Options, questions: impl IntoIterator<Item = Question>) -> (Evidence, Probe) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let probe = Probe::new(options).unwrap();
    let mut evidence = Evidence::default();
    runtime.block_on(probe.answer(BTreeSet::from_iter(questions), &mut evidence, |_, _| {}));
    (evidence, probe)
}

fn one(options: Options, question: Question) -> Answer<Told> {
    let (evidence, _) = all(options, [question.clone()]);
    evidence.iter().find(|(asked, _)| **asked == question).unwrap().1.clone()
}

fn failure(double: &Double, question: Question) -> Failure {
    one(options(double, with_secret()), question).unwrap_err()
}

fn image(text: &str) -> Question {
    Question::Image { image: ImageRef::parse(text).unwrap(), platform: Platform::linux_amd64() }
}

fn get(id: &str) -> Question {
    Question::Resource(Resource::Get { id: id.to_owned() })
}

fn assignments() -> Question {
    Question::Resource(Resource::RoleAssignments { scope: REGISTRY.to_owned(), principal: "p-1".to_owned() })
}

fn acme() -> Host {
    Host::parse(ACME).unwrap()
}

#[test]
fn an_image_is_found_with_one_exchange_and_one_token() {
    let double = Double::start(|seen, _| healthy(seen));
    let answer = one(options(&double, with_secret()), image("acme.azurecr.io/api:v1")).unwrap();
    let Told::Image(resolved) = answer else { panic!("{answer:?}") };
    assert_eq!(resolved.picked.unwrap().unwrap().platform, Some(Ok(Platform::linux_amd64())));
    let asked: Vec<String> = double.asked(ACME).iter().map(|seen| format!("{} {}", seen.method, seen.path())).collect();
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert_eq!(asked[..3], ["POST /oauth2/exchange", "POST /oauth2/token", "GET /v2/api/manifests/v1"]);
    let exchange = &double.asked(ACME)[0].body;
    assert_eq!((form(exchange, "grant_type"), form(exchange, "tenant")), ("access_token", TENANT));
    let scopes: Vec<_> = double.asked(LOGIN).iter().map(|seen| form(&seen.body, "scope").to_owned()).collect();
    assert!(scopes.iter().any(|scope| scope.contains("containerregistry.azure.net")), "{scopes:?}");
}

#[test]
fn a_registry_is_found_by_its_login_server_and_read_whole() {
    let double = Double::start(|seen, _| healthy(seen));
    let question = Question::Registry { host: acme() };
    let (evidence, _) = all(options(&double, with_secret()), [question]);
    let found = evidence.registry(&acme()).unwrap().unwrap();
    assert_eq!((found.id.as_str(), found.tenant.as_deref()), (REGISTRY, Some(TENANT)));
    assert_eq!(found.mode, Some(pullgate::rbac::RegistryMode::Abac));
    let read = double.asked(ARM).into_iter().find(|seen| seen.path() == REGISTRY).unwrap();
    assert!(read.target.contains("api-version=2025-11-01"), "{}", read.target);
}

#[test]
fn where_resource_graph_is_refused_the_subscriptions_are_listed() {
    let double = Double::start(|seen, _| match seen.path() {
        "/providers/Microsoft.ResourceGraph/resources" => Reply::json(403, json!({"error": {"code": "Forbidden", "message": "no"}})),
        "/subscriptions/s/providers/Microsoft.ContainerRegistry/registries" => Reply::json(200, json!({"value": [registry()]})),
        _ => healthy(seen),
    });
    let (evidence, _) = all(options(&double, with_secret()), [Question::Registry { host: acme() }]);
    assert_eq!(evidence.registry(&acme()).unwrap().unwrap().id, REGISTRY);
}

#[test]
fn a_registry_that_nobody_can_read_is_not_found() {
    let double = Double::start(|seen, _| healthy(seen));
    let other = Question::Registry { host: Host::parse("other.azurecr.io").unwrap() };
    assert!(matches!(failure(&double, other), Failure::NotFound { .. }));
}

#[test]
fn what_the_caller_lacks_is_told() {
    let double = Double::start(|seen, _| match seen.path() {
        REGISTRY => Reply::json(403, json!({"error": {"code": "AuthorizationFailed", "message":
            "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s' or the scope is invalid."}})),
        _ => healthy(seen),
    });
    let expected = Failure::NotAllowed {
        permission: "Microsoft.ContainerRegistry/registries/read".to_owned(),
        scope: "/subscriptions/s".to_owned(),
    };
    assert_eq!(failure(&double, get(REGISTRY)), expected);
}

#[test]
fn lists_are_read_to_their_last_page() {
    let double = Double::start(|seen, before| {
        if !seen.path().ends_with("/roleAssignments") {
            return healthy(seen);
        }
        let next = format!("https://{ARM}{}?$skiptoken=2", seen.path());
        let page = json!({"value": [{"name": before}], "nextLink": if before == 0 { json!(next) } else { Value::Null }});
        Reply::json(200, page)
    });
    let answer = one(options(&double, with_secret()), assignments()).unwrap();
    assert_eq!(answer, Told::Json(json!({"value": [{"name": 0}, {"name": 1}]})));
    let first = double.asked(ARM)[0].target.replace("%24", "$").replace("%28", "(").replace("%27", "'").replace("%29", ")");
    assert!(first.ends_with("api-version=2022-04-01&$filter=assignedTo('p-1')"), "{first}");
}

#[test]
fn the_next_page_is_not_fetched_from_another_host() {
    let double = Double::start(|seen, _| match seen.path() {
        path if path.ends_with("/roleAssignments") => Reply::json(200, json!({"value": [], "nextLink": "https://evil.example/page"})),
        _ => healthy(seen),
    });
    assert!(matches!(failure(&double, assignments()), Failure::Redirected { to, .. } if to.contains("evil.example")));
    assert!(double.asked("evil.example").is_empty());
}

#[test]
fn a_list_without_end_is_bounded() {
    let double = Double::start(|seen, _| match seen.path() {
        path if path.ends_with("/roleAssignments") => {
            Reply::json(200, json!({"value": [], "nextLink": format!("https://{ARM}{path}?again")}))
        }
        _ => healthy(seen),
    });
    assert!(matches!(failure(&double, assignments()), Failure::TooLarge { .. }));
}

#[test]
fn who_is_throttled_comes_back_when_told() {
    let double = Double::start(|seen, before| match (seen.path(), before) {
        (REGISTRY, 0) => Reply::json(429, json!({"error": {"code": "429", "message": "Too many requests. Retry after 1 seconds."}})),
        (REGISTRY, 1) => Reply::json(503, json!({})).with("retry-after", "0"),
        _ => healthy(seen),
    });
    let started = Instant::now();
    assert!(one(options(&double, with_secret()), get(REGISTRY)).is_ok());
    assert!(started.elapsed() >= Duration::from_secs(1));
}

#[test]
fn throttling_beyond_the_deadline_is_told_at_once() {
    let double = Double::start(|seen, _| match seen.path() {
        REGISTRY => Reply::json(429, json!({"error": {"code": "429", "message": "Please try again after '372' seconds."}})),
        _ => healthy(seen),
    });
    let started = Instant::now();
    assert!(matches!(failure(&double, get(REGISTRY)), Failure::Throttled { retry_after: Some(372), .. }));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn an_api_version_that_a_cloud_does_not_know_is_replaced_by_one_that_it_names() {
    let double = Double::start(|seen, _| match (seen.path(), seen.target.contains("2023-07-01")) {
        (REGISTRY, false) => Reply::json(400, json!({"error": {"code": "NoRegisteredProviderFound",
            "message": "No registered resource provider found for API version '2025-11-01'. The supported api-versions are '2022-12-01, 2023-07-01'."}})),
        _ => healthy(seen),
    });
    assert!(one(options(&double, with_secret()), get(REGISTRY)).is_ok());
}

#[test]
fn an_answer_beyond_the_bound_is_not_read() {
    let double = Double::start(|seen, _| match seen.path() {
        "/v2/api/manifests/big" => Reply::Answer { status: 200, headers: Vec::new(), body: vec![b' '; 5 << 20] },
        _ => healthy(seen),
    });
    assert!(matches!(failure(&double, image("acme.azurecr.io/api:big")), Failure::TooLarge { .. }));
}

#[test]
fn the_same_is_asked_once_however_many_want_it() {
    let double = Double::start(|seen, _| healthy(seen));
    let mut questions: Vec<Question> = (0..30).map(|number| image(&format!("acme.azurecr.io/api:v{number}"))).collect();
    questions.extend([get(REGISTRY), get(&REGISTRY.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions")), Question::Registry { host: acme() }]);
    let (evidence, _) = all(options(&double, with_secret()), questions);
    assert!(evidence.iter().all(|(_, answer)| answer.is_ok()));
    assert_eq!(double.asked(LOGIN).len(), 2, "one token for each audience");
    let at = |path: &str| double.log().iter().filter(|seen| seen.path().eq_ignore_ascii_case(path)).count();
    assert_eq!((at("/oauth2/exchange"), at("/oauth2/token"), at(REGISTRY)), (1, 1, 1));
}

#[test]
fn a_proxys_page_at_entra_is_told_as_one() {
    let double = Double::start(|seen, _| if seen.host == LOGIN { Reply::page(200) } else { healthy(seen) });
    let said = failure(&double, image("acme.azurecr.io/api:v1"));
    insta::assert_snapshot!(said, @"login.microsoftonline.com answered 200 with text/html where JSON was expected: a proxy or firewall between this runner and login.microsoftonline.com may have answered in its place");
    assert!(double.asked(ACME).is_empty());
}

#[test]
fn a_page_is_no_answer_anywhere() {
    let double = Double::start(|seen, _| match seen.path() {
        REGISTRY | "/oauth2/exchange" => Reply::page(200),
        _ => healthy(seen),
    });
    for question in [get(REGISTRY), image("acme.azurecr.io/api:v1")] {
        assert!(matches!(failure(&double, question), Failure::Unreadable { .. }));
    }
}

#[test]
fn a_token_endpoint_that_hangs_ends_with_the_deadline() {
    let double = Double::start(|seen, _| if seen.host == LOGIN { Reply::Hang } else { healthy(seen) });
    let started = Instant::now();
    let mut options = options(&double, with_secret());
    options.http.timeout = Duration::from_secs(1);
    let (evidence, _) = all(options, [image("acme.azurecr.io/api:v1"), get(REGISTRY)]);
    assert!(evidence.iter().all(|(_, answer)| matches!(answer, Err(Failure::Timeout { host, .. }) if host == LOGIN)), "{evidence:?}");
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_refused_secret_is_told_with_entras_words_and_never_shown() {
    let double = Double::start(|seen, _| match seen.host.as_str() {
        LOGIN => Reply::json(401, json!({"error": "invalid_client", "error_codes": [7000215],
            "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: x Correlation ID: y"})),
        _ => healthy(seen),
    });
    let Failure::NoCredential { tried } = failure(&double, get(REGISTRY)) else { panic!() };
    let secret = tried.iter().find(|reason| reason.starts_with("the secret in the environment")).unwrap();
    assert_eq!(secret, "the secret in the environment: AADSTS7000215: Invalid client secret provided.");
    assert!(!tried.concat().contains(SECRET));
}

#[test]
fn without_any_credential_each_one_is_explained() {
    let double = Double::start(|seen, _| healthy(seen));
    let Failure::NoCredential { tried } = one(options(&double, Environment::default()), get(REGISTRY)).unwrap_err() else { panic!() };
    for expected in [
        "GitHub's federated token: not in a GitHub job",
        "the Azure DevOps service connection: not in an Azure DevOps job",
        "workload identity: AZURE_FEDERATED_TOKEN_FILE is not set",
        "the secret in the environment: AZURE_CLIENT_SECRET is not set",
        "the certificate in the environment: AZURE_CLIENT_CERTIFICATE_PATH is not set",
        "the managed identity of this host: IDENTITY_ENDPOINT is not set",
        "the Azure CLI: `az` is not on the PATH",
        "the Azure Developer CLI: `azd` is not on the PATH",
    ] {
        assert!(tried.iter().any(|reason| reason == expected), "{expected} in {tried:?}");
    }
    assert!(double.log().iter().all(|seen| seen.host != ARM && seen.host != LOGIN));
}

#[test]
fn nobody_logged_in_asks_the_registry_anonymously() {
    let double = Double::start(|seen, _| match seen.path() {
        "/v2/" => Reply::json(401, json!({})).with("www-authenticate", r#"Bearer realm="https://acme.azurecr.io/oauth2/token",service="acme.azurecr.io""#),
        "/oauth2/token" => Reply::json(401, json!({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})),
        _ => healthy(seen),
    });
    let said = one(options(&double, Environment::default()), image("acme.azurecr.io/api:v1")).unwrap_err();
    assert!(matches!(said, Failure::Refused { status: 401, anonymous: true, .. }), "{said}");
}

#[test]
fn a_github_job_exchanges_its_own_token() {
    let double = Double::start(|seen, _| match seen.host.as_str() {
        "vstoken.actions.githubusercontent.com" => Reply::json(200, json!({"value": "planted-job-token"})),
        _ => healthy(seen),
    });
    let environment = Environment::from([
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://vstoken.actions.githubusercontent.com/job?api-version=2.0"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "planted-runtime-token"),
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", "a-1"),
    ]);
    let (evidence, probe) = all(options(&double, environment), [get(REGISTRY)]);
    assert!(evidence.iter().all(|(_, answer)| answer.is_ok()));
    let job = &double.asked("vstoken.actions.githubusercontent.com")[0];
    assert_eq!(job.target, "/job?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange");
    assert_eq!(job.authorization.as_deref(), Some("Bearer planted-runtime-token"));
    let entra = &double.asked(LOGIN)[0];
    assert_eq!((form(&entra.body, "client_assertion"), form(&entra.body, "client_id")), ("planted-job-token", "a-1"));
    assert!(double.log().iter().filter(|seen| seen.host != job.host).all(|seen| !seen.text().contains("runtime-token")));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let caller = runtime.block_on(probe.caller()).unwrap();
    assert_eq!(caller.to_string(), format!("GitHub's federated token (application a-1, object o-1, tenant {TENANT})"));
}

#[test]
fn a_github_job_that_may_not_have_a_token_is_told_so() {
    let double = Double::start(|seen, _| healthy(seen));
    let environment = Environment::from([("GITHUB_ACTIONS", "true")]);
    let Failure::NoCredential { tried } = one(options(&double, environment), get(REGISTRY)).unwrap_err() else { panic!() };
    assert!(tried[0].contains("permissions: id-token: write"), "{tried:?}");
}

#[test]
fn a_workload_identity_shows_the_token_of_its_file() {
    let double = Double::start(|seen, _| healthy(seen));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "planted-service-account").unwrap();
    let environment = Environment::from([
        ("AZURE_FEDERATED_TOKEN_FILE", file.path().to_str().unwrap()),
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", "a-1"),
    ]);
    assert!(one(options(&double, environment), get(REGISTRY)).is_ok());
    assert_eq!(form(&double.asked(LOGIN)[0].body, "client_assertion"), "planted-service-account");
}

#[cfg(unix)]
#[test]
fn the_azure_cli_is_run_once_for_each_audience() {
    use std::os::unix::fs::PermissionsExt;

    let double = Double::start(|seen, _| healthy(seen));
    let folder = tempfile::tempdir().unwrap();
    let (program, log) = (folder.path().join("az"), folder.path().join("log"));
    let answer = json!({"accessToken": token(&json!({"oid": "o-2", "tid": TENANT})), "expires_on": 4_000_000_000_u64, "tokenType": "Bearer"});
    std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> {}\necho '{answer}'\n", log.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let questions = [get(REGISTRY), assignments(), image("acme.azurecr.io/api:v1"), image("acme.azurecr.io/api:v2")];
    let (_, probe) = all(options(&double, Environment::from([("PATH", path.as_str())])), questions);
    let run = std::fs::read_to_string(log).unwrap();
    let mut run: Vec<&str> = run.lines().collect();
    run.sort_unstable();
    let expected = ["https://containerregistry.azure.net/.default", "https://management.azure.com/.default"];
    assert_eq!(run, expected.map(|scope| format!("account get-access-token -o json --scope {scope}")));
    assert!(probe.requests() > 4);
}

#[test]
fn sovereign_clouds_have_their_own_hosts() {
    let double = Double::start(|seen, _| healthy(seen));
    let mut options = options(&double, with_secret());
    options.cloud = Cloud::UsGov;
    all(options, [image("acme.azurecr.us/api:v1"), image("acme.azurecr.io/api:v1"), get(REGISTRY)]);
    let hosts: BTreeSet<String> = double.log().into_iter().map(|seen| seen.host).collect();
    let expected = ["acme.azurecr.io", "acme.azurecr.us", "login.microsoftonline.us", "management.usgovcloudapi.net"];
    assert_eq!(hosts, expected.map(str::to_owned).into());
    assert!(double.asked(ACME).iter().all(|seen| !seen.text().contains(PLANTED)), "another cloud's registry sees no token");
}

#[test]
fn a_look_alike_host_sees_no_token() {
    let double = Double::start(|seen, _| healthy(seen));
    let evil = "acme.azurecr.io.evil.example";
    all(options(&double, with_secret()), [image(&format!("{evil}/api:v1")), Question::Registry { host: Host::parse(evil).unwrap() }]);
    assert!(!double.asked(evil).is_empty());
    assert!(double.asked(evil).iter().all(|seen| seen.authorization.is_none() && !seen.text().contains(PLANTED)), "{:?}", double.asked(evil));
}

#[test]
fn a_realm_on_another_host_sees_no_refresh_token() {
    let realm = r#"Bearer realm="https://evil.example/token",service="x",scope="repository:api:push""#;
    let double = Double::start(move |seen, _| match seen.path() {
        path if path.starts_with("/v2/") => Reply::json(401, json!({})).with("www-authenticate", realm),
        _ => healthy(seen),
    });
    let said = failure(&double, image("acme.azurecr.io/api:v1"));
    assert!(matches!(said, Failure::Refused { .. }), "{said}");
    assert!(double.asked("evil.example").is_empty());

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), r#"{"auths": {"registry.example": {"identitytoken": "planted-identity"}}}"#).unwrap();
    let environment = Environment::from([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
    let said = one(options(&double, environment), image("registry.example/api:v1")).unwrap_err();
    assert!(matches!(&said, Failure::Redirected { to, .. } if to.contains("evil.example")), "{said}");
    assert!(double.asked("evil.example").is_empty());
}

#[test]
fn a_registry_that_says_401_for_ever_is_asked_few_times() {
    let again = r#"Bearer realm="https://acme.azurecr.io/oauth2/token",service="acme.azurecr.io",scope="repository:api:pull,push""#;
    let double = Double::start(move |seen, _| match seen.path() {
        path if path.starts_with("/v2/") => Reply::json(401, json!({})).with("www-authenticate", again),
        _ => healthy(seen),
    });
    let said = failure(&double, image("acme.azurecr.io/api:v1"));
    assert!(matches!(said, Failure::Refused { status: 401, anonymous: false, .. }), "{said}");
    assert!(double.asked(ACME).len() <= 6, "{:?}", double.asked(ACME));
}

#[test]
fn a_redirect_leaves_the_credential_behind() {
    let double = Double::start(|seen, _| match (seen.host.as_str(), seen.path()) {
        (ACME, path) if path.contains("/blobs/") => Reply::json(307, json!({})).with("location", "https://store.blob.core.windows.net/config?sig=x"),
        ("store.blob.core.windows.net", _) => Reply::json(200, configuration()),
        _ => healthy(seen),
    });
    assert!(one(options(&double, with_secret()), image("acme.azurecr.io/api:v1")).is_ok());
    let store = double.asked("store.blob.core.windows.net");
    assert_eq!(store.len(), 1);
    assert!(!store[0].text().contains(PLANTED), "{store:?}");
}

#[test]
fn a_redirect_of_a_token_request_is_not_followed() {
    for redirected in [LOGIN, ARM, ACME] {
        let double = Double::start(move |seen, _| match seen.host.as_str() {
            host if host == redirected => Reply::json(307, json!({})).with("location", "https://evil.example/"),
            _ => healthy(seen),
        });
        all(options(&double, with_secret()), [image("acme.azurecr.io/api:v1"), get(REGISTRY)]);
        assert!(double.asked("evil.example").iter().all(|seen| !seen.text().contains(PLANTED)), "{:?}", double.asked("evil.example"));
    }
}

#[test]
fn each_token_is_seen_by_the_host_that_it_is_for_and_no_secret_is_kept() {
    let double = Double::start(|seen, _| match seen.path() {
        path if path.ends_with("/listCredentials") => Reply::json(200, json!({"username": "acme",
            "passwords": [{"name": "password", "value": "planted-password"}, {"name": "password2", "value": "planted-other"}]})),
        path if path.ends_with("/containerApps/api") => Reply::json(200, json!({"id": path, "properties": {
            "configuration": {"secrets": [{"name": "pw", "value": "planted-value"}]}}})),
        _ => healthy(seen),
    });
    let app = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/api";
    let admin = Question::Resource(Resource::AdminCredentials { registry: REGISTRY.to_owned() });
    let (evidence, _) = all(options(&double, with_secret()), [image("acme.azurecr.io/api:v1"), get(app), admin, Question::Registry { host: acme() }]);
    assert!(evidence.iter().all(|(_, answer)| answer.is_ok()), "{evidence:?}");
    let saved = evidence.save();
    assert!(!saved.contains(PLANTED), "{saved}");
    assert!(saved.contains(r#""matches": true"#), "{saved}");
    for seen in double.log() {
        let scope = seen.authorization.as_deref().and_then(|bearer| bearer.split('.').nth(1)).map(|part| {
            String::from_utf8(base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        });
        match seen.host.as_str() {
            ARM => assert!(scope.unwrap().contains("management.azure.com"), "{}", seen.target),
            _ => assert!(scope.is_none(), "{} saw {scope:?}", seen.host),
        }
    }
}

#[test]
fn a_password_of_the_manifest_is_tried_and_only_at_its_registry() {
    let realm = r#"Bearer realm="https://acme.azurecr.io/oauth2/token",service="acme.azurecr.io""#;
    let double = Double::start(move |seen, _| match (seen.path(), &seen.authorization) {
        ("/v2/", _) => Reply::json(401, json!({})).with("www-authenticate", realm),
        ("/oauth2/token", Some(basic)) if basic.starts_with("Basic ") => Reply::json(401, json!({"errors": [{"code": "UNAUTHORIZED"}]})),
        _ => healthy(seen),
    });
    let login = |secret: &str| Question::Login {
        registry: acme(),
        repository: "api".to_owned(),
        login: Login { username: "acme".to_owned(), secret: secret.to_owned() },
    };
    assert_eq!(one(options(&double, Environment::default()), login("pw")), Ok(Told::Flag(false)));
    let missing = one(options(&double, Environment::default()), login("other")).unwrap_err();
    assert!(matches!(missing, Failure::Skipped { .. }), "{missing}");
}

#[test]
fn an_id_with_an_unknown_part_is_not_asked() {
    let double = Double::start(|seen, _| healthy(seen));
    assert!(matches!(failure(&double, get("/subscriptions/…/resourceGroups/g")), Failure::Unknown { .. }));
    assert!(double.log().is_empty());
}

#[test]
fn the_way_to_a_registry_is_described() {
    let double = Double::start(|seen, _| match seen.path() {
        "/v2/" => Reply::json(403, json!({"errors": [{"code": "DENIED"}]})),
        _ => healthy(seen),
    });
    let Ok(Told::Resolution(seen)) = one(options(&double, Environment::default()), Question::Reach { host: acme() }) else { panic!() };
    assert_eq!((seen.status, seen.issuer.as_deref()), (Some(403), Some("Test Authority")));
}

#[test]
fn a_certificate_of_somebody_else_is_told_as_one() {
    let double = Double::start(|seen, _| healthy(seen));
    let mut options = options(&double, Environment::default());
    options.http.ca_pem = None;
    let said = one(options, Question::Reach { host: acme() }).unwrap_err();
    assert!(matches!(&said, Failure::Tls { reason, .. } if reason.contains("not trusted")), "{said}");
}
