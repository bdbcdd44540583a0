//! The `resources` of a template as a flat list: both forms, children behind their parents.

use std::collections::HashMap;
use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Object, Value};

use super::error::{Error, Kind};
use super::instance::Instance;
use super::session::Session;
use super::slot::Slot;

/// A resource as it is written, and what becomes of it.
pub(super) struct Declaration {
    pub body: Value,
    pub symbol: Option<Text>,
    /// The declaration whose `resources` it is in.
    pub parent: Option<usize>,
    pub at: Span,
    /// One, or as many as its loop makes.
    pub instances: Slot<Rc<Vec<Rc<Instance>>>>,
}

/// https://learn.microsoft.com/azure/azure-resource-manager/templates/child-resource-name-type
const MAX_LEVELS: usize = 5;

/// The declarations of a template, and the symbolic names in lower case.
pub(super) fn read(session: &Session, template: &Object) -> (Vec<Declaration>, HashMap<String, usize>) {
    let mut declarations = Vec::new();
    if let Some(resources) = template.get("resources") {
        add(session, &resources.value, None, 1, &mut declarations);
    }
    let symbols = declarations.iter().enumerate();
    let symbols = symbols.filter_map(|(index, declaration)| Some((declaration.symbol.as_ref()?.to_lowercase(), index)));
    let symbols = symbols.collect();
    (declarations, symbols)
}

fn add(session: &Session, resources: &Value, parent: Option<usize>, level: usize, to: &mut Vec<Declaration>) {
    if level > MAX_LEVELS {
        let message = format!("child resources are nested more than {MAX_LEVELS} levels deep");
        return session.report(Error::new(Kind::Limit, message, resources.at));
    }
    if let Some(items) = resources.as_array() {
        for item in items {
            add_one(session, item, None, item.at, parent, level, to);
        }
    } else if let Some(object) = resources.as_object() {
        for member in object.members.iter() {
            add_one(session, &member.value, Some(member.key.clone()), member.value.at, parent, level, to);
        }
    } else if !resources.is_null() {
        let message = "`resources` is an array, or an object of symbolic names";
        session.report(Error::new(Kind::Type, message, resources.at));
    }
}

fn add_one(
    session: &Session,
    body: &Value,
    symbol: Option<Text>,
    at: Span,
    parent: Option<usize>,
    level: usize,
    to: &mut Vec<Declaration>,
) {
    if body.as_object().is_none() {
        return session.report(Error::new(Kind::Type, "a resource is an object", at));
    }
    let index = to.len();
    to.push(Declaration { body: body.clone(), symbol, parent, at, instances: Slot::default() });
    if let Some(children) = body.get("resources") {
        add(session, children, Some(index), level + 1, to);
    }
}
