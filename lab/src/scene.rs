//! Scenes to watch.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

use serde_json::Value;

use crate::az::az;
use crate::azure::Azure;
use crate::image::Image;
use crate::pull::pull;
use crate::registry::Registry;
use crate::world::{Wanted, World};

/// Where a scene finds what the gate told to do.
const COMMANDS: &str = "target/lab/pullgate.json";

/// A deployment names a tag that nobody pushed: the gate says so before it is deployed; the tag is pushed; the gate opens.
///
/// # Errors
/// Why the scene did not go as it should.
pub fn acr_pull_failure() -> Result<(), String> {
    let scene = Scene::up("examples/acr-pull-failure")?;
    say("Entra, Resource Manager and the registry labacr.azurecr.io are up on loopback.
The registry has labacr:v1. The manifest wants labacr:does-not-exist.");
    scene.gate(1, "the gate should have refused the missing tag")?;

    let image = scene.wanted()?.image;
    scene.azure.change(|world| world.push(&image, "linux/amd64"))?;
    say("The tag was pushed. Once more:");
    scene.gate(0, "the gate should have opened")?;
    scene.pull("Found before the deployment, not 15 minutes into it.")
}

/// The identity that pulls has no role: the gate says so, and what it tells to do is done.
///
/// # Errors
/// Why the scene did not go as it should.
pub fn missing_acrpull() -> Result<(), String> {
    let scene = Scene::up("lab/worlds/missing-acrpull")?;
    say("Entra, Resource Manager and the registry labacr.azurecr.io are up on loopback.
The image is there. The identity that pulls it has no role on the registry.");
    scene.gate(1, "the gate should have missed the role")?;

    let remedy = commands()?.into_iter().find(|line| line.starts_with("az role assignment create"));
    let remedy = remedy.ok_or("the gate should have said what to do")?;
    say("What the gate tells to do:");
    println!("$ {remedy}");
    az(&scene.azure, "operator", &remedy)?;
    say("Done. Once more:");
    scene.gate(0, "the gate should have opened")?;
    scene.pull("The verdict and the registry agree.")
}

/// A world, until it is interrupted.
///
/// # Errors
/// When the folder holds no world or the port is taken.
pub fn serve(folder: &Path, port: u16) -> Result<(), String> {
    let scene = Scene { azure: Azure::start(World::load(folder)?, port)? };
    let manifest = scene.azure.change(|world| world.manifest.clone());
    say(&scene.azure.change(|world| world.written.title.clone()));
    for (name, value) in scene.azure.login("gate")? {
        println!("export {name}={value}");
    }
    println!(
        "pullgate check {} --connect-to {} --ca-file {}",
        manifest.display(),
        scene.azure.connect_to(),
        scene.azure.ca_file.display()
    );
    println!(
        "\nManaged identities: IDENTITY_ENDPOINT=http://127.0.0.1:{}/msi/token IDENTITY_HEADER=lab",
        scene.azure.port
    );
    say("Interrupt to stop.");
    loop {
        thread::park();
    }
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
        thread::park();
    }
}

struct Scene {
    azure: Azure,
}

impl Scene {
    fn up(folder: &str) -> Result<Scene, String> {
        Ok(Scene { azure: Azure::start(World::load(&root().join(folder))?, 0)? })
    }

    /// Runs the gate as a user would, from the project's root.
    fn gate(&self, wanted: i32, otherwise: &str) -> Result<(), String> {
        let program = program()?;
        let manifest = self.azure.change(|world| world.manifest.clone());
        let manifest = manifest.strip_prefix(root()).unwrap_or(&manifest).to_string_lossy().replace('\\', "/");
        let (junit, json) = ("junit=target/lab/pullgate.xml", format!("json={COMMANDS}"));
        let (connect_to, ca_file) = (self.azure.connect_to(), self.azure.ca_file.to_string_lossy().into_owned());
        println!("$ pullgate check {manifest} \\");
        println!("    --report text --report {junit} --report {json} \\");
        println!("    --connect-to {connect_to} --ca-file {ca_file}\n");
        fs::create_dir_all(root().join("target/lab")).map_err(|error| format!("cannot make target/lab: {error}"))?;
        let mut command = Command::new(program);
        command.args(["check", &manifest, "--report", "text", "--report", junit, "--report", &json]);
        command.args(["--connect-to", &connect_to, "--ca-file", &ca_file]);
        let status = command.envs(self.azure.login("gate")?).current_dir(root()).status();
        let code = status.map_err(|error| format!("cannot run pullgate: {error}"))?.code().unwrap_or(-1);
        println!("\n(exit code {code})");
        if code == wanted { Ok(()) } else { Err(otherwise.to_owned()) }
    }

    /// The pull that the world is about.
    fn wanted(&self) -> Result<Wanted, String> {
        let wanted = self.azure.change(|world| world.written.pull.clone());
        wanted.ok_or_else(|| "the world says nothing of a pull".to_owned())
    }

    /// What the platform would do now.
    fn pull(&self, moral: &str) -> Result<(), String> {
        let wanted = self.wanted()?;
        pull(&self.azure, &wanted.by, &wanted.image)
            .map_err(|refusal| format!("the pull should have gone well: {refusal}"))?;
        say(&format!(
            "To be sure, {} was pulled with the app's own identity:\nmanifest, configuration, layers. {moral}",
            wanted.image
        ));
        Ok(())
    }
}

/// What the gate told to do, of its last report.
fn commands() -> Result<Vec<String>, String> {
    let text = fs::read(root().join(COMMANDS)).map_err(|error| format!("cannot read {COMMANDS}: {error}"))?;
    let report: Value = serde_json::from_slice(&text).map_err(|error| format!("{COMMANDS}: {error}"))?;
    let judgements = report["judgements"].as_array().into_iter().flatten();
    let commands = judgements.filter_map(|one| one["commands"].as_array()).flatten();
    Ok(commands.filter_map(|one| one.as_str().map(str::to_owned)).collect())
}

fn say(text: &str) {
    println!();
    text.lines().for_each(|line| println!("# {line}"));
    println!();
}

/// The binary beside this one, built when it is not there yet.
fn program() -> Result<PathBuf, String> {
    if let Some(given) = env::var_os("PULLGATE_BIN") {
        return Ok(given.into());
    }
    let own = env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let built = folder.join(format!("pullgate{}", env::consts::EXE_SUFFIX));
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
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
