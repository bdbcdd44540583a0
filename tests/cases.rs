//! The failure stories that people told in public, each as a folder of `tests/cases`: caught before, passing after the remedy.
//!
//! `UPDATE=1 cargo test --test cases` writes the reports and the page again; read what changed.

#[path = "support/story.rs"]
mod story;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use story::{Case, Expected, Judged};

/// Stories that no gate can prevent: a bug of the platform that was mended, and a deployment that is reported wrongly.
const NOT_PREVENTABLE: [u8; 2] = [30, 43];
const STORIES: u8 = 44;

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
fn what_fails_has_a_remedy_and_what_has_a_remedy_has_another_state() {
    for case in story::all() {
        assert_eq!(case.remedy.is_some(), case.folder.join("after").is_dir(), "{}", case.name());
        assert!(case.exit == 0 || case.remedy.is_some(), "{} fails and has no remedy", case.name());
    }
}

#[test]
fn the_page_of_what_is_caught_is_up_to_date() {
    let wrong = compare(Path::new("docs/caught.md"), &story::page(&story::all()));
    assert!(wrong.is_empty(), "{wrong}");
}
