//! `pullgate pin` and `check --lock`, from outside: with saved evidence, and with a real registry whose tags move.

#[path = "support/authority.rs"]
#[allow(dead_code, reason = "the registry can be served over TLS, which is tried elsewhere")]
mod authority;
#[path = "support/registry.rs"]
#[allow(dead_code, reason = "shared with other tests, which use the rest")]
mod rig;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use rig::{Registry, Store, Variant, is_installed};
use serde_json::{Value, json};
use tempfile::TempDir;

const OLD: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

struct Ran {
    code: i32,
    out: String,
    err: String,
}

#[track_caller]
fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PULLGATE_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).env("HOME", folder).env("DOCKER_CONFIG", folder);
    let output = command.args(arguments).timeout(std::time::Duration::from_secs(60)).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

#[track_caller]
fn exits(folder: &Path, arguments: &[&str], code: i32) -> String {
    let ran = run(folder, arguments);
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    ran.out + &ran.err
}

fn app(image: &str) -> String {
    format!(
        "name: api # é\r\nenvironmentId: /environments/e\r\ntemplate:\r\n  containers:\r\n  - name: api\r\n    image: {image} # which\r\n"
    )
}

/// Evidence of an image with this digest.
fn evidence(image: &str, digest: &str) -> String {
    let platform = json!({"os": "linux", "architecture": "amd64"});
    let resolved = json!({"digest": digest, "mediaType": "application/vnd.oci.image.manifest.v1+json", "picked": null});
    let item = json!({"question": {"image": {"image": image, "platform": platform}}, "answer": {"known": {"image": resolved}}});
    json!({"schema": "pullgate/evidence/1", "evidence": [item]}).to_string()
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn read(folder: &TempDir, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

#[test]
fn a_tag_that_moves_in_a_registry_is_noticed() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    let registry = Registry::start(&store, Variant::Open);
    let first = registry.push_image("app/api", "1.0", "amd64");
    let image = format!("{}/app/api:1.0", registry.host());
    let here = folder(&[("app.yaml", app(&image).as_bytes())]);
    let at = here.path();
    let check = ["check", "app.yaml", "--lock", "pullgate.lock", "--allow-unverified", "--report", "json"];

    let said = exits(at, &["pin", "app.yaml", "--lock", "pullgate.lock"], 0);
    assert!(said.contains(&format!("→ {image}@{first}")) && said.contains("app.yaml:6:12"), "{said}");
    let lock: Value = serde_json::from_str(&read(&here, "pullgate.lock")).unwrap();
    assert_eq!(lock["images"][0]["image"], *image);
    assert_eq!(lock["images"][0]["digest"], *first);
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lock.schema.json")).unwrap();
    assert!(jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap().is_valid(&lock), "{lock}");
    let judged = |said: &str| {
        let report: Value = serde_json::from_str(said).unwrap();
        let all = report["judgements"].as_array().unwrap().clone();
        all.into_iter().find(|judgement| judgement["code"] == "tag-moved").unwrap()
    };
    assert_eq!(judged(&run(at, &check).out)["verdict"], "pass");
    exits(at, &["pin", "app.yaml", "--lock", "pullgate.lock", "--check"], 0);

    let second = registry.push_image("app/api", "1.0", "arm64");
    assert_ne!(first, second);
    let ran = run(at, &check);
    let moved = judged(&ran.out);
    assert_eq!((ran.code, &moved["verdict"]), (1, &json!("fail")), "{moved}");
    let detail = moved["detail"].to_string();
    assert!(detail.contains(&first) && detail.contains(&second), "{detail}");
    assert_eq!(moved["also"][0]["at"]["file"], "pullgate.lock");
    exits(at, &["pin", "app.yaml", "--lock", "pullgate.lock", "--check"], 1);

    exits(at, &["pin", "app.yaml", "--check"], 1);
    assert_eq!(read(&here, "app.yaml"), app(&image));
    exits(at, &["pin", "app.yaml", "--write"], 0);
    assert_eq!(read(&here, "app.yaml"), app(&format!("{image}@{second}")));
    exits(at, &["pin", "app.yaml", "--check"], 0);
    let third = registry.push_image("app/api", "1.0", "riscv64");
    exits(at, &["pin", "app.yaml", "--write"], 0);
    assert_eq!(read(&here, "app.yaml"), app(&format!("{image}@{third}")));
}

#[test]
fn what_cannot_be_resolved_is_told_and_nothing_is_written_for_it() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    let registry = Registry::start(&store, Variant::Open);
    let digest = registry.push_image("app/api", "1.0", "amd64");
    let host = registry.host();
    let compose = |digest: &str| {
        format!("services:\n  a:\n    image: {host}/app/api:1.0{digest}\n  b:\n    image: {host}/app/none:1.0\n")
    };
    let here = folder(&[("compose.yaml", compose("").as_bytes())]);
    let said = exits(here.path(), &["pin", "compose.yaml", "--write", "--lock", "pullgate.lock"], 3);
    assert!(said.contains("not resolved: ") && said.contains("2 images, 1 not resolved"), "{said}");
    assert_eq!(read(&here, "compose.yaml"), compose(&format!("@{digest}")));
    assert!(!read(&here, "pullgate.lock").contains("none"));
}

#[test]
fn the_policy_file_says_how_registries_are_spoken_to() {
    if !is_installed() {
        return;
    }
    let store = Store::new();
    let registry = Registry::start(&store, Variant::Open);
    let digest = registry.push_image("app/api", "1.0", "amd64");
    let host = "registry.test:5000";
    let files = [("app.yaml", app(&format!("{host}/app/api:1.0")))];
    let here = folder(&files.each_ref().map(|(name, text)| (*name, text.as_bytes())));
    let at = here.path();
    let connect = format!("{host}:{}", registry.host());
    let pin = ["pin", "app.yaml", "--connect-to", &connect];
    // TLS is spoken to a host that is not this machine.
    exits(at, &pin, 3);
    fs::write(at.join(".pullgate.yaml"), format!("registries:\n- host: {host}\n  plain-http: true\n")).unwrap();
    assert!(exits(at, &pin, 0).contains(&digest));
    exits(at, &[&pin[..], &["--no-config"]].concat(), 3);
    fs::write(at.join("other.yaml"), "clowd: china\n").unwrap();
    let said = exits(at, &[&pin[..], &["--config", "other.yaml"]].concat(), 2);
    assert!(said.contains("other.yaml:1:1: no key is called `clowd`"), "{said}");
}

#[test]
fn saved_evidence_resolves_without_asking() {
    let image = "acme.azurecr.io/api:v1";
    let here = folder(&[("app.yaml", app(image).as_bytes()), ("e.json", evidence(image, OLD).as_bytes())]);
    let said = exits(here.path(), &["pin", "app.yaml", "--evidence", "e.json"], 0);
    assert_eq!(said, format!("{image}\n  → {image}@{OLD}\n  app.yaml:6:12\n1 image, each with its digest\n"));
    let other =
        folder(&[("app.yaml", app("acme.azurecr.io/web:v1").as_bytes()), ("e.json", evidence(image, OLD).as_bytes())]);
    exits(other.path(), &["pin", "app.yaml", "--evidence", "e.json"], 3);
}

#[test]
fn every_encoding_is_written_back_as_it_was() {
    let image = "acme.azurecr.io/api:v1";
    let pinned = format!("{image}@{OLD}");
    let wide =
        |text: &str| -> Vec<u8> { format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
    for way in [&wide as &dyn Fn(&str) -> Vec<u8>, &marked] {
        let here = folder(&[("app.yaml", &way(&app(image))), ("e.json", evidence(image, OLD).as_bytes())]);
        exits(here.path(), &["pin", "app.yaml", "--evidence", "e.json", "--write"], 0);
        assert!(fs::read(here.path().join("app.yaml")).unwrap() == way(&app(&pinned)));
        assert_eq!(fs::read_dir(here.path()).unwrap().count(), 2, "nothing is left beside it");
    }
}

fn template(image: &str) -> String {
    json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0", "parameters": {"apiImage": {"type": "string"}, "tag": {"type": "string", "defaultValue": "v1"}},
        "resources": [{"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "api", "location": "westeurope",
            "properties": {"template": {"containers": [{"name": "api", "image": image}]}}}]})
    .to_string()
}

#[test]
fn an_image_that_is_a_parameter_is_written_where_it_stands_or_as_a_file() {
    let image = "acme.azurecr.io/api:v1";
    let values = json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#",
        "contentVersion": "1.0.0.0", "parameters": {"apiImage": {"value": image}}})
    .to_string();
    let template = template("[parameters('apiImage')]");
    let evidence = evidence(image, OLD);
    let here =
        folder(&[("main.json", template.as_bytes()), ("p.json", values.as_bytes()), ("e.json", evidence.as_bytes())]);
    let at = here.path();
    let expected = json!({"apiImage": {"value": format!("{image}@{OLD}")}});
    for given in ["p.json", "apiImage=acme.azurecr.io/api:v1"] {
        let arguments = ["pin", "main.json", "-p", given, "--evidence", "e.json", "--parameters-out", "pinned.json"];
        exits(at, &arguments, 0);
        let written: Value = serde_json::from_str(&read(&here, "pinned.json")).unwrap();
        assert_eq!(written["parameters"], expected);
        fs::remove_file(at.join("pinned.json")).unwrap();
    }
    exits(at, &["pin", "main.json", "-p", "p.json", "-p", "p.json", "--evidence", "e.json", "--write"], 0);
    assert_eq!(read(&here, "main.json"), template);
    assert_eq!(read(&here, "p.json"), values.replace(image, &format!("{image}@{OLD}")));
    let said =
        exits(at, &["pin", "main.json", "-p", "apiImage=acme.azurecr.io/api:v1", "--evidence", "e.json", "--write"], 3);
    assert!(said.contains("left as it is, because the command line gives the parameter `apiImage`"), "{said}");
}

#[test]
fn a_reference_that_is_put_together_is_left_and_told() {
    let image = "acme.azurecr.io/api:v1";
    let template = template("[format('acme.azurecr.io/api:{0}', parameters('tag'))]");
    let here = folder(&[("main.json", template.as_bytes()), ("e.json", evidence(image, OLD).as_bytes())]);
    let said = exits(here.path(), &["pin", "main.json", "-p", "apiImage=x", "--evidence", "e.json", "--write"], 3);
    assert!(said.contains("left as it is, because it is not written there as one text"), "{said}");
    assert_eq!(read(&here, "main.json"), template);
}

#[test]
fn a_digest_that_the_template_would_refuse_is_taken_back() {
    let image = "acme.azurecr.io/api:v1";
    let allowing = format!(r#""apiImage":{{"type":"string","allowedValues":["{image}"],"defaultValue":"{image}"}}"#);
    let template = template("[parameters('apiImage')]").replace(r#""apiImage":{"type":"string"}"#, &allowing);
    assert!(template.contains("allowedValues"));
    let here = folder(&[("main.json", template.as_bytes()), ("e.json", evidence(image, OLD).as_bytes())]);
    let said = exits(here.path(), &["pin", "main.json", "--evidence", "e.json", "--write"], 3);
    assert!(said.contains("left as it is, because with the digest it would not be deployed as before"), "{said}");
    assert_eq!(read(&here, "main.json"), template);
}

#[test]
fn files_that_are_not_ours_are_not_replaced() {
    let image = "acme.azurecr.io/api:v1";
    let here = folder(&[("app.yaml", app(image).as_bytes()), ("e.json", evidence(image, OLD).as_bytes())]);
    let at = here.path();
    let said = exits(at, &["pin", "app.yaml", "--evidence", "e.json", "--lock", "app.yaml"], 2);
    assert!(said.contains("app.yaml: it is no lock file"), "{said}");
    exits(at, &["pin", "app.yaml", "--evidence", "e.json", "--parameters-out", "e.json"], 2);
    assert_eq!(read(&here, "app.yaml"), app(image));
    assert_eq!(read(&here, "e.json"), evidence(image, OLD));
    exits(at, &["check", "app.yaml", "--offline", "--lock", "app.yaml"], 2);
    exits(at, &["check", "app.yaml", "--offline", "--lock", "none.lock"], 2);
}

#[test]
fn a_manifest_from_standard_input_can_be_locked_and_not_rewritten() {
    let image = "acme.azurecr.io/api:v1";
    let here = folder(&[("e.json", evidence(image, OLD).as_bytes())]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    let arguments = ["pin", "-", "--evidence", "e.json", "--write", "--lock", "pullgate.lock"];
    let output = command.current_dir(here.path()).args(arguments).write_stdin(app(image)).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("it was read from no file that can be written"), "{said}");
    assert!(read(&here, "pullgate.lock").contains(OLD));
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_rights_stay_as_they_are() {
    use std::os::unix::fs::PermissionsExt;
    let image = "acme.azurecr.io/api:v1";
    let here = folder(&[("real.yaml", app(image).as_bytes()), ("e.json", evidence(image, OLD).as_bytes())]);
    let (real, link) = (here.path().join("real.yaml"), here.path().join("app.yaml"));
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink("real.yaml", &link).unwrap();
    exits(here.path(), &["pin", "app.yaml", "--evidence", "e.json", "--write"], 0);
    assert!(link.is_symlink());
    assert!(read(&here, "real.yaml").contains(OLD));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}
