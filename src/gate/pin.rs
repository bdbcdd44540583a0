//! `pullgate pin`: asks what the tags are now, and writes it down.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::policy;
use crate::cli;
use crate::cloud::Cloud;
use crate::config::Config;
use crate::evidence::Evidence;
use crate::finding::Edit;
use crate::manifest::Manifest;
use crate::pin::{self, Change, Lock, LockError, Pin, State};
use crate::run::RunError;
use crate::source::Sources;

/// The longest lock file and the longest parameters file, in bytes.
const LONGEST: u64 = 16 << 20;

/// Resolves the images of the manifests, prints them, and writes what is asked for; the number is the exit code.
///
/// # Errors
/// An input that cannot be read, or a file that cannot be written or is not pullgate's to replace.
pub fn pin(options: &cli::Pin) -> Result<u8, RunError> {
    let mut sources = Sources::default();
    let config =
        policy::config_of(&options.input, options.policy.config.as_deref(), options.policy.no_config, &mut sources)?;
    let manifest = super::read_in(&options.input, config.cloud, &mut sources)?;
    let pins = resolve(options, &manifest, &config)?;
    let mut plan = Plan::of(&pins, options, &sources)?;
    if !options.check {
        plan.carry_out(&pins, &manifest, options, config.cloud)?;
    }
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    pin::write(&mut out, &pins, &plan.changes, &sources).map_err(RunError::Output)?;
    let said = if options.check { "would change" } else { "written" };
    for path in plan.paths() {
        writeln!(out, "{}: {said}", crate::report::plain(&path.display().to_string())).map_err(RunError::Output)?;
    }
    out.flush().map_err(RunError::Output)?;
    let is_left = pins.iter().any(|pin| matches!(pin.state, State::Left { .. }));
    Ok(match () {
        () if options.check && plan.paths().next().is_some() => 1,
        () if is_left || plan.changes.iter().any(|change| change.left.is_some()) => 3,
        () => 0,
    })
}

/// Reads a lock file, and keeps it among the sources so that findings can point into it.
///
/// # Errors
/// When it cannot be read, or is no lock file.
pub(super) fn lock(path: &Path, sources: &mut Sources) -> Result<Lock, RunError> {
    let text = policy::read(path, LONGEST)?;
    let file = sources.add(path.display().to_string(), text);
    Ok(Lock::read(sources, file)?)
}

/// What is to be written, and what is left.
#[derive(Default)]
struct Plan {
    /// Manifests and parameters files that are rewritten.
    rewrites: Vec<Rewrite>,
    /// Lock files and parameters files that are written anew: only those whose content changes.
    files: BTreeMap<PathBuf, Vec<u8>>,
    changes: Vec<Change>,
}

/// A file whose references get digests.
struct Rewrite {
    path: PathBuf,
    before: Vec<u8>,
    after: Vec<u8>,
    /// Which of the changes are in it.
    changes: Vec<usize>,
}

impl Plan {
    fn of(pins: &[Pin], options: &cli::Pin, sources: &Sources) -> Result<Plan, RunError> {
        let mut plan = Plan::default();
        let only_checks = options.check && options.lock.is_none() && options.parameters_out.is_none();
        if options.write || only_checks {
            plan.rewrite(pins, sources);
        }
        if let Some(path) = &options.lock {
            plan.lock(path, pins, options.check, sources)?;
        }
        if let Some(path) = &options.parameters_out {
            plan.parameters(path, pins, options, sources)?;
        }
        Ok(plan)
    }

    fn rewrite(&mut self, pins: &[Pin], sources: &Sources) {
        // By path, since a file can be read more than once.
        let mut files: BTreeMap<&str, Vec<(Edit, usize)>> = BTreeMap::new();
        for pin in pins {
            let Some(pinned) = pin.pinned() else { continue };
            for place in &pin.places {
                let (left, edit) = match pin::edit(place, &pinned, sources) {
                    Ok(edit) => (None, edit),
                    Err(why) => (Some(why), None),
                };
                if let Some(edit) = edit {
                    files.entry(sources.path(edit.at.file)).or_default().push((edit, self.changes.len()));
                }
                self.changes.push(Change { at: place.at, left });
            }
        }
        for (path, edits) in files {
            let (edits, changes): (Vec<Edit>, Vec<usize>) = edits.into_iter().unzip();
            let path = PathBuf::from(path);
            let read = fs::read(&path).map_err(|_| "it was read from no file that can be written");
            let spliced = read.and_then(|before| {
                let after = pin::splice(&before, sources.text(edits[0].at.file), &edits)
                    .ok_or("the file is not what was read")?;
                Ok((before, after))
            });
            match spliced {
                Ok((before, after)) => self.rewrites.push(Rewrite { path, before, after, changes }),
                Err(why) => self.leave(&changes, why),
            }
        }
    }

    fn leave(&mut self, changes: &[usize], why: &str) {
        for change in changes {
            self.changes[*change].left = Some(why.to_owned());
        }
    }

    /// What changes, in a stable order.
    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.rewrites.iter().map(|rewrite| &rewrite.path).chain(self.files.keys())
    }

    /// Writes everything. Rewritten manifests are read again, and put back when they would not be deployed as before.
    fn carry_out(
        &mut self,
        pins: &[Pin],
        before: &Manifest,
        options: &cli::Pin,
        cloud: Option<Cloud>,
    ) -> Result<(), RunError> {
        for rewrite in &self.rewrites {
            put(&rewrite.path, &rewrite.after)?;
        }
        // Standard input cannot be read twice.
        let can_reread = !options.input.manifests.iter().any(|input| input == "-");
        if can_reread && !self.rewrites.is_empty() {
            let after = super::read_in(&options.input, cloud, &mut Sources::default());
            if !after.is_ok_and(|after| pin::holds(before, &after, pins)) {
                for rewrite in std::mem::take(&mut self.rewrites) {
                    put(&rewrite.path, &rewrite.before)?;
                    self.leave(&rewrite.changes, "with the digest it would not be deployed as before");
                }
            }
        }
        for (path, bytes) in &self.files {
            put(path, bytes)?;
        }
        Ok(())
    }

    fn lock(&mut self, path: &Path, pins: &[Pin], check: bool, sources: &Sources) -> Result<(), RunError> {
        let before = existing(path)?;
        let refused = |reason| LockError { path: path.display().to_string(), reason };
        let text = Lock::text(pins, sources, before.as_deref()).map_err(refused)?;
        let is_same = |before: &str| before == text || (check && Lock::same(before, &text));
        if !before.is_some_and(|before| is_same(&before)) {
            self.files.insert(path.to_owned(), text.into_bytes());
        }
        Ok(())
    }

    fn parameters(&mut self, path: &Path, pins: &[Pin], options: &cli::Pin, sources: &Sources) -> Result<(), RunError> {
        let before = existing(path)?;
        if before.as_deref().is_some_and(|before| !pin::is_ours(before)) {
            let why =
                format!("{} holds more than pinned images; name another file for --parameters-out", path.display());
            return Err(RunError::Usage(why));
        }
        let given = options.input.parameters.iter().filter_map(|text| text.split_once('='));
        let parameters = pin::parameters(pins, &given.collect::<Vec<_>>(), sources);
        if parameters.values.is_empty() {
            return Err(RunError::Usage(
                "--parameters-out: no image that was resolved is a parameter's value".to_owned(),
            ));
        }
        let text = parameters.text();
        if before.is_none_or(|before| before != text) {
            self.files.insert(path.to_owned(), text.into_bytes());
        }
        Ok(())
    }
}

fn resolve(options: &cli::Pin, manifest: &Manifest, config: &Config) -> Result<Vec<Pin>, RunError> {
    if let Some(path) = &options.evidence {
        let text = fs::read_to_string(path).map_err(|source| RunError::Read { path: path.clone(), source })?;
        let evidence = Evidence::load(&text).map_err(|source| RunError::Evidence { path: path.clone(), source })?;
        return Ok(pin::pins(manifest, &evidence).0);
    }
    let mut evidence = Evidence::default();
    let (pins, needs): (Vec<Pin>, BTreeSet<_>) = pin::pins(manifest, &evidence);
    if needs.is_empty() {
        return Ok(pins);
    }
    let probe = super::probe(manifest, &options.input.context, &options.network, config.cloud, &config.plain_http)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Runtime)?;
    let bar = super::progress_bar();
    runtime.block_on(probe.answer(needs, &mut evidence, |done, of| super::show(&bar, done, of)));
    bar.finish_and_clear();
    runtime.shutdown_background();
    Ok(pin::pins(manifest, &evidence).0)
}

/// The text of a file that may not be there yet.
fn existing(path: &Path) -> Result<Option<String>, RunError> {
    match policy::read(path, LONGEST) {
        Ok(text) => Ok(Some(text)),
        Err(RunError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    replace(path, bytes).map_err(|source| RunError::Write { path: path.to_owned(), source })
}

/// Replaces a file at once: whoever reads it sees the old content or the new, never a half. A link stays one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().ok_or(io::ErrorKind::IsADirectory)?);
    name.push(format!(".{}.new", std::process::id()));
    let beside = target.with_file_name(name);
    let written = fill(&beside, &target, bytes).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn fill(path: &Path, like: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    if let Ok(metadata) = fs::metadata(like) {
        file.set_permissions(metadata.permissions())?;
    }
    file.sync_all()
}
