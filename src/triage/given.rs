//! The fifty texts.

use super::*;

#[derive(serde::Deserialize)]
struct Case {
    id: String,
    text: String,
    hypothesis: Option<String>,
    accept: Vec<String>,
}

/// The first finding's hypothesis, if there is one.
pub(super) fn first(text: &str) -> Option<&'static str> {
    let triage = read(&mut text.as_bytes()).unwrap();
    triage.findings.first().map(|finding| finding.hypothesis.name())
}

#[test]
fn each_of_the_given_texts_is_told_what_it_is() {
    let mut wrong = Vec::new();
    for line in include_str!("../../tests/data/triage/lines.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let found = first(&case.text);
        let right = match found {
            Some(name) => case.hypothesis.as_deref() == Some(name) || case.accept.iter().any(|other| other == name),
            None => case.hypothesis.is_none(),
        };
        if !right {
            wrong.push(format!("{}: {found:?} instead of {:?}", case.id, case.hypothesis));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
