//! The pages that people read: commands that can be run, links that lead somewhere, examples that tools accept.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PULLGATE: &str = env!("CARGO_BIN_EXE_pullgate");

/// A fenced block of a page.
struct Block {
    page: PathBuf,
    line: usize,
    language: String,
    text: String,
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    let mut pages: Vec<PathBuf> = ["README.md", "azure-devops/overview.md"].map(|name| root.join(name)).to_vec();
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    pages.extend(docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    assert!(pages.len() > 6, "the pages are not where this test looks");
    pages
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let Some(language) = line.trim_start().strip_prefix("```") else { continue };
            let body = lines.by_ref().take_while(|(_, line)| line.trim() != "```").map(|(_, line)| line);
            let text = body.collect::<Vec<_>>().join("\n");
            blocks.push(Block { page: page.clone(), line: number + 1, language: language.to_owned(), text });
        }
    }
    blocks
}

/// What people type: lines after `$ ` in a console, every line of a shell block, joined where they go on.
fn commands(block: &Block) -> Vec<String> {
    let joined = block.text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    match block.language.as_str() {
        "console" => lines.filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect(),
        "sh" => lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_command_of_pullgate_is_one_that_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    // `pullgate` of the pages is ours; whatever stands before a pipe is not run.
    std::os::unix::fs::symlink(PULLGATE, folder.path().join("pullgate")).unwrap();
    let repository = folder.path().join("repository");
    fs::create_dir(&repository).unwrap();
    assert!(Command::new("git").args(["init", "-q"]).arg(&repository).status().unwrap().success());
    let mut ran = 0;
    for block in blocks() {
        for command in commands(&block) {
            let command = command.rsplit(" | ").next().unwrap();
            let Some(words) = command.strip_prefix("pullgate ") else { continue };
            let words = words.split("  #").next().unwrap();
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("exec pullgate {words} </dev/null")]).current_dir(&repository).env_clear();
            shell.env("PATH", format!("{}:/usr/bin:/bin", folder.path().display())).env("HOME", folder.path());
            let output = shell.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let place = format!("{}:{}", block.page.display(), block.line);
            // There are no manifests in this folder, so nothing is asked; what is refused is the command line.
            assert!(!said.contains("For more information, try"), "{place}: `pullgate {words}`: {said}");
            ran += 1;
        }
    }
    assert!(ran > 20, "only {ran} commands were found");
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("https://") || link.starts_with('#') {
                continue;
            }
            let file = link.split('#').next().unwrap();
            assert!(page.parent().unwrap().join(file).exists(), "{} links to {link}", page.display());
        }
    }
}

#[test]
fn blocks_are_what_their_language_says() {
    for block in blocks() {
        let place = format!("{}:{}", block.page.display(), block.line);
        match block.language.as_str() {
            "json" => drop(
                serde_json::from_str::<serde_json::Value>(&block.text)
                    .unwrap_or_else(|error| panic!("{place}: {error}")),
            ),
            "sh" => {
                let checked = Command::new("sh").args(["-n", "-c", &block.text]).output().unwrap();
                assert!(checked.status.success(), "{place}: {}", String::from_utf8_lossy(&checked.stderr));
            }
            "console" | "yaml" | "text" => (),
            other => panic!("{place}: is `{other}` a language that anybody colours?"),
        }
    }
}

#[test]
fn inputs_in_examples_exist() {
    let action = fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let task = fs::read_to_string(Path::new(ROOT).join("azure-devops/task/task.json")).unwrap();
    let (mut of_action, mut of_task) = (0, 0);
    for block in blocks().iter().filter(|block| block.language == "yaml") {
        let place = format!("{}:{}", block.page.display(), block.line);
        for input in keys_below(&block.text, "uses: pullgate/pullgate@", "with:") {
            assert!(action.contains(&format!("\n  {input}:\n")), "{place}: the action has no input `{input}`");
            of_action += 1;
        }
        for input in keys_below(&block.text, "task: Pullgate@", "inputs:") {
            assert!(task.contains(&format!("\"name\": \"{input}\"")), "{place}: the task has no input `{input}`");
            of_task += 1;
        }
    }
    assert!(of_action >= 10 && of_task >= 6, "{of_action}, {of_task}");
}

/// The keys of the mapping `key` that follows `start`.
fn keys_below(text: &str, start: &str, key: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for part in text.split(start).skip(1) {
        let mut lines = part.lines().skip_while(|line| line.trim() != key);
        let indent = |line: &str| line.len() - line.trim_start().len();
        let Some(head) = lines.next() else { continue };
        let mut inner = None;
        for line in lines.take_while(|line| line.trim().is_empty() || indent(line) > indent(head)) {
            let depth = *inner.get_or_insert(indent(line));
            if indent(line) == depth
                && let Some((name, _)) = line.trim().split_once(':')
            {
                keys.insert(name.to_owned());
            }
        }
    }
    keys
}

#[test]
fn the_role_only_reads() {
    let role = fs::read_to_string(Path::new(ROOT).join("docs/pullgate-reader.json")).unwrap();
    let role: serde_json::Value = serde_json::from_str(&role).unwrap();
    for list in ["Actions", "DataActions"] {
        let actions = role[list].as_array().unwrap();
        assert!(!actions.is_empty());
        for action in actions {
            let action = action.as_str().unwrap();
            assert!(action.ends_with("/read") && !action.contains('*'), "{action}");
        }
    }
}
