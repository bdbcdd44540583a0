//! Why an expression has no value: what is wrong with it, where, and what was expected instead.

use std::fmt;

use crate::source::Span;
use crate::value::Value;

/// What evaluation gives. That a value is not known before deployment is a value, never an error.
pub type Outcome = Result<Value, Error>;

/// A mistake in a template. A deployment of it would be refused, or would fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    /// The part of the expression that is wrong; its whole string where the string is written with escapes.
    pub at: Span,
    /// The function that refused its arguments, as it is spelled in the documentation.
    pub function: Option<String>,
    /// What would have been accepted, and what was meant perhaps.
    pub expected: Option<String>,
    /// It is in a resource of which is not known whether it is deployed, and why not: the deployment may never come to it.
    pub perhaps: Option<String>,
}

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Syntax,
    UnknownFunction,
    Arity,
    Type,
    Value,
    Range,
    NotFound,
    Cycle,
    /// A function where it must not be called: `reference` in a variable, `utcNow` outside of a default value.
    Placement,
    /// A function that this kind of deployment does not have: `resourceGroup` at subscription level.
    Scope,
    Limit,
    Parameter,
    ResourceName,
    /// The template's own `fail()`.
    UserFail,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>, at: Span) -> Error {
        Error { kind, message: message.into(), at, function: None, expected: None, perhaps: None }
    }

    /// No `thing` is called `name`; proposes the nearest of `names`.
    pub fn not_found<'n>(thing: &str, name: &str, names: impl IntoIterator<Item = &'n str>, at: Span) -> Error {
        let error = Error::new(Kind::NotFound, format!("there is no {thing} `{name}`"), at);
        match nearest(name, names) {
            Some(near) => error.expected(format!("did you mean `{near}`?")),
            None => error,
        }
    }

    pub fn expected(mut self, expected: impl Into<String>) -> Error {
        self.expected = Some(expected.into());
        self
    }

    /// The error of this function, unless it is already that of a function further inside.
    pub fn of(mut self, function: &str) -> Error {
        self.function.get_or_insert_with(|| function.to_owned());
        self
    }
}

impl Kind {
    /// Whether only a value can be wrong in this way: Resource Manager refuses the others in what is not deployed too.
    pub fn is_of_a_value(self) -> bool {
        matches!(self, Kind::Type | Kind::Value | Kind::Range | Kind::NotFound | Kind::Parameter | Kind::UserFail)
    }

    /// The word for it in reports and in test suites.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Syntax => "syntax",
            Kind::UnknownFunction => "unknown-function",
            Kind::Arity => "arity",
            Kind::Type => "type",
            Kind::Value => "value",
            Kind::Range => "range",
            Kind::NotFound => "not-found",
            Kind::Cycle => "cycle",
            Kind::Placement => "placement",
            Kind::Scope => "scope",
            Kind::Limit => "limit",
            Kind::Parameter => "parameter",
            Kind::ResourceName => "resource-name",
            Kind::UserFail => "user-fail",
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(function) = &self.function {
            write!(f, "{function}(): ")?;
        }
        f.write_str(&self.message)?;
        match &self.expected {
            Some(expected) => write!(f, "; {expected}"),
            None => Ok(()),
        }
    }
}

/// The name that was meant perhaps: few edits away, without regard to case.
pub(super) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    // A typing mistake touches a few letters; a long name would cost much and is never one.
    if name.len() > 128 {
        return None;
    }
    let name = name.to_lowercase();
    let most = 1 + name.len() / 5;
    let length = name.chars().count();
    let distance = |candidate: &&str| strsim::damerau_levenshtein(&name, &candidate.to_lowercase());
    // Each turn of a loop may ask: what is longer or shorter by more than the edits need not be compared.
    let is_close =
        |candidate: &&str| candidate.len() <= 128 && candidate.to_lowercase().chars().count().abs_diff(length) <= most;
    let best = names.into_iter().filter(is_close).min_by_key(distance)?;
    (distance(&best) <= most).then_some(best)
}
