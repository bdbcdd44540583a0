//! Hooks before a push, with real pushes to a real repository: of plain git, pre-commit and lefthook.
#![cfg(unix)]

#[path = "support/tool.rs"]
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PULLGATE: &str = env!("CARGO_BIN_EXE_pullgate");
const GOOD: &str = "mcr.microsoft.com/k8se/quickstart:1.0";
const BAD: &str = "https://acme.azurecr.io/Api:v1";

/// A clone with a remote, and `pullgate` on its path.
struct Clone {
    folder: TempDir,
}

impl Clone {
    fn new() -> Clone {
        let clone = Clone { folder: tempfile::tempdir().unwrap() };
        let bin = clone.folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(PULLGATE, bin.join("pullgate")).unwrap();
        fs::create_dir(clone.work()).unwrap();
        let remote = clone.folder.path().join("remote.git").display().to_string();
        clone.git(&["init", "-q", "--bare", &remote]);
        clone.git(&["init", "-q", "-b", "main"]);
        clone.git(&["remote", "add", "origin", &remote]);
        clone
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("a work tree")
    }

    fn command(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.work()).env_remove("GIT_DIR").env_remove("CI");
        for (name, value) in [("AUTHOR", "a"), ("COMMITTER", "c")] {
            command.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "a@b.example");
        }
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.folder.path().join("bin").display()));
        command
            .env("HOME", self.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("LEFTHOOK_OUTPUT", "execution_out,failure");
        command.env("PRE_COMMIT_HOME", self.folder.path().join("pre-commit"));
        command
    }

    #[track_caller]
    fn git(&self, words: &[&str]) {
        let ran = self.command("git", words).output().unwrap();
        assert!(ran.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// Writes files and commits everything.
    fn commit(&self, files: &[(&str, &str)]) -> &Clone {
        for (name, text) in files {
            let path = self.work().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--no-verify", "-m", "change"]);
        self
    }

    fn push(&self, words: &[&str]) -> (bool, String) {
        let words = [&["push", "-q", "origin"], words].concat();
        let ran = self.command("git", &words).output().unwrap();
        (
            ran.status.success(),
            String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr),
        )
    }

    #[track_caller]
    fn passes(&self, words: &[&str]) {
        let (passed, log) = self.push(words);
        assert!(passed, "{log}");
    }

    #[track_caller]
    fn stops(&self, words: &[&str], file: &str) {
        let (passed, log) = self.push(words);
        assert!(!passed && log.contains("scheme-in-reference") && log.contains(file), "{log}");
    }

    #[track_caller]
    fn install(&self, words: &[&str]) {
        let ran = self.command("pullgate", &[&["hook", "install"], words].concat()).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

fn app(image: &str) -> String {
    format!(
        "type: Microsoft.App/jobs\nname: j\nproperties:\n  template:\n    containers:\n      - name: j\n        image: {image}\n"
    )
}

/// Not one of these is a manifest, and one cannot be read at all.
const OTHERS: &[(&str, &str)] = &[
    ("package.json", "{\"name\": \"x\"}"),
    ("values.yaml", "replicas: 3\n"),
    ("chart/templates/app.yaml", "image: {{ .Values.image }}\n  {{- end }}\n"),
    (
        "main.parameters.json",
        "{\"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#\", \"contentVersion\": \"1.0.0.0\", \"parameters\": {}}",
    ),
    ("empty.json", ""),
];

#[test]
fn git_pushes_what_may_deploy_and_stops_what_would_fail() {
    let clone = Clone::new();
    clone.install(&[]);
    clone.commit(OTHERS).commit(&[("app.yaml", &app(GOOD))]);
    clone.passes(&["main"]);
    clone.commit(&[("deploy/a job.yaml", &app(BAD))]);
    clone.stops(&["main"], "deploy/a job.yaml:7");
    clone.passes(&["--no-verify", "main"]);
    // What the remote has already is not this push's.
    clone.commit(&[("app.yaml", &app(&format!("{GOOD}.1")))]);
    clone.passes(&["main"]);
    clone.git(&["checkout", "-q", "-b", "topic"]);
    clone.commit(&[("other.yaml", &app(BAD))]);
    clone.stops(&["topic"], "other.yaml:7");
    clone.git(&["rm", "-q", "other.yaml"]);
    clone.commit(&[]);
    clone.passes(&["topic"]);
    clone.passes(&["--delete", "topic"]);
}

#[test]
fn git_judges_the_commits_and_not_the_work_tree() {
    let clone = Clone::new();
    clone.install(&[]);
    clone.commit(&[("app.yaml", &app(BAD))]);
    fs::write(clone.work().join("app.yaml"), app(GOOD)).unwrap();
    clone.stops(&["main"], "app.yaml:7");
    clone.commit(&[]);
    fs::write(clone.work().join("app.yaml"), app(BAD)).unwrap();
    clone.passes(&["main"]);
    assert_eq!(
        fs::read_dir(clone.work().join(".git"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("pullgate") })
            .count(),
        0,
        "something is left behind"
    );
}

#[test]
fn the_policy_of_the_commit_counts() {
    let clone = Clone::new();
    clone.install(&[]);
    let policy = "severities:\n  scheme-in-reference: note\n  repository-upper-case: note\n";
    clone.commit(&[("deploy/app.yaml", &app(BAD)), (".pullgate.yaml", policy)]);
    let (passed, log) = clone.push(&["main"]);
    assert!(passed, "{log}");
}

#[test]
fn a_hook_of_somebody_else_is_left_alone() {
    let clone = Clone::new();
    let hook = clone.work().join(".git/hooks/pre-push");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    let ran = clone.command("pullgate", &["hook", "install"]).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("`--force`"));
    assert_eq!(fs::read_to_string(&hook).unwrap(), "#!/bin/sh\nexit 0\n");
    clone.install(&["--force"]);
    clone.install(&["--online"]);
    assert!(fs::read_to_string(&hook).unwrap().ends_with("exec pullgate hook run --online\n"));
}

#[test]
fn the_hook_is_written_where_git_looks_for_it() {
    let clone = Clone::new();
    clone.git(&["config", "core.hooksPath", ".githooks"]);
    clone.install(&[]);
    assert!(clone.work().join(".githooks/pre-push").exists());
    clone.commit(&[("app.yaml", &app(BAD))]);
    clone.stops(&["main"], "app.yaml:7");
}

#[test]
fn pre_commit_runs_the_hook_of_this_repository() {
    if !tool::is_installed("pre-commit") {
        return;
    }
    let clone = Clone::new();
    // The hook as it is published, but for the program, which is here already.
    let hooks = fs::read_to_string(Path::new(ROOT).join(".pre-commit-hooks.yaml")).unwrap();
    let repository = clone.folder.path().join("hooks");
    fs::create_dir(&repository).unwrap();
    fs::write(repository.join(".pre-commit-hooks.yaml"), hooks.replace("language: rust", "language: system")).unwrap();
    let at = repository.display().to_string();
    clone.git(&["-C", &at, "init", "-q"]);
    clone.git(&["-C", &at, "add", "-A"]);
    clone.git(&["-C", &at, "commit", "-q", "-m", "hooks"]);
    clone.git(&["-C", &at, "tag", "v0.1.0"]);
    let config =
        block("hooks.md", "- id: pullgate").replace("https://github.com/pullgate/pullgate", &format!("'{at}'"));
    clone.commit(OTHERS).commit(&[(".pre-commit-config.yaml", &config), ("app.yaml", &app(GOOD))]);
    let installed = clone.command("pre-commit", &["install", "--hook-type", "pre-push"]).output().unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stdout));
    clone.passes(&["main"]);
    clone.commit(&[("app.yaml", &app(BAD))]);
    clone.stops(&["main"], "app.yaml:7");
}

#[test]
fn lefthook_runs_the_hook_of_the_page() {
    if !tool::is_installed("lefthook") {
        return;
    }
    let clone = Clone::new();
    clone.commit(OTHERS).commit(&[("lefthook.yml", &block("hooks.md", "{push_files}")), ("app.yaml", &app(GOOD))]);
    let installed = clone.command("lefthook", &["install"]).output().unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stdout));
    clone.passes(&["-u", "main"]);
    clone.commit(&[("deploy/app.yaml", &app(BAD))]);
    clone.stops(&["main"], "deploy/app.yaml:7");
}

/// The first YAML block of a page that holds this.
fn block(page: &str, holds: &str) -> String {
    let text = fs::read_to_string(Path::new(ROOT).join("docs").join(page)).unwrap();
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.into_iter().find(|block| block.contains(holds)).unwrap().to_owned()
}
