//! SARIF 2.1.0, for code scanning.
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>, and what GitHub reads of it:
//! <https://docs.github.com/code-security/reference/code-scanning/sarif-support-for-code-scanning>

mod model;
mod place;
mod rule;

use std::io::{self, Write};

use model::{
    ArtifactChange, Fix, Insertion, Invocation, Location, Log, Message, Notification, Related, Replacement, Run,
    SarifResult, Suppression, Tool,
};

use super::fingerprint::fingerprints;
use super::{Report, plain, tame_json, unverified_reasons};
use crate::check::CHECKS;
use crate::finding::{Edit, Finding};
use crate::judge::{Judgement, Verdict};
use crate::source::{Sources, Span};

/// Writes the report.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let log = Log { schema: model::SCHEMA, version: "2.1.0", runs: [run(report)] };
    let text = serde_json::to_string_pretty(&log)?;
    writeln!(out, "{}", tame_json(&text))
}

fn run(report: &Report) -> Run {
    // Code scanning refuses a result that is nowhere, so what has no place of its own is shown at the first place there is.
    let somewhere = report.judgements.iter().map(Judgement::at).find(|at| at.is_written());
    let prints = fingerprints(report.judgements);
    let results = report.judgements.iter().zip(prints).filter_map(|(judgement, print)| match &judgement.verdict {
        Verdict::Fail(finding) => {
            Some(result(report.sources, judgement, finding, print.unwrap_or_default(), somewhere))
        }
        _ => None,
    });
    Run {
        tool: Tool { driver: rule::driver() },
        invocations: [Invocation {
            execution_successful: true,
            exit_code: report.summary.outcome.exit_code(),
            tool_execution_notifications: notifications(report),
        }],
        column_kind: "utf16CodeUnits",
        results: results.collect(),
    }
}

fn result(
    sources: &Sources,
    judgement: &Judgement,
    finding: &Finding,
    print: String,
    somewhere: Option<Span>,
) -> SarifResult {
    let at = Some(judgement.at()).filter(|at| at.is_written()).or(somewhere);
    let mut location =
        Location { physical_location: at.and_then(|at| place::physical(sources, at)), logical_locations: Vec::new() };
    location.logical_locations = place::logical(judgement);
    let related = finding.also.iter().zip(1..).filter_map(|(label, id)| {
        let physical_location = place::physical(sources, label.at)?;
        Some(Related { id, physical_location, message: Message::text(&label.text) })
    });
    SarifResult {
        rule_id: judgement.check.code,
        rule_index: CHECKS.iter().position(|check| check.code == judgement.check.code),
        level: judgement.severity.name(),
        message: message(finding),
        locations: vec![location],
        related_locations: related.collect(),
        partial_fingerprints: [("pullgate/v1", print)].into(),
        fixes: finding.edit.iter().filter_map(|edit| fix(sources, finding, edit)).collect(),
        suppressions: judgement
            .excused
            .iter()
            .map(|why| Suppression { kind: "external", justification: plain(why) })
            .collect(),
    }
}

/// The words of a finding; the remedy with its commands belongs to them, since code scanning shows nothing else of a result.
fn message(finding: &Finding) -> Message {
    let lines = std::iter::once(&finding.title).chain(&finding.detail).chain(&finding.help).chain(&finding.commands);
    let lines: Vec<String> = lines.map(|line| plain(line)).collect();
    Message { text: lines.join("\n") }
}

fn fix(sources: &Sources, finding: &Finding, edit: &Edit) -> Option<Fix> {
    let place = place::physical(sources, edit.at)?;
    let description = finding.help.as_deref().unwrap_or("write it as it has to be");
    Some(Fix {
        description: Message::text(description),
        artifact_changes: [ArtifactChange {
            artifact_location: place.artifact_location,
            replacements: [Replacement {
                deleted_region: place.region,
                inserted_content: Insertion { text: edit.replacement.clone() },
            }],
        }],
    })
}

fn notifications(report: &Report) -> Vec<Notification> {
    let unverified = unverified_reasons(report).into_iter().map(|(reason, codes)| Notification {
        level: "warning",
        message: Message { text: format!("not verified: {codes}: {}", plain(&reason)) },
    });
    let not_asked = (report.summary.not_asked > 0).then(|| Notification {
        level: "note",
        message: Message { text: format!("{} questions were not asked (offline)", report.summary.not_asked) },
    });
    unverified.chain(not_asked).collect()
}
