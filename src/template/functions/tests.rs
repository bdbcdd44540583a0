//! What functions say of values that are not known, or secret.

use crate::source::Span;
use crate::template::context::{Context, Level};
use crate::template::plain::Plain;
use crate::template::scope::Place;
use crate::value::{Data, Unknown, Value};

/// Parameters that were not given: `name`, `tag` are texts perhaps, `flag` is a condition, `list` and `map` hold more.
/// `secret` is known and secret.
fn scope() -> Plain {
    let mut scope = Plain::new(Context::default(), Level::ResourceGroup, Place::Properties);
    for name in ["name", "tag", "flag", "list", "map"] {
        let unknown = Unknown::new(format!("parameters('{name}')"), "it was not given");
        scope.parameters.push((name.to_owned(), Value::unknown(unknown, Span::NONE)));
    }
    let secret = Value::string("hunter2", Span::NONE);
    scope.parameters.push(("secret".to_owned(), Value::new(Data::Secure(secret.into()), Span::NONE)));
    scope
}

/// A value as a line: what is unknown is its known text with `…`, or its expression in angle brackets.
fn line(value: &Value) -> String {
    match &value.data {
        Data::Unknown(unknown) if unknown.spread => format!("…{}", unknown.expression),
        Data::Unknown(unknown) if !unknown.pieces.is_empty() => unknown.partial(),
        Data::Unknown(unknown) if let [only] = unknown.alternatives.as_slice() => format!("perhaps {}", line(only)),
        Data::Unknown(unknown) if !unknown.alternatives.is_empty() => {
            unknown.alternatives.iter().map(line).collect::<Vec<_>>().join(" | ")
        }
        Data::Unknown(unknown) => format!("<{}>", unknown.expression),
        Data::Secure(_) => "<secure>".to_owned(),
        Data::Array(items) => format!("[{}]", items.iter().map(line).collect::<Vec<_>>().join(", ")),
        Data::Object(object) => {
            let member = |member: &crate::value::Member| format!("{}: {}", member.key, line(&member.value));
            format!("{{{}}}", object.members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        _ => super::compact(value, '"').trim_matches('"').to_owned(),
    }
}

#[track_caller]
fn gives(expression: &str, expected: &str) {
    let given = match scope().text(&format!("[{expression}]")) {
        Ok(value) => line(&value),
        Err(error) => format!("error: {error}"),
    };
    assert_eq!(given, expected, "{expression}");
}

#[test]
fn known_text_stays_around_unknown_stretches() {
    gives("concat('a-', parameters('name'))", "a-…");
    gives("format('{0}/api:{1}', 'acme.azurecr.io', parameters('tag'))", "acme.azurecr.io/api:…");
    gives("toLower(concat('ACR', parameters('name')))", "acr…");
    gives("toUpper(concat('acr', uniqueString(parameters('name'))))", "ACR…");
    gives("replace(concat('a-b-', parameters('name')), '-', '')", "ab…");
    gives("take(concat('abc', parameters('name')), 2)", "ab");
    gives("take(concat('abc', parameters('name')), 5)", "abc…");
    gives("skip(concat('abc', parameters('name')), 2)", "c…");
    gives("substring(concat('abc', parameters('name')), 1, 2)", "bc");
    gives("join(createArray('a', parameters('name'), 'c'), '-')", "a-…-c");
    gives("trim(concat('  a', uniqueString(parameters('name')), ' '))", "a…");
    gives("padLeft(uniqueString(parameters('name')), 15, '0')", "00…");
    gives("string(createObject('image', concat('x:', parameters('tag'))))", "{\"image\":\"x:…\"}");
    gives("format('{0:D3}', parameters('name'))", "…");
    gives("first(concat('abc', parameters('name')))", "a");
    gives("last(concat(parameters('name'), 'abc'))", "c");
}

#[test]
fn unknown_stretches_are_split_around() {
    gives("split(concat('acme.azurecr.io/api:', parameters('tag')), '/')[0]", "acme.azurecr.io");
    gives("last(split(concat('/subscriptions/', parameters('name'), '/x/acr1'), '/'))", "acr1");
    gives("split(resourceGroup().id, '/')[4]", "…");
    gives("split(resourceId('Microsoft.App/containerApps', 'api'), '/')[8]", "api");
    gives("length(split(resourceGroup().id, '/'))", "5");
    gives("split(parameters('name'), '/')", "<split(parameters('name'), '/')>");
}

#[test]
fn resource_ids_are_known_as_far_as_their_parts() {
    gives(
        "resourceId('Microsoft.App/containerApps', 'api')",
        "/subscriptions/…/resourceGroups/…/providers/Microsoft.App/containerApps/api",
    );
    gives("resourceId(parameters('name'), 'A.B/c', 'd')", "/subscriptions/…/resourceGroups/…/providers/A.B/c/d");
    gives("resourceId('s', 'g', 'A.B/c', parameters('name'))", "/subscriptions/s/resourceGroups/g/providers/A.B/c/…");
    gives(
        "extensionResourceId(resourceGroup().id, 'A.B/c', 'd')",
        "/subscriptions/…/resourceGroups/…/providers/A.B/c/d",
    );
    gives("equals(resourceId('A.B/c', 'd'), resourceId('A.B/c', 'd'))", "true");
    gives("equals(resourceId('A.B/c', 'd'), resourceId('A.B/c', 'e'))", "false");
}

#[test]
fn comparisons_decide_when_known_text_does() {
    gives("equals(concat('a', parameters('name')), concat('a', parameters('name')))", "true");
    gives("equals(concat('a', parameters('name')), concat('b', parameters('name')))", "false");
    gives("equals(concat('a', parameters('name')), 'b')", "false");
    gives("equals(concat('a', parameters('name')), 'ab')", "<equals(concat('a', parameters('name')), 'ab')>");
    gives("equals(concat('a', parameters('name')), 5)", "false");
    gives("equals(parameters('name'), parameters('name'))", "true");
    gives("equals(uniqueString(parameters('name')), 'short')", "false");
    gives("empty(concat('a', parameters('name')))", "false");
    gives("empty(uniqueString(parameters('name')))", "false");
    gives("empty(parameters('name'))", "<empty(parameters('name'))>");
    gives("length(guid(parameters('name')))", "36");
    gives("length(take(uniqueString(parameters('name')), 5))", "5");
    gives("startsWith(concat('acr', parameters('name')), 'ACR')", "true");
    gives("startsWith(concat('acr', parameters('name')), 'acs')", "false");
    gives("endsWith(concat(parameters('name'), '.io'), '.io')", "true");
    gives("contains(concat('a/b', parameters('name')), '/')", "true");
    gives("contains(uniqueString(parameters('name')), '/')", "false");
    gives("contains(createArray('a', parameters('name')), 'a')", "true");
    gives(
        "contains(createArray('a', 'b'), parameters('name'))",
        "<contains(createArray('a', 'b'), parameters('name'))>",
    );
}

#[test]
fn logic_uses_what_is_known() {
    gives("and(parameters('flag'), false())", "false");
    gives("or(parameters('flag'), true())", "true");
    gives("and(parameters('flag'), true())", "<parameters('flag')>");
    gives("and(parameters('flag'), fail('spared perhaps'))", "<and(parameters('flag'))>");
    gives("not(parameters('flag'))", "<not(parameters('flag'))>");
    gives("coalesce(null(), 'a', parameters('name'))", "a");
    gives("coalesce(concat('a', parameters('name')), 'b')", "a…");
    gives("coalesce(parameters('name'), 'b')", "<coalesce(parameters('name'), 'b')>");
    gives("tryGet(createObject('a', 1), 'a')", "1");
    gives("tryGet(parameters('map'), 'a', 'b')", "<parameters('map').a.b>");
}

#[test]
fn an_unknown_condition_keeps_both_values() {
    gives("if(parameters('flag'), 'a', 'a')", "a");
    gives("if(parameters('flag'), 'a', 'b')", "a | b");
    gives("concat('x', if(parameters('flag'), 'a', 'b'))", "xa | xb");
    gives("equals(if(parameters('flag'), 'a', 'b'), 'c')", "false");
    gives("empty(if(parameters('flag'), 'a', 'b'))", "false");
    gives("if(parameters('flag'), createObject('i', 'a'), createObject('i', 'a', 'j', 1)).i", "a");
    gives("concat(createArray(1), if(parameters('flag'), createArray(2), createArray()))", "[1, 2] | [1]");
    gives(
        "map(if(parameters('flag'), createArray(1), createArray(2)), lambda('x', add(lambdaVariables('x'), 1)))",
        "[2] | [3]",
    );
    gives("if(parameters('flag'), fail('a'), fail('b'))", "error: fail(): a");
    gives("if(parameters('flag'), fail('a'), 'b')", "perhaps b");
}

#[test]
fn objects_with_structure_in_common_are_one_object() {
    const BOTH: &str = "union(createObject('t', createObject('i', 'a')), if(parameters('flag'), createObject('x', 1), createObject()))";
    gives(BOTH, "{t: {i: a}, x: 1 | null}");
    gives(&format!("{BOTH}.t.i"), "a");
    gives(&format!("contains({BOTH}, 't')"), "true");
    gives(&format!("empty({BOTH})"), "false");
    gives(&format!("if(contains({BOTH}, 'x'), 1, 2)"), "1 | 2");
    gives(&format!("if(equals(length({BOTH}), 1), 1, 2)"), "1 | 2");
    gives("if(parameters('flag'), createObject('a', 1), createObject('b', 1))", "{a: 1} | {b: 1}");
}

#[test]
fn unknown_elements_stand_for_any_number() {
    gives("concat(createArray('a'), parameters('list'))", "[a, …parameters('list')]");
    gives("concat(createArray('a'), parameters('list'))[0]", "a");
    gives("length(concat(createArray('a'), parameters('list')))", "<length(createArray('a', parameters('list')))>");
    gives("empty(concat(createArray('a'), parameters('list')))", "false");
    gives("contains(concat(createArray('a'), parameters('list')), 'a')", "true");
    gives("first(concat(createArray('a'), parameters('list')))", "a");
    gives("filter(createArray('a', 'b'), lambda('x', equals(lambdaVariables('x'), 'a')))", "[a]");
    gives(
        "length(filter(createArray('a', 'b'), lambda('x', parameters('flag'))))",
        "<length(createArray(if(parameters('flag'), 'a', null()), if(parameters('flag'), 'b', null())))>",
    );
}

#[test]
fn unknown_members_leave_the_known_ones() {
    gives("union(parameters('map'), createObject('a', 1)).a", "1");
    gives("contains(union(createObject('a', 1), parameters('map')), 'a')", "true");
    gives("createObject(concat('k', parameters('name')), 1)", "{k…: 1}");
    gives("contains(createObject(concat('k', parameters('name')), 1), 'x')", "false");
    gives("items(createObject('a', parameters('name')))[0].key", "a");
    gives("objectKeys(createObject('b', 1, 'a', parameters('name')))", "[a, b]");
    gives("parameters('map').a.b[0]", "<parameters('map').a.b[0]>");
    gives("tenant().displayName", "<tenant().displayName>");
}

#[test]
fn what_is_made_of_a_secret_is_secret() {
    gives("concat('x', parameters('secret'))", "<secure>");
    gives("toUpper(parameters('secret'))", "<secure>");
    gives("empty(parameters('secret'))", "false");
    gives("length(parameters('secret'))", "7");
    gives("equals(parameters('secret'), 'hunter2')", "true");
    gives("createObject('a', parameters('secret')).a", "<secure>");
    gives("createArray(parameters('secret'), 'b')[1]", "b");
    gives("join(createArray(parameters('secret'), 'b'), '-')", "<secure>");
    gives("if(true(), parameters('secret'), '')", "<secure>");
    gives("fail(parameters('secret'))", "error: fail(): the message is secret");
}
