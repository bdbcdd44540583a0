//! The parts of a compiled template, and the declarations that they came from.

use super::follow::Follow;
use std::ops::Range;

use super::syntax::{Declaration, Kind, Node, Shape, Source};
use super::{Place, resources};
use crate::source::FileId;
use crate::value::{Data, Member, Value};

impl Follow<'_, '_> {
    /// Where the span of a compiled template is in the file that the template came from.
    pub fn template(&self, file: FileId, compiled: &Value, depth: usize) -> Option<Place> {
        let depth = depth.checked_sub(1)?;
        if let Some(json) = self.origins.json(file) {
            return self.mirrored(&json, compiled);
        }
        let source = self.origins.parsed(file);
        let section = self.member(compiled)?;
        match &*section.key {
            "parameters" => self.parameter(file, &source, self.member(&section.value)?, depth),
            "variables" => self.variables(file, &source, self.member(&section.value)?, depth),
            "outputs" => {
                let member = self.member(&section.value)?;
                let output = self.declared(file, &source, Kind::Output, &member.key)?;
                self.output(file, output, member, depth)
            }
            "resources" => {
                let (declaration, body) = match &section.value.data {
                    Data::Array(items) => {
                        let index = items.iter().position(|item| self.is_in(item.at))?;
                        (resources::by_place(&source, self.text(file), items, index)?, &items[index])
                    }
                    _ => {
                        let member = self.member(&section.value)?;
                        let declaration = resources::by_symbol(&source, &member.key, self.text(file))?;
                        if self.is_in(member.key_at) {
                            return Some(self.place(file, &declaration.name));
                        }
                        (declaration, &member.value)
                    }
                };
                self.resource(file, declaration, body, depth)
            }
            _ => None,
        }
    }

    /// Where the span of compiled parameters is in the parameter file that they came from, or in one that it extends.
    pub fn parameters(&self, file: FileId, compiled: &Value, depth: usize) -> Option<Place> {
        let depth = depth.checked_sub(1)?;
        let section = self.member(compiled).filter(|section| section.key == "parameters")?;
        let given = self.member(&section.value)?;
        let source = self.origins.parsed(file);
        let Some(parameter) = self.declared(file, &source, Kind::Parameter, &given.key) else {
            let base = self.origins.linked(file, source.extends.clone()?)?;
            return self.parameters(base, compiled, depth);
        };
        let Some(node) = &parameter.value else { return Some(self.place(file, &parameter.name)) };
        match self.member(&given.value) {
            Some(member) if member.key == "value" => self.value(file, node, &member.value, depth),
            _ => Some(self.place(file, &node.at)),
        }
    }

    fn parameter(&self, file: FileId, source: &Source, member: &Member, depth: usize) -> Option<Place> {
        let parameter = self.declared(file, source, Kind::Parameter, &member.key)?;
        let name = Some(self.place(file, &parameter.name));
        let Some(facet) = self.member(&member.value) else { return name };
        let decorator = match &*facet.key {
            "defaultValue" => {
                return match &parameter.value {
                    Some(node) => self.value(file, node, &facet.value, depth),
                    None => name,
                };
            }
            "allowedValues" => "allowed",
            other => other,
        };
        match parameter.decorator(decorator, self.text(file)).and_then(|decorator| decorator.argument.as_ref()) {
            Some(argument) => self.value(file, argument, &facet.value, depth),
            None => name,
        }
    }

    fn variables(&self, file: FileId, source: &Source, member: &Member, depth: usize) -> Option<Place> {
        let (name, compiled) = match (&*member.key, member.value.as_array()) {
            ("copy", Some(turns)) => {
                let turn = turns.iter().find(|turn| self.is_in(turn.at))?;
                (turn.get("name")?.as_str()?, turn)
            }
            (name, _) => (name, &member.value),
        };
        let Some(variable) = self.declared(file, source, Kind::Variable, name) else {
            let (file, name) = self.imported(file, source, name, depth)?;
            let source = self.origins.parsed(file);
            let variable = self.declared(file, &source, Kind::Variable, &name)?;
            return self.variable_value(file, variable, member, compiled, depth);
        };
        self.variable_value(file, variable, member, compiled, depth)
    }

    fn variable_value(
        &self,
        file: FileId,
        variable: &Declaration,
        member: &Member,
        compiled: &Value,
        depth: usize,
    ) -> Option<Place> {
        if member.key == "copy" {
            return self.turn(file, variable.value.as_ref()?, compiled, depth);
        }
        if self.is_in(member.key_at) {
            return Some(self.place(file, &variable.name));
        }
        self.value(file, variable.value.as_ref()?, compiled, depth)
    }

    /// The file that a variable was imported from, and its name there. The compiler puts `_1.` before the names of variables
    /// that only the imported ones need.
    fn imported(&self, file: FileId, source: &Source, name: &str, depth: usize) -> Option<(FileId, String)> {
        let depth = depth.checked_sub(1)?;
        let name = name.rsplit('.').next().unwrap_or(name);
        let text = self.text(file);
        let mut found = source.imports.iter().filter_map(|import| {
            let from = self.origins.linked(file, import.path.clone())?;
            let renamed = import.renamed.iter().find(|(_, here)| text.get(here.clone()) == Some(name));
            let name = renamed.and_then(|(there, _)| text.get(there.clone())).unwrap_or(name);
            let source = self.origins.parsed(from);
            match self.declared(from, &source, Kind::Variable, name) {
                Some(_) => Some((from, name.to_owned())),
                None => self.imported(from, &source, name, depth),
            }
        });
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }

    fn output(&self, file: FileId, output: &Declaration, member: &Member, depth: usize) -> Option<Place> {
        let node = output.value.as_ref()?;
        match self.member(&member.value) {
            Some(facet) if facet.key == "value" => self.value(file, node, &facet.value, depth),
            Some(facet) if facet.key == "copy" => self.turn(file, node, &facet.value, depth),
            _ => Some(self.place(file, &output.name)),
        }
    }

    fn resource(&self, file: FileId, declaration: &Declaration, body: &Value, depth: usize) -> Option<Place> {
        let head = Some(self.place(file, &declaration.head()));
        let Some(member) = self.member(body) else { return Some(self.place(file, &declaration.at)) };
        let Some(node) = &declaration.value else { return head };
        let object = node.declared()?;
        let property = |key: &str| object.get(key, self.text(file)).map(|property| &property.value);
        let key = &*member.key;
        if declaration.kind == Kind::Module && key == "properties" {
            return self.module(file, declaration, self.member(&member.value), depth);
        }
        match key {
            "type" | "apiVersion" => declaration.of.as_ref().map(|of| self.place(file, of)),
            "condition" => condition(node).map(|range| self.place(file, &range)).or(head),
            "copy" => match &node.shape {
                Shape::Loop { over, .. } => Some(self.place(file, over)),
                _ => head,
            },
            // The compiler adds what it has found in expressions, and names of parents.
            "dependsOn" | "existing" => head,
            "subscriptionId" | "resourceGroup" => property("scope").map(|node| self.place(file, &node.at)).or(head),
            "name" | "scope" => match property(key) {
                Some(node) => self.value(file, node, &member.value, depth),
                None => head,
            },
            _ => match object.get(key, self.text(file)) {
                Some(property) if self.is_in(member.key_at) => Some(self.place(file, &property.key)),
                Some(property) => self.value(file, &property.value, &member.value, depth),
                None => head.filter(|_| declaration.kind == Kind::Module),
            },
        }
    }

    /// Where the span is that lies in a module's compiled properties.
    fn module(&self, file: FileId, declaration: &Declaration, part: Option<&Member>, depth: usize) -> Option<Place> {
        let head = self.place(file, &declaration.head());
        let Some(part) = part else { return Some(head) };
        match &*part.key {
            "template" => {
                self.module.set(Some(head.at));
                let target = self.origins.linked(file, declaration.of.clone()?)?;
                self.template(target, &part.value, depth)
            }
            "parameters" => {
                let params = declaration.value.as_ref()?.declared()?.get("params", self.text(file));
                let (Some(given), Some(params)) = (self.member(&part.value), params) else { return Some(head) };
                let params = &params.value;
                let Some(property) = params.object().and_then(|params| params.get(&given.key, self.text(file))) else {
                    return Some(self.place(file, &params.at));
                };
                if self.is_in(given.key_at) {
                    return Some(self.place(file, &property.key));
                }
                match self.member(&given.value) {
                    Some(facet) if facet.key == "value" => self.value(file, &property.value, &facet.value, depth),
                    Some(facet) if facet.key == "copy" => {
                        let turn = facet.value.as_array()?.iter().find(|turn| self.is_in(turn.at))?;
                        self.turn(file, &property.value, turn, depth)
                    }
                    _ => Some(self.place(file, &property.value.at)),
                }
            }
            _ => Some(head),
        }
    }

    /// Where the span of a template is in the JSON that was used as a module.
    fn mirrored(&self, written: &Value, compiled: &Value) -> Option<Place> {
        let (mut written, mut compiled) = (written, compiled);
        loop {
            let next = match (&compiled.data, &written.data) {
                (Data::Object(_), Data::Object(object)) => self.member(compiled).map(|member| {
                    let other = object.get(&member.key)?;
                    Some((&other.value, &member.value))
                }),
                (Data::Array(items), Data::Array(others)) => {
                    let index = items.iter().position(|item| self.is_in(item.at));
                    index.map(|index| Some((others.get(index)?, &items[index])))
                }
                _ => None,
            };
            match next {
                Some(pair) => (written, compiled) = pair?,
                None => break,
            }
        }
        let sources = self.origins.sources;
        let same = sources.slice(written.at) == sources.slice(compiled.at) && self.is_in(compiled.at);
        let offset = |at: u32| at.saturating_sub(compiled.at.start) as usize;
        let part = written.at.within(offset(self.span.start)..offset(self.span.end));
        Some(Place { at: if same { part } else { written.at }, same })
    }

    fn declared<'p>(&self, file: FileId, source: &'p Source, kind: Kind, name: &str) -> Option<&'p Declaration> {
        let text = self.text(file);
        let is_meant = |one: &&Declaration| one.kind == kind && text.get(one.name.clone()) == Some(name);
        source.declarations.iter().find(is_meant)
    }
}

/// The condition before a body, or in the body of a loop.
fn condition(node: &Node) -> Option<Range<usize>> {
    match &node.shape {
        Shape::Condition { condition, .. } => Some(condition.clone()),
        Shape::Loop { body, .. } => condition(body),
        _ => None,
    }
}
