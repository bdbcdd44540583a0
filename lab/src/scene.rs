//! Scenes to watch.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::image::Image;
use crate::registry::Registry;

/// The port that `examples/acr-pull-failure/app.yaml` names.
const PORT: u16 = 5005;

/// A deployment names a tag that nobody pushed: the gate says so before it is deployed; the tag is pushed; the gate opens.
///
/// # Errors
/// Why the scene did not go as it should.
pub fn acr_pull_failure() -> Result<(), String> {
    let registry = Registry::start(PORT).map_err(|error| format!("cannot listen on port {PORT} of loopback: {error}"))?;
    registry.push("labacr", "v1", &Image::of("linux", "amd64", "first"));
    say("A registry is up. It has labacr:v1; the manifest wants labacr:does-not-exist.");
    expect(&gate()?, 1, "the gate should have refused the missing tag")?;

    registry.push("labacr", "does-not-exist", &Image::of("linux", "amd64", "second"));
    say("The tag was pushed. Once more:");
    expect(&gate()?, 0, "the gate should have opened")?;
    say("Stopped before the deployment, not 15 minutes into it.");
    Ok(())
}

/// An empty registry, until it is interrupted.
///
/// # Errors
/// When the port is taken.
pub fn registry(port: u16) -> Result<(), String> {
    let registry = Registry::start(port).map_err(|error| format!("cannot listen on loopback: {error}"))?;
    registry.push("labacr", "v1", &Image::of("linux", "amd64", "first"));
    say(&format!("http://{} has labacr:v1; interrupt to stop", registry.host));
    loop {
        std::thread::park();
    }
}

fn say(text: &str) {
    println!("\n# {text}\n");
}

/// Runs the gate as a user would, from the project's root; gives its exit code.
fn gate() -> Result<Option<i32>, String> {
    let words = ["check", "examples/acr-pull-failure/app.yaml", "--report", "text", "--report", "junit=target/lab/pullgate.xml"];
    println!("$ pullgate {}\n", words.join(" "));
    let status = Command::new(program()?).args(words).current_dir(root()).status();
    status.map(|status| status.code()).map_err(|error| format!("cannot run pullgate: {error}"))
}

/// The binary beside this one, built when it is not there yet.
fn program() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let built = folder.join(format!("pullgate{}", std::env::consts::EXE_SUFFIX));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "-p", "pullgate", "--bin", "pullgate"]).current_dir(root());
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    match cargo.status() {
        Ok(status) if status.success() => Ok(built),
        _ => Err("cannot build pullgate".to_owned()),
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn expect(code: &Option<i32>, wanted: i32, otherwise: &str) -> Result<(), String> {
    println!("\n(exit code {})", code.unwrap_or(-1));
    if *code == Some(wanted) { Ok(()) } else { Err(otherwise.to_owned()) }
}
