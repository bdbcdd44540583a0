//! What is looked at before the grammar: emptiness, tokens, a scheme, and characters that occur in
//! no reference at all. Each has a plainer cause than the grammar could name.

use std::ops::Range;

use super::digest::Algorithm;
use super::grammar::Fault;
use super::mistake::Reason;
use super::token;

/// Schemes that people put in front of an image, also with a single slash.
const SCHEMES: &[&str] = &[
    "http",
    "https",
    "docker",
    "docker-image",
    "docker-daemon",
    "docker-archive",
    "containers-storage",
    "oci",
    "oci-archive",
    "ssh",
    "git",
    "file",
    "ftp",
    "acr",
];

/// What JavaScript and Go's templates write for a value that is not there.
const UNSET: &[&str] = &["[object Object]", "<no value>", "<nil>"];

/// Lets pass what only the grammar can judge.
pub(super) fn screen(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::new(0..0, Reason::Empty));
    }
    if text.chars().all(|c| is_blank(c) || is_hidden(c)) {
        return Err(Fault::new(0..text.len(), Reason::OnlyBlanks));
    }
    for &word in UNSET {
        if let Some(start) = text.find(word) {
            let reason = Reason::EmptyWord(word.to_owned());
            return Err(Fault::new(start..start + word.len(), reason));
        }
    }
    if let Some(token) = token::placeholders(text).into_iter().find(|t| t.certain) {
        let shown = text[token.range.clone()].to_owned();
        return Err(Fault::new(token.range, Reason::Placeholder(shown)));
    }
    if let Some(at) = scheme(text) {
        let shown = text[at.clone()].to_owned();
        return Err(Fault::new(at, Reason::Scheme(shown)));
    }
    characters(text)?;
    credentials(text)?;
    let slashes = text.len() - text.trim_start_matches('/').len();
    if slashes > 0 {
        return Err(Fault::new(0..slashes, Reason::LeadingSlash));
    }
    Ok(())
}

/// `https://` and the like, at the start or behind a host that was put in front of a URL.
pub(super) fn scheme(text: &str) -> Option<Range<usize>> {
    if let Some(length) = leading_scheme(text) {
        return Some(0..length);
    }
    let colon = text.find("://")?;
    let start = text[..colon].rfind(|c: char| !c.is_ascii_alphanumeric() && c != '-').map_or(0, |before| before + 1);
    let is_known = text.is_char_boundary(start) && is_scheme(&text[start..colon]);
    is_known.then_some(start..colon + 3)
}

fn leading_scheme(text: &str) -> Option<usize> {
    let colon = text.find(':')?;
    let name = &text[..colon];
    let behind = &text[colon + 1..];
    let slashes = behind.len() - behind.trim_start_matches('/').len();
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "+-".contains(c));
    let is_leading = match slashes {
        0 => false,
        1 => is_scheme(name),
        _ => is_word,
    };
    is_leading.then_some(colon + 1 + slashes)
}

fn is_scheme(name: &str) -> bool {
    SCHEMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The length of `user@` or `user:password@` in front of a host.
pub(super) fn credentials_length(text: &str) -> Option<usize> {
    let slash = text.find('/')?;
    let at = text[..slash].rfind('@')?;
    let behind = &text[at + 1..];
    let is_digest =
        behind.split_once(':').is_some_and(|(name, _)| Algorithm::named(&name.to_ascii_lowercase()).is_some());
    (!is_digest).then_some(at + 1)
}

fn credentials(text: &str) -> Result<(), Fault> {
    match credentials_length(text) {
        Some(length) => Err(Fault::new(0..length, Reason::Credentials)),
        None => Ok(()),
    }
}

fn characters(text: &str) -> Result<(), Fault> {
    for (start, c) in text.char_indices() {
        let run = |is: fn(char) -> bool| {
            let rest = &text[start..];
            start..start + rest.find(|c| !is(c)).unwrap_or(rest.len())
        };
        let one = start..start + c.len_utf8();
        let (at, reason) = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => continue,
            '.' | '_' | '-' | ':' | '/' | '@' | '[' | ']' | '+' | '%' => continue,
            c if is_blank(c) => (run(is_blank), Reason::Blank),
            c if is_hidden(c) => (one, Reason::Hidden(c)),
            c if c.is_control() => (one, Reason::Control(c)),
            '"' | '\'' | '`' | '\u{2018}'..='\u{201f}' => (one, Reason::Quote),
            c if !c.is_ascii() => (one, Reason::NonAscii(c)),
            '\\' => (one, Reason::Backslash),
            ',' | ';' => (one, Reason::List),
            c => (one, Reason::Character(c)),
        };
        return Err(Fault::new(at, reason));
    }
    Ok(())
}

/// Blank, tabulator and line breaks: what a person sees as nothing.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A character that most editors do not show, or show as an ordinary blank.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{85}' | '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{1680}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
        | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The ASCII character that a reader takes this one for.
pub(super) fn looks_like(c: char) -> Option<char> {
    Some(match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' => '-',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => '/',
        '\u{2236}' | '\u{a789}' | '\u{fe55}' => ':',
        '\u{2024}' | '\u{fe52}' => '.',
        '\u{fe6b}' => '@',
        // Full-width forms stand 0xFEE0 above ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0)?,
        'а' | 'α' => 'a',
        'в' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ё' => 'e',
        'һ' => 'h',
        'і' | 'ι' | 'ı' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'ո' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        _ => return None,
    })
}
