//! Judging: every check over everything that will be deployed, with what is known so far.
//!
//! Planning is judging: what a check lacks comes back as a question, and the driver answers and judges again.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::check::network::Cases;
use crate::check::{CHECKS, Check, Run};
use crate::evidence::{Evidence, Failure, Platform, Question, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Condition, Manifest, Pull};
use crate::source::Span;

/// What came of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Pass,
    Fail(Box<Finding>),
    /// Asked and could not be known.
    Unverified(Box<Failure>),
    /// Would have to ask, and this run does not (`--offline`).
    NotAsked(Box<Question>),
    NotApplicable(&'static str),
}

/// A check's verdict about a container, a workload, or the manifest.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub check: &'static Check,
    /// The check's own, lower where the finding says so, other where the policy says so.
    pub severity: Severity,
    pub verdict: Verdict,
    pub about: Rc<About>,
    /// Where the thing that was judged is written: the image, the workload.
    pub subject: Span,
    /// Set when the policy excuses it: why. It is reported and does not count.
    pub excused: Option<Box<str>>,
}

/// What judgements are about. They share it: a manifest of a thousand images has a hundred thousand of them.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub workload: Option<String>,
    pub container: Option<String>,
    pub image: Option<String>,
    /// The digest that the image resolved to.
    pub digest: Option<String>,
}

/// The judgements, and what must be asked before they are final.
#[derive(Debug, Default)]
pub struct Judged {
    pub judgements: Vec<Judgement>,
    pub needs: BTreeSet<Question>,
}

impl Verdict {
    /// The word of the report contract.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail(_) => "fail",
            Verdict::Unverified(_) => "unverified",
            Verdict::NotAsked(_) => "not_asked",
            Verdict::NotApplicable(_) => "not_applicable",
        }
    }

    /// Why there is no pass or fail.
    pub fn reason(&self) -> Option<String> {
        match self {
            Verdict::Pass | Verdict::Fail(_) => None,
            Verdict::Unverified(failure) => Some(failure.to_string()),
            Verdict::NotAsked(question) => Some(format!("not asked: {}", question.subject())),
            Verdict::NotApplicable(why) => Some((*why).to_owned()),
        }
    }
}

impl Judgement {
    /// Whether it is a failing verdict that the policy does not excuse.
    pub fn fails(&self) -> bool {
        self.excused.is_none() && matches!(self.verdict, Verdict::Fail(_))
    }

    /// Where to point: the finding's place, else the subject's.
    pub fn at(&self) -> Span {
        match &self.verdict {
            Verdict::Fail(finding) if finding.at.is_written() => finding.at,
            _ => self.subject,
        }
    }
}

/// Judges everything with what `evidence` holds.
pub fn judge(manifest: &Manifest, evidence: &Evidence) -> Judged {
    let mut judged = Judged::default();
    let mut cases = Cases::default();
    for workload in manifest.workloads.iter().filter(|workload| workload.condition != Condition::Never) {
        let case = cases.of(manifest, workload, evidence);
        let name = workload.display_name();
        let whole = Subject::new(About { workload: Some(name.clone()), ..About::default() }, workload.at);
        let pull = |container| Pull { manifest, workload, container };
        let pulls: Vec<(Pull, Subject)> = workload
            .containers
            .iter()
            .map(|container| (pull(container), Subject::of(&name, &pull(container), evidence)))
            .collect();
        for check in CHECKS {
            match check.run {
                Run::Pull(run) => {
                    for (pull, subject) in &pulls {
                        judged.keep(about(check, subject), run(pull, evidence), evidence);
                    }
                }
                Run::Workload(run) => judged.keep(about(check, &whole), run(manifest, workload, evidence), evidence),
                Run::Network(run) => judged.keep(about(check, &whole), run(&case), evidence),
                Run::Reading => {}
            }
        }
    }
    if !evidence.is_offline() {
        judged.needs.extend(cases.needs());
    }
    for problem in &manifest.problems {
        // A code without a check would be a page that nobody can read: the table's test forbids it.
        let Some(check) = crate::check::find(problem.code) else { continue };
        let subject =
            Subject::new(About { workload: problem.workload.clone(), ..About::default() }, problem.finding.at);
        judged.keep(about(check, &subject), Ok(vec![problem.finding.clone()]), evidence);
    }
    judged
}

/// What a judgement is about, and where that is written.
struct Subject {
    about: Rc<About>,
    at: Span,
}

impl Subject {
    fn new(about: About, at: Span) -> Subject {
        Subject { about: Rc::new(about), at }
    }

    /// One container of this workload.
    fn of(workload: &str, pull: &Pull, evidence: &Evidence) -> Subject {
        let image = pull.container.image.as_ref();
        let about = About {
            workload: Some(workload.to_owned()),
            container: pull.container.name.as_ref().and_then(|name| name.partial()),
            image: image.and_then(|image| image.partial()),
            digest: digest(pull, evidence),
        };
        Subject::new(about, image.map_or(pull.container.at, |image| pull.place(image)))
    }
}

fn about(check: &'static Check, subject: &Subject) -> Judgement {
    Judgement {
        check,
        severity: check.severity,
        verdict: Verdict::Pass,
        about: Rc::clone(&subject.about),
        subject: subject.at,
        excused: None,
    }
}

fn digest(pull: &Pull, evidence: &Evidence) -> Option<String> {
    let image = pull.image().ok()?;
    let platform: &Platform = &pull.container.platform;
    Some(evidence.image(&image, platform).ok()?.ok()?.digest.to_string())
}

impl Judged {
    fn keep(&mut self, about: Judgement, outcome: Result<Vec<Finding>, Stop>, evidence: &Evidence) {
        let verdict = match outcome {
            Ok(findings) if findings.is_empty() => Verdict::Pass,
            Ok(findings) => {
                for finding in findings {
                    let severity = finding.severity.unwrap_or(about.severity);
                    let verdict = Verdict::Fail(Box::new(finding));
                    self.judgements.push(Judgement { severity, verdict, ..about.clone() });
                }
                return;
            }
            Err(Stop::Unverified(failure)) => Verdict::Unverified(Box::new(failure)),
            Err(Stop::NotApplicable(why)) => Verdict::NotApplicable(why),
            Err(Stop::Need(question)) => {
                if !evidence.is_offline() {
                    self.needs.insert(question.clone());
                }
                Verdict::NotAsked(Box::new(question))
            }
        };
        self.judgements.push(Judgement { verdict, ..about });
    }
}
