//! What the team decided: which severities, which findings are excused and until when, what may stay unverified.

mod baseline;
mod comment;
mod date;
mod exception;
mod file;
mod pattern;

use std::collections::{BTreeMap, HashSet};

use crate::check::Hypothesis;
use crate::finding::Severity;
use crate::judge::{Judgement, Verdict};
use crate::report::fingerprint::fingerprints;
use crate::source::Sources;

pub use baseline::{BaselineError, read_baseline};
pub use comment::Wish;
pub use date::Date;
pub use exception::{Exception, Subject};
pub use file::{Config, ConfigError};
pub use pattern::Pattern;

/// The policy of a run, from the command line, `.pullgate.yaml`, comments and a baseline.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The lowest severity that stops a deployment.
    pub fail_on: Severity,
    /// Codes whose findings do not count.
    pub ignore: Vec<String>,
    pub allow_unverified: Vec<Allow>,
    /// Nothing was to be asked: a value that only Azure knows does not keep the gate from opening.
    pub offline: bool,
    /// What a check's findings weigh here, by its code.
    pub severities: BTreeMap<String, Severity>,
    /// The `ignore` entries of the policy file.
    pub exceptions: Vec<Exception>,
    /// The `pullgate: ignore[…]` comments of the manifests.
    pub wishes: Vec<Wish>,
    /// Fingerprints of findings that were there when the team started.
    pub baseline: HashSet<String>,
    /// The day on which entries expire or do not.
    pub today: Date,
}

/// What may stay unverified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allow {
    Everything,
    Code(String),
    Hypothesis(Hypothesis),
}

/// The answer of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// May deploy.
    Pass,
    /// Would fail.
    Fail,
    /// Nothing is known to fail, but something that should have been verified could not be.
    Unverified,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            fail_on: Severity::Error,
            ignore: Vec::new(),
            allow_unverified: Vec::new(),
            offline: false,
            severities: BTreeMap::new(),
            exceptions: Vec::new(),
            wishes: Vec::new(),
            baseline: HashSet::new(),
            today: Date::from_days(0),
        }
    }
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Unverified => "unverified",
        }
    }

    /// The exit code of `check`.
    pub fn exit_code(self) -> u8 {
        match self {
            Outcome::Pass => 0,
            Outcome::Fail => 1,
            Outcome::Unverified => 3,
        }
    }
}

impl std::str::FromStr for Allow {
    type Err = String;

    /// A check's code or `H1` … `H5`; the empty text allows everything.
    fn from_str(text: &str) -> Result<Allow, String> {
        if text.is_empty() {
            return Ok(Allow::Everything);
        }
        if let Some(hypothesis) = Hypothesis::ALL.into_iter().find(|h| h.name().eq_ignore_ascii_case(text)) {
            return Ok(Allow::Hypothesis(hypothesis));
        }
        match crate::check::find(text) {
            Some(check) => Ok(Allow::Code(check.code.to_owned())),
            None => Err(unknown_code(text)),
        }
    }
}

/// The words for a code that no check has, with the nearest one.
pub fn unknown_code(text: &str) -> String {
    let codes = crate::check::CHECKS.iter().map(|check| check.code);
    let nearest = codes.map(|code| (strsim::jaro_winkler(code, text), code)).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((score, code)) if score > 0.8 => format!("no check is called `{text}`; did you mean `{code}`?"),
        _ => format!("no check is called `{text}`; `pullgate explain` lists them, and H1 … H5 name a question"),
    }
}

impl Policy {
    /// Gives the judgements the weight that the policy gives them, marks those that it excuses, and adds what is wrong with
    /// the policy itself: entries that have expired, comments that nobody understands.
    pub fn apply(&self, judgements: &mut Vec<Judgement>, sources: &Sources) {
        let prints = match self.baseline.is_empty() {
            true => Vec::new(),
            false => fingerprints(judgements),
        };
        for (judgement, print) in judgements.iter_mut().zip(prints.into_iter().chain(std::iter::repeat(None))) {
            if let Some(&severity) = self.severities.get(judgement.check.code) {
                judgement.severity = severity;
            }
            let is_known = print.is_some_and(|print| self.baseline.contains(&print));
            judgement.excused = self.excuse(judgement, is_known, sources).map(Into::into);
        }
        let expired = self.exceptions.iter().filter_map(|exception| exception.expired(self.today));
        let unclear = self.wishes.iter().filter_map(Wish::unclear);
        for mut judgement in expired.chain(unclear) {
            if let Some(&severity) = self.severities.get(judgement.check.code) {
                judgement.severity = severity;
            }
            if self.ignore.iter().any(|code| code == judgement.check.code) {
                judgement.excused = Some(format!("ignored: {}", judgement.check.code).into());
            }
            judgements.push(judgement);
        }
    }

    /// Why a judgement does not count, when it does not.
    fn excuse(&self, judgement: &Judgement, is_known: bool, sources: &Sources) -> Option<String> {
        let is_unverified = matches!(judgement.verdict, Verdict::Unverified(_));
        if !is_unverified && !matches!(judgement.verdict, Verdict::Fail(_)) {
            return None;
        }
        let code = judgement.check.code;
        if self.ignore.iter().any(|ignored| ignored == code) {
            return Some(format!("ignored: {code}"));
        }
        if let Some(exception) = self.exceptions.iter().find(|exception| exception.covers(judgement, self.today)) {
            return Some(exception.reason.clone());
        }
        if let Some(wish) = self.wishes.iter().find(|wish| wish.covers(judgement, sources)) {
            return Some(wish.reason.clone());
        }
        if is_known {
            return Some("in the baseline".to_owned());
        }
        (is_unverified && self.allows(judgement)).then(|| "allowed to stay unverified".to_owned())
    }

    fn allows(&self, judgement: &Judgement) -> bool {
        self.allow_unverified.iter().any(|allow| match allow {
            Allow::Everything => true,
            Allow::Code(code) => code == judgement.check.code,
            Allow::Hypothesis(hypothesis) => *hypothesis == judgement.check.hypothesis,
        })
    }

    /// What the judgements, after [`Policy::apply`], mean for the deployment.
    pub fn outcome(&self, judgements: &[Judgement]) -> Outcome {
        let counts = |judgement: &&Judgement| judgement.excused.is_none() && judgement.severity >= self.fail_on;
        let mut counting = judgements.iter().filter(counts);
        if counting.clone().any(Judgement::fails) {
            return Outcome::Fail;
        }
        if counting.any(|judgement| self.is_open(judgement)) {
            return Outcome::Unverified;
        }
        Outcome::Pass
    }

    fn is_open(&self, judgement: &Judgement) -> bool {
        match &judgement.verdict {
            Verdict::Unverified(failure) if failure.is_for_want_of_input() => !self.offline,
            Verdict::Unverified(_) => true,
            _ => false,
        }
    }
}
