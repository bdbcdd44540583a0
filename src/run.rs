//! From a parsed command line to its exit code: each command in a few lines.

use std::io::{self, BufReader, Write};
use std::path::PathBuf;

use clap::CommandFactory;

use crate::check::Hypothesis;
use crate::cli::{Cli, Command, Completions, Expand, Explain, Hook, Man, Output, Triage};
use crate::config::{BaselineError, ConfigError, unknown_code};
use crate::evidence::{EvidenceError, Failure};
use crate::gate::{self, gate};
use crate::load::LoadError;
use crate::pin::LockError;
use crate::probe::http::HttpError;
use crate::source::Sources;
use crate::{doctor, expand, explain, hook, triage};

/// What pullgate itself could not do.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("{0}")]
    Usage(String),
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot use {path}")]
    Evidence { path: PathBuf, source: EvidenceError },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("cannot use the baseline {path}")]
    Baseline { path: PathBuf, source: BaselineError },
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("cannot ask anything")]
    Http(#[from] HttpError),
    #[error("cannot read {what}{}", source.remedy().map(|remedy| format!("; {remedy}")).unwrap_or_default())]
    Live { what: String, source: Failure },
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    #[error("cannot write the output")]
    Output(#[source] io::Error),
}

/// Runs a command; the number is its exit code.
///
/// # Errors
/// What could not be read or written. Nothing was judged then.
pub fn run(cli: Cli) -> Result<u8, RunError> {
    match cli.command {
        Command::Check(options) => gate(&options),
        Command::Audit(options) => gate::audit(&options),
        Command::Expand(options) => print_expansion(&options),
        Command::Explain(options) => print_page(&options),
        Command::Triage(options) => print_triage(&options),
        Command::Pin(options) => gate::pin(&options),
        Command::Doctor(options) => doctor::look::look(&options),
        Command::Hook(Hook::Install(options)) => {
            let path = hook::install(&options)?;
            writeln!(anstream::stdout(), "{} judges what a push changes", path.display()).map_err(RunError::Output)?;
            Ok(0)
        }
        Command::Hook(Hook::Run(options)) => hook::run(&options),
        Command::Completions(options) => print_completions(&options),
        Command::Man(options) => write_manual(&options),
    }
}

fn print_expansion(options: &Expand) -> Result<u8, RunError> {
    let mut sources = Sources::default();
    let manifest = gate::read(&options.input, &mut sources)?;
    let mut out = io::BufWriter::new(anstream::stdout().lock());
    match options.format {
        Output::Json => {
            let expanded = expand::expand(&manifest, &sources, options.resources);
            serde_json::to_writer_pretty(&mut out, &expanded).map_err(io::Error::from).and_then(|()| writeln!(out))
        }
        Output::Text => expand::write(&mut out, &manifest, &sources, options.resources),
    }
    .and_then(|()| out.flush())
    .map_err(RunError::Output)?;
    Ok(0)
}

fn print_page(options: &Explain) -> Result<u8, RunError> {
    let page = match &options.code {
        None => explain::list(None),
        Some(code) => {
            let question = Hypothesis::ALL.into_iter().find(|question| question.name().eq_ignore_ascii_case(code));
            let page = || explain::page(&code.to_ascii_lowercase());
            question
                .map(|question| explain::list(Some(question)))
                .or_else(page)
                .ok_or_else(|| RunError::Usage(unknown_code(code)))?
        }
    };
    anstream::stdout().write_all(page.as_bytes()).map_err(RunError::Output)?;
    Ok(0)
}

fn print_triage(options: &Triage) -> Result<u8, RunError> {
    let failed = |source| RunError::Read { path: PathBuf::from(&options.file), source };
    let triage = match options.file.as_str() {
        "-" => triage::read(&mut io::stdin().lock()),
        path => triage::read(&mut BufReader::new(std::fs::File::open(path).map_err(failed)?)),
    }
    .map_err(failed)?;
    let mut out = anstream::stdout().lock();
    match options.format {
        Output::Json => writeln!(out, "{}", triage.json()),
        Output::Text => triage::write(&mut out, &triage),
    }
    .and_then(|()| out.flush())
    .map_err(RunError::Output)?;
    drop(out);
    if options.check { gate::triaged(options, &triage) } else { Ok(0) }
}

fn print_completions(options: &Completions) -> Result<u8, RunError> {
    clap_complete::generate(options.shell, &mut Cli::command(), "pullgate", &mut io::stdout());
    Ok(0)
}

fn write_manual(options: &Man) -> Result<u8, RunError> {
    let failed = |source| RunError::Write { path: options.folder.clone(), source };
    std::fs::create_dir_all(&options.folder).map_err(failed)?;
    clap_mangen::generate_to(crate::cli::command(), &options.folder).map_err(failed)?;
    Ok(0)
}
