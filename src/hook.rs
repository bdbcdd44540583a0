//! The hook before a push: judges the manifests that the push changes, as they are in its commits.
//!
//! A push is stopped by what is known to fail and by nothing else: it has no parameters of a deployment, and whoever pushes need
//! not be logged in. What stays open, the gate in the pipeline asks. Without files, git's lines on standard input say what is
//! pushed; hook managers name files instead, and those are read as they are on disk.

mod git;
mod push;

use std::fs;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::cli::{self, Cli, Command};
use crate::gate::gate;
use crate::load::{self, Input, Kind};
use crate::run::RunError;
use crate::source::Sources;
use git::Git;

/// What `install` writes.
const SCRIPT: &str = "\
#!/bin/sh
# pullgate: judges the manifests that a push changes. `git push --no-verify` goes around it.
exec pullgate hook run";
/// Git gives one short line for each branch or tag.
const LINES: u64 = 4 << 20;

/// Writes the hook into the repository of this folder, and says where.
///
/// # Errors
/// No repository, or a hook that is somebody else's.
pub fn install(options: &cli::HookInstall) -> Result<PathBuf, RunError> {
    let path = Git::here()?.hooks()?.join("pre-push");
    let failed = |source| RunError::Write { path: path.clone(), source };
    if let Ok(there) = fs::read_to_string(&path)
        && !there.contains("pullgate hook run")
        && !options.force
    {
        let path = path.display();
        let help =
            format!("{path} is there already; add the line `pullgate hook run` to it, or replace it with `--force`");
        return Err(RunError::Usage(help));
    }
    let online = if options.online { " --online" } else { "" };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::write(&path, format!("{SCRIPT}{online}\n")).map_err(failed)?;
    make_executable(&path).map_err(failed)?;
    Ok(path)
}

/// Judges what a push changes; the number is the exit code.
///
/// # Errors
/// What git says when it cannot answer, or what keeps a report from being written.
pub fn run(options: &cli::HookRun) -> Result<u8, RunError> {
    if !options.files.is_empty() {
        return judge(&options.files, options.online);
    }
    let mut stdin = io::stdin().lock();
    if stdin.is_terminal() {
        let help = "git says on standard input what is pushed; to try it, name files: `pullgate hook run app.yaml`";
        return Err(RunError::Usage(help.to_owned()));
    }
    let mut lines = String::new();
    let unread = |source| RunError::Read { path: PathBuf::from("<stdin>"), source };
    stdin.by_ref().take(LINES).read_to_string(&mut lines).map_err(unread)?;
    let git = Git::here()?;
    let mut worst = 0;
    for commit in push::commits(&lines) {
        let paths = git.changed(&commit)?;
        let paths: Vec<String> = paths.into_iter().filter(|path| push::may_be_manifest(path)).collect();
        if paths.is_empty() {
            continue;
        }
        // The commits are pushed, and not what is on disk: they are laid out in a folder of their own.
        let folder = Folder::new(git.folder().join(format!("pullgate-{}", std::process::id())))?;
        let written = git.write(&commit.pushed, &paths, &push::policies(&paths), &folder.path)?;
        let back = std::env::current_dir().map_err(unread)?;
        std::env::set_current_dir(&folder.path).map_err(unread)?;
        let code = judge(&written, options.online);
        std::env::set_current_dir(back).map_err(unread)?;
        worst = worst.max(code?);
    }
    Ok(worst)
}

/// Judges those of the files that hold something to judge.
fn judge(files: &[String], online: bool) -> Result<u8, RunError> {
    let manifests: Vec<&String> =
        files.iter().filter(|file| push::may_be_manifest(file) && is_manifest(file)).collect();
    if manifests.is_empty() {
        return Ok(0);
    }
    let mut words = vec!["pullgate", "check", "--allow-unverified"];
    words.extend((!online).then_some("--offline"));
    words.push("--");
    words.extend(manifests.into_iter().map(String::as_str));
    match Cli::try_parse_from(words).map(|cli| cli.command) {
        Ok(Command::Check(options)) => gate(&options),
        Ok(_) => unreachable!("the second word is `check`"),
        // A variable PULLGATE_… that holds nonsense.
        Err(error) => Err(RunError::Usage(error.to_string())),
    }
}

/// Whether the file holds something that is deployed. Other files, and those that cannot be read, are not this hook's.
fn is_manifest(file: &str) -> bool {
    let read = load::load(&[Input::File(file.into())], None, &mut Sources::default());
    let parts = read.iter().flatten().flat_map(|document| &document.parts);
    parts.into_iter().any(|part| part.kind != Kind::ArmParameters)
}

/// A folder that goes away at the end.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(path: PathBuf) -> Result<Folder, RunError> {
        fs::create_dir(&path).map_err(|source| RunError::Write { path: path.clone(), source })?;
        Ok(Folder { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind is in the folder of git, where nobody commits it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    // Git runs hooks with its own shell there.
    Ok(())
}
