//! Strings of which only some stretches are known.
//!
//! An unknown stretch is an expression in one canonical spelling. Of some it is known how long they are and of which
//! characters: `uniqueString()` gives 13 of `a-z2-7`, a GUID has 36. What can be said of a string with such stretches
//! without guessing is said here.

mod builder;

use crate::source::Span;
use crate::value::{Data, Piece, Unknown, Value, Via};

use super::spell;

pub use builder::Builder;

/// An unknown string of these stretches.
pub fn unknown(mut pieces: Vec<Piece>, why: String) -> Unknown {
    // Large templates keep thousands of them.
    pieces.shrink_to_fit();
    let mut expression = spell::pieces(&pieces);
    expression.shrink_to_fit();
    Unknown { expression, why, pieces, ..Unknown::default() }
}

/// Its stretches; of a value of which nothing is known, one.
pub fn pieces(unknown: &Unknown) -> Vec<Piece> {
    match unknown.pieces.is_empty() {
        true => vec![Piece::Unknown(unknown.expression.clone())],
        false => unknown.pieces.clone(),
    }
}

/// A string of stretches; a text when all are known.
pub fn value(pieces: &[Piece], why: &str, at: Span) -> Value {
    let mut builder = Builder::new();
    builder.push_pieces(pieces, why);
    builder.finish(at)
}

/// A value that was made of `of`: what a person would edit is still `of`'s text.
pub fn made_of(of: &Value, data: Data, at: Span) -> Value {
    let mut made = Value { data, at: of.at, via: of.via.clone() };
    if of.via.has_parts() {
        // Parts are counted in bytes: they hold for a change of case, not for a cut or a replacement.
        let is_as_long = made.partial().is_some_and(|made| of.partial().is_some_and(|of| made.len() == of.len()));
        made.via = made.via.cut(is_as_long.then_some(0));
    }
    if of.at.is_written() { passed(made, at) } else { Value { at, via: Via::default(), ..made } }
}

/// The value after it passed through the call at `at`. A call around one that is in the trail already adds nothing,
/// nor does one around the literal itself.
pub fn passed(value: Value, at: Span) -> Value {
    if !value.at.is_written() {
        return Value { at, ..value };
    }
    let within = |inner: Span| inner.file == at.file && at.start <= inner.start && inner.end <= at.end;
    match value.via.nearest() {
        Some(hop) if within(hop) => value,
        None if within(value.at) => value,
        _ => value.through(at),
    }
}

/// How many UTF-16 units the text has, as .NET counts.
pub fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

/// The byte at which the unit number `unit` starts; the end of the text when it has fewer. A unit in the middle of a
/// character counts as the start of that character.
pub fn byte_of_unit(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut seen = 0;
    for (byte, character) in text.char_indices() {
        if seen + character.len_utf16() > unit {
            return byte;
        }
        seen += character.len_utf16();
    }
    text.len()
}

/// How many units the stretch has, where its expression says so.
pub fn stretch_units(expression: &str) -> Option<usize> {
    let (name, args) = call(expression)?;
    match name {
        "uniqueString" => Some(13),
        "guid" | "newGuid" => Some(36),
        "subscription" if args == ").subscriptionId" => Some(36),
        "tenant" | "subscription" if args == ").tenantId" => Some(36),
        "toLower" | "toUpper" => stretch_units(args.strip_suffix(')')?),
        "take" => {
            let (of, count) = args.strip_suffix(')')?.rsplit_once(", ")?;
            Some(count.parse::<usize>().ok()?.min(stretch_units(of)?))
        }
        _ => None,
    }
}

/// Whether `text` can occur in the stretch, or overlap with it.
pub fn stretch_may_hold(expression: &str, text: &str) -> bool {
    let plain = |allowed: fn(char) -> bool| text.chars().all(allowed);
    let Some((name, args)) = call(expression) else { return true };
    match (name, args) {
        ("uniqueString", _) => plain(|c| c.is_ascii_lowercase() || ('2'..='7').contains(&c)),
        ("guid" | "newGuid", _) => plain(|c| matches!(c, '0'..='9' | 'a'..='f' | '-')),
        ("subscription", ").subscriptionId") | ("subscription" | "tenant", ").tenantId") => {
            plain(|c| c.is_ascii_hexdigit() || c == '-')
        }
        // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules: groups, deployments
        ("resourceGroup" | "deployment", ").name") | ("managementGroup", ").name") => {
            plain(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '(' | ')'))
        }
        ("resourceGroup" | "deployment", ").location") => plain(|c| c.is_ascii_alphanumeric()),
        ("take", args) => args.rsplit_once(", ").is_none_or(|(of, _)| stretch_may_hold(of, text)),
        ("toLower", args) => {
            plain(|c| !c.is_uppercase()) && args.strip_suffix(')').is_none_or(|of| stretch_may_hold_in_case(of, text))
        }
        _ => true,
    }
}

fn stretch_may_hold_in_case(expression: &str, text: &str) -> bool {
    stretch_may_hold(expression, text) || stretch_may_hold(expression, &text.to_uppercase())
}

/// Whether the stretch is in lower case already.
pub fn stretch_is_lower(expression: &str) -> bool {
    call(expression).is_some_and(|(name, args)| match name {
        "uniqueString" | "guid" | "newGuid" | "toLower" => true,
        "take" => args.rsplit_once(", ").is_some_and(|(of, _)| stretch_is_lower(of)),
        _ => false,
    })
}

/// The name of the function and what follows its parenthesis.
fn call(expression: &str) -> Option<(&str, &str)> {
    let (name, args) = expression.split_once('(')?;
    // `uniqueString(x).y` is something else; only the context functions have members here.
    let whole = args.ends_with(')') && encloses(args);
    let member = args.strip_prefix(").").is_some_and(|path| path.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    (whole || member).then_some((name, args))
}

/// Whether the last parenthesis is the first to close what was opened before `args`.
fn encloses(args: &str) -> bool {
    let (mut depth, mut quoted) = (1, false);
    for (index, byte) in args.bytes().enumerate() {
        match byte {
            b'\'' => quoted = !quoted,
            b'(' if !quoted => depth += 1,
            b')' if !quoted => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return index + 1 == args.len();
        }
    }
    false
}

/// How many units the whole string has, when every stretch says so.
pub fn total_units(pieces: &[Piece]) -> Option<usize> {
    let of = |piece: &Piece| match piece {
        Piece::Known(text) => Some(units(text)),
        Piece::Unknown(expression) => stretch_units(expression),
    };
    pieces.iter().map(of).sum()
}

/// How many units the string has at least.
pub fn least_units(pieces: &[Piece]) -> usize {
    let of = |piece: &Piece| match piece {
        Piece::Known(text) => units(text),
        Piece::Unknown(expression) => stretch_units(expression).unwrap_or(0),
    };
    pieces.iter().map(of).sum()
}

/// The known text that the string starts with.
pub fn known_start(pieces: &[Piece]) -> &str {
    if let Some(Piece::Known(text)) = pieces.first() { text } else { "" }
}

/// The known text that the string ends with.
pub fn known_end(pieces: &[Piece]) -> &str {
    if let Some(Piece::Known(text)) = pieces.last() { text } else { "" }
}

/// The first `count` units. What lies behind the first stretch of unknown length is cut off by an expression.
pub fn take(pieces: &[Piece], count: usize) -> Vec<Piece> {
    let mut taken = Vec::new();
    let mut left = count;
    for (index, piece) in pieces.iter().enumerate() {
        if left == 0 {
            break;
        }
        match piece {
            Piece::Known(text) => {
                let end = byte_of_unit(text, left);
                left -= units(&text[..end]).min(left);
                taken.push(Piece::Known(text[..end].to_owned()));
                if end < text.len() {
                    break;
                }
            }
            Piece::Unknown(expression) => match stretch_units(expression) {
                Some(length) if length <= left => {
                    left -= length;
                    taken.push(piece.clone());
                }
                Some(_) => {
                    taken.push(Piece::Unknown(format!("take({expression}, {left})")));
                    break;
                }
                None => {
                    taken.push(Piece::Unknown(format!("take({}, {left})", spell::pieces(&pieces[index..]))));
                    break;
                }
            },
        }
    }
    taken
}

/// All but the first `count` units.
pub fn skip(pieces: &[Piece], count: usize) -> Vec<Piece> {
    let mut left = count;
    for (index, piece) in pieces.iter().enumerate() {
        if left == 0 {
            return pieces[index..].to_vec();
        }
        let length = match piece {
            Piece::Known(text) => Some(units(text)),
            Piece::Unknown(expression) => stretch_units(expression),
        };
        match (piece, length) {
            (_, Some(length)) if length <= left => left -= length,
            (Piece::Known(text), _) => {
                let rest = text[byte_of_unit(text, left)..].to_owned();
                return std::iter::once(Piece::Known(rest)).chain(pieces[index + 1..].iter().cloned()).collect();
            }
            (Piece::Unknown(expression), Some(_)) => {
                let rest = Piece::Unknown(format!("skip({expression}, {left})"));
                return std::iter::once(rest).chain(pieces[index + 1..].iter().cloned()).collect();
            }
            (Piece::Unknown(_), None) => {
                return vec![Piece::Unknown(format!("skip({}, {left})", spell::pieces(&pieces[index..])))];
            }
        }
    }
    Vec::new()
}

/// Whether the string can be `text`: its known stretches occur in order, and the lengths allow it.
pub fn may_equal(pieces: &[Piece], text: &str) -> bool {
    let (least, total) = (least_units(pieces), total_units(pieces));
    let length = units(text);
    if length < least || total.is_some_and(|total| total != length) {
        return false;
    }
    let start = known_start(pieces);
    let end = if pieces.len() > 1 { known_end(pieces) } else { "" };
    if text.len() < start.len() + end.len() || !text.starts_with(start) || !text.ends_with(end) {
        return false;
    }
    if let [Piece::Unknown(only)] = pieces {
        return stretch_may_hold(only, text);
    }
    let mut rest = &text[start.len()..text.len() - end.len()];
    let inner = pieces.get(1..pieces.len().saturating_sub(1)).unwrap_or(&[]);
    for piece in inner {
        if let Piece::Known(known) = piece {
            let Some(found) = rest.find(known.as_str()) else { return false };
            rest = &rest[found + known.len()..];
        }
    }
    true
}

/// Whether two strings can be equal, by what they start and end with and how long they are.
pub fn may_be_equal(left: &[Piece], right: &[Piece]) -> bool {
    let (start, other) = (known_start(left), known_start(right));
    let (end, other_end) = (known_end(left), known_end(right));
    let lengths = match (total_units(left), total_units(right)) {
        (Some(left), Some(right)) => left == right,
        (Some(left), None) => least_units(right) <= left,
        (None, Some(right)) => least_units(left) <= right,
        (None, None) => true,
    };
    lengths
        && (start.starts_with(other) || other.starts_with(start))
        && (end.ends_with(other_end) || other_end.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(texts: &[&str]) -> Vec<Piece> {
        let piece = |text: &&str| match text.strip_prefix('$') {
            Some(expression) => Piece::Unknown(expression.to_owned()),
            None => Piece::Known((*text).to_owned()),
        };
        texts.iter().map(piece).collect()
    }

    #[track_caller]
    fn may(texts: &[&str], text: &str, expected: bool) {
        assert_eq!(may_equal(&pieces(texts), text), expected, "{texts:?} and {text}");
    }

    #[test]
    fn known_stretches_contradict() {
        may(&["a", "$x()"], "abc", true);
        may(&["a", "$x()"], "b", false);
        may(&["$x()", "a"], "ba", true);
        may(&["$x()", "a"], "ab", false);
        may(&["a", "$x()", "a"], "a", false);
        may(&["a", "$x()", "b", "$y()"], "a-b-", true);
        may(&["a", "$x()", "b", "$y()"], "a---", false);
        may(&["$uniqueString('x')"], "abcdefghijklm", true);
        may(&["$uniqueString('x')"], "ABCDEFGHIJKLM", false);
        may(&["a", "$uniqueString('x')"], "a", false);
        may(&["é", "$x()"], "éé", true);
    }

    #[track_caller]
    fn long(expression: &str, expected: Option<usize>) {
        assert_eq!(stretch_units(expression), expected, "{expression}");
    }

    #[test]
    fn some_stretches_have_a_length() {
        long("uniqueString(parameters('x'))", Some(13));
        long("take(uniqueString(parameters('x')), 5)", Some(5));
        long("toLower(guid('x'))", Some(36));
        long("subscription().subscriptionId", Some(36));
        long("uniqueString(a()).b", None);
        long("uniqueString(a()), b()", None);
        long("parameters('uniqueString(')", None);
    }

    #[test]
    fn units_are_those_of_utf_16() {
        assert_eq!(units("a😀é"), 4);
        assert_eq!(byte_of_unit("a😀é", 3), 5);
        assert_eq!(byte_of_unit("a😀é", 2), 1);
        assert_eq!(byte_of_unit("ab", 9), 2);
    }
}
