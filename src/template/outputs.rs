//! Outputs: evaluated once, for who reads them and for the templates around.

use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Data, Member, Unknown, Value};

use super::copies::{Of, Written};
use super::expansion::Condition;
use super::frame::Frame;
use super::functions;
use super::scope::Place;
use super::session::Session;
use super::slot::Cycle;
use super::types::Types;
use super::view::View;

/// An output of a template.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub name: Text,
    pub at: Span,
    /// The word of its type, as it is written.
    kind: Value,
    pub value: Value,
}

impl Frame {
    /// The outputs that the template gives.
    ///
    /// # Errors
    /// When they depend on themselves.
    pub fn outputs(self: &Rc<Frame>, session: &Session) -> Result<Rc<Vec<Output>>, Cycle> {
        self.outputs.get(|| {
            let members = self.section("outputs").map(|outputs| &*outputs.members).unwrap_or_default();
            Rc::new(members.iter().filter_map(|member| self.output(session, member)).collect())
        })
    }

    /// What `reference()` gives as `outputs`.
    pub fn outputs_object(outputs: &[Output], at: Span) -> Value {
        let member = |output: &Output| {
            let typed =
                vec![Member::new("type", at, output.kind.clone()), Member::new("value", at, output.value.clone())];
            Member::new(output.name.clone(), output.at, Value::object(typed, at))
        };
        Value::object(outputs.iter().map(member).collect(), at)
    }

    fn output(self: &Rc<Frame>, session: &Session, member: &Member) -> Option<Output> {
        let view = View::new(session, self, Place::Output);
        let declared = &member.value;
        let condition = declared.get("condition").map_or(Condition::Always, |value| view.condition(value));
        if condition == Condition::Never {
            return None;
        }
        let looped = declared.get("copy").and_then(|copy| Some((copy.get("count")?, copy.as_object()?.get("input")?)));
        let value = match (looped, declared.as_object().and_then(|declared| declared.get("value"))) {
            (Some((count, input)), _) => {
                let written = Written { name: count, count, input: &input.value };
                view.repeated(&written, Of::Whole, None)
            }
            (None, Some(value)) => view.evaluate(&value.value),
            (None, None) => Value::null(declared.at),
        };
        let value = session.bounded(value, &format!("the output `{}`", member.key), member.key_at);
        let types = Types::new(session, self);
        types.check_output(declared, &value, &format!("the output `{}`", member.key), member.key_at);
        let value = match types.is_secure(declared) && !value.is_secure() && !value.is_null() {
            true => functions::secure(value, member.key_at),
            false => value,
        };
        let value = match condition {
            Condition::Maybe(why) => perhaps(value, why),
            _ => value,
        };
        let kind = declared.get("type").cloned().unwrap_or_else(|| Value::null(declared.at));
        Some(Output { name: member.key.clone(), at: member.key_at, kind, value })
    }
}

/// A value that may not be there.
fn perhaps(value: Value, why: String) -> Value {
    let expression = super::spell::value(&value);
    let at = value.at;
    let unknown = Unknown { alternatives: vec![value], ..Unknown::new(expression, why) };
    Value::new(Data::Unknown(Rc::new(unknown)), at)
}
