//! Lines about something else: nothing may be claimed. And laws that hold for any bytes.

use proptest::prelude::*;

use super::given::first;
use super::{read, write};

fn lines() -> Vec<String> {
    let read = |line| serde_json::from_str(line).unwrap();
    include_str!("../../tests/data/triage/unrelated.jsonl").lines().map(read).collect()
}

#[test]
fn nothing_is_claimed_of_lines_about_something_else() {
    let lines = lines();
    assert!(lines.len() >= 200, "{}", lines.len());
    let mut wrong = Vec::new();
    for line in &lines {
        let system = serde_json::json!({"TimeStamp": "x", "Msg": line, "Reason": "Error", "EventSource": "ContainerAppController"});
        let console = serde_json::json!({"TimeStamp": "x", "Log": line, "ContainerAppName": "web", "Stream": "stderr"});
        for text in [line.clone(), system.to_string(), console.to_string()] {
            if let Some(found) = first(&text) {
                wrong.push(format!("{found}: {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_is_claimed_of_them_together() {
    let text = lines().join("\n");
    let triage = read(&mut text.as_bytes()).unwrap();
    assert!(triage.findings.is_empty(), "{:#?}", triage.findings);
}

#[test]
fn a_pull_failure_among_them_is_still_found() {
    let mut lines = lines();
    let place = lines[..100].iter().map(|line| line.lines().count()).sum::<usize>() + 1;
    lines.insert(
        100,
        "Failed to pull image \"acme.azurecr.io/api:v1\": manifest tagged by \"v1\" is not found".to_owned(),
    );
    let triage = read(&mut lines.join("\n").as_bytes()).unwrap();
    let found: Vec<(&str, usize)> = triage.findings.iter().map(|finding| (finding.cause, finding.line)).collect();
    assert_eq!(found, [("tag-missing", place)]);
}

#[test]
fn a_text_without_anything_says_so() {
    let mut out = Vec::new();
    write(&mut out, &read(&mut &b"GET / 200\n"[..]).unwrap()).unwrap();
    assert!(String::from_utf8(out).unwrap().starts_with("nothing recognised"));
}

#[test]
fn a_pull_that_failed_for_no_stated_reason_is_said_to_be_one() {
    let text = "Error: ImagePullBackOff\nBack-off pulling image \"acme.azurecr.io/api:v1\"\n";
    let triage = read(&mut text.as_bytes()).unwrap();
    assert!(triage.findings.is_empty());
    assert_eq!(triage.unexplained.len(), 2);
    let mut out = Vec::new();
    write(&mut out, &triage).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("no line says why") && out.contains("az containerapp logs show"), "{out}");
}

/// Pieces that real messages are made of, so that random texts reach the deeper code.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"Failed to pull image \""[..]),
        Just(&b"acme.azurecr.io/api:v1"[..]),
        Just(&b"\": "[..]),
        Just(&b"Field 'template.containers.api.image' is invalid with details: 'Invalid value: \""[..]),
        Just(&b"401 Unauthorized"[..]),
        Just(&b"i/o timeout"[..]),
        Just(&b"no such host"[..]),
        Just(&b"login.microsoftonline.com"[..]),
        Just(&b"\\\""[..]),
        Just(&b"\\u001b[31m"[..]),
        Just(&b"%0A"[..]),
        Just(&b"%"[..]),
        Just(&b"\x1b[31m"[..]),
        Just(&b"\x1b]0;"[..]),
        Just(&b"\n"[..]),
        Just(&b"\xff\xfe"[..]),
        Just("é\u{202e}\u{7}".as_bytes()),
        Just(&b"},{"[..]),
        Just(&b"\"Msg\": \""[..]),
        Just(&b"&quot;"[..]),
    ];
    let any = proptest::collection::vec(any::<u8>(), 0..6);
    proptest::collection::vec(prop_oneof![4 => piece.prop_map(<[u8]>::to_vec), 1 => any], 0..40)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_input_panics_and_nothing_that_a_terminal_acts_on_comes_out(bytes in pieces()) {
        let triage = read(&mut &bytes[..]).unwrap();
        let mut out = Vec::new();
        write(&mut out, &triage).unwrap();
        let out = String::from_utf8(out).unwrap();
        prop_assert!(!out.contains(|c: char| c.is_control() && c != '\n'), "{out:?}");
        for finding in &triage.findings {
            let acted_on = |c: char| c.is_control() || c == '\u{202e}';
            prop_assert!(!finding.text.contains(acted_on));
            prop_assert!(finding.text.chars().count() < 1200);
            prop_assert!((0.0..=1.0).contains(&finding.confidence));
            let shell = ['`', '\n', '\x1b'];
            prop_assert!(finding.commands.iter().all(|command| !command.contains(shell)));
        }
        let json: serde_json::Value = serde_json::from_str(&triage.json()).unwrap();
        prop_assert_eq!(&json["schema"], "pullgate/triage/1");
    }
}
