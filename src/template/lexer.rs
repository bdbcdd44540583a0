//! The words of an expression.
//!
//! The grammar is that of the documentation and of what Bicep emits; a quote in a string is doubled, there are no other
//! escapes, and whitespace may stand between words.

use std::ops::Range;

/// A word and the bytes of the text that it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub word: Word,
    pub range: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A string; `doubled` when quotes in it are doubled. Its text is the range without the outer quotes.
    String {
        doubled: bool,
    },
    Int(i64),
    Name,
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Comma,
    Dot,
    End,
}

/// Why there is no next word: the bytes to blame, and what is wrong with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub range: Range<usize>,
    pub message: &'static str,
    /// The number is none of 64 bits.
    pub overflow: bool,
}

/// Reads words from `text[at..end]`.
pub struct Lexer<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl<'t> Lexer<'t> {
    pub fn new(text: &'t str, within: Range<usize>) -> Lexer<'t> {
        Lexer { text, at: within.start, end: within.end }
    }

    /// The next word; [`Word::End`] at the end, again and again.
    ///
    /// # Errors
    /// Characters that start no word, strings without end, numbers that are no 64-bit integers.
    pub fn next(&mut self) -> Result<Token, Mistake> {
        let bytes = self.text.as_bytes();
        while self.at < self.end && bytes[self.at].is_ascii_whitespace() {
            self.at += 1;
        }
        let start = self.at;
        let Some(&first) = bytes[..self.end].get(start) else {
            return Ok(Token { word: Word::End, range: start..start });
        };
        let word = match first {
            b'(' => Word::Open,
            b')' => Word::Close,
            b'[' => Word::OpenIndex,
            b']' => Word::CloseIndex,
            b',' => Word::Comma,
            b'.' => Word::Dot,
            b'\'' => return self.string(start),
            b'-' | b'0'..=b'9' => return self.int(start),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => return Ok(self.name(start)),
            b'"' => return Err(self.mistake("strings are written in single quotes")),
            b'$' | b'#' | b'{' => {
                return Err(self.mistake("no expression contains this; is it a token that CI replaces?"));
            }
            b'+' | b'*' | b'/' | b'=' | b'<' | b'>' | b'!' | b'?' | b'&' | b'|' | b'%' | b':' => {
                return Err(self.mistake("there are no operators; functions such as add() and if() are called instead"));
            }
            _ => return Err(self.mistake("no expression contains this character")),
        };
        self.at += 1;
        Ok(Token { word, range: start..self.at })
    }

    /// The byte after the last word.
    pub fn position(&self) -> usize {
        self.at
    }

    fn string(&mut self, start: usize) -> Result<Token, Mistake> {
        let bytes = &self.text.as_bytes()[..self.end];
        let mut doubled = false;
        let mut at = start + 1;
        loop {
            match bytes.get(at) {
                None => {
                    return Err(Mistake { range: start..self.end, message: "the string has no end", overflow: false });
                }
                Some(b'\'') if bytes.get(at + 1) == Some(&b'\'') => {
                    doubled = true;
                    at += 2;
                }
                Some(b'\'') => break,
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        Ok(Token { word: Word::String { doubled }, range: start..self.at })
    }

    fn int(&mut self, start: usize) -> Result<Token, Mistake> {
        let bytes = &self.text.as_bytes()[..self.end];
        let mut at = start + 1;
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            at += 1;
        }
        let fraction = bytes.get(at) == Some(&b'.') && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        let mistake = |message| Mistake { range: start..at, message, overflow: false };
        if fraction {
            return Err(mistake("there are no fractions; write json('0.5')"));
        }
        let digits = &self.text[start..at];
        if digits == "-" || digits.trim_start_matches('-').bytes().any(|byte| !byte.is_ascii_digit()) {
            return Err(mistake("this is no integer"));
        }
        let message = "the number does not fit 64 bits";
        let value = digits.parse().map_err(|_| Mistake { range: start..at, message, overflow: true })?;
        self.at = at;
        Ok(Token { word: Word::Int(value), range: start..at })
    }

    fn name(&mut self, start: usize) -> Token {
        let bytes = &self.text.as_bytes()[..self.end];
        let mut at = start + 1;
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            at += 1;
        }
        self.at = at;
        Token { word: Word::Name, range: start..at }
    }

    fn mistake(&self, message: &'static str) -> Mistake {
        let width = self.text[self.at..].chars().next().map_or(1, char::len_utf8);
        Mistake { range: self.at..self.at + width, message, overflow: false }
    }
}
