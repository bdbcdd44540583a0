//! The words of a condition.

/// Azure stops at 8 KB; anything much longer is not a condition.
const LONGEST: usize = 64 * 1024;

/// A word, a sign or a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    Comma,
    And,
    Or,
    Not,
    /// `@Source[name]`
    Attribute {
        source: String,
        name: String,
    },
    /// A quoted text.
    Text(String),
    /// An operator's name, a number, `true`, or a GUID without quotes.
    Word(String),
}

/// Cuts a condition into tokens, or says what it could not read.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    if text.len() > LONGEST {
        return Err(format!("the condition is longer than {LONGEST} bytes"));
    }
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = token(first, rest)?;
        found.push(token);
        rest = after.trim_start();
    }
    Ok(found)
}

fn token(first: char, rest: &str) -> Result<(Token, &str), String> {
    for (sign, token) in [("&&", Token::And), ("||", Token::Or)] {
        if let Some(after) = rest.strip_prefix(sign) {
            return Ok((token, after));
        }
    }
    let after = &rest[first.len_utf8()..];
    match first {
        '(' => Ok((Token::Open, after)),
        ')' => Ok((Token::Close, after)),
        '{' => Ok((Token::OpenBrace, after)),
        '}' => Ok((Token::CloseBrace, after)),
        ',' => Ok((Token::Comma, after)),
        '!' => Ok((Token::Not, after)),
        '\'' => {
            let (text, after) = after.split_once('\'').ok_or("a quoted text does not end in the condition")?;
            Ok((Token::Text(text.to_owned()), after))
        }
        '@' => attribute(after),
        c if is_part_of_word(c) => Ok(word(rest)),
        other => Err(format!("`{}` in the condition is not understood", other.escape_default())),
    }
}

fn attribute(rest: &str) -> Result<(Token, &str), String> {
    let broken = "an attribute in the condition is not written `@Source[name]`";
    let (source, after) = rest.split_once('[').ok_or(broken)?;
    let (name, after) = after.split_once(']').ok_or(broken)?;
    let source = source.trim();
    let is_name = !source.is_empty() && source.chars().all(|c| c.is_ascii_alphanumeric());
    if !is_name || name.trim().is_empty() {
        return Err(broken.to_owned());
    }
    let token = Token::Attribute { source: source.to_owned(), name: name.trim().to_owned() };
    Ok((token, after))
}

fn word(rest: &str) -> (Token, &str) {
    let end = rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    let token = match word.to_ascii_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        _ => Token::Word(word.to_owned()),
    };
    (token, after)
}

fn is_part_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_')
}
