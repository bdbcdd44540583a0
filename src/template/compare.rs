//! Whether values are equal, as far as that is known, and which string comes first.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::value::{Data, Member, Object, Piece, Unknown, Value};

use super::functions::{is_spread, open};
use super::text;

/// Deep and typed equality; `None` when it depends on what is not known. Secrets are compared by what they are.
pub fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (&open(left).data, &open(right).data) {
        (Data::Unknown(left), Data::Unknown(right)) => unknowns(left, right),
        (Data::Unknown(unknown), known) | (known, Data::Unknown(unknown)) => unknown_and(unknown, known),
        (Data::Null, Data::Null) => Some(true),
        (Data::Bool(left), Data::Bool(right)) => Some(left == right),
        (Data::Int(left), Data::Int(right)) => Some(left == right),
        (Data::Float(left), Data::Float(right)) => Some(left == right),
        (Data::String(left), Data::String(right)) => Some(left == right),
        (Data::Array(left), Data::Array(right)) => arrays(left, right),
        (Data::Object(left), Data::Object(right)) => objects(left, right),
        _ => Some(false),
    }
}

/// How two strings are ordered for people: letters without regard to case first, then accents, then lower case before
/// upper. The documentation's examples of `less` and `greater` ask for it
/// (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-comparison#greater);
/// the order of punctuation is that of the Unicode collation's root, and unverified.
pub fn order(left: &str, right: &str) -> Ordering {
    let primary = |text: &str| text.chars().map(primary).collect::<Vec<_>>();
    let accents = |text: &str| text.chars().map(|c| base(c).1).collect::<Vec<_>>();
    let case = |text: &str| text.chars().map(char::is_uppercase).collect::<Vec<_>>();
    primary(left)
        .cmp(&primary(right))
        .then_with(|| accents(left).cmp(&accents(right)))
        .then_with(|| case(left).cmp(&case(right)))
}

fn unknowns(left: &Unknown, right: &Unknown) -> Option<bool> {
    if left.spread || right.spread {
        return None;
    }
    if left.expression == right.expression {
        return Some(true);
    }
    if !left.pieces.is_empty() && left.pieces == right.pieces {
        return Some(true);
    }
    let differ =
        !left.pieces.is_empty() && !right.pieces.is_empty() && !text::may_be_equal(&left.pieces, &right.pieces);
    let all_differ = |unknown: &Unknown, other: &Unknown| {
        !unknown.alternatives.is_empty()
            && unknown.alternatives.iter().all(|alternative| unknown_and(other, &alternative.data) == Some(false))
    };
    (differ || all_differ(left, right) || all_differ(right, left)).then_some(false)
}

fn unknown_and(unknown: &Unknown, known: &Data) -> Option<bool> {
    if unknown.spread {
        return None;
    }
    let known_value = || Value::new(known.clone(), crate::source::Span::NONE);
    if !unknown.alternatives.is_empty() {
        let known = known_value();
        let no = |alternative: &Value| equal(alternative, &known) == Some(false);
        return unknown.alternatives.iter().all(no).then_some(false);
    }
    match known {
        Data::String(text) => {
            let may = match unknown.pieces.is_empty() {
                true => text::stretch_may_hold(&unknown.expression, text),
                false => text::may_equal(&unknown.pieces, text),
            };
            (!may).then_some(false)
        }
        Data::Unknown(other) => unknowns(unknown, other),
        _ => is_string(unknown).then_some(false),
    }
}

/// Whether it is certain to be a string.
pub fn is_string(unknown: &Unknown) -> bool {
    !unknown.pieces.is_empty()
}

fn arrays(left: &[Value], right: &[Value]) -> Option<bool> {
    if left.iter().chain(right).any(is_spread) {
        return None;
    }
    if left.len() != right.len() {
        return Some(false);
    }
    all(left.iter().zip(right).map(|(left, right)| equal(left, right)))
}

fn objects(left: &Object, right: &Object) -> Option<bool> {
    if left.members.iter().chain(right.members.iter()).any(|member| member.key_unknown.is_some()) {
        return None;
    }
    let (left, right) = (by_key(left), by_key(right));
    if left.len() != right.len() {
        return Some(false);
    }
    all(left.iter().map(|(key, member)| match right.get(key) {
        Some(other) => equal(&member.value, &other.value),
        None => Some(false),
    }))
}

fn by_key(object: &Object) -> HashMap<&str, &Member> {
    object.members.iter().map(|member| (&*member.key, member)).collect()
}

/// Whether all hold: one that does not decides, otherwise one that is not known leaves it open.
fn all(truths: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut sure = true;
    for truth in truths {
        match truth {
            Some(false) => return Some(false),
            Some(true) => (),
            None => sure = false,
        }
    }
    sure.then_some(true)
}

fn primary(character: char) -> (u8, u32) {
    const PUNCTUATION: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
    let character = base(character).0;
    if character.is_whitespace() || character.is_control() {
        return (0, character.into());
    }
    if let Some(place) = PUNCTUATION.find(character) {
        return (1, u32::try_from(place).unwrap_or(0));
    }
    match character {
        '0'..='9' => (2, character.into()),
        _ => (3, character.to_lowercase().next().unwrap_or(character).into()),
    }
}

/// The letter without its accent, and which accent that is; for the letters of western Europe.
fn base(character: char) -> (char, u8) {
    const PLAIN: [(&str, char); 12] = [
        ("àáâãäå", 'a'),
        ("ÀÁÂÃÄÅ", 'A'),
        ("èéêë", 'e'),
        ("ÈÉÊË", 'E'),
        ("ìíîï", 'i'),
        ("ÌÍÎÏ", 'I'),
        ("òóôõö", 'o'),
        ("ÒÓÔÕÖ", 'O'),
        ("ùúûü", 'u'),
        ("ÙÚÛÜ", 'U'),
        ("ñ", 'n'),
        ("ç", 'c'),
    ];
    if character.is_ascii() {
        return (character, 0);
    }
    PLAIN
        .iter()
        .find_map(|(accented, plain)| {
            let place = accented.chars().position(|candidate| candidate == character)?;
            Some((*plain, u8::try_from(place + 1).unwrap_or(u8::MAX)))
        })
        .unwrap_or((character, 0))
}

/// Where `text` is found in the string: certainly, certainly not, or perhaps.
pub fn holds(pieces: &[Piece], text: &str) -> Option<bool> {
    let known = |piece: &Piece| matches!(piece, Piece::Known(stretch) if stretch.contains(text));
    if text.is_empty() || pieces.iter().any(known) {
        return Some(true);
    }
    // One character cannot lie across a border.
    let single = text.chars().nth(1).is_none();
    let possible = |piece: &Piece| matches!(piece, Piece::Unknown(stretch) if text::stretch_may_hold(stretch, text));
    (single && !pieces.iter().any(possible)).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn in_order(texts: &[&str]) {
        for pair in texts.windows(2) {
            assert_eq!(order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(order(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
    }

    #[test]
    fn letters_come_in_the_order_of_a_dictionary() {
        in_order(&["", "-", "1", "10", "9", "a", "A", "á", "aa", "ab", "b", "B", "z", "ω"]);
        in_order(&["Test1", "Test2"]);
        assert_eq!(order("a", "a"), Ordering::Equal);
    }
}
