//! `pullgate: ignore[code, …] reason` in a comment of a manifest.

use super::exception::judgement;
use super::unknown_code;
use crate::check::policy::ignore_unclear;
use crate::document::{Ignore, Note};
use crate::finding::Finding;
use crate::judge::{Judgement, Verdict};
use crate::load::Document;
use crate::source::{Sources, Span};

/// What a comment excuses, and where.
#[derive(Clone, Debug)]
pub struct Wish {
    pub codes: Vec<String>,
    pub reason: String,
    pub at: Span,
    /// The line that it is about.
    line: usize,
    /// The comment stands in a Bicep source; findings may stay in the template that was compiled from it.
    is_bicep: bool,
    /// Why it excuses nothing.
    flaw: Option<String>,
}

impl Wish {
    /// The wishes of a document.
    pub fn of(document: &Document, sources: &Sources) -> Vec<Wish> {
        let is_bicep = document.bicep.is_some();
        let mut wishes: Vec<Wish> =
            document.ignores.iter().map(|ignore| Wish::read(ignore, is_bicep, sources)).collect();
        for note in &document.notes {
            if let Note::Comment { at } = note {
                let flaw = Some("it is not of the form `pullgate: ignore[code, …] reason`".to_owned());
                wishes.push(Wish { codes: Vec::new(), reason: String::new(), at: *at, line: 0, is_bicep, flaw });
            }
        }
        wishes
    }

    fn read(ignore: &Ignore, is_bicep: bool, sources: &Sources) -> Wish {
        let codes: Vec<String> = ignore.codes.iter().map(ToString::to_string).collect();
        let unknown = codes.iter().find(|code| crate::check::find(code).is_none());
        let flaw = match unknown {
            Some(code) => Some(unknown_code(code)),
            None if ignore.reason.trim().is_empty() => Some("it gives no reason".to_owned()),
            None => None,
        };
        let line = target(ignore, sources);
        Wish { codes, reason: ignore.reason.trim().to_owned(), at: ignore.at, line, is_bicep, flaw }
    }

    /// Whether it excuses a judgement: one of its checks, at its line.
    pub fn covers(&self, judgement: &Judgement, sources: &Sources) -> bool {
        if self.flaw.is_some() || !self.codes.iter().any(|code| code == judgement.check.code) {
            return false;
        }
        let is_here =
            |at: Span| at.file == self.at.file && sources.place(at).is_some_and(|place| place.line == self.line);
        let is_compiled = || sources.origin(judgement.at().file).is_some();
        is_here(judgement.at())
            || is_here(judgement.subject)
            || (self.is_bicep && is_compiled() && self.is_written_in_line(judgement, sources))
    }

    /// For a finding whose place in the Bicep source is not certain: whether the line shows the text that it is about.
    fn is_written_in_line(&self, judgement: &Judgement, sources: &Sources) -> bool {
        let line = sources.line(self.at.file, self.line);
        let finding = match &judgement.verdict {
            Verdict::Fail(finding) => Some(finding.as_ref()),
            _ => None,
        };
        let labels = finding.into_iter().flat_map(|finding| finding.also.iter().map(|label| sources.slice(label.at)));
        let written = [sources.slice(judgement.at()), sources.slice(judgement.subject)];
        let texts = written.into_iter().chain(judgement.about.image.as_deref()).chain(labels);
        texts.map(str::trim).any(|text| text.len() > 2 && line.contains(text))
    }

    /// The finding that it cannot be understood, and therefore excuses nothing.
    pub fn unclear(&self) -> Option<Judgement> {
        let flaw = self.flaw.as_ref()?;
        let finding = Finding::at(self.at, format!("the comment excuses nothing: {flaw}"))
            .help("write `pullgate: ignore[code] why it may stay`; `pullgate explain` lists the codes");
        Some(judgement(&ignore_unclear::CHECK, finding))
    }
}

/// The line that a comment is about: its own, or the next one with content when it has its line for itself.
fn target(ignore: &Ignore, sources: &Sources) -> usize {
    let Some(place) = sources.place(ignore.at) else { return 0 };
    if !ignore.alone {
        return place.line;
    }
    let rest = sources.text(ignore.at.file).get(ignore.at.end as usize..).unwrap_or("");
    let is_content = |line: &str| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with('#') && !line.starts_with("//") && !line.starts_with("*/")
    };
    let below = rest.lines().skip(1).position(is_content);
    below.map_or(0, |lines| place.end_line + 1 + lines)
}
