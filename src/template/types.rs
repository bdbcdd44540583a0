//! The types that parameters and outputs declare, those of language version 2.0 included: what a value must be, and what a
//! word of a command line becomes.
//!
//! https://learn.microsoft.com/azure/azure-resource-manager/templates/definitions

use crate::source::Span;
use crate::value::{Data, Object, Unknown, Value};

use super::error::{Error, Kind};
use super::frame::Frame;
use super::functions::kind_of;
use super::session::Session;
use super::{compare, text};

/// The types of one template.
pub(super) struct Types<'a> {
    session: &'a Session,
    definitions: Option<&'a Object>,
}

/// A value that is checked.
struct Checked<'a> {
    value: &'a Value,
    /// What it is called in a message.
    what: &'a str,
    /// Where it is, when the value itself was written nowhere.
    at: Span,
}

/// Definitions that refer to definitions.
const MAX_REFERENCES: usize = 64;
/// Types inside types; values inside a document are bounded too, but a definition can contain itself.
const MAX_DEPTH: usize = 64;

impl<'a> Types<'a> {
    pub fn new(session: &'a Session, frame: &'a Frame) -> Types<'a> {
        Types { session, definitions: frame.section("definitions") }
    }

    /// `secureString` and `secureObject`.
    pub fn is_secure(&self, declared: &Value) -> bool {
        matches!(self.word(declared).as_str(), "securestring" | "secureobject")
    }

    pub fn is_nullable(&self, declared: &Value) -> bool {
        self.chain(declared).any(|node| node.get("nullable").and_then(Value::as_bool) == Some(true))
    }

    /// What `NAME=VALUE` means, as the Azure CLI reads it: as it stands for a string, else JSON.
    pub fn argument(&self, declared: &Value, text: &Value, json: Option<&Value>) -> Value {
        match (self.word(declared).as_str(), text.as_str(), json) {
            ("bool", Some(word), _) if word.eq_ignore_ascii_case("true") => Value::new(Data::Bool(true), text.at),
            ("bool", Some(word), _) if word.eq_ignore_ascii_case("false") => Value::new(Data::Bool(false), text.at),
            ("int" | "bool" | "array" | "object" | "secureobject", _, Some(json)) => json.clone(),
            _ => text.clone(),
        }
    }

    /// A value of a parameters file. One that holds a token instead of what the type asks for is not known: a pipeline
    /// replaces the token before it deploys.
    pub fn token(&self, declared: &Value, value: &Value) -> Value {
        let word = self.word(declared);
        let Some(text) = value.as_str() else { return value.clone() };
        let is_token = ["${", "#{", "$("].iter().any(|start| text.contains(start));
        if !is_token || !matches!(word.as_str(), "int" | "bool" | "array" | "object" | "secureobject") {
            return value.clone();
        }
        let why = format!("`{text}` is replaced before the deployment");
        Value::unknown(Unknown::new(text, why), value.at)
    }

    /// Reports what is wrong with a value of this type. What is not known is never wrong.
    pub fn check(&self, declared: &Value, value: &Value, what: &str, at: Span) {
        self.node(declared, &Checked { value, what, at }, 0);
    }

    /// As [`Types::check`]; an output that is null is left out.
    pub fn check_output(&self, declared: &Value, value: &Value, what: &str, at: Span) {
        if !value.is_null() {
            self.check(declared, value, what, at);
        }
    }

    /// The type's word in lower case: `string`; empty when it has none.
    fn word(&self, declared: &Value) -> String {
        let word = self.chain(declared).find_map(|node| Some(node.get("type")?.as_str()?.to_lowercase()));
        word.unwrap_or_default()
    }

    /// The type, and the definitions that it refers to.
    fn chain<'v>(&self, declared: &'v Value) -> impl Iterator<Item = &'v Value>
    where
        'a: 'v,
    {
        let definitions = self.definitions;
        let next = move |node: &&'v Value| definition(definitions, node);
        std::iter::successors(Some(declared), next).take(MAX_REFERENCES)
    }

    fn node(&self, declared: &Value, checked: &Checked, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let value = match &checked.value.data {
            Data::Unknown(_) => return,
            Data::Secure(inner) => return self.node(declared, &Checked { value: inner, ..*checked }, depth + 1),
            Data::Null if self.is_nullable(declared) => return,
            _ => checked.value,
        };
        for node in self.chain(declared) {
            if let Some(word) = node.get("type").and_then(Value::as_str)
                && !fits(word, value)
            {
                return self.wrong(checked, format!("is {}, not {}", kind_of(value), article(word)));
            }
            self.allowed(node, checked);
            self.bounds(node, checked);
            match &value.data {
                Data::Array(items) => self.items(node, checked, items, depth),
                Data::Object(object) => self.members(node, checked, object, depth),
                _ => (),
            }
        }
    }

    fn allowed(&self, node: &Value, checked: &Checked) {
        let Some(allowed) = node.get("allowedValues").and_then(Value::as_array) else { return };
        // An array parameter may hold any of the allowed elements; strings are compared without regard to case so that no
        // deployment is refused here that Resource Manager accepts.
        let same = |value: &Value| {
            allowed.iter().any(|one| match (one.as_str(), value.as_str()) {
                (Some(one), Some(value)) => one.eq_ignore_ascii_case(value),
                _ => compare::equal(one, value) != Some(false),
            })
        };
        let fits = same(checked.value) || checked.value.as_array().is_some_and(|items| items.iter().all(same));
        if !fits {
            let words: Vec<String> = allowed.iter().take(8).map(super::spell::value).collect();
            let more = if allowed.len() > 8 { ", …" } else { "" };
            self.wrong(checked, format!("is none of the allowed values {}{more}", words.join(", ")));
        }
    }

    fn bounds(&self, node: &Value, checked: &Checked) {
        let bound = |key: &str| match node.get(key)?.data {
            Data::Int(bound) => Some(bound),
            _ => None,
        };
        let length = match &checked.value.data {
            Data::String(text) => Some((text::units(text), "characters")),
            Data::Array(items) if items.iter().any(|item| item.as_unknown().is_some_and(|item| item.spread)) => None,
            Data::Array(items) => Some((items.len(), "elements")),
            _ => None,
        };
        if let Some((length, unit)) = length {
            let length = i64::try_from(length).unwrap_or(i64::MAX);
            match (bound("minLength"), bound("maxLength")) {
                (Some(least), _) if length < least => {
                    self.wrong(checked, format!("has {length} {unit}, at least {least} are needed"));
                }
                (_, Some(most)) if length > most => {
                    self.wrong(checked, format!("has {length} {unit}, at most {most} are allowed"));
                }
                _ => (),
            }
        }
        if let Data::Int(value) = checked.value.data {
            match (bound("minValue"), bound("maxValue")) {
                (Some(least), _) if value < least => {
                    self.wrong(checked, format!("is {value}, at least {least} is needed"))
                }
                (_, Some(most)) if value > most => {
                    self.wrong(checked, format!("is {value}, at most {most} is allowed"))
                }
                _ => (),
            }
        }
    }

    fn items(&self, node: &Value, checked: &Checked, items: &[Value], depth: usize) {
        let prefix = node.get("prefixItems").and_then(Value::as_array).unwrap_or_default();
        let rest = node.get("items");
        for (index, item) in items.iter().enumerate() {
            let what = format!("element {index} of {}", checked.what);
            let item = Checked { value: item, what: &what, at: checked.at };
            match (prefix.get(index), rest) {
                (Some(declared), _) => self.node(declared, &item, depth + 1),
                (None, Some(rest)) if rest.as_bool() == Some(false) => {
                    return self
                        .wrong(checked, format!("has {} elements, at most {} are allowed", items.len(), prefix.len()));
                }
                (None, Some(declared)) => self.node(declared, &item, depth + 1),
                (None, None) => (),
            }
        }
        if items.len() < prefix.len() {
            self.wrong(checked, format!("has {} elements, {} are needed", items.len(), prefix.len()));
        }
    }

    fn members(&self, node: &Value, checked: &Checked, object: &Object, depth: usize) {
        if let Some(discriminator) = node.get("discriminator") {
            self.discriminated(discriminator, checked, object, depth);
        }
        let properties = node.get("properties").and_then(Value::as_object);
        let is_open = object.members.iter().any(|member| member.key_unknown.is_some());
        for declared in properties.map(|properties| properties.members.iter()).into_iter().flatten() {
            let what = format!("`{}` of {}", declared.key, checked.what);
            match object.get(&declared.key).map(|member| &member.value) {
                Some(value) => self.node(&declared.value, &Checked { value, what: &what, at: checked.at }, depth + 1),
                None if is_open || self.is_nullable(&declared.value) => (),
                None => self.wrong(checked, format!("lacks `{}`", declared.key)),
            }
        }
        let additional = node.get("additionalProperties");
        let is_sealed = additional.and_then(Value::as_bool) == Some(false)
            || node.get("sealed").and_then(Value::as_bool) == Some(true);
        let is_declared = |key: &str| properties.is_some_and(|properties| properties.get(key).is_some());
        for member in object.members.iter().filter(|member| member.key_unknown.is_none() && !is_declared(&member.key)) {
            let what = format!("`{}` of {}", member.key, checked.what);
            let extra = Checked { value: &member.value, what: &what, at: checked.at };
            match additional {
                _ if is_sealed => self.wrong(checked, format!("has no property `{}`", member.key)),
                Some(declared) if declared.as_object().is_some() => self.node(declared, &extra, depth + 1),
                _ => (),
            }
        }
    }

    fn discriminated(&self, discriminator: &Value, checked: &Checked, object: &Object, depth: usize) {
        let name = discriminator.get("propertyName").and_then(Value::as_str);
        let mapping = discriminator.get("mapping").and_then(Value::as_object);
        let (Some(name), Some(mapping)) = (name, mapping) else { return };
        let Some(tag) = object.get(name) else {
            return self.wrong(checked, format!("lacks `{name}`"));
        };
        let Some(tag) = tag.value.as_str() else { return };
        match mapping.members.iter().find(|member| *member.key == *tag) {
            Some(found) => self.node(&found.value, checked, depth + 1),
            None => {
                let tags: Vec<&str> = mapping.members.iter().map(|member| &*member.key).collect();
                self.wrong(checked, format!("has the `{name}` `{tag}`, not one of {}", tags.join(", ")));
            }
        }
    }

    fn wrong(&self, checked: &Checked, problem: String) {
        let at = if checked.value.at.is_written() { checked.value.at } else { checked.at };
        self.session.report(Error::new(Kind::Parameter, format!("{} {problem}", checked.what), at));
    }
}

fn definition<'v>(definitions: Option<&'v Object>, node: &'v Value) -> Option<&'v Value> {
    let name = node.get("$ref")?.as_str()?.strip_prefix("#/definitions/")?;
    Some(&definitions?.get(name)?.value)
}

fn fits(word: &str, value: &Value) -> bool {
    match word.to_lowercase().as_str() {
        "string" | "securestring" => matches!(value.data, Data::String(_)),
        "int" => matches!(value.data, Data::Int(_)),
        "bool" => matches!(value.data, Data::Bool(_)),
        "array" => matches!(value.data, Data::Array(_)),
        "object" | "secureobject" => matches!(value.data, Data::Object(_)),
        "null" => value.is_null(),
        _ => true,
    }
}

fn article(word: &str) -> String {
    let article = if word.starts_with(['a', 'i', 'o', 'A', 'I', 'O']) { "an" } else { "a" };
    format!("{article} {word}")
}
