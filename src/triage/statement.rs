//! Lines become statements: one message each, whole again where a log wrapped it, apart where an export packed many together.

use super::decode::{plain, unprefixed};
use super::names::Names;
use super::stream::Line;

/// How long a statement may grow by joining lines.
const LONGEST: usize = 64 << 10;

/// One message, decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Statement {
    pub text: String,
    /// The same with wrapped lines joined without a blank, where that makes a difference: a log may be wrapped in mid-word.
    pub tight: Option<String>,
    /// Whether lines were joined on a guess: each of them might be a message of its own.
    pub guessed: bool,
    /// Offsets in `text` with the number of the line that begins there.
    lines: Vec<(usize, usize)>,
}

impl Statement {
    /// The number of the line that holds this offset of `text`.
    pub fn line(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|&(start, _)| start <= at);
        self.lines[..after].last().map_or(1, |&(_, line)| line)
    }

    /// The lines that were joined, each as a statement.
    pub fn parts(&self) -> Vec<Statement> {
        let ends = self.lines.iter().skip(1).map(|&(start, _)| start).chain([self.text.len()]);
        let parts = self.lines.iter().zip(ends);
        parts.map(|(&(start, number), end)| Statement::new(&self.text[start..end], number)).collect()
    }

    /// What the message names. A name may have been wrapped in its middle, a blank inside it is then not its own.
    pub fn names(&self) -> Names {
        let tight = self.tight.as_deref().map(Names::of).filter(|names| names.image.is_some());
        tight.unwrap_or_else(|| Names::of(&self.text))
    }

    fn new(text: &str, number: usize) -> Statement {
        Statement { text: text.to_owned(), lines: vec![(0, number)], ..Statement::default() }
    }

    fn append(&mut self, separator: &str, text: &str, number: usize) {
        self.text.push_str(separator);
        self.lines.push((self.text.len(), number));
        self.text.push_str(text);
    }

    fn wrap(&mut self, text: &str, number: usize) {
        let mut tight = self.tight.take().unwrap_or_else(|| self.text.clone());
        tight.push_str(text);
        self.tight = Some(tight);
        self.append(" ", text.trim(), number);
    }
}

/// The statements of a passage.
pub(super) fn statements(lines: &[Line]) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut open = Open::default();
    for line in lines {
        let records = records(line.bytes);
        let packed = records.len() > 1;
        for record in records {
            let text = plain(record);
            match packed {
                true => {
                    found.extend(open.close());
                    found.push(Statement::new(&text, line.number));
                }
                false => found.extend(open.read(&text, line.number)),
            }
        }
    }
    found.extend(open.close());
    found
}

/// A compact export has all its records in one line; each is a message of its own.
fn records(line: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while let Some(next) = memchr::memchr(b',', &line[at..]).map(|next| at + next) {
        at = next + 1;
        let gap = line[at..].iter().take_while(|&&byte| byte == b' ').count();
        let (before, after) = (line[..next].last(), line.get(at + gap));
        if matches!((before, after), (Some(b'}'), Some(b'{')) | (Some(b']'), Some(b'['))) {
            found.push(&line[start..next]);
            start = at;
        }
    }
    found.push(&line[start..]);
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// A quote or bracket is still open.
    Sure,
    /// The next line begins as if in mid-sentence.
    Guess,
}

/// The statement that the next line may still belong to.
#[derive(Default)]
struct Open {
    statement: Option<Statement>,
    record: bool,
    /// The width of the last line without its prefix, whether it had one, and the first line's indentation.
    width: usize,
    prefixed: bool,
    indent: usize,
}

impl Open {
    /// Takes a line and returns the statement that it ended.
    fn read(&mut self, line: &str, number: usize) -> Option<Statement> {
        let text = unprefixed(line);
        let prefixed = text.len() != line.len();
        let trimmed = text.trim();
        if trimmed.is_empty() || is_bracket(trimmed) {
            return self.close();
        }
        let record = is_member(trimmed);
        let indent = text.len() - text.trim_start().len();
        let width = text.trim_end().chars().count();
        let joins = match record {
            true => self.record.then_some(Join::Sure),
            false => self.continues(text, indent, prefixed),
        };
        if let Some(join) = joins
            && let Some(statement) = &mut self.statement
            && statement.text.len() + text.len() < LONGEST
        {
            match record {
                true => statement.append("\n", trimmed, number),
                false => statement.wrap(text, number),
            }
            statement.guessed |= join == Join::Guess;
            (self.width, self.prefixed) = (width, prefixed);
            return None;
        }
        let closed = self.close();
        *self = Open {
            statement: Some(Statement::new(if record { trimmed } else { text }, number)),
            record,
            width,
            prefixed,
            indent,
        };
        closed
    }

    fn close(&mut self) -> Option<Statement> {
        self.statement.take()
    }

    /// Whether the line goes on in the middle of what the open statement says.
    fn continues(&self, text: &str, indent: usize, prefixed: bool) -> Option<Join> {
        let statement = self.statement.as_ref()?;
        let start = text.trim_start();
        if self.record || self.width < 36 || prefixed != self.prefixed || starts_anew(start) {
            return None;
        }
        let capital = start.chars().next().is_some_and(char::is_uppercase);
        if is_unfinished(&statement.text) {
            return (indent > self.indent || !capital || !prefixed).then_some(Join::Sure);
        }
        let stops = statement.text.trim_end().ends_with(char::is_alphanumeric);
        (!capital && self.width >= 60 && stops).then_some(Join::Guess)
    }
}

/// Brackets alone: the frame of a JSON document.
fn is_bracket(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '{' | '}' | '[' | ']' | ',' | ' '))
}

/// A line of a JSON document laid out one member a line: `"name": …` or a bare element.
fn is_member(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('"') else { return false };
    let Some(end) = rest.find('"') else { return false };
    let after = rest[end + 1..].trim_start();
    let Some(value) = after.strip_prefix(':') else { return after.is_empty() || after == "," };
    // A wrapped message may go on with a reference in quotes and a colon: `"acme.azurecr.io/api:v1": not found`.
    let value = value.trim_start();
    let word = ["true", "false", "null"].iter().any(|word| value.trim_end_matches(',') == *word);
    !rest[..end].contains('/') && (word || value.starts_with(|c: char| c.is_ascii_digit() || "\"{[-".contains(c)))
}

/// A quote or bracket is open, or the last word calls for another.
fn is_unfinished(text: &str) -> bool {
    let count = |sign: char| text.matches(sign).count();
    let open = count('"') % 2 == 1 || count('(') > count(')') || count('[') > count(']');
    let end = text.trim_end().chars().next_back().unwrap_or('.');
    // An access log ends in ` -` where something is not known.
    let dash = end == '-' && !text.trim_end().ends_with(" -");
    open || is_quoting(text) || dash || matches!(end, ':' | ',' | '=' | '/' | '&' | '?' | '\\')
}

/// A single quote that opened a phrase is not closed; apostrophes inside words do not count.
fn is_quoting(text: &str) -> bool {
    let (mut open, mut before) = (0_i32, ' ');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\'' {
            let opens = before.is_whitespace() || matches!(before, '(' | '[' | '=' | ':');
            let closes = rest.peek().is_none_or(|next| !next.is_alphanumeric());
            open += i32::from(opens) - i32::from(closes && !opens);
        }
        before = c;
    }
    open > 0
}

/// Looks like the first line of a message of its own.
fn starts_anew(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "ERROR",
        "WARN",
        "INFO",
        "DEBUG",
        "FATAL",
        "TRACE",
        "Error",
        "Warning",
        "Normal",
        "Failed to",
        "Code:",
        "Message:",
        "time=",
        "level=",
        "{",
        "- ",
    ];
    if WORDS.iter().any(|word| text.starts_with(word)) {
        return true;
    }
    // klog: `E0302 10:11:12`.
    let bytes = text.as_bytes();
    let klog = bytes.len() > 5 && b"EWIF".contains(&bytes[0]) && bytes[1..5].iter().all(u8::is_ascii_digit);
    // `word: text` of a log with levels or of a list of fields.
    let key = text.split_once([':', '=']).is_some_and(|(key, rest)| {
        rest.starts_with(' ')
            && (1..24).contains(&key.len())
            && key.starts_with(char::is_uppercase)
            && !key.contains(' ')
    });
    klog || key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Statement> {
        let lines: Vec<Line> =
            text.lines().enumerate().map(|(at, line)| Line { number: at + 1, bytes: line.as_bytes() }).collect();
        statements(&lines)
    }

    #[test]
    fn a_line_is_a_statement() {
        let found = of("GET / 200\nFailed to pull image \"a/b:v1\": not found\nGET / 200");
        assert_eq!(found.len(), 3);
        assert_eq!(found[1].line(20), 2);
    }

    #[test]
    fn the_members_of_a_record_are_one_statement() {
        let found = of(
            "[\n  {\n    \"Reason\": \"ErrImagePull\",\n    \"Log\": \"401\"\n  },\n  {\n    \"Log\": \"next\"\n  }\n]",
        );
        let texts: Vec<&str> = found.iter().map(|statement| statement.text.as_str()).collect();
        assert_eq!(texts, ["\"Reason\": \"ErrImagePull\",\n\"Log\": \"401\"", "\"Log\": \"next\""]);
        assert_eq!(found[0].line(found[0].text.len() - 3), 4);
    }

    #[test]
    fn records_packed_into_a_line_are_apart() {
        assert_eq!(of(r#"[{"a":"1"},{"a":"2"}, {"a":"3"}]"#).len(), 3);
        assert_eq!(of(r#"{"rows":[["a","b"],["c","d"]]}"#).len(), 2);
    }

    #[test]
    fn a_wrapped_message_is_whole_again() {
        let found = of(concat!(
            "2026-04-08T18:45:55.1Z Failed to pull image \"acme.azurecr.io/api:v1\": failed to authorize: failed to fe\n",
            "2026-04-08T18:45:55.2Z tch anonymous token: unexpected status: 401 Unauthorized\n",
            "2026-04-08T18:45:56.2Z Next message\n",
        ));
        assert_eq!(found.len(), 2);
        assert!(found[0].tight.as_ref().unwrap().contains("failed to fetch anonymous token"));
    }

    #[test]
    fn finished_lines_stay_apart() {
        assert_eq!(of("Failed to pull image: it was too slow for us today.\nreadiness said 401").len(), 2);
        assert_eq!(of("short:\nlines").len(), 2);
    }
}
