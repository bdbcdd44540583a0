//! `# pullgate: ignore[code, …] reason` in a comment of the manifest.

use arcstr::ArcStr;

use super::{Note, Parsed, keep, span};
use crate::source::{FileId, Span, Text};

/// A wish not to hear about some checks at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The checks' codes, as they are written.
    pub codes: Vec<Text>,
    /// Why, in the author's words; may be empty.
    pub reason: Text,
    /// The comment, from its mark to its end.
    pub at: Span,
    /// Whether the comment has its line for itself: then it is about the next line that has content, else about its own.
    pub alone: bool,
}

/// Reads the comment at `at`, which covers its mark too: `#`, `//`, or `/*` and `*/`.
pub(super) fn note(text: &ArcStr, at: Span, parsed: &mut Parsed) {
    let comment = text.get(at.start as usize..at.end as usize).unwrap_or("");
    let body = comment.trim_start_matches(['#', '/', '*']).trim_end_matches(['*', '/']).trim();
    let Some(rest) = body.strip_prefix("pullgate:") else { return };
    match split(rest.trim_start()) {
        Some((codes, reason)) => {
            let line = text[..at.start as usize].rsplit('\n').next().unwrap_or("");
            let codes = codes.split(',').map(str::trim).filter(|code| !code.is_empty());
            parsed.ignores.push(Ignore {
                codes: codes.map(|code| text.substr_from(code)).collect(),
                reason: text.substr_from(reason.trim()),
                at,
                alone: line.trim().is_empty(),
            });
        }
        None => keep(&mut parsed.notes, Note::Comment { at }),
    }
}

/// Reads the `//` comments of a text that is neither JSON nor YAML: Bicep.
pub(crate) fn of_lines(text: &ArcStr, file: FileId) -> Parsed {
    let mut parsed = Parsed::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mark = line.match_indices("//").find(|(at, _)| line[at + 2..].trim_start().starts_with("pullgate:"));
        if let Some((at, _)) = mark {
            note(text, span(file, start + at..start + line.trim_end().len()), &mut parsed);
        }
        start += line.len();
    }
    parsed
}

fn split(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.strip_prefix("ignore")?.trim_start().strip_prefix('[')?;
    let (codes, reason) = rest.split_once(']')?;
    (!codes.trim().is_empty()).then_some((codes, reason))
}
