//! The programs that read reports, where they are installed (`scripts/test` installs them).

use std::path::{Path, PathBuf};
use std::process::Command;

/// A program of `target/tools`, or of the search path. Without it a test says so and passes, unless `CI` is set.
pub fn reader(name: &str) -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").join(name);
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = [ours].into_iter().chain(std::env::split_paths(&folders).map(|folder| folder.join(name)));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed; scripts/test installs it");
        eprintln!("skipped: {name} is not installed; scripts/test installs it");
    }
    found
}

/// Runs a program; what it prints when it is not content.
pub fn complaint(program: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (!output.status.success()).then(|| String::from_utf8_lossy(&text).into_owned())
}
