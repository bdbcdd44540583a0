//! Values as the text of an expression: how an unknown value says what it depends on.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::value::{Data, Piece, Value};

use super::ast::{Callee, Expr, Node, Step};

/// Longer texts are cut; what was cut is told apart by a hash.
const MAX_SPELLED: usize = 2_000;

/// A call of `name` with these arguments.
pub fn call<'v>(name: &str, args: impl IntoIterator<Item = &'v Value>) -> String {
    let mut out = format!("{name}(");
    for (index, arg) in args.into_iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(&mut out, arg, 0);
    }
    out.push(')');
    cut(out)
}

/// The value as an expression would write it.
pub fn value(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0);
    cut(out)
}

/// A string of known and unknown stretches.
pub fn pieces(pieces: &[Piece]) -> String {
    if let [Piece::Unknown(only)] = pieces {
        return only.clone();
    }
    let mut out = String::from("concat(");
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        match piece {
            Piece::Known(text) => quote(&mut out, text),
            Piece::Unknown(expression) => out.push_str(expression),
        }
    }
    out.push(')');
    cut(out)
}

/// The member `name` of what `expression` gives.
pub fn member(expression: &str, name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    match plain {
        true => format!("{expression}.{name}"),
        false => index(expression, &{
            let mut quoted = String::new();
            quote(&mut quoted, name);
            quoted
        }),
    }
}

/// The element at `index` of what `expression` gives.
pub fn index(expression: &str, index: &str) -> String {
    cut(format!("{expression}[{index}]"))
}

/// Further arguments of a call, as they are written: `, lambda(…)`.
pub fn rest(exprs: &[Expr]) -> String {
    let mut out = String::new();
    for expr in exprs {
        out.push_str(", ");
        write_expr(&mut out, expr);
    }
    cut(out)
}

fn write_expr(out: &mut String, expr: &Expr) {
    if out.len() > 2 * MAX_SPELLED {
        out.push('…');
        return;
    }
    match &expr.node {
        Node::String(text) => quote(out, text),
        Node::Int(value) => out.push_str(&value.to_string()),
        Node::Call(node) => {
            match &node.callee {
                Callee::Builtin(builtin) => out.push_str(builtin.name),
                Callee::List(name) | Callee::None { name, .. } => out.push_str(name),
                Callee::User { namespace, name } => out.push_str(&format!("{namespace}.{name}")),
            }
            out.push('(');
            for (index, arg) in node.args.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write_expr(out, arg);
            }
            out.push(')');
        }
        Node::Access(node) => {
            write_expr(out, &node.of);
            for step in &node.steps {
                match step {
                    Step::Member { name, .. } => out.extend([".", name]),
                    Step::Index { index, .. } => {
                        out.push('[');
                        write_expr(out, index);
                        out.push(']');
                    }
                }
            }
        }
    }
}

fn write(out: &mut String, value: &Value, depth: u32) {
    if out.len() > 2 * MAX_SPELLED || depth > 20 {
        out.push('…');
        return;
    }
    match &value.data {
        Data::Null => out.push_str("null()"),
        Data::Bool(value) => out.push_str(if *value { "true()" } else { "false()" }),
        Data::Int(value) => out.push_str(&value.to_string()),
        Data::Float(value) => out.push_str(&format!("json('{value}')")),
        Data::String(text) => quote(out, text),
        Data::Array(items) => {
            out.push_str("createArray(");
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                write(out, item, depth + 1);
            }
            out.push(')');
        }
        Data::Object(object) => {
            out.push_str("createObject(");
            for (index, member) in object.members.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                match &member.key_unknown {
                    Some(unknown) => out.push_str(&unknown.expression),
                    None => quote(out, &member.key),
                }
                out.push_str(", ");
                write(out, &member.value, depth + 1);
            }
            out.push(')');
        }
        Data::Unknown(unknown) => out.push_str(&unknown.expression),
        // Two secrets must not look alike, and neither may be shown.
        Data::Secure(_) => out.push_str(&format!("<secure {}>", value.at.start)),
    }
}

fn quote(out: &mut String, text: &str) {
    out.push('\'');
    let short = text.char_indices().nth(MAX_SPELLED).map_or(text, |(end, _)| &text[..end]);
    let mut parts = short.split('\'');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str("''");
        out.push_str(part);
    }
    if short.len() < text.len() {
        out.push_str(&format!("…{:016x}", hash(text)));
    }
    out.push('\'');
}

fn cut(mut text: String) -> String {
    let Some((end, _)) = text.char_indices().nth(2 * MAX_SPELLED) else { return text };
    let hash = hash(&text);
    text.truncate(end);
    text.push_str(&format!("…{hash:016x}"));
    text
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
