//! The tokens of JSON, from jsonc-parser's scanner with its leniencies off.

use std::borrow::Cow;
use std::ops::Range;

use arcstr::ArcStr;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{ParseStringErrorKind, Scanner, ScannerOptions};

use crate::document::{Mistake, Reason, shorten, span};
use crate::source::{FileId, Span, Text};
use crate::value::{Data, Value};

const STRICT: ScannerOptions = ScannerOptions {
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The tokens of a text with their places in it.
pub(super) struct Tokens<'t> {
    pub text: &'t ArcStr,
    scanner: Scanner<'t>,
    /// The byte at which the scanner's text starts.
    base: usize,
    pub file: FileId,
}

impl<'t> Tokens<'t> {
    pub fn new(text: &'t ArcStr, file: FileId) -> Tokens<'t> {
        Tokens { text, scanner: Scanner::new(text, &STRICT), base: 0, file }
    }

    /// The next token, comments included.
    pub fn next(&mut self) -> Result<Option<(Token<'t>, Range<usize>)>, Mistake> {
        let token = match self.scanner.scan() {
            Ok(token) => token,
            Err(error) => return self.recover(&error).map(Some),
        };
        let range = self.base + self.scanner.token_start()..self.base + self.scanner.token_end();
        Ok(token.map(|token| (token, range)))
    }

    /// A lone surrogate is the one thing that the scanner refuses and other readers of JSON do not: it becomes U+FFFD.
    fn recover(&mut self, error: &ParseError) -> Result<(Token<'t>, Range<usize>), Mistake> {
        use ParseErrorKind as Kind;
        let start = self.base + self.scanner.token_start();
        let text: &'t str = self.text;
        if let Kind::String(
            ParseStringErrorKind::InvalidUnicodeEscapeSequence(_) | ParseStringErrorKind::ExpectedFourHexDigits,
        ) = error.kind()
            && let Some((decoded, end)) = decode(&text[start + 1..])
        {
            let end = start + 1 + end;
            self.base = end;
            self.scanner = Scanner::new(&text[end..], &STRICT);
            return Ok((Token::String(Cow::Owned(decoded)), start..end));
        }
        let range = error.range();
        let at = span(self.file, self.base + range.start..self.base + range.end);
        let written =
            || shorten(text.get(start..).unwrap_or("").split([',', '}', ']', '\n', '\r', ' ']).next().unwrap_or(""));
        let reason = match error.kind() {
            Kind::String(ParseStringErrorKind::UnterminatedStringLiteral) => Reason::OpenString,
            Kind::String(_) => Reason::Escape,
            Kind::UnterminatedCommentBlock => Reason::OpenComment,
            Kind::SingleQuotedStringsNotAllowed => Reason::SingleQuotes,
            Kind::UnexpectedToken | Kind::UnexpectedWord => {
                Reason::Expected { expected: "JSON", found: format!("`{}`", written()) }
            }
            _ => Reason::Number(written()),
        };
        Err(Mistake::new(at, reason))
    }

    /// A text of the file, shared when it has no escape, and the place of what stands between its quotes.
    pub fn string(&self, text: Cow<'t, str>, range: Range<usize>) -> (Text, Span) {
        let inner = range.start + 1..range.end - 1;
        let shared = match text {
            Cow::Borrowed(_) => self.text.substr(inner.clone()),
            Cow::Owned(text) => Text::from(text),
        };
        (shared, span(self.file, inner))
    }

    /// The value of a token that is a text, a number or a word.
    pub fn scalar(&self, token: Token<'t>, range: Range<usize>) -> Result<Value, Mistake> {
        let at = span(self.file, range.clone());
        let data = match token {
            Token::String(text) => {
                let (text, at) = self.string(text, range);
                return Ok(Value::new(Data::String(text), at));
            }
            Token::Boolean(value) => Data::Bool(value),
            Token::Number(text) => match text.parse() {
                Ok(number) => Data::Int(number),
                Err(_) => match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => Data::Float(number),
                    _ => return Err(Mistake::new(at, Reason::Number(shorten(text)))),
                },
            },
            _ => Data::Null,
        };
        Ok(Value::new(data, at))
    }
}

/// The value of a string literal after its opening quote, and the byte behind its closing one; `None` for other mistakes
/// than lone surrogates.
fn decode(text: &str) -> Option<(String, usize)> {
    let mut decoded = String::new();
    let mut units: Vec<u16> = Vec::new();
    let mut chars = text.char_indices();
    let flush = |units: &mut Vec<u16>, decoded: &mut String| {
        decoded.push_str(&String::from_utf16_lossy(&std::mem::take(units)))
    };
    while let Some((at, char)) = chars.next() {
        if char != '\\' {
            flush(&mut units, &mut decoded);
            if char == '"' {
                return Some((decoded, at + 1));
            }
            decoded.push(char);
            continue;
        }
        let (at, escape) = chars.next()?;
        if escape == 'u' {
            let digits =
                text.get(at + 1..at + 5).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
            units.push(u16::from_str_radix(digits, 16).ok()?);
            chars.nth(3);
            continue;
        }
        flush(&mut units, &mut decoded);
        decoded.push(match escape {
            '"' | '\\' | '/' => escape,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => return None,
        });
    }
    None
}
