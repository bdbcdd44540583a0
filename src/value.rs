//! A JSON or YAML value that knows where it was written, or why it is not known.
//!
//! One type from the document to the manifest: a reader makes it of text, the template language computes with it, and the
//! readers of manifests look into it. Cloning is cheap: texts share their file, arrays and objects are counted.

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
    next: Via,
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
        if !at.is_written() || self.0.as_ref().is_some_and(|hop| hop.at == at) {
            return self;
        }
        Via(Some(Rc::new(Hop { at, next: self })))
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
        std::iter::successors(self.0.as_ref(), |hop| hop.next.0.as_ref()).map(|hop| hop.at).collect()
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
