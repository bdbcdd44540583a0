//! A Bicep source as far as places need it: its declarations, and the objects, lists and loops in their values.

use std::ops::Range;

/// The declarations of a file, in the order they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Source {
    pub declarations: Vec<Declaration>,
    /// The template of a parameter file (`using`), or the file that it builds on (`extends`), without quotes.
    pub using: Option<Range<usize>>,
    pub extends: Option<Range<usize>>,
    pub imports: Vec<Import>,
}

/// Variables, types and functions of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// Without quotes.
    pub path: Range<usize>,
    /// What has another name here: its own, and the one that it is given.
    pub renamed: Vec<(Range<usize>, Range<usize>)>,
}

/// `param`, `var`, `output`, `resource` or `module`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    pub kind: Kind,
    pub name: Range<usize>,
    /// The type of a resource, the path of a module: without quotes.
    pub of: Option<Range<usize>>,
    pub existing: bool,
    /// What follows the equals sign.
    pub value: Option<Node>,
    /// From the keyword to the end of the value.
    pub at: Range<usize>,
    pub decorators: Vec<Decorator>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Parameter,
    Variable,
    Output,
    Resource,
    Module,
}

/// `@allowed([…])`: the name, after `sys.` too, and its first argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decorator {
    pub name: Range<usize>,
    pub argument: Option<Node>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// All of it, with quotes and brackets.
    pub at: Range<usize>,
    pub shape: Shape,
}

/// What an expression is, where that tells where its parts are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A string into which nothing is filled: its text without quotes.
    Text(Range<usize>),
    /// A name alone.
    Name,
    Object(Object),
    Array(Vec<Node>),
    /// `[for … in over: body]`
    Loop {
        over: Range<usize>,
        body: Box<Node>,
    },
    /// `if (condition) body`, before the body of a resource.
    Condition {
        condition: Range<usize>,
        body: Box<Node>,
    },
    /// Anything that is computed.
    Other,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub properties: Vec<Property>,
    /// Resources that are declared in the body of their parent.
    pub nested: Vec<Declaration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    /// Without quotes.
    pub key: Range<usize>,
    /// Whether the key is put together from parts.
    pub computed: bool,
    pub value: Node,
}

impl Node {
    /// What the value is for its parts: without the condition that stands before it.
    pub fn body(&self) -> &Node {
        match &self.shape {
            Shape::Condition { body, .. } => body.body(),
            _ => self,
        }
    }

    pub fn object(&self) -> Option<&Object> {
        match &self.body().shape {
            Shape::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The object of a resource or module: without its loop and condition.
    pub fn declared(&self) -> Option<&Object> {
        match &self.body().shape {
            Shape::Loop { body, .. } => body.object(),
            _ => self.object(),
        }
    }

    pub fn is_loop(&self) -> bool {
        matches!(self.shape, Shape::Loop { .. })
    }
}

impl Declaration {
    /// Its first line: from the keyword to the type, or to the name where it has none.
    pub fn head(&self) -> Range<usize> {
        self.at.start..self.of.as_ref().map_or(self.name.end, |of| of.end + 1)
    }

    /// The first argument of a decorator.
    pub fn decorator(&self, name: &str, text: &str) -> Option<&Decorator> {
        self.decorators.iter().find(|decorator| text.get(decorator.name.clone()) == Some(name))
    }
}

impl Object {
    /// The property that is written with this key.
    pub fn get(&self, key: &str, text: &str) -> Option<&Property> {
        let is_meant = |property: &&Property| !property.computed && text.get(property.key.clone()) == Some(key);
        self.properties.iter().find(is_meant)
    }
}
