//! The `pullgate` command: arguments → run → exit code. The only place that prints errors.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::FromArgMatches;
use pullgate::cli::{self, Cli};
use pullgate::run::{RunError, run};

/// Usage, or an input that cannot be read.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    // One provider of cryptography for all; it is refused only when one is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    forget_empty_variables();
    let cli = Cli::from_arg_matches(&cli::command().get_matches()).unwrap_or_else(|error| error.exit());
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        // Whoever reads us (`pullgate … | head`) has seen enough; that is no error.
        Err(RunError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            print(&error);
            ExitCode::from(UNUSABLE)
        }
    }
}

/// CI systems set variables of inputs that nobody gave to nothing; that is not a value.
fn forget_empty_variables() {
    let empty =
        |(name, value): &(OsString, OsString)| name.to_string_lossy().starts_with("PULLGATE_") && value.is_empty();
    for (name, _) in std::env::vars_os().filter(empty) {
        // SAFETY: no other thread has been started yet.
        unsafe { std::env::remove_var(name) };
    }
}

fn print(error: &dyn Error) {
    let mut out = anstream::stderr().lock();
    // Nothing is left to tell when standard error is gone.
    let _ = writeln!(out, "\u{1b}[1;31merror\u{1b}[0m: {}", pullgate::report::plain(&error.to_string()));
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = writeln!(out, "  because {}", pullgate::report::plain(&error.to_string()));
        cause = error.source();
    }
}
