//! The expressions of the ARM template language, each with its value: what documentation and tests of the engine say.
//!
//! A line of `data/arm-expressions.jsonl` is a request to the example `arm_eval`, and one of `expected`, `expected_error`
//! with its `error_kind`, `expected_runtime` (not known before deployment) and `expected_instant`.

use serde_json::{Map, Value, json};

#[allow(dead_code)]
#[path = "../examples/arm_eval.rs"]
mod arm_eval;

/// What a case is evaluated in, unless it says otherwise.
fn context(case: &Value) -> Value {
    let mut context = json!({
        "scope": "resourceGroup",
        "tenantId": "22222222-2222-2222-2222-222222222222",
        "subscriptionId": "11111111-1111-1111-1111-111111111111",
        "subscriptionDisplayName": "Conformance Subscription",
        "resourceGroup": "rg-conformance",
        "resourceGroupTags": {},
        "location": "westeurope",
        "managementGroup": "mg-conformance",
        "deploymentName": "main",
        "utcNow": "2024-05-06T07:08:09Z",
        "newGuid": "abcdefab-1234-4321-8765-0123456789ab",
        "deployer": {
            "objectId": "33333333-3333-3333-3333-333333333333",
            "tenantId": "22222222-2222-2222-2222-222222222222",
            "userPrincipalName": "dev@contoso.example"
        },
        "environment": "AzureCloud"
    });
    for (name, value) in case["context"].as_object().into_iter().flatten() {
        context[name] = value.clone();
    }
    context
}

/// Without members that are null: they count as absent.
fn trimmed(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let present = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(present.map(|(name, value)| (name.clone(), trimmed(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(trimmed).collect(),
        _ => value.clone(),
    }
}

fn agrees(case: &Value, answer: &Value) -> bool {
    if case["expected_error"] == json!(true) {
        return answer.get("error").is_some() && answer["kind"] == case["error_kind"];
    }
    if case["expected_runtime"] == json!(true) {
        return answer.get("unknown").is_some() || case.get("or_expected").is_some_and(|or| *or == answer["value"]);
    }
    let Some(value) = answer.get("value") else { return false };
    let plain = |text: &Value| text.as_str().unwrap_or("").replace('T', " ");
    match (case.get("expected_instant"), case["keep_null"] == json!(true)) {
        (Some(instant), _) => plain(instant) == plain(value),
        (None, true) => case["expected"] == *value,
        (None, false) => trimmed(&case["expected"]) == trimmed(value),
    }
}

#[test]
fn expressions_have_the_values_that_the_service_gives_them() {
    let mut wrong = Vec::new();
    for line in include_str!("data/arm-expressions.jsonl").lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let mut request = case.clone();
        request["context"] = context(&case);
        let answer = arm_eval::answer(&request.to_string());
        if !agrees(&case, &answer) {
            wrong.push(format!("{}: {} gives {answer}", case["id"], case["expression"]));
        }
    }
    assert!(wrong.is_empty(), "{} disagree:\n{}", wrong.len(), wrong.join("\n"));
}
