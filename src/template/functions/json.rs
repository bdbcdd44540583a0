//! JSON as the service reads and writes it: leniently in, compactly out.

use std::rc::Rc;

use crate::source::Span;
use crate::template::text::Builder;
use crate::value::{Data, Member, Value};

use super::{Args, Kind, Outcome, is_spread};

/// Deeper values cannot be deployed, and the stack is bounded.
const MAX_DEPTH: u32 = 100;

/// `json(text)`: single quotes, names without quotes, comments and trailing commas are accepted, as by Json.NET.
///
/// # Errors
/// Of kind `Value` when the text is no JSON.
pub(super) fn parse(args: &Args) -> Outcome {
    let text = args.text(0)?;
    args.spend(1 + text.len() / 8)?;
    let of = &args.values[0];
    let at = if of.at.is_written() { of.at } else { args.at };
    let value = read(text, at).map_err(|message| args.wrong(0, Kind::Value, message))?;
    Ok(crate::template::text::passed(Value { via: of.via.clone(), ..value }, args.at))
}

/// Reads lenient JSON; every part of it is at `at`.
///
/// # Errors
/// What is wrong with it, and at which character.
pub(super) fn read(text: &str, at: Span) -> Result<Value, String> {
    let mut reader = Reader { text, place: 0, at, depth: 0 };
    let value = reader.value()?;
    reader.blank()?;
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.wrong("something follows the JSON value")),
    }
}

/// The value as compact JSON, with `…` where it is not known.
pub fn compact(value: &Value, quote: char) -> String {
    let mut builder = Builder::new();
    push(&mut builder, value, quote);
    let value = builder.finish(Span::NONE);
    super::open(&value).partial().unwrap_or_default()
}

/// Adds the value as compact JSON.
pub(super) fn push(builder: &mut Builder, value: &Value, quote: char) {
    match &value.data {
        Data::Null => builder.push("null"),
        Data::Bool(value) => builder.push(if *value { "true" } else { "false" }),
        Data::Int(value) => builder.push(&value.to_string()),
        Data::Float(value) => {
            let text = super::number::shortest(*value);
            builder.push(&text);
            if !text.contains(['.', 'E', 'N', 'i']) {
                builder.push(".0");
            }
        }
        Data::String(text) => builder.push(&quoted(text, quote)),
        Data::Array(items) => {
            builder.push("[");
            for (index, item) in items.iter().enumerate() {
                builder.push(if index > 0 { "," } else { "" });
                push(builder, item, quote);
            }
            builder.push("]");
        }
        Data::Object(object) => {
            builder.push("{");
            for (index, member) in object.members.iter().enumerate() {
                builder.push(if index > 0 { "," } else { "" });
                if is_spread(&member.value) {
                    push(builder, &member.value, quote);
                    continue;
                }
                match &member.key_unknown {
                    Some(unknown) => {
                        builder.push(&quote.to_string());
                        builder.push_value(&Value::new(Data::Unknown(Rc::clone(unknown)), member.key_at));
                        builder.push(&quote.to_string());
                    }
                    None => builder.push(&quoted(&member.key, quote)),
                }
                builder.push(":");
                push(builder, &member.value, quote);
            }
            builder.push("}");
        }
        Data::Unknown(unknown) if !unknown.pieces.is_empty() => {
            builder.push(&quote.to_string());
            builder.push_value(value);
            builder.push(&quote.to_string());
        }
        Data::Unknown(unknown) => builder.push_unknown(format!("string({})", unknown.expression), &unknown.why),
        Data::Secure(inner) => {
            let mut secret = Builder::new();
            push(&mut secret, inner, quote);
            let secret = secret.finish(value.at);
            builder.push_value(&super::secure(secret, value.at));
        }
    }
}

fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c < ' ' || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

struct Reader<'t> {
    text: &'t str,
    place: usize,
    at: Span,
    depth: u32,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, String> {
        self.blank()?;
        match self.peek() {
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::array),
            Some('"' | '\'') => {
                let text = self.string()?;
                Ok(Value::string(text, self.at))
            }
            Some(_) => self.word(),
            None => Err(self.wrong("a value is missing")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong(&format!("the JSON is nested more than {MAX_DEPTH} deep")));
        }
        self.place += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        loop {
            self.blank()?;
            if self.eat(']') {
                return Ok(Value::array(items, self.at));
            }
            items.push(self.value()?);
            self.blank()?;
            if !self.eat(',') && self.peek() != Some(']') {
                return Err(self.wrong("`,` or `]` is missing"));
            }
        }
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut members = Vec::new();
        loop {
            self.blank()?;
            if self.eat('}') {
                return Ok(Value::new(Data::Object(members.into()), self.at));
            }
            let key = match self.peek() {
                Some('"' | '\'') => self.string()?,
                _ => self.name()?,
            };
            self.blank()?;
            if !self.eat(':') {
                return Err(self.wrong("`:` is missing after the name of a property"));
            }
            let value = self.value()?;
            members.push(Member::new(key, self.at, value));
            self.blank()?;
            if !self.eat(',') && self.peek() != Some('}') {
                return Err(self.wrong("`,` or `}` is missing"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let quote = self.take().unwrap_or('"');
        let mut out = String::new();
        loop {
            match self.take() {
                Some(character) if character == quote => return Ok(out),
                Some('\\') => out.push(self.escape()?),
                Some(character) => out.push(character),
                None => return Err(self.wrong("a string has no end")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        match self.take() {
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some(character @ ('"' | '\'' | '\\' | '/')) => Ok(character),
            Some('u') => {
                let first = self.unit()?;
                if !(0xd800..0xdc00).contains(&first) || !self.text[self.place..].starts_with("\\u") {
                    return Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                self.place += 2;
                let second = self.unit()?;
                let both = 0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff);
                Ok(char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            _ => Err(self.wrong("an escape in a string is wrong")),
        }
    }

    fn unit(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.place..self.place + 4);
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.place += 4;
        unit.ok_or_else(|| "an escape in a JSON string is wrong".to_owned())
    }

    fn name(&mut self) -> Result<String, String> {
        let rest = &self.text[self.place..];
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '-');
        let length = rest.find(|c| !plain(c)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.wrong("the name of a property is missing"));
        }
        self.place += length;
        Ok(rest[..length].to_owned())
    }

    fn word(&mut self) -> Result<Value, String> {
        let rest = &self.text[self.place..];
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len());
        let word = &rest[..length];
        let data = match word {
            "true" => Data::Bool(true),
            "false" => Data::Bool(false),
            "null" | "undefined" => Data::Null,
            word => match number(word) {
                Some(number) => number,
                None => return Err(self.wrong("this is no JSON value")),
            },
        };
        self.place += length;
        Ok(Value::new(data, self.at))
    }

    /// Passes blanks and comments.
    fn blank(&mut self) -> Result<(), String> {
        loop {
            let rest = &self.text[self.place..];
            let trimmed = rest.trim_start();
            self.place += rest.len() - trimmed.len();
            let skipped = if trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").ok_or_else(|| self.wrong("a comment has no end"))? + 2
            } else {
                return Ok(());
            };
            self.place += skipped;
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.place..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.place += character.len_utf8();
        Some(character)
    }

    fn eat(&mut self, character: char) -> bool {
        let found = self.peek() == Some(character);
        self.place += if found { character.len_utf8() } else { 0 };
        found
    }

    fn wrong(&self, message: &str) -> String {
        let place = self.text[..self.place.min(self.text.len())].chars().count() + 1;
        format!("the text is no JSON: at character {place} {message}")
    }
}

fn number(word: &str) -> Option<Data> {
    let digits = word.strip_prefix('-').unwrap_or(word);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).ok().map(Data::Int);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(value) = word.parse()
    {
        return Some(Data::Int(value));
    }
    word.parse().ok().filter(|value: &f64| value.is_finite()).map(Data::Float)
}
