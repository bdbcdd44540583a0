//! Log lines, deployment errors and exports → which of the five questions an image pull failed on, why, and what to run next.
//!
//! Nothing is asked of a network here: a text is read, and what it says is weighed. [`patterns.tsv`](patterns) lists the error
//! texts, [`cause`] what each cause means. A text counts only where it is about a pull: an application's own 401 is not one.
//! A pull that failed for no stated reason is [`Unexplained`], not a finding.

mod cause;
mod decode;
mod endpoint;
#[cfg(test)]
mod facts;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod given;
mod judge;
mod mistake;
mod names;
mod patterns;
mod remedy;
mod statement;
mod stream;
mod text;
mod tie;
#[cfg(test)]
mod unrelated;

use std::io::{self, BufRead};

use serde::{Serialize, Serializer};

use self::decode::visible;
use self::endpoint::floor;
use self::judge::{Signal, judge};
use self::names::Names;
use self::statement::{Statement, statements};
use self::stream::{Line, is_anchored, passages};
use crate::check::Hypothesis;

pub use self::text::write;

/// Distinct findings kept; a log has few causes and may have many images.
const MOST: usize = 256;
/// Characters of a quoted text before and after the words that matter.
const QUOTED: (usize, usize) = (120, 200);
/// Below this a cause that a stronger one explains is not shown.
const FAINT: f64 = 0.25;

/// Words of which a line that names an app or its group has one.
const NAMING: [&str; 5] = ["ontainer", "evision", "esource", "pod", "-g "];
/// Words of which a line about a push has one.
const PUSHING: [&str; 4] = ["push", "Push", "copy", "login"];

/// What a text says about pulls that failed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Triage {
    schema: Schema,
    /// Likeliest first; empty when nothing is recognised.
    pub findings: Vec<Finding>,
    /// Pulls that failed without a reason being given.
    #[serde(skip)]
    pub unexplained: Vec<Unexplained>,
}

/// A cause that the text points at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    #[serde(serialize_with = "name")]
    pub hypothesis: Hypothesis,
    /// The word for the cause: a check's code where a check finds the same before a deployment.
    pub cause: &'static str,
    /// From 0 to 1.
    pub confidence: f64,
    /// The line of the input, from 1.
    pub line: usize,
    /// The words that say it, with a few around them.
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// What the cause means, in a sentence.
    pub meaning: &'static str,
    pub why: Vec<String>,
    /// What would contradict it, or does.
    pub against: Vec<String>,
    /// What shows it and what repairs it, with the names that the text has.
    pub commands: Vec<String>,
}

/// A pull that failed, and the text does not say why.
#[derive(Clone, Debug)]
pub struct Unexplained {
    pub line: usize,
    pub text: String,
    pub image: Option<String>,
    /// Where the reason can be read.
    pub commands: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Schema;

/// Reads a text of any size, in any of the forms in which logs are kept, and says what it knows.
///
/// # Errors
/// Whatever reading `input` gives; a text that is not understood is no error.
pub fn read(input: &mut dyn BufRead) -> io::Result<Triage> {
    let mut triage = Triage::default();
    let mut pulled = Vec::new();
    passages(input, |lines| triage.passage(lines, &mut pulled))?;
    triage.rank(&pulled);
    Ok(triage)
}

impl Triage {
    /// The report as JSON, schema `pullgate/triage/1`.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers always become JSON")
    }

    /// The images of pulls that failed, the likeliest cause first, each once.
    pub fn images(&self) -> Vec<&str> {
        let found = self.findings.iter().filter_map(|finding| finding.image.as_deref());
        let unexplained = self.unexplained.iter().filter_map(|failure| failure.image.as_deref());
        let mut images: Vec<&str> = Vec::new();
        for image in found.chain(unexplained) {
            if !images.contains(&image) {
                images.push(image);
            }
        }
        images
    }

    /// Takes in the findings of a few lines; images that were pulled after all go to `pulled`.
    fn passage(&mut self, lines: &[Line], pulled: &mut Vec<(usize, String)>) {
        let statements = statements(lines);
        // Most lines beside a candidate name nothing and push nothing; to read them closely takes longer than all the rest.
        let close = |statement: &Statement| is_anchored(&statement.text) || has_any(&statement.text, &NAMING);
        let names: Vec<Names> = statements
            .iter()
            .map(|statement| if close(statement) { statement.names() } else { Names::default() })
            .collect();
        let around = Names::common(&names);
        let mut last = Names::default();
        let pushes: Vec<bool> = statements
            .iter()
            .map(|statement| has_any(&statement.text, &PUSHING) && tie::ties(&statement.text).push)
            .collect();
        let mut pushing = false;
        for (at, (statement, own)) in statements.iter().zip(names).enumerate() {
            // What failed may be said before it is said to be a push: `denied: …`, then `failed to push …`.
            let pushed_next = pushes[at + 1..].iter().take(2).any(|&push| push);
            let about_a_push = pushing || pushed_next;
            if own.image.is_some() {
                last = own.clone();
            }
            if let Some(image) = own.image.as_ref().filter(|_| statement.text.contains("uccessfully pulled image"))
                && pulled.len() < MOST
            {
                pulled.push((statement.line(0), image.clone()));
            }
            let near = last.clone().or(&around);
            if !(statement.guessed && self.parts(statement, &near, about_a_push)) {
                self.statement(statement, &own, &near, about_a_push);
            }
            pushing |= pushes[at];
        }
    }

    /// Takes lines that were joined on a guess apart again, if one of them alone says why a pull failed.
    fn parts(&mut self, statement: &Statement, near: &Names, pushing: bool) -> bool {
        let parts = statement.parts();
        if parts
            .iter()
            .all(|part| !is_anchored(&part.text) || judge(&part.text, &part.names(), pushing).signals.is_empty())
        {
            return false;
        }
        for part in &parts {
            self.statement(part, &part.names(), near, pushing);
        }
        true
    }

    /// `own` are the names of the statement, `near` those around it.
    fn statement(&mut self, statement: &Statement, own: &Names, near: &Names, pushing: bool) {
        if !is_anchored(&statement.text) && !statement.tight.as_deref().is_some_and(is_anchored) {
            return;
        }
        // Lines that were joined on a guess, and none of them speaks of a pull or names a registry.
        if statement.guessed && own.registry.is_none() && !tie::ties(&statement.text).pull {
            return;
        }
        let names = &own.clone().or(near);
        let mut verdict = judge(&statement.text, own, pushing);
        let mut text = &statement.text;
        if let Some(tight) = &statement.tight {
            let other = judge(tight, own, pushing);
            let best = |signals: &[Signal]| signals.first().map_or(0.0, |signal| signal.confidence);
            if best(&other.signals) > best(&verdict.signals) {
                (verdict, text) = (other, tight);
            }
        }
        for signal in verdict.signals {
            let line = statement.line(signal.at.start.min(statement.text.len()));
            self.add(remedy::finding(&signal, line, quote(text, signal.at.clone()), names));
        }
        if let Some(at) = verdict.unexplained
            && self.unexplained.len() < MOST
        {
            let quoted = quote(text, at..at);
            let image = names.image.as_deref().map(visible);
            self.unexplained.push(Unexplained {
                line: statement.line(at),
                text: quoted,
                image,
                commands: remedy::logs(names),
            });
        }
    }

    /// Adds a finding unless the same is known; of two the surer counts, and the earlier line.
    fn add(&mut self, finding: Finding) {
        let same = |known: &&mut Finding| {
            known.cause == finding.cause && known.image == finding.image && known.hypothesis == finding.hypothesis
        };
        if let Some(known) = self.findings.iter_mut().find(same) {
            if known.confidence < finding.confidence {
                let line = known.line.min(finding.line);
                *known = Finding { line, ..finding };
            }
        } else if self.findings.len() < MOST {
            self.findings.push(finding);
        }
    }

    /// Likeliest first; what only repeats a surer finding goes.
    fn rank(&mut self, pulled: &[(usize, String)]) {
        self.findings.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.line.cmp(&b.line)));
        self.suspect_entra();
        let all = self.findings.clone();
        self.findings.retain(|finding| {
            let better = |other: &&Finding| {
                other.hypothesis == finding.hypothesis
                    && other.confidence > finding.confidence
                    && (finding.image.is_none() || other.image == finding.image)
            };
            finding.confidence >= FAINT && !all.iter().any(|other| better(&other))
        });
        for finding in &mut self.findings {
            let after =
                pulled.iter().find(|(line, image)| finding.image.as_ref() == Some(image) && *line > finding.line);
            if let Some((line, _)) = after {
                finding.against.insert(
                    0,
                    format!("line {line} says that the image was pulled after all: then the failure passed"),
                );
            }
        }
    }

    /// A refusal of an identity looks the same when its token could not be fetched: the pull goes on anonymously.
    fn suspect_entra(&mut self) {
        let refused = |finding: &&Finding| {
            matches!(finding.cause, "credentials-missing" | "pull-role-missing" | "pull-unauthorized")
        };
        let Some(first) = self.findings.first().filter(refused).cloned() else { return };
        let host = first.image.as_ref().and_then(|image| image.split_once('/')).map(|(host, _)| host.to_owned());
        let known = self.findings.iter().any(|finding| finding.hypothesis == Hypothesis::H5);
        if known || host.is_some_and(|host| host.contains('.') && names::acr_name(&host).is_none()) {
            return;
        }
        let cause =
            cause::find("token-egress-closed").expect("it is in the catalogue, as a test of the table makes sure");
        let names = first.image.as_deref().map(|image| Names::of(&format!("image \"{image}\""))).unwrap_or_default();
        let names = Names { app: first.app.clone(), ..names };
        let why = "with an identity that has its role, a closed way to Entra looks like this: the token is missing, the pull goes on without";
        self.findings.push(Finding {
            hypothesis: Hypothesis::H5,
            cause: cause.code,
            confidence: 0.3,
            meaning: cause.meaning,
            why: vec![why.to_owned()],
            against: cause.against.iter().map(|text| (*text).to_owned()).collect(),
            commands: remedy::commands(cause, &names),
            ..first
        });
    }
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("pullgate/triage/1")
    }
}

fn name<S: Serializer>(hypothesis: &Hypothesis, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(hypothesis.name())
}

fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

/// The words and a few around them, in one line, without anything that a terminal would act on.
fn quote(text: &str, at: std::ops::Range<usize>) -> String {
    let from = floor(text, at.start.min(text.len()).saturating_sub(QUOTED.0));
    let to = floor(text, (at.end + QUOTED.1).min(text.len()).min(at.start + QUOTED.0 + 3 * QUOTED.1));
    let words: Vec<&str> = text[from..to.max(from)].split_whitespace().collect();
    let (start, end) = (if from > 0 { "…" } else { "" }, if to < text.len() { "…" } else { "" });
    visible(&format!("{start}{}{end}", words.join(" "))).replace('\n', " ")
}
