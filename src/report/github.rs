//! GitHub Actions: workflow commands, which become annotations on the lines of a pull request.
//! <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>

use std::io::{self, Write};

use super::{Report, plain, unverified_reasons, verdict_line};
use crate::finding::{Finding, Severity};
use crate::judge::Judgement;

/// GitHub shows at most ten annotations of a level for each step; the worst come first, the rest are counted.
/// <https://docs.github.com/actions/reference/limits>
const PER_LEVEL: usize = 10;

/// Writes one command for each finding.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let levels = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "notice")];
    for (severity, level) in levels {
        let failing = report.failing().into_iter().filter(|(judgement, _)| judgement.severity == severity);
        let failing: Vec<_> = failing.collect();
        let rest = failing.len().saturating_sub(PER_LEVEL);
        let shown = if rest > 0 { PER_LEVEL - 1 } else { failing.len() };
        for (judgement, finding) in &failing[..shown] {
            writeln!(out, "::{level} {}::{}", properties(report, judgement), message(&words(finding)))?;
        }
        if rest > 0 {
            let more = failing.len() - shown;
            writeln!(
                out,
                "::{level} title=pullgate::{more} more; the whole list is in the other reports and in the log"
            )?;
        }
    }
    for (reason, codes) in unverified_reasons(report) {
        writeln!(out, "::warning title={}::{}", property("not verified"), message(&format!("{codes}: {reason}")))?;
    }
    // A line that starts with `::` would be a command; ours starts with the verdict's word.
    writeln!(out, "pullgate: {}", plain(&verdict_line(&report.summary)))
}

fn properties(report: &Report, judgement: &Judgement) -> String {
    let mut properties = format!("title={}", property(judgement.check.code));
    if let Some(place) = report.sources.place(judgement.at()) {
        let (line, column) = (place.line, place.column);
        properties.push_str(&format!(
            ",file={},line={line},endLine={},col={column}",
            property(place.path),
            place.end_line
        ));
        // GitHub refuses columns that span lines.
        if place.end_line == place.line {
            properties.push_str(&format!(",endColumn={}", place.end_column));
        }
    }
    properties
}

fn words(finding: &Finding) -> String {
    let mut lines = vec![finding.title.clone()];
    lines.extend(finding.detail.iter().cloned());
    lines.extend(finding.help.iter().cloned());
    lines.extend(finding.commands.iter().map(|command| format!("  {command}")));
    lines.iter().map(|line| plain(line)).collect::<Vec<_>>().join("\n")
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(&plain(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_cannot_forge_a_second_command() {
        assert_eq!(message("v1\n::error::x"), "v1%0A::error::x");
        assert_eq!(property("a:b,c\n::error::"), "a%3Ab%2Cc %3A%3Aerror%3A%3A");
        assert_eq!(property("100%"), "100%25");
    }
}
