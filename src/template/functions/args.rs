//! A call: its arguments as the functions take them, and the results that they give.

use crate::source::{Span, Text};
use crate::template::ast::Expr;
use crate::template::compare;
use crate::template::error::{Error, Kind, Outcome};
use crate::template::eval::{self, Env};
use crate::template::{spell, text};
use crate::value::{Data, Object, Unknown, Value};

use super::{MAX_ALTERNATIVES, Run, apply, joined, kind_of, why};

/// A call whose arguments are evaluated.
pub struct Args<'a> {
    pub name: &'a str,
    pub values: &'a [Value],
    pub exprs: &'a [Expr],
    pub at: Span,
    pub env: &'a Env<'a>,
}

/// A call whose arguments are not evaluated yet.
pub struct Lazy<'a> {
    pub name: &'a str,
    pub exprs: &'a [Expr],
    pub at: Span,
    pub env: &'a Env<'a>,
}

/// A template has at most 4 MB; so has any text in it.
const MAX_TEXT: usize = 4 << 20;

impl<'a> Args<'a> {
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The text of an argument.
    ///
    /// # Errors
    /// Of kind `Type` when it is none, as in all functions that follow.
    pub fn text(&self, index: usize) -> Result<&'a Text, Error> {
        match &self.values[index].data {
            Data::String(text) => Ok(text),
            _ => Err(self.wrong_type(index, "a string")),
        }
    }

    pub fn int(&self, index: usize) -> Result<i64, Error> {
        match self.values[index].data {
            Data::Int(value) => Ok(value),
            _ => Err(self.wrong_type(index, "an int")),
        }
    }

    pub fn array(&self, index: usize) -> Result<&'a [Value], Error> {
        match &self.values[index].data {
            Data::Array(items) => Ok(items),
            _ => Err(self.wrong_type(index, "an array")),
        }
    }

    pub fn object(&self, index: usize) -> Result<&'a Object, Error> {
        match &self.values[index].data {
            Data::Object(object) => Ok(object),
            _ => Err(self.wrong_type(index, "an object")),
        }
    }

    pub fn is_unknown(&self, index: usize) -> bool {
        matches!(self.values[index].data, Data::Unknown(_))
    }

    /// The error of an argument that is of the wrong type.
    pub fn wrong_type(&self, index: usize, expected: &str) -> Error {
        const ORDINALS: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];
        let place = match (self.len().max(self.exprs.len()), ORDINALS.get(index)) {
            (1, _) => "its argument".to_owned(),
            (_, Some(ordinal)) => format!("its {ordinal} argument"),
            (_, None) => format!("its argument number {}", index + 1),
        };
        let message = format!("{place} is {}", kind_of(&self.values[index]));
        let at = self.exprs.get(index).map_or(self.at, |expr| expr.at);
        Error::new(Kind::Type, message, at).of(self.name).expected(format!("expected {expected}"))
    }

    pub fn error(&self, kind: Kind, message: impl Into<String>) -> Error {
        Error::new(kind, message, self.at).of(self.name)
    }

    /// The error of an argument whose content is wrong.
    pub fn wrong(&self, index: usize, kind: Kind, message: impl Into<String>) -> Error {
        let at = self.exprs.get(index).map_or(self.at, |expr| expr.at);
        Error::new(kind, message, at).of(self.name)
    }

    /// A result made by the call.
    pub fn give(&self, data: Data) -> Outcome {
        Ok(Value::new(data, self.at))
    }

    pub fn give_bool(&self, value: bool) -> Outcome {
        self.give(Data::Bool(value))
    }

    pub fn give_text(&self, text: impl Into<Text>) -> Outcome {
        let text = text.into();
        self.spend_text(text.len())?;
        self.give(Data::String(text))
    }

    pub fn give_array(&self, items: Vec<Value>) -> Outcome {
        self.spend(items.len())?;
        self.give(Data::Array(items.into()))
    }

    /// A result that is the first argument's text, changed: a person would still edit that text.
    pub fn give_changed(&self, of: usize, text: impl Into<Text>) -> Outcome {
        let text = text.into();
        self.spend_text(text.len())?;
        Ok(text::made_of(&self.values[of], Data::String(text), self.at))
    }

    /// `true`, `false`, or not known.
    pub fn give_maybe(&self, truth: Option<bool>) -> Outcome {
        match truth {
            Some(truth) => self.give_bool(truth),
            None => Ok(self.unknown()),
        }
    }

    /// The call as an unknown value.
    pub fn unknown(&self) -> Value {
        let reason = self.values.iter().find_map(|value| why(value, 0)).unwrap_or("a part of it is not known");
        Value::unknown(Unknown::new(spell::call(self.name, self.values), reason), self.at)
    }

    /// Whether the place lies in the call.
    pub fn covers(&self, at: Span) -> bool {
        at.file == self.at.file && self.at.start <= at.start && at.end <= self.at.end
    }

    pub fn spend(&self, cost: usize) -> Result<(), Error> {
        self.env.scope.engine().spend(cost, self.at)
    }

    /// # Errors
    /// Of kind `Limit` when a text is longer than a template can be.
    pub fn spend_text(&self, length: usize) -> Result<(), Error> {
        if length > MAX_TEXT {
            return Err(self.error(Kind::Limit, "the text would be longer than 4 MB"));
        }
        self.spend(length / 32)
    }

    /// The results for each of the values that the argument at `place` can have.
    pub(super) fn choose(&self, run: Run, place: usize) -> Outcome {
        let Data::Unknown(chosen) = &self.values[place].data else { return Ok(self.unknown()) };
        let results = chosen.alternatives.iter().map(|alternative| {
            let same = |value: &Value| matches!(&value.data, Data::Unknown(unknown) if unknown == chosen);
            let values: Vec<Value> =
                self.values.iter().map(|value| if same(value) { alternative } else { value }.clone()).collect();
            self.spend(values.len())?;
            apply(run, &Args { values: &values, ..*self })
        });
        Args::unify(results, &spell::call(self.name, self.values), &chosen.why, self.at)
    }

    /// One value of several that it can be: the value itself when all are equal. A case that fails is no possibility as
    /// long as another does not fail, but then nobody can be sure of the others.
    ///
    /// # Errors
    /// When all fail.
    pub fn unify(outcomes: impl Iterator<Item = Outcome>, expression: &str, why: &str, at: Span) -> Outcome {
        let mut alternatives: Vec<Value> = Vec::new();
        let mut failed = None;
        let mut plain = true;
        for outcome in outcomes {
            match outcome {
                Ok(value) => match &value.data {
                    Data::Unknown(inner) if !inner.alternatives.is_empty() && !inner.spread => {
                        alternatives.extend(inner.alternatives.iter().cloned());
                    }
                    Data::Unknown(_) => {
                        plain = false;
                        alternatives.push(value);
                    }
                    _ => alternatives.push(value),
                },
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let Some(first) = alternatives.first().cloned() else {
            let nothing = || Error::new(Kind::Value, "none of what it could be has a value", at);
            return Err(failed.unwrap_or_else(nothing));
        };
        let mut distinct: Vec<Value> = Vec::new();
        for value in alternatives {
            if !distinct.iter().any(|seen| compare::equal(seen, &value) == Some(true)) {
                distinct.push(value);
            }
        }
        if distinct.len() == 1 && failed.is_none() {
            return Ok(first);
        }
        if failed.is_none()
            && let Some(object) = joined::join(&distinct, expression, why, at)
        {
            return Ok(object);
        }
        if distinct.len() > MAX_ALTERNATIVES || (!plain && distinct.len() == 1) {
            distinct.clear();
        }
        Ok(Value::unknown(Unknown { alternatives: distinct, ..Unknown::new(expression, why) }, at))
    }
}

impl<'a> Lazy<'a> {
    pub fn eval(&self, index: usize) -> Outcome {
        eval::eval(&self.exprs[index], self.env)
    }

    /// The call with these arguments evaluated.
    pub fn args<'v>(&self, values: &'v [Value]) -> Args<'v>
    where
        'a: 'v,
    {
        Args { name: self.name, values, exprs: self.exprs, at: self.at, env: self.env }
    }
}
