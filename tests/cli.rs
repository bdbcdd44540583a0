//! The command line, from outside: help, exit codes, where reports go, what the environment sets, what the policy decides.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const HEALTHY: &str = "name: api\nenvironmentId: /environments/e\ntemplate:\n  containers:\n  - name: api\n    image: ghcr.io/acme/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n";
const UPPER: &str = "name: api\nenvironmentId: /environments/e\ntemplate:\n  containers:\n  - name: api\n    image: ghcr.io/Acme/api:v1\n";
const LATEST: &str = "name: api\nenvironmentId: /environments/e\ntemplate:\n  containers:\n  - name: api\n    image: ghcr.io/acme/api:latest\n";

/// A folder with these files, to run in.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The binary in a folder, with nothing of ours in its environment.
fn pullgate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PULLGATE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
    command.timeout(std::time::Duration::from_secs(60));
    command
}

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(folder: &Path, arguments: &[&str]) -> Ran {
    ran(pullgate(folder).args(arguments))
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[track_caller]
fn exits(files: &[(&str, &str)], arguments: &[&str], code: i32, words: &str) {
    let folder = folder(files);
    let ran = run(folder.path(), arguments);
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(words) || ran.err.contains(words), "{words:?} is not in {}{}", ran.out, ran.err);
}

#[test]
fn every_command_explains_itself() {
    let here = folder(&[]);
    for command in ["check", "expand", "explain", "triage", "completions"] {
        let help = run(here.path(), &[command, "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.out.contains("Usage: pullgate") && !help.out.contains('\u{1b}'), "{}", help.out);
        assert!(help.out.lines().all(|line| line.chars().count() <= 120), "{}", help.out);
    }
    let help = run(here.path(), &["--help"]);
    assert!(help.out.contains("Exit codes") && help.out.contains("pullgate check app.yaml"), "{}", help.out);
    let version = run(here.path(), &["--version"]);
    assert_eq!(version.out.trim(), format!("pullgate {}", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(run(here.path(), &["completions", shell]).out.contains("pullgate"));
    }
}

#[test]
fn the_exit_code_says_what_came_of_it() {
    exits(&[("app.yaml", HEALTHY)], &["check", "app.yaml", "--offline"], 0, "nothing is known to fail");
    exits(&[("app.yaml", UPPER)], &["check", "app.yaml", "--offline"], 1, "would fail");
    exits(&[], &["check", "app.yaml", "--offline"], 2, "app.yaml does not exist");
    exits(&[], &["check"], 2, "name a manifest");
    exits(&[], &["frobnicate"], 2, "unrecognized subcommand");
    exits(&[("app.yaml", LATEST)], &["check", "app.yaml", "--offline"], 0, "1 warning");
    exits(&[("app.yaml", LATEST)], &["check", "app.yaml", "--offline", "--fail-on", "warning"], 1, "would fail");
}

#[test]
fn what_could_not_be_asked_does_not_open_the_gate() {
    // Nothing listens there, so nothing can be known of the image.
    let nowhere = ["check", "app.yaml", "--connect-to", "::127.0.0.1:9", "--timeout", "5"];
    exits(&[("app.yaml", HEALTHY)], &nowhere, 3, "not verified");
    let allowed = [&nowhere[..], &["--allow-unverified"]].concat();
    exits(&[("app.yaml", HEALTHY)], &allowed, 0, "excused");
    let others = [&nowhere[..], &["--allow-unverified=H4"]].concat();
    exits(&[("app.yaml", HEALTHY)], &others, 3, "not verified");
}

#[test]
fn a_manifest_comes_from_standard_input() {
    let here = folder(&[]);
    let ran = ran(pullgate(here.path()).args(["check", "-", "--offline"]).write_stdin(UPPER));
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("<stdin>:6:20"), "{}", ran.out);
}

#[test]
fn one_run_writes_every_report() {
    let here = folder(&[("app.yaml", UPPER)]);
    let formats = ["junit", "sarif", "json", "markdown", "github", "azure-devops", "text"];
    let mut arguments = vec!["check".to_owned(), "app.yaml".to_owned(), "--offline".to_owned()];
    arguments.extend(formats.map(|format| format!("--report={format}=out/deep/{format}")));
    arguments.push("--report=github".to_owned());
    let ran = ran(pullgate(here.path()).args(&arguments));
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.starts_with("::error title=repository-upper-case,file=app.yaml,line=6,"), "{}", ran.out);
    for format in formats {
        let written = std::fs::read_to_string(here.path().join("out/deep").join(format)).unwrap();
        assert!(written.contains("repository-upper-case"), "{format}: {written}");
        assert!(!written.contains('\u{1b}'), "{format}");
    }
    let json = std::fs::read_to_string(here.path().join("out/deep/json")).unwrap();
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["summary"]["verdict"], "fail");
}

#[test]
fn a_report_for_a_file_leaves_the_text_on_the_console() {
    exits(&[("app.yaml", UPPER)], &["check", "app.yaml", "--offline", "--report", "json=x.json"], 1, "would fail");
    exits(&[("app.yaml", UPPER)], &["check", "app.yaml", "--report", "html"], 2, "is none of text, github");
    exits(&[("app.yaml", UPPER)], &["check", "app.yaml", "--report", "json="], 2, "names no file");
}

#[test]
fn colour_is_for_terminals() {
    let here = folder(&[("app.yaml", UPPER)]);
    let arguments = ["check", "app.yaml", "--offline"];
    assert!(!run(here.path(), &arguments).out.contains('\u{1b}'));
    let forced = ran(pullgate(here.path()).args(arguments).env("CLICOLOR_FORCE", "1"));
    assert!(forced.out.contains('\u{1b}'));
    let refused = ran(pullgate(here.path()).args(arguments).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "0"));
    assert!(!refused.out.contains('\u{1b}'));
}

#[test]
fn every_option_has_a_variable() {
    let here = folder(&[("app.yaml", LATEST)]);
    let with = |name: &str, value: &str| {
        ran(pullgate(here.path()).args(["check", "app.yaml"]).env(name, value).env("PULLGATE_OFFLINE", "true"))
    };
    assert_eq!(with("PULLGATE_FAIL_ON", "warning").code, 1);
    assert_eq!(with("PULLGATE_FAIL_ON", "notice").code, 2);
    assert!(with("PULLGATE_REPORT", "github\njunit=x.xml").out.starts_with("::warning"));
    assert!(here.path().join("x.xml").is_file());
    assert!(with("PULLGATE_IGNORE", "tag-mutable").out.contains("1 excused"));
    assert_eq!(with("PULLGATE_IMAGE", "ghcr.io/Acme/x:1").code, 1);
    let help = run(here.path(), &["check", "--help"]).out;
    let (mut options, mut variables) = (0, 0);
    for line in help.lines().map(str::trim) {
        let is_option = line.starts_with("--") || line.starts_with("-p,") || line.starts_with("-g,");
        options += usize::from(is_option);
        variables += line.matches("[env: PULLGATE_").count();
    }
    assert!(variables >= options, "{options} options, {variables} variables in {help}");
}

#[test]
fn an_unknown_code_is_answered_with_the_nearest() {
    exits(&[], &["explain", "tag-mising"], 2, "did you mean `tag-missing`?");
    exits(&[], &["check", "x", "--ignore", "tag-mising"], 2, "did you mean `tag-missing`?");
    exits(&[], &["check", "x", "--allow-unverified=H7"], 2, "H1 … H5 name a question");
    exits(&[], &["explain", "tag-missing"], 0, "## Fix");
    exits(&[], &["explain"], 0, "tag-missing");
}

#[test]
fn a_question_lists_its_checks_and_capitals_do_not_matter() {
    let here = folder(&[]);
    let egress = run(here.path(), &["explain", "h5"]).out;
    assert!(egress.contains("token-egress-closed") && !egress.contains("tag-missing"), "{egress}");
    exits(&[], &["explain", "Tag-Missing"], 0, "tag-missing (error;");
}

#[test]
fn the_help_of_a_command_has_examples_and_no_value_of_a_variable() {
    for command in ["check", "audit", "triage", "pin"] {
        exits(&[], &[command, "--help"], 0, "Examples:");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_pullgate"))
        .args(["check", "--help"])
        .env("PULLGATE_PARAMETERS", "password=hunter2")
        .output()
        .unwrap();
    let help = String::from_utf8_lossy(&help.stdout);
    assert!(help.contains("PULLGATE_PARAMETERS") && !help.contains("hunter2"), "{help}");
}

#[test]
fn what_judges_nothing_is_no_pass() {
    let parameters = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", "parameters": {}}"#;
    exits(&[("p.json", parameters)], &["check", "p.json", "--offline"], 2, "p.json holds only parameters");
}

#[test]
fn a_mistake_that_is_easily_made_is_answered_with_what_was_meant() {
    let files = [("app.yaml", UPPER)];
    exits(&files, &["check", "app.yaml", "--allow-unverified", "H2"], 2, "`--allow-unverified=H2`");
    exits(
        &files,
        &["check", "app.yaml", "--offline", "--report", "json", "--report", "text"],
        2,
        "`--report json=FILE`",
    );
    exits(&files, &["check", "app.yaml", "--offline", "--report", "github", "--report", "text"], 1, "::error");
    exits(&files, &["check", "--offline"], 2, "name a manifest");
}

#[test]
fn what_a_file_leaves_out_is_had_where_it_says() {
    let compose = [("compose.yaml", "services: {db: {image: 'postgres:${PG}'}}")];
    exits(&compose, &["check", "compose.yaml", "--offline"], 0, "docker compose config");
}

#[test]
fn the_policy_file_is_found_upwards_and_can_be_left_out() {
    let files = [("app/prod/app.yaml", LATEST), (".pullgate.yaml", "severities: {tag-mutable: error}\n")];
    exits(&files, &["check", "app/prod/app.yaml", "--offline"], 1, "tag-mutable");
    exits(&files, &["check", "app/prod/app.yaml", "--offline", "--no-config"], 0, "1 warning");
    let other = [("app.yaml", LATEST), ("other.yaml", "fail-on: warning\n"), (".pullgate.yaml", "")];
    exits(&other, &["check", "app.yaml", "--offline", "--config", "other.yaml"], 1, "would fail");
    exits(&other, &["check", "app.yaml", "--offline", "--config", "other.yaml", "--fail-on", "error"], 0, "warning");
    exits(&other, &["check", "app.yaml", "--offline", "--config", "none.yaml"], 2, "cannot read none.yaml");
    let wrong = [("app.yaml", LATEST), (".pullgate.yaml", "severities:\n  tag-mutible: error\n")];
    exits(&wrong, &["check", "app.yaml", "--offline"], 2, ".pullgate.yaml:2:3: no check is called `tag-mutible`");
}

#[test]
fn an_exception_holds_until_its_day() {
    let policy = |until: &str| {
        format!(
            "ignore:\n- code: repository-upper-case\n  image: ghcr.io/*\n  workload: ap?\n  reason: renamed next week\n  until: {until}\n"
        )
    };
    let lasting = policy("2999-12-31");
    exits(&[("app.yaml", UPPER), (".pullgate.yaml", &lasting)], &["check", "app.yaml", "--offline"], 0, "1 excused");
    let over = policy("2020-01-31");
    let files = [("app.yaml", UPPER), (".pullgate.yaml", over.as_str())];
    exits(&files, &["check", "app.yaml", "--offline"], 1, "the entry expired on 2020-01-31");
    let other = lasting.replace("ghcr.io/*", "docker.io/*");
    exits(&[("app.yaml", UPPER), (".pullgate.yaml", &other)], &["check", "app.yaml", "--offline"], 1, "would fail");
}

#[test]
fn a_comment_excuses_its_line_and_needs_a_reason() {
    let beside = UPPER.replace("api:v1", "api:v1 # pullgate: ignore[repository-upper-case] renamed next week");
    exits(&[("app.yaml", &beside)], &["check", "app.yaml", "--offline"], 0, "1 excused");
    let above =
        UPPER.replace("    image", "    # pullgate: ignore[tag-missing, repository-upper-case] next week\n\n    image");
    exits(&[("app.yaml", &above)], &["check", "app.yaml", "--offline"], 0, "1 excused");
    let silent = UPPER.replace("api:v1", "api:v1 # pullgate: ignore[repository-upper-case]");
    exits(&[("app.yaml", &silent)], &["check", "app.yaml", "--offline"], 1, "it gives no reason");
    let elsewhere = format!("# pullgate: ignore[repository-upper-case] wrong line\n{UPPER}");
    exits(&[("app.yaml", &elsewhere)], &["check", "app.yaml", "--offline"], 1, "would fail");
}

#[test]
fn a_baseline_excuses_what_was_there_wherever_it_moved() {
    let here = folder(&[("app.yaml", UPPER)]);
    assert_eq!(run(here.path(), &["check", "app.yaml", "--offline", "--report=json=old.json"]).code, 1);
    let moved = format!("# a comment\n\n{UPPER}");
    std::fs::write(here.path().join("moved.yaml"), &moved).unwrap();
    let known = run(here.path(), &["check", "moved.yaml", "--offline", "--baseline", "old.json"]);
    assert!(known.code == 0 && known.out.contains("1 excused"), "{}", known.out);
    std::fs::write(here.path().join("moved.yaml"), moved.replace("Acme", "ACME")).unwrap();
    assert_eq!(run(here.path(), &["check", "moved.yaml", "--offline", "--baseline", "old.json"]).code, 1);
    let wrong = run(here.path(), &["check", "app.yaml", "--offline", "--baseline", "app.yaml"]);
    assert!(wrong.code == 2 && wrong.err.contains("--report json=FILE"), "{}", wrong.err);
}

#[test]
fn the_summary_calls_no_image_good_whose_workload_fails() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/06-abac-registry-acrpull");
    let ran = run(&case, &["check", "app.json", "--evidence", "evidence.json", "--report", "markdown"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("| ❌ | `role-ineffective` | `contososhop.azurecr.io/basket:7`"), "{}", ran.out);
    assert!(!ran.out.contains("can be pulled"), "{}", ran.out);
}

#[test]
fn the_summary_shows_the_worst_image_first() {
    let here = folder(&[("a.yaml", HEALTHY), ("b.yaml", LATEST), ("c.yaml", UPPER)]);
    let ran = run(here.path(), &["check", "a.yaml", "b.yaml", "c.yaml", "--offline", "--report", "markdown"]);
    let rows: Vec<&str> = ran.out.lines().filter(|line| line.starts_with("| ") && line.contains("ghcr.io")).collect();
    let order: Vec<bool> = rows.iter().map(|row| row.contains("Acme")).collect();
    assert_eq!(order, [true, false, false], "{}", ran.out);
    assert!(rows[1].contains("latest"), "{}", ran.out);
}

/// Documents that commands print, against the schemas that `docs` gives to others.
#[test]
fn what_is_printed_keeps_its_contract() {
    let here = folder(&[
        ("app.yaml", LATEST),
        ("x.log", "Failed to pull image \"acme.azurecr.io/api:v1\": manifest unknown\n"),
    ]);
    let fits = |schema: &str, arguments: &[&str]| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(schema);
        let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let printed: Value = serde_json::from_str(&run(here.path(), arguments).out).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&printed).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
    };
    fits("expand.schema.json", &["expand", "app.yaml", "--format", "json", "--resources"]);
    fits("triage.schema.json", &["triage", "x.log", "--format", "json"]);
    fits("report.schema.json", &["check", "app.yaml", "--offline", "--report", "json"]);
}

/// Policy files, as an editor with `docs/config.schema.json` sees them and as pullgate reads them.
#[test]
fn editors_and_the_gate_agree_on_policy_files() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/config.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good = [
        r#"{"fail-on": "warning", "severities": {"tag-mutable": "note"}, "cloud": "usgov"}"#,
        r#"{"ignore": [{"code": "H3", "reason": "x", "until": "2999-12-31"}, {"image": "*", "workload": "a?", "reason": "y"}]}"#,
        r#"{"allow-unverified": ["all", "H1", "tag-missing"], "registries": [{"host": "localhost:5000", "plain-http": true}]}"#,
        "{}",
    ];
    let bad = [
        r#"{"failOn": "warning"}"#,
        r#"{"fail-on": "note"}"#,
        r#"{"severities": {"tag-mutable": "off"}}"#,
        r#"{"ignore": [{"reason": "x"}]}"#,
        r#"{"ignore": [{"code": "tag-missing"}]}"#,
        r#"{"ignore": [{"code": "tag-missing", "reason": " "}]}"#,
        r#"{"ignore": [{"code": "tag-missing", "reason": "x", "until": "tomorrow"}]}"#,
        r#"{"registries": [{"plain-http": true}]}"#,
        r#"{"cloud": "moon"}"#,
        "[]",
    ];
    for (text, is_good) in good.map(|text| (text, true)).into_iter().chain(bad.map(|text| (text, false))) {
        let here = folder(&[("app.yaml", HEALTHY), (".pullgate.yaml", text)]);
        assert_eq!(validator.is_valid(&serde_json::from_str(text).unwrap()), is_good, "the schema: {text}");
        let ran = run(here.path(), &["check", "app.yaml", "--offline"]);
        assert_eq!(ran.code == 0, is_good, "the gate: {text}: {}", ran.err);
    }
}
