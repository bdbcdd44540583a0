//! The passwords of the registry's token end soon, or have ended.
//!
//! ## Why
//! A token of the registry has up to two passwords, each with an end if one was given to it. The workload runs on until it pulls
//! again, at a scale-out or a restart.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-token-based-repository-permissions>
//!
//! ## Fix
//! Make a new password and put it into the registry entry; or pull with a managed identity, which has none.

use serde_json::Value as Json;

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Asked, Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};

use super::token_disabled::{self, Token};
use super::wiring;

pub const CHECK: Check = Check {
    code: "token-password-expiring",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("token_password_expiring.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let (Token { user, username, registry, .. }, json) = token_disabled::usable(pull, evidence)?;
        let Some(passwords) = json.pointer("/properties/credentials/passwords").and_then(Json::as_array) else {
            return Err(Stop::NotApplicable("the passwords of the token were not told"));
        };
        let command = format!("az acr token credential generate -n {user} -r {} --password1", registry.name);
        let finding = |title: String| {
            let finding = Finding::at_value(username, title);
            finding
                .help("make a new password and put it into the secret, or pull with a managed identity")
                .command(&command)
        };
        let certificates = json.pointer("/properties/credentials/certificates").and_then(Json::as_array);
        if passwords.is_empty() && certificates.is_none_or(Vec::is_empty) {
            return Ok(vec![finding(format!("the token `{user}` has no password")).severity(Severity::Error)]);
        }
        // Which of two passwords is used, nobody can tell: the last one to end decides, and one without an end never does.
        let ends: Option<Vec<&str>> = passwords.iter().map(|password| password.get("expiry")?.as_str()).collect();
        let (Some(last), Some(asked)) = (ends.and_then(|ends| ends.into_iter().max()), Asked::of(&json)) else {
            return Ok(Vec::new());
        };
        let day = last.get(..10).unwrap_or(last);
        Ok(match () {
            () if asked.is_past(last) => {
                vec![
                    finding(format!("the last password of the token `{user}` ended on {day}"))
                        .severity(Severity::Error),
                ]
            }
            () if asked.is_soon(last) => {
                vec![finding(format!("the last password of the token `{user}` ends on {day}"))]
            }
            () => Vec::new(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{REGISTRY_ID, answering, registry};
    use crate::check::table::verdicts;
    use crate::evidence::{Answer, Failure, Resource};
    use serde_json::{Value, json};

    const TEXT: &str = "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{name: p}]\n  registries: [{server: acme1.azurecr.io, username: \
                        pull-token, passwordSecretRef: p}]\ntemplate: {containers: [{name: a, image: 'acme1.azurecr.io/shop/api:v1'}]}\n";

    #[track_caller]
    fn answered(token: Answer<Value>) -> String {
        let question = Resource::Get { id: format!("{REGISTRY_ID}/tokens/pull-token") };
        verdicts(CHECK, TEXT, &answering(registry(&json!({})), question, token))
    }

    #[track_caller]
    fn says(passwords: Value) -> String {
        answered(Ok(
            json!({"properties": {"status": "enabled", "credentials": {"passwords": passwords}}, "asked": {"now":
            "2026-05-01T12:00:00Z", "recently": "2026-05-01T11:45:00Z", "yesterday": "2026-04-30T12:00:00Z", "soon":
            "2026-05-31T12:00:00Z"}}),
        ))
    }

    #[test]
    fn a_password_that_ends_soon_is_warned_of_and_one_that_ended_fails() {
        insta::assert_snapshot!(says(json!([{"name": "password1", "expiry": "2026-05-20T00:00:00Z"}])), @"
        warning: the last password of the token `pull-token` ends on 2026-05-20
        help: make a new password and put it into the secret, or pull with a managed identity
        run: az acr token credential generate -n pull-token -r acme1 --password1
        ");
        insta::assert_snapshot!(says(json!([{"name": "password1", "expiry": "2026-04-20T00:00:00.1+00:00"}])), @"
        error: the last password of the token `pull-token` ended on 2026-04-20
        help: make a new password and put it into the secret, or pull with a managed identity
        run: az acr token credential generate -n pull-token -r acme1 --password1
        ");
        assert_eq!(says(json!([{"name": "password1", "expiry": "2027-04-20T00:00:00Z"}])), "pass");
    }

    #[test]
    fn one_password_that_goes_on_is_enough() {
        assert_eq!(
            says(json!([{"name": "password1", "expiry": "2026-04-20T00:00:00Z"}, {"name": "password2"}])),
            "pass"
        );
        assert_eq!(says(json!([{"name": "password1", "expiry": null}])), "pass");
    }

    #[test]
    fn a_token_without_a_password_logs_in_nobody() {
        let says = says(json!([]));
        assert!(says.starts_with("error: the token `pull-token` has no password"), "{says}");
    }

    #[test]
    fn a_token_that_is_gone_is_told_elsewhere() {
        insta::assert_snapshot!(answered(Err(Failure::not_found("management.azure.com"))), @"not applicable: `token-disabled` tells of the token");
        insta::assert_snapshot!(answered(Ok(json!({"properties": {"status": "disabled"}}))), @"not applicable: `token-disabled` tells of the token");
    }
}
