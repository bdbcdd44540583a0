//! JSON with comments, in one pass from tokens to values.
//!
//! jsonc-parser's scanner gives the tokens; its tree would be a second copy of the file. What the scanner would forgive
//! beyond comments is an error here, because Resource Manager and the Azure CLI do not forgive it. Line breaks inside texts
//! are allowed: Azure's template language has multi-line strings. Nothing recurses.

mod tokens;

use std::ops::Range;

use arcstr::ArcStr;
use jsonc_parser::tokens::Token;

use self::tokens::Tokens;
use super::{JSON_DEPTH, Mistake, Parsed, Reason, VALUES, ignore, repeat, shorten, span};
use crate::source::{FileId, Span, Text};
use crate::value::{Member, Value};

/// The value of a JSON text, with notes and the wishes in its comments.
///
/// # Errors
/// The first place where the text is no JSON, or the bound that it exceeds.
pub fn read(text: &ArcStr, file: FileId) -> Result<Parsed, Mistake> {
    let reader = Reader {
        tokens: Tokens::new(text, file),
        parsed: Parsed::default(),
        open: Vec::new(),
        items: Vec::new(),
        members: Vec::new(),
        count: 0,
    };
    reader.read()
}

struct Reader<'t> {
    tokens: Tokens<'t>,
    parsed: Parsed,
    open: Vec<Open>,
    /// Items of all open arrays and members of all open objects; each opening remembers where its own start.
    items: Vec<Value>,
    members: Vec<Member>,
    count: usize,
}

/// An array or object that is not closed yet.
struct Open {
    start: usize,
    first: usize,
    /// `Some` in an object; the key whose value is being read.
    key: Option<(Text, Span)>,
    object: bool,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Value,
    FirstItem,
    FirstKey,
    Key,
    Colon,
    Comma,
    End,
}

impl<'t> Reader<'t> {
    fn read(mut self) -> Result<Parsed, Mistake> {
        let mut next = Next::Value;
        let mut comma = None;
        while let Some((token, range)) = self.token()? {
            let at = span(self.tokens.file, range.clone());
            let this = (token == Token::Comma).then_some(at);
            next = match (next, token) {
                (Next::Value | Next::FirstItem, Token::OpenBrace) => self.enter(range.start, true)?,
                (Next::Value | Next::FirstItem, Token::OpenBracket) => self.enter(range.start, false)?,
                (Next::FirstKey | Next::Comma, Token::CloseBrace) if self.inside(true) => self.leave(range.end)?,
                (Next::FirstItem | Next::Comma, Token::CloseBracket) if self.inside(false) => self.leave(range.end)?,
                (Next::Comma, Token::Comma) => {
                    if self.inside(true) {
                        Next::Key
                    } else {
                        Next::Value
                    }
                }
                (Next::Colon, Token::Colon) => Next::Value,
                (Next::FirstKey | Next::Key, Token::String(key)) => {
                    let (key, at) = self.tokens.string(key, range);
                    if let Some(open) = self.open.last_mut() {
                        open.key = Some((key, at));
                    }
                    Next::Colon
                }
                (Next::Value | Next::FirstItem, token) if is_scalar(&token) => {
                    let value = self.tokens.scalar(token, range)?;
                    self.put(value)?
                }
                (next, token) => return Err(self.unexpected(next, &token, at, comma)),
            };
            comma = this;
        }
        self.finish(next)
    }

    /// The next token that is no comment.
    fn token(&mut self) -> Result<Option<(Token<'t>, Range<usize>)>, Mistake> {
        loop {
            let token = self.tokens.next()?;
            match &token {
                Some((Token::CommentLine(_) | Token::CommentBlock(_), range)) => {
                    let at = span(self.tokens.file, range.clone());
                    ignore::note(self.tokens.text, at, &mut self.parsed);
                }
                _ => return Ok(token),
            }
        }
    }

    fn inside(&self, object: bool) -> bool {
        self.open.last().is_some_and(|open| open.object == object)
    }

    fn enter(&mut self, start: usize, object: bool) -> Result<Next, Mistake> {
        if self.open.len() == JSON_DEPTH {
            return Err(Mistake::new(span(self.tokens.file, start..start + 1), Reason::TooDeep(JSON_DEPTH)));
        }
        let first = if object { self.members.len() } else { self.items.len() };
        self.open.push(Open { start, first, key: None, object });
        Ok(if object { Next::FirstKey } else { Next::FirstItem })
    }

    fn leave(&mut self, end: usize) -> Result<Next, Mistake> {
        let open = self.open.pop().expect("a closing bracket is only accepted inside an open one");
        let at = span(self.tokens.file, open.start..end);
        let value = if open.object {
            let members = take(&mut self.members, open.first);
            repeat::note(&members, &mut self.parsed.notes);
            Value::object(members, at)
        } else {
            Value::array(take(&mut self.items, open.first), at)
        };
        self.put(value)
    }

    /// Gives a value to what is open, or makes it the file's.
    fn put(&mut self, value: Value) -> Result<Next, Mistake> {
        self.count += 1;
        if self.count > VALUES {
            return Err(Mistake::new(value.at, Reason::TooMany(VALUES)));
        }
        match self.open.last_mut() {
            None => {
                self.parsed.values.push(value);
                return Ok(Next::End);
            }
            Some(Open { key, object: true, .. }) => {
                let (key, key_at) = key.take().expect("a value in an object follows its key");
                self.members.push(Member::new(key, key_at, value));
            }
            Some(_) => self.items.push(value),
        }
        Ok(Next::Comma)
    }

    fn finish(self, next: Next) -> Result<Parsed, Mistake> {
        let file = self.tokens.file;
        let end = self.tokens.text.trim_end().len();
        match (next, self.open.last()) {
            (Next::End, _) => Ok(self.parsed),
            (_, Some(open)) => {
                let inside = if open.object { "an object" } else { "an array" };
                let opened = Some(span(file, open.start..open.start + 1));
                Err(Mistake { at: span(file, end..end), reason: Reason::Ends(inside), opened })
            }
            (_, None) if end == 0 => Err(Mistake::new(span(file, 0..0), Reason::Empty)),
            (_, None) => Err(Mistake::new(span(file, 0..0), Reason::OnlyComments)),
        }
    }

    fn unexpected(&self, next: Next, token: &Token<'_>, at: Span, comma: Option<Span>) -> Mistake {
        if let Some(comma) = comma
            && matches!(token, Token::CloseBrace | Token::CloseBracket)
        {
            return Mistake::new(comma, Reason::TrailingComma);
        }
        let expected = match next {
            Next::End => return Mistake::new(at, Reason::SecondValue),
            Next::Comma
                if matches!(token, Token::String(_) | Token::OpenBrace | Token::OpenBracket) || is_scalar(token) =>
            {
                return Mistake::new(at, Reason::MissingComma);
            }
            Next::Value => "a value",
            Next::FirstItem => "a value or `]`",
            Next::FirstKey => "a key in double quotes or `}`",
            Next::Key => "a key in double quotes",
            Next::Colon => "a colon after the key",
            Next::Comma if self.inside(true) => "a comma or `}`",
            Next::Comma => "a comma or `]`",
        };
        let found = format!("`{}`", shorten(token.as_str()));
        Mistake::new(at, Reason::Expected { expected, found })
    }
}

fn is_scalar(token: &Token<'_>) -> bool {
    matches!(token, Token::String(_) | Token::Boolean(_) | Token::Number(_) | Token::Null)
}

/// The last items of a stack, in memory of exactly their size.
fn take<T>(stack: &mut Vec<T>, first: usize) -> Vec<T> {
    if first == 0 && stack.len() > 1024 {
        // One huge list: moving it would hold it twice.
        let mut all = std::mem::take(stack);
        all.shrink_to_fit();
        return all;
    }
    stack.drain(first..).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Note, tests};
    use crate::source::Sources;
    use crate::value::Data;

    #[track_caller]
    fn accept(text: &str, expected: &str) {
        let value = crate::document::parse_json(&ArcStr::from(text), FileId::NONE).unwrap();
        assert_eq!(tests::plain(&value).to_string(), expected);
    }

    #[track_caller]
    fn reject(text_with_caret: &str, reason: &str) {
        tests::reject(read, text_with_caret, reason);
    }

    #[test]
    fn values_are_read() {
        accept(r#"{"a": [1, -2.5, true, null, "x"], "b": {}}"#, r#"{"a":[1,-2.5,true,null,"x"],"b":{}}"#);
        accept(r#" "é\n\u00e9\ud834\udd1e" "#, "\"é\\né𝄞\"");
        accept("9223372036854775807", "9223372036854775807");
        accept("9223372036854775808", "9.223372036854776e+18");
        accept("1e2", "100.0");
    }

    #[test]
    fn comments_and_raw_line_breaks_are_accepted() {
        accept("// head\n{/* k */ \"a\": /* v */ 1 // tail\n}", r#"{"a":1}"#);
        accept("\"[concat(\n\t'a')]\"", r#""[concat(\n\t'a')]""#);
        accept("\"a\r\nb\"", r#""a\r\nb""#);
    }

    #[test]
    fn a_lone_surrogate_is_replaced() {
        accept(r#"["\ud800", "a\udc00\\b", 1]"#, "[\"\u{fffd}\",\"a\u{fffd}\\\\b\",1]");
        accept(r#"{"\ud834x\ud834\udd1e": "\ud800\n"}"#, "{\"\u{fffd}x𝄞\":\"\u{fffd}\\n\"}");
        reject(r#"["^\ud800\q"]"#, "an escape that JSON does not have");
    }

    #[test]
    fn what_json_does_not_have_is_refused() {
        reject("{\"a\": 1^,}", "a comma stands before the closing bracket");
        reject("[1^, /* c */ ]", "a comma stands before the closing bracket");
        reject("[^,]", "expected a value or `]`, found `,`");
        reject("[1 ^2]", "a value follows without a comma");
        reject("{\"a\": 1 ^\"b\": 2}", "a value follows without a comma");
        reject("{\"a\" ^1}", "expected a colon after the key, found `1`");
        reject("{\"a\": ^}", "expected a value, found `}`");
        reject("{^a: 1}", "expected a key in double quotes or `}`, found `a`");
        reject("{\"a\": ^yes}", "expected JSON, found `yes`");
        reject("{\"a\": 1^]", "expected a comma or `}`, found `]`");
        reject("[^'a']", "a text in single quotes is not JSON");
        reject("[^0x1F]", "`0x1F` is not a number of JSON");
        reject("[^+1]", "`+1` is not a number of JSON");
        reject("[^1.]", "`1.` is not a number of JSON");
        reject("[^NaN]", "expected JSON, found `NaN`");
        reject("[^1e999]", "`1e999` is not a number of JSON");
        reject("[0 ^1]", "a value follows without a comma");
        reject("[\"C:^\\dir\"]", "an escape that JSON does not have");
        reject("{} ^{}", "a second value follows the first");
        reject("{\"a\": ^@}", "expected JSON, found `@`");
        reject("[1, ^\u{7f}\u{1b}[2J]", "expected JSON, found `\\u{7f}\\u{1b}[2J`");
    }

    #[test]
    fn a_file_that_ends_too_early_says_inside_of_what() {
        reject("^", "the file is empty");
        reject("^ \n", "the file is empty");
        reject("^// c\n", "the file holds only comments");
        reject("{\"a\": [1,\n2^\n", "the file ends inside an array");
        reject("{\"a\": {}^", "the file ends inside an object");
        reject("{\"a\":^", "the file ends inside an object");
        reject("[^\"abc", "the file ends inside a text");
        reject("[^/* abc", "the file ends inside a comment");
    }

    #[test]
    fn the_sentence_names_the_place_and_what_to_do() {
        let mut sources = Sources::default();
        let file = sources.add("main.json", "{\n  \"é\": [1,\n");
        let mistake = read(&sources.text(file).clone(), file).unwrap_err();
        let expected = "main.json:2:11: the file ends inside an array that starts at line 2; \
             is the file cut off, or a closing bracket missing?";
        assert_eq!(mistake.sentence(&sources), expected);
    }

    #[test]
    fn a_span_covers_a_text_without_its_quotes() {
        let mut sources = Sources::default();
        let file = sources.add("x", r#"{"ké": ["v", 12, "a\tb"]}"#);
        let text = sources.text(file).clone();
        let value = crate::document::parse_json(&text, file).unwrap();
        let member = &value.as_object().unwrap().members[0];
        let items = member.value.as_array().unwrap();
        let slices =
            [member.key_at, member.value.at, items[0].at, items[1].at, items[2].at].map(|at| sources.slice(at));
        assert_eq!(slices, ["ké", r#"["v", 12, "a\tb"]"#, "v", "12", r"a\tb"]);
        assert!(crate::document::mirrors(&items[0], &sources));
        assert!(!crate::document::mirrors(&items[2], &sources));
        let Data::String(shared) = &items[0].data else { panic!("a text") };
        assert!(ArcStr::ptr_eq(shared.parent(), &text), "a text without escapes shares the file");
    }

    #[test]
    fn a_key_that_is_written_twice_is_noted_with_both_places() {
        let text = ArcStr::from(r#"{"a": 1, "b": 2, "a": 3, "A": 4}"#);
        let parsed = read(&text, FileId::NONE).unwrap();
        let [Note::Repeated { key, first, again }] = parsed.notes.as_slice() else { panic!("{:?}", parsed.notes) };
        assert_eq!((key.as_str(), first.start, again.start), ("a", 2, 18));
        assert_eq!(parsed.values[0].as_object().unwrap().members.len(), 4);

        let many: Vec<String> = (0..100).map(|key| format!("\"k{}\": 1", key % 99)).collect();
        let text = ArcStr::from(format!("{{{}}}", many.join(",")));
        assert_eq!(read(&text, FileId::NONE).unwrap().notes.len(), 1);
    }

    #[test]
    fn deep_nesting_is_refused_at_its_bound() {
        let nested = |depth: usize| ArcStr::from("[".repeat(depth) + &"]".repeat(depth));
        assert!(read(&nested(JSON_DEPTH), FileId::NONE).is_ok());
        let mistake = read(&nested(10_000), FileId::NONE).unwrap_err();
        assert_eq!((mistake.reason, mistake.at.start), (Reason::TooDeep(512), 512));
        let objects = ArcStr::from("{\"a\":".repeat(10_000));
        assert_eq!(read(&objects, FileId::NONE).unwrap_err().reason, Reason::TooDeep(512));
    }

    #[test]
    fn wishes_in_comments_are_kept() {
        let text = ArcStr::from(
            "{\n  // pullgate: ignore[tag-missing, tag-mutable] pushed later\n  \"a\": 1 /* pullgate: ignore tag */\n}",
        );
        let parsed = read(&text, FileId::NONE).unwrap();
        let ignore = &parsed.ignores[0];
        assert_eq!(ignore.codes, ["tag-missing", "tag-mutable"]);
        assert_eq!((ignore.reason.as_str(), ignore.alone), ("pushed later", true));
        assert!(matches!(parsed.notes[..], [Note::Comment { .. }]));
    }
}
