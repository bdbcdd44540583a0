//! The words of a Bicep source.
//!
//! As the reference has them (https://learn.microsoft.com/azure/azure-resource-manager/bicep/file): comments, line breaks that
//! end a declaration, strings with `${…}` in them, strings of several lines between `'''`. What no compiler would take becomes
//! a mark of one character, and reading goes on.

use std::ops::Range;

/// A word and the bytes that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub word: Word,
    pub range: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A string; `plain` when nothing is filled into it. Its text is the range without its quotes.
    Text {
        plain: bool,
        quotes: usize,
    },
    Name,
    Number,
    /// One or more line breaks.
    Break,
    /// `{`, `(`, `[` and what closes them.
    Open(u8),
    Close(u8),
    Mark(&'static str),
    Other,
}

/// Marks of more than one character come before their beginnings.
const MARKS: [&str; 28] = [
    "...", "=>", "==", "=~", "!=", "!~", "<=", ">=", "&&", "||", "??", "::", ".?", "=", "!", "<", ">", "?", ":", ".",
    ",", "+", "-", "*", "/", "%", "@", "|",
];

/// How deep strings stand in strings: `'${'${…}'}'`.
const NESTED: usize = 64;

/// The words of a text, line breaks included, comments not.
pub(super) fn words(text: &str) -> Vec<Token> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    // A mark of the encoding may stand first.
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let word = match byte {
            b'\n' | b'\r' => {
                at += 1;
                if tokens.last().is_some_and(|last| last.word == Word::Break) {
                    continue;
                }
                Word::Break
            }
            b' ' | b'\t' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = line_end(text, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at = line_end(text, at);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = text[at + 2..].find("*/").map_or(text.len(), |length| at + 2 + length + 2);
                continue;
            }
            b'\'' => {
                let (end, word) = string(text, at);
                at = end;
                word
            }
            b'$' if text[at..].starts_with("$'''") => {
                let (end, _) = block(text, at + 1);
                at = end;
                Word::Text { plain: false, quotes: 3 }
            }
            b'{' | b'(' | b'[' => {
                at += 1;
                Word::Open(byte)
            }
            b'}' | b')' | b']' => {
                at += 1;
                Word::Close(byte)
            }
            b'0'..=b'9' => {
                at = run(bytes, at, |byte| byte.is_ascii_digit());
                Word::Number
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                at = run(bytes, at, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
                Word::Name
            }
            _ => match MARKS.iter().find(|mark| text[at..].starts_with(**mark)) {
                Some(mark) => {
                    at += mark.len();
                    Word::Mark(mark)
                }
                None => {
                    at += text[at..].chars().next().map_or(1, char::len_utf8);
                    Word::Other
                }
            },
        };
        tokens.push(Token { word, range: start..at });
    }
    tokens
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..].find(['\n', '\r']).map_or(text.len(), |length| from + length)
}

fn run(bytes: &[u8], from: usize, of: impl Fn(u8) -> bool) -> usize {
    from + bytes[from..].iter().take_while(|byte| of(**byte)).count()
}

/// A string that starts at `at`: where it ends, and what it is. One without end ends with its line.
fn string(text: &str, at: usize) -> (usize, Word) {
    if text[at..].starts_with("'''") {
        return block(text, at);
    }
    let bytes = text.as_bytes();
    let mut plain = true;
    // For each string that is open, how many braces are open in its `${`.
    let mut open: Vec<usize> = Vec::new();
    let mut is_text = true;
    let mut here = at + 1;
    while let Some(&byte) = bytes.get(here) {
        match (is_text, byte) {
            (_, b'\n' | b'\r') if is_text || open.is_empty() => break,
            (true, b'\\') => here += 1,
            (true, b'$') if bytes.get(here + 1) == Some(&b'{') => {
                plain = false;
                is_text = false;
                open.push(0);
                here += 1;
                if open.len() > NESTED {
                    break;
                }
            }
            (true, b'\'') if open.is_empty() => return (here + 1, Word::Text { plain, quotes: 1 }),
            (true, b'\'') => is_text = false,
            (false, b'\'') => is_text = true,
            (false, b'{') => *open.last_mut().expect("code stands in an open `${`") += 1,
            (false, b'}') => match open.last_mut() {
                Some(0) | None => {
                    open.pop();
                    is_text = true;
                }
                Some(braces) => *braces -= 1,
            },
            _ => (),
        }
        here += 1;
    }
    (floor(text, here), Word::Other)
}

/// A string between `'''`, which ends at the last three of a run of quotes.
fn block(text: &str, at: usize) -> (usize, Word) {
    let Some(length) = text[at + 3..].find("'''") else { return (text.len(), Word::Other) };
    let end = run(text.as_bytes(), at + 3 + length, |byte| byte == b'\'');
    (end, Word::Text { plain: true, quotes: 3 })
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of a text, a line break as `⏎`.
    fn split(text: &str) -> Vec<&str> {
        let shown = |token: &Token| if token.word == Word::Break { "⏎" } else { &text[token.range.clone()] };
        words(text).iter().map(shown).collect()
    }

    #[test]
    fn comments_and_directives_are_no_words() {
        assert_eq!(split("a // b 'c\n/* d\n e */ f #disable-next-line x\ng"), ["a", "⏎", "f", "⏎", "g"]);
    }

    #[test]
    fn a_string_is_one_word_whatever_is_filled_into_it() {
        assert_eq!(split("'a' 'it\\'s' x"), ["'a'", "'it\\'s'", "x"]);
        assert_eq!(split("'${a['b']}-${'${c}}'}' x"), ["'${a['b']}-${'${c}}'}'", "x"]);
        assert_eq!(split("'''a\n'b' ''' x"), ["'''a\n'b' '''", "x"]);
        assert_eq!(split("'''a'''' x"), ["'''a''''", "x"]);
    }

    #[test]
    fn a_string_without_end_ends_with_its_line() {
        assert_eq!(split("'abc\ndef"), ["'abc", "⏎", "def"]);
        assert_eq!(split("'é\\"), ["'é\\"]);
        assert_eq!(split("'''é"), ["'''é"]);
    }

    #[test]
    fn marks_are_as_long_as_they_can_be() {
        assert_eq!(split("a.?b::c=>d??e"), ["a", ".?", "b", "::", "c", "=>", "d", "??", "e"]);
    }
}
