//! The GitHub action's step, run as a runner runs it: inputs as variables, files for outputs and the summary.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/release.rs"]
mod release;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use release::{Releases, program, recorded, recorder};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PULLGATE: &str = env!("CARGO_BIN_EXE_pullgate");
const APP: &str = "\
type: Microsoft.App/containerApps
name: api
properties:
  template:
    containers:
      - name: api
        image: ";

/// Options of `check` that people on a terminal want, and a workflow does not.
const NOT_INPUTS: &[&str] = &["help"];
/// Inputs with a value a line.
const LISTS: &[&str] =
    &["parameters", "wait-for", "image", "report", "ignore", "allow-unverified", "connect-to", "plain-http"];
const FLAGS: &[&str] = &["env", "offline", "no-config", "verify-secrets"];

/// What a hostile pull request would put into an input.
const HOSTILE: &str = "a b'\"$(touch planted)`touch planted`;touch planted;${IFS}|touch planted&*?~\\";

/// A runner's job: its folder is the workspace.
struct Runner {
    folder: TempDir,
    inputs: Vec<(String, String)>,
}

struct Ran {
    code: Option<i32>,
    log: String,
    outputs: BTreeMap<String, String>,
    /// What is in the files that the outputs name.
    reports: BTreeMap<String, String>,
    summary: String,
}

impl Runner {
    fn new(inputs: &[(&str, &str)]) -> Runner {
        let folder = tempfile::tempdir().unwrap();
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Runner { folder, inputs }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn input(mut self, name: &str, value: impl Into<String>) -> Runner {
        self.inputs.push((name.to_owned(), value.into()));
        self
    }

    fn file(self, name: &str, text: &str) -> Runner {
        fs::write(self.path().join(name), text).unwrap();
        self
    }

    fn recording(self) -> Runner {
        let binary = recorder(self.path());
        self.input("binary", binary.display().to_string())
    }

    /// Runs the step of action.yml with nothing in its environment but what a runner gives.
    fn run(&self) -> Ran {
        let temp = self.path().join("runner temp");
        fs::create_dir_all(&temp).unwrap();
        let (output, summary) = (temp.join("output"), temp.join("summary"));
        for path in [&output, &summary] {
            fs::write(path, "").unwrap();
        }
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step()]).current_dir(self.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("GITHUB_ACTIONS", "true").env("HOME", self.path());
        command.env("GITHUB_ACTION_PATH", ROOT).env("RUNNER_TEMP", &temp).env("RUNNER_OS", "Linux");
        command.env("RUNNER_TOOL_CACHE", self.path().join("tools"));
        command.env("RUNNER_ARCH", if cfg!(target_arch = "aarch64") { "ARM64" } else { "X64" });
        command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary);
        command.env("RECORDED", self.recorded());
        for name in inputs() {
            command.env(variable(&name), "");
        }
        for (name, value) in &self.inputs {
            assert!(inputs().contains(name), "action.yml has no input `{name}`");
            command.env(variable(name), value);
        }
        let ran = command.output().unwrap();
        let log = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
        assert!(!self.path().join("planted").exists(), "an input was executed: {log}");
        let outputs = fs::read_to_string(output).unwrap();
        let outputs = outputs.lines().filter_map(|line| line.split_once('='));
        let outputs: BTreeMap<_, _> = outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let files = outputs.iter().filter_map(|(name, path)| Some((name.strip_prefix("report-")?, path)));
        Ran {
            code: ran.status.code(),
            log,
            reports: files.map(|(name, path)| (name.to_owned(), fs::read_to_string(path).unwrap())).collect(),
            outputs,
            summary: fs::read_to_string(summary).unwrap(),
        }
    }

    fn recorded(&self) -> PathBuf {
        self.path().join("recorded")
    }

    /// The arguments that pullgate gets of these inputs.
    #[track_caller]
    fn arguments(&self) -> Vec<String> {
        let ran = self.run();
        assert_eq!(ran.code, Some(0), "{}", ran.log);
        recorded(&self.recorded())
    }
}

fn action() -> String {
    fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap()
}

/// The script of the step.
fn step() -> String {
    let action = action();
    let line = action.lines().find_map(|line| line.trim().strip_prefix("run: ")).unwrap();
    assert!(!line.contains("${{"), "an expression stands in the script");
    line.to_owned()
}

/// The names of the inputs that action.yml declares.
fn inputs() -> Vec<String> {
    let action = action();
    let block = action.lines().skip_while(|line| *line != "inputs:").skip(1).take_while(|line| *line != "outputs:");
    let names = block.filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    names.filter(|name| !name.starts_with(' ')).map(str::to_owned).collect()
}

fn variable(input: &str) -> String {
    match input {
        "github-token" => "GH_TOKEN".to_owned(),
        other => format!("INPUT_{}", other.replace('-', "_").to_uppercase()),
    }
}

/// The options of `pullgate check`, as its help lists them.
fn options() -> Vec<String> {
    let help = Command::new(PULLGATE).args(["check", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let names = help.lines().filter_map(|line| {
        let line = line.trim_start();
        let long = line
            .strip_prefix("--")
            .or_else(|| line.split_once(", --").filter(|(short, _)| short.len() == 2).map(|(_, long)| long))?;
        Some(long.split([' ', '[', '=']).next()?.to_owned())
    });
    names.filter(|name| !NOT_INPUTS.contains(&name.as_str())).collect()
}

#[test]
fn every_option_is_an_input_and_every_input_reaches_the_step() {
    let (action, inputs) = (action(), inputs());
    let missing: Vec<_> = options().into_iter().filter(|option| !inputs.contains(option)).collect();
    assert!(missing.is_empty(), "action.yml and scripts/action.sh lack {missing:?}");
    for input in &inputs {
        let line = format!("{}: ${{{{ inputs.{input} }}}}", variable(input));
        assert!(action.contains(&line), "action.yml does not hand on `{input}`");
    }
}

#[test]
fn an_input_reaches_pullgate_as_one_argument_whatever_is_in_it() {
    let lines = format!("{HOSTILE}\nsecond line\r\n\n-third");
    for option in options() {
        let name = option.as_str();
        let (value, expected) = match name {
            _ if FLAGS.contains(&name) => ("true".to_owned(), vec![format!("--{name}")]),
            _ if LISTS.contains(&name) => {
                (lines.clone(), [HOSTILE, "second line", "-third"].map(|line| format!("--{name}={line}")).to_vec())
            }
            _ => (lines.clone(), vec![format!("--{name}={lines}")]),
        };
        let arguments = Runner::new(&[("manifest", "app.yaml"), (name, &value)]).recording().arguments();
        let given: Vec<&String> = arguments.iter().filter(|argument| !argument.contains("/runner temp/")).collect();
        let mut wanted = vec!["check".to_owned()];
        wanted.extend(expected);
        wanted.extend(["--".to_owned(), "app.yaml".to_owned()]);
        assert_eq!(given, wanted.iter().collect::<Vec<_>>(), "the input `{name}`");
    }
}

#[test]
fn manifests_are_never_taken_for_options() {
    let manifests = format!("--offline\n{HOSTILE}\n  two words.json\n./deploy/app.yaml");
    let arguments = Runner::new(&[("manifest", &manifests)]).recording().arguments();
    let end = arguments.iter().position(|argument| argument == "--").unwrap();
    assert_eq!(arguments[end + 1..], ["--offline", HOSTILE, "  two words.json", "deploy/app.yaml"]);
}

#[test]
fn inputs_that_are_not_for_pullgate_are_not_executed_either() {
    for name in ["version", "checksum", "attestation", "releases", "binary", "client-id", "github-token"] {
        let runner = Runner::new(&[("manifest", "app.yaml"), (name, HOSTILE)]);
        let runner = if name == "releases" { runner } else { runner.input("releases", "file:///nowhere") };
        runner.run();
    }
}

#[test]
fn flags_are_true_or_false() {
    for name in FLAGS {
        let arguments = Runner::new(&[("manifest", "app.yaml"), (name, "false")]).recording().arguments();
        assert!(!arguments.contains(&format!("--{name}")));
        let ran = Runner::new(&[("manifest", "app.yaml"), (name, "yes")]).recording().run();
        assert_eq!(ran.code, Some(2));
        assert!(
            ran.log.contains(&format!("::error title=pullgate could not judge::the input `{name}`")),
            "{}",
            ran.log
        );
        assert_eq!(ran.outputs["verdict"], "error");
    }
    let arguments = Runner::new(&[("manifest", "app.yaml"), ("allow-unverified", "true")]).recording().arguments();
    assert!(arguments.contains(&"--allow-unverified".to_owned()));
}

/// A run of the real program.
fn judge(image: &str, inputs: &[(&str, &str)]) -> Ran {
    let runner = Runner::new(inputs).file("app one.yaml", &format!("{APP}{image}\n"));
    runner.input("manifest", "app one.yaml").input("binary", PULLGATE).run()
}

#[track_caller]
fn reports_are_written(ran: &Ran) {
    assert_eq!(ran.reports.len(), 4);
    for (name, start) in [("json", "{"), ("sarif", "{"), ("junit", "<?xml"), ("markdown", "## ")] {
        assert!(ran.reports[name].starts_with(start), "{name}: {}", ran.reports[name]);
    }
    assert_eq!(ran.summary, ran.reports["markdown"]);
}

#[test]
fn what_may_deploy_passes() {
    let ran = judge("mcr.microsoft.com/k8se/quickstart:1.0", &[("offline", "true")]);
    assert_eq!(ran.code, Some(0), "{}", ran.log);
    assert_eq!((&*ran.outputs["verdict"], &*ran.outputs["exit-code"]), ("pass", "0"));
    assert!(ran.summary.starts_with("## "), "{}", ran.summary);
    assert!(!ran.log.contains("::error"), "{}", ran.log);
    reports_are_written(&ran);
}

#[test]
fn what_would_fail_is_annotated_and_handed_on() {
    let ran = judge("https://acme.azurecr.io/Api:v1", &[("offline", "true")]);
    assert_eq!(ran.code, Some(1), "{}", ran.log);
    assert_eq!((&*ran.outputs["verdict"], &*ran.outputs["exit-code"]), ("fail", "1"));
    assert!(ran.log.contains("::error title="), "{}", ran.log);
    assert!(ran.log.contains(",file=app one.yaml,line=7,"), "{}", ran.log);
    assert!(ran.summary.starts_with("## ❌"), "{}", ran.summary);
    reports_are_written(&ran);
}

#[test]
fn what_could_not_be_verified_ends_with_three() {
    let nowhere = [("connect-to", "::127.0.0.1:1"), ("timeout", "20")];
    let ran = judge("acme.azurecr.io/api:v1", &nowhere);
    assert_eq!(ran.code, Some(3), "{}", ran.log);
    assert_eq!((&*ran.outputs["verdict"], &*ran.outputs["exit-code"]), ("unverified", "3"));
    assert!(ran.summary.starts_with("## ❔"), "{}", ran.summary);
    reports_are_written(&ran);
}

#[test]
fn an_input_that_cannot_be_read_is_an_error_of_the_step() {
    let ran = Runner::new(&[("manifest", "absent.yaml"), ("binary", PULLGATE)]).run();
    assert_eq!(ran.code, Some(2), "{}", ran.log);
    assert_eq!(ran.outputs["verdict"], "error");
    assert!(
        ran.log.contains("::error title=pullgate could not judge::error: absent.yaml does not exist"),
        "{}",
        ran.log
    );
    assert!(ran.summary.contains("absent.yaml does not exist"), "{}", ran.summary);
    assert!(!ran.outputs.contains_key("report-json"));
}

#[test]
fn nothing_that_pullgate_prints_is_a_command() {
    let runner = Runner::new(&[("manifest", "app.yaml")]);
    let binary = program(runner.path(), "#!/bin/sh\necho ::error::forged; echo ::add-mask::x >&2; exit 1\n");
    let ran = runner.input("binary", binary.display().to_string()).run();
    let lines: Vec<&str> = ran.log.lines().collect();
    let stop = lines.iter().position(|line| line.starts_with("::stop-commands::")).unwrap();
    let token = format!("::{}::", lines[stop].trim_start_matches("::stop-commands::"));
    let resume = lines.iter().position(|line| **line == token).unwrap();
    let forged = lines.iter().position(|line| *line == "::error::forged").unwrap();
    assert!(stop < forged && forged < resume, "{}", ran.log);
    assert_eq!(token.len(), 32 + 4);
}

#[test]
fn digests_are_an_object_from_images_to_digests() {
    let digest = |fill: &str| format!("sha256:{}", fill.repeat(64));
    let judgement = |image: serde_json::Value, digest: serde_json::Value| serde_json::json!({"code": "tag-missing", "image": image, "digest": digest, "detail": ["\"image\": \"forged\""]});
    let report = serde_json::json!({"schema": "pullgate/report/1", "judgements": [
        judgement("a.azurecr.io/x:1".into(), digest("a").into()),
        judgement("a.azurecr.io/x:1".into(), digest("a").into()),
        judgement("a.azurecr.io/y:1".into(), serde_json::Value::Null),
        judgement(serde_json::Value::Null, digest("c").into()),
        judgement("b.azurecr.io/\"z\\:1".into(), digest("b").into()),
    ]});
    let runner =
        Runner::new(&[("manifest", "app.yaml")]).file("report", &serde_json::to_string_pretty(&report).unwrap());
    let script = "#!/bin/sh\nfor a in \"$@\"; do case $a in --report=*=/*) cp report \"/${a#*=*=/}\";; esac; done\n";
    let binary = program(runner.path(), script);
    let ran = runner.input("binary", binary.display().to_string()).run();
    let digests: serde_json::Value = serde_json::from_str(&ran.outputs["digests"]).unwrap();
    let expected = serde_json::json!({"a.azurecr.io/x:1": digest("a"), "b.azurecr.io/\"z\\:1": digest("b")});
    assert_eq!(digests, expected);
}

/// A job that fetches from releases on disk.
fn fetching(releases: &Releases, inputs: &[(&str, &str)]) -> Runner {
    Runner::new(inputs).input("manifest", "app.yaml").input("releases", releases.url())
}

#[test]
fn the_release_of_the_action_is_fetched_once() {
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    let releases = Releases::with(version);
    let runner = fetching(&releases, &[]);
    assert!(runner.arguments().contains(&"app.yaml".to_owned()));
    fs::remove_dir_all(releases.folder.path()).unwrap();
    fs::remove_file(runner.recorded()).unwrap();
    assert!(
        runner.arguments().contains(&"app.yaml".to_owned()),
        "the second run does not find the first one's program"
    );
}

#[test]
fn the_newest_release_is_fetched_each_time() {
    let releases = Releases::with("v7.0.0");
    let runner = fetching(&releases, &[("version", "latest")]);
    runner.arguments();
    fs::remove_dir_all(releases.folder.path()).unwrap();
    assert_eq!(runner.run().code, Some(2));
}

#[test]
fn a_release_whose_checksum_differs_is_refused() {
    let releases = Releases::with("v7.0.0");
    releases.tamper("v7.0.0");
    let runner = fetching(&releases, &[("version", "v7.0.0")]);
    for _ in 0..2 {
        let ran = runner.run();
        assert_eq!(ran.code, Some(2), "{}", ran.log);
        assert!(ran.log.contains("nothing was installed"), "{}", ran.log);
        assert_eq!(ran.outputs["verdict"], "error");
        assert!(!runner.recorded().exists(), "the program was started");
    }
}
