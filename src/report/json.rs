//! For programs: the contract `pullgate/report/1`. `docs/report.schema.json` describes these types.

use std::io::{self, Write};

use serde::Serialize;

use super::fingerprint::fingerprints;
use super::{Report, tame_json};
use crate::judge::{Judgement, Verdict};
use crate::source::{Sources, Span};

/// The value of `schema`.
pub const SCHEMA: &str = "pullgate/report/1";

#[derive(Debug, Serialize)]
struct Totals {
    verdict: &'static str,
    pass: usize,
    fail: usize,
    warn: usize,
    note: usize,
    unverified: usize,
    not_asked: usize,
    not_applicable: usize,
    excused: usize,
    images: usize,
    requests: usize,
    elapsed_ms: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'r> {
    code: &'static str,
    hypothesis: &'static str,
    severity: &'static str,
    verdict: &'static str,
    workload: Option<&'r str>,
    container: Option<&'r str>,
    image: Option<&'r str>,
    digest: Option<&'r str>,
    title: Option<&'r str>,
    detail: &'r [String],
    help: Option<&'r str>,
    commands: &'r [String],
    at: Option<At<'r>>,
    also: Vec<Also<'r>>,
    reason: Option<String>,
    /// Why the policy excuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    excused: Option<&'r str>,
    /// What `--baseline` recognises a finding by.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct At<'r> {
    file: &'r str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Debug, Serialize)]
struct Also<'r> {
    at: At<'r>,
    text: &'r str,
}

/// Writes the report as one JSON document.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let summary = &report.summary;
    let judgements = report.judgements.iter().zip(fingerprints(report.judgements));
    let judgements = judgements.map(|(judgement, fingerprint)| item(judgement, fingerprint, report.sources));
    let totals = Totals {
        verdict: summary.outcome.name(),
        pass: summary.pass,
        fail: summary.fail,
        warn: summary.warn,
        note: summary.note,
        unverified: summary.unverified,
        not_asked: summary.not_asked,
        not_applicable: summary.not_applicable,
        excused: summary.excused,
        images: summary.pulls,
        requests: summary.requests,
        elapsed_ms: summary.elapsed_ms,
    };
    writeln!(out, "{{\n  \"schema\": \"{SCHEMA}\",\n  \"summary\": {},", serde_json::to_string(&totals)?)?;
    writeln!(out, "  \"judgements\": [")?;
    // One a line, and none kept: a manifest of a thousand images has a hundred thousand.
    let mut separator = "";
    for judgement in judgements {
        write!(out, "{separator}    {}", tame_json(&serde_json::to_string(&judgement)?))?;
        separator = ",\n";
    }
    writeln!(out, "\n  ]\n}}")
}

fn item<'r>(judgement: &'r Judgement, fingerprint: Option<String>, sources: &'r Sources) -> Item<'r> {
    let finding = match &judgement.verdict {
        Verdict::Fail(finding) => Some(finding.as_ref()),
        _ => None,
    };
    Item {
        code: judgement.check.code,
        hypothesis: judgement.check.hypothesis.name(),
        severity: judgement.severity.name(),
        verdict: judgement.verdict.name(),
        workload: judgement.about.workload.as_deref(),
        container: judgement.about.container.as_deref(),
        image: judgement.about.image.as_deref(),
        digest: judgement.about.digest.as_deref(),
        title: finding.map(|finding| finding.title.as_str()),
        detail: finding.map_or(&[], |finding| &finding.detail),
        help: finding.and_then(|finding| finding.help.as_deref()),
        commands: finding.map_or(&[], |finding| &finding.commands),
        at: at(sources, judgement.at()),
        also: finding.map_or_else(Vec::new, |finding| {
            let label = |label: &'r crate::finding::Label| Some(Also { at: at(sources, label.at)?, text: &label.text });
            finding.also.iter().filter_map(label).collect()
        }),
        reason: judgement.verdict.reason(),
        excused: judgement.excused.as_deref(),
        fingerprint,
    }
}

fn at(sources: &Sources, span: Span) -> Option<At<'_>> {
    let place = sources.place(span)?;
    Some(At {
        file: place.path,
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
    })
}
