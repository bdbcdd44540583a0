//! Follows a compiled value and the expression that it came from, part by part, to where a span of the one is in the other.

use std::cell::Cell;
use std::ops::Range;

use super::syntax::{Kind, Node, Object, Shape};
use super::{Origins, Place};
use crate::source::{FileId, Span};
use crate::value::{Data, Member, Value};

/// The search for one span of a compiled text.
pub(super) struct Follow<'o, 's> {
    pub origins: &'o Origins<'s>,
    pub span: Span,
    /// The last module whose template the search went into.
    pub module: Cell<Option<Span>>,
}

impl Follow<'_, '_> {
    /// Where in `node` of a Bicep file the span is that lies in `value`, or is all of it.
    pub fn value(&self, file: FileId, node: &Node, value: &Value, depth: usize) -> Option<Place> {
        let Some(depth) = depth.checked_sub(1) else { return Some(self.place(file, &node.at)) };
        let node = node.body();
        let part = match &value.data {
            Data::Object(_) => self.member(value).map(Part::Member),
            Data::Array(items) => {
                items.iter().position(|item| self.is_in(item.at)).map(|index| Part::Item(index, &items[index]))
            }
            _ => None,
        };
        match (part, &node.shape) {
            (Some(Part::Member(member)), Shape::Object(object)) => self.property(file, object, value, member, depth),
            (Some(Part::Item(index, item)), Shape::Array(items)) if value.as_array()?.len() == items.len() => {
                self.value(file, &items[index], item, depth)
            }
            // Bicep puts a variable of values that only the deployment knows where its name stands.
            (Some(_), Shape::Name) => match self.variable(file, &node.at) {
                Some(inner) => self.value(file, &inner, value, depth),
                None => Some(self.place(file, &node.at)),
            },
            (None, Shape::Name) if value.as_str().is_some_and(|text| named(text).is_none()) => {
                match self.variable(file, &node.at) {
                    Some(inner) => self.value(file, &inner, value, depth),
                    None => Some(self.narrowed(file, node, value)),
                }
            }
            (None, Shape::Text(text)) if value.as_str().is_some() => Some(self.literal(file, text, value)),
            (None, Shape::Object(_) | Shape::Array(_)) => Some(self.place(file, &node.at)),
            (None, _) if value.as_str().is_some() => Some(self.narrowed(file, node, value)),
            (_, _) => Some(self.place(file, &node.at)),
        }
    }

    /// Where in a member's property the span is.
    fn property(&self, file: FileId, object: &Object, whole: &Value, member: &Member, depth: usize) -> Option<Place> {
        if let (true, Some(turns)) = (member.key == "copy", member.value.as_array()) {
            // Loops of properties: https://learn.microsoft.com/azure/azure-resource-manager/templates/copy-properties
            let turn = turns.iter().find(|turn| self.is_in(turn.at))?;
            let node = &object.get(turn.get("name")?.as_str()?, self.text(file))?.value;
            return self.turn(file, node, turn, depth);
        }
        // A bracket that starts a text is doubled.
        let key = member.key.strip_prefix('[').filter(|rest| rest.starts_with('[')).unwrap_or(&member.key);
        let property = match object.get(key, self.text(file)) {
            Some(property) => property,
            None if member.key.starts_with('[') => {
                // Computed keys keep their order.
                let written: Vec<_> = object.properties.iter().filter(|property| property.computed).collect();
                let members = &whole.as_object()?.members;
                let compiled: Vec<_> = members.iter().filter(|member| member.key.starts_with('[')).collect();
                let rank = compiled.iter().position(|one| one.key_at == member.key_at)?;
                if written.len() != compiled.len() {
                    return None;
                }
                written[rank]
            }
            None => return None,
        };
        if self.is_in(member.key_at) {
            return Some(self.place(file, &property.key));
        }
        self.value(file, &property.value, &member.value, depth)
    }

    /// Where the span is that lies in one of the loops that a `copy` holds; `node` is the loop in Bicep.
    pub fn turn(&self, file: FileId, node: &Node, turn: &Value, depth: usize) -> Option<Place> {
        let Shape::Loop { over, body } = &node.body().shape else { return Some(self.place(file, &node.at)) };
        match self.member(turn) {
            Some(member) if member.key == "input" => self.value(file, body, &member.value, depth),
            Some(member) if member.key == "count" => Some(self.place(file, over)),
            _ => Some(self.place(file, &node.at)),
        }
    }

    /// The value of the variable that a name stands for.
    fn variable(&self, file: FileId, name: &Range<usize>) -> Option<Node> {
        let text = self.text(file);
        let name = text.get(name.clone())?;
        let source = self.origins.parsed(file);
        let is_meant =
            |kind: Kind, range: &Range<usize>| kind == Kind::Variable && text.get(range.clone()) == Some(name);
        let variable = source.declarations.iter().find(|one| is_meant(one.kind, &one.name))?;
        variable.value.clone()
    }

    /// Where the span is in a string that is the same in both, or is all of it.
    fn literal(&self, file: FileId, written: &Range<usize>, value: &Value) -> Place {
        let place = self.place(file, written);
        let sources = self.origins.sources;
        if sources.slice(place.at) != sources.slice(value.at) {
            return place;
        }
        let offset = |at: u32| at.saturating_sub(value.at.start) as usize;
        Place { at: place.at.within(offset(self.span.start)..offset(self.span.end)), same: true }
    }

    /// The one stretch of an expression that is the literal or the name that the span covers, else all of it.
    fn narrowed(&self, file: FileId, node: &Node, value: &Value) -> Place {
        let whole = self.place(file, &node.at);
        let sources = self.origins.sources;
        if self.span == value.at {
            return whole;
        }
        let wanted = sources.slice(self.span).trim_matches('\'');
        let written = sources.slice(whole.at);
        let name = named(wanted);
        let Some(found) = only(written, name.unwrap_or(wanted), name.is_some()) else { return whole };
        Place { at: whole.at.within(found), same: name.is_none() }
    }

    /// The member that the span lies in: its key, or its value.
    pub fn member<'v>(&self, value: &'v Value) -> Option<&'v Member> {
        let members = &value.as_object()?.members;
        members.iter().find(|member| self.is_in(member.key_at) || self.is_in(member.value.at))
    }

    pub fn is_in(&self, at: Span) -> bool {
        at.file == self.span.file && at.start <= self.span.start && self.span.end <= at.end
    }

    pub fn place(&self, file: FileId, range: &Range<usize>) -> Place {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place { at: Span { file, start: byte(range.start), end: byte(range.end) }, same: false }
    }

    pub fn text(&self, file: FileId) -> &str {
        self.origins.sources.text(file)
    }
}

/// Where in a value the span lies.
enum Part<'v> {
    Member(&'v Member),
    Item(usize, &'v Value),
}

/// The name in `parameters('x')` and `variables('x')`, which in Bicep stands alone.
fn named(expression: &str) -> Option<&str> {
    let expression = expression.trim_start_matches('[').trim_end_matches(']');
    let rest = expression.strip_prefix("parameters('").or_else(|| expression.strip_prefix("variables('"))?;
    let name = rest.strip_suffix(')').unwrap_or(rest).trim_end_matches('\'');
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(name)
}

/// The only place where `text` holds `wanted`; a name has no letters beside it.
fn only(text: &str, wanted: &str, is_name: bool) -> Option<Range<usize>> {
    if wanted.len() < 2 {
        return None;
    }
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    let is_apart = |at: &usize| {
        !is_name || !(is_part(at.checked_sub(1).and_then(|at| bytes.get(at))) || is_part(bytes.get(at + wanted.len())))
    };
    let mut found = text.match_indices(wanted).map(|(at, _)| at).filter(is_apart);
    match (found.next(), found.next()) {
        (Some(at), None) => Some(at..at + wanted.len()),
        _ => None,
    }
}
