//! Who asks: each credential that the environment may hold, and that no token and no password goes where it must not.

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/double.rs"]
mod double;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use base64::Engine;
use double::{Double, Reply};
use pullgate::cloud::Cloud;
use pullgate::evidence::{Failure, Login, Question, Reply as Told, Resource};
use pullgate::image::Host;
use pullgate::probe::environment::Environment;
use serde_json::json;
use world::*;

#[test]
fn a_proxys_page_at_entra_is_told_as_one() {
    let double = Double::start(|seen, _| if seen.host == LOGIN { Reply::page(200) } else { healthy(seen) });
    let said = failure(&double, image("acme.azurecr.io/api:v1"));
    insta::assert_snapshot!(said, @"login.microsoftonline.com answered 200 with text/html where JSON was expected: a proxy or firewall between this runner and login.microsoftonline.com may have answered in its place");
    assert!(double.asked(ACME).is_empty());
}

#[test]
fn a_token_endpoint_that_hangs_ends_with_the_deadline() {
    let double = Double::start(|seen, _| if seen.host == LOGIN { Reply::Hang } else { healthy(seen) });
    let started = Instant::now();
    let mut options = options(&double, with_secret());
    options.http.timeout = Duration::from_secs(1);
    let (evidence, _) = all(options, [image("acme.azurecr.io/api:v1"), get(REGISTRY)]);
    assert!(
        evidence.iter().all(|(_, answer)| matches!(answer, Err(Failure::Timeout { host, .. }) if host == LOGIN)),
        "{evidence:?}"
    );
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_refused_secret_is_told_with_entras_words_and_never_shown() {
    let double = Double::start(|seen, _| match seen.host.as_str() {
        LOGIN => Reply::json(
            401,
            json!({"error": "invalid_client", "error_codes": [7000215],
            "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: x Correlation ID: y"}),
        ),
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
    let Failure::NoCredential { tried } = one(options(&double, Environment::default()), get(REGISTRY)).unwrap_err()
    else {
        panic!()
    };
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
        "/v2/" => Reply::json(401, json!({})).with(
            "www-authenticate",
            r#"Bearer realm="https://acme.azurecr.io/oauth2/token",service="acme.azurecr.io""#,
        ),
        "/oauth2/token" => {
            Reply::json(401, json!({"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}))
        }
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
    assert!(
        double.log().iter().filter(|seen| seen.host != job.host).all(|seen| !seen.text().contains("runtime-token"))
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let caller = runtime.block_on(probe.caller()).unwrap();
    assert_eq!(caller.to_string(), format!("GitHub's federated token (application a-1, object o-1, tenant {TENANT})"));
}

#[test]
fn a_github_job_that_may_not_have_a_token_is_told_so() {
    let double = Double::start(|seen, _| healthy(seen));
    let environment = Environment::from([("GITHUB_ACTIONS", "true")]);
    let Failure::NoCredential { tried } = one(options(&double, environment), get(REGISTRY)).unwrap_err() else {
        panic!()
    };
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

/// A folder with a program of this name, which notes how it is called and prints this.
#[cfg(unix)]
fn folder_with(name: &str, answer: &serde_json::Value) -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let (program, log) = (folder.path().join(name), folder.path().join("log"));
    std::fs::write(&program, format!("#!/bin/sh\necho \"$@\" >> {}\necho '{answer}'\n", log.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// How a login program was called to read from Resource Manager and from registries, and how many requests followed.
#[cfg(unix)]
fn calls(double: &Double, folder: &tempfile::TempDir) -> (Vec<String>, usize) {
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let questions = [get(REGISTRY), assignments(), image("acme.azurecr.io/api:v1"), image("acme.azurecr.io/api:v2")];
    let (_, probe) = all(options(double, Environment::from([("PATH", path.as_str())])), questions);
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let mut calls: Vec<String> = log.lines().map(str::to_owned).collect();
    calls.sort_unstable();
    (calls, probe.requests())
}

#[cfg(unix)]
const SCOPES: [&str; 2] = ["https://containerregistry.azure.net/.default", "https://management.azure.com/.default"];

#[test]
#[cfg(unix)]
fn the_azure_cli_is_run_once_for_each_audience() {
    let double = Double::start(|seen, _| healthy(seen));
    let token = token(&json!({"oid": "o-2", "tid": TENANT}));
    let answer = json!({"accessToken": token, "expires_on": 4_000_000_000_u64, "tokenType": "Bearer"});
    let (calls, requests) = calls(&double, &folder_with("az", &answer));
    assert_eq!(calls, SCOPES.map(|scope| format!("account get-access-token -o json --scope {scope}")));
    assert!(requests > 4);
}

#[test]
#[cfg(unix)]
fn the_azure_developer_cli_is_run_once_for_each_audience() {
    let double = Double::start(|seen, _| healthy(seen));
    let answer = json!({"token": token(&json!({"oid": "o-3", "tid": TENANT})), "expiresOn": "2096-10-02T07:06:40Z"});
    let (calls, requests) = calls(&double, &folder_with("azd", &answer));
    assert_eq!(calls, SCOPES.map(|scope| format!("auth token -o json --no-prompt --scope {scope}")));
    assert!(requests > 4);
    let shown = double.asked(ARM).into_iter().find_map(|seen| seen.authorization).unwrap();
    assert_eq!(shown, format!("Bearer {}", answer["token"].as_str().unwrap()));
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
    assert!(
        double.asked(ACME).iter().all(|seen| !seen.text().contains(PLANTED)),
        "another cloud's registry sees no token"
    );
}

#[test]
fn a_look_alike_host_sees_no_token() {
    let double = Double::start(|seen, _| healthy(seen));
    let evil = "acme.azurecr.io.evil.example";
    all(
        options(&double, with_secret()),
        [image(&format!("{evil}/api:v1")), Question::Registry { host: Host::parse(evil).unwrap() }],
    );
    assert!(!double.asked(evil).is_empty());
    assert!(
        double.asked(evil).iter().all(|seen| seen.authorization.is_none() && !seen.text().contains(PLANTED)),
        "{:?}",
        double.asked(evil)
    );
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
    std::fs::write(
        folder.path().join("config.json"),
        r#"{"auths": {"registry.example": {"identitytoken": "planted-identity"}}}"#,
    )
    .unwrap();
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
        (ACME, path) if path.contains("/blobs/") => {
            Reply::json(307, json!({})).with("location", "https://store.blob.core.windows.net/config?sig=x")
        }
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
        assert!(
            double.asked("evil.example").iter().all(|seen| !seen.text().contains(PLANTED)),
            "{:?}",
            double.asked("evil.example")
        );
    }
}

#[test]
fn each_token_is_seen_by_the_host_that_it_is_for_and_no_secret_is_kept() {
    let double = Double::start(|seen, _| match seen.path() {
        path if path.ends_with("/listCredentials") => Reply::json(
            200,
            json!({"username": "acme",
            "passwords": [{"name": "password", "value": "planted-password"}, {"name": "password2", "value": "planted-other"}]}),
        ),
        path if path.ends_with("/containerApps/api") => Reply::json(
            200,
            json!({"id": path, "properties": {
            "configuration": {"secrets": [{"name": "pw", "value": "planted-value"}]}}}),
        ),
        _ => healthy(seen),
    });
    let app = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/api";
    let admin = Question::Resource(Resource::AdminCredentials { registry: REGISTRY.to_owned() });
    let (evidence, _) = all(
        options(&double, with_secret()),
        [image("acme.azurecr.io/api:v1"), get(app), admin, Question::Registry { host: acme() }],
    );
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
        ("/oauth2/token", Some(basic)) if basic.starts_with("Basic ") => {
            Reply::json(401, json!({"errors": [{"code": "UNAUTHORIZED"}]}))
        }
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

/// azure_identity reads some variables of the process itself, so that these run in a process of their own.
fn in_a_process_with(variables: &[(&str, &str)], test: &str) {
    let mut process = std::process::Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", test, "--nocapture"]).env("PULLGATE_TEST_INNER", "1").envs(variables.iter().copied());
    let done = process.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn is_inner() -> bool {
    std::env::var_os("PULLGATE_TEST_INNER").is_some()
}

#[test]
fn an_azure_devops_job_exchanges_the_token_of_its_connection() {
    let name = "an_azure_devops_job_exchanges_the_token_of_its_connection";
    let variables = [
        ("SYSTEM_OIDCREQUESTURI", "https://vstoken.actions.githubusercontent.com/oidc"),
        ("SYSTEM_ACCESSTOKEN", "planted-job-bearer"),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "connection-1"),
        ("AZURESUBSCRIPTION_CLIENT_ID", "a-1"),
        ("AZURESUBSCRIPTION_TENANT_ID", TENANT),
    ];
    if !is_inner() {
        return in_a_process_with(&variables, name);
    }
    let double = Double::start(|seen, _| match seen.path() {
        "/oidc" => Reply::json(200, json!({"oidcToken": "planted-connection-token"})),
        _ => healthy(seen),
    });
    assert!(one(options(&double, Environment::of_process()), get(REGISTRY)).is_ok());
    let job = &double.asked("vstoken.actions.githubusercontent.com")[0];
    assert!(job.target.contains("serviceConnectionId=connection-1"), "{}", job.target);
    assert_eq!(job.authorization.as_deref(), Some("Bearer planted-job-bearer"));
    assert_eq!(form(&double.asked(LOGIN)[0].body, "client_assertion"), "planted-connection-token");
}

#[test]
fn the_identity_of_a_host_is_asked_where_the_host_says() {
    let name = "the_identity_of_a_host_is_asked_where_the_host_says";
    if !is_inner() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}/msi/token", listener.local_addr().unwrap());
        let identity = std::thread::spawn(move || answer_once(&listener));
        in_a_process_with(&[("IDENTITY_ENDPOINT", &endpoint), ("IDENTITY_HEADER", "planted-header")], name);
        let asked = identity.join().unwrap().to_ascii_lowercase();
        assert!(asked.contains("x-identity-header: planted-header"), "{asked}");
        assert!(asked.contains("resource=https%3a%2f%2fmanagement.azure.com"), "{asked}");
        return;
    }
    let double = Double::start(|seen, _| healthy(seen));
    let mut options = options(&double, Environment::of_process());
    options.http.connect_to = vec![format!("management.azure.com::127.0.0.1:{}", double.port).parse().unwrap()];
    assert!(one(options, get(REGISTRY)).is_ok());
}

#[test]
fn the_identity_of_a_machine_is_asked_at_the_address_that_machines_have() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metadata = format!("169.254.169.254:80:127.0.0.1:{}", listener.local_addr().unwrap().port());
    let service = std::thread::spawn(move || answer_once(&listener));
    let double = Double::start(|seen, _| healthy(seen));
    let mut options = options(&double, Environment::default());
    options.http.connect_to.insert(0, metadata.parse().unwrap());
    assert!(one(options, get(REGISTRY)).is_ok());
    let asked = service.join().unwrap().to_ascii_lowercase();
    assert!(asked.starts_with("get /metadata/identity/oauth2/token?"), "{asked}");
    assert!(asked.contains("\r\nmetadata: true\r\n") && asked.contains("host: 169.254.169.254"), "{asked}");
    assert_eq!(double.asked(ARM)[0].authorization.as_deref(), Some("Bearer planted-identity-token"));
}

/// Gives a token to one request, in plain HTTP, and returns what was asked.
fn answer_once(listener: &std::net::TcpListener) -> String {
    use std::io::{Read, Write};

    let (mut stream, _) = listener.accept().unwrap();
    let mut buffer = [0; 4_096];
    let length = stream.read(&mut buffer).unwrap();
    let body = json!({"access_token": "planted-identity-token", "expires_on": "4000000000", "resource": "r", "token_type": "Bearer"}).to_string();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}
