//! The failure stories that people told in public, each as a folder of `tests/cases`: caught before, passing after the remedy.
//!
//! `UPDATE=1 cargo test --test cases` writes the reports and the page again; read what changed.

#[path = "support/story.rs"]
mod story;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pullgate::check::{Hypothesis, find};
use story::{Case, Expected, Judged};

/// Stories that no gate can prevent: a bug of the platform that was mended, and a deployment that is reported wrongly.
const NOT_PREVENTABLE: [u8; 2] = [30, 43];
const STORIES: u8 = 44;
/// Stories of who pulls, and whether they may.
const OF_ACCESS: [u8; 18] = [1, 2, 4, 5, 6, 7, 11, 15, 16, 17, 18, 19, 20, 21, 22, 27, 28, 36];

fn updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// What is wrong with a state; empty when it is as the case says.
fn differences(case: &Case, state: &str, judged: &Judged, exit: u8, findings: &[Expected]) -> String {
    let mut out = String::new();
    let name = case.name();
    if let Some(error) = &judged.error {
        writeln!(out, "{name} {state}: {error}").unwrap();
    }
    for question in &judged.missing {
        writeln!(out, "{name} {state}: no evidence for {}", serde_json::to_string(question).unwrap()).unwrap();
    }
    if judged.exit != exit {
        writeln!(out, "{name} {state}: exit {}, not {exit}", judged.exit).unwrap();
    }
    if judged.findings != findings {
        writeln!(out, "{name} {state}: found {}", serde_json::to_string(&judged.findings).unwrap()).unwrap();
    }
    if !out.is_empty() {
        writeln!(out, "{}", judged.report).unwrap();
    }
    out
}

/// Compares a text with a file, or writes the file.
fn compare(path: &Path, text: &str) -> String {
    if updating() {
        fs::write(path, text).unwrap();
        return String::new();
    }
    let known = fs::read_to_string(path).unwrap_or_default();
    if known == text { String::new() } else { format!("{} is not what is reported now:\n{text}\n", path.display()) }
}

#[test]
fn every_story_is_caught_at_its_line_and_passes_after_the_remedy() {
    let mut wrong = String::new();
    for case in story::all() {
        let before = case.before();
        wrong.push_str(&differences(&case, "before", &before, case.exit, &case.findings));
        wrong.push_str(&compare(&case.folder.join("report.txt"), &before.report));
        if case.remedy.is_some() {
            wrong.push_str(&differences(&case, "after", &case.after(), 0, &case.afterwards));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_story_that_can_be_prevented_has_a_case() {
    let cases = story::all();
    let told = |number: &u8| cases.iter().any(|case| case.stories.contains(number));
    let untold: Vec<u8> = (1..=STORIES).filter(|number| !NOT_PREVENTABLE.contains(number) && !told(number)).collect();
    assert!(untold.is_empty(), "no case tells {untold:?}");
}

#[test]
fn stories_of_access_fail_before_the_remedy() {
    let cases = story::all();
    for case in cases.iter().filter(|case| case.stories.iter().any(|number| OF_ACCESS.contains(number))) {
        // After it, every case passes: the first test above.
        assert_eq!((case.exit, case.remedy.is_some()), (1, true), "{}", case.name());
        assert_eq!(case.hypothesis(), Some(Hypothesis::H1), "{}", case.name());
    }
}

#[test]
fn what_fails_has_a_remedy_and_what_has_a_remedy_has_another_state() {
    for case in story::all() {
        assert_eq!(case.remedy.is_some(), case.folder.join("after").is_dir(), "{}", case.name());
        assert!(case.exit == 0 || case.remedy.is_some(), "{} fails and has no remedy", case.name());
        assert!(!case.seen.is_empty() && !case.host.is_empty(), "{} happened nowhere", case.name());
    }
}

#[test]
fn the_page_of_what_is_caught_is_up_to_date() {
    let wrong = compare(Path::new("docs/caught.md"), &story::page(&story::all()));
    assert!(wrong.is_empty(), "{wrong}");
}

/// The rows of a page's tables, each with its heading and its cells.
fn rows(page: &str) -> Vec<(String, Vec<String>)> {
    let mut heading = String::new();
    let mut rows = Vec::new();
    for line in page.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text.to_owned();
        }
        let Some(inner) = line.strip_prefix("| ").and_then(|line| line.strip_suffix(" |")) else { continue };
        let cells: Vec<String> = inner.split(" | ").map(str::to_owned).collect();
        // The first row of a table names its columns.
        if cells[1] != "question" {
            rows.push((heading.clone(), cells));
        }
    }
    rows
}

/// What stands between two marks, every time.
fn between(text: &str, open: &str, close: &str) -> Vec<String> {
    text.split(open).skip(1).filter_map(|part| part.split_once(close)).map(|(inner, _)| inner.to_owned()).collect()
}

#[test]
fn every_row_of_the_playbooks_has_a_check_and_a_case() {
    let page = fs::read_to_string("docs/coverage.md").unwrap();
    let names: Vec<String> = story::all().iter().map(Case::name).collect();
    let mut count = 0;
    for (_, cells) in rows(&page) {
        let [row, question, codes, links] = &cells[..] else { panic!("not four cells: {cells:?}") };
        assert!(Hypothesis::ALL.iter().any(|hypothesis| hypothesis.name() == question), "{row}: {question}");
        let codes: Vec<String> = codes.split(", ").map(|code| code.trim_matches('`').to_owned()).collect();
        for code in &codes {
            assert!(find(code).is_some(), "{row}: no check {code}");
        }
        let cases = between(links, "[", "]");
        assert!(!cases.is_empty(), "{row}: no case");
        for case in cases {
            assert!(names.contains(&case), "{row}: no case {case}");
            assert!(
                links.contains(&format!("(../{}/{case}/)", story::FOLDER)),
                "{row}: the link to {case} leads elsewhere"
            );
        }
        count += 1;
    }
    assert!(count > 60, "only {count} rows: the page is not read");
}

#[test]
fn every_log_pattern_of_the_playbooks_is_recognised() {
    let page = fs::read_to_string("docs/coverage.md").unwrap();
    for (_, cells) in rows(&page).into_iter().filter(|(heading, _)| heading == "Log patterns") {
        let text = cells[0].trim_matches('`');
        let line = format!(
            "Failed to pull image \"acme.azurecr.io/api:v1\": failed to resolve reference \"acme.azurecr.io/api:v1\": {text}\n"
        );
        let triage = pullgate::triage::read(&mut line.as_bytes()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&triage.json()).unwrap();
        assert_eq!(json["findings"][0]["hypothesis"], *cells[1], "{text}: {json:#}");
    }
}
