//! Functions that call a lambda for each element.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::source::Text;
use crate::template::ast::{Callee, Expr, Node};
use crate::template::eval::{self, Env, Frame};
use crate::value::{Data, Member, Unknown, Value};

use super::{Args, Builtin, Error, Kind, Lazy, Outcome, is_spread, kind_of, lazy, object, open, secure, spell, text};

pub const FUNCTIONS: &[Builtin] = &[
    lazy("lambda", 2, super::MANY, |call| Err(call.args(&[]).error(Kind::Placement, "a lambda is no value by itself"))),
    lazy("lambdaVariables", 1, 1, variable),
    lazy("filter", 2, 2, |call| each(call, filter)),
    lazy("map", 2, 2, |call| each(call, map)),
    lazy("reduce", 3, 3, |call| each(call, reduce)),
    lazy("sort", 2, 2, |call| each(call, sort)),
    lazy("toObject", 2, 3, |call| each(call, to_object)),
    lazy("groupBy", 2, 3, |call| each(call, group_by)),
    lazy("mapValues", 2, 2, |call| each(call, map_values)),
];

/// Values nested deeper are refused: they would have to be built by a reduce, and the stack is bounded.
const MAX_NESTING: u32 = 100;

/// A lambda that can be called.
struct Lambda<'a> {
    names: Vec<Text>,
    body: &'a Expr,
    env: &'a Env<'a>,
}

impl<'a> Lambda<'a> {
    fn of(call: &Lazy<'a>, index: usize, least: usize, most: usize) -> Result<Lambda<'a>, Error> {
        let expr = &call.exprs[index];
        let wrong =
            |message: &str| Err(Error::new(Kind::Type, message, expr.at).of(call.name).expected("expected a lambda"));
        let Node::Call(node) = &expr.node else { return wrong("the argument is no lambda") };
        let (Callee::Builtin(builtin), Some((body, parameters))) = (&node.callee, node.args.split_last()) else {
            return wrong("the argument is no lambda");
        };
        if builtin.name != "lambda" {
            return wrong("the argument is no lambda");
        }
        let mut names = Vec::new();
        for parameter in parameters {
            match &parameter.node {
                Node::String(name) => names.push(name.clone()),
                _ => return Err(Error::new(Kind::Type, "the name of a lambda's variable is a string", parameter.at)),
            }
        }
        if !(least..=most).contains(&names.len()) {
            let message = format!("the lambda has {} variables", names.len());
            let expected = if least == most { format!("{least}") } else { format!("{least} or {most}") };
            return Err(Error::new(Kind::Arity, message, expr.at)
                .of(call.name)
                .expected(format!("expected {expected}")));
        }
        Ok(Lambda { names, body, env: call.env })
    }

    fn call(&self, values: &[Value]) -> Outcome {
        let _step = self.env.scope.engine().enter(self.body.at)?;
        let frame = Frame { names: &self.names, values, outer: self.env.lambda };
        eval::eval(self.body, &Env { scope: self.env.scope, lambda: Some(&frame) })
    }

    /// With the index of the element when the lambda takes it.
    fn indexed(&self, values: &[Value], index: usize) -> Outcome {
        if self.names.len() == values.len() {
            return self.call(values);
        }
        let index = Data::Int(i64::try_from(index).unwrap_or(i64::MAX));
        let index = Value::new(index, self.body.at);
        self.call(&values.iter().cloned().chain([index]).collect::<Vec<_>>())
    }
}

fn variable(call: &Lazy) -> Outcome {
    let values = [call.eval(0)?];
    let name = call.args(&values).text(0)?.clone();
    let mut frame = call.env.lambda;
    let mut known = Vec::new();
    while let Some(inner) = frame {
        if let Some(place) = inner.names.iter().position(|declared| declared.eq_ignore_ascii_case(&name)) {
            return Ok(text::passed(inner.values[place].clone(), call.at));
        }
        known.extend(inner.names.iter().map(|name| &**name));
        frame = inner.outer;
    }
    Err(Error::not_found("lambda variable", &name, known, call.at))
}

/// Evaluates the collection and calls `of` with it; for each of its alternatives, and inside of a secret.
fn each(call: &Lazy, of: fn(&Lazy, &Value) -> Outcome) -> Outcome {
    let collection = call.eval(0)?;
    match &collection.data {
        Data::Secure(_) => choose(call, open(&collection), of).map(|value| secure(value, call.at)),
        _ => choose(call, &collection, of),
    }
}

fn choose(call: &Lazy, collection: &Value, of: fn(&Lazy, &Value) -> Outcome) -> Outcome {
    let Data::Unknown(unknown) = &collection.data else { return of(call, collection) };
    let expression = format!("{}({}{})", call.name, unknown.expression, spell::rest(&call.exprs[1..]));
    if unknown.alternatives.is_empty() {
        return Ok(Value::unknown(Unknown::new(expression, unknown.why.as_str()), call.at));
    }
    Args::unify(unknown.alternatives.iter().map(|value| choose(call, value, of)), &expression, &unknown.why, call.at)
}

fn array<'v>(call: &Lazy, collection: &'v Value) -> Result<&'v [Value], Error> {
    match &collection.data {
        Data::Array(items) => {
            call.env.scope.engine().spend(items.len(), call.at)?;
            Ok(items)
        }
        _ => {
            let message = format!("its first argument is {}", kind_of(collection));
            Err(Error::new(Kind::Type, message, call.exprs[0].at).of(call.name).expected("expected an array"))
        }
    }
}

fn unknown(call: &Lazy, collection: &Value, reason: &Value) -> Outcome {
    let expression = format!("{}({}{})", call.name, spell::value(collection), spell::rest(&call.exprs[1..]));
    Ok(super::unknown_part(reason, &expression, call.at))
}

fn give_array(call: &Lazy, items: Vec<Value>) -> Outcome {
    Ok(Value::array(items, call.at))
}

fn map(call: &Lazy, collection: &Value) -> Outcome {
    let lambda = Lambda::of(call, 1, 1, 2)?;
    let items = array(call, collection)?;
    let mut mapped = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if is_spread(item) {
            mapped.push(spread(call, item));
            continue;
        }
        mapped.push(lambda.indexed(&[eval::part(item, collection)], index)?);
    }
    give_array(call, mapped)
}

/// What becomes of elements of which not even their number is known.
fn spread(call: &Lazy, item: &Value) -> Value {
    let Data::Unknown(unknown) = &item.data else { return item.clone() };
    let expression = format!("{}({}{})", call.name, unknown.expression, spell::rest(&call.exprs[1..]));
    let unknown = Unknown { spread: true, ..Unknown::new(expression, unknown.why.as_str()) };
    Value { data: Data::Unknown(Rc::new(unknown)), ..item.clone() }
}

fn filter(call: &Lazy, collection: &Value) -> Outcome {
    let lambda = Lambda::of(call, 1, 1, 2)?;
    let mut kept = Vec::new();
    for (index, item) in array(call, collection)?.iter().enumerate() {
        if is_spread(item) {
            kept.push(spread(call, item));
            continue;
        }
        let truth = lambda.indexed(&[eval::part(item, collection)], index)?;
        match &open(&truth).data {
            Data::Bool(true) => kept.push(item.clone()),
            Data::Bool(false) => (),
            Data::Unknown(unknown) => {
                let expression = format!("if({}, {}, null())", unknown.expression, spell::value(item));
                let alternatives = vec![item.clone()];
                let perhaps = Unknown { spread: true, alternatives, ..Unknown::new(expression, unknown.why.as_str()) };
                kept.push(Value { data: Data::Unknown(Rc::new(perhaps)), ..item.clone() });
            }
            _ => return Err(wrong_result(call, &truth, &lambda, "a bool")),
        }
    }
    give_array(call, kept)
}

fn wrong_result(call: &Lazy, value: &Value, lambda: &Lambda, expected: &str) -> Error {
    let message = format!("the lambda gives {}", kind_of(value));
    Error::new(Kind::Type, message, lambda.body.at).of(call.name).expected(format!("expected {expected}"))
}

fn reduce(call: &Lazy, collection: &Value) -> Outcome {
    let lambda = Lambda::of(call, 2, 2, 3)?;
    let mut current = call.eval(1)?;
    for (index, item) in array(call, collection)?.iter().enumerate() {
        if is_spread(item) {
            return unknown(call, collection, item);
        }
        current = lambda.indexed(&[current, eval::part(item, collection)], index)?;
        let engine = call.env.scope.engine();
        let mut cost = 0;
        if nesting(&current, MAX_NESTING, &mut cost).is_none() {
            let message = format!("the value is nested more than {MAX_NESTING} deep");
            return Err(Error::new(Kind::Limit, message, call.at).of(call.name));
        }
        engine.spend(cost / 8, call.at)?;
    }
    Ok(text::passed(current, call.at))
}

/// How deep the value is nested; `None` when deeper than `left`.
fn nesting(value: &Value, left: u32, cost: &mut usize) -> Option<()> {
    *cost += 1;
    match &open(value).data {
        Data::Array(_) | Data::Object(_) if left == 0 => None,
        Data::Array(items) => items.iter().try_for_each(|item| nesting(item, left - 1, cost)),
        Data::Object(object) => object.members.iter().try_for_each(|member| nesting(&member.value, left - 1, cost)),
        _ => Some(()),
    }
}

/// Stable; the lambda says whether the first comes before the second.
fn sort(call: &Lazy, collection: &Value) -> Outcome {
    let lambda = Lambda::of(call, 1, 2, 2)?;
    let items = array(call, collection)?;
    if let Some(item) = items.iter().find(|item| is_spread(item)) {
        return unknown(call, collection, item);
    }
    let mut stop: Option<Outcome> = None;
    let mut before = |left: &Value, right: &Value| {
        let truth = match lambda.call(&[left.clone(), right.clone()]) {
            Ok(truth) => truth,
            Err(error) => {
                stop.get_or_insert(Err(error));
                return false;
            }
        };
        match &open(&truth).data {
            Data::Bool(truth) => *truth,
            Data::Unknown(_) => {
                stop.get_or_insert_with(|| unknown(call, collection, &truth));
                false
            }
            _ => {
                stop.get_or_insert_with(|| Err(wrong_result(call, &truth, &lambda, "a bool")));
                false
            }
        }
    };
    let sorted = merge_sorted(items.to_vec(), &mut before);
    stop.unwrap_or_else(|| give_array(call, sorted))
}

/// The library's sorts may panic when an order contradicts itself; a lambda's can.
fn merge_sorted(items: Vec<Value>, before: &mut dyn FnMut(&Value, &Value) -> bool) -> Vec<Value> {
    if items.len() < 2 {
        return items;
    }
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let left = merge_sorted(left, before);
    let right = merge_sorted(right, before);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(first), Some(second)) if before(second, first) => Ordering::Greater,
            (Some(_), _) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return merged,
        };
        merged.extend(if order.is_lt() { left.next() } else { right.next() });
    }
}

fn to_object(call: &Lazy, collection: &Value) -> Outcome {
    let key = Lambda::of(call, 1, 1, 1)?;
    let value = if call.exprs.len() > 2 { Some(Lambda::of(call, 2, 1, 1)?) } else { None };
    let mut made = Vec::new();
    let items = array(call, collection)?;
    for item in items {
        if is_spread(item) {
            return unknown(call, collection, item);
        }
        let item = eval::part(item, collection);
        let name = key_of(call, &key, &item)?;
        let value = match &value {
            Some(value) => value.call(std::slice::from_ref(&item))?,
            None => item,
        };
        call.env.scope.engine().spend(made.len() / 16, call.at)?;
        object::put(&mut made, eval::keyed(&name, call.at, value)?);
    }
    Ok(Value::new(Data::Object(made.into()), call.at))
}

fn key_of(call: &Lazy, key: &Lambda, item: &Value) -> Outcome {
    let name = key.call(std::slice::from_ref(item))?;
    match open(&name).data {
        Data::String(_) | Data::Unknown(_) => Ok(name),
        _ => Err(wrong_result(call, &name, key, "a string, the name of a property")),
    }
}

fn group_by(call: &Lazy, collection: &Value) -> Outcome {
    let key = Lambda::of(call, 1, 1, 1)?;
    let value = if call.exprs.len() > 2 { Some(Lambda::of(call, 2, 1, 1)?) } else { None };
    let mut groups: Vec<(Text, Vec<Value>)> = Vec::new();
    for item in array(call, collection)? {
        if is_spread(item) {
            return unknown(call, collection, item);
        }
        let item = eval::part(item, collection);
        let name = key_of(call, &key, &item)?;
        let Data::String(name) = &open(&name).data else { return unknown(call, collection, &name) };
        let item = match &value {
            Some(value) => value.call(std::slice::from_ref(&item))?,
            None => item,
        };
        call.env.scope.engine().spend(groups.len() / 16, call.at)?;
        match groups.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, group)) => group.push(item),
            None => groups.push((name.clone(), vec![item])),
        }
    }
    let member = |(name, items): (Text, Vec<Value>)| Member::new(name, call.at, Value::array(items, call.at));
    Ok(Value::object(groups.into_iter().map(member).collect(), call.at))
}

fn map_values(call: &Lazy, collection: &Value) -> Outcome {
    let lambda = Lambda::of(call, 1, 1, 1)?;
    let Data::Object(object) = &collection.data else {
        let message = format!("its first argument is {}", kind_of(collection));
        return Err(Error::new(Kind::Type, message, call.exprs[0].at).of(call.name).expected("expected an object"));
    };
    call.env.scope.engine().spend(object.members.len(), call.at)?;
    let mut members = Vec::with_capacity(object.members.len());
    for member in object.members.iter() {
        let value = match is_spread(&member.value) {
            true => spread(call, &member.value),
            false => lambda.call(&[eval::part(&member.value, collection)])?,
        };
        members.push(Member { value, ..member.clone() });
    }
    Ok(Value::object(members, call.at))
}
