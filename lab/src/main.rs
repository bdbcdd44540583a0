//! `cargo run -p lab -- acr-pull-failure`: the gate at work, on this machine alone.

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo run -p lab -- SCENE

  acr-pull-failure    a deployment names a tag that nobody pushed; the gate says so, the tag is pushed, the gate opens
  registry [PORT]     an empty registry on loopback, until it is interrupted
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["acr-pull-failure"] => lab::scene::acr_pull_failure(),
        ["registry"] => lab::scene::registry(0),
        ["registry", port] => match port.parse() {
            Ok(port) => lab::scene::registry(port),
            Err(_) => Err(format!("`{port}` is no port")),
        },
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
