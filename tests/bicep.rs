//! Findings about Bicep point into the Bicep files, whatever the compiled template looks like.
//!
//! `tests/data/bicep/` holds sources beside what the compiler makes of them; a script stands in for the compiler.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pullgate::bicep::repoint;
use pullgate::config::Wish;
use pullgate::evidence::Evidence;
use pullgate::expand::expand;
use pullgate::finding::Finding;
use pullgate::judge::{Judgement, Verdict, judge};
use pullgate::load::{Document, Input, load};
use pullgate::manifest::{Manifest, Options, read};
use pullgate::source::{Sources, Span};

type Judged = (Vec<Judgement>, Sources, Vec<Document>);

/// The documents and the manifest of a source whose compiled text stands beside it.
fn loaded(source: &str, compiled: &str, sources: &mut Sources) -> (Vec<Document>, Manifest) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bicep");
    let folder = tempfile::tempdir().unwrap();
    let compiler = folder.path().join("bicep");
    std::fs::write(&compiler, format!("#!/bin/sh\ncat '{}'\n", data.join(compiled).display())).unwrap();
    std::fs::set_permissions(&compiler, std::fs::Permissions::from_mode(0o755)).unwrap();
    let input = Input::File(data.join(source));
    let mut documents = load(&[input], Some(folder.path().as_os_str()), sources).unwrap();
    let manifest = read(&mut documents, &Options::default());
    (documents, manifest)
}

/// The judgements about it.
fn judged(source: &str, compiled: &str) -> Judged {
    let mut sources = Sources::default();
    let (documents, manifest) = loaded(source, compiled, &mut sources);
    let mut judgements = judge(&manifest, &Evidence::default().offline()).judgements;
    repoint(&mut judgements, &sources);
    (judgements, sources, documents)
}

/// `file:line:column` of a span, without the folder of the data.
fn place(span: Span, sources: &Sources) -> String {
    let place = sources.place(span).unwrap();
    let data: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bicep");
    let path = place.path.strip_prefix(&*data.display().to_string()).unwrap_or(place.path);
    format!("{}:{}:{}", path.trim_start_matches('/'), place.line, place.column)
}

/// The findings of a check: place, what stands there, and the places of its labels.
fn findings((judgements, sources, _): &Judged, code: &str) -> Vec<String> {
    let of_check = judgements.iter().filter(|judgement| judgement.check.code == code);
    let mut findings: Vec<String> = of_check
        .filter_map(failure)
        .map(|finding| {
            let labels: String = finding.also.iter().map(|label| format!(" < {}", place(label.at, sources))).collect();
            format!("{} {}{labels}", place(finding.at, sources), sources.slice(finding.at))
        })
        .collect();
    findings.sort();
    findings
}

fn failure(judgement: &Judgement) -> Option<&Finding> {
    match &judgement.verdict {
        Verdict::Fail(finding) => Some(finding),
        _ => None,
    }
}

#[track_caller]
fn says(judged: &Judged, expected: &[&str]) {
    assert_eq!(findings(judged, "repository-upper-case"), expected);
}

#[test]
fn with_symbolic_names_every_finding_points_at_the_text_to_change() {
    says(
        &judged("symbolic/main.bicep", "symbolic/main.json"),
        &[
            "symbolic/main.bicep:10:45 W < symbolic/modules/worker.bicep:20:18 < symbolic/modules/worker.bicep:3:7 < symbolic/main.bicep:80:12",
            "symbolic/main.bicep:21:43 L < symbolic/main.bicep:57:16",
            "symbolic/main.bicep:23:16 '${registry}/Web:v1' < symbolic/main.bicep:38:18 < symbolic/main.bicep:7:26",
            "symbolic/main.bicep:42:35 L",
            "symbolic/main.bicep:71:44 acme.azurecr.io/Job:v1",
            "symbolic/modules/worker.bicep:14:35 M",
        ],
    );
}

#[test]
fn without_symbolic_names_resources_are_found_by_what_is_left_of_them() {
    let queue = "listed/main.bicep:11:39 'acme.azurecr.io/Queue:${tag}' < listed/modules/queue.bicep:11:33 < listed/modules/queue.bicep:1:7";
    says(
        &judged("listed/main.bicep", "listed/main.json"),
        &[
            "listed/main.bicep (compiled):182:49 S < listed/main.bicep:15:1",
            queue,
            queue,
            "listed/main.bicep:26:47 S",
            "listed/main.bicep:36:49 N",
            "listed/main.bicep:47:72 F",
            "listed/main.bicep:60:35 A",
            "listed/modules/queue.bicep:12:50 F",
            "listed/modules/queue.bicep:12:50 F",
        ],
    );
}

#[test]
fn parameters_point_into_the_parameter_file_or_the_one_it_extends() {
    says(
        &judged("parameters/prod.bicepparam", "parameters/prod.json"),
        &[
            "parameters/base.bicepparam:3:30 B < parameters/main.bicep:12:31 < parameters/main.bicep:2:7",
            "parameters/main.bicep:13:48 O",
            "parameters/prod.bicepparam:4:32 P < parameters/main.bicep:11:31 < parameters/main.bicep:1:7",
        ],
    );
}

#[test]
fn a_finding_that_stays_in_the_compiled_template_says_so() {
    let (judgements, sources, _) = judged("listed/main.bicep", "listed/main.json");
    let failed = judgements.iter().filter_map(failure);
    let stayed: Vec<&Finding> = failed.filter(|finding| sources.origin(finding.at.file).is_some()).collect();
    assert!(!stayed.is_empty());
    for finding in stayed {
        assert!(finding.detail.iter().any(|detail| detail.starts_with("the line is that of the compiled template")));
        assert!(finding.edit.is_none());
    }
}

#[test]
fn an_expansion_points_into_the_bicep_too() {
    let mut sources = Sources::default();
    let (_, manifest) = loaded("symbolic/main.bicep", "symbolic/main.json", &mut sources);
    let expanded = expand(&manifest, &sources, false);
    let places: Vec<String> = expanded
        .workloads
        .iter()
        .filter_map(|workload| workload.at.as_ref())
        .map(|at| format!("{}:{}", at.file.rsplit('/').next().unwrap_or_default(), at.line))
        .collect();
    assert_eq!(places, ["main.bicep:29", "main.bicep:49", "main.bicep:49", "main.bicep:63", "worker.bicep:5"]);
}

#[test]
fn an_edit_changes_the_same_text_in_the_source() {
    let (judgements, sources, _) = judged("symbolic/main.bicep", "symbolic/main.json");
    let edits = judgements.iter().filter_map(|judgement| failure(judgement)?.edit.as_ref());
    let edited: Vec<(String, &str)> = edits.map(|edit| (place(edit.at, &sources), sources.slice(edit.at))).collect();
    assert!(edited.contains(&("symbolic/main.bicep:42:19".to_owned(), "acme.azurecr.io/Literal:v1")), "{edited:?}");
    assert!(edited.iter().all(|(place, _)| !place.contains("compiled")));
}

#[test]
fn a_comment_excuses_what_stands_in_its_line_of_the_source() {
    let (judgements, sources, documents) = judged("listed/main.bicep", "listed/main.json");
    let wishes = Wish::of(&documents[0], &sources);
    let [wish] = wishes.as_slice() else { panic!("{wishes:?}") };
    let covered: Vec<&Judgement> = judgements.iter().filter(|judgement| wish.covers(judgement, &sources)).collect();
    let [judgement] = covered.as_slice() else { panic!("{covered:?}") };
    assert_eq!(place(judgement.at(), &sources), "listed/main.bicep:36:49");
}
