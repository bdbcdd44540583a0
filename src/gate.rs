//! The gate: load → expand → decide → report.

mod asker;
mod audit;
mod live;
mod pin;
mod policy;
mod triaged;
mod wait;

use std::collections::HashMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::runtime::Runtime;

use crate::bicep;
use crate::cli;
use crate::cloud::Cloud;
use crate::config::{Allow, Config, Outcome};
use crate::evidence::Evidence;
use crate::judge::{Judgement, judge};
use crate::load::{self, Document, Input, Kind};
use crate::manifest::{self, Manifest};
use crate::probe::environment::Environment;
use crate::probe::http::HttpOptions;
use crate::probe::{self, Probe, Secret};
use crate::report::{self, Format, Report, Summary};
use crate::run::RunError;
use crate::source::Sources;
use crate::template::{Context, Given, Source};

pub use asker::Asker;
pub use audit::audit;
pub use live::subject;
pub use pin::pin;
pub use policy::config_of;
pub use triaged::triaged;

/// How often is judged and asked at most: each round needs an answer of the one before.
const ROUNDS: usize = 16;
/// How long nothing is shown on a terminal.
const QUIET: Duration = Duration::from_secs(1);

/// Judges the manifests, or what runs, and writes the reports; the number is the exit code.
///
/// # Errors
/// An input that cannot be read, or a report that cannot be written.
pub fn gate(options: &cli::Check) -> Result<u8, RunError> {
    run(options, |asker, config, sources| subject(options, config.cloud, asker, sources))
}

/// Reads what is judged, judges it, and writes the reports.
fn run(
    options: &cli::Check,
    read: impl FnOnce(&mut Asker, &Config, &mut Sources) -> Result<(Manifest, Vec<Document>), RunError>,
) -> Result<u8, RunError> {
    let started = Instant::now();
    has_the_console_alone(&options.report)?;
    let mut sources = Sources::default();
    let config = policy::config(options, &mut sources)?;
    let mut asker = Asker::new(options, &config)?;
    let (mut manifest, documents) = read(&mut asker, &config, &mut sources)?;
    if let Some(path) = &options.lock {
        manifest.lock = Some(Rc::new(pin::lock(path, &mut sources)?));
    }
    let judgements = asker.settle(&manifest)?;
    let mut judgements = wait::wait(options, &manifest, &mut asker, judgements, started)?;
    bicep::repoint(&mut judgements, &sources);
    let policy = policy::policy(options, config, &documents, &sources)?;
    policy.apply(&mut judgements, &sources);
    let outcome = policy.outcome(&judgements);
    let pulls = manifest.workloads.iter().map(|workload| workload.containers.len()).sum();
    let mut summary = Summary::of(&judgements, outcome, policy.fail_on, pulls);
    summary.requests = asker.requests();
    summary.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let report = Report { sources: &sources, judgements: &judgements, summary };
    write_reports(&report, &options.report)?;
    if let Some(path) = &options.record {
        write_file(path, asker.evidence.save().as_bytes())?;
    }
    Ok(Outcome::exit_code(outcome))
}

/// The documents that the command line names, and what it says about their deployment.
struct Loaded {
    documents: Vec<Document>,
    options: manifest::Options,
}

/// Loads and expands what the command line names.
///
/// # Errors
/// The first input that cannot be read.
pub fn read(input: &cli::Input, sources: &mut Sources) -> Result<Manifest, RunError> {
    read_in(input, None, sources)
}

/// The same; `cloud` is where it goes unless the command line says otherwise.
///
/// # Errors
/// The first input that cannot be read.
pub fn read_in(input: &cli::Input, cloud: Option<Cloud>, sources: &mut Sources) -> Result<Manifest, RunError> {
    load_inputs(input, cloud, sources).map(|mut loaded| manifest::read(&mut loaded.documents, &loaded.options))
}

/// Loads it; `cloud` is where it goes unless the command line says otherwise.
fn load_inputs(input: &cli::Input, cloud: Option<Cloud>, sources: &mut Sources) -> Result<Loaded, RunError> {
    if input.manifests.is_empty() {
        let help = "name a manifest: a template, a YAML file, `-` for stdin; `--help` shows examples";
        return Err(RunError::Usage(help.to_owned()));
    }
    if let Some(word) = input.manifests.iter().find(|word| is_allowance(word)) {
        return Err(RunError::Usage(format!("{word} is no file; `--allow-unverified={word}` is written with `=`")));
    }
    let inputs: Vec<Input> =
        input.manifests.iter().map(|path| path.parse().expect("every text names an input")).collect();
    let search_path = std::env::var_os("PATH");
    let mut documents = load::load(&inputs, search_path.as_deref(), sources)?;
    let is_parameters = |document: &Document| document.parts.iter().all(|part| part.kind == Kind::ArmParameters);
    if documents.iter().all(is_parameters) {
        let path = &documents[0].path;
        return Err(RunError::Usage(format!(
            "{path} holds only parameters; name its template too: TEMPLATE -p {path}"
        )));
    }
    let mut given = load::parameters(&input.parameters, search_path.as_deref(), sources)?;
    if input.env {
        substitute(&mut documents, &mut given);
    }
    let given = Given { sources: given, ..Given::default() };
    let cloud = input.context.cloud.or(cloud).unwrap_or_default();
    let options = manifest::Options { context: context(&input.context, cloud), given, ..manifest::Options::default() };
    Ok(Loaded { documents, options })
}

/// What `--allow-unverified` takes, where no file is called so: a blank stood in the place of its `=`.
fn is_allowance(word: &str) -> bool {
    !word.is_empty() && word.parse::<Allow>().is_ok() && !Path::new(word).exists()
}

/// Fills variables of the environment into parameters, wherever they are.
fn substitute(documents: &mut [Document], given: &mut [Source]) {
    let lookup = |name: &str| std::env::var(name).ok();
    let parts = documents.iter_mut().flat_map(|document| &mut document.parts);
    for part in parts.filter(|part| part.kind == Kind::ArmParameters) {
        part.value = load::substitute(&part.value, &lookup);
    }
    for source in given {
        if let Source::File(value) = source {
            *value = load::substitute(value, &lookup);
        }
    }
}

fn context(options: &cli::Context, cloud: Cloud) -> Context {
    Context {
        tenant_id: options.tenant.clone(),
        subscription_id: options.subscription.clone(),
        resource_group: options.resource_group.clone(),
        location: options.location.clone(),
        deployment_name: options.deployment_name.clone(),
        cloud,
        ..Context::default()
    }
}

/// Judges, asks what is missing, and judges again until nothing is.
pub fn settle(manifest: &Manifest, evidence: &mut Evidence, probe: &Probe, runtime: &Runtime) -> Vec<Judgement> {
    let mut judged = judge(manifest, evidence);
    let bar = progress_bar();
    for _ in 0..ROUNDS {
        let needs = std::mem::take(&mut judged.needs);
        if needs.is_empty() {
            break;
        }
        runtime.block_on(probe.answer(needs, evidence, |done, of| show(&bar, done, of)));
        judged = judge(manifest, evidence);
    }
    bar.finish_and_clear();
    judged.judgements
}

/// The world, for the questions of this manifest; `cloud` and `plain_http` are what the policy file says.
///
/// # Errors
/// A rule of `--connect-to` or certificates that cannot be understood.
pub fn probe(
    manifest: &Manifest,
    context: &cli::Context,
    network: &cli::Network,
    cloud: Option<Cloud>,
    plain_http: &[String],
) -> Result<Probe, RunError> {
    let rules = network.connect_to.iter().map(|rule| rule.parse()).collect::<Result<Vec<_>, String>>();
    let ca_pem = match &network.ca_file {
        None => None,
        Some(path) => Some(fs::read(path).map_err(|source| RunError::Read { path: path.clone(), source })?),
    };
    let http = HttpOptions {
        timeout: Duration::from_secs(network.timeout),
        concurrency: usize::from(network.concurrency),
        connect_to: rules.map_err(RunError::Usage)?,
        ca_pem,
    };
    Ok(Probe::new(probe::Options {
        http,
        cloud: context.cloud.or(cloud).unwrap_or_default(),
        tenant: context.tenant.clone(),
        plain_http: network.plain_http.iter().chain(plain_http).cloned().collect(),
        environment: Environment::of_process(),
        passwords: passwords(manifest),
    })?)
}

/// The passwords that the manifest configures, by their names in questions: they are shown to their registry and nowhere else.
fn passwords(manifest: &Manifest) -> HashMap<String, Secret> {
    let mut named: HashMap<String, Option<&str>> = HashMap::new();
    for password in manifest.workloads.iter().flat_map(|workload| workload.passwords()) {
        let Some(text) = password.value.as_str() else { continue };
        // Of two workloads with one name nobody could tell whose password it was: neither is tried.
        let known = named.entry(password.name).or_insert(Some(text));
        *known = known.filter(|known| *known == text);
    }
    named.into_iter().filter_map(|(name, text)| Some((name, Secret::new(text?)))).collect()
}

/// A line on a terminal, once it has taken a second; nothing anywhere else.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let target = if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    bar.set_draw_target(target);
    bar.set_style(
        ProgressStyle::with_template("{spinner} asked {pos} of {len} questions, {elapsed}")
            .expect("the template is well formed"),
    );
    bar
}

fn show(bar: &ProgressBar, done: usize, of: usize) {
    if bar.elapsed() >= QUIET {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    }
}

/// A report that a program reads is spoilt by another one around it.
fn has_the_console_alone(wanted: &[(Format, Option<PathBuf>)]) -> Result<(), RunError> {
    let is_for_programs = |format: Format| matches!(format, Format::Json | Format::Junit | Format::Sarif);
    let there: Vec<Format> = wanted.iter().filter(|(_, path)| path.is_none()).map(|(format, _)| *format).collect();
    match there.iter().find(|format| is_for_programs(**format)) {
        Some(format) if there.len() > 1 => {
            let name = format.name();
            Err(RunError::Usage(format!(
                "a {name} report shares standard output with no other: `--report {name}=FILE`"
            )))
        }
        _ => Ok(()),
    }
}

fn write_reports(report: &Report, wanted: &[(Format, Option<PathBuf>)]) -> Result<(), RunError> {
    // Who reads the console wants to see something, unless a report was sent there.
    let text = [(Format::Text, None)];
    let on_console = wanted.iter().any(|(_, path)| path.is_none());
    let console = if on_console { &[][..] } else { &text[..] };
    for (format, path) in console.iter().chain(wanted) {
        match path {
            None => {
                let style = report::text::Style::of(&io::stdout());
                let mut out = io::BufWriter::new(io::stdout().lock());
                report::write(&mut out, *format, report, style).and_then(|()| out.flush()).map_err(RunError::Output)?;
            }
            Some(path) => {
                let failed = |source| RunError::Write { path: path.to_owned(), source };
                let mut out = io::BufWriter::new(create(path)?);
                let style = report::text::Style::plain();
                report::write(&mut out, *format, report, style).and_then(|()| out.flush()).map_err(failed)?;
            }
        }
    }
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), RunError> {
    create(path)?.write_all(bytes).map_err(|source| RunError::Write { path: path.to_owned(), source })
}

/// An empty file, in a folder that is made when it is not there.
fn create(path: &Path) -> Result<fs::File, RunError> {
    let failed = |source| RunError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    fs::File::create(path).map_err(failed)
}
