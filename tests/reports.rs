//! Reports, from outside: nothing in them can be forged, and those who read them can.

#[path = "support/hostile.rs"]
mod hostile;
#[path = "support/readers.rs"]
mod readers;

use std::path::Path;
use std::process::Command;

use hostile::{HOSTILE, run};
use pullgate::report::Format;
use serde_json::Value;

/// What a pipeline would obey although it was not asked to: commands of GitHub's runner at the start of a line, of its old form
/// and of Azure Pipelines' agent anywhere.
fn forged(text: &str, ours: &[&str]) -> Vec<String> {
    let is_forged = |line: &&str| {
        let rest = ours.iter().find_map(|own| line.strip_prefix(own)).unwrap_or(line);
        let is_ours = rest.len() < line.len();
        (line.trim_start().starts_with("::") && !is_ours) || rest.contains("##vso[") || rest.contains("##[")
    };
    text.split(['\n', '\r']).filter(is_forged).map(str::to_owned).collect()
}

fn hidden(text: &str) -> Vec<char> {
    let hides = |character: &char| {
        (character.is_control() && *character != '\n') || "\u{FFFE}\u{202E}\u{200B}".contains(*character)
    };
    text.chars().filter(hides).collect()
}

#[track_caller]
fn is_tame(text: &str, ours: &[&str]) {
    assert_eq!(forged(text, ours), Vec::<String>::new());
    assert_eq!(hidden(text), Vec::<char>::new());
}

fn validator(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[track_caller]
fn fits(schema: &str, document: &str) {
    let document: Value = serde_json::from_str(document).expect("the document is JSON");
    let errors: Vec<String> =
        validator(schema).iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn the_text_commands_no_terminal_and_no_pipeline() {
    is_tame(&run().written(Format::Text), &[]);
}

#[test]
fn github_gets_our_commands_and_no_others() {
    let text = run().written(Format::Github);
    let ours = ["::error title=", "::warning title=", "::notice title="];
    is_tame(&text, &ours);
    for line in text.lines() {
        assert!(ours.iter().any(|own| line.starts_with(own)) || line.starts_with("pullgate: "), "{line}");
        // The properties end at the second pair of colons; a raw colon or comma in one would end it early.
        let Some(rest) = line.strip_prefix("::") else { continue };
        let (properties, _) = rest.split_once("::").unwrap();
        for property in properties.split_once(' ').unwrap().1.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["title", "file", "line", "endLine", "col", "endColumn"].contains(&name), "{property}");
            assert!(!value.contains(':'), "{property}");
        }
    }
    for level in ours {
        assert!(text.lines().filter(|line| line.starts_with(level)).count() <= 10);
    }
}

#[test]
fn azure_pipelines_gets_our_commands_and_no_others() {
    let text = run().written(Format::AzureDevops);
    is_tame(&text, &["##vso[task.logissue type=", "##vso[task.complete result="]);
    let results: Vec<&str> = text.lines().filter(|line| line.contains("task.complete result=Failed")).collect();
    assert_eq!(results.len(), 1, "{text}");
    for line in text.lines().filter(|line| line.starts_with("##vso[task.logissue ")) {
        let (properties, _) = line["##vso[task.logissue ".len()..].split_once(']').unwrap();
        for property in properties.split_terminator(';') {
            let (name, _) = property.split_once('=').unwrap();
            assert!(["type", "sourcepath", "linenumber", "columnnumber", "code"].contains(&name), "{property}");
        }
        // The agent turns this back into a percent sign, after it has looked for commands.
        assert!(!line.replace("%AZP25", "").replace("%3B", "").replace("%5D", "").contains('%'), "{line}");
    }
}

#[test]
fn junit_is_well_formed_whatever_it_says() {
    let text = run().written(Format::Junit);
    assert_eq!(forged(&text, &[]), Vec::<String>::new());
    assert_eq!(hidden(&text), Vec::<char>::new());
    let report = junit_report::Report::deserialize_from_str(&text).unwrap();
    let cases: Vec<_> = report.test_suites.iter().flat_map(|suite| &suite.test_cases).collect();
    assert_eq!(cases.len(), run().judgements.len());
    assert!(cases.iter().any(|case| case.name.as_str().contains("<script>")), "what is shown is what was written");
    let failures: usize = report.test_suites.iter().map(|suite| suite.failures).sum();
    assert_eq!(failures, text.matches("<failure").count());
    assert!(failures > 0);
}

#[test]
fn junit_is_read_by_those_who_read_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), run().written(Format::Junit)).unwrap();
    let path = file.path().to_str().unwrap();
    if let Some(xmllint) = readers::reader("xmllint") {
        assert_eq!(readers::complaint(&xmllint, &["--noout", path]), None);
    }
    if let Some(junitparser) = readers::reader("junitparser") {
        // It exits 1 when a test failed, and with a trace back when it cannot read.
        let output = Command::new(junitparser).args(["verify", path]).output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).trim()), (Some(1), ""));
    }
}

#[test]
fn json_keeps_its_contract_whatever_it_says() {
    let text = run().written(Format::Json);
    is_tame(&text, &[]);
    fits("docs/report.schema.json", &text);
    let document: Value = serde_json::from_str(&text).unwrap();
    let images = document["judgements"].as_array().unwrap().iter().filter_map(|item| item["image"].as_str());
    assert!(images.into_iter().any(|image| image == HOSTILE), "a program gets the text as it is");
}

#[test]
fn evidence_keeps_its_contract_whatever_it_says() {
    let saved = run().evidence.save();
    fits("docs/evidence.schema.json", &saved);
    assert_eq!(pullgate::evidence::Evidence::load(&saved).unwrap().save(), saved);
}

#[test]
fn sarif_keeps_its_standard_whatever_it_says() {
    let text = run().written(Format::Sarif);
    is_tame(&text, &[]);
    fits("tests/data/schemas/sarif-2.1.0.json", &text);
    let document: Value = serde_json::from_str(&text).unwrap();
    let results = document["runs"][0]["results"].as_array().unwrap();
    for result in results {
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte)), "{uri}");
    }
    let suppressed = results.iter().filter(|result| result["suppressions"].is_array()).count();
    assert_eq!(suppressed, 1);
    let rules = document["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), pullgate::check::CHECKS.len());
}

#[test]
fn markdown_is_no_markup_but_ours() {
    let text = run().written(Format::Markdown);
    is_tame(&text, &[]);
    let outside = without_code(&text);
    let mut rest = outside.clone();
    for own in ["<details>", "</details>", "<summary>", "</summary>", "<br>"] {
        rest = rest.replace(own, "");
    }
    for forbidden in ["<", "](", "![", "@", "https:", "javascript:"] {
        let escaped = rest.replace("\\!\\[", "").replace("\\]", "");
        assert!(!escaped.contains(forbidden), "{forbidden} in {rest}");
    }
    for row in outside.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(row.matches('|').count(), 5, "{row}");
    }
    assert!(text.starts_with("## ❌ pullgate: would fail"));
}

/// A Markdown text without its code blocks and code spans, as a renderer finds them.
fn without_code(text: &str) -> String {
    let mut out = String::new();
    let mut fence: Option<usize> = None;
    for line in text.lines() {
        let ticks = line.bytes().take_while(|byte| *byte == b'`').count();
        match fence {
            Some(open) if ticks >= open && line.len() == ticks => fence = None,
            Some(_) => {}
            None if ticks >= 3 && !line[ticks..].contains('`') => fence = Some(ticks),
            None => {
                spans(line, &mut out);
                out.push('\n');
            }
        }
    }
    assert!(fence.is_none(), "a code block is not closed");
    out
}

fn spans(line: &str, out: &mut String) {
    let run_at = |from: usize| line[from..].bytes().take_while(|byte| *byte == b'`').count();
    let mut at = 0;
    while at < line.len() {
        let ticks = run_at(at);
        if ticks == 0 {
            let escaped = usize::from(line[at..].starts_with('\\'));
            let length: usize = line[at..].chars().take(1 + escaped).map(char::len_utf8).sum();
            out.push_str(&line[at..at + length]);
            at += length;
            continue;
        }
        let mut close = at + ticks;
        while close < line.len() && run_at(close) != ticks {
            close += run_at(close).max(line[close..].chars().next().map_or(1, char::len_utf8));
        }
        // An opening run that nothing closes is text.
        at = if close < line.len() { close + ticks } else { at + ticks };
    }
}
