//! For people at a terminal: each finding with the lines it is about, then what could not be verified, then the verdict.

mod window;

use std::fmt;
use std::io::{self, IsTerminal, Write};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};

use super::{Report, harmless, plain, unverified_reasons, verdict_line};
use crate::config::Outcome;
use crate::finding::{Finding, Label, Severity};
use crate::judge::Judgement;
use crate::source::{Sources, Span};
use window::Window;

/// How the text is dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    pub width: usize,
}

/// A finding in the form that miette draws.
struct Shown {
    code: &'static str,
    severity: Severity,
    title: String,
    labels: Vec<LabeledSpan>,
    window: Option<Window>,
}

impl Style {
    pub fn plain() -> Style {
        Style { color: false, width: 100 }
    }

    /// Colour on a terminal that wants it (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`).
    pub fn of(stream: &io::Stdout) -> Style {
        let color = anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never;
        Style { color: color && (stream.is_terminal() || std::env::var_os("CLICOLOR_FORCE").is_some()), width: 100 }
    }
}

/// Writes the report.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    let handler = handler(style);
    let mut text = String::new();
    for (judgement, finding) in report.failing() {
        let (shown, elsewhere) = shown(judgement, finding, report.sources, style);
        let mut drawn = String::new();
        handler.render_report(&mut drawn, &shown).map_err(|_| io::Error::other("a finding cannot be drawn"))?;
        text.push_str(drawn.trim_end());
        text.push('\n');
        for label in elsewhere {
            text.push_str(&far(report.sources, label));
        }
        if let Some(help) = &finding.help {
            let lines = wrapped(&plain(help), style.width.saturating_sub(8)).replace('\n', "\n        ");
            text.push_str(&format!("  help: {lines}\n"));
        }
        // A command is copied: it has its line for itself, however long.
        for command in &finding.commands {
            text.push_str(&format!("    {}\n", plain(command)));
        }
        text.push('\n');
    }
    open_questions(&mut text, report, style);
    last_line(&mut text, report, style);
    out.write_all(harmless(&text).as_bytes())
}

fn handler(style: Style) -> GraphicalReportHandler {
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_wrap_lines(false);
    handler.with_width(style.width).with_context_lines(1)
}

/// A finding as it is drawn, and the places that are too far away to be drawn with it.
fn shown<'f>(judgement: &Judgement, finding: &'f Finding, sources: &Sources, style: Style) -> (Shown, Vec<&'f Label>) {
    let mut shown = Shown {
        code: judgement.check.code,
        severity: judgement.severity,
        title: title(judgement, finding, style),
        labels: Vec::new(),
        window: None,
    };
    let at = judgement.at();
    let others: Vec<Span> = finding.also.iter().map(|label| label.at).collect();
    let Some((window, outside)) = Window::around(sources, at, &others) else {
        return (shown, finding.also.iter().collect());
    };
    let (elsewhere, near): (Vec<&Label>, Vec<&Label>) =
        finding.also.iter().partition(|label| outside.contains(&label.at));
    shown.labels.push(LabeledSpan::new_primary_with_span(None, window.cut(at)));
    let label = |label: &&Label| LabeledSpan::new_with_span(Some(plain(&label.text)), window.cut(label.at));
    shown.labels.extend(near.iter().map(label));
    shown.window = Some(window);
    (shown, elsewhere)
}

/// One line for a place in another file or part of the file: where it is, what stands there, what it has to do with the finding.
fn far(sources: &Sources, label: &Label) -> String {
    /// How many characters of what stands there are shown.
    const SHOWN: usize = 60;
    let Some(place) = sources.place(label.at) else { return String::new() };
    let written = sources.slice(label.at);
    let mut short: String = plain(written.lines().next().unwrap_or_default()).chars().take(SHOWN).collect();
    if short.len() < written.len() {
        short.push('…');
    }
    let path = plain(place.path);
    let (line, column, text) = (place.line, place.column, plain(&label.text));
    match place.end_line == place.line && !written.trim().is_empty() {
        true => format!("  → {path}:{line}:{column}  {text}: {short}\n"),
        false => format!("  → {path}:{line}:{column}  {text}\n"),
    }
}

fn title(judgement: &Judgement, finding: &Finding, style: Style) -> String {
    let width = style.width.saturating_sub(4);
    let mut text = wrapped(&plain(&finding.title), width);
    for detail in &finding.detail {
        text.push('\n');
        text.push_str(&wrapped(&plain(detail), width));
    }
    if let (false, Some(workload)) = (judgement.at().is_written(), &judgement.about.workload) {
        text.push_str(&format!("\n(in {})", plain(workload)));
    }
    text
}

/// A text in lines of at most `width` characters, broken at blanks only: names and commands stay whole.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut used = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

/// What was not verified, by reason: one paragraph for however many checks it held up.
fn open_questions(text: &mut String, report: &Report, style: Style) {
    for (reason, codes) in unverified_reasons(report) {
        let indented = |text: &str| wrapped(text, style.width.saturating_sub(4)).replace('\n', "\n    ");
        let what = indented(&format!("not verified: {codes}"));
        text.push_str(&format!("  ? {what}\n    {}\n\n", indented(&plain(&reason))));
    }
}

fn last_line(text: &mut String, report: &Report, style: Style) {
    let (mark, color) = match report.summary.outcome {
        Outcome::Pass if report.summary.is_proven() => ("✓", "32"),
        // Only what was proven is green.
        Outcome::Pass => ("○", "36"),
        Outcome::Fail => ("✗", "31"),
        Outcome::Unverified => ("?", "33"),
    };
    let line = verdict_line(&report.summary);
    match style.color {
        true => text.push_str(&format!("\u{1b}[1;{color}m{mark} {line}\u{1b}[0m\n")),
        false => text.push_str(&format!("{mark} {line}\n")),
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.code.is_empty()).then(|| Box::new(self.code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.window.as_ref().map(|window| window as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty())
            .then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::About;
    use crate::report::Summary;

    /// The report of one finding in a file of this text, from the first `«` to the first `»`.
    #[track_caller]
    fn drawn(marked: &str, change: impl Fn(Finding, Span) -> Finding) -> String {
        let start = marked.find('«').expect("a mark");
        let end = marked.find('»').expect("a mark") - '«'.len_utf8();
        let mut sources = Sources::default();
        let file = sources.add("app.yaml", marked.replacen('«', "", 1).replacen('»', "", 1));
        let at = Span { file, start: u32::try_from(start).unwrap(), end: u32::try_from(end).unwrap() };
        let finding = change(Finding::at(at, "the title"), at);
        let judgement = Judgement {
            check: crate::check::find("tag-missing").unwrap(),
            severity: Severity::Error,
            verdict: crate::judge::Verdict::Fail(Box::new(finding)),
            about: About { workload: Some("app".to_owned()), ..About::default() }.into(),
            subject: at,
            excused: None,
        };
        let judgements = [judgement];
        let summary = Summary::of(&judgements, Outcome::Fail, Severity::Error, 1);
        let mut out = Vec::new();
        write(&mut out, &Report { sources: &sources, judgements: &judgements, summary }, Style::plain()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_is_shown_with_its_lines() {
        insta::assert_snapshot!(drawn("a: 1\nimage: «nginx»\nb: 2\nc: 3\n", |finding, _| finding.help("name a tag")), @"
        tag-missing

          × the title
           ╭─[app.yaml:2:8]
         1 │ a: 1
         2 │ image: nginx
           ·        ─────
         3 │ b: 2
           ╰────
          help: name a tag

        ✗ would fail: 1 image, 0 passed, 1 error in 0.0 s
        ");
    }

    #[test]
    fn of_a_minified_template_only_the_place_is_shown() {
        let filler = "\"x\":1,".repeat(40_000);
        let text = drawn(&format!("{{{filler}\"image\":\"«nginx»\",{filler}\"y\":2}}"), |finding, _| finding);
        assert!(text.contains("app.yaml:1:240011") && text.contains("\"image\":\"nginx\""), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 120) && text.lines().count() < 12, "{text}");
    }

    #[test]
    fn a_column_counts_characters() {
        assert!(drawn("é: 1\nä: é «x»\n", |finding, _| finding).contains("[app.yaml:2:6]"));
    }

    #[test]
    fn a_command_is_one_line_however_long() {
        let command = format!("az role assignment create --scope /{}", "very-long/".repeat(40));
        let text = drawn("«a»: 1\n", |finding, _| finding.help("word ".repeat(60)).command(command.clone()));
        assert!(text.lines().any(|line| line.trim() == command), "{text}");
        assert!(text.lines().all(|line| line.trim() == command || line.chars().count() <= 100), "{text}");
    }

    #[test]
    fn a_place_far_away_is_one_line() {
        let text = drawn(&format!("«a»: 1\n{}end: here\n", "x: 1\n".repeat(40)), |finding, at| {
            finding.also(Span { start: 205, end: 214, ..at }, "and arrives here")
        });
        assert!(text.contains("  → app.yaml:42:1  and arrives here: end: here\n"), "{text}");
    }

    #[test]
    fn a_finding_without_a_place_names_its_workload() {
        let text = drawn("«a»: 1\n", |mut finding, _| {
            finding.at = Span::NONE;
            finding
        });
        assert!(text.contains("× the title"), "{text}");
    }

    #[test]
    fn no_line_is_a_command_of_a_pipeline() {
        let text =
            drawn("«a»: 1\n", |finding, _| finding.help(format!("{} ::error::x ##[error]y", "word ".repeat(18))));
        assert!(text.lines().all(|line| !line.trim_start().starts_with("::")) && !text.contains("##["), "{text}");
    }

    #[test]
    fn what_is_odd_is_drawn_too() {
        for marked in ["«»", "a: 漢字«漢»\n", "\t\t\"a\":\t«\"b\"»\n", "«a:\n- 1\n- 2\n»", "«é»\r\nb\r\n", "a\n\n\n«»"]
        {
            assert!(drawn(marked, |finding, _| finding).contains("the title"), "{marked:?}");
        }
    }
}
