//! What the team decided: which severities, which findings are excused and until when, what may stay unverified.

use crate::check::Hypothesis;
use crate::evidence::Failure;
use crate::finding::Severity;
use crate::judge::{Judgement, Verdict};

/// The policy of a run, from the command line and `.pullgate.yaml`.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The lowest severity that stops a deployment.
    pub fail_on: Severity,
    pub ignore: Vec<String>,
    pub allow_unverified: Vec<Allow>,
    /// Nothing was to be asked: a value that only Azure knows does not keep the gate from opening.
    pub offline: bool,
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
        Policy { fail_on: Severity::Error, ignore: Vec::new(), allow_unverified: Vec::new(), offline: false }
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
    /// Marks the judgements that the policy excuses.
    pub fn apply(&self, judgements: &mut [Judgement]) {
        for judgement in judgements {
            if self.ignore.iter().any(|code| code == judgement.check.code) {
                judgement.excused = Some(format!("ignored: {}", judgement.check.code));
            } else if matches!(judgement.verdict, Verdict::Unverified(_)) && self.allows(judgement) {
                judgement.excused = Some("allowed to stay unverified".to_owned());
            }
        }
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
            Verdict::Unverified(Failure::Unknown { .. }) => !self.offline,
            Verdict::Unverified(_) => true,
            _ => false,
        }
    }
}
