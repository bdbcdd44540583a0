//! What runs in Azure Pipelines: the task by its own tests, and the steps for those who do not install extensions.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/release.rs"]
mod release;
#[path = "support/tool.rs"]
mod tool;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use release::{Releases, program, recorded, recorder};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PULLGATE: &str = env!("CARGO_BIN_EXE_pullgate");
const APP: &str =
    "type: Microsoft.App/jobs\nname: j\nproperties:\n  template:\n    containers:\n      - name: j\n        image: ";
const HOSTILE: &str = "a b'\"$(touch planted)`touch planted`;touch planted;${IFS}|touch planted&*?~\\";

#[test]
fn the_task_does_what_its_tests_say() {
    let folder = Path::new(ROOT).join("azure-devops/task");
    if !tool::is_installed("node") || !tool::is_there(&folder.join("node_modules"), "cd azure-devops/task && npm ci") {
        return;
    }
    let built = Command::new("node").arg("node_modules/typescript/bin/tsc").current_dir(&folder).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
    let mut tests = Command::new("node");
    tests.args(["--test", "dist/test/"]).current_dir(&folder).env("PULLGATE_BINARY", PULLGATE);
    let ran = tests.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

#[test]
fn every_option_is_an_input_of_the_task() {
    let task = fs::read_to_string(Path::new(ROOT).join("azure-devops/task/task.json")).unwrap();
    let help = Command::new(PULLGATE).args(["check", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let options = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.split_once(", ").filter(|(short, _)| short.len() == 2).map_or(line, |(_, long)| long);
        line.strip_prefix("--")?.split([' ', '[', '=']).next()
    });
    for option in options.filter(|option| *option != "help") {
        let mut words = option.split('-');
        let first = words.next().unwrap().to_owned();
        let name = words.fold(first, |name, word| format!("{name}{}{}", word[..1].to_uppercase(), &word[1..]));
        assert!(task.contains(&format!("\"name\": \"{name}\"")), "task.json and src/inputs.ts lack `{name}`");
    }
}

#[test]
fn one_version_is_released() {
    let [major, minor, patch] =
        [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH")];
    let read = |path: &str| fs::read_to_string(Path::new(ROOT).join("azure-devops").join(path)).unwrap();
    let task: serde_json::Value = serde_json::from_str(&read("task/task.json")).unwrap();
    assert_eq!(task["version"].to_string(), format!("{{\"Major\":{major},\"Minor\":{minor},\"Patch\":{patch}}}"));
    let extension: serde_json::Value = serde_json::from_str(&read("vss-extension.json")).unwrap();
    assert_eq!(extension["version"], env!("CARGO_PKG_VERSION"));
    let package: serde_json::Value = serde_json::from_str(&read("task/package.json")).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
    let steps = read("pullgate-steps.yml");
    let versions = steps.lines().filter(|line| line.contains("default: v") || line.contains("refs/tags/"));
    for line in versions {
        assert!(line.ends_with(&format!("v{major}.{minor}.{patch}")), "{line}");
    }
}

/// An agent that runs pullgate-steps.yml without a connection: its two bash steps.
struct Agent {
    folder: TempDir,
    parameters: BTreeMap<String, String>,
}

impl Agent {
    fn new(parameters: &[(&str, &str)]) -> Agent {
        let mut all: BTreeMap<String, String> = defaults();
        for (name, value) in parameters {
            assert!(all.contains_key(*name), "the template has no parameter `{name}`");
            all.insert((*name).to_owned(), (*value).to_owned());
        }
        Agent { folder: tempfile::tempdir().unwrap(), parameters: all }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn recorded(&self) -> PathBuf {
        self.path().join("recorded")
    }

    /// Runs the steps one after the other, until one fails.
    fn run(&self) -> (Option<i32>, String) {
        let temp = self.path().join("agent temp");
        fs::create_dir_all(&temp).unwrap();
        let mut log = String::new();
        for (script, environment) in bash_steps() {
            let mut step = Command::new("bash");
            step.args(["--noprofile", "--norc", "-c", &script]).current_dir(self.path()).env_clear();
            step.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", self.path());
            step.env("AGENT_TEMPDIRECTORY", &temp).env("RECORDED", self.recorded());
            for (variable, parameter) in environment {
                step.env(variable, &self.parameters[&parameter]);
            }
            let ran = step.output().unwrap();
            log.push_str(&String::from_utf8_lossy(&ran.stdout));
            log.push_str(&String::from_utf8_lossy(&ran.stderr));
            assert!(!self.path().join("planted").exists(), "a parameter was executed: {log}");
            if !ran.status.success() {
                return (ran.status.code(), log);
            }
        }
        (Some(0), log)
    }
}

fn steps() -> String {
    fs::read_to_string(Path::new(ROOT).join("azure-devops/pullgate-steps.yml")).unwrap()
}

fn defaults() -> BTreeMap<String, String> {
    let text = steps();
    let block = text.split("\nparameters:\n").nth(1).unwrap().split("\nsteps:").next().unwrap();
    let each = block.split("  - name: ").skip(1);
    each.map(|parameter| {
        let name = parameter.lines().next().unwrap().to_owned();
        let default = parameter.lines().find_map(|line| line.trim().strip_prefix("default: ")).unwrap_or("");
        (name, default.trim_matches('\'').to_owned())
    })
    .collect()
}

/// The scripts of the bash steps, each with its variables and the parameters that fill them.
fn bash_steps() -> Vec<(String, Vec<(String, String)>)> {
    let text = steps();
    let mut found = Vec::new();
    for part in text.split("- bash: ").skip(1) {
        let (script, rest) = match part.strip_prefix("|\n") {
            None => part.split_once('\n').map(|(line, rest)| (line.to_owned(), rest)).unwrap(),
            Some(block) => {
                let end = block.find("\n    displayName").unwrap();
                let lines = block[..end].lines().map(|line| line.get(6..).unwrap_or(""));
                (lines.collect::<Vec<_>>().join("\n"), &block[end..])
            }
        };
        let variables = rest.lines().skip_while(|line| line.trim() != "env:").skip(1);
        let variables = variables.map_while(|line| {
            let (name, value) = line.trim().split_once(": ${{ parameters.")?;
            Some((name.to_owned(), value.trim_end_matches(" }}").to_owned()))
        });
        assert!(!script.contains("${{"), "an expression stands in a script");
        found.push((script, variables.collect()));
    }
    assert_eq!(found.len(), 2);
    found
}

#[test]
fn a_parameter_of_the_steps_reaches_pullgate_as_one_argument() {
    let lines = format!("{HOSTILE}\nsecond line");
    for (name, flag, many) in [
        ("parameters", "--parameters=", true),
        ("image", "--image=", true),
        ("subscription", "--subscription=", false),
        ("resourceGroup", "--resource-group=", false),
        ("location", "--location=", false),
        ("arguments", "", true),
    ] {
        let agent = Agent::new(&[("manifest", "--offline\na b.yaml"), (name, &lines)]);
        let binary = recorder(agent.path()).display().to_string();
        let agent = Agent {
            parameters: agent.parameters.clone().into_iter().chain([("binary".to_owned(), binary)]).collect(),
            ..agent
        };
        let (code, log) = agent.run();
        assert_eq!(code, Some(0), "{log}");
        let words = recorded(&agent.recorded());
        let values = if many { vec![HOSTILE, "second line"] } else { vec![lines.as_str()] };
        for value in values {
            assert!(words.contains(&format!("{flag}{value}")), "`{name}`: {words:?}");
        }
        let end = words.iter().position(|word| word == "--").unwrap();
        assert_eq!(words[end + 1..], ["--offline", "a b.yaml"]);
    }
}

#[test]
fn the_steps_hand_on_the_verdict() {
    let judge = |image: &str, arguments: &str| {
        let agent = Agent::new(&[("manifest", "app one.yaml"), ("binary", PULLGATE), ("arguments", arguments)]);
        fs::write(agent.path().join("app one.yaml"), format!("{APP}{image}\n")).unwrap();
        agent.run()
    };
    let (code, log) = judge("mcr.microsoft.com/k8se/quickstart:1.0", "");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("##vso[task.setvariable variable=verdict;isOutput=true]pass"), "{log}");
    let (code, log) = judge("https://acme.azurecr.io/Api:v1", "");
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("##vso[task.logissue type=error;sourcepath=app one.yaml;linenumber=7;"), "{log}");
    assert!(log.contains("##vso[task.uploadsummary]") && log.contains("##vso[results.publish type=JUnit;"), "{log}");
    let (code, log) = judge("acme.azurecr.io/api:v1", "--no-such-option");
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("isOutput=true]error"), "{log}");
}

#[test]
fn nothing_that_pullgate_prints_to_the_steps_is_a_command() {
    let agent = Agent::new(&[("manifest", "a")]);
    let script = "#!/bin/sh\necho 'x ##vso[task.setvariable variable=forged]y ##[error]z ##VSO[a]'; exit 3\n";
    let binary = program(agent.path(), script).display().to_string();
    let agent = Agent {
        parameters: agent.parameters.clone().into_iter().chain([("binary".to_owned(), binary)]).collect(),
        ..agent
    };
    let (code, log) = agent.run();
    assert_eq!(code, Some(3));
    assert!(log.contains("x # #vso[task.setvariable variable=forged]y # #[error]z # #vso[a]"), "{log}");
}

#[test]
fn the_steps_refuse_a_release_whose_checksum_differs() {
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    let releases = Releases::with(version);
    let installer = releases.folder.path().join(format!("download/{version}/install.sh"));
    fs::copy(Path::new(ROOT).join("install.sh"), installer).unwrap();
    let agent = Agent::new(&[("manifest", "a"), ("releases", &releases.url())]);
    assert_eq!(agent.run().0, Some(0));
    fs::remove_file(agent.recorded()).unwrap();
    releases.tamper(version);
    let (code, log) = Agent { folder: tempfile::tempdir().unwrap(), ..agent }.run();
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("nothing was installed"), "{log}");
}
