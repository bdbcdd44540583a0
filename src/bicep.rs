//! From the lines of a compiled template back to the Bicep that it was compiled from.
//!
//! The compiler leaves no map, so a value is found again by its path: the parameter, variable, module or resource that its place
//! in the template belongs to, by name, and then property by property. Only declarations are read, no expression is understood:
//! where a value is computed, its place is the whole expression, or the one literal or name in it that the finding is about.
//! What is not certain stays at its compiled line, and the finding says so.
//!
//! Nothing here opens a file: who loads a source follows [`references`] and keeps what it finds in [`Sources`].

mod follow;
mod lexer;
mod parser;
mod repoint;
mod resources;
mod syntax;
mod template;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

pub use repoint::repoint;

use crate::document::{is_json, parse_json};
use crate::source::{FileId, Sources, Span};
use crate::value::Value;

use follow::Follow;
use syntax::{Kind, Source};

/// How many steps a search takes at most from the template to a value in it.
const DEPTH: usize = 256;

/// The way back from compiled texts to their sources.
pub struct Origins<'s> {
    sources: &'s Sources,
    compiled: RefCell<HashMap<FileId, Option<Value>>>,
    parsed: RefCell<HashMap<FileId, Rc<Source>>>,
}

/// A place in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: Span,
    /// Whether the text there is the compiled text, so that one can be edited for the other.
    pub same: bool,
}

/// There is no certain place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The module in whose template it is: where its declaration starts.
    pub module: Option<Span>,
}

/// The files that a Bicep text names as its modules, as what it is `using` or as what it `extends`, in their order: paths
/// relative to the text's own. Modules of registries are not among them.
pub fn references(text: &str) -> Vec<&str> {
    let source = parser::parse(text);
    let modules = source.declarations.iter().filter(|declaration| declaration.kind == Kind::Module);
    let paths = modules.filter_map(|module| module.of.clone()).chain(source.using).chain(source.extends);
    let mut paths: Vec<&str> = paths.filter_map(|path| text.get(path)).filter(|path| is_local(path)).collect();
    let mut seen = HashSet::new();
    paths.retain(|path| seen.insert(*path));
    paths
}

/// `br:` and `ts:` stand before what a registry or a template spec holds.
fn is_local(path: &str) -> bool {
    !path.is_empty() && !path.contains(':') && !path.contains('\\') && !path.starts_with('/')
}

impl<'s> Origins<'s> {
    pub fn new(sources: &'s Sources) -> Origins<'s> {
        Origins { sources, compiled: RefCell::default(), parsed: RefCell::default() }
    }

    /// Whether a span stands in a text that was compiled, which nobody edits.
    pub fn is_compiled(&self, span: Span) -> bool {
        self.sources.origin(span.file).is_some()
    }

    /// The place in a Bicep source, or in a template that is used as a module, that this span of a compiled text came from.
    ///
    /// # Errors
    /// What little is known when the place is not certain, or when the span is in no compiled text.
    pub fn find(&self, span: Span) -> Result<Place, Lost> {
        let follow = Follow { origins: self, span, module: Cell::default() };
        self.follow(&follow).ok_or_else(|| Lost { module: follow.module.get() })
    }

    fn follow(&self, follow: &Follow) -> Option<Place> {
        let file = follow.span.file;
        let root = self.sources.origin(file)?;
        let compiled = self.compiled(file)?;
        if compiled.get("resources").is_none() {
            return follow.parameters(root, &compiled, DEPTH);
        }
        // A parameter file is compiled to its template too.
        let using = self.parsed(root).using.clone();
        let template = match using {
            Some(path) => self.linked(root, path)?,
            None => root,
        };
        follow.template(template, &compiled, DEPTH)
    }

    fn compiled(&self, file: FileId) -> Option<Value> {
        let mut compiled = self.compiled.borrow_mut();
        compiled.entry(file).or_insert_with(|| parse_json(self.sources.text(file), file).ok()).clone()
    }

    fn parsed(&self, file: FileId) -> Rc<Source> {
        let mut parsed = self.parsed.borrow_mut();
        Rc::clone(parsed.entry(file).or_insert_with(|| Rc::new(parser::parse(self.sources.text(file)))))
    }

    /// The file that a file names with the path at `path`.
    fn linked(&self, from: FileId, path: Range<usize>) -> Option<FileId> {
        self.sources.linked(from, self.sources.text(from).get(path)?)
    }

    /// The value of a file that is no Bicep but JSON.
    fn json(&self, file: FileId) -> Option<Value> {
        is_json(self.sources.text(file)).then(|| self.compiled(file)).flatten()
    }
}
