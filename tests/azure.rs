//! Resource Manager and the registries' exchange, at a server that stands for all of them: what is asked, and what comes of
//! each way to fail.

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/double.rs"]
mod double;
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/world.rs"]
mod world;

use std::time::{Duration, Instant};

use double::{Double, Reply};
use pullgate::evidence::{Failure, Platform, Question, Reply as Told};
use pullgate::image::{Host, ImageRef};
use pullgate::probe::environment::Environment;
use serde_json::{Value, json};
use world::*;

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
        "/providers/Microsoft.ResourceGraph/resources" => {
            Reply::json(403, json!({"error": {"code": "Forbidden", "message": "no"}}))
        }
        "/subscriptions/s/providers/Microsoft.ContainerRegistry/registries" => {
            Reply::json(200, json!({"value": [registry()]}))
        }
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
        REGISTRY => Reply::json(
            403,
            json!({"error": {"code": "AuthorizationFailed", "message":
            "The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.ContainerRegistry/registries/read' over scope '/subscriptions/s' or the scope is invalid."}}),
        ),
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
        let page =
            json!({"value": [{"name": before}], "nextLink": if before == 0 { json!(next) } else { Value::Null }});
        Reply::json(200, page)
    });
    let answer = one(options(&double, with_secret()), assignments()).unwrap();
    let Told::Json(answer) = answer else { panic!("{answer:?}") };
    assert_eq!(answer["value"], json!([{"name": 0}, {"name": 1}]));
    assert!(answer["asked"]["recently"].as_str() < answer["asked"]["now"].as_str(), "{answer}");
    let first =
        double.asked(ARM)[0].target.replace("%24", "$").replace("%28", "(").replace("%27", "'").replace("%29", ")");
    assert!(first.ends_with("api-version=2022-04-01&$filter=assignedTo('p-1')"), "{first}");
}

#[test]
fn the_next_page_is_not_fetched_from_another_host() {
    let double = Double::start(|seen, _| match seen.path() {
        path if path.ends_with("/roleAssignments") => {
            Reply::json(200, json!({"value": [], "nextLink": "https://evil.example/page"}))
        }
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
        (REGISTRY, 0) => {
            Reply::json(429, json!({"error": {"code": "429", "message": "Too many requests. Retry after 1 seconds."}}))
        }
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
        REGISTRY => {
            Reply::json(429, json!({"error": {"code": "429", "message": "Please try again after '372' seconds."}}))
        }
        _ => healthy(seen),
    });
    let started = Instant::now();
    assert!(matches!(failure(&double, get(REGISTRY)), Failure::Throttled { retry_after: Some(372), .. }));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn an_api_version_that_a_cloud_does_not_know_is_replaced_by_one_that_it_names() {
    let double = Double::start(|seen, _| match (seen.path(), seen.target.contains("2023-07-01")) {
        (REGISTRY, false) => Reply::json(
            400,
            json!({"error": {"code": "NoRegisteredProviderFound",
            "message": "No registered resource provider found for API version '2025-11-01'. The supported api-versions are '2022-12-01, 2023-07-01'."}}),
        ),
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
    questions.extend([
        get(REGISTRY),
        get(&REGISTRY.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions")),
        Question::Registry { host: acme() },
    ]);
    let (evidence, _) = all(options(&double, with_secret()), questions);
    assert!(evidence.iter().all(|(_, answer)| answer.is_ok()));
    assert_eq!(double.asked(LOGIN).len(), 2, "one token for each audience");
    let at = |path: &str| double.log().iter().filter(|seen| seen.path().eq_ignore_ascii_case(path)).count();
    assert_eq!((at("/oauth2/exchange"), at("/oauth2/token"), at(REGISTRY)), (1, 1, 1));
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
fn a_page_instead_of_a_manifest_is_no_artefact() {
    let double = Double::start(|seen, _| match seen.path() {
        path if path.contains("/manifests/") => Reply::page(200),
        _ => healthy(seen),
    });
    let failure = failure(&double, image("acme.azurecr.io/api:v1"));
    assert!(matches!(failure, Failure::Unreadable { .. }), "{failure}");
}

#[test]
fn a_lock_is_seen_wherever_the_registry_tells_of_it() {
    let locked = json!({"changeableAttributes": {"readEnabled": false}});
    let digest = format!("sha256:{}", "a".repeat(64));
    let (of_manifest, tag) =
        (digest.clone(), json!({"tag": {"digest": digest, "changeableAttributes": {"readEnabled": true}}}));
    let double = Double::start(move |seen, _| match seen.path() {
        "/acr/v1/api/_tags/v1" => Reply::json(200, tag.clone()),
        "/acr/v1/api/_tags/v2" => Reply::json(200, json!({"tag": locked.clone()})),
        path if path == format!("/acr/v1/api/_manifests/{of_manifest}") => {
            Reply::json(200, json!({"manifest": locked.clone()}))
        }
        _ => healthy(seen),
    });
    let attributes = |tag: &str| {
        let image = ImageRef::parse(&format!("acme.azurecr.io/api:{tag}")).unwrap();
        one(options(&double, with_secret()), Question::Attributes { image })
    };
    let Ok(Told::Attributes(by_manifest)) = attributes("v1") else { panic!("{:?}", attributes("v1")) };
    assert_eq!((by_manifest.tag_readable, by_manifest.manifest_readable), (Some(true), Some(false)));
    let Ok(Told::Attributes(by_tag)) = attributes("v2") else { panic!("{:?}", attributes("v2")) };
    assert_eq!((by_tag.repository_readable, by_tag.tag_readable), (None, Some(false)));
    assert!(matches!(attributes("v3"), Err(Failure::NotFound { .. })));
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
    let Ok(Told::Resolution(seen)) = one(options(&double, Environment::default()), Question::Reach { host: acme() })
    else {
        panic!()
    };
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
