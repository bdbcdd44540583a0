//! An `ignore` entry of the policy file: what it excuses, why, and until when.

use std::rc::Rc;

use super::{Date, Pattern};
use crate::check::Hypothesis;
use crate::check::policy::ignore_expired;
use crate::finding::Finding;
use crate::judge::{Judgement, Verdict};
use crate::source::Span;

/// What an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Code(String),
    Hypothesis(Hypothesis),
}

/// What a team lives with. Whatever is set has to match.
#[derive(Clone, Debug)]
pub struct Exception {
    pub subject: Option<Subject>,
    pub image: Option<Pattern>,
    pub workload: Option<Pattern>,
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
    pub at: Span,
}

impl Exception {
    /// Whether it excuses a judgement on that day.
    pub fn covers(&self, judgement: &Judgement, today: Date) -> bool {
        let is_subject = match &self.subject {
            None => true,
            Some(Subject::Code(code)) => code == judgement.check.code,
            Some(Subject::Hypothesis(hypothesis)) => *hypothesis == judgement.check.hypothesis,
        };
        let is = |pattern: &Option<Pattern>, name: Option<&str>| match pattern {
            None => true,
            Some(pattern) => name.is_some_and(|name| pattern.matches(name)),
        };
        is_subject
            && is(&self.image, judgement.about.image.as_deref())
            && is(&self.workload, judgement.about.workload.as_deref())
            && !self.is_over(today)
    }

    /// The finding that it has expired.
    pub fn expired(&self, today: Date) -> Option<Judgement> {
        let until = self.until.filter(|_| self.is_over(today))?;
        let finding = Finding::at(self.at, format!("the entry expired on {until}: what it excused counts again"))
            .detail(format!("its reason was: {}", self.reason))
            .help("repair what it excused and delete the entry, or decide again with a later date");
        Some(judgement(&ignore_expired::CHECK, finding))
    }

    fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }
}

/// A finding about the policy, which belongs to no workload.
pub fn judgement(check: &'static crate::check::Check, finding: Finding) -> Judgement {
    Judgement {
        check,
        severity: check.severity,
        subject: finding.at,
        verdict: Verdict::Fail(Box::new(finding)),
        about: Rc::default(),
        excused: None,
    }
}
