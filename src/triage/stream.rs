//! Reads a log of any size and hands on the few lines that matter, with their surroundings.
//!
//! One automaton looks for words that only messages about images have; everything else is skipped without being split into
//! lines. Memory is bounded by [`LONGEST`], whatever the input.

use std::collections::HashSet;
use std::io::{self, BufRead};
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::{memchr, memchr_iter, memrchr};

/// Lines before and after a candidate that are handed on with it.
const CONTEXT: usize = 8;
/// Candidates in one passage.
const CROWD: usize = 48;
/// How much is read at once.
const CHUNK: usize = 256 << 10;
/// Where a line without an end is cut; also the bound of what is kept.
const LONGEST: usize = 1 << 20;
/// How much of a cut line is seen again with its rest.
const OVERLAP: usize = 8 << 10;
/// How much of a line beside a candidate is handed on.
const BESIDE: usize = 8 << 10;
/// Different messages that are judged in full. After so many, only messages of a new shape are: a log of a million failures
/// differs in names, not in causes.
const FINE: usize = 2000;
/// Messages and shapes remembered.
const REMEMBERED: usize = 1 << 16;

/// Words of which a message about an image has at least one.
fn anchors() -> impl Iterator<Item = &'static str> {
    include_str!("anchors.txt").lines().filter(|line| !line.starts_with('#'))
}

static AUTOMATON: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(aho_corasick::AhoCorasickKind::DFA))
        .build(anchors())
        .expect("the anchors are a fixed list, far below the automaton's limits")
});

/// Whether a decoded message has one of the words. Most lines beside a candidate have none, and need no judgement.
pub(super) fn is_anchored(text: &str) -> bool {
    AUTOMATON.is_match(text)
}

/// A line of the input: its number, from one, and its bytes without the line's end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub number: usize,
    pub bytes: &'a [u8],
}

/// Calls `judge` with each passage: lines that may matter and those around them.
///
/// # Errors
/// Whatever reading `input` gives.
pub(super) fn passages(input: &mut dyn BufRead, mut judge: impl FnMut(&[Line])) -> io::Result<()> {
    let mut window =
        Window { bytes: Vec::new(), offset: 0, line: 1, judged: 0, seen: HashSet::new(), count: 0, wide: None };
    loop {
        let ended = window.fill(input)?;
        let Some(end) = window.complete(ended) else { continue };
        let keep = window.judge(end, ended, &mut judge);
        if ended {
            return Ok(());
        }
        window.forget(keep);
    }
}

struct Window {
    bytes: Vec<u8>,
    /// Where `bytes` begins in the input.
    offset: u64,
    /// The number of the line that `bytes` begins with.
    line: usize,
    /// Everything before this position of the input was judged.
    judged: u64,
    /// Fingerprints of the lines that were judged, and of their shapes.
    seen: HashSet<u64>,
    /// How many lines were judged.
    count: usize,
    /// Whether the input is UTF-16, as PowerShell's redirection writes it; known after the first bytes.
    wide: Option<bool>,
}

struct Candidate {
    number: usize,
    range: Range<usize>,
}

impl Window {
    /// Reads more; true at the end of the input.
    fn fill(&mut self, input: &mut dyn BufRead) -> io::Result<bool> {
        let before = self.bytes.len();
        while self.bytes.len() < before + CHUNK {
            let read = match input.fill_buf() {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if read.is_empty() {
                return Ok(true);
            }
            let wide = *self.wide.get_or_insert_with(|| is_wide(read));
            let size = read.len().min(CHUNK);
            let read = &read[..size];
            // A message in UTF-16 is ASCII but for names; without its NUL bytes it reads like any other.
            match wide {
                true => self.bytes.extend(read.iter().filter(|&&byte| byte != 0)),
                false => self.bytes.extend_from_slice(read),
            }
            input.consume(size);
        }
        Ok(false)
    }

    /// Where the last whole line ends; a line that is too long is taken as it is.
    fn complete(&self, ended: bool) -> Option<usize> {
        if ended {
            return Some(self.bytes.len());
        }
        match memrchr(b'\n', &self.bytes) {
            Some(last) if last + LONGEST >= self.bytes.len() => Some(last + 1),
            _ if self.bytes.len() >= LONGEST => Some(self.bytes.len()),
            _ => None,
        }
    }

    /// Judges what is complete and returns from where on it must be seen again.
    fn judge(&mut self, end: usize, ended: bool, judge: &mut impl FnMut(&[Line])) -> usize {
        let candidates = self.candidates(end);
        let frontier = back(&self.bytes, end, CONTEXT + 1);
        let mut rest = &candidates[..];
        let mut keep = back(&self.bytes, end, 2 * CONTEXT + 2);
        while let Some(first) = rest.first() {
            let near = |pair: &[Candidate]| pair[1].number - pair[0].number <= CONTEXT;
            let size = 1 + rest.windows(2).take(CROWD - 1).take_while(|pair| near(pair)).count();
            let last = &rest[size - 1];
            let start = back(&self.bytes, first.range.start, CONTEXT);
            // The lines that follow are not here yet.
            if !ended && last.range.end > frontier && end - start < LONGEST / 2 {
                keep = keep.min(start);
                break;
            }
            let stop = forward(&self.bytes[..end], last.range.end, CONTEXT);
            judge(&lines(&self.bytes, start..stop, first, &rest[..size]));
            self.judged = self.offset + last.range.end as u64;
            for candidate in &rest[..size] {
                let line = &self.bytes[candidate.range.clone()];
                self.count += 1;
                if self.seen.len() < REMEMBERED {
                    self.seen.extend([message(line), shape(line)]);
                }
            }
            rest = &rest[size..];
        }
        // A line that was cut is seen again only in part.
        if end - keep > LONGEST / 2 { end.saturating_sub(OVERLAP) } else { keep }
    }

    fn candidates(&self, end: usize) -> Vec<Candidate> {
        let bytes = &self.bytes[..end];
        let mut found: Vec<Candidate> = Vec::new();
        let mut fresh = HashSet::new();
        let (mut at, mut number, mut counted) = (0, self.line, 0);
        while at < end {
            let Some(hit) = AUTOMATON.find(&bytes[at..]) else { break };
            let (from, to) = (at + hit.start(), at + hit.end());
            let start = memrchr(b'\n', &bytes[..from]).map_or(0, |newline| newline + 1);
            let stop = memchr(b'\n', &bytes[to..]).map_or(end, |newline| to + newline);
            at = stop.max(to);
            if self.offset + (from as u64) < self.judged {
                continue;
            }
            let line = &bytes[start..stop];
            let print = if self.count < FINE { message(line) } else { shape(line) };
            if self.seen.contains(&print) || !fresh.insert(print) {
                continue;
            }
            number += memchr_iter(b'\n', &bytes[counted..start]).count();
            counted = start;
            found.push(Candidate { number, range: start..stop });
        }
        found
    }

    fn forget(&mut self, keep: usize) {
        self.line += memchr_iter(b'\n', &self.bytes[..keep]).count();
        self.offset += keep as u64;
        self.bytes.drain(..keep);
    }
}

/// UTF-16, by its mark or by the zeros beside ASCII.
fn is_wide(start: &[u8]) -> bool {
    let start = &start[..start.len().min(256)];
    let zeros = start.iter().filter(|&&byte| byte == 0).count();
    start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) || zeros * 3 > start.len()
}

/// The start of the line that is `count` lines before the one that holds `at`.
fn back(bytes: &[u8], at: usize, count: usize) -> usize {
    let mut start = memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
    for _ in 0..count {
        if start == 0 {
            break;
        }
        start = memrchr(b'\n', &bytes[..start - 1]).map_or(0, |newline| newline + 1);
    }
    start
}

/// The end of the line that is `count` lines after the one that ends at `at`.
fn forward(bytes: &[u8], at: usize, count: usize) -> usize {
    let mut end = at;
    for _ in 0..count {
        if end >= bytes.len() {
            break;
        }
        end = memchr(b'\n', &bytes[end + 1..]).map_or(bytes.len(), |newline| end + 1 + newline);
    }
    end
}

fn lines<'a>(bytes: &'a [u8], range: Range<usize>, first: &Candidate, candidates: &[Candidate]) -> Vec<Line<'a>> {
    let before = memchr_iter(b'\n', &bytes[range.start..first.range.start]).count();
    let (mut at, mut number) = (range.start, first.number - before);
    let mut found = Vec::new();
    while at < range.end {
        let stop = memchr(b'\n', &bytes[at..range.end]).map_or(range.end, |newline| at + newline);
        let candidate = candidates.iter().any(|candidate| candidate.range.start <= at && stop <= candidate.range.end);
        let shown = if candidate { stop } else { stop.min(at + BESIDE) };
        found.push(Line { number, bytes: &bytes[at..shown] });
        (at, number) = (stop + 1, number + 1);
    }
    found
}

/// The same for two lines that differ only in digits: times, counters, process numbers. Digits of a path or a reference
/// count: another tag is another message.
fn message(line: &[u8]) -> u64 {
    let words = words(line).map(|word| (word, word.contains(&b'/') && word.iter().any(u8::is_ascii_alphabetic)));
    let bytes = words.flat_map(|(word, counts)| word.iter().filter(move |byte| counts || !byte.is_ascii_digit()));
    hash(bytes)
}

/// The same for two lines that differ only in names: only words of letters count.
fn shape(line: &[u8]) -> u64 {
    let plain = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b':' | b'(' | b')' | b'=' | b'_');
    hash(words(line).filter(|word| word.iter().all(plain)).flatten())
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'\\' | b','))
}

/// FNV-1a: short, and a collision costs one message of many.
fn hash<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passages_of(text: &str) -> Vec<Vec<(usize, String)>> {
        let mut found = Vec::new();
        let keep = |line: &Line| (line.number, String::from_utf8_lossy(line.bytes).into_owned());
        passages(&mut text.as_bytes(), |lines| found.push(lines.iter().map(keep).collect())).unwrap();
        found
    }

    fn numbered(count: usize, special: &[usize]) -> String {
        let line = |n: usize| match special.contains(&n) {
            true => format!("Failed to pull image {}\n", char::from(b'a' + (n % 26) as u8)),
            false => format!("GET /health {n}\n"),
        };
        (1..=count).map(line).collect()
    }

    #[test]
    fn a_candidate_comes_with_its_line_number_and_its_surroundings() {
        let found = passages_of(&numbered(100, &[50]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].first().unwrap().0, 50 - CONTEXT);
        assert_eq!(found[0].last().unwrap().0, 50 + CONTEXT);
        assert!(found[0].iter().any(|(n, text)| *n == 50 && text.starts_with("Failed")));
    }

    #[test]
    fn candidates_far_apart_are_two_passages_and_near_ones_are_one() {
        assert_eq!(passages_of(&numbered(300, &[10, 200])).len(), 2);
        assert_eq!(passages_of(&numbered(300, &[10, 15])).len(), 1);
    }

    #[test]
    fn line_numbers_hold_across_chunks() {
        let count = 200_000;
        let special = [1, 99_999, 150_001, count];
        let found = passages_of(&numbered(count, &special));
        let mut numbers: Vec<usize> =
            found.iter().flatten().filter(|(_, text)| text.starts_with("Failed")).map(|(n, _)| *n).collect();
        numbers.dedup();
        assert_eq!(numbers, special);
    }

    #[test]
    fn a_repeated_message_is_judged_once() {
        let text = "12:00:01 Failed to pull image x\n".repeat(100_000);
        let lines: usize = passages_of(&text).iter().map(Vec::len).sum();
        assert!(lines < 4 * CROWD * 100, "{lines}");
    }

    #[test]
    fn another_tag_is_another_message_and_the_same_shape() {
        let line =
            |time: &str, tag: &str| format!("{time} Failed to pull image \"acme.azurecr.io/api:{tag}\": not found");
        let [a, b, c] = [line("12:00:01", "v1"), line("12:00:02", "v1"), line("12:00:03", "v2")];
        assert_eq!(message(a.as_bytes()), message(b.as_bytes()));
        assert_ne!(message(a.as_bytes()), message(c.as_bytes()));
        assert_eq!(shape(a.as_bytes()), shape(c.as_bytes()));
        assert_ne!(shape(a.as_bytes()), shape(a.replace("not found", "timeout").as_bytes()));
    }

    #[test]
    fn a_line_without_end_is_seen_in_pieces() {
        let mut text = "x".repeat(3 * LONGEST);
        text.insert_str(2 * LONGEST, "Failed to pull image");
        let found = passages_of(&text);
        assert!(found.iter().flatten().all(|(n, text)| *n == 1 && text.len() <= LONGEST + CHUNK + OVERLAP));
        assert!(found.iter().flatten().any(|(_, text)| text.contains("Failed to pull image")));
    }

    #[test]
    fn utf_16_reads_like_any_other_text() {
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend("Failed to pull image\r\n".encode_utf16().flat_map(u16::to_le_bytes));
        let mut seen = 0;
        passages(&mut &bytes[..], |lines| seen += lines.len()).unwrap();
        assert!(seen >= 1);
    }
}
