//! Texts of which not everything is known, compared: resource ids, hosts.
//!
//! Resource Manager compares ids without regard to case; both `resourcegroups` and `resourceGroups` are in use
//! (<https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules>).

use std::rc::Rc;

use crate::value::{Data, Piece, Unknown, Value};

/// Stands for each stretch that is not known.
const UNKNOWN: char = '…';

/// A text in lower case, and what each of its unknown stretches is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    text: String,
    unknown: Vec<String>,
}

/// Whether two ids name one resource: yes when everything known is equal and everything unknown is spelled the same, no when
/// known parts contradict each other, else `None`.
pub fn same_id(one: &Value, other: &Value) -> Option<bool> {
    // Most ids are of other resources, which their ends tell without a copy of either.
    if let (Some(end), Some(other_end)) = (end(one), end(other))
        && contradict(end, other_end)
    {
        return Some(false);
    }
    match (Partial::of(one), Partial::of(other)) {
        (Some(one), Some(other)) => one.same(&other),
        _ => None,
    }
}

/// What a text ends with, as far as it is known; `None` for one whose end is not.
fn end(value: &Value) -> Option<&str> {
    match value.as_unknown() {
        None => value.as_str(),
        Some(unknown) => match unknown.pieces.last() {
            Some(Piece::Known(text)) => Some(text),
            _ => None,
        },
    }
}

/// Whether two texts that end so cannot be equal. Other letters than ASCII's are left to the comparison of the whole.
fn contradict(one: &str, other: &str) -> bool {
    let shared = one.len().min(other.len());
    let (one, other) = (&one.as_bytes()[one.len() - shared..], &other.as_bytes()[other.len() - shared..]);
    one.is_ascii() && other.is_ascii() && !one.eq_ignore_ascii_case(other)
}

/// Whether the resource that a [`crate::value::Symbol`] names is the one with this id.
pub fn is_named(symbol: &str, id: &Value) -> Option<bool> {
    Partial::canonical(symbol).same(&Partial::of(id)?)
}

/// What is in front of the first slash of a text, at the place of the text; `None` without a slash that is known.
pub(super) fn head(value: &Value) -> Option<Value> {
    if let Some(text) = value.as_str() {
        let (head, _) = text.split_once('/')?;
        return Some(Value { data: Data::String(head.to_owned().into()), ..value.clone() });
    }
    let unknown = value.as_unknown()?;
    let has_slash = |piece: &Piece| matches!(piece, Piece::Known(text) if text.contains('/'));
    let index = unknown.pieces.iter().position(has_slash)?;
    let mut pieces = unknown.pieces[..index].to_vec();
    if let Piece::Known(text) = &unknown.pieces[index] {
        let head = text.split('/').next().unwrap_or_default();
        pieces.extend((!head.is_empty()).then(|| Piece::Known(head.to_owned())));
    }
    Some(text_of(pieces, unknown, value))
}

/// A text of these pieces, which are of `unknown`, at the place of `value`.
pub(super) fn text_of(pieces: Vec<Piece>, unknown: &Unknown, value: &Value) -> Value {
    let data = match pieces.as_slice() {
        [] => Data::String("".into()),
        [Piece::Known(text)] => Data::String(text.clone().into()),
        _ => Data::Unknown(Rc::new(Unknown { pieces, alternatives: Vec::new(), symbol: None, ..unknown.clone() })),
    };
    Value { data, at: value.at, via: value.via.clone() }
}

impl Partial {
    /// The text of a value; `None` for what is no text and cannot become one.
    pub fn of(value: &Value) -> Option<Partial> {
        if let Some(text) = value.as_str() {
            return Some(Partial::known(text));
        }
        let unknown = value.as_unknown()?;
        if unknown.pieces.is_empty() {
            return Some(Partial { text: UNKNOWN.to_string(), unknown: vec![unknown.expression.clone()] });
        }
        let mut partial = Partial { text: String::new(), unknown: Vec::new() };
        for piece in &unknown.pieces {
            match piece {
                Piece::Known(text) => partial.text.extend(text.chars().flat_map(char::to_lowercase)),
                Piece::Unknown(expression) => {
                    partial.text.push(UNKNOWN);
                    partial.unknown.push(expression.clone());
                }
            }
        }
        Some(partial)
    }

    /// A text that is known.
    pub fn known(text: &str) -> Partial {
        Partial { text: text.to_lowercase(), unknown: Vec::new() }
    }

    /// A text as [`Value::canonical`] spells it: `{expression}` for each unknown stretch.
    pub fn canonical(text: &str) -> Partial {
        let mut partial = Partial { text: String::new(), unknown: Vec::new() };
        let mut depth = 0_usize;
        let mut expression = String::new();
        for letter in text.chars() {
            let was = depth;
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            match (was, depth) {
                (0, 0) => partial.text.push(letter),
                (0, _) => partial.text.push(UNKNOWN),
                (_, 0) => partial.unknown.push(std::mem::take(&mut expression)),
                _ => expression.push(letter),
            }
        }
        // A brace that nobody closed is text.
        if depth > 0 { Partial::known(text) } else { partial }
    }

    /// The lower-case text, `…` for each unknown stretch.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_known(&self) -> bool {
        self.unknown.is_empty()
    }

    /// What is in front of the first slash; `None` without a slash.
    pub fn head(&self) -> Option<Partial> {
        self.before('/')
    }

    /// What is in front of the first of these letters; `None` without one.
    pub fn before(&self, letter: char) -> Option<Partial> {
        self.text.find(letter).map(|end| self.cut(0, end))
    }

    /// Without the text in front, when it starts so.
    pub fn without_prefix(&self, prefix: &str) -> Option<Partial> {
        self.text.strip_prefix(prefix).map(|_| self.cut(prefix.len(), self.text.len()))
    }

    /// Without slashes at the end.
    pub fn without_slashes(&self) -> Partial {
        self.cut(0, self.text.trim_end_matches('/').len())
    }

    /// The id without its last `segments` segments.
    pub fn ancestor(&self, segments: usize) -> Option<Partial> {
        let mut end = self.text.len();
        for _ in 0..segments {
            end = self.text[..end].rfind('/')?;
        }
        Some(self.cut(0, end))
    }

    /// The last segment.
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// Whether both are the same text; `None` when what is known does not decide.
    pub fn same(&self, other: &Partial) -> Option<bool> {
        if self == other {
            return Some(true);
        }
        if self.is_known() && other.is_known() {
            return Some(false);
        }
        let (mut these, mut those) = (self.text.split('/'), other.text.split('/'));
        let aligned =
            self.text.starts_with('/') && other.text.starts_with('/') && these.clone().count() == those.clone().count();
        let possible = if aligned {
            these.all(|this| those.next().is_some_and(|that| may_be(this, that)))
        } else {
            may_be(&self.text, &other.text)
        };
        if possible { None } else { Some(false) }
    }

    fn cut(&self, start: usize, end: usize) -> Partial {
        let count = |text: &str| text.matches(UNKNOWN).count();
        let skipped = count(&self.text[..start]);
        let text = self.text[start..end].to_owned();
        let unknown = self.unknown.iter().skip(skipped).take(count(&text)).cloned().collect();
        Partial { text, unknown }
    }
}

/// Whether two texts can be the same as far as their known beginnings and ends tell.
fn may_be(one: &str, other: &str) -> bool {
    let lead = |text: &str| text.split(UNKNOWN).next().unwrap_or_default().len();
    let tail = |text: &str| text.rsplit(UNKNOWN).next().unwrap_or_default().len();
    if !one.contains(UNKNOWN) && !other.contains(UNKNOWN) {
        return one == other;
    }
    let (start, end) = (lead(one).min(lead(other)), tail(one).min(tail(other)));
    let ends_agree = one.as_bytes()[..start] == other.as_bytes()[..start]
        && one.as_bytes()[one.len() - end..] == other.as_bytes()[other.len() - end..];
    ends_agree && has_room(one, other) && has_room(other, one)
}

/// Whether a text that is known is long enough for everything that is known of the other.
fn has_room(one: &str, other: &str) -> bool {
    one.contains(UNKNOWN) || one.len() >= other.len() - other.matches(UNKNOWN).count() * UNKNOWN.len_utf8()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    /// A value of a text in which `{…}` is an unknown stretch.
    fn value(text: &str) -> Value {
        if !text.contains('{') {
            return Value::string(text.to_owned(), Span::NONE);
        }
        let stretch = |part: &str| match part.split_once('}') {
            Some((expression, rest)) => vec![Piece::Unknown(expression.to_owned()), Piece::Known(rest.to_owned())],
            None => vec![Piece::Known(part.to_owned())],
        };
        let pieces = text.split('{').flat_map(stretch).filter(|piece| *piece != Piece::Known(String::new())).collect();
        Value::unknown(Unknown { pieces, ..Unknown::default() }, Span::NONE)
    }

    #[track_caller]
    fn same(one: &str, other: &str, expected: Option<bool>) {
        assert_eq!(same_id(&value(one), &value(other)), expected);
        assert_eq!(same_id(&value(other), &value(one)), expected);
    }

    #[test]
    fn ids_are_compared_without_their_case() {
        same("/subscriptions/S/resourcegroups/g/x", "/subscriptions/s/resourceGroups/G/X", Some(true));
        same("/subscriptions/s/resourceGroups/g/x", "/subscriptions/s/resourceGroups/g/y", Some(false));
    }

    #[test]
    fn equal_unknown_parts_are_equal() {
        same("/subscriptions/{s}/id-{u}", "/subscriptions/{s}/ID-{u}", Some(true));
        same("/subscriptions/{s}/id-{u}", "/subscriptions/{s}/id-{v}", None);
        same("{identity}", "{identity}", Some(true));
        same("{identity}", "{other}", None);
    }

    #[test]
    fn known_parts_that_differ_decide() {
        same("/subscriptions/{s}/id-a", "/subscriptions/{s}/id-b", Some(false));
        same("/subscriptions/{s}/id-a-{u}", "/subscriptions/{s}/id-b-{u}", Some(false));
        same("/subscriptions/{s}/a/{u}", "/subscriptions/{s}/b/{u}", Some(false));
        same("/subscriptions/{s}/id-a", "/subscriptions/S/id-a", None);
        same("{identity}", "/subscriptions/s/id-a", None);
        same("cr{u}.azurecr.io", "ghcr.io", Some(false));
        same("cr{u}.azurecr.io", "crx.azurecr.io", None);
        same("cr{u}.azurecr.io", "cr.azurecr.us", Some(false));
    }

    #[test]
    fn a_canonical_text_is_what_it_was_made_of() {
        let pieces = [
            Piece::Known("/S/".to_owned()),
            Piece::Unknown("format('{0}', b)".to_owned()),
            Piece::Known("-x".to_owned()),
        ];
        let value = Value::unknown(Unknown { pieces: pieces.to_vec(), ..Unknown::default() }, Span::NONE);
        assert_eq!(Partial::canonical(&value.canonical().unwrap()), Partial::of(&value).unwrap());
        assert_eq!(Partial::canonical("/s/{open"), Partial::known("/s/{open"));
    }

    #[test]
    fn an_id_is_cut_with_what_is_unknown_of_it() {
        let id = Partial::of(&value("/s/{a}/sites/{b}/config/web")).unwrap();
        assert_eq!(id.ancestor(2), Partial::of(&value("/s/{a}/sites/{b}")));
        assert_eq!(id.name(), "web");
        assert_eq!(Partial::known("a").ancestor(2), None);
        let image = Partial::of(&value("cr{u}.azurecr.io/app:{t}")).unwrap();
        assert_eq!(image.head(), Partial::of(&value("cr{u}.azurecr.io")));
    }
}
