//! Input that nobody would write on purpose: it is refused with its place and what to do, in bounded time and without a panic.

use std::path::Path;
use std::time::{Duration, Instant};

use assert_cmd::Command;

/// Longer than this nothing may take, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

fn check(path: &Path) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    let folder = path.parent().unwrap();
    command.current_dir(folder).args(["check", "--offline", "--no-config"]).arg(path.file_name().unwrap());
    let started = Instant::now();
    let output = command.timeout(PATIENCE).output().unwrap();
    assert!(started.elapsed() < PATIENCE, "{} took too long", path.display());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is printed is UTF-8");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn checked(name: &str, bytes: impl AsRef<[u8]>) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    check(&path)
}

/// Exit 2, one error that names the place and says what is expected; no panic, no control characters.
#[track_caller]
fn refused(name: &str, bytes: impl AsRef<[u8]>, words: &str) {
    let ran = checked(name, bytes);
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains(words), "{words:?} is not in {}", ran.err);
    assert!(ran.err.starts_with("error: ") && !ran.err.contains("panicked"), "{}", ran.err);
    assert!(!ran.err.chars().any(|character| character.is_control() && character != '\n'), "{:?}", ran.err);
    assert!(ran.err.len() < 2_000, "{}", ran.err);
    assert_eq!(ran.out, "");
}

/// Judged, with a finding or a note that says so.
#[track_caller]
fn judged(name: &str, text: &str, words: &str) {
    let ran = checked(name, text);
    assert!(matches!(ran.code, Some(0 | 1)), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(words), "{words:?} is not in {}{}", ran.out, ran.err);
}

fn app(more: &str) -> String {
    format!(
        "name: app\nenvironmentId: /e\n{more}template:\n  containers:\n  - name: api\n    image: ghcr.io/acme/api:v1\n"
    )
}

#[test]
fn what_is_no_text_is_refused() {
    refused("app.yaml", "", "app.yaml:1:1: the file is empty");
    refused("app.yaml", "\n# nothing\n", "app.yaml");
    refused("app.yaml", b"\x7fELF\x02\x01\x01\0\0\0\0", "was a binary file meant?");
    refused("app.yaml", b"name: \xff\xfe\xfd\n", "app.yaml");
    refused("main.json", b"PK\x03\x04\x14\0\0\0", "main.json");
}

#[test]
fn a_text_that_ends_early_is_refused_at_its_place() {
    refused("main.json", "{\n  \"resources\": [\n    {\"type\": \"Microsoft.App/containerApps\",", "main.json:3:");
    refused("main.json", "{\"resources\": [}", "main.json:1:16");
    refused("app.yaml", "name: \"app\ntemplate:\n  containers:\n", "app.yaml:");
    refused("app.yaml", "template: {containers: [\n", "app.yaml:");
    refused("app.yaml", "a:\n\tb: 1\n", "app.yaml:2:1: a tab stands in the indentation");
    refused("app.yaml", "a: *nowhere\n", "app.yaml:1:4");
}

#[test]
fn what_explodes_is_refused_at_its_bound() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    refused("app.yaml", bomb, "app.yaml:");
    refused("main.json", "[".repeat(10_000), "main.json:1:513");
    refused("main.json", "{\"a\":".repeat(10_000), "nest more than 512 deep");
    refused("app.yaml", "[".repeat(10_000), "app.yaml:1:");
    refused("app.yaml", "- ".repeat(10_000), "app.yaml:1:");
    let indented: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused("app.yaml", indented, "app.yaml:");
}

#[test]
fn an_expression_that_explodes_is_bounded() {
    let template = |image: &str| {
        format!(
            "{{\"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\", \"contentVersion\": \"1.0.0.0\", \"resources\": [{{\"type\": \"Microsoft.App/containerApps\", \"apiVersion\": \"2024-03-01\", \"name\": \"a\", \"location\": \"x\", \"properties\": {{\"template\": {{\"containers\": [{{\"name\": \"c\", \"image\": {}}}]}}}}}}]}}",
            serde_json::to_string(image).unwrap()
        )
    };
    let deep = format!("[{}'x'{}]", "concat(".repeat(10_000), ")".repeat(10_000));
    let ran = checked("main.json", template(&deep));
    assert!(matches!(ran.code, Some(0..=2)) && !ran.err.contains("panicked"), "{}{}", ran.out, ran.err);
    let wide = "[string(range(0, 10000))]";
    let ran = checked("main.json", template(wide));
    assert!(matches!(ran.code, Some(0..=2)) && !ran.err.contains("panicked"), "{}{}", ran.out, ran.err);
}

#[test]
fn a_huge_file_is_read_or_refused_but_not_forever() {
    let mut huge = app("");
    while huge.len() < 50 << 20 {
        huge.push_str("# a comment that is there to fill the file, nothing more, and again and again and again\n");
    }
    let ran = checked("app.yaml", huge);
    assert!(ran.code.is_some_and(|code| code <= 2) && !ran.err.contains("panicked"), "{}{}", ran.out, ran.err);
    assert!(ran.code != Some(2) || ran.err.contains("app.yaml"), "{}", ran.err);
}

#[test]
fn what_is_no_file_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let missing = check(&folder.path().join("main.jsn"));
    assert!(missing.code == Some(2) && missing.err.contains("main.jsn does not exist"), "{}", missing.err);
    std::fs::create_dir(folder.path().join("infra")).unwrap();
    let directory = check(&folder.path().join("infra"));
    assert!(directory.code == Some(2) && directory.err.contains("infra is a directory"), "{}", directory.err);
}

#[test]
fn a_kind_that_nobody_reads_is_said_with_those_that_are_read() {
    refused("values.yaml", "replicaCount: 1\nservice: {port: 80}\n", "it reads ARM templates");
    refused("package.json", "{\"name\": \"x\", \"version\": \"1\"}", "it reads ARM templates");
    refused("numbers.json", "[1, 2, 3]", "numbers.json");
    refused("text.yaml", "just a sentence", "text.yaml");
}

#[test]
fn a_name_cannot_forge_what_is_printed() {
    refused("::error::x.yaml", "", "error: ");
    let ran = checked("app\u{1b}[31m.yaml", "a: [");
    assert!(ran.code == Some(2) && !ran.err.contains('\u{1b}'), "{:?}", ran.err);
}

#[test]
fn what_is_read_but_not_as_meant_is_a_finding() {
    judged("app.yaml", &app("configuration:\n  registry:\n  - server: ghcr.io\n"), "did you mean `registries`?");
    judged("app.yaml", &app("identiy:\n  type: SystemAssigned\n"), "did you mean `identity`?");
    judged("app.yaml", &app("").replace("template:", "tempalte:\n  x: 1\ntemplate:"), "key-unknown");
}
