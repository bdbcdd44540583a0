//! The elements of an array of which not everything is known.

use crate::source::Span;
use crate::value::{Data, Member, Unknown, Value};

/// The elements that an array has or may have.
#[derive(Debug, Default)]
pub(super) struct Elements<'v> {
    pub items: Vec<&'v Value>,
    /// For each of them, whether it is there only under a condition that is not decidable.
    pub perhaps: Vec<bool>,
    /// Why there may be other elements than these, or not all of these.
    pub unknown: Option<String>,
}

/// How many alternatives inside alternatives are followed; templates nest a handful of conditions.
const DEPTH: usize = 8;

/// The elements of an array; nulls are left out. Of an array that depends on a condition, the elements of every branch; of a
/// loop whose length is not known, its representative. What is no array is its own only element: a list of one whose dash was
/// forgotten.
pub(super) fn elements(value: Option<&Value>) -> Elements<'_> {
    let mut found = Elements::default();
    if let Some(value) = value {
        found.add_array(value, DEPTH, false);
    }
    found
}

/// Why this value is not known, for people; `None` when it is.
pub(super) fn unknown(value: Option<&Value>) -> Option<String> {
    value?.as_unknown().map(reason)
}

/// A value and, where it depends on a condition, what it can turn out to be instead: never empty.
pub(super) fn branches(value: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    add_branches(value, DEPTH, &mut found);
    found
}

/// The entries of a list, read one by one: registries, secrets.
#[derive(Debug)]
pub(super) struct Entries<T> {
    pub entries: Vec<T>,
    /// Where the list's key is written.
    pub at: Option<Span>,
    /// Why there may be others.
    pub unknown: Option<String>,
}

/// Reads each entry of a list; `read` is told whether the entry is there only under a condition. `holder` is the object that the list would be in: when nothing of it is known, nothing is known
/// of the list.
pub(super) fn entries<T>(list: Option<&Member>, holder: Option<&Value>, read: fn(&Value, bool) -> T) -> Entries<T> {
    let found = elements(list.map(|member| &member.value));
    let mut entries = Entries {
        entries: Vec::new(),
        at: list.map(|member| member.key_at),
        unknown: found.unknown.or_else(|| unknown(holder)),
    };
    for (item, perhaps) in found.items.into_iter().zip(found.perhaps) {
        let branches = branches(item);
        let perhaps = perhaps || branches.len() > 1;
        for branch in branches {
            match unknown(Some(branch)) {
                Some(why) => entries.unknown = Some(why),
                None => entries.entries.push(read(branch, perhaps)),
            }
        }
    }
    entries
}

fn add_branches<'v>(value: &'v Value, depth: usize, found: &mut Vec<&'v Value>) {
    match value.as_unknown() {
        Some(unknown) if depth > 0 && !unknown.alternatives.is_empty() => {
            for alternative in &unknown.alternatives {
                add_branches(alternative, depth - 1, found);
            }
        }
        _ => found.push(value),
    }
}

impl<'v> Elements<'v> {
    fn add_array(&mut self, value: &'v Value, depth: usize, perhaps: bool) {
        if let Some(unknown) = value.as_unknown() {
            self.unknown.get_or_insert_with(|| reason(unknown));
            for alternative in unknown.alternatives.iter().filter(|_| depth > 0) {
                self.add_array(alternative, depth - 1, true);
            }
            return;
        }
        match value.as_array() {
            Some(items) => items.iter().for_each(|item| self.add_item(item, depth, perhaps)),
            None if value.is_null() => {}
            None => self.push(value, perhaps),
        }
    }

    fn add_item(&mut self, item: &'v Value, depth: usize, perhaps: bool) {
        match &item.data {
            Data::Null => {}
            Data::Unknown(unknown) if unknown.spread && depth > 0 => {
                self.unknown.get_or_insert_with(|| reason(unknown));
                for alternative in &unknown.alternatives {
                    self.add_item(alternative, depth - 1, true);
                }
            }
            _ => self.push(item, perhaps),
        }
    }

    fn push(&mut self, item: &'v Value, perhaps: bool) {
        self.items.push(item);
        self.perhaps.push(perhaps);
    }
}

fn reason(unknown: &Unknown) -> String {
    match (unknown.why.is_empty(), unknown.expression.is_empty()) {
        (false, _) => unknown.why.clone(),
        (true, false) => format!("`{}` is not known before the deployment", unknown.expression),
        (true, true) => "it is not known before the deployment".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::string(text.to_owned(), Span::NONE)
    }

    fn array(items: Vec<Value>) -> Value {
        Value::array(items, Span::NONE)
    }

    fn either(alternatives: Vec<Value>, spread: bool) -> Value {
        Value::unknown(Unknown { alternatives, spread, ..Unknown::new("e", "why") }, Span::NONE)
    }

    #[track_caller]
    fn reads(list: &Value, items: &[&str], unknown: bool) {
        let found = elements(Some(list));
        let mark = |perhaps: &bool| if *perhaps { "perhaps " } else { "" };
        let text = |(item, perhaps): (&&Value, &bool)| format!("{}{}", mark(perhaps), item.as_str().unwrap_or("?"));
        let texts: Vec<String> = found.items.iter().zip(&found.perhaps).map(text).collect();
        assert_eq!(texts, items);
        assert_eq!(found.unknown.is_some(), unknown);
    }

    #[test]
    fn nulls_are_left_out_and_one_without_a_dash_is_a_list() {
        reads(&array(vec![text("a"), Value::null(Span::NONE), text("b")]), &["a", "b"], false);
        reads(&text("a"), &["a"], false);
        reads(&Value::null(Span::NONE), &[], false);
    }

    #[test]
    fn every_branch_of_a_condition_is_possible() {
        let branches = vec![array(vec![text("a")]), array(vec![])];
        reads(&either(branches.clone(), false), &["perhaps a"], true);
        reads(&either(vec![either(branches, false), array(vec![text("b")])], false), &["perhaps a", "perhaps b"], true);
        reads(&either(vec![], false), &[], true);
    }

    #[test]
    fn a_loop_of_unknown_length_has_its_representative() {
        reads(&array(vec![text("a"), either(vec![text("b")], true)]), &["a", "perhaps b"], true);
        reads(&array(vec![text("a"), either(vec![], false)]), &["a", "?"], false);
    }

    #[test]
    fn alternatives_inside_alternatives_end() {
        let mut value = array(vec![text("a")]);
        for _ in 0..1000 {
            value = either(vec![value], false);
        }
        reads(&value, &[], true);
        assert_eq!(branches(&value).len(), 1);
    }
}
