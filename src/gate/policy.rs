//! Where the policy of a run comes from: the command line, the policy file, comments, the baseline, today's date.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli;
use crate::config::{Config, Date, Policy, Wish, read_baseline};
use crate::finding::Severity;
use crate::load::Document;
use crate::run::RunError;
use crate::source::Sources;

/// What a policy file is called, the usual name first.
const NAMES: [&str; 2] = [".pullgate.yaml", ".pullgate.yml"];
/// The longest policy file, and the longest baseline, in bytes.
const LONGEST: u64 = 1 << 20;
const LONGEST_BASELINE: u64 = 256 << 20;

/// The policy file that the command line names, or the first one found upwards from the first manifest.
///
/// # Errors
/// When it cannot be read, or where it has a mistake.
pub fn config(options: &cli::Check, sources: &mut Sources) -> Result<Config, RunError> {
    config_of(&options.input, options.config.as_deref(), options.no_config, sources)
}

/// The same for a command that judges nothing: which cloud, and how registries are spoken to.
///
/// # Errors
/// As [`config`].
pub fn config_of(
    input: &cli::Input,
    named: Option<&Path>,
    none: bool,
    sources: &mut Sources,
) -> Result<Config, RunError> {
    let path = match named {
        _ if none => None,
        Some(path) => Some(path.to_owned()),
        None => found(input.manifests.first()),
    };
    let Some(path) = path else { return Ok(Config::default()) };
    let text = read(&path, LONGEST)?;
    let file = sources.add(shown(&path), text);
    Ok(Config::read(sources, file)?)
}

/// The policy of the run. Where the command line and the file both speak, the command line counts; lists are joined.
///
/// # Errors
/// When the baseline cannot be read.
pub fn policy(
    options: &cli::Check,
    config: Config,
    documents: &[Document],
    sources: &Sources,
) -> Result<Policy, RunError> {
    let baseline = match &options.baseline {
        None => HashSet::new(),
        Some(path) => read_baseline(&read(path, LONGEST_BASELINE)?)
            .map_err(|source| RunError::Baseline { path: path.clone(), source })?,
    };
    Ok(Policy {
        fail_on: options.fail_on.or(config.fail_on).unwrap_or(Severity::Error),
        ignore: options.ignore.clone(),
        allow_unverified: options.allow_unverified.iter().cloned().chain(config.allow_unverified).collect(),
        offline: options.offline,
        severities: config.severities,
        exceptions: config.exceptions,
        wishes: documents.iter().flat_map(|document| Wish::of(document, sources)).collect(),
        baseline,
        today: today(),
    })
}

fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_days(i64::try_from(seconds / 86_400).unwrap_or(0))
}

fn found(manifest: Option<&String>) -> Option<PathBuf> {
    let path = manifest.filter(|path| *path != "-").map_or_else(PathBuf::new, PathBuf::from);
    let absolute = std::path::absolute(if path.as_os_str().is_empty() { Path::new("-") } else { &path }).ok()?;
    let folders = absolute.ancestors().skip(1);
    folders.flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|path| path.is_file())
}

/// A path relative to the working directory where it lies below it: this is how reports name files.
fn shown(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).display().to_string()
}

pub(super) fn read(path: &Path, longest: u64) -> Result<String, RunError> {
    let failed = |source| RunError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let length = File::open(path).map_err(failed)?.take(longest + 1).read_to_string(&mut text).map_err(failed)?;
    if length as u64 > longest {
        let reason = format!("it is longer than {} MiB", longest >> 20);
        return Err(failed(io::Error::other(reason)));
    }
    // A mark of UTF-8 is no YAML.
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}
