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
    let failing = report.failing();
    for (severity, level) in levels {
        let failing = failing.iter().filter(|(judgement, _)| judgement.severity == severity);
        let mut commands: Vec<(String, String)> =
            failing.map(|(judgement, finding)| (properties(report, judgement), message(&words(finding)))).collect();
        if severity == Severity::Warning {
            let unverified = |(reason, codes): (String, String)| {
                ("title=not verified".to_owned(), message(&plain(&format!("{codes}: {reason}"))))
            };
            commands.extend(unverified_reasons(report).into_iter().map(unverified));
        }
        let shown = if commands.len() > PER_LEVEL { PER_LEVEL - 1 } else { commands.len() };
        for (properties, message) in &commands[..shown] {
            writeln!(out, "::{level} {properties}::{message}")?;
        }
        if commands.len() > shown {
            let more = commands.len() - shown;
            writeln!(out, "::{level} title=pullgate::{more} more; the other reports have the whole list")?;
        }
    }
    // A line that starts with `::` would be a command; ours starts with the tool's word.
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
