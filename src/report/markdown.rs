//! Markdown, for the summary of a job: the verdict first, then the images with their state, then the findings with their
//! remedies folded.
//!
//! Text from outside is only ever inside of code spans and code blocks, or has its punctuation escaped: no HTML, no link, no
//! image, no mention, no cell of a table comes of it. <https://github.github.com/gfm/>

mod escape;

use std::cmp::Reverse;
use std::io::{self, Write};

use escape::{block, cell, code, text};

use super::{Report, count, plain, unverified_reasons, verdict_line};
use crate::config::Outcome;
use crate::finding::{Finding, Severity};
use crate::judge::{Judgement, Verdict};

/// How much is shown: a job summary holds a mebibyte.
/// <https://docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits>
const IMAGES: usize = 200;
const FINDINGS: usize = 100;

/// What came of all checks of one container.
struct Row<'r> {
    workload: Option<&'r str>,
    container: Option<&'r str>,
    image: Option<&'r str>,
    digest: Option<&'r str>,
    failing: Vec<&'r Judgement>,
    unverified: Vec<&'static str>,
    not_asked: usize,
}

/// Writes the report.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let mut page = format!("## {} pullgate: {}\n\n", mark(report), text(&verdict_line(&report.summary)));
    images(&mut page, report);
    let failing = report.failing();
    for (judgement, finding) in failing.iter().take(FINDINGS) {
        section(&mut page, report, judgement, finding);
    }
    if let Some(more) = failing.len().checked_sub(FINDINGS).filter(|more| *more > 0) {
        page.push_str(&format!("{more} more findings are in the other reports.\n\n"));
    }
    open_questions(&mut page, report);
    out.write_all(super::harmless(&page).as_bytes())
}

fn mark(report: &Report) -> &'static str {
    match report.summary.outcome {
        Outcome::Pass if report.summary.is_proven() => "✅",
        Outcome::Pass => "⚪",
        Outcome::Fail => "❌",
        Outcome::Unverified => "❔",
    }
}

fn images(page: &mut String, report: &Report) {
    let mut rows = rows(report.judgements);
    rows.sort_by_key(|row| row.rank());
    if rows.is_empty() {
        return;
    }
    page.push_str("| | State | Image | Container |\n|---|---|---|---|\n");
    for row in rows.iter().take(IMAGES) {
        let image = row.image.map_or_else(|| "(not known)".to_owned(), cell);
        let digest = row.digest.filter(|digest| !row.image.is_some_and(|image| image.contains(digest)));
        let digest = digest.map(|digest| format!("<br>{}", cell(digest))).unwrap_or_default();
        let names = [row.workload, row.container].into_iter().flatten().map(cell).collect::<Vec<_>>().join(" / ");
        let (mark, state) = row.state();
        page.push_str(&format!("| {mark} | {state} | {image}{digest} | {names} |\n"));
    }
    page.push('\n');
    if let Some(more) = rows.len().checked_sub(IMAGES).filter(|more| *more > 0) {
        page.push_str(&format!("{more} more images are in the other reports.\n\n"));
    }
}

/// The containers in the order in which they are judged. What is found of a whole workload is true of each of its images.
fn rows(judgements: &[Judgement]) -> Vec<Row<'_>> {
    let mut rows: Vec<Row> = Vec::new();
    for judgement in
        judgements.iter().filter(|judgement| judgement.about.image.is_some() || judgement.about.container.is_some())
    {
        let key = (
            judgement.about.workload.as_deref(),
            judgement.about.container.as_deref(),
            judgement.about.image.as_deref(),
        );
        let known = rows.iter().position(|row| (row.workload, row.container, row.image) == key);
        let index = known.unwrap_or_else(|| {
            let (workload, container, image) = key;
            let digest = judgement.about.digest.as_deref();
            rows.push(Row {
                workload,
                container,
                image,
                digest,
                failing: Vec::new(),
                unverified: Vec::new(),
                not_asked: 0,
            });
            rows.len() - 1
        });
        rows[index].take(judgement);
    }
    let whole = |judgement: &&Judgement| judgement.about.image.is_none() && judgement.about.container.is_none();
    for judgement in judgements.iter().filter(whole).filter(|judgement| judgement.about.workload.is_some()) {
        for row in rows.iter_mut().filter(|row| row.workload == judgement.about.workload.as_deref()) {
            row.take(judgement);
        }
    }
    rows
}

impl<'r> Row<'r> {
    fn take(&mut self, judgement: &'r Judgement) {
        match &judgement.verdict {
            _ if judgement.excused.is_some() => {}
            Verdict::Fail(_) => self.failing.push(judgement),
            Verdict::Unverified(_) => self.unverified.push(judgement.check.code),
            Verdict::NotAsked(_) => self.not_asked += 1,
            Verdict::Pass | Verdict::NotApplicable(_) => {}
        }
    }

    /// The worst first: a reader of many images sees no further than the first page.
    fn rank(&self) -> (Reverse<Option<Severity>>, bool, bool) {
        let worst = self.failing.iter().map(|judgement| judgement.severity).max();
        (Reverse(worst), self.unverified.is_empty(), self.not_asked == 0)
    }

    fn state(&self) -> (&'static str, String) {
        let worst = self.failing.iter().map(|judgement| judgement.severity).max();
        let mark = match worst {
            Some(severity) => severity_mark(severity),
            None if !self.unverified.is_empty() => "❔",
            None if self.not_asked > 0 => "⚪",
            None => "✅",
        };
        let mut parts: Vec<String> = Vec::new();
        let codes: Vec<&str> = self.failing.iter().map(|judgement| judgement.check.code).collect();
        if !codes.is_empty() {
            parts.push(listed(&codes));
        }
        if !self.unverified.is_empty() {
            parts.push(format!("not verified: {}", listed(&self.unverified)));
        }
        if self.not_asked > 0 {
            parts.push(format!("{} not asked", self.not_asked));
        }
        (mark, if parts.is_empty() { "can be pulled".to_owned() } else { parts.join("; ") })
    }
}

/// Codes once each, the first of them.
fn listed(codes: &[&str]) -> String {
    /// How many are written out.
    const SHOWN: usize = 4;
    let mut distinct: Vec<&str> = Vec::new();
    for code in codes {
        if !distinct.contains(code) {
            distinct.push(code);
        }
    }
    let shown = distinct.iter().take(SHOWN).map(|one| code(one)).collect::<Vec<_>>().join(", ");
    if distinct.len() > SHOWN { format!("{shown} and {} more", distinct.len() - SHOWN) } else { shown }
}

fn section(page: &mut String, report: &Report, judgement: &Judgement, finding: &Finding) {
    let mark = severity_mark(judgement.severity);
    page.push_str(&format!("### {mark} {}: {}\n\n", judgement.check.code, text(&finding.title)));
    let mut about: Vec<String> = Vec::new();
    if let Some(place) = report.sources.place(judgement.at()) {
        about.push(code(&format!("{}:{}:{}", place.path, place.line, place.column)));
    }
    about.extend(judgement.about.workload.iter().chain(&judgement.about.container).map(|name| code(name)));
    if !about.is_empty() {
        page.push_str(&format!("{}\n\n", about.join(" · ")));
    }
    for detail in &finding.detail {
        page.push_str(&format!("{}\n\n", text(detail)));
    }
    for label in &finding.also {
        if let Some(place) = report.sources.place(label.at) {
            let at = code(&format!("{}:{}:{}", place.path, place.line, place.column));
            page.push_str(&format!("- {at} {}\n", text(&label.text)));
        }
    }
    if !finding.also.is_empty() {
        page.push('\n');
    }
    remedy(page, finding);
}

fn remedy(page: &mut String, finding: &Finding) {
    if finding.help.is_none() && finding.commands.is_empty() {
        return;
    }
    page.push_str("<details><summary>Remedy</summary>\n\n");
    if let Some(help) = &finding.help {
        page.push_str(&format!("{}\n\n", text(help)));
    }
    if !finding.commands.is_empty() {
        let commands: Vec<String> = finding.commands.iter().map(|command| plain(command)).collect();
        page.push_str(&block(&commands));
    }
    page.push_str("</details>\n\n");
}

fn open_questions(page: &mut String, report: &Report) {
    let reasons = unverified_reasons(report);
    if reasons.is_empty() {
        return;
    }
    let heading = count(report.summary.unverified, "answer is missing", "answers are missing");
    page.push_str(&format!("### ❔ Not verified: {heading}\n\n"));
    for (reason, codes) in reasons {
        page.push_str(&format!("- {}: {}\n", text(&codes), text(&reason)));
    }
    page.push('\n');
}

fn severity_mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Note => "ℹ️",
    }
}
