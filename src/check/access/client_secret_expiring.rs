//! The secret of the service principal that pulls ends soon, or has ended.
//!
//! ## Why
//! A service principal logs in with its application id and a secret, which ends after a year unless something else was said. The
//! workload runs on until it pulls again.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-auth-service-principal>
//!
//! ## Fix
//! Make a new secret and put it into the registry entry; or pull with a managed identity, which has none.

use serde_json::Value as Json;

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};
use crate::value::Value;

use super::wiring;

pub const CHECK: Check = Check {
    code: "client-secret-expiring",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("client_secret_expiring.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let entries = workload.registries.entries.iter().filter(|entry| wiring::is_azure_entry(entry) == Some(true));
    let clients: Vec<&Value> = entries
        .filter_map(|entry| entry.username.as_ref().filter(|user| user.as_str().is_some_and(is_client)))
        .collect();
    if clients.is_empty() {
        return Err(Stop::NotApplicable("no service principal pulls"));
    }
    let mut findings = Vec::new();
    for client in clients {
        let id = client.as_str().unwrap_or_default();
        let Ok(json) = evidence.resource(Resource::ApplicationSecrets { client: id.to_owned() })? else {
            // Few callers may read Graph; that no secret ends cannot be told, and is no reason to stop a deployment.
            return Err(Stop::NotApplicable("the secrets of the application may not be read"));
        };
        findings.extend(judge(client, id, json));
    }
    Ok(findings)
}

/// `soon` is the day from which on an end counts as near; `now` is when it was asked. Both are part of the answer, because judging
/// has no clock.
fn judge(client: &Value, id: &str, json: &Json) -> Option<Finding> {
    let text = |key: &str| json.get(key).and_then(Json::as_str);
    let (now, soon) = (text("now")?, text("soon")?);
    let secrets = json.get("passwordCredentials").and_then(Json::as_array)?;
    let ends = secrets.iter().filter_map(|secret| secret.get("endDateTime").and_then(Json::as_str));
    // Which of several secrets is used, nobody can tell: the last one to end decides. Dates in one form compare as texts.
    let last = ends.max()?;
    let day = last.get(..10).unwrap_or(last);
    if last > soon {
        return None;
    }
    let ended = last <= now;
    let title = match ended {
        true => format!("the last secret of the service principal {id} ended on {day}"),
        false => format!("the last secret of the service principal {id} ends on {day}"),
    };
    let finding = Finding::at_value(client, title)
        .help("make a new secret and put it into the registry entry, or pull with a managed identity");
    let finding = finding.command(format!("az ad app credential reset --id {id} --append"));
    Some(if ended { finding.severity(Severity::Error) } else { finding })
}

fn is_client(user: &str) -> bool {
    let is_guid = user.len() == 36 && user.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    // This one stands for a refresh token of the registry (https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md).
    is_guid && user != "00000000-0000-0000-0000-000000000000"
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::answering;
    use crate::check::table::verdicts;
    use crate::evidence::{Evidence, Resource};
    use serde_json::json;

    const CLIENT: &str = "7e199b43-042e-5e3b-871c-eb57727e3fb6";

    #[track_caller]
    fn says(ends: &[&str]) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{{name: p}}]\n  registries: [{{server: acme1.azurecr.io, username: {CLIENT}, \
             passwordSecretRef: p}}]\ntemplate: {{containers: [{{name: a, image: b}}]}}\n"
        );
        let secrets: Vec<_> = ends.iter().map(|end| json!({"endDateTime": end})).collect();
        let answer =
            json!({"now": "2026-05-01T00:00:00Z", "soon": "2026-05-31T00:00:00Z", "passwordCredentials": secrets});
        let question = Resource::ApplicationSecrets { client: CLIENT.to_owned() };
        verdicts(CHECK, &text, &answering(Evidence::default(), question, Ok(answer)))
    }

    #[test]
    fn a_secret_that_ends_soon_is_warned_of_and_one_that_ended_fails() {
        insta::assert_snapshot!(says(&["2026-05-20T10:00:00Z"]), @"
        warning: the last secret of the service principal 7e199b43-042e-5e3b-871c-eb57727e3fb6 ends on 2026-05-20
        help: make a new secret and put it into the registry entry, or pull with a managed identity
        run: az ad app credential reset --id 7e199b43-042e-5e3b-871c-eb57727e3fb6 --append
        ");
        insta::assert_snapshot!(says(&["2026-04-20T10:00:00Z"]), @"
        error: the last secret of the service principal 7e199b43-042e-5e3b-871c-eb57727e3fb6 ended on 2026-04-20
        help: make a new secret and put it into the registry entry, or pull with a managed identity
        run: az ad app credential reset --id 7e199b43-042e-5e3b-871c-eb57727e3fb6 --append
        ");
        assert_eq!(says(&["2026-04-20T10:00:00Z", "2027-04-20T10:00:00Z"]), "pass");
    }
}
