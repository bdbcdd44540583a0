//! The command line: flags and help texts, nothing else.

mod audit;
mod examples;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::cloud::Cloud;
use crate::config::Allow;
use crate::finding::Severity;
use crate::report::Format;

pub use audit::Audit;

/// Will this deployment be able to pull its images? Answered before it runs.
#[derive(Debug, Parser)]
#[command(name = "pullgate", version, about, after_help = examples::OF_ALL, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge whether every image of a deployment can be pulled
    #[command(after_help = examples::CHECK)]
    Check(Box<Check>),
    /// Judge every container app and job that runs, as far as the caller can see
    #[command(after_help = examples::AUDIT)]
    Audit(Box<Audit>),
    /// Print what would be deployed: workloads, images, registries, identities; asks no network
    Expand(Box<Expand>),
    /// Print the page of a check, or the list of checks
    Explain(Explain),
    /// Recognise the cause of a failed pull in log lines or an error text
    #[command(after_help = examples::TRIAGE)]
    Triage(Triage),
    /// Resolve tags to digests: print them, write a lock file, or write them into the manifest
    #[command(after_help = examples::PIN)]
    Pin(Box<Pin>),
    /// Tell who asks, what it can read for a manifest, and the smallest role that mends what it cannot
    Doctor(Box<Doctor>),
    /// Judge the manifests that a push changes, or have git do so before each push
    #[command(subcommand)]
    Hook(Hook),
    /// Print a completion script
    Completions(Completions),
    /// Write the manual pages into a folder
    #[command(hide = true)]
    Man(Man),
}

/// The command line. What variables hold is not shown in help texts: it may be the secret of a parameter.
pub fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| command.mut_args(|option| option.hide_env_values(true)))
}

/// What is read, and what it is deployed to.
#[derive(Args, Debug, Default)]
pub struct Input {
    /// Template, what-if or snapshot JSON, `az … show` output, Container Apps, compose or Kubernetes YAML, Bicep; `-` is stdin
    #[arg(value_name = "MANIFEST")]
    pub manifests: Vec<String>,
    /// Parameter file or NAME=VALUE, as `az deployment group create` takes them; later ones win
    #[arg(short, long, value_name = "FILE|NAME=VALUE", env = "PULLGATE_PARAMETERS", value_delimiter = '\x1f')]
    pub parameters: Vec<String>,
    /// Replace ${VAR} and ${VAR=default} in parameter files from the environment, as azd does
    #[arg(long, env = "PULLGATE_ENV")]
    pub env: bool,
    #[command(flatten)]
    pub context: Context,
}

/// Where the deployment goes.
#[derive(Args, Debug, Default)]
pub struct Context {
    /// Subscription id that the deployment goes to
    #[arg(long, value_name = "ID", env = "PULLGATE_SUBSCRIPTION", help_heading = "Deployment")]
    pub subscription: Option<String>,
    /// Resource group that the deployment goes to, spelled as it was created
    #[arg(short = 'g', long, value_name = "NAME", env = "PULLGATE_RESOURCE_GROUP", help_heading = "Deployment")]
    pub resource_group: Option<String>,
    /// Location of the resource group (or of the deployment)
    #[arg(long, value_name = "REGION", env = "PULLGATE_LOCATION", help_heading = "Deployment")]
    pub location: Option<String>,
    /// Entra tenant id
    #[arg(long, value_name = "ID", env = "PULLGATE_TENANT", help_heading = "Deployment")]
    pub tenant: Option<String>,
    /// Name of the deployment; `main` when the template is main.json
    #[arg(long, value_name = "NAME", env = "PULLGATE_DEPLOYMENT_NAME", help_heading = "Deployment")]
    pub deployment_name: Option<String>,
    /// The cloud that the deployment goes to; `public` unless the policy file says otherwise
    #[arg(long, value_enum, env = "PULLGATE_CLOUD", help_heading = "Deployment")]
    pub cloud: Option<Cloud>,
}

#[derive(Args, Debug)]
pub struct Check {
    #[command(flatten)]
    pub input: Input,
    /// The live container app, instead of a manifest or beneath one: its name (with -g) or its resource id
    #[arg(long, value_name = "NAME", env = "PULLGATE_APP", conflicts_with = "job", help_heading = "Live resource")]
    pub app: Option<String>,
    /// The live job, in the same way
    #[arg(long, value_name = "NAME", env = "PULLGATE_JOB", help_heading = "Live resource")]
    pub job: Option<String>,
    /// A revision of the app, as it would be activated or copied
    #[arg(long, value_name = "NAME", env = "PULLGATE_REVISION", requires = "app", help_heading = "Live resource")]
    pub revision: Option<String>,
    /// Ask again until it is there, within --timeout: role, tag, replica; repeatable
    #[arg(
        long,
        value_name = "WHAT",
        env = "PULLGATE_WAIT_FOR",
        value_enum,
        value_delimiter = ',',
        conflicts_with_all = ["offline", "evidence"]
    )]
    pub wait_for: Vec<Awaited>,
    /// Judge as if this image were set, for every container or for one
    #[arg(long, value_name = "[CONTAINER=]REF", env = "PULLGATE_IMAGE", value_delimiter = '\n')]
    pub image: Vec<String>,
    /// Ask nothing; judge what can be judged from the files
    #[arg(long, env = "PULLGATE_OFFLINE")]
    pub offline: bool,
    /// Save the evidence of this run; it holds no secret
    #[arg(long, value_name = "FILE", env = "PULLGATE_RECORD", help_heading = "Evidence")]
    pub record: Option<PathBuf>,
    /// Judge with saved evidence, and ask nothing
    #[arg(long, value_name = "FILE", env = "PULLGATE_EVIDENCE", help_heading = "Evidence")]
    pub evidence: Option<PathBuf>,
    /// Write a report: text, github, azure-devops, junit, sarif, json, markdown; repeatable
    #[arg(long, value_name = "FORMAT[=PATH]", env = "PULLGATE_REPORT", value_delimiter = '\n', value_parser = report)]
    pub report: Vec<(Format, Option<PathBuf>)>,
    /// The lowest severity that stops the deployment: error or warning; `error` unless the policy file says otherwise
    #[arg(long, value_name = "SEVERITY", env = "PULLGATE_FAIL_ON", value_parser = severity, help_heading = "Policy")]
    pub fail_on: Option<Severity>,
    /// Do not count findings of this check; repeatable
    #[arg(long, value_name = "CODE", env = "PULLGATE_IGNORE", value_delimiter = ',', value_parser = code, help_heading = "Policy")]
    pub ignore: Vec<String>,
    /// What may stay unverified without exit 3: everything, a check, or a question (H1 … H5); repeatable
    #[arg(
        long,
        value_name = "CODE|H1…H5",
        env = "PULLGATE_ALLOW_UNVERIFIED",
        value_delimiter = ',',
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        help_heading = "Policy"
    )]
    pub allow_unverified: Vec<Allow>,
    /// The policy file; without it, `.pullgate.yaml` in the first manifest's folder or above
    #[arg(long, value_name = "FILE", env = "PULLGATE_CONFIG", help_heading = "Policy")]
    pub config: Option<PathBuf>,
    /// Read no policy file
    #[arg(long, env = "PULLGATE_NO_CONFIG", conflicts_with = "config", help_heading = "Policy")]
    pub no_config: bool,
    /// Do not count findings that an earlier run's JSON report has
    #[arg(long, value_name = "FILE", env = "PULLGATE_BASELINE", help_heading = "Policy")]
    pub baseline: Option<PathBuf>,
    /// Fail where a tag is another image than this lock file of `pullgate pin` says
    #[arg(long, value_name = "FILE", env = "PULLGATE_LOCK", help_heading = "Policy")]
    pub lock: Option<PathBuf>,
    /// Also ask for the registry's admin passwords, to compare them with configured ones
    #[arg(long, env = "PULLGATE_VERIFY_SECRETS")]
    pub verify_secrets: bool,
    #[command(flatten)]
    pub network: Network,
}

/// What is worth waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Awaited {
    /// A role assignment that is being made, or that is too young to be known everywhere
    Role,
    /// An image that is being pushed
    Tag,
    /// A replica of the registry that lags behind
    Replica,
}

/// Bounds and routes of everything that is asked.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network")]
pub struct Network {
    /// Time for all questions together, and for --wait-for: seconds, or `90s`, `10m`, `1h`
    #[arg(long, value_name = "TIME", default_value = "60", env = "PULLGATE_TIMEOUT", value_parser = seconds)]
    pub timeout: u64,
    /// Requests under way at once
    #[arg(long, value_name = "N", default_value_t = 64, env = "PULLGATE_CONCURRENCY", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,
    /// Connect to HOST2:PORT2 instead of HOST1:PORT1, as curl does; an empty HOST1 or PORT1 means any
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", env = "PULLGATE_CONNECT_TO", value_delimiter = '\n')]
    pub connect_to: Vec<String>,
    /// Trust these certificates (PEM) as well
    #[arg(long, value_name = "FILE", env = "PULLGATE_CA_FILE")]
    pub ca_file: Option<PathBuf>,
    /// Speak plain HTTP to this registry; loopback needs no permission
    #[arg(long, value_name = "HOST[:PORT]", env = "PULLGATE_PLAIN_HTTP", value_delimiter = ',')]
    pub plain_http: Vec<String>,
}

/// The team's policy file, for commands that only need to know the cloud and how to speak to registries.
#[derive(Args, Debug, Default)]
pub struct PolicyFile {
    /// The policy file; without it, `.pullgate.yaml` in the first manifest's folder or above
    #[arg(long, value_name = "FILE", env = "PULLGATE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Read no policy file
    #[arg(long, env = "PULLGATE_NO_CONFIG", conflicts_with = "config")]
    pub no_config: bool,
}

#[derive(Args, Debug)]
pub struct Expand {
    #[command(flatten)]
    pub input: Input,
    /// How to print it
    #[arg(long, value_enum, default_value_t, env = "PULLGATE_FORMAT")]
    pub format: Output,
    /// Every expanded resource too
    #[arg(long)]
    pub resources: bool,
    /// The evaluated outputs too; JSON always has them
    #[arg(long)]
    pub outputs: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    #[default]
    Text,
    Json,
}

#[derive(Args, Debug)]
pub struct Explain {
    /// The check's code, or a question (H1 … H5); without it, all checks are listed
    pub code: Option<String>,
}

#[derive(Args, Debug)]
pub struct Triage {
    /// A file of log lines, or `-` for stdin
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: String,
    /// How to print it
    #[arg(long, value_enum, default_value_t, env = "PULLGATE_FORMAT")]
    pub format: Output,
    /// Go on to judge the images that the text names; the exit code is that of `check`
    #[arg(long)]
    pub check: bool,
    /// Options of `check`; a manifest among them is judged instead of the images alone
    #[arg(last = true, value_name = "OPTION OF CHECK", requires = "check")]
    pub options: Vec<String>,
}

#[derive(Args, Debug)]
pub struct Pin {
    #[command(flatten)]
    pub input: Input,
    /// Write a lock file, for `pullgate check --lock`
    #[arg(long, value_name = "FILE", env = "PULLGATE_LOCK")]
    pub lock: Option<PathBuf>,
    /// Write a parameters file with the images that come from parameters
    #[arg(long, value_name = "FILE", env = "PULLGATE_PARAMETERS_OUT")]
    pub parameters_out: Option<PathBuf>,
    /// Write the digests into the manifest, where its references stand
    #[arg(long, env = "PULLGATE_WRITE")]
    pub write: bool,
    /// Write nothing; exit 1 when something would be written: into the manifest, unless other files are named
    #[arg(long, env = "PULLGATE_CHECK")]
    pub check: bool,
    /// Resolve with saved evidence, and ask nothing
    #[arg(long, value_name = "FILE", env = "PULLGATE_EVIDENCE")]
    pub evidence: Option<PathBuf>,
    #[command(flatten)]
    pub policy: PolicyFile,
    #[command(flatten)]
    pub network: Network,
}

#[derive(Debug, Subcommand)]
pub enum Hook {
    /// Write the hook into the repository of this folder
    Install(HookInstall),
    /// Judge what a push changes: what git says on standard input, or these files
    Run(HookRun),
}

#[derive(Args, Debug)]
pub struct HookInstall {
    /// Ask the registry and Azure before each push, as whoever is logged in
    #[arg(long)]
    pub online: bool,
    /// Replace a hook that is there
    #[arg(long)]
    pub force: bool,
}

#[derive(Args, Debug)]
pub struct HookRun {
    /// Ask the registry and Azure too
    #[arg(long)]
    pub online: bool,
    /// Files that changed; those that hold no manifest are passed over
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
}

#[derive(Args, Debug)]
pub struct Doctor {
    #[command(flatten)]
    pub input: Input,
    /// How to print it
    #[arg(long, value_enum, default_value_t, env = "PULLGATE_FORMAT")]
    pub format: Output,
    /// Look at saved evidence, and ask nothing
    #[arg(long, value_name = "FILE", env = "PULLGATE_EVIDENCE")]
    pub evidence: Option<PathBuf>,
    #[command(flatten)]
    pub policy: PolicyFile,
    #[command(flatten)]
    pub network: Network,
}

#[derive(Args, Debug)]
pub struct Man {
    /// The folder, which is made when it is not there
    pub folder: PathBuf,
}

#[derive(Args, Debug)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}

fn report(text: &str) -> Result<(Format, Option<PathBuf>), String> {
    let (name, path) = match text.split_once('=') {
        Some((_, "")) => return Err(format!("`{text}` names no file after the `=`")),
        Some((name, path)) => (name, Some(PathBuf::from(path))),
        None => (text, None),
    };
    let known = Format::ALL.into_iter().find(|(known, _)| *known == name);
    let names = || Format::ALL.map(|(name, _)| name).join(", ");
    known.map(|(_, format)| (format, path)).ok_or_else(|| format!("`{name}` is none of {}", names()))
}

/// `90`, `90s`, `10m` and `1h` in seconds.
fn seconds(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let factor = match unit {
        "h" => 3600,
        "m" => 60,
        _ => 1,
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    seconds
        .filter(|seconds| (1..=86_400).contains(seconds))
        .ok_or_else(|| "it is a time from one second to one day: `90`, `90s`, `10m`, `1h`".to_owned())
}

fn severity(text: &str) -> Result<Severity, String> {
    match text {
        "error" => Ok(Severity::Error),
        "warning" => Ok(Severity::Warning),
        _ => Err("it is `error` or `warning`".to_owned()),
    }
}

fn code(text: &str) -> Result<String, String> {
    match crate::check::find(text) {
        Some(check) => Ok(check.code.to_owned()),
        None => Err(crate::config::unknown_code(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_unit_or_is_in_seconds() {
        let times = [("1", 1), ("90s", 90), ("10m", 600), ("1h", 3600), ("24h", 86_400), ("86400", 86_400)];
        for (text, expected) in times {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in ["", "0", "0m", "m", "-1", "1d", "1.5h", "25h", "86401", "99999999999999999999h", "10 m", "ém"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
