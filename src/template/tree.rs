//! Evaluation of what a template holds: everything inside arrays and objects, loops included. What holds no expression is
//! shared with the document, not copied.

use crate::source::Text;
use crate::value::{Data, Member, Object, Unknown, Value};

use super::copies::{self, Of};
use super::error::{Error, Outcome};
use super::view::View;
use super::{eval, parser};

impl View<'_> {
    /// The evaluated value. Each mistake is reported, and its string becomes unknown because of it.
    pub fn evaluate(&self, value: &Value) -> Value {
        self.changed(value).unwrap_or_else(|| value.clone())
    }

    /// The evaluated value.
    ///
    /// # Errors
    /// When it is an expression with a mistake; mistakes further inside are reported.
    pub fn compute(&self, value: &Value) -> Outcome {
        match value.data {
            Data::String(_) => eval::evaluate(value, self),
            _ => Ok(self.evaluate(value)),
        }
    }

    /// Looks for what is no expression at all in a value that is not evaluated, because it is not deployed.
    pub fn parse_only(&self, value: &Value) {
        let Ok(_descent) = self.session.descend(value.at) else { return };
        match &value.data {
            Data::String(text) if parser::is_expression(text) => {
                if let Err(error) = parser::parse(text, value.at) {
                    self.session.report(error);
                }
            }
            Data::Array(items) => items.iter().for_each(|item| self.parse_only(item)),
            Data::Object(object) => object.members.iter().for_each(|member| self.parse_only(&member.value)),
            _ => (),
        }
    }

    /// The evaluated value; `None` when there was nothing to evaluate.
    fn changed(&self, value: &Value) -> Option<Value> {
        match &value.data {
            Data::String(text) => is_bracketed(text).then(|| self.string(value)),
            Data::Array(items) => {
                let items = self.items(value, items)?;
                Some(Value { data: Data::Array(items.into()), at: value.at, via: value.via.clone() })
            }
            Data::Object(object) => {
                let members = self.members(value, object)?;
                Some(Value { data: Data::Object(members.into()), at: value.at, via: value.via.clone() })
            }
            _ => None,
        }
    }

    fn string(&self, value: &Value) -> Value {
        eval::evaluate(value, self).unwrap_or_else(|error| self.mistaken(value, error))
    }

    /// Reports a mistake. What stands in its place is unknown because of it.
    pub fn mistaken(&self, value: &Value, error: Error) -> Value {
        let text = value.as_str().unwrap_or("…");
        let expression = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let unknown = Unknown::new(expression, error.to_string());
        self.report(error);
        Value::unknown(unknown, value.at)
    }

    fn items(&self, value: &Value, items: &[Value]) -> Option<Vec<Value>> {
        let _descent = self.session.descend(value.at).map_err(|error| self.report(error)).ok()?;
        let mut changed: Option<Vec<Value>> = None;
        for (index, item) in items.iter().enumerate() {
            let new = self.changed(item);
            if changed.is_none() && new.is_some() {
                changed = Some(started(items, index));
            }
            if let Some(done) = &mut changed {
                done.push(new.unwrap_or_else(|| item.clone()));
            }
        }
        changed
    }

    fn members(&self, value: &Value, object: &Object) -> Option<Vec<Member>> {
        let _descent = self.session.descend(value.at).map_err(|error| self.report(error)).ok()?;
        let mut changed: Option<Vec<Member>> = None;
        for (index, member) in object.members.iter().enumerate() {
            let copied = self.copied(member);
            let new = if copied.is_none() { self.member(member) } else { None };
            if changed.is_none() && (copied.is_some() || new.is_some()) {
                changed = Some(started(&object.members, index));
            }
            match (&mut changed, copied) {
                (None, _) => (),
                (Some(done), Some(made)) => done.extend(made),
                (Some(done), None) => done.push(new.unwrap_or_else(|| member.clone())),
            }
        }
        changed
    }

    fn member(&self, member: &Member) -> Option<Member> {
        let value = self.changed(&member.value);
        if !is_bracketed(&member.key) {
            return value.map(|value| Member { value, ..member.clone() });
        }
        let value = value.unwrap_or_else(|| member.value.clone());
        let key = self.string(&Value::string(member.key.clone(), member.key_at));
        let named = eval::keyed(&key, member.key_at, value.clone());
        Some(named.unwrap_or_else(|error| {
            self.report(error);
            Member { value, ..member.clone() }
        }))
    }

    /// The members that the `copy` member of an object stands for.
    fn copied(&self, member: &Member) -> Option<Vec<Member>> {
        if !member.key.eq_ignore_ascii_case("copy") {
            return None;
        }
        let loops = copies::written(&member.value)?;
        Some(loops.iter().map(|written| self.copied_member(written)).collect())
    }

    fn copied_member(&self, written: &copies::Written) -> Member {
        let name = self.text(written.name, "the name of a loop");
        let key: Text = name.as_ref().and_then(Value::as_str).unwrap_or("…").into();
        Member::new(key.clone(), written.name.at, self.repeated(written, Of::Part, Some(key)))
    }
}

/// Whether evaluation changes the text: an expression, or one that is escaped.
fn is_bracketed(text: &str) -> bool {
    text.starts_with('[') && text.ends_with(']')
}

/// A copy of the first `count` of them, with room for all.
fn started<T: Clone>(items: &[T], count: usize) -> Vec<T> {
    let mut started = Vec::with_capacity(items.len());
    started.extend_from_slice(&items[..count]);
    started
}
