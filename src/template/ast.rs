//! An expression as it is evaluated: parsed once, with its places in the file.

use crate::source::{Span, Text};

use super::functions::Builtin;

/// A part of an expression, and where it is written.
#[derive(Debug)]
pub struct Expr {
    pub node: Node,
    pub at: Span,
}

#[derive(Debug)]
pub enum Node {
    String(Text),
    Int(i64),
    Call(Box<CallNode>),
    /// Members and elements of a value, as `.name` and `[index]`. Flat, so that a long chain is no deep tree.
    Access(Box<AccessNode>),
}

#[derive(Debug)]
pub struct CallNode {
    pub callee: Callee,
    pub args: Vec<Expr>,
}

/// What is called. Names are looked up once; whether they exist is said when they are called.
#[derive(Debug)]
pub enum Callee {
    Builtin(&'static Builtin),
    /// `list…`, with the name as it is written.
    List(Text),
    User {
        namespace: Text,
        name: Text,
    },
    None {
        namespace: Option<Text>,
        name: Text,
    },
}

#[derive(Debug)]
pub struct AccessNode {
    pub of: Expr,
    pub steps: Vec<Step>,
}

/// One member or element of what stands before it; `at` covers it and all that stands before.
#[derive(Debug)]
pub enum Step {
    Member { name: Text, at: Span },
    Index { index: Expr, at: Span },
}

impl Step {
    pub fn at(&self) -> Span {
        match self {
            Step::Member { at, .. } | Step::Index { at, .. } => *at,
        }
    }
}
