//! `cargo run -p lab -- acr-pull-failure`: the gate at work, on this machine alone.

use std::path::Path;
use std::process::ExitCode;

use lab::scene;

const USAGE: &str = "\
usage: cargo run -p lab -- SCENE

  acr-pull-failure        a deployment names a tag that nobody pushed; the gate says so, the tag is pushed, the gate opens
  missing-acrpull         the identity has no role on the registry; the gate says so, its remedy is applied, the gate opens
  serve FOLDER [--port N] a world of your own, until it is interrupted; says how to reach it
  registry [PORT]         an empty registry on loopback, until it is interrupted
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["acr-pull-failure"] => scene::acr_pull_failure(),
        ["missing-acrpull"] => scene::missing_acrpull(),
        ["serve", folder] => scene::serve(Path::new(folder), 0),
        ["serve", folder, "--port", number] => port(number).and_then(|port| scene::serve(Path::new(folder), port)),
        ["registry"] => scene::registry(0),
        ["registry", number] => port(number).and_then(scene::registry),
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn port(number: &str) -> Result<u16, String> {
    number.parse().map_err(|_| format!("`{number}` is no port"))
}
