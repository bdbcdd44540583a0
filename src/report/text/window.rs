//! The few lines of a file that a finding is shown with.
//!
//! miette is never given a whole file: a minified template is one line of megabytes, which is slow to draw and past what it can
//! count. What could control the terminal is replaced by marks of the same length, so that every byte keeps its place.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::report::is_hidden;
use crate::source::{Sources, Span};

/// Longest line that is shown whole, and of a longer one: how much of what is marked, and how much on each side, in bytes.
const LONGEST: usize = 120;
const MARKED: usize = 70;
const SIDE: usize = 30;
/// Stands for what is left out of a line.
const ELLIPSIS: &str = "…";
/// Labels further away than this many lines get a window of their own.
const NEAR: usize = 12;

/// Some lines, or a part of one.
pub struct Window {
    path: String,
    text: String,
    /// The byte, the line and the column of the file that the text starts at, from zero.
    start: usize,
    line: usize,
    column: usize,
}

impl Window {
    /// The lines around `at`, with those of `others` that are near. What is not in the window is given back.
    pub fn around(sources: &Sources, at: Span, others: &[Span]) -> Option<(Window, Vec<Span>)> {
        let place = sources.place(at)?;
        let text = sources.text(at.file);
        let near = |other: &Span| {
            let line = sources.place(*other).map_or(usize::MAX, |place| place.line);
            other.file == at.file && line.abs_diff(place.line) <= NEAR
        };
        let (inside, outside): (Vec<Span>, Vec<Span>) = others.iter().partition(|other| near(other));
        let is_short = |line: &usize| sources.line(at.file, *line).len() <= LONGEST;
        let lines = || inside.iter().chain([&at]).filter_map(|span| sources.place(*span)).map(|place| place.line);
        let first = lines().min().unwrap_or(place.line);
        let last = lines().max().unwrap_or(place.line);
        if !(first..=last).all(|line| is_short(&line)) {
            return Some((Window::within_line(sources, at, place.line, text), others.to_vec()));
        }
        // The neighbours help to find the place: the one above when it is short, the one below as far as it is.
        let first = Some(first - 1).filter(|line| *line > 0 && is_short(line)).unwrap_or(first);
        let start = offset_of_line(text, first);
        let below = sources.line(at.file, last + 1);
        let shown = floor(below, LONGEST);
        let end = offset_of_line(text, last + 1) + shown;
        let mut window =
            Window { path: place.path.to_owned(), text: masked(&text[start..end]), start, line: first - 1, column: 0 };
        if shown < below.len() {
            window.text.push_str(ELLIPSIS);
        }
        Some((window, outside))
    }

    fn within_line(sources: &Sources, at: Span, line: usize, text: &str) -> Window {
        let whole = sources.line(at.file, line);
        let line_start = offset_of_line(text, line);
        let (from, to) = (at.start as usize - line_start, at.end as usize - line_start);
        let indentation = whole.len() - whole.trim_start().len();
        let start = floor(whole, from.saturating_sub(SIDE).max(indentation.min(from)));
        let end = floor(whole, to.min(from + MARKED).saturating_add(SIDE).min(whole.len())).max(start);
        let mut window = Window {
            path: sources.path(at.file).to_owned(),
            text: masked(&whole[start..end]),
            start: line_start + start,
            line: line - 1,
            column: whole[..start].chars().count(),
        };
        if start > indentation.max(ELLIPSIS.len()) {
            window.text.insert_str(0, ELLIPSIS);
            window.start -= ELLIPSIS.len();
            window.column -= 1;
        }
        if end < whole.len() {
            window.text.push_str(ELLIPSIS);
        }
        window
    }

    /// A span in miette's form, cut to the window and to its first line: an object is pointed at where it starts.
    pub fn cut(&self, at: Span) -> SourceSpan {
        let end = self.start + self.text.len();
        let start = (at.start as usize).clamp(self.start, end);
        let line = self.text.get(start - self.start..).and_then(|rest| rest.find('\n'));
        let stop = line.map_or(end, |length| start + length);
        let length = (at.end as usize).clamp(start, stop) - start;
        (start, length).into()
    }
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let offset = span.offset().checked_sub(self.start).ok_or(MietteError::OutOfBounds)?;
        let inner = self.text.as_str().read_span(&(offset, span.len()).into(), before, after)?;
        let at: SourceSpan = (inner.span().offset() + self.start, inner.span().len()).into();
        // miette counts bytes; a column counts characters.
        let before = self.text.get(..inner.span().offset()).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |last| last + 1);
        let counted = before[line_start..].chars().count();
        let column = if line_start == 0 { counted + self.column } else { counted };
        let contents = MietteSpanContents::new_named(
            crate::report::plain(&self.path),
            inner.data(),
            at,
            inner.line() + self.line,
            column,
            inner.line_count(),
        );
        Ok(Box::new(contents))
    }
}

/// The byte at which a line (from one) starts; the length of the text when it has fewer.
fn offset_of_line(text: &str, line: usize) -> usize {
    let mut breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(index, _)| index + 1);
    match line {
        0 | 1 => 0,
        line => breaks.nth(line - 2).unwrap_or(text.len()),
    }
}

fn floor(text: &str, mut index: usize) -> usize {
    index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

/// The text with marks of the same length for what is hidden.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(character),
            '\r' => out.push(' '),
            character if is_hidden(character) => out.push_str(match character.len_utf8() {
                1 => "?",
                2 => "¿",
                3 => "\u{FFFD}",
                _ => "????",
            }),
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_keep_every_byte_in_its_place() {
        for text in ["a\u{1b}[31mb", "x\u{200B}y", "\u{85}", "é\r\n", "\u{E0001}"] {
            assert_eq!(masked(text).len(), text.len(), "{text:?}");
            assert!(!masked(text).contains('\u{1b}'));
        }
    }
}
