//! A folder that looks like the releases of a repository, for those who fetch from one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The archive that this machine would fetch.
pub const ARCHIVE: &str = if cfg!(target_arch = "aarch64") {
    "pullgate-aarch64-unknown-linux-musl.tar.gz"
} else {
    "pullgate-x86_64-unknown-linux-musl.tar.gz"
};

/// Releases on disk, and what a program that was started from one wrote down.
pub struct Releases {
    pub folder: TempDir,
}

impl Releases {
    /// One release, also the newest, whose program writes its arguments down and ends well.
    pub fn with(version: &str) -> Releases {
        let releases = Releases { folder: tempfile::tempdir().unwrap() };
        let program = recorder(releases.folder.path());
        for place in [format!("download/{version}"), "latest/download".to_owned()] {
            let place = releases.folder.path().join(place);
            fs::create_dir_all(&place).unwrap();
            let packed = Command::new("tar")
                .arg("-czf")
                .arg(place.join(ARCHIVE))
                .arg("-C")
                .arg(program.parent().unwrap())
                .arg("pullgate")
                .status();
            assert!(packed.unwrap().success());
            let sum = Command::new("sha256sum").arg(ARCHIVE).current_dir(&place).output().unwrap();
            fs::write(place.join("SHA256SUMS"), sum.stdout).unwrap();
        }
        releases
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.folder.path().display())
    }

    /// Changes the archive of a release after its checksum was written.
    pub fn tamper(&self, version: &str) {
        let path = self.folder.path().join("download").join(version).join(ARCHIVE);
        let mut bytes = fs::read(&path).unwrap();
        bytes.push(0);
        fs::write(path, bytes).unwrap();
    }
}

/// A program `pullgate` in the folder that writes its arguments to `arguments` beside it, each ended by NUL.
pub fn recorder(folder: &Path) -> PathBuf {
    let script = "#!/bin/sh\nfor argument in \"$@\"; do printf '%s\\0' \"$argument\"; done > \"$RECORDED\"\n";
    program(folder, script)
}

/// A program `pullgate` in the folder that is this script.
pub fn program(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("pullgate");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// What [`recorder`] wrote.
pub fn recorded(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}
