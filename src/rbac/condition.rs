//! Conditions of role assignments, version 2.0: what an assignment allows only sometimes.
//!
//! Everything in the published grammar is read; what depends on something that nobody told us
//! (the time, the caller's attributes, a sub-operation) is unknown, and so is text that is not
//! understood. Nothing here guesses.
//!
//! Source: <https://learn.microsoft.com/azure/role-based-access-control/conditions-format>.

mod compare;
mod syntax;
mod token;

use super::operation::{Operation, Pattern};
use compare::compare;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Not;
use syntax::{Attribute, Connective, Expression, Operand, parse};

/// Whether something holds, where nobody may be able to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Truth {
    True,
    False,
    /// With what would have to be known: half sentences, such as ``nobody knows `@…` ``.
    Unknown(Vec<String>),
}

impl Truth {
    /// Unknown for one reason.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown(vec![why.into()])
    }

    /// Both hold. False as soon as one does not, whatever the other is.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, known) | (known, Self::True) => known,
            (Self::Unknown(mut these), Self::Unknown(those)) => {
                for why in those {
                    if !these.contains(&why) {
                        these.push(why);
                    }
                }
                Self::Unknown(these)
            }
        }
    }

    /// One of them holds.
    pub fn or(self, other: Self) -> Self {
        !((!self).and(!other))
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            unknown => unknown,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// What is known of the attributes that a condition may ask for. One that is not here is
/// unknown, not absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<String, Vec<String>>);

impl Attributes {
    /// One attribute of the request, such as the repository's name.
    pub fn request(name: &str, value: &str) -> Self {
        Self(BTreeMap::from([(key("request", name), vec![value.to_owned()])]))
    }

    /// Adds an attribute of `@Resource`, `@Principal`, … with its values.
    pub fn with(mut self, source: &str, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        self.0.insert(key(source, name), values);
        self
    }

    fn get(&self, attribute: &Attribute) -> Option<&[String]> {
        let key = key(&attribute.source, &attribute.name);
        self.0.get(&key).map(Vec::as_slice)
    }
}

/// Whether the condition lets this operation through.
///
/// A condition whose operation is not one of those that it aims at (`ActionMatches`) is true,
/// because it is written so; there is no special rule.
pub fn judge(condition: &str, operation: &Operation, attributes: &Attributes) -> Truth {
    match parse(condition) {
        Ok(expression) => Facts { operation, attributes }.judge(&expression),
        Err(reason) => Truth::unknown(reason),
    }
}

/// The comparisons that a condition makes with an attribute, as written, for a person to read:
/// `StringStartsWithIgnoreCase 'backend/'`. Empty when the condition is not understood.
pub fn comparisons(condition: &str, attribute: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = Vec::new();
    let parsed = parse(condition);
    open.extend(parsed.as_ref().ok());
    while let Some(expression) = open.pop() {
        match expression {
            Expression::Not(inner) => open.push(inner),
            Expression::Chain(first, rest) => {
                open.extend(rest.iter().rev().map(|(_, next)| next));
                open.push(first);
            }
            Expression::Compare(Operand::Attribute(named), operator, value)
                if named.name.eq_ignore_ascii_case(attribute) =>
            {
                found.push(format!("{operator} {value}"));
            }
            _ => (),
        }
    }
    found
}

struct Facts<'a> {
    operation: &'a Operation,
    attributes: &'a Attributes,
}

impl Facts<'_> {
    // As deep as `parse` allows an expression to be.
    fn judge(&self, expression: &Expression) -> Truth {
        match expression {
            Expression::ActionMatches(patterns) => {
                patterns.iter().any(|text| Pattern::from(text.as_str()).matches(self.operation.name())).into()
            }
            Expression::SubOperationMatches(name) => {
                Truth::unknown(format!("nobody knows whether the sub-operation is `{name}`"))
            }
            Expression::Exists(attribute) => match self.attributes.get(attribute) {
                Some(values) => (!values.is_empty()).into(),
                None => nobody_knows(attribute),
            },
            Expression::Compare(left, operator, right) => {
                let (left, right) = match (self.values(left), self.values(right)) {
                    (Ok(left), Ok(right)) => (left, right),
                    (Err(unknown), _) | (_, Err(unknown)) => return unknown,
                };
                compare(left, operator, right)
            }
            Expression::Not(inner) => !self.judge(inner),
            Expression::Chain(first, rest) => self.judge_chain(first, rest),
        }
    }

    // `a AND b OR c` needs parentheses, the documentation says, and not what happens without
    // them. Where both readings agree it does not matter; else nobody knows.
    fn judge_chain(&self, first: &Expression, rest: &[(Connective, Expression)]) -> Truth {
        let first = self.judge(first);
        let mut from_left = first.clone();
        let mut alternatives = Truth::False;
        let mut conjunction = first;
        for (connective, next) in rest {
            let next = self.judge(next);
            match connective {
                Connective::And => {
                    from_left = from_left.and(next.clone());
                    conjunction = conjunction.and(next);
                }
                Connective::Or => {
                    from_left = from_left.or(next.clone());
                    alternatives = alternatives.or(conjunction);
                    conjunction = next;
                }
            }
        }
        let and_first = alternatives.or(conjunction);
        match (from_left, and_first) {
            (Truth::True, Truth::False) | (Truth::False, Truth::True) => {
                Truth::unknown("`AND` and `OR` are mixed without parentheses")
            }
            (unknown @ Truth::Unknown(_), _) | (_, unknown) => unknown,
        }
    }

    fn values<'a>(&'a self, operand: &'a Operand) -> Result<&'a [String], Truth> {
        match operand {
            Operand::Values(values) => Ok(values),
            Operand::Attribute(attribute) => self.attributes.get(attribute).ok_or_else(|| nobody_knows(attribute)),
        }
    }
}

fn nobody_knows(attribute: &Attribute) -> Truth {
    Truth::unknown(format!("nobody knows `{attribute}`"))
}

fn key(source: &str, name: &str) -> String {
    format!("@{source}[{name}]").to_lowercase()
}

#[cfg(test)]
mod tests;
