//! For people at a terminal: each finding with the lines it is about, then what could not be verified, then the verdict.

mod window;

use std::fmt;
use std::io::{self, IsTerminal, Write};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};

use super::{Report, plain, unverified_reasons, verdict_line};
use crate::config::Outcome;
use crate::finding::{Finding, Severity};
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
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    window: Option<Window>,
    related: Vec<Shown>,
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
pub fn write(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    let handler = handler(style);
    for (judgement, finding) in report.failing() {
        let shown = shown(judgement, finding, report.sources);
        let mut text = String::new();
        handler.render_report(&mut text, &shown).map_err(|_| io::Error::other("a finding cannot be drawn"))?;
        writeln!(out, "{}\n", text.trim_end())?;
    }
    open_questions(out, report)?;
    last_line(out, report, style)
}

fn handler(style: Style) -> GraphicalReportHandler {
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    GraphicalReportHandler::new_themed(theme).with_links(false).with_width(style.width).with_context_lines(1)
}

fn shown(judgement: &Judgement, finding: &Finding, sources: &Sources) -> Shown {
    let others: Vec<Span> = finding.also.iter().map(|label| label.at).collect();
    let text = |at: Span| finding.also.iter().find(|label| label.at == at).map(|label| plain(&label.text));
    let mut shown = Shown {
        code: judgement.check.code,
        severity: judgement.severity,
        title: title(judgement, finding),
        help: help(finding),
        labels: Vec::new(),
        window: None,
        related: Vec::new(),
    };
    let at = judgement.at();
    let Some((window, outside)) = Window::around(sources, at, &others) else { return shown };
    shown.labels.push(LabeledSpan::new_primary_with_span(None, window.cut(at)));
    let inside = others.iter().filter(|other| !outside.contains(other));
    shown.labels.extend(inside.map(|&other| LabeledSpan::new_with_span(text(other), window.cut(other))));
    shown.window = Some(window);
    shown.related = outside.iter().filter_map(|&other| elsewhere(sources, other, text(other))).collect();
    shown
}

/// A place that explains the finding, too far away to be shown with it.
fn elsewhere(sources: &Sources, at: Span, title: Option<String>) -> Option<Shown> {
    let (window, _) = Window::around(sources, at, &[])?;
    Some(Shown {
        code: "",
        severity: Severity::Note,
        title: title.unwrap_or_default(),
        help: None,
        labels: vec![LabeledSpan::new_primary_with_span(None, window.cut(at))],
        window: Some(window),
        related: Vec::new(),
    })
}

fn title(judgement: &Judgement, finding: &Finding) -> String {
    let mut text = plain(&finding.title);
    for detail in &finding.detail {
        text.push_str("\n");
        text.push_str(&plain(detail));
    }
    if let (false, Some(workload)) = (judgement.at().is_written(), &judgement.workload) {
        text.push_str(&format!("\n(in {})", plain(workload)));
    }
    text
}

fn help(finding: &Finding) -> Option<String> {
    let mut lines: Vec<String> = finding.help.iter().map(|help| plain(help)).collect();
    lines.extend(finding.commands.iter().map(|command| format!("  {}", plain(command))));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What was not verified, by reason: one paragraph for however many checks it held up.
fn open_questions(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for (reason, codes) in unverified_reasons(report) {
        writeln!(out, "  ? not verified: {codes}\n    {}\n", plain(&reason))?;
    }
    Ok(())
}

fn last_line(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    let (mark, color) = match report.summary.outcome {
        Outcome::Pass => ("✓", "32"),
        Outcome::Fail => ("✗", "31"),
        Outcome::Unverified => ("?", "33"),
    };
    let line = verdict_line(&report.summary);
    if style.color { writeln!(out, "\u{1b}[1;{color}m{mark} {line}\u{1b}[0m") } else { writeln!(out, "{mark} {line}") }
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

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.window.as_ref().map(|window| window as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let related = self.related.iter().map(|shown| shown as &dyn Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>)
    }
}
