//! A JSON or YAML value that knows where it was written, or why it is not known.
//!
//! One type from the document to the manifest: a reader makes it of text, the template language computes with it, and the
//! readers of manifests look into it. Cloning is cheap: texts share their file, arrays and objects are counted.

use std::ops::Range;
use std::rc::Rc;

use crate::source::{Span, Text};

/// A value, where it was written, and what it passed through.
#[derive(Clone, Debug)]
pub struct Value {
    pub data: Data,
    /// Where the text to change stands: the literal, also after it passed through parameters and modules.
    pub at: Span,
    /// The places that it passed through, nearest first: `parameters('x')` in the image, the module's parameter …
    pub via: Via,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Data {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Text),
    Array(Rc<[Value]>),
    Object(Object),
    /// What only Azure knows, or only after deployment.
    Unknown(Rc<Unknown>),
    /// What must not be shown. The value inside is used for judging only.
    Secure(Rc<Value>),
}

/// Members in the order they were written, duplicates included: the last one of a name counts.
#[derive(Clone, Debug, Default)]
pub struct Object {
    pub members: Rc<[Member]>,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Member {
    pub key: Text,
    pub key_at: Span,
    pub value: Value,
    /// What the key is made of where part of it is not known; `key` then holds `…` for each unknown stretch.
    pub key_unknown: Option<Rc<Unknown>>,
}

/// The trail of a value: a list that shares its tail, nearest place first.
#[derive(Clone, Debug, Default)]
pub struct Via(Option<Rc<Hop>>);

#[derive(Debug)]
struct Hop {
    at: Span,
    /// Which bytes of a text that was put together are from here, in the text with `…` for what is not known.
    part: Option<Part>,
    next: Via,
}

/// A stretch of the text that a value was put together to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub start: u32,
    pub end: u32,
}

/// A value that is not known before deployment.
#[derive(Clone, Debug, Default)]
pub struct Unknown {
    /// The expression, reduced as far as it can be, without brackets: `reference('…').defaultDomain`.
    pub expression: String,
    /// Why it is not known, for people.
    pub why: String,
    /// For a string: its known and unknown stretches. Empty when nothing of it is known, or when it is no string.
    pub pieces: Vec<Piece>,
    /// What it stands for, where that much is known.
    pub symbol: Option<Symbol>,
    /// What it can turn out to be, where those are few: both branches of an `if` whose condition is not known.
    pub alternatives: Vec<Value>,
    /// As an element of an array, or a member named `…` of an object: stands for any number of them, also for none.
    pub spread: bool,
}

/// A stretch of a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Known(String),
    /// The expression of the stretch in one canonical spelling, so that equal texts mean equal values.
    Unknown(String),
}

/// A property of a resource that only Azure assigns, named by the resource: enough to match two of them.
/// The id is the resource's [`Value::canonical`] one, so that equal symbols mean the same resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Symbol {
    /// The object id of the identity of this resource (`principalId`).
    Principal(String),
    /// The application id of the identity of this resource (`clientId`).
    Client(String),
    /// A secret that the resource gives out: `listKeys`, `listCredentials`.
    Secret(String),
    /// Any other property of this resource: id, and path as `properties.configuration.ingress`; empty for the whole resource.
    Property(String, String),
}

impl Value {
    pub fn new(data: Data, at: Span) -> Value {
        Value { data, at, via: Via::default() }
    }

    pub fn null(at: Span) -> Value {
        Value::new(Data::Null, at)
    }

    pub fn string(text: impl Into<Text>, at: Span) -> Value {
        Value::new(Data::String(text.into()), at)
    }

    pub fn array(items: Vec<Value>, at: Span) -> Value {
        Value::new(Data::Array(items.into()), at)
    }

    pub fn object(members: Vec<Member>, at: Span) -> Value {
        Value::new(Data::Object(members.into()), at)
    }

    pub fn unknown(unknown: Unknown, at: Span) -> Value {
        Value::new(Data::Unknown(Rc::new(unknown)), at)
    }

    /// The known text, also inside a secure value's wrapper: never print it without asking [`Value::is_secure`].
    pub fn as_str(&self) -> Option<&str> {
        match &self.plain().data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.plain().data {
            Data::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<&[Value]> {
        match &self.plain().data {
            Data::Array(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_object(&self) -> Option<&Object> {
        match &self.plain().data {
            Data::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn as_unknown(&self) -> Option<&Unknown> {
        match &self.plain().data {
            Data::Unknown(unknown) => Some(unknown),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    pub fn is_secure(&self) -> bool {
        matches!(self.data, Data::Secure(_))
    }

    /// The member of an object, without regard to case as Resource Manager reads them; `None` when absent or null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key).map(|member| &member.value).filter(|value| !value.is_null())
    }

    /// The value at the end of a path of members.
    pub fn path(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text with `…` for what is not known; `None` for what is no text at all. Secure texts are not given.
    pub fn partial(&self) -> Option<String> {
        match &self.data {
            Data::String(text) => Some(text.to_string()),
            Data::Unknown(unknown) => Some(unknown.partial()),
            _ => None,
        }
    }

    /// The text as one to look up: lower case, with `{expression}` for each unknown stretch, so that two resource ids with
    /// equal spellings are the same id. `None` for what is no text. Secure texts are not given.
    pub fn canonical(&self) -> Option<String> {
        match &self.data {
            Data::String(text) => Some(text.to_lowercase()),
            Data::Unknown(unknown) => Some(unknown.canonical()),
            _ => None,
        }
    }

    /// The same value, having passed through `at` as well.
    pub fn through(mut self, at: Span) -> Value {
        self.via = self.via.and(at);
        self
    }

    /// The value as the place to change for these bytes of its text: where the text was put together, the part that holds
    /// them, or the empty part that they stand around. `None` where no single part is to blame.
    pub fn blamed(&self, bytes: &Range<usize>) -> Option<Value> {
        let wanted = Part { start: u32::try_from(bytes.start).ok()?, end: u32::try_from(bytes.end).ok()? };
        let part = self.via.blamed(wanted)?;
        let mut hops: Vec<Span> = self.via.hops().filter(|hop| hop.part == Some(part)).map(|hop| hop.at).collect();
        let written = hops.pop()?;
        let offset = |byte: u32| byte.saturating_sub(part.start) as usize;
        let mirrors = written.end.saturating_sub(written.start) == part.end - part.start;
        let at = match mirrors && part.holds(wanted) {
            true => written.within(offset(wanted.start)..offset(wanted.end)),
            false => written,
        };
        let around = self.via.hops().filter(|hop| hop.part.is_none()).map(|hop| hop.at);
        let trail: Vec<Span> = around.chain([self.at]).chain(hops).collect();
        let via = trail.into_iter().rev().fold(Via::default(), Via::and);
        Some(Value { data: self.data.clone(), at, via })
    }

    fn plain(&self) -> &Value {
        match &self.data {
            Data::Secure(inner) => inner.plain(),
            _ => self,
        }
    }
}

impl From<Vec<Member>> for Object {
    fn from(members: Vec<Member>) -> Object {
        Object { members: members.into() }
    }
}

impl Object {
    /// The last member of this name, without regard to case.
    pub fn get(&self, key: &str) -> Option<&Member> {
        self.members.iter().rev().find(|member| member.key.eq_ignore_ascii_case(key))
    }
}

impl Member {
    pub fn new(key: impl Into<Text>, key_at: Span, value: Value) -> Member {
        Member { key: key.into(), key_at, value, key_unknown: None }
    }
}

impl Via {
    /// The trail with one more place, which becomes the nearest.
    pub fn and(self, at: Span) -> Via {
        self.and_part(at, None)
    }

    /// The trail with one more place, from which this part of the text is.
    pub fn and_part(self, at: Span, part: Option<Part>) -> Via {
        if !at.is_written() || self.0.as_ref().is_some_and(|hop| hop.at == at && (hop.part == part || part.is_none())) {
            return self;
        }
        Via(Some(Rc::new(Hop { at, part, next: self })))
    }

    /// The places with the part of the text that each gave, nearest first.
    pub fn parts(&self) -> impl Iterator<Item = (Span, Option<Part>)> {
        self.hops().map(|hop| (hop.at, hop.part))
    }

    /// The trail of a text of which so many bytes were cut off in front; `None` where its parts hold no longer.
    pub fn cut(&self, front: Option<u32>) -> Via {
        if !self.has_parts() {
            return self.clone();
        }
        let moved = |part: Part| {
            let front = front?;
            (part.end >= front).then(|| Part { start: part.start.saturating_sub(front), end: part.end - front })
        };
        let hops: Vec<_> = self.parts().collect();
        hops.into_iter().rev().fold(Via::default(), |via, (at, part)| via.and_part(at, part.and_then(moved)))
    }

    pub fn has_parts(&self) -> bool {
        self.hops().any(|hop| hop.part.is_some())
    }

    fn hops(&self) -> impl Iterator<Item = &Hop> {
        std::iter::successors(self.0.as_deref(), |hop| hop.next.0.as_deref())
    }

    fn blamed(&self, wanted: Part) -> Option<Part> {
        let parts = || self.hops().filter_map(|hop| hop.part);
        // Where something is missing, it is missing behind what stands in front.
        let holds = |part: &Part| part.holds(wanted) && part.start < wanted.end;
        let holding = parts().filter(holds).min_by_key(|part| part.end - part.start);
        let empty = parts().find(|part| part.is_empty() && wanted.start <= part.start && part.end <= wanted.end);
        let found = if wanted.is_empty() { empty.or(holding) } else { holding.or(empty) };
        // A mistake that goes on behind a part begins in it.
        let begun = |part: &Part| part.start <= wanted.start && wanted.start < part.end;
        found.or_else(|| parts().filter(begun).min_by_key(|part| part.end - part.start))
    }

    /// The last place passed through.
    pub fn nearest(&self) -> Option<Span> {
        self.0.as_ref().map(|hop| hop.at)
    }

    /// The trail of a part, and then that of the whole which it was taken from.
    pub fn within(self, whole: &Via) -> Via {
        match (&self.0, &whole.0) {
            (_, None) => self,
            (None, Some(_)) => whole.clone(),
            (Some(_), Some(_)) => whole.spans().into_iter().rev().fold(self, Via::and),
        }
    }

    /// The places, nearest first.
    pub fn spans(&self) -> Vec<Span> {
        self.hops().map(|hop| hop.at).collect()
    }
}

impl Part {
    /// The same stretch of a text that has so many bytes in front.
    pub fn moved(self, by: u32) -> Part {
        Part { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    fn holds(self, inner: Part) -> bool {
        self.start <= inner.start && inner.end <= self.end
    }
}

/// Two unknowns are one when they are spelled the same: an expression has one value throughout a deployment.
impl PartialEq for Unknown {
    fn eq(&self, other: &Unknown) -> bool {
        self.expression == other.expression && self.pieces == other.pieces && self.symbol == other.symbol
    }
}

impl Drop for Hop {
    // A trail can be as long as a template is deep in modules; freeing it must not recurse.
    fn drop(&mut self) {
        let mut next = self.next.0.take();
        while let Some(mut hop) = next.and_then(Rc::into_inner) {
            next = hop.next.0.take();
        }
    }
}

impl Unknown {
    /// Something of which nothing is known but the expression.
    pub fn new(expression: impl Into<String>, why: impl Into<String>) -> Unknown {
        Unknown { expression: expression.into(), why: why.into(), ..Unknown::default() }
    }

    /// As [`Value::canonical`].
    pub fn canonical(&self) -> String {
        if self.pieces.is_empty() {
            return format!("{{{}}}", self.expression);
        }
        let spelled = |piece: &Piece| match piece {
            Piece::Known(text) => text.to_lowercase(),
            Piece::Unknown(expression) => format!("{{{expression}}}"),
        };
        self.pieces.iter().map(spelled).collect()
    }

    /// The text with `…` for each unknown stretch; just `…` when nothing of it is known.
    pub fn partial(&self) -> String {
        if self.pieces.is_empty() {
            return "…".to_owned();
        }
        self.pieces.iter().map(|piece| if let Piece::Known(text) = piece { text } else { "…" }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, Value, Via};
    use crate::source::{Sources, Span};

    /// `api` and `:v1`, put together by what stands behind them in the file.
    fn composed() -> (Value, [Span; 3]) {
        let file = Sources::default().add("main.json", "api:v1concat");
        let [name, tag, call] = [(0, 3), (3, 6), (6, 12)].map(|(start, end)| Span { file, start, end });
        let via = Via::default()
            .and_part(name, Some(Part { start: 0, end: 3 }))
            .and_part(tag, Some(Part { start: 3, end: 6 }));
        (Value { via, ..Value::string("api:v1", call) }, [name, tag, call])
    }

    #[test]
    fn the_part_that_holds_the_bytes_is_to_blame() {
        let (value, [name, tag, call]) = composed();
        assert_eq!(value.blamed(&(1..3)).map(|value| value.at), Some(name.within(1..3)));
        let blamed = value.blamed(&(3..6)).unwrap();
        assert_eq!((blamed.at, blamed.via.spans()), (tag, vec![call]));
        assert_eq!(value.blamed(&(2..4)).map(|value| value.at), Some(name), "where it begins");
        assert!(value.blamed(&(6..8)).is_none());
    }

    #[test]
    fn parts_move_with_what_is_cut_off_and_end_with_what_is_changed() {
        let (value, [_, tag, _]) = composed();
        let moved = Value { via: value.via.cut(Some(3)), ..value.clone() };
        assert_eq!(moved.blamed(&(1..3)).map(|value| value.at), Some(tag.within(1..3)));
        assert!(Value { via: value.via.cut(None), ..value }.blamed(&(3..6)).is_none());
    }
}
