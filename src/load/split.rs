//! The resources inside of lists and envelopes.

use super::kind::kind;
use super::{Part, listed};
use crate::source::Span;
use crate::value::{Data, Value};

/// How many lists and envelopes around a resource are opened.
const WRAPPERS: usize = 4;
/// How many of the things that are not read are told.
const UNREAD: usize = 20;

/// The parts of a document: itself, or the resources of the list or envelope that it is. What is neither goes to `unread`.
pub(super) fn split(value: Value, parts: &mut Vec<Part>, unread: &mut Vec<(Span, String)>) {
    open(value, WRAPPERS, parts, unread);
}

fn open(value: Value, depth: usize, parts: &mut Vec<Part>, unread: &mut Vec<(Span, String)>) {
    match &value.data {
        // A YAML stream that ends with `---`, or starts with a comment and `---`.
        Data::Null => return,
        Data::Array(items) if depth > 0 && items.iter().any(|item| item.as_object().is_some()) => {
            return items.iter().for_each(|item| open(item.clone(), depth - 1, parts, unread));
        }
        Data::Object(object) => {
            if let Some(kind) = kind(object) {
                return parts.push(Part { kind, value });
            }
            if depth > 0
                && let Some(inner) = enveloped(&value)
            {
                return open(inner.clone(), depth - 1, parts, unread);
            }
        }
        _ => (),
    }
    if unread.len() < UNREAD {
        unread.push((value.at, found(&value)));
    }
}

/// What a value is, for people.
fn found(value: &Value) -> String {
    match &value.data {
        Data::Object(object) if object.members.is_empty() => "an empty object".to_owned(),
        Data::Object(object) => format!("an object with {}", listed(object.members.iter().map(|member| &*member.key))),
        Data::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Data::Array(_) => "a list without resources".to_owned(),
        Data::String(_) => "only a text".to_owned(),
        _ => "only a single value".to_owned(),
    }
}

/// The list that Resource Manager answers (`value`), or the body of a recorded or documented request.
fn enveloped(value: &Value) -> Option<&Value> {
    if let Some(list) = value.get("value").filter(|list| list.as_array().is_some()) {
        return Some(list);
    }
    let known = |body: &&Value| body.as_object().is_some_and(|body| kind(body).is_some()) || enveloped_list(body);
    let sent = value.get("parameters").and_then(Value::as_object);
    let answered = value.get("responses").and_then(Value::as_object)?;
    let sent = sent.into_iter().flat_map(|sent| sent.members.iter()).map(|member| &member.value);
    let answered = answered.members.iter().filter_map(|member| member.value.get("body"));
    sent.chain(answered).find(known)
}

fn enveloped_list(body: &Value) -> bool {
    body.get("value").is_some_and(|list| list.as_array().is_some())
}

#[cfg(test)]
mod tests {
    use crate::document::bytes::Encoding;
    use crate::load::{Document, LoadError, document};
    use crate::source::Sources;

    fn read(text: &str) -> Result<Document, LoadError> {
        let mut sources = Sources::default();
        let file = sources.add("x", text);
        document("x".to_owned(), file, Encoding::Utf8, &sources)
    }

    #[track_caller]
    fn refuse(text: &str, found: &str) {
        match read(text) {
            Err(LoadError::Unrecognised { found: actual, .. }) => assert_eq!(actual, found),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_stands_beside_is_noted_and_what_stands_alone_is_refused() {
        let document = read("# c\n---\nname: values\n---\ntype: Microsoft.App/jobs\n---\n").unwrap();
        assert_eq!(
            (document.parts.len(), document.notes[0].sentence()),
            (1, "not read: an object with `name`".to_owned())
        );
        refuse("name: values\nimage: {tag: 1}", "an object with `name`, `image`");
        refuse("services: {web: {host: containerapp, project: ./src}}", "an object with `services`");
        refuse(
            "{\"$schema\": \"http://json-schema.org/schema#\", \"type\": \"object\", \"properties\": {\"a\": {}}}",
            "an object with `$schema`, `type`, `properties`",
        );
        refuse("{}", "an empty object");
        refuse("[]", "an empty list");
        refuse("[1, 2]", "a list without resources");
        refuse("---\n---\n", "only empty documents");
        refuse("hello", "only a text");
        refuse("42", "only a single value");
        refuse(r#"{"a\u001b\n::error::": 1}"#, "an object with `a\\u{1b}\\n::error::`");
    }
}
