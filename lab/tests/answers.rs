//! What the lab refuses, and in whose words.

use std::path::Path;

use hyper::Method;
use lab::client::document;
use lab::{Azure, Puller, World, az, pull};
use serde_json::{Value, json};

const REGISTRY: &str = "/subscriptions/5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730/resourceGroups/rg-aca-lab-acr/providers/Microsoft.ContainerRegistry/registries/labacr";
const TENANT: &str = "1c7e2a94-6f0d-4b3a-8e55-90d1b2c3f4a6";
const PULLER: &str = "c4a1f0d2-93b7-4e58-a6c0-7d12e5f8b904";

fn up(world: &str) -> Azure {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("worlds").join(world);
    Azure::start(World::load(&folder).unwrap(), 0).unwrap()
}

fn token(azure: &Azure, tenant: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
    azure.client(lab::azure::RUNNER).unwrap().form(&url, fields).unwrap()
}

fn as_principal(azure: &Azure, name: &str, audience: &str) -> String {
    let principal = azure.principal(name).unwrap();
    let scope = format!("{audience}/.default");
    let secret = principal.secret.unwrap();
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &*principal.client_id),
        ("client_secret", &*secret),
        ("scope", &*scope),
    ];
    token(azure, TENANT, &fields).1["access_token"].as_str().unwrap().to_owned()
}

fn arm(azure: &Azure, name: &str, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let bearer = format!("Bearer {}", as_principal(azure, name, "https://management.azure.com"));
    let url = format!("https://management.azure.com{path}");
    let response =
        azure.client(lab::azure::RUNNER).unwrap().send(method, &url, &[("authorization", &bearer)], body.to_string());
    document(&response.unwrap()).unwrap()
}

#[track_caller]
fn says(answer: &(u16, Value), status: u16, code: &str) {
    let said = answer.1["error"]["code"].as_str().or(answer.1["error"].as_str()).unwrap_or_default();
    assert_eq!((answer.0, said), (status, code), "{}", answer.1);
}

#[test]
fn entra_knows_who_may_log_in() {
    let azure = up("healthy-user-identity");
    let client = azure.principal("gate").unwrap().client_id;
    let with = |client: &str, secret: &str, scope: &str, tenant: &str| {
        let fields =
            [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret), ("scope", scope)];
        let (status, body) = token(&azure, tenant, &fields);
        (status, body["error_codes"][0].as_u64())
    };
    let scope = "https://management.azure.com/.default";
    assert_eq!(with(&client, "secret-of-the-gate", scope, TENANT), (200, None));
    assert_eq!(with(&client, "wrong", scope, TENANT), (401, Some(7_000_215)));
    assert_eq!(with("nobody", "", scope, TENANT), (400, Some(700_016)));
    assert_eq!(with(&client, "secret-of-the-gate", scope, "elsewhere"), (400, Some(90_002)));
    assert_eq!(with(&client, "secret-of-the-gate", "https://elsewhere.example/.default", TENANT), (400, Some(500_011)));
}

#[test]
fn entra_takes_the_token_of_a_workload_that_it_knows() {
    let azure = up("healthy-user-identity");
    let client = azure.principal("gate").unwrap().client_id;
    let with = |subject: &str| {
        let claims = json!({
            "iss": "https://token.actions.githubusercontent.com",
            "sub": subject,
            "aud": "api://AzureADTokenExchange",
        });
        let assertion = lab::token::Mint::new().token(60, claims);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &*client),
            ("client_assertion_type", kind),
            ("client_assertion", &*assertion),
            ("scope", "https://management.azure.com/.default"),
        ];
        let (status, body) = token(&azure, TENANT, &fields);
        (status, body["error_codes"][0].as_u64())
    };
    assert_eq!(with("repo:acme/shop:environment:production"), (200, None));
    assert_eq!(with("repo:acme/shop:ref:refs/heads/main"), (400, Some(700_213)));
}

#[test]
fn resource_manager_wants_a_version_a_right_and_its_own_token() {
    let azure = up("healthy-user-identity");
    let ask = |name: &str, path: &str| arm(&azure, name, Method::GET, path, &Value::Null);
    assert_eq!(
        ask(
            "gate",
            &format!("{}?api-version=2025-11-01", REGISTRY.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions"))
        )
        .0,
        200
    );
    says(&ask("gate", REGISTRY), 400, "MissingApiVersionParameter");
    says(&ask("gate", &format!("{REGISTRY}x?api-version=2025-11-01")), 404, "ResourceNotFound");
    azure.change(|world| world.resources.retain(|id, _| !id.contains("/roleassignments/")));
    says(&ask("gate", &format!("{REGISTRY}?api-version=2025-11-01")), 403, "AuthorizationFailed");
    says(&ask("gate", &format!("{REGISTRY}x?api-version=2025-11-01")), 403, "AuthorizationFailed");

    let narrow = format!("Bearer {}", as_principal(&azure, "gate", "https://containerregistry.azure.net"));
    let url = format!("https://management.azure.com{REGISTRY}?api-version=2025-11-01");
    let response =
        azure.client(lab::azure::RUNNER).unwrap().send(Method::GET, &url, &[("authorization", &narrow)], "").unwrap();
    says(&document(&response).unwrap(), 401, "InvalidAuthenticationTokenAudience");
}

#[test]
fn an_assignment_is_made_once_by_who_may() {
    let azure = up("missing-acrpull");
    let role = "/providers/Microsoft.Authorization/roleDefinitions/7f951dda-4ed3-4680-a7ca-43fe172d538d";
    let assign = |name: &str, guid: &str, principal: &str| {
        let path =
            format!("{REGISTRY}/providers/Microsoft.Authorization/roleAssignments/{guid}?api-version=2022-04-01");
        arm(
            &azure,
            name,
            Method::PUT,
            &path,
            &json!({"properties": {"roleDefinitionId": role, "principalId": principal}}),
        )
    };
    says(&assign("gate", "a", PULLER), 403, "AuthorizationFailed");
    says(&assign("operator", "a", "00000000-0000-0000-0000-00000000beef"), 400, "PrincipalNotFound");
    assert_eq!(assign("operator", "a", PULLER).0, 201);
    assert_eq!(assign("operator", "a", PULLER).0, 200);
    says(&assign("operator", "b", PULLER), 409, "RoleAssignmentExists");
}

#[test]
fn a_pull_ends_where_the_world_says() {
    let pulls = |world: &str| {
        let azure = up(world);
        let wanted = azure.change(|world| world.written.pull.clone()).unwrap();
        pull(&azure, &wanted.by, &wanted.image).map_err(|refusal| (refusal.status, refusal.code))
    };
    let refused = |status, code: &str| Err((status, code.to_owned()));
    assert_eq!(pulls("healthy-user-identity"), Ok(()));
    assert_eq!(pulls("missing-acrpull"), refused(401, "UNAUTHORIZED"));
    assert_eq!(pulls("tag-missing"), refused(404, "MANIFEST_UNKNOWN"));
    assert_eq!(pulls("registry-closed"), refused(403, "DENIED"));
    assert_eq!(pulls("arm-tokens-refused"), refused(401, "UNAUTHORIZED"));
}

#[test]
fn a_layer_is_not_given_to_a_token() {
    let azure = up("open-to-everybody");
    assert_eq!(pull(&azure, &Puller::Anonymous, "labacr.azurecr.io/labacr:v1"), Ok(()));
    let asked = azure.log();
    assert!(asked.iter().any(|line| line.contains("koreacentralmanaged1.blob.core.windows.net")), "{asked:?}");
    let client = azure.client(lab::azure::RUNNER).unwrap();
    let url = "https://koreacentralmanaged1.blob.core.windows.net/lab//x?sig=";
    assert_eq!(client.send(Method::GET, url, &[], "").unwrap().status(), 403);
}

#[test]
fn a_remedy_needs_somebody_who_may() {
    let azure = up("missing-acrpull");
    let line = format!("az role assignment create --assignee-object-id {PULLER} --role AcrPull --scope {REGISTRY}");
    assert!(az::az(&azure, "gate", &line).unwrap_err().starts_with("(AuthorizationFailed)"));
    assert_eq!(az::az(&azure, "operator", &line), Ok(()));
    assert!(az::az(&azure, "operator", "az group delete -n rg").is_err());
}
