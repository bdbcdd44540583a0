//! Evaluation: of a value of a document, and of one expression.

use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Data, Member, Object, Symbol, Unknown, Value};

use super::ast::{AccessNode, Callee, Expr, Node, Step};
use super::error::{Error, Kind, Outcome};
use super::functions::{self, Args};
use super::parser::{self, Parsed};
use super::scope::Scope;
use super::{spell, text, user};

/// Evaluates a value of a document: strings that are expressions, computed property names, and all that is inside arrays
/// and objects. What holds no expression is shared, not copied.
///
/// # Errors
/// The first mistake in it.
pub fn evaluate(value: &Value, scope: &dyn Scope) -> Outcome {
    let mut walk = Walk { scope, errors: None };
    Ok(walk.value(value)?.unwrap_or_else(|| value.clone()))
}

/// As [`evaluate`], but goes on after a mistake: it is added to `errors`, and the string in which it is becomes unknown.
pub fn evaluate_lenient(value: &Value, scope: &dyn Scope, errors: &mut Vec<Error>) -> Value {
    let mut walk = Walk { scope, errors: Some(errors) };
    match walk.value(value) {
        Ok(changed) => changed.unwrap_or_else(|| value.clone()),
        Err(error) => walk.instead(value, error),
    }
}

/// What an expression is evaluated in.
#[derive(Clone, Copy)]
pub(super) struct Env<'a> {
    pub scope: &'a dyn Scope,
    pub lambda: Option<&'a Frame<'a>>,
}

/// The variables of a lambda that is running, inside those of the lambdas around it.
pub(super) struct Frame<'a> {
    pub names: &'a [Text],
    pub values: &'a [Value],
    pub outer: Option<&'a Frame<'a>>,
}

struct Walk<'a> {
    scope: &'a dyn Scope,
    errors: Option<&'a mut Vec<Error>>,
}

impl Walk<'_> {
    /// The evaluated value; `None` when there was nothing to evaluate.
    fn value(&mut self, value: &Value) -> Result<Option<Value>, Error> {
        match &value.data {
            Data::String(text) if text.starts_with('[') => match self.string(text, value.at) {
                Err(error) if self.errors.is_some() => Ok(Some(self.instead(value, error))),
                outcome => outcome,
            },
            Data::Array(_) | Data::Object(_) => match self.inside(value) {
                Err(error) if self.errors.is_some() => Ok(Some(self.instead(value, error))),
                outcome => outcome,
            },
            _ => Ok(None),
        }
    }

    fn inside(&mut self, value: &Value) -> Result<Option<Value>, Error> {
        let _step = self.scope.engine().enter(value.at)?;
        match &value.data {
            Data::Array(items) => self.array(value, items),
            Data::Object(object) => self.object(value, object),
            _ => Ok(None),
        }
    }

    fn string(&mut self, text: &Text, at: Span) -> Result<Option<Value>, Error> {
        if !text.ends_with(']') {
            return Ok(None);
        }
        if text.starts_with("[[") {
            return Ok(Some(Value::string(text.substr(1..), at)));
        }
        let engine = self.scope.engine();
        let expr = match engine.parsed(text, at) {
            Some(expr) => expr,
            None => match parser::parse(text, at)? {
                Parsed::Expression(expr) if self.scope.repeats() => engine.keep(text, at, expr),
                Parsed::Expression(expr) => Rc::new(expr),
                Parsed::Escaped(text) => return Ok(Some(Value::string(text, at))),
                Parsed::Plain => return Ok(None),
            },
        };
        eval(&expr, &Env { scope: self.scope, lambda: None }).map(Some)
    }

    fn array(&mut self, value: &Value, items: &[Value]) -> Result<Option<Value>, Error> {
        let mut changed: Option<Vec<Value>> = None;
        for (index, item) in items.iter().enumerate() {
            match (self.value(item)?, &mut changed) {
                (None, None) => (),
                (None, Some(done)) => done.push(item.clone()),
                (Some(new), Some(done)) => done.push(new),
                (Some(new), None) => {
                    let mut done = Vec::with_capacity(items.len());
                    done.extend_from_slice(&items[..index]);
                    done.push(new);
                    changed = Some(done);
                }
            }
        }
        Ok(changed.map(|items| Value { data: Data::Array(items.into()), ..value.clone() }))
    }

    fn object(&mut self, value: &Value, object: &Object) -> Result<Option<Value>, Error> {
        let mut changed: Option<Vec<Member>> = None;
        for (index, member) in object.members.iter().enumerate() {
            let key = self.key(member)?;
            let new = self.value(&member.value)?;
            if key.is_none() && new.is_none() {
                if let Some(done) = &mut changed {
                    done.push(member.clone());
                }
                continue;
            }
            let mut named = key.unwrap_or_else(|| member.clone());
            if let Some(new) = new {
                named.value = new;
            }
            changed
                .get_or_insert_with(|| {
                    let mut done = Vec::with_capacity(object.members.len());
                    done.extend_from_slice(&object.members[..index]);
                    done
                })
                .push(named);
        }
        let data = |members: Vec<Member>| Data::Object(members.into());
        Ok(changed.map(|members| Value { data: data(members), ..value.clone() }))
    }

    /// The member with its computed key, its value not evaluated yet; `None` when the key is none.
    fn key(&mut self, member: &Member) -> Result<Option<Member>, Error> {
        if !member.key.starts_with('[') {
            return Ok(None);
        }
        let key = match self.string(&member.key, member.key_at) {
            Ok(Some(key)) => key,
            Ok(None) => return Ok(None),
            Err(error) if self.errors.is_some() => {
                self.instead(&Value::string(member.key.clone(), member.key_at), error)
            }
            Err(error) => return Err(error),
        };
        match keyed(&key, member.key_at, member.value.clone()) {
            Ok(member) => Ok(Some(member)),
            Err(error) if self.errors.is_some() => {
                let unknown = self.instead(&Value::string(member.key.clone(), member.key_at), error);
                keyed(&unknown, member.key_at, member.value.clone()).map(Some)
            }
            Err(error) => Err(error),
        }
    }

    /// What stands where an expression is wrong: unknown, because of the mistake.
    fn instead(&mut self, value: &Value, error: Error) -> Value {
        let expression = match value.as_str() {
            Some(text) if parser::is_expression(text) => text[1..text.len() - 1].to_owned(),
            _ => spell::value(value),
        };
        let unknown = Unknown::new(expression, error.to_string());
        if let Some(errors) = &mut self.errors {
            errors.push(error);
        }
        Value::unknown(unknown, value.at)
    }
}

fn shared(key: &Value) -> Option<Rc<Unknown>> {
    match &key.data {
        Data::Unknown(unknown) => Some(Rc::clone(unknown)),
        _ => key.as_unknown().map(|unknown| Rc::new(unknown.clone())),
    }
}

/// A member whose key was computed.
pub(super) fn keyed(key: &Value, at: Span, value: Value) -> Result<Member, Error> {
    if let Some(unknown) = shared(key) {
        return Ok(Member { key: unknown.partial().into(), key_at: at, value, key_unknown: Some(unknown) });
    }
    match key.as_str() {
        Some(text) => Ok(Member::new(text, at, value)),
        None => {
            let message = format!("the name of a property must be a string, not {}", functions::kind_of(key));
            Err(Error::new(Kind::Type, message, at))
        }
    }
}

/// Evaluates one expression.
pub(super) fn eval(expr: &Expr, env: &Env) -> Outcome {
    match &expr.node {
        Node::String(text) => Ok(Value::string(text.clone(), expr.at)),
        Node::Int(value) => Ok(Value::new(Data::Int(*value), expr.at)),
        Node::Call(node) => call(&node.callee, &node.args, expr.at, env),
        Node::Access(node) => access(node, env),
    }
}

fn call(callee: &Callee, args: &[Expr], at: Span, env: &Env) -> Outcome {
    let _step = env.scope.engine().enter(at)?;
    match callee {
        Callee::Builtin(builtin) => functions::call(builtin, args, at, env),
        Callee::List(name) => functions::call_list(name, args, at, env),
        Callee::User { namespace, name } => {
            let Some(function) = env.scope.function(namespace, name) else {
                let name = format!("{namespace}.{name}");
                let message = format!("there is no function `{name}`");
                let names = env.scope.function_names();
                return Err(unknown_function(message, &name, names.iter().map(String::as_str), at));
            };
            let values = args.iter().map(|arg| eval(arg, env)).collect::<Result<Vec<_>, _>>()?;
            user::call(&function, &values, at, env.scope)
        }
        Callee::None { namespace, name } => {
            let prefix = if namespace.is_some() { "sys." } else { "" };
            let message = format!("there is no function `{prefix}{name}`");
            Err(unknown_function(message, name, functions::names(), at))
        }
    }
}

fn unknown_function<'n>(message: String, name: &str, names: impl Iterator<Item = &'n str>, at: Span) -> Error {
    let error = Error::new(Kind::UnknownFunction, message, at);
    match super::error::nearest(name, names) {
        Some(near) => error.expected(format!("did you mean `{near}`?")),
        None => error,
    }
}

fn access(node: &AccessNode, env: &Env) -> Outcome {
    let mut value = eval(&node.of, env)?;
    for step in &node.steps {
        value = match step {
            Step::Member { name, at } => member(&value, name, *at, env)?,
            Step::Index { index, at } => {
                let index = eval(index, env)?;
                element(&value, &index, *at, env)?
            }
        };
    }
    Ok(value)
}

/// `value[index]`.
///
/// # Errors
/// When there is no such element or member, or the value has none.
pub(super) fn element(value: &Value, index: &Value, at: Span, env: &Env) -> Outcome {
    if let Data::Secure(inner) = &value.data {
        return element(inner, index, at, env).map(|value| functions::secure(value, at));
    }
    if let Some(name) = index.as_str() {
        return member(value, name, at, env);
    }
    if let Some(unknown) = index.as_unknown() {
        let expression = spell::index(&spell::value(value), &unknown.expression);
        let choices = value.as_array().filter(|items| items.len() <= functions::MAX_ALTERNATIVES && !items.is_empty());
        let alternatives = choices.map(<[Value]>::to_vec).unwrap_or_default();
        return Ok(Value::unknown(Unknown { alternatives, ..Unknown::new(expression, unknown.why.as_str()) }, at));
    }
    let index_error = |message: String| Err(Error::new(Kind::Type, message, at));
    let Data::Int(index) = index.data else {
        return index_error(format!("an index is an integer or a string, not {}", functions::kind_of(index)));
    };
    match &value.data {
        Data::Array(items) => {
            let spread = items.iter().position(functions::is_spread).unwrap_or(usize::MAX);
            let place = usize::try_from(index).ok();
            if spread != usize::MAX && place.is_none_or(|place| place >= spread) && index >= 0 {
                return Ok(functions::unknown_part(value, &spell::index(&spell::value(value), &index.to_string()), at));
            }
            match place.and_then(|place| items.get(place)) {
                Some(item) => Ok(text::passed(part(item, value), at)),
                None => {
                    let message = format!("there is no element {index}: the array has {} elements", items.len());
                    Err(Error::new(Kind::Range, message, at).expected("indexes start at 0"))
                }
            }
        }
        Data::Unknown(unknown) => {
            let whole = |expression: &str| spell::index(expression, &index.to_string());
            over_alternatives(unknown, &whole(&unknown.expression), at, |value| {
                element(value, &Value::new(Data::Int(index), at), at, env)
            })
        }
        Data::Null => index_error(format!("null has no element {index}")),
        _ => index_error(format!("{} has no element {index}", functions::kind_of(value))),
    }
}

/// `value.name`.
///
/// # Errors
/// When the value has no such member, or none at all.
pub(super) fn member(value: &Value, name: &str, at: Span, env: &Env) -> Outcome {
    match &value.data {
        Data::Object(object) => match object.get(name) {
            Some(found) if found.key_unknown.is_none() => Ok(text::passed(part(&found.value, value), at)),
            _ if let Some(open) = object.members.iter().find_map(|member| member.key_unknown.as_ref()) => {
                // What has unknown members may be known by an expression as a whole.
                let whole = if open.spread { open.expression.clone() } else { spell::value(value) };
                Ok(Value::unknown(Unknown::new(spell::member(&whole, name), open.why.as_str()), at))
            }
            _ => {
                let names = object.members.iter().map(|member| &*member.key);
                Err(Error::not_found("member", name, names, at))
            }
        },
        Data::Secure(inner) => member(inner, name, at, env).map(|value| functions::secure(value, at)),
        Data::Unknown(unknown) => {
            if let Some(known) = env.scope.member(unknown, name, at) {
                return Ok(text::passed(part(&known, value), at));
            }
            let expression = spell::member(&unknown.expression, name);
            over_alternatives(unknown, &expression, at, |value| member(value, name, at, env)).map(|mut made| {
                if let (Data::Unknown(made), Some(symbol)) = (&mut made.data, &unknown.symbol) {
                    Rc::make_mut(made).symbol = Some(extend(symbol, name));
                }
                made
            })
        }
        Data::Null => Err(Error::new(Kind::Type, format!("null has no member `{name}`"), at)),
        _ => {
            let message = format!("{} has no member `{name}`", functions::kind_of(value));
            Err(Error::new(Kind::Type, message, at))
        }
    }
}

/// A part of `whole`, with the trail of both.
pub(super) fn part(part: &Value, whole: &Value) -> Value {
    let mut part = part.clone();
    part.via = part.via.within(&whole.via);
    part
}

fn extend(symbol: &Symbol, name: &str) -> Symbol {
    match symbol {
        Symbol::Property(id, path) if path.is_empty() => Symbol::Property(id.clone(), name.to_owned()),
        Symbol::Property(id, path) => Symbol::Property(id.clone(), format!("{path}.{name}")),
        other => other.clone(),
    }
}

fn over_alternatives(unknown: &Unknown, expression: &str, at: Span, of: impl Fn(&Value) -> Outcome) -> Outcome {
    if unknown.alternatives.is_empty() {
        return Ok(Value::unknown(Unknown::new(expression, unknown.why.as_str()), at));
    }
    Args::unify(unknown.alternatives.iter().map(of), expression, &unknown.why, at)
}

#[cfg(test)]
mod tests;
