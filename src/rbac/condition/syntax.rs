//! From words to an expression.

use super::token::{Token, tokens};
use std::fmt;

/// Deepest nesting that is read. Azure's own editor stops far earlier.
const DEEPEST: usize = 64;

/// What a condition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    ActionMatches(Vec<String>),
    SubOperationMatches(String),
    Exists(Attribute),
    /// Left, the operator's name as written, right.
    Compare(Operand, String, Operand),
    Not(Box<Expression>),
    /// Terms joined at one level, without parentheses between them.
    Chain(Box<Expression>, Vec<(Connective, Expression)>),
}

/// What joins two terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Connective {
    And,
    Or,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Attribute(Attribute),
    Values(Vec<String>),
}

/// `@Source[name]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub source: String,
    pub name: String,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}[{}]", self.source, self.name)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::Values(values) => match values.as_slice() {
                [value] => write!(f, "'{value}'"),
                values => write!(f, "{{'{}'}}", values.join("', '")),
            },
        }
    }
}

/// Reads a condition, or says what in it is not understood.
pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { tokens: tokens(text)?.into_iter().peekable() };
    let expression = parser.expression(DEEPEST)?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(token) => Err(not_understood(Some(&token))),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn expression(&mut self, depth: usize) -> Result<Expression, String> {
        let first = self.term(depth)?;
        let mut rest = Vec::new();
        loop {
            let connective = match self.tokens.peek() {
                Some(Token::And) => Connective::And,
                Some(Token::Or) => Connective::Or,
                _ => break,
            };
            self.tokens.next();
            rest.push((connective, self.term(depth)?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expression::Chain(Box::new(first), rest))
    }

    fn term(&mut self, depth: usize) -> Result<Expression, String> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(format!("the condition is nested deeper than {DEEPEST}"));
        };
        match self.tokens.next() {
            Some(Token::Not) => Ok(Expression::Not(Box::new(self.term(depth)?))),
            Some(Token::Open) => {
                let inner = self.expression(depth)?;
                self.expect(&Token::Close)?;
                Ok(inner)
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("ActionMatches") => {
                self.expect(&Token::OpenBrace)?;
                Ok(Expression::ActionMatches(self.values()?))
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("SubOperationMatches") => {
                self.expect(&Token::OpenBrace)?;
                Ok(Expression::SubOperationMatches(self.values()?.join("`, `")))
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("Exists") => match self.tokens.next() {
                Some(Token::Attribute { source, name }) => Ok(Expression::Exists(Attribute { source, name })),
                other => Err(not_understood(other.as_ref())),
            },
            first => self.comparison(first),
        }
    }

    fn comparison(&mut self, first: Option<Token>) -> Result<Expression, String> {
        let left = self.operand(first)?;
        let operator = match self.tokens.next() {
            Some(Token::Word(operator)) => operator,
            other => return Err(not_understood(other.as_ref())),
        };
        let right = self.tokens.next();
        Ok(Expression::Compare(left, operator, self.operand(right)?))
    }

    fn operand(&mut self, first: Option<Token>) -> Result<Operand, String> {
        match first {
            Some(Token::Attribute { source, name }) => Ok(Operand::Attribute(Attribute { source, name })),
            Some(Token::Text(value) | Token::Word(value)) => Ok(Operand::Values(vec![value])),
            Some(Token::OpenBrace) => Ok(Operand::Values(self.values()?)),
            other => Err(not_understood(other.as_ref())),
        }
    }

    /// What is left of `{'a', 'b'}` after the brace; the documentation shows no empty one.
    fn values(&mut self) -> Result<Vec<String>, String> {
        let mut values = Vec::new();
        loop {
            match self.tokens.next() {
                Some(Token::Text(value) | Token::Word(value)) => values.push(value),
                other => return Err(not_understood(other.as_ref())),
            }
            match self.tokens.next() {
                Some(Token::Comma) => (),
                Some(Token::CloseBrace) => return Ok(values),
                other => return Err(not_understood(other.as_ref())),
            }
        }
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), String> {
        match self.tokens.next() {
            Some(token) if token == *wanted => Ok(()),
            other => Err(not_understood(other.as_ref())),
        }
    }
}

fn not_understood(token: Option<&Token>) -> String {
    let sign = match token {
        None => return "the condition ends too early".to_owned(),
        Some(Token::Open) => "(",
        Some(Token::Close) => ")",
        Some(Token::OpenBrace) => "{",
        Some(Token::CloseBrace) => "}",
        Some(Token::Comma) => ",",
        Some(Token::And) => "AND",
        Some(Token::Or) => "OR",
        Some(Token::Not) => "NOT",
        Some(Token::Attribute { source, .. }) => return misplaced(&format!("@{source}[…]")),
        Some(Token::Text(text) | Token::Word(text)) => text,
    };
    misplaced(sign)
}

fn misplaced(sign: &str) -> String {
    format!("`{sign}` is not understood where it stands in the condition")
}
