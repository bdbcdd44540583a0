//! Which declaration a compiled resource came from.
//!
//! Language version 2.0 keeps symbolic names as the keys of `resources`; a nested one is `parent::child`. The older form is an
//! array without names, in an order that is the compiler's: nested resources, innermost first, then the others as they are
//! written, then modules; `existing` ones are left out (src/Bicep.Core/Emit/TemplateWriter.cs in Azure/bicep). The order
//! decides only where all of a kind are there and none contradicts it.

use std::ops::Range;

use super::syntax::{Declaration, Kind, Node, Object, Shape, Source};
use crate::value::Value;

/// A declaration with what the compiler makes of its type.
struct Listed<'s> {
    declaration: &'s Declaration,
    /// Lower case; of modules it is that of deployments.
    kind: String,
    /// As it is written; a module's is the compiler's choice.
    version: Option<String>,
    depth: usize,
}

const DEPLOYMENTS: &str = "microsoft.resources/deployments";

/// The declaration with this symbolic name: `app`, `parent::child`.
pub(super) fn by_symbol<'s>(source: &'s Source, symbol: &str, text: &str) -> Option<&'s Declaration> {
    let mut among = &source.declarations;
    let mut found = None;
    for name in symbol.split("::") {
        let is_meant =
            |declaration: &&Declaration| is_resource(declaration) && text.get(declaration.name.clone()) == Some(name);
        let declaration = among.iter().find(is_meant)?;
        found = Some(declaration);
        match declaration.value.as_ref().and_then(|value| value.declared()) {
            Some(object) => among = &object.nested,
            None => break,
        }
    }
    found.filter(|declaration| symbol.ends_with(text.get(declaration.name.clone()).unwrap_or("\0")))
}

/// The declaration of the resource at `index` of an array of compiled ones; `None` unless it is certain.
pub(super) fn by_place<'s>(
    source: &'s Source,
    text: &str,
    compiled: &[Value],
    index: usize,
) -> Option<&'s Declaration> {
    let mut listed = Vec::new();
    nested(&source.declarations, None, 0, text, &mut listed);
    // A stable sort keeps the order within the nested ones, the others and the modules.
    listed.sort_by_key(|one| (one.declaration.kind == Kind::Module, one.depth == 0));
    let wanted = compiled.get(index)?;
    let loop_name = wanted.path(&["copy", "name"]).and_then(Value::as_str);
    // Those of the same kind, among them those that nothing contradicts.
    let of_kind: Vec<&Listed> = listed.iter().filter(|one| one.is_of_kind(wanted)).collect();
    let alike: Vec<&&Listed> = of_kind.iter().filter(|one| one.is_like(wanted, text)).collect();
    if let Some(name) = loop_name {
        let is_meant = |one: &&&&Listed| text.get(one.declaration.name.clone()) == Some(name);
        let mut named = alike.iter().filter(is_meant);
        if let (Some(one), None) = (named.next(), named.next()) {
            return Some(one.declaration);
        }
    }
    if let [one] = alike.as_slice() {
        return Some(one.declaration);
    }
    let first = of_kind.first()?;
    let others: Vec<(usize, &Value)> =
        compiled.iter().enumerate().filter(|(_, other)| first.is_of_kind(other)).collect();
    let is_whole =
        others.len() == of_kind.len() && others.iter().zip(&of_kind).all(|((_, other), one)| one.is_like(other, text));
    let rank = others.iter().position(|(other, _)| *other == index)?;
    is_whole.then(|| of_kind[rank].declaration)
}

fn is_resource(declaration: &Declaration) -> bool {
    matches!(declaration.kind, Kind::Resource | Kind::Module)
}

/// Lists declarations after those that are nested in them.
fn nested<'s>(
    declarations: &'s [Declaration],
    parent: Option<(&str, Option<&str>)>,
    depth: usize,
    text: &str,
    listed: &mut Vec<Listed<'s>>,
) {
    for declaration in declarations.iter().filter(|declaration| is_resource(declaration)) {
        let of = declaration.of.clone().and_then(|of| text.get(of)).unwrap_or("");
        let (kind, version) = match of.split_once('@') {
            Some((kind, version)) => (kind, Some(version)),
            None => (of, parent.and_then(|(_, version)| version)),
        };
        let kind = match (declaration.kind, parent) {
            (Kind::Module, _) => DEPLOYMENTS.to_owned(),
            (_, Some((parent, _))) => format!("{parent}/{}", kind.to_lowercase()),
            (_, None) => kind.to_lowercase(),
        };
        if let Some(object) = declaration.value.as_ref().and_then(|value| value.declared()) {
            nested(&object.nested, Some((&kind, version)), depth + 1, text, listed);
        }
        if !declaration.existing {
            let version = version.filter(|_| declaration.kind != Kind::Module).map(str::to_owned);
            listed.push(Listed { declaration, kind, version, depth });
        }
    }
}

impl Listed<'_> {
    /// Whether it is of the type of this resource, and a loop or module where that is one.
    fn is_of_kind(&self, compiled: &Value) -> bool {
        let member = |key: &str| compiled.get(key).and_then(Value::as_str);
        let is_loop = self.declaration.value.as_ref().is_some_and(Node::is_loop);
        // A module's expressions see its own parameters only, which the compiler has to ask for.
        let is_module = || compiled.path(&["properties", "expressionEvaluationOptions"]).is_some();
        member("type").is_some_and(|kind| kind.eq_ignore_ascii_case(&self.kind))
            && self.version.as_deref().is_none_or(|version| member("apiVersion") == Some(version))
            && is_loop == compiled.get("copy").is_some()
            && (self.declaration.kind != Kind::Module || is_module())
    }

    /// Whether nothing contradicts that it was compiled to this resource of its kind.
    fn is_like(&self, compiled: &Value, text: &str) -> bool {
        let name = compiled.get("name").and_then(Value::as_str);
        let Some(object) = self.declaration.value.as_ref().and_then(|value| value.declared()) else { return true };
        self.is_named(object.get("name", text).map(|name| &name.value), name, text)
            && (self.declaration.kind != Kind::Module || has_parameters(object, compiled, text))
    }

    /// Whether nothing contradicts that the compiled name was written so; names of nested ones are put together.
    fn is_named(&self, written: Option<&Node>, compiled: Option<&str>, text: &str) -> bool {
        let (Some(written), Some(compiled)) = (written, compiled) else { return true };
        let of = |range: &Range<usize>| text.get(range.clone()).unwrap_or("");
        match &written.shape {
            Shape::Text(literal) if compiled.starts_with('[') => compiled.contains(of(literal)),
            Shape::Text(literal) => of(literal) == compiled || of(literal).contains('\\'),
            _ => compiled.starts_with('['),
        }
    }
}

/// Whether a compiled module is given the parameters that its declaration gives.
fn has_parameters(object: &Object, compiled: &Value, text: &str) -> bool {
    let given = compiled.path(&["properties", "parameters"]).and_then(Value::as_object);
    let given = given.map_or(&[][..], |object| &*object.members);
    match object.get("params", text).map(|params| &params.value) {
        None => given.is_empty(),
        Some(params) => match params.object() {
            Some(params) => {
                params.properties.len() == given.len()
                    && given.iter().all(|member| params.get(&member.key, text).is_some())
            }
            None => true,
        },
    }
}
