//! Who asks, what it can read for a manifest, what would stay unverified, and the smallest role that mends it.
//!
//! A function of what was asked and judged; [`look`] alone asks.

pub mod look;
mod permission;
mod role;
mod text;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cloud::Cloud;
use crate::evidence::{Answer, Evidence, Failure, Question, Reply, Resource};
use crate::judge::{Judgement, Verdict};

pub use permission::{Permission, permission};
pub use role::{Mend, Role};
pub use text::write;

/// What the report is made from.
#[derive(Debug)]
pub struct Seen<'s> {
    /// Who asks; a failure tells why nobody does. `None` when nobody has to: the answers come from a file.
    pub caller: Option<Answer<Caller>>,
    /// The credentials that are not used, and why.
    pub skipped: Vec<String>,
    pub cloud: Cloud,
    pub evidence: &'s Evidence,
    pub judgements: &'s [Judgement],
    /// The subscription that the deployment goes to, where it is known: where a role may be needed that has no better scope.
    pub subscription: Option<String>,
}

/// Who runs pullgate and reads. It is never the identity that pulls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// Which credential worked.
    pub source: String,
    pub object_id: Option<String>,
    pub application_id: Option<String>,
    pub tenant: Option<String>,
}

/// The report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Doctor {
    pub schema: &'static str,
    pub caller: Option<Caller>,
    /// Why there is no caller.
    pub no_caller: Option<String>,
    pub cloud: &'static str,
    pub skipped: Vec<String>,
    pub questions: Vec<Asked>,
    pub unverified: Vec<Open>,
    pub mend: Mend,
    /// Whether everything that is needed can be read.
    pub complete: bool,
}

/// A question, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    pub question: String,
    pub state: State,
    /// What was answered, where that is worth a word, or why there is no answer.
    pub why: Option<String>,
    /// What the caller would need.
    pub permission: Option<Permission>,
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Read,
    /// It was answered that there is no such thing.
    Absent,
    /// It cannot be read, and something stays unverified for it.
    Closed,
    /// It cannot be read, and nothing depends on it: it only helps the wording.
    Unneeded,
}

/// Something that would stay unverified.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Open {
    pub check: &'static str,
    pub about: String,
    pub reason: String,
    /// No permission helps: only the deployment tells it.
    pub inherent: bool,
}

/// The value of `schema`.
const SCHEMA: &str = "pullgate/doctor/1";

/// Reports what was seen.
pub fn doctor(seen: Seen) -> Doctor {
    let unverified = open(seen.judgements);
    let failures = failures(seen.judgements);
    let questions: Vec<Asked> =
        seen.evidence.iter().map(|(question, answer)| asked(question, answer, &failures)).collect();
    let mut skipped = seen.skipped;
    let (caller, no_caller) = match seen.caller {
        Some(Ok(caller)) => (Some(caller), None),
        Some(Err(failure)) => {
            if let Failure::NoCredential { tried } = &failure {
                skipped.clone_from(tried);
            }
            (None, Some(reason(&failure)))
        }
        None => (None, None),
    };
    let mend = role::mend(seen.evidence, &failures, caller.as_ref(), seen.subscription.as_deref());
    let complete = no_caller.is_none()
        && unverified.iter().all(|open| open.inherent)
        && !questions.iter().any(|asked| asked.state == State::Closed);
    Doctor {
        schema: SCHEMA,
        caller,
        no_caller,
        cloud: seen.cloud.word(),
        skipped,
        questions,
        unverified,
        mend,
        complete,
    }
}

impl Doctor {
    /// 0 when everything that is needed can be read, else 3.
    pub fn exit_code(&self) -> u8 {
        if self.complete { 0 } else { 3 }
    }

    /// The contract of `--format json`.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a report has only string keys")
    }
}

fn open(judgements: &[Judgement]) -> Vec<Open> {
    let one = |judgement: &Judgement| match &judgement.verdict {
        Verdict::Unverified(failure) => Some(Open {
            check: judgement.check.code,
            about: judgement
                .about
                .container
                .as_deref()
                .or(judgement.about.workload.as_deref())
                .unwrap_or_default()
                .to_owned(),
            reason: reason(failure),
            inherent: failure.is_for_want_of_input(),
        }),
        _ => None,
    };
    judgements.iter().filter_map(one).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What is asked, for people.
fn subject(question: &Question) -> String {
    match question {
        Question::Resource(Resource::List { scope, kind }) if scope.is_empty() => format!("every {kind}"),
        question => question.subject(),
    }
}

/// Why there is no answer; what was tried to log in is told once, and not here.
fn reason(failure: &Failure) -> String {
    match failure {
        Failure::NoCredential { .. } => "no Azure credential works".to_owned(),
        failure => failure.to_string(),
    }
}

/// What kept checks from a verdict.
fn failures(judgements: &[Judgement]) -> BTreeSet<Failure> {
    let failure = |judgement: &Judgement| match &judgement.verdict {
        Verdict::Unverified(failure) => Some(Failure::clone(failure)),
        _ => None,
    };
    judgements.iter().filter_map(failure).collect()
}

fn asked(question: &Question, answer: &Answer<Reply>, failures: &BTreeSet<Failure>) -> Asked {
    let asked = |state, why: Option<String>| Asked {
        question: subject(question),
        state,
        why,
        permission: match state {
            State::Closed | State::Unneeded => answer.as_ref().err().and_then(|failure| permission(question, failure)),
            State::Read | State::Absent => None,
        },
    };
    let ended = match answer {
        Ok(Reply::Resolution(seen)) => seen.failure.as_ref(),
        other => other.as_ref().err(),
    };
    match ended.map_or(Ok(answer), Err) {
        Ok(reply) => asked(State::Read, reply.as_ref().ok().and_then(|reply| told(question, reply))),
        // Whoever may not see a registry is told that there is none.
        Err(failure) if failure.is_not_found() && !failures.iter().any(|open| is_unseen(open, question)) => {
            asked(State::Absent, None)
        }
        Err(failure) => {
            let is_needed = failures.contains(failure) || failures.iter().any(|open| is_unseen(open, question));
            asked(if is_needed { State::Closed } else { State::Unneeded }, Some(reason(failure)))
        }
    }
}

/// Whether a check took "not found" of this question for "may not be seen".
fn is_unseen(failure: &Failure, question: &Question) -> bool {
    match (failure, question) {
        (Failure::NotAllowed { scope, .. }, Question::Registry { host }) => scope.contains(host.as_str()),
        _ => false,
    }
}

/// The names in an answer to an overview.
fn told(question: &Question, reply: &Reply) -> Option<String> {
    /// How many names are written out.
    const SHOWN: usize = 8;
    let Reply::Json(json) = reply else { return None };
    if !matches!(question, Question::Resource(Resource::Find { .. }) | Question::Resource(Resource::List { .. })) {
        return None;
    }
    let rows = json.get("value")?.as_array()?;
    let name = |row: &serde_json::Value| {
        let text =
            row.pointer("/properties/loginServer").or_else(|| row.get("displayName")).or_else(|| row.get("name"));
        text.and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let names: Vec<String> = rows.iter().filter_map(name).take(SHOWN).collect();
    let more = rows.len().saturating_sub(names.len());
    Some(match (rows.len(), more) {
        (0, _) => "none".to_owned(),
        (_, 0) => names.join(", "),
        _ => format!("{} and {more} more", names.join(", ")),
    })
}
