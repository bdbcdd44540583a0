//! Keeps the doors of the design shut: who may know whom, and who may touch the world.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms that are pure: no network, no clock, no environment, no files.
const PURE: &[&str] = &[
    "check", "rbac", "egress", "template", "image", "manifest", "report", "judge", "evidence", "finding", "document",
    "triage", "bicep", "value", "source", "expand", "explain", "pin",
];

/// What a pure room must not name.
const WORLD: &[&str] = &[
    "std::net::Tcp",
    "std::net::Udp",
    "std::fs",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "tokio",
    "reqwest",
    "hickory",
    "azure_core",
    "azure_identity",
    "crate::probe",
    "crate::load",
    "crate::gate",
    "crate::run",
    "crate::cli",
];

/// Exceptions, each with its reason.
const ALLOWED: &[(&str, &str, &str)] = &[
    // Whether colour is wanted is asked of the stream and the environment where the stream is.
    ("report/text.rs", "std::env", "NO_COLOR and CLICOLOR_FORCE"),
    // A manifest is read from the documents that were loaded.
    ("manifest/reading.rs", "crate::load", "the type of a document"),
];

/// `(room, must not know)`.
const DOORS: &[(&str, &[&str])] = &[
    ("template", &["crate::image", "crate::manifest", "crate::check", "crate::evidence", "crate::report"]),
    ("report", &["crate::check::access", "crate::check::image", "crate::check::reference", "crate::check::network"]),
    ("rbac", &["crate::manifest", "crate::check", "crate::evidence", "crate::template", "crate::image"]),
    ("egress", &["crate::manifest", "crate::check", "crate::evidence", "crate::template"]),
    ("image", &["crate::manifest", "crate::check", "crate::evidence", "crate::template"]),
];

const LONGEST: usize = 450;

struct File {
    path: PathBuf,
    /// Without what is below `#[cfg(test)]`.
    code: String,
    lines: usize,
}

fn files() -> Vec<File> {
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 50, "the sources are not where this test looks");
    files
}

fn walk(folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = without_tests(&text);
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            files.push(File { lines: text.lines().count(), code, path });
        }
    }
}

/// A module of tests ends its file; one that is a file of its own is told by [`File::is_test`].
fn without_tests(text: &str) -> &str {
    let is_module = |rest: &str| {
        let head = rest.lines().nth(1).unwrap_or_default();
        head.ends_with('{') && head.split_whitespace().any(|word| word == "mod")
    };
    let is_test = |rest: &str| rest.lines().next().is_some_and(|line| line.contains("test"));
    let mut starts = text.match_indices("\n#[cfg(").map(|(at, _)| at + 1);
    starts.find(|&at| is_test(&text[at..]) && is_module(&text[at..])).map_or(text, |at| &text[..at])
}

impl File {
    fn name(&self) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        self.path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/")
    }

    fn room(&self) -> String {
        let name = self.name();
        name.split('/').next().unwrap().trim_end_matches(".rs").to_owned()
    }

    /// Files that exist for tests only.
    fn is_test(&self) -> bool {
        let stem = self.path.file_stem().unwrap().to_string_lossy().into_owned();
        let parent = self.path.parent().unwrap();
        let declared_in = [parent.with_extension("rs"), parent.join("mod.rs"), parent.join("lib.rs")];
        declared_in.iter().filter_map(|path| fs::read_to_string(path).ok()).any(|text| {
            ["mod", "pub mod", "pub(crate) mod", "pub(super) mod"]
                .iter()
                .any(|word| text.contains(&format!("#[cfg(test)]\n{word} {stem};")))
        }) || (parent.file_stem().is_some_and(|name| name == "tests"))
    }
}

#[test]
fn pure_rooms_do_not_touch_the_world() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| PURE.contains(&file.room().as_str()) && !file.is_test()) {
        for word in WORLD {
            let excused = ALLOWED.iter().any(|(name, excused, _)| *name == file.name() && excused == word);
            if file.code.contains(word) && !excused {
                wrong.push(format!("{} names {word}", file.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_know_only_whom_they_may() {
    let mut wrong = Vec::new();
    for (room, forbidden) in DOORS {
        for file in files().iter().filter(|file| file.room() == *room && !file.is_test()) {
            for word in *forbidden {
                if file.code.contains(word) {
                    wrong.push(format!("{} knows {word}", file.name()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_reads_in_one_sitting() {
    let long: Vec<String> = files()
        .iter()
        .filter(|file| file.lines > LONGEST)
        .map(|file| format!("{} has {} lines", file.name(), file.lines))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_room_is_called_a_drawer() {
    let drawers = ["utils", "util", "helpers", "helper", "common", "misc", "mod"];
    let wrong: Vec<String> = files()
        .iter()
        .filter(|file| drawers.contains(&file.path.file_stem().unwrap().to_str().unwrap()))
        .map(File::name)
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn async_stays_in_the_probe_and_the_loop() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.room() != "probe" && !file.is_test()) {
        if file.code.contains("async fn") || file.code.contains("async move") {
            wrong.push(file.name());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_unfinished() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| !file.is_test()) {
        for mark in ["todo!(", "unimplemented!(", "dbg!(", ".unwrap()", "panic!("] {
            if file.code.contains(mark) {
                wrong.push(format!("{} has {mark}", file.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
