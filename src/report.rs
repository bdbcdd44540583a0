//! Reports: functions from judgements to text, one file a format. No network, no clock, no colour decisions of their own.
//!
//! Text from manifests and registries is escaped where it leaves, by each format's own rules.

pub mod azure_devops;
pub mod fingerprint;
pub mod github;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;
pub mod text;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::config::Outcome;
use crate::finding::{Finding, Severity};
use crate::judge::{Judgement, Verdict};
use crate::source::Sources;

/// What a run came to.
pub struct Report<'r> {
    pub sources: &'r Sources,
    pub judgements: &'r [Judgement],
    pub summary: Summary,
}

/// The counts of a run. A judgement that the policy excuses counts as nothing but `excused`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub outcome: Outcome,
    /// The lowest severity that stopped the deployment in this run.
    pub fail_on: Severity,
    /// Containers whose image was judged.
    pub pulls: usize,
    pub pass: usize,
    /// Failing judgements of severity error.
    pub fail: usize,
    /// Failing judgements of severity warning.
    pub warn: usize,
    /// Failing judgements of severity note.
    pub note: usize,
    pub unverified: usize,
    pub not_asked: usize,
    pub not_applicable: usize,
    pub excused: usize,
    /// HTTP requests that were sent.
    pub requests: usize,
    pub elapsed_ms: u64,
}

/// A format that `--report` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Github,
    AzureDevops,
    Junit,
    Sarif,
    Json,
    Markdown,
}

impl<'r> Report<'r> {
    /// The failing judgements that count, worst first, then by place.
    pub fn failing(&self) -> Vec<(&'r Judgement, &'r Finding)> {
        let pair = |judgement: &'r Judgement| match &judgement.verdict {
            Verdict::Fail(finding) if judgement.excused.is_none() => Some((judgement, finding.as_ref())),
            _ => None,
        };
        let mut failing: Vec<_> = self.judgements.iter().filter_map(pair).collect();
        failing.sort_by_key(|(judgement, _)| (Reverse(judgement.severity), judgement.at()));
        failing
    }
}

/// Why something was not verified, each reason once, with what it held up: `tag-missing (api, web), platform-missing (api)`.
fn unverified_reasons(report: &Report) -> Vec<(String, String)> {
    let mut reasons: BTreeMap<String, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for judgement in report.judgements.iter().filter(|judgement| judgement.excused.is_none()) {
        let Verdict::Unverified(failure) = &judgement.verdict else { continue };
        let mut reason = failure.to_string();
        if let Some(remedy) = failure.remedy() {
            reason.truncate(reason.trim_end_matches('.').len());
            reason.push_str(&format!("; {remedy}"));
        }
        let who =
            judgement.about.container.as_deref().or(judgement.about.workload.as_deref()).unwrap_or_default().to_owned();
        let names = reasons.entry(reason).or_default().entry(judgement.check.code).or_default();
        if !names.contains(&who) {
            names.push(who);
        }
    }
    reasons.into_iter().map(|(reason, codes)| (reason, held_up(&codes))).collect()
}

fn held_up(codes: &BTreeMap<&str, Vec<String>>) -> String {
    /// How many names and codes are written out.
    const SHOWN: usize = 4;
    let part = |(code, names): (&&str, &Vec<String>)| {
        let shown = names.iter().take(SHOWN).map(|name| plain(name)).collect::<Vec<_>>().join(", ");
        let more = names.len().saturating_sub(SHOWN);
        if more > 0 { format!("{code} ({shown} and {more} more)") } else { format!("{code} ({shown})") }
    };
    let shown = codes.iter().take(SHOWN).map(part).collect::<Vec<_>>().join(", ");
    let more = codes.len().saturating_sub(SHOWN);
    if more > 0 { format!("{shown} and {}", count(more, "more check", "more checks")) } else { shown }
}

/// `would fail: 3 images, 1 error, 1 warning, 40 passed, 12 requests in 0.3 s`.
fn verdict_line(summary: &Summary) -> String {
    let words = match summary.outcome {
        Outcome::Pass if summary.is_proven() => "may deploy",
        Outcome::Pass => "nothing is known to fail",
        Outcome::Fail => "would fail",
        Outcome::Unverified => "could not be verified",
    };
    let counted = [
        (summary.fail, "error", "errors"),
        (summary.warn, "warning", "warnings"),
        (summary.note, "note", "notes"),
        (summary.unverified, "not verified", "not verified"),
        (summary.not_asked, "not asked (offline)", "not asked (offline)"),
        (summary.excused, "excused", "excused"),
        (summary.requests, "request", "requests"),
    ];
    let mut parts = vec![count(summary.pulls, "image", "images"), format!("{} passed", summary.pass)];
    parts.extend(
        counted.into_iter().filter(|(number, ..)| *number > 0).map(|(number, one, many)| count(number, one, many)),
    );
    format!("{words}: {} in {:.1} s", parts.join(", "), summary.elapsed_ms as f64 / 1000.0)
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

impl Summary {
    /// Whether everything that was to be known is known and passes: nothing open, nothing left out.
    pub fn is_proven(&self) -> bool {
        self.outcome == Outcome::Pass && self.unverified == 0 && self.not_asked == 0
    }

    /// Counts judgements.
    pub fn of(judgements: &[Judgement], outcome: Outcome, fail_on: Severity, pulls: usize) -> Summary {
        let mut summary = Summary {
            outcome,
            fail_on,
            pulls,
            pass: 0,
            fail: 0,
            warn: 0,
            note: 0,
            unverified: 0,
            not_asked: 0,
            not_applicable: 0,
            excused: 0,
            requests: 0,
            elapsed_ms: 0,
        };
        for judgement in judgements {
            let count = match &judgement.verdict {
                _ if judgement.excused.is_some() => &mut summary.excused,
                Verdict::Pass => &mut summary.pass,
                Verdict::Fail(_) if judgement.severity == Severity::Error => &mut summary.fail,
                Verdict::Fail(_) if judgement.severity == Severity::Warning => &mut summary.warn,
                Verdict::Fail(_) => &mut summary.note,
                Verdict::Unverified(_) => &mut summary.unverified,
                Verdict::NotAsked(_) => &mut summary.not_asked,
                Verdict::NotApplicable(_) => &mut summary.not_applicable,
            };
            *count += 1;
        }
        summary
    }
}

impl Format {
    pub const ALL: [(&'static str, Format); 7] = [
        ("text", Format::Text),
        ("github", Format::Github),
        ("azure-devops", Format::AzureDevops),
        ("junit", Format::Junit),
        ("sarif", Format::Sarif),
        ("json", Format::Json),
        ("markdown", Format::Markdown),
    ];

    /// What `--report` calls it.
    pub fn name(self) -> &'static str {
        Format::ALL.into_iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }
}

/// Writes a report in a format.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, format: Format, report: &Report, style: text::Style) -> io::Result<()> {
    match format {
        Format::Text => text::write(out, report, style),
        Format::Github => github::write(out, report),
        Format::AzureDevops => azure_devops::write(out, report),
        Format::Junit => junit::write(out, report),
        Format::Sarif => sarif::write(out, report),
        Format::Json => json::write(out, report),
        Format::Markdown => markdown::write(out, report),
    }
}

/// A text without what could control a terminal or hide in a log: C0, DEL, C1, bidirectional overrides and the like become
/// their code in angle brackets. Tabs and line breaks become blanks. It fits one line and commands no pipeline from its middle.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => out.push(' '),
            character if is_hidden(character) => out.push_str(&named(character)),
            character => out.push(character),
        }
    }
    disarmed(&out)
}

/// Lines that no pipeline takes for a command. A runner of GitHub reads `::error::` at the start of a line, after blanks, and
/// `##[` anywhere in it (actions/runner, `ActionCommand.cs`); the agent of Azure Pipelines reads `##vso[` anywhere
/// (microsoft/azure-pipelines-agent, `Command.cs`).
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in disarmed(text).split_inclusive('\n') {
        let inner = line.trim_start();
        let blanks = &line[..line.len() - inner.len()];
        match inner.strip_prefix("::") {
            Some(rest) => out.extend([blanks, ": :", rest]),
            None => out.push_str(line),
        }
    }
    out
}

fn disarmed(text: &str) -> String {
    text.replace("##[", "# #[").replace("##vso[", "# #vso[")
}

/// A JSON text in which strings are as they are, but nothing hides and no pipeline that shows it finds a command: outside of
/// strings there is no `#` and nothing hidden, and inside of them every character may be written by its number.
fn tame_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.replace("##", "#\\u0023").chars() {
        match character {
            character if character != '\n' && is_hidden(character) => {
                let mut units = [0; 2];
                out.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            character => out.push(character),
        }
    }
    out
}

/// A character by its code: `<U+202E>`.
fn named(character: char) -> String {
    format!("<U+{:04X}>", u32::from(character))
}

/// Whether a character could control a terminal or hide in a text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{E0000}'..='\u{E0FFF}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2028}' | '\u{2029}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}')
}
