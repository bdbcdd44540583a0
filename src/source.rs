//! The files that were read, and where in them something is written.
//!
//! Bytes everywhere; [`Sources::place`] is the only function that makes lines and columns of them, for people, at the end.

use std::collections::HashMap;
use std::sync::OnceLock;

use arcstr::{ArcStr, Substr};

/// A text that shares the memory of the file it was read from wherever it can.
pub type Text = Substr;

/// A file among [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(u32);

/// A stretch of bytes of one file; `end` is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

/// A value, where it was written, and which parameters or variables it passed through on its way, nearest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced<T> {
    pub value: T,
    pub at: Span,
    pub via: Vec<Span>,
}

/// A position for people: line and column count characters from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'s> {
    pub path: &'s str,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// Every file that was read, by [`FileId`].
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
    /// The Bicep file that each compiled text came from.
    origins: HashMap<FileId, FileId>,
    /// The files that Bicep files name, by the paths with which they do.
    links: HashMap<(FileId, String), FileId>,
}

#[derive(Debug)]
struct Source {
    path: String,
    text: ArcStr,
    /// The byte at which each line starts.
    lines: OnceLock<Vec<u32>>,
}

impl FileId {
    /// The id of a value that no file holds: a command line argument, something that pullgate derived.
    pub const NONE: FileId = FileId(u32::MAX);
}

impl Span {
    /// The span of what was written in no file.
    pub const NONE: Span = Span { file: FileId::NONE, start: 0, end: 0 };

    /// Whether a file holds it.
    pub fn is_written(self) -> bool {
        self.file != FileId::NONE
    }

    /// The stretch of `range` bytes, counted from the start of this span, cut to this span.
    pub fn within(self, range: std::ops::Range<usize>) -> Span {
        let at = |offset: usize| self.start.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX)).min(self.end);
        Span { file: self.file, start: at(range.start), end: at(range.end) }
    }
}

impl<T> Traced<T> {
    pub fn new(value: T, at: Span) -> Traced<T> {
        Traced { value, at, via: Vec::new() }
    }

    /// The same place for another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Traced<U> {
        Traced { value: change(self.value), at: self.at, via: self.via }
    }
}

impl Sources {
    /// Keeps a file. `text` is at most 4 GiB; longer files are refused when they are read.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<ArcStr>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).expect("a command line names fewer than 2^32 files"));
        self.files.push(Source { path: path.into(), text: text.into(), lines: OnceLock::new() });
        id
    }

    /// Says that `compiled` was made of the Bicep file `origin`.
    pub fn derive(&mut self, compiled: FileId, origin: FileId) {
        self.origins.insert(compiled, origin);
    }

    /// The Bicep file that a text was compiled from.
    pub fn origin(&self, compiled: FileId) -> Option<FileId> {
        self.origins.get(&compiled).copied()
    }

    /// Says that the file `from` names the file `to` by `path`.
    pub fn link(&mut self, from: FileId, path: impl Into<String>, to: FileId) {
        self.links.insert((from, path.into()), to);
    }

    /// The file that the file `from` names by `path`.
    pub fn linked(&self, from: FileId, path: &str) -> Option<FileId> {
        self.links.get(&(from, path.to_owned())).copied()
    }

    /// The path of a file as the user gave it; empty for what no file holds.
    pub fn path(&self, file: FileId) -> &str {
        self.files.get(file.0 as usize).map_or("", |source| &source.path)
    }

    /// The whole text of a file; empty for what no file holds.
    pub fn text(&self, file: FileId) -> &ArcStr {
        const EMPTY: &ArcStr = &ArcStr::new();
        self.files.get(file.0 as usize).map_or(EMPTY, |source| &source.text)
    }

    /// The text of a span; empty when the span lies outside its file or cuts a character.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The bytes of the line of `line` (from one), without its line break.
    pub fn line(&self, file: FileId, line: usize) -> &str {
        let Some(source) = self.files.get(file.0 as usize) else { return "" };
        let lines = source.lines();
        let Some(&start) = line.checked_sub(1).and_then(|index| lines.get(index)) else { return "" };
        let end = lines.get(line).map_or(source.text.len(), |&next| next as usize);
        source.text.get(start as usize..end).unwrap_or("").trim_end_matches(['\n', '\r'])
    }

    /// Where a span is, for people; `None` for what no file holds.
    pub fn place(&self, span: Span) -> Option<Place<'_>> {
        let source = self.files.get(span.file.0 as usize)?;
        let (line, column) = source.position(span.start);
        let (end_line, end_column) = source.position(span.end.max(span.start));
        Some(Place { path: &source.path, line, column, end_line, end_column })
    }
}

impl Source {
    fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            let starts = breaks.map(|(index, _)| u32::try_from(index + 1).unwrap_or(u32::MAX));
            std::iter::once(0).chain(starts).collect()
        })
    }

    fn position(&self, byte: u32) -> (usize, usize) {
        let lines = self.lines();
        let line = lines.partition_point(|&start| start <= byte).max(1);
        let start = lines[line - 1] as usize;
        let end = self.text.len().min(byte as usize);
        let before = self.text.as_bytes().get(start..end).unwrap_or(&[]);
        // Continuation bytes do not start a character, so a span that cuts one still counts right.
        let column = 1 + before.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
        (line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, byte: u32) -> (usize, usize) {
        let mut sources = Sources::default();
        let file = sources.add("app.yaml", text);
        let place = sources.place(Span { file, start: byte, end: byte }).unwrap();
        (place.line, place.column)
    }

    #[test]
    fn lines_and_columns_start_at_one() {
        let text = "a: é\nimage: x\n";
        assert_eq!(place(text, 0), (1, 1));
        assert_eq!(place(text, 5), (1, 5));
        assert_eq!(place(text, 13), (2, 8));
    }

    #[test]
    fn a_place_past_the_end_is_the_end() {
        assert_eq!(place("ab", 99), (1, 3));
        assert_eq!(place("", 0), (1, 1));
    }

    #[test]
    fn what_no_file_holds_has_no_place() {
        let sources = Sources::default();
        assert_eq!(sources.place(Span::NONE), None);
        assert_eq!(sources.slice(Span::NONE), "");
    }

    #[test]
    fn a_line_is_given_without_its_break() {
        let mut sources = Sources::default();
        let file = sources.add("x", "one\r\ntwo\n");
        assert_eq!(sources.line(file, 1), "one");
        assert_eq!(sources.line(file, 2), "two");
        assert_eq!(sources.line(file, 3), "");
        assert_eq!(sources.line(file, 9), "");
    }
}
