//! JUnit XML: a suite for each workload, a case for each pull and check.
//!
//! The readers of GitHub and Azure DevOps make annotations of the attributes `file` and `line` of a case, which is why
//! quick-junit is used under the name of junit-report: that one has no `line`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use junit_report::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite, XmlString};

use super::{Report, harmless, plain};
use crate::finding::Finding;
use crate::judge::{Judgement, Verdict};

/// Writes the report.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for judgement in report.judgements {
        let workload = judgement.about.workload.as_deref().unwrap_or("manifest");
        let suite = suites.entry(workload).or_insert_with(|| TestSuite::new(xml_text(workload)));
        suite.add_test_case(case(report, workload, judgement));
    }
    let mut document = junit_report::Report::new("pullgate");
    document.add_test_suites(suites.into_values());
    document.serialize(&mut *out).map_err(io::Error::other)
}

fn case(report: &Report, workload: &str, judgement: &Judgement) -> TestCase {
    let code = judgement.check.code;
    let name = match &judgement.about.container {
        Some(container) => format!("{container}: {code}"),
        None => code.to_owned(),
    };
    let mut case = TestCase::new(xml_text(&name), status(report, judgement));
    case.set_classname(xml_text(&format!("{workload}.{}", judgement.check.hypothesis.name())));
    case.set_time(std::time::Duration::ZERO);
    if let Some(place) = report.sources.place(judgement.at()) {
        case.extra.insert(XmlString::new("file"), xml_text(place.path));
        case.extra.insert(XmlString::new("line"), XmlString::new(place.line.to_string()));
    }
    case
}

fn status(report: &Report, judgement: &Judgement) -> TestCaseStatus {
    let skipped = |reason: String| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(xml_text(&reason));
        status
    };
    if let Some(excused) = &judgement.excused {
        return skipped(format!("excused: {excused}"));
    }
    match &judgement.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail(finding) if judgement.severity >= report.summary.fail_on => failure(report, judgement, finding),
        // A test that fails fails the pipeline; what does not stop the deployment must not.
        Verdict::Fail(finding) => skipped(format!("{}: {}", judgement.severity.name(), finding.title)),
        Verdict::Unverified(failure) => skipped(format!("unverified: {failure}")),
        Verdict::NotAsked(question) => skipped(format!("not asked: {}", question.subject())),
        Verdict::NotApplicable(why) => skipped(format!("not applicable: {why}")),
    }
}

fn failure(report: &Report, judgement: &Judgement, finding: &Finding) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(xml_text(&finding.title));
    status.set_type(judgement.check.code);
    let mut lines = Vec::new();
    if let Some(place) = report.sources.place(judgement.at()) {
        lines.push(format!("{}:{}:{}", place.path, place.line, place.column));
    }
    lines.push(finding.title.clone());
    lines.extend(finding.detail.iter().cloned());
    for label in &finding.also {
        if let Some(place) = report.sources.place(label.at) {
            lines.push(format!("{}:{}: {}", place.path, place.line, label.text));
        }
    }
    lines.extend(finding.help.iter().map(|help| format!("help: {help}")));
    lines.extend(finding.commands.iter().map(|command| format!("  {command}")));
    let lines: Vec<String> = lines.iter().map(|line| plain(line)).collect();
    // A pipeline that shows this file must not take a line of it for a command.
    status.set_description(XmlString::new(harmless(&lines.join("\n"))));
    status
}

/// A text of one line that XML 1.0 can hold: of the control characters and of U+FFFE and U+FFFF, which quick-junit lets through,
/// the codes are left.
fn xml_text(text: &str) -> XmlString {
    XmlString::new(plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_named() {
        assert_eq!(xml_text("a\u{0}b\u{1b}[31m\u{FFFE}").as_str(), "a<U+0000>b<U+001B>[31m<U+FFFE>");
    }
}
