//! `install.sh`, at releases on disk.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "shared with other tests, which use the rest")]
#[path = "support/release.rs"]
mod release;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use release::Releases;

fn install(releases: &Releases, to: &Path, options: &[&str]) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/install.sh");
    let mut command = Command::new("sh");
    command.arg(script).args(["--from", &releases.url(), "--to"]).arg(to).args(options);
    command.env_remove("RUNNER_OS").env_remove("RUNNER_ARCH");
    command.output().unwrap()
}

#[track_caller]
fn refuse(releases: &Releases, options: &[&str], reason: &str) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("bin");
    let output = install(releases, &to, options);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(reason), "{said}");
    assert!(!to.exists(), "something was installed");
}

#[test]
fn a_release_with_its_checksum_is_installed() {
    let releases = Releases::with("v1.2.3");
    for options in [&["--version", "v1.2.3"][..], &["--version", "1.2.3"], &["--version", "latest"], &[]] {
        let folder = tempfile::tempdir().unwrap();
        let output = install(&releases, folder.path(), options);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["pullgate"]);
    }
}

#[test]
fn a_release_with_another_checksum_is_refused() {
    let releases = Releases::with("v1.2.3");
    releases.tamper("v1.2.3");
    refuse(&releases, &["--version", "v1.2.3"], "and the release says");
}

#[test]
fn an_archive_that_the_release_does_not_vouch_for_is_refused() {
    let releases = Releases::with("v1.2.3");
    let sums = releases.folder.path().join("download/v1.2.3/SHA256SUMS");
    fs::write(&sums, "0000  something-else.tar.gz\n").unwrap();
    refuse(&releases, &["--version", "v1.2.3"], "does not list");
    fs::remove_file(sums).unwrap();
    refuse(&releases, &["--version", "v1.2.3"], "cannot fetch");
}

#[test]
fn a_checksum_of_ones_own_is_held_against_the_release() {
    let releases = Releases::with("v1.2.3");
    refuse(&releases, &["--version", "v1.2.3", "--checksum", &"0".repeat(64)], "and the release says");
}

#[test]
fn options_that_it_does_not_know_are_refused() {
    let releases = Releases::with("v1.2.3");
    refuse(&releases, &["--verison", "v1.2.3"], "--verison is none of");
    refuse(&releases, &["--version"], "--version needs a value");
    refuse(&releases, &["--version", "../../evil"], "is no version");
    refuse(&releases, &["--version", "v9.9.9"], "cannot fetch");
}

#[test]
fn a_script_that_arrives_in_part_does_nothing() {
    let script = include_str!("../install.sh");
    let folder = tempfile::tempdir().unwrap();
    let half = folder.path().join("half.sh");
    for part in [3, 5, 9] {
        let end = script.floor_char_boundary(script.len() * part / 10);
        fs::write(&half, &script[..end]).unwrap();
        let home = folder.path().join("home");
        Command::new("sh").arg(&half).env("HOME", &home).output().unwrap();
        assert!(!home.exists(), "{part} tenths of the script installed something");
    }
}
