//! Texts of our own, in every wrapping that logs have: names, tags, escapes and prefixes must not matter.

use serde_json::json;

use super::given::first;
use super::read;

#[derive(serde::Deserialize)]
struct Template {
    text: String,
    hypothesis: String,
    accept: Vec<String>,
}

/// Registry, repository and tag; among them some whose digits look like a status code.
const NAMES: &[(&str, &str, &str)] = &[
    ("fabrikamreg", "store/basket", "1.9.3"),
    ("crwingtip-h7c2d9aehxcnavgm", "api", "release-403"),
    ("acr401prod", "team-a/ledger", "2026.03-rc1"),
    ("northwind", "a/b/c/worker", "sha-9f3c2d1"),
    ("contoso404", "kiosk", "main-8841"),
    ("redispush", "denied/timeout-service", "not-found-401"),
    ("entraid", "entra-sync/secrets-store", "403-forbidden"),
];

type Wrapping = (&'static str, fn(&str) -> String);

const WRAPPINGS: &[Wrapping] = &[
    ("raw", str::to_owned),
    ("event", |text| json!({"kind": "Event", "reason": "Failed", "message": text}).to_string()),
    ("pretty event", |text| {
        serde_json::to_string_pretty(&json!({"kind": "Event", "count": 3, "message": text})).unwrap()
    }),
    ("klog", |text| {
        format!(
            "E0302 10:11:12.123456    2211 pod_workers.go:1301] \"Error syncing pod\" err={text:?} pod=\"default/web-1\""
        )
    }),
    ("system log", |text| {
        let log = json!({"TimeStamp": "2026-01-01 00:00:00 +0000 UTC", "Type": "Warning", "ContainerAppName": "web", "Msg": text,
            "Reason": "Error", "EventSource": "ContainerAppController", "Count": 2});
        log.to_string()
    }),
    ("query result", |text| {
        let rows = json!([
            ["2026-01-01T00:00:00Z", "web--abc", "Pulling the strings"],
            ["2026-01-01T00:00:01Z", "web--abc", text]
        ]);
        json!({"tables": [{"name": "PrimaryResult", "columns": [{"name": "Log_s", "type": "string"}], "rows": rows}]})
            .to_string()
    }),
    ("pretty query result", |text| {
        let rows = json!([{"TimeGenerated": "2026-01-01T00:00:00Z", "Log_s": text, "TableName": "PrimaryResult"}]);
        serde_json::to_string_pretty(&rows).unwrap()
    }),
    ("CSV", |text| {
        format!("TimeGenerated [UTC],Log_s\n\"3/2/2026, 10:11:12.000 AM\",\"{}\"", text.replace('"', "\"\""))
    }),
    ("deployment error", |text| deployment_error(text, 1)),
    ("deployment error in an operation", |text| deployment_error(text, 2)),
    ("GitHub", |text| prefixed(text, "2026-05-24T01:19:07.2632622Z ", "")),
    ("Azure DevOps", |text| prefixed(text, "2026-05-24T01:19:07.2632622Z ", "##[error]")),
    ("colours", |text| prefixed(text, "\x1b[31;1m", "\x1b[0m")),
    ("annotation", |text| format!("::error title=deploy::{}", text.replace('%', "%25").replace('\n', "%0A"))),
    ("HTML", |text| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")),
    ("describe", |text| {
        let text = text.replace('\n', " ");
        format!(
            "Events:\n  Normal   Scheduled  40s  default-scheduler  Successfully assigned default/web\n  Warning  Failed     12s (x3 over 40s)  kubelet            {text}\n  Warning  BackOff    1s   kubelet            Back-off restarting failed container"
        )
    }),
];

fn deployment_error(text: &str, layers: usize) -> String {
    let mut error = json!({"error": {"code": "ContainerAppOperationError", "message": text}});
    for _ in 0..layers {
        error = json!({"error": {"code": "DeploymentFailed", "details": [{"code": "Conflict", "message": error.to_string()}]}});
    }
    error.to_string()
}

fn prefixed(text: &str, prefix: &str, mark: &str) -> String {
    let lines = text.lines().map(|line| format!("{prefix}{mark}{line}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn templates() -> Vec<Template> {
    let read = |line| serde_json::from_str(line).unwrap();
    include_str!("../../tests/data/triage/pulls.jsonl").lines().map(read).collect()
}

fn named(text: &str, (registry, repository, tag): (&str, &str, &str)) -> String {
    text.replace("{acr}", registry).replace("{repository}", repository).replace("{tag}", tag)
}

#[test]
fn each_text_is_told_what_it_is_in_every_wrapping() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (at, template) in templates().iter().enumerate() {
        for (offset, (name, wrap)) in WRAPPINGS.iter().enumerate() {
            let text = wrap(&named(&template.text, NAMES[(at + offset) % NAMES.len()]));
            let found = first(&text);
            let right = found
                .is_some_and(|name| name == template.hypothesis || template.accept.iter().any(|other| other == name));
            count += 1;
            if !right {
                wrong.push(format!("{found:?} instead of {} in {name}: {text}", template.hypothesis));
            }
        }
    }
    assert!(count > 1500, "{count}");
    assert!(wrong.is_empty(), "{} of {count}: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

/// A message wrapped at a width, each piece with its own time.
fn wrapped(text: &str, width: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters.chunks(width).map(|piece| piece.iter().collect::<String>());
    pieces.map(|piece| format!("2026-05-24T01:19:07.2632622Z {piece}\n")).collect()
}

const LONG: &str = "Failed to pull image \"fabrikamreg.azurecr.io/store/basket:1.9.3\": rpc error: code = Unknown desc = failed to pull \
    and unpack image \"fabrikamreg.azurecr.io/store/basket:1.9.3\": failed to resolve reference \
    \"fabrikamreg.azurecr.io/store/basket:1.9.3\": ";

#[test]
fn a_wrapped_message_is_understood_at_any_width() {
    let reasons = [
        ("failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized", "H1"),
        ("fabrikamreg.azurecr.io/store/basket:1.9.3: not found", "H2"),
        (
            "failed to do request: Head \"https://fabrikamreg.azurecr.io/v2/store/basket/manifests/1.9.3\": dial tcp: lookup fabrikamreg.azurecr.io: no such host",
            "H3",
        ),
    ];
    let mut wrong = Vec::new();
    for (reason, wanted) in reasons {
        for width in [60, 72, 80, 97, 100, 120, 132, 160] {
            let text = wrapped(&format!("{LONG}{reason}"), width);
            if first(&text) != Some(wanted) {
                wrong.push(format!("{:?} instead of {wanted} at {width}:\n{text}", first(&text)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} {}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_message_that_was_cut_claims_no_more_than_is_left() {
    let whole = format!(
        "{LONG}failed to authorize: failed to fetch anonymous token: unexpected status from GET request: 401 Unauthorized"
    );
    let cut = |at: usize| first(&whole[..at]);
    assert_eq!(cut(LONG.len()), None);
    assert_eq!(cut(LONG.len() + "failed to authorize: failed to fetch anony".len()), Some("H1"));
    let request = format!("{LONG}failed to do request: Head \"https://fabrikamreg.azurecr.io/v2/store/bas");
    assert_eq!(first(&request), Some("H3"));
}

#[test]
fn the_specific_cause_comes_before_what_follows_from_it() {
    let text = format!(
        "{LONG}fabrikamreg.azurecr.io/store/basket:1.9.3: not found, rpc error: failed to authorize: failed to fetch anonymous token: 401 Unauthorized"
    );
    let triage = read(&mut text.as_bytes()).unwrap();
    let found: Vec<(&str, &str)> =
        triage.findings.iter().map(|finding| (finding.hypothesis.name(), finding.cause)).collect();
    assert_eq!(found, [("H2", "tag-missing"), ("H1", "credentials-missing")]);
}

#[test]
fn a_refused_identity_makes_entra_the_second_suspect() {
    let text = format!("{LONG}failed to authorize: failed to fetch anonymous token: 401 Unauthorized");
    let triage = read(&mut text.as_bytes()).unwrap();
    let found: Vec<&str> = triage.findings.iter().map(|finding| finding.cause).collect();
    assert_eq!(found, ["credentials-missing", "token-egress-closed"]);
}

#[test]
fn lines_and_images_of_several_failures_are_kept_apart() {
    let line = |tag: &str| {
        format!("Failed to pull image \"acme.azurecr.io/api:{tag}\": acme.azurecr.io/api:{tag}: not found\n")
    };
    let text = format!("start\n{}between\n{}", line("v1"), line("v2"));
    let triage = read(&mut text.as_bytes()).unwrap();
    let found: Vec<(usize, &str)> =
        triage.findings.iter().map(|finding| (finding.line, finding.image.as_deref().unwrap())).collect();
    assert_eq!(found, [(2, "acme.azurecr.io/api:v1"), (4, "acme.azurecr.io/api:v2")]);
}

#[test]
fn a_pull_that_worked_later_contradicts() {
    let text = "Failed to pull image \"acme.azurecr.io/api:v1\": dial tcp 10.0.0.1:443: i/o timeout\n\
        Successfully pulled image \"acme.azurecr.io/api:v1\" in 2s\n";
    let triage = read(&mut text.as_bytes()).unwrap();
    assert!(triage.findings[0].against[0].starts_with("line 2 says"), "{:?}", triage.findings[0].against);
}
