//! The flags of `pullgate audit`: those of `check` that are not about a manifest.

use std::path::PathBuf;

use clap::Args;

use super::{Check, Context, Input, Network};
use crate::cloud::Cloud;
use crate::config::Allow;
use crate::finding::Severity;
use crate::report::Format;

#[derive(Args, Debug)]
pub struct Audit {
    /// Only this subscription; repeatable; without it, all that the caller can read
    #[arg(long, value_name = "ID", env = "PULLGATE_SUBSCRIPTION", value_delimiter = ',')]
    pub subscription: Vec<String>,
    /// Only resource groups of this name
    #[arg(short = 'g', long, value_name = "NAME", env = "PULLGATE_RESOURCE_GROUP")]
    pub resource_group: Option<String>,
    /// Entra tenant id
    #[arg(long, value_name = "ID", env = "PULLGATE_TENANT")]
    pub tenant: Option<String>,
    /// The cloud to look into
    #[arg(long, value_enum, env = "PULLGATE_CLOUD")]
    pub cloud: Option<Cloud>,
    /// Save the evidence of this run; it holds no secret
    #[arg(long, value_name = "FILE", env = "PULLGATE_RECORD")]
    pub record: Option<PathBuf>,
    /// Judge with saved evidence, and ask nothing
    #[arg(long, value_name = "FILE", env = "PULLGATE_EVIDENCE")]
    pub evidence: Option<PathBuf>,
    /// Write a report, as for `check`; repeatable
    #[arg(long, value_name = "FORMAT[=PATH]", env = "PULLGATE_REPORT", value_delimiter = '\n', value_parser = super::report)]
    pub report: Vec<(Format, Option<PathBuf>)>,
    /// The lowest severity that counts: error or warning
    #[arg(long, value_name = "SEVERITY", env = "PULLGATE_FAIL_ON", value_parser = super::severity)]
    pub fail_on: Option<Severity>,
    /// Do not count findings of this check; repeatable
    #[arg(long, value_name = "CODE", env = "PULLGATE_IGNORE", value_delimiter = ',', value_parser = super::code)]
    pub ignore: Vec<String>,
    /// What may stay unverified without exit 3: everything, a check, or a question (H1 … H5); repeatable
    #[arg(
        long,
        value_name = "CODE|H1…H5",
        env = "PULLGATE_ALLOW_UNVERIFIED",
        value_delimiter = ',',
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub allow_unverified: Vec<Allow>,
    /// Do not count findings that an earlier run's JSON report has
    #[arg(long, value_name = "FILE", env = "PULLGATE_BASELINE")]
    pub baseline: Option<PathBuf>,
    #[command(flatten)]
    pub network: Network,
}

impl Audit {
    /// The same for everything that is as for `check`.
    pub fn as_check(&self) -> Check {
        let context = Context { tenant: self.tenant.clone(), cloud: self.cloud, ..Context::default() };
        Check {
            input: Input { context, ..Input::default() },
            app: None,
            job: None,
            revision: None,
            wait_for: Vec::new(),
            image: Vec::new(),
            offline: false,
            record: self.record.clone(),
            evidence: self.evidence.clone(),
            report: self.report.clone(),
            fail_on: self.fail_on,
            ignore: self.ignore.clone(),
            allow_unverified: self.allow_unverified.clone(),
            config: None,
            no_config: false,
            baseline: self.baseline.clone(),
            lock: None,
            verify_secrets: false,
            network: self.network.clone(),
        }
    }
}
