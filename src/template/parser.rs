//! Text to expression: is it one, and what does it say.

use std::ops::Range;

use crate::source::{Span, Text};

use super::ast::{AccessNode, CallNode, Callee, Expr, Node, Step};
use super::error::{Error, Kind};
use super::functions;
use super::lexer::{Lexer, Mistake, Token, Word};

/// What a string of a template is.
#[derive(Debug)]
pub enum Parsed {
    /// A text as it stands.
    Plain,
    /// A text in brackets whose first one was doubled: the text without it.
    Escaped(Text),
    Expression(Expr),
}

/// https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits
const MAX_LENGTH: usize = 24_576;
/// Calls and indexes inside each other, so that the stack is bounded.
const MAX_NESTING: u32 = 160;

/// Whether a string of a template is an expression; cheap.
pub fn is_expression(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[")
}

/// Reads a string of a template. `at` is its literal, with or without the quotes.
///
/// # Errors
/// Of kind `Syntax` when it stands in brackets but is no expression; `Limit` when it is too long or nested too deep.
pub fn parse(text: &Text, at: Span) -> Result<Parsed, Error> {
    if !text.starts_with('[') || !text.ends_with(']') {
        return Ok(Parsed::Plain);
    }
    if text.starts_with("[[") {
        return Ok(Parsed::Escaped(text.substr(1..)));
    }
    if text.len() > MAX_LENGTH && text.chars().count() > MAX_LENGTH {
        let message = format!("the expression has more than {MAX_LENGTH} characters");
        return Err(Error::new(Kind::Limit, message, at));
    }
    let inside = 1..text.len() - 1;
    let mut parser =
        Parser { text, at, offset: offset(text, at), lexer: Lexer::new(text, inside), ahead: None, depth: 0 };
    let expr = parser.expression()?;
    let rest = parser.next()?;
    match rest.word {
        Word::End => Ok(Parsed::Expression(expr)),
        Word::Close => Err(parser.error(rest.range, "this parenthesis closes nothing")),
        _ => Err(parser
            .error(rest.range, "the expression ends before this")
            .expected("expected one call, string or number")),
    }
}

/// By how many bytes the text starts after its literal; `None` when escapes in the literal make places uncertain.
fn offset(text: &str, at: Span) -> Option<usize> {
    match (at.end.saturating_sub(at.start) as usize).checked_sub(text.len()) {
        Some(0) => Some(0),
        Some(2) => Some(1),
        _ => None,
    }
}

struct Parser<'t> {
    text: &'t Text,
    at: Span,
    offset: Option<usize>,
    lexer: Lexer<'t>,
    ahead: Option<Token>,
    depth: u32,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expr, Error> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            let message = format!("the expression is nested more than {MAX_NESTING} deep");
            return Err(Error::new(Kind::Limit, message, self.at));
        }
        let token = self.next()?;
        let expr = match token.word {
            Word::String { doubled } => {
                let inner = token.range.start + 1..token.range.end - 1;
                let text = match doubled {
                    true => Text::from(self.text[inner].replace("''", "'")),
                    false => self.text.substr(inner),
                };
                Expr { node: Node::String(text), at: self.span(token.range) }
            }
            Word::Int(value) => Expr { node: Node::Int(value), at: self.span(token.range) },
            Word::Name => {
                let call = self.call(token.range)?;
                self.accesses(call)?
            }
            Word::End => return Err(self.error(token.range, "the expression ends too early").expected(VALUE)),
            _ => return Err(self.error(token.range, "no expression starts like this").expected(VALUE)),
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn call(&mut self, first: Range<usize>) -> Result<Expr, Error> {
        let mut namespace = None;
        let mut name = first.clone();
        if self.eat(&Word::Dot)? {
            namespace = Some(name);
            name = self.name("expected the name of a function")?;
        }
        let token = self.next()?;
        if token.word != Word::Open {
            let message = format!("`{}` is no value by itself", &self.text[first.start..name.end]);
            return Err(self.error(first.start..name.end, message).expected("functions are called with parentheses"));
        }
        let mut args = Vec::new();
        if !self.eat(&Word::Close)? {
            loop {
                args.push(self.expression()?);
                let token = self.next()?;
                match token.word {
                    Word::Comma => (),
                    Word::Close => break,
                    _ => {
                        return Err(self
                            .error(token.range, "the call is not closed here")
                            .expected("expected `,` or `)`"));
                    }
                }
            }
        }
        let callee = self.callee(namespace, name);
        let node = Node::Call(Box::new(CallNode { callee, args }));
        Ok(Expr { node, at: self.span(first.start..self.end()) })
    }

    fn callee(&self, namespace: Option<Range<usize>>, name: Range<usize>) -> Callee {
        let name = self.text.substr(name);
        let namespace = namespace.map(|range| self.text.substr(range));
        match namespace {
            Some(namespace) if !namespace.eq_ignore_ascii_case("sys") => Callee::User { namespace, name },
            namespace => match functions::find(&name) {
                Some(builtin) => Callee::Builtin(builtin),
                None if functions::is_list(&name) => Callee::List(name),
                None => Callee::None { namespace, name },
            },
        }
    }

    fn accesses(&mut self, of: Expr) -> Result<Expr, Error> {
        let start = of.at.start;
        let mut steps = Vec::new();
        loop {
            if self.eat(&Word::Dot)? {
                let name = self.name("expected the name of a member")?;
                let at = Span { start, ..self.span(name.clone()) };
                steps.push(Step::Member { name: self.text.substr(name), at });
            } else if self.eat(&Word::OpenIndex)? {
                let index = self.expression()?;
                let token = self.next()?;
                if token.word != Word::CloseIndex {
                    return Err(self.error(token.range, "the index is not closed here").expected("expected `]`"));
                }
                let at = Span { start, ..self.span(token.range) };
                steps.push(Step::Index { index, at });
            } else {
                break;
            }
        }
        let Some(last) = steps.last() else { return Ok(of) };
        let at = last.at();
        Ok(Expr { node: Node::Access(Box::new(AccessNode { of, steps })), at })
    }

    fn name(&mut self, expected: &str) -> Result<Range<usize>, Error> {
        let token = self.next()?;
        match token.word {
            Word::Name => Ok(token.range),
            _ => Err(self.error(token.range, "a name is missing after `.`").expected(expected)),
        }
    }

    fn next(&mut self) -> Result<Token, Error> {
        match self.ahead.take() {
            Some(token) => Ok(token),
            None => self.lexer.next().map_err(|mistake| self.refuse(mistake)),
        }
    }

    fn eat(&mut self, word: &Word) -> Result<bool, Error> {
        let token = self.next()?;
        if token.word == *word {
            return Ok(true);
        }
        self.ahead = Some(token);
        Ok(false)
    }

    /// Where the last word ended that was taken: after `)` nothing was looked at yet.
    fn end(&self) -> usize {
        self.lexer.position()
    }

    fn span(&self, range: Range<usize>) -> Span {
        match self.offset {
            Some(offset) => self.at.within(range.start + offset..range.end + offset),
            None => self.at,
        }
    }

    fn error(&self, range: Range<usize>, message: impl Into<String>) -> Error {
        Error::new(Kind::Syntax, message, self.span(range))
    }

    fn refuse(&self, mistake: Mistake) -> Error {
        let kind = if mistake.overflow { Kind::Range } else { Kind::Syntax };
        Error::new(kind, mistake.message, self.span(mistake.range))
    }
}

const VALUE: &str = "expected a call, a string in single quotes or an integer";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Sources};

    fn parsed(text: &str) -> (Result<Parsed, Error>, Sources) {
        let mut sources = Sources::default();
        let file: FileId = sources.add("main.json", format!("\"{text}\""));
        let end = u32::try_from(text.len()).unwrap();
        (parse(&text.into(), Span { file, start: 1, end: end + 1 }), sources)
    }

    #[track_caller]
    fn plain(text: &str) {
        assert!(matches!(parsed(text).0, Ok(Parsed::Plain)), "{text}");
    }

    #[track_caller]
    fn escaped(text: &str, expected: &str) {
        match parsed(text).0 {
            Ok(Parsed::Escaped(text)) => assert_eq!(&*text, expected),
            other => panic!("{text}: {other:?}"),
        }
    }

    /// `blamed` is what the error points at.
    #[track_caller]
    fn refuses(text: &str, kind: Kind, blamed: &str) {
        let (outcome, sources) = parsed(text);
        let error = outcome.expect_err(text);
        assert_eq!((error.kind, sources.slice(error.at)), (kind, blamed), "{text}");
    }

    #[test]
    fn brackets_around_everything_make_an_expression() {
        for text in ["", "a", "[a", "a]", "[a] b", " [concat('a')]", "[concat('a')] "] {
            plain(text);
            assert!(!is_expression(text));
        }
        assert!(is_expression("[concat('a')]"));
        assert!(!is_expression("[[a]"));
    }

    #[test]
    fn a_doubled_bracket_is_one() {
        escaped("[[a]", "[a]");
        escaped("[[a[]b]", "[a[]b]");
        plain("[[a");
    }

    #[test]
    fn mistakes_are_where_they_are() {
        refuses("[]", Kind::Syntax, "");
        refuses("[concat('a' 'b')]", Kind::Syntax, "'b'");
        refuses("[concat('a')) ]", Kind::Syntax, ")");
        refuses("[concat]", Kind::Syntax, "concat");
        refuses("[a.b]", Kind::Syntax, "a.b");
        refuses("[concat('a]", Kind::Syntax, "'a");
        refuses("[concat(1.5)]", Kind::Syntax, "1");
        refuses("[concat(1a)]", Kind::Syntax, "1a");
        refuses("[concat(#{x}#)]", Kind::Syntax, "#");
        refuses("[a()[0]", Kind::Syntax, "");
        refuses("[a()[]]", Kind::Syntax, "]");
        refuses("[é]", Kind::Syntax, "é");
        refuses("[9223372036854775808]", Kind::Range, "9223372036854775808");
        refuses("['a' 'b']", Kind::Syntax, "'b'");
    }

    #[test]
    fn the_longest_expression_is_counted_in_characters() {
        let text = |count: usize| format!("['{}']", "é".repeat(count));
        assert!(matches!(parsed(&text(MAX_LENGTH - 4)).0, Ok(Parsed::Expression(_))));
        assert_eq!(parsed(&text(MAX_LENGTH - 3)).0.unwrap_err().kind, Kind::Limit);
    }
}
