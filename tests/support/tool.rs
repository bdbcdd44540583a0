//! Programs that some tests need and not every machine has.

use std::path::Path;

/// Whether the program is there. Where it is not, the test says so and passes, except in CI, which installs it.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    found || skipped(program, "scripts/test installs it")
}

/// The same of a file or folder.
#[allow(dead_code, reason = "not every test needs one")]
pub fn is_there(path: &Path, hint: &str) -> bool {
    path.exists() || skipped(&path.display().to_string(), hint)
}

fn skipped(what: &str, hint: &str) -> bool {
    assert!(std::env::var_os("CI").is_none(), "{what} is missing: {hint}");
    eprintln!("SKIPPED: {what} is missing: {hint}");
    false
}
