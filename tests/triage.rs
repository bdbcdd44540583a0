//! `pullgate triage --check`, from outside: from a log line to the verdict on its image, with a real registry.

#[path = "support/authority.rs"]
#[allow(dead_code, reason = "the registry can be served over TLS, which is tried elsewhere")]
mod authority;
#[path = "support/registry.rs"]
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
mod rig;

use assert_cmd::Command;
use rig::{Registry, Store, Variant, is_installed};
use serde_json::Value;

struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn triage(log: &str, arguments: &[&str]) -> Ran {
    let here = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PULLGATE_")) {
        command.env_remove(name);
    }
    command.current_dir(here.path()).env("HOME", here.path()).env("DOCKER_CONFIG", here.path());
    command.arg("triage").args(arguments).write_stdin(log).timeout(std::time::Duration::from_secs(60));
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn failed(image: &str) -> String {
    format!("Failed to pull image \"{image}\": rpc error: code = NotFound desc = {image}: not found\n")
}

#[test]
fn the_image_of_a_log_line_is_judged_as_it_is_now() {
    if !is_installed() {
        return;
    }
    let store = Store::with_images();
    let registry = Registry::start(&store, Variant::Open);
    let port = registry.host().rsplit_once(':').unwrap().1.to_owned();
    let connect = format!("registry.contoso.com::127.0.0.1:{port}");
    let way = ["--connect-to", &connect, "--plain-http", "registry.contoso.com"];
    let log = |rest: &str| failed(&format!("registry.contoso.com/app/{rest}"));
    let judged = |log: &str, more: &[&str]| triage(log, &[&["--check", "--"][..], &way, more].concat());

    let gone = judged(&log("amd64:9.9"), &[]);
    assert_eq!(gone.code, 1, "{}{}", gone.out, gone.err);
    assert!(gone.out.contains("1. H2 tag-missing") && gone.out.contains("tag `9.9` is not in"), "{}", gone.out);
    // It was pushed since. How the app logs in is not in the line, and is not called wrong.
    let there = judged(&log("amd64:1.0"), &[]);
    assert_eq!(there.code, 3, "{}{}", there.out, there.err);
    assert!(there.out.contains("could not be verified") || there.out.contains("not verified"), "{}", there.out);
    assert_eq!(judged(&log("amd64:1.0"), &["--allow-unverified"]).code, 0);
    // Another cause than the line's is found too.
    let other = judged(&log("arm64:1.0"), &[]);
    assert!(other.code == 1 && other.out.contains("platform-mismatch"), "{}", other.out);
    // Every image of the text, the likeliest cause first.
    let both = log("amd64:9.9") + &log("amd64:8.8");
    let both = triage(&both, &["--check", "--format", "json", "--", "--offline"]);
    let documents: Vec<Value> = serde_json::Deserializer::from_str(&both.out).into_iter().map(Result::unwrap).collect();
    let schemas: Vec<&str> = documents.iter().map(|document| document["schema"].as_str().unwrap()).collect();
    assert_eq!(schemas, ["pullgate/triage/1", "pullgate/report/1"]);
    assert!(both.out.contains("image-1") && both.out.contains("image-2"));
}

#[test]
fn a_manifest_among_the_options_is_judged_instead() {
    let here = tempfile::tempdir().unwrap();
    let path = here.path().join("app.yaml");
    let text = "name: api\nenvironmentId: /environments/e\ntemplate:\n  containers:\n  - name: api\n    image: ghcr.io/Acme/api:v1\n";
    std::fs::write(&path, text).unwrap();
    let ran = triage(&failed("ghcr.io/acme/api:v1"), &["--check", "--", "--offline", path.to_str().unwrap()]);
    assert!(ran.code == 1 && ran.out.contains("repository-upper-case"), "{}{}", ran.out, ran.err);
}

#[test]
fn without_an_image_or_with_unknown_options_nothing_is_judged() {
    let none = triage("GET / 200\n", &["--check"]);
    assert!(none.code == 2 && none.err.contains("no line names an image"), "{}", none.err);
    let unknown = triage(&failed("ghcr.io/acme/api:v1"), &["--check", "--", "--ofline"]);
    assert!(unknown.code == 2 && unknown.err.contains("--offline"), "{}", unknown.err);
    let alone = triage(&failed("ghcr.io/acme/api:v1"), &["--", "--offline"]);
    assert!(alone.code == 2 && alone.err.contains("--check"), "{}", alone.err);
}
