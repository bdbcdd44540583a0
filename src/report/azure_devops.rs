//! Azure Pipelines: logging commands, which become issues of the run.
//! <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands>

use std::io::{self, Write};

use super::{Report, plain, unverified_reasons, verdict_line};
use crate::config::Outcome;
use crate::finding::{Finding, Severity};

/// Writes one command for each finding, and the result of the task.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for (judgement, finding) in report.failing() {
        let words = words(finding);
        if judgement.severity == Severity::Note {
            // There is no type for a note.
            writeln!(out, "pullgate: note: {}: {}", judgement.check.code, message(&words))?;
            continue;
        }
        let mut properties = format!("type={};", judgement.severity.name());
        if let Some(place) = report.sources.place(judgement.at()) {
            let (line, column) = (place.line, place.column);
            properties
                .push_str(&format!("sourcepath={};linenumber={line};columnnumber={column};", property(place.path)));
        }
        properties.push_str(&format!("code={};", property(judgement.check.code)));
        writeln!(out, "##vso[task.logissue {properties}]{}", message(&words))?;
    }
    for (reason, codes) in unverified_reasons(report) {
        writeln!(out, "##vso[task.logissue type=warning;]{}", message(&format!("not verified: {codes}: {reason}")))?;
    }
    let result = match report.summary.outcome {
        Outcome::Pass => "Succeeded",
        Outcome::Fail | Outcome::Unverified => "Failed",
    };
    let line = message(&verdict_line(&report.summary));
    writeln!(out, "pullgate: {line}")?;
    writeln!(out, "##vso[task.complete result={result};]{line}")
}

fn words(finding: &Finding) -> String {
    let parts = std::iter::once(&finding.title).chain(&finding.detail).chain(&finding.help).chain(&finding.commands);
    parts.map(|part| plain(part)).collect::<Vec<_>>().join(" | ")
}

/// One line; the agent reads a command to the end of its line.
fn message(text: &str) -> String {
    plain(text).replace('%', "%AZP25")
}

fn property(text: &str) -> String {
    message(text).replace(';', "%3B").replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_cannot_forge_a_second_command() {
        let forged = message("v1\r\n##vso[task.complete result=Succeeded;]done");
        assert!(!forged.contains('\n') && !forged.contains("##vso["), "{forged}");
        assert_eq!(property("a;b]c"), "a%3Bb%5Dc");
        assert_eq!(property("100%"), "100%AZP25");
    }
}
