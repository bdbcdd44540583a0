//! Loops: `copy` on resources, properties, variables and outputs.
//!
//! What a loop may be is in
//! https://learn.microsoft.com/azure/azure-resource-manager/templates/copy-resources and its sister pages.

use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Data, Unknown, Value};

use super::error::{Error, Kind, Outcome};
use super::view::View;

/// The loops around an expression, innermost first; shares its tail.
#[derive(Clone, Debug, Default)]
pub(super) struct Loops(Option<Rc<Turn>>);

#[derive(Debug)]
struct Turn {
    name: Option<Text>,
    index: Index,
    of: Of,
    outer: Loops,
}

/// What a loop repeats. `copyIndex()` without a name is that of a resource or an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Whole,
    Part,
}

/// Which turn of a loop it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Index {
    Known(i64),
    /// The one turn that stands for all when nobody knows how many there are: why.
    Any(String),
}

/// A loop of a property or variable as it is written.
pub(super) struct Written<'v> {
    pub name: &'v Value,
    pub count: &'v Value,
    pub input: &'v Value,
}

/// How often a loop runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Count {
    Known(i64),
    /// Why it is not known. An impossible count is reported, and then not known.
    Unknown(String),
}

/// https://learn.microsoft.com/azure/azure-resource-manager/templates/copy-resources#copy-limits
const MAX_COUNT: i64 = 800;

impl Loops {
    /// One more loop around.
    pub fn inside(&self, name: Option<Text>, index: Index, of: Of) -> Loops {
        Loops(Some(Rc::new(Turn { name, index, of, outer: self.clone() })))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What `copyIndex(name)` gives, without the offset.
    pub fn index(&self, name: Option<&str>, at: Span) -> Outcome {
        let turns = || std::iter::successors(self.0.as_deref(), |turn| turn.outer.0.as_deref());
        let found = match name {
            Some(name) => turns().find(|turn| turn.name.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(name))),
            None => turns().find(|turn| turn.of == Of::Whole),
        };
        match (found, name) {
            (Some(turn), _) => Ok(turn.value(at)),
            (None, Some(name)) if self.0.is_some() => {
                let names: Vec<&str> = turns().filter_map(|turn| turn.name.as_deref()).collect();
                Err(Error::not_found("loop", name, names, at))
            }
            (None, None) if self.0.is_some() => {
                let message = "copyIndex() in the loop of a property or variable needs the loop's name";
                Err(Error::new(Kind::Placement, message, at))
            }
            _ => Err(Error::new(Kind::Placement, "copyIndex() stands outside of any loop", at)),
        }
    }
}

impl Turn {
    fn value(&self, at: Span) -> Value {
        match &self.index {
            Index::Known(index) => Value::new(Data::Int(*index), at),
            Index::Any(why) => {
                let name = self.name.as_ref().map_or(String::new(), |name| format!("'{name}'"));
                Value::unknown(Unknown::new(format!("copyIndex({name})"), why.as_str()), at)
            }
        }
    }
}

impl Count {
    /// The turns to expand: one for all when the number is not known.
    pub fn turns(&self) -> Vec<Index> {
        match self {
            Count::Known(count) => (0..*count).map(Index::Known).collect(),
            Count::Unknown(why) => vec![Index::Any(why.clone())],
        }
    }
}

/// The loops in the `copy` member of an object; `None` when it is a plain member that is called so.
pub(super) fn written(copy: &Value) -> Option<Vec<Written<'_>>> {
    let items = copy.as_array()?;
    let one = |item| {
        let object = Value::as_object(item)?;
        let (name, count, input) = (object.get("name")?, object.get("count")?, object.get("input")?);
        Some(Written { name: &name.value, count: &count.value, input: &input.value })
    };
    (!items.is_empty()).then(|| items.iter().map(one).collect()).flatten()
}

impl View<'_> {
    /// How often a loop runs; what cannot be is reported.
    pub fn count(&self, count: &Value) -> Count {
        let value = match self.compute(count) {
            Ok(value) => value,
            Err(error) => return self.impossible(error),
        };
        match &value.data {
            Data::Int(count @ 0..=MAX_COUNT) => Count::Known(*count),
            Data::Int(count) if *count < 0 => {
                let message = format!("a loop cannot run {count} times");
                self.report(Error::new(Kind::Value, message, value.at));
                Count::Known(0)
            }
            Data::Int(count) => {
                let message = format!("a loop runs at most {MAX_COUNT} times, not {count}");
                self.impossible(Error::new(Kind::Limit, message, value.at))
            }
            Data::Unknown(unknown) => Count::Unknown(unknown.why.clone()),
            _ => self.impossible(Error::new(Kind::Type, "the count of a loop is a whole number", value.at)),
        }
    }

    /// The array that a loop makes of its input.
    pub fn repeated(&self, written: &Written, of: Of, name: Option<Text>) -> Value {
        let at = written.input.at;
        let count = self.count(written.count);
        if let Count::Unknown(why) = count {
            return Value::array(vec![self.representative(written, of, name, why)], at);
        }
        let mut items = Vec::new();
        for turn in count.turns() {
            if let Err(error) = self.session.count_element(at) {
                self.report(error);
                break;
            }
            items.push(self.inside(name.clone(), turn, of).evaluate(written.input));
        }
        Value::array(items, at)
    }

    /// The element that stands for any number of them.
    fn representative(&self, written: &Written, of: Of, name: Option<Text>, why: String) -> Value {
        let input = self.inside(name, Index::Any(why.clone()), of).evaluate(written.input);
        let expression = input.as_unknown().map_or_else(|| "…".to_owned(), |unknown| unknown.expression.clone());
        let unknown = Unknown { alternatives: vec![input], spread: true, ..Unknown::new(expression, why) };
        Value::unknown(unknown, written.input.at)
    }

    fn impossible(&self, error: Error) -> Count {
        let why = error.message.clone();
        self.report(error);
        Count::Unknown(why)
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{gives, outputs, refuses, resources, run};
    use super::*;

    #[test]
    fn loops_of_variables_properties_and_outputs() {
        gives(
            r#"{"variables": {"copy": [{"name": "v", "count": 2, "input": "[copyIndex('v', 1)]"}],
                              "o": {"copy": [{"name": "l", "count": 2, "input": {"i": "[copyIndex('l')]"}}], "x": 1}},
                "outputs": {"v": {"value": "[variables('v')]"}, "o": {"value": "[variables('o')]"},
                            "c": {"copy": {"count": 2, "input": "[copyIndex()]"}}}}"#,
            "v=[1,2] o={l:[{i:0},{i:1}],x:1} c=[0,1]",
        );
    }

    #[test]
    fn a_member_that_is_called_copy_is_no_loop() {
        gives(r#"{"outputs": {"a": {"value": {"copy": "yes", "x": {"copy": [1]}}}}}"#, "a={copy:yes,x:{copy:[1]}}");
    }

    #[test]
    fn counts_have_bounds() {
        let counted = |count: &str| format!(r#"{{"outputs": {{"a": {{"copy": {{"count": {count}, "input": 1}}}}}}}}"#);
        refuses(&counted("801"), Kind::Limit, "at most 800");
        refuses(&counted("1000000000"), Kind::Limit, "at most 800");
        refuses(&counted("-1"), Kind::Value, "-1 times");
        refuses(&counted("\"x\""), Kind::Type, "whole number");
        assert_eq!(run(&counted("800"), "{}").outputs[0].1.as_array().unwrap().len(), 800);
        assert_eq!(outputs(&run(&counted("0"), "{}")), "a=[]");
    }

    #[test]
    fn loops_inside_loops_end() {
        let mut input = "1".to_owned();
        for level in 0..6 {
            input = format!(
                r#"{{"copy": [{{"name": "l{level}", "count": 800, "input": ["[copyIndex('l{level}')]", {input}]}}]}}"#
            );
        }
        refuses(&format!(r#"{{"variables": {{"v": {input}}}}}"#), Kind::Limit, "elements");
    }

    #[test]
    fn a_loop_of_unknown_length_has_one_element_that_stands_for_all() {
        let template = r#"{"parameters": {"names": {"type": "array"}}, "resources": [
            {"type": "A.B/c", "name": "[concat('x-', parameters('names')[copyIndex()])]", "apiVersion": "1",
             "copy": {"name": "l", "count": "[length(parameters('names'))]"},
             "properties": {"copy": [{"name": "p", "count": "[length(parameters('names'))]", "input": "[copyIndex('p')]"}]}}]}"#;
        let expansion = run(template, "{}");
        assert_eq!(resources(&expansion), "?x-… maybe");
        let parts = expansion.resources[0].body.path(&["properties", "p"]).unwrap().as_array().unwrap();
        assert!(parts[0].as_unknown().unwrap().spread);
        assert!(expansion.problems.is_empty(), "{:?}", expansion.problems);
    }

    #[test]
    fn copy_index_belongs_into_a_loop() {
        refuses(r#"{"outputs": {"a": {"value": "[copyIndex()]"}}}"#, Kind::Placement, "outside of any loop");
        refuses(
            r#"{"variables": {"copy": [{"name": "v", "count": 1, "input": "[copyIndex('w')]"}]}}"#,
            Kind::NotFound,
            "there is no loop `w`",
        );
        refuses(
            r#"{"variables": {"copy": [{"name": "v", "count": 1, "input": "[copyIndex()]"}]}}"#,
            Kind::Placement,
            "needs the loop's name",
        );
    }
}
