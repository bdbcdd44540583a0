//! Where values come from, and what a mistake leaves of its surroundings.

use arcstr::ArcStr;

use super::*;
use crate::source::Sources;
use crate::template::context::{Context, Level};
use crate::template::plain::Plain;
use crate::template::scope::Place;

/// A file of `name = text` lines: parameters, and `variables` in lower case letters after `var`. Strings start after `= `.
struct World {
    sources: Sources,
    scope: Plain,
    values: Vec<(String, Value)>,
}

fn world(text: &str) -> World {
    let mut sources = Sources::default();
    let text = ArcStr::from(text);
    let file = sources.add("main.json", text.clone());
    let mut scope = Plain::new(Context::default(), Level::ResourceGroup, Place::Properties);
    let mut values = Vec::new();
    let mut variables = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches('\n');
        if let Some((name, value)) = body.split_once(" = ") {
            let from = start + name.len() + 3;
            let range = from..from + value.len();
            let byte = |at: usize| u32::try_from(at).unwrap();
            let at = Span { file, start: byte(range.start), end: byte(range.end) };
            let value = Value::string(text.substr(range), at);
            match name.split_once(' ') {
                Some(("param", name)) => scope.parameters.push((name.to_owned(), value)),
                Some(("var", name)) => variables.push(Member::new(name, at, value)),
                _ => values.push((name.to_owned(), value)),
            }
        }
        start += line.len();
    }
    scope.variables = Some(Value::object(variables, Span::NONE));
    World { sources, scope, values }
}

impl World {
    fn value(&self, name: &str) -> &Value {
        &self.values.iter().find(|(known, _)| known == name).unwrap().1
    }
}

/// The text of the last line's value: what it is, where it is written, and what it passed through, nearest first.
#[track_caller]
fn traced(text: &str, expected: &str) {
    let world = world(text);
    let value = evaluate(world.value("image"), &world.scope).unwrap();
    let hops: Vec<&str> = value.via.spans().into_iter().map(|at| world.sources.slice(at)).collect();
    let trail = format!("{} at {}; {}", value.partial().unwrap(), world.sources.slice(value.at), hops.join("; "));
    assert_eq!(trail.trim_end_matches("; "), expected);
}

#[test]
fn a_literal_is_where_it_is_written() {
    traced("image = acme.azurecr.io/api:v1", "acme.azurecr.io/api:v1 at acme.azurecr.io/api:v1");
    traced("image = [if(true(), 'a:1', 'b:2')]", "a:1 at 'a:1'");
    traced("image = [toLower('A:1')]", "a:1 at 'A:1'");
}

#[test]
fn a_value_remembers_what_it_passed_through() {
    traced("param x = a:1\nimage = [parameters('x')]", "a:1 at a:1; parameters('x')");
    traced(
        "param x = a:1\nvar y = [parameters('x')]\nimage = [variables('y')]",
        "a:1 at a:1; variables('y'); parameters('x')",
    );
    traced("param x = {\"i\": \"a:1\"}\nimage = [json(parameters('x')).i]", "a:1 at {\"i\": \"a:1\"}; parameters('x')");
    traced("param x = A:1\nimage = [toLower(coalesce(null(), parameters('x')))]", "a:1 at A:1; parameters('x')");
    traced("param x = a:1\nimage = [format('{0}', parameters('x'))]", "a:1 at a:1; parameters('x')");
}

#[test]
fn a_text_that_is_put_together_is_where_that_happens() {
    traced(
        "param r = acme.azurecr.io\nparam t = v1\nimage = [format('{0}/api:{1}', parameters('r'), parameters('t'))]",
        "acme.azurecr.io/api:v1 at format('{0}/api:{1}', parameters('r'), parameters('t')); v1; acme.azurecr.io",
    );
    traced(
        "param t = v1\nvar i = [concat('a:', parameters('t'))]\nimage = [variables('i')]",
        "a:v1 at concat('a:', parameters('t')); variables('i'); v1",
    );
}

#[test]
fn errors_point_into_the_expression() {
    for (text, blamed, kind) in [
        ("image = [concat('a', toLowr('b'))]", "toLowr('b')", Kind::UnknownFunction),
        ("image = [add(1, 'b')]", "'b'", Kind::Type),
        ("image = [concat('a' 'b')]", "'b'", Kind::Syntax),
        ("image = [parameters('nothing')]", "parameters('nothing')", Kind::NotFound),
        ("image = [createObject('a', 1).b.c]", "createObject('a', 1).b", Kind::NotFound),
        ("image = [concat(\"a\")]", "\"", Kind::Syntax),
        ("image = [toUpper('a', 'b')]", "toUpper('a', 'b')", Kind::Arity),
        ("image = [add(9223372036854775808, 1)]", "9223372036854775808", Kind::Range),
    ] {
        let world = world(text);
        let error = evaluate(world.value("image"), &world.scope).unwrap_err();
        assert_eq!((world.sources.slice(error.at), error.kind), (blamed, kind), "{text}");
    }
}

#[test]
fn a_mistake_leaves_its_neighbours_alone() {
    let scope = Plain::new(Context::default(), Level::ResourceGroup, Place::Properties);
    let text = |text: &str| Value::string(text, Span::NONE);
    let items = Value::array(vec![text("[add(1, 'x')]"), text("[toUpper('a')]"), text("[[plain]")], Span::NONE);
    let key = Member::new("[concat('k', 1)]", Span::NONE, items);
    let value = Value::object(vec![key], Span::NONE);
    let mut errors = Vec::new();
    let evaluated = evaluate_lenient(&value, &scope, &mut errors);
    let items = evaluated.get("k1").and_then(Value::as_array).unwrap();
    assert_eq!(items[0].as_unknown().unwrap().expression, "add(1, 'x')");
    assert_eq!(items[1].as_str(), Some("A"));
    assert_eq!(items[2].as_str(), Some("[plain]"));
    assert_eq!(errors.len(), 1);
    assert_eq!(evaluate(&value, &scope).unwrap_err().kind, Kind::Type);
}

#[test]
fn what_holds_no_expression_is_shared() {
    let scope = Plain::new(Context::default(), Level::ResourceGroup, Place::Properties);
    let inner = Value::array(vec![Value::string("plain", Span::NONE)], Span::NONE);
    let value = Value::array(vec![inner.clone(), Value::string("['a']", Span::NONE)], Span::NONE);
    let evaluated = evaluate(&value, &scope).unwrap();
    let (Data::Array(before), Data::Array(after)) = (&inner.data, &evaluated.as_array().unwrap()[0].data) else {
        panic!("both are arrays")
    };
    assert!(Rc::ptr_eq(before, after));
}

#[track_caller]
fn refuses(text: &str, kind: Kind) {
    assert_eq!(crate::template::plain::try_text(text).unwrap_err().kind, kind);
}

#[test]
fn there_are_limits_and_no_end_of_the_stack() {
    refuses(&format!("[{}1{}]", "add(1,".repeat(3000), ")".repeat(3000)), Kind::Limit);
    refuses(&format!("[concat('{}')]", "x".repeat(25_000)), Kind::Limit);
    refuses(
        "[reduce(range(0, 10000), createArray(), lambda('a', 'b', createArray(lambdaVariables('a'))))]",
        Kind::Limit,
    );
    refuses(
        "[reduce(range(0, 100), 'xx', lambda('a', 'b', concat(lambdaVariables('a'), lambdaVariables('a'))))]",
        Kind::Limit,
    );
    refuses("[map(range(0, 10000), lambda('a', map(range(0, 10000), lambda('b', 1))))]", Kind::Limit);
    refuses("[map(range(0, 10000), lambda('a', range(0, 10000)))]", Kind::Limit);
    refuses("[format('{0,1000000000}', 1)]", Kind::Value);
    refuses("[padLeft('a', 2000000000)]", Kind::Range);
    refuses("[add(9223372036854775807, 1)]", Kind::Range);
    refuses("[div(-9223372036854775808, -1)]", Kind::Range);
    assert!(crate::template::plain::try_text(&format!("[createObject('a', 1){}]", ".a".repeat(8000))).is_err());
    assert!(crate::template::plain::try_text("[").is_ok());
    assert!(crate::template::plain::try_text("[]").is_err());
}
