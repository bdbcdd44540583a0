//! `-p FILE`, `-p NAME=VALUE`, `-p NAME=@FILE`, `-p '{…}'`: parameters as `az deployment group create` takes them.
//! <https://learn.microsoft.com/azure/azure-resource-manager/templates/parameter-files#azure-cli>

use std::ffi::OsStr;
use std::path::PathBuf;

use super::{Input, Kind, LoadError, load, read};
use crate::document;
use crate::source::{FileId, Sources, Span};
use crate::template::Source;
use crate::value::{Data, Member, Object, Value};

/// The parameters in the order they were given; later ones win.
///
/// # Errors
/// The first that cannot be read.
pub fn parameters(
    given: &[String],
    search_path: Option<&OsStr>,
    sources: &mut Sources,
) -> Result<Vec<Source>, LoadError> {
    let mut read = Vec::with_capacity(given.len());
    for text in given {
        match argument(text) {
            Argument::Inline(json) => read.push(Source::File(parse(json, "a parameter", sources)?)),
            Argument::Pair(name, value) => read.push(pair(name, value, sources)?),
            Argument::File(path) => {
                let documents = load(&[Input::File(PathBuf::from(path))], search_path, sources)?;
                // A .bicepparam names its template too; the manifest is what the command line names.
                let parts = documents.into_iter().flat_map(|document| document.parts);
                let values: Vec<Value> =
                    parts.filter(|part| part.kind != Kind::ArmTemplate).map(|part| part.value).collect();
                read.extend(values.into_iter().map(Source::File));
            }
        }
    }
    Ok(read)
}

enum Argument<'t> {
    File(&'t str),
    Pair(&'t str, &'t str),
    Inline(&'t str),
}

fn argument(text: &str) -> Argument<'_> {
    if text.trim_start().starts_with('{') {
        return Argument::Inline(text);
    }
    if let Some(path) = text.strip_prefix('@') {
        return Argument::File(path);
    }
    match text.split_once('=') {
        Some((name, value)) if is_name(name) => Argument::Pair(name, value),
        _ => Argument::File(text),
    }
}

/// Parameter names are identifiers; a path with an equals sign in it rarely is.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

fn pair(name: &str, value: &str, sources: &mut Sources) -> Result<Source, LoadError> {
    let name = name.to_owned();
    if let Some(path) = value.strip_prefix('@') {
        let file = read::read(&Input::File(PathBuf::from(path)))?;
        let id = sources.add(&*file.path, file.text);
        let text = sources.text(id).clone();
        let at = Span { file: id, start: 0, end: u32::try_from(text.len()).unwrap_or(u32::MAX) };
        let json = document::parse_json(&text, id).ok();
        return Ok(Source::Argument { name, at, text: Value::string(text.as_str(), at), json });
    }
    // What was typed is written in no file.
    let json = document::parse_json(&value.into(), FileId::NONE).ok().map(unwritten);
    Ok(Source::Argument { name, at: Span::NONE, text: Value::string(value, Span::NONE), json })
}

fn parse(text: &str, what: &str, sources: &mut Sources) -> Result<Value, LoadError> {
    let id = sources.add(format!("<{what}>"), text);
    let text = sources.text(id).clone();
    document::parse_json(&text, id)
        .map_err(|mistake| LoadError::Malformed { sentence: mistake.sentence(sources), mistake })
}

/// The value with no place at all: spans of a text that is no source would point into nothing.
fn unwritten(value: Value) -> Value {
    let data = match value.data {
        Data::Array(items) => Data::Array(items.iter().cloned().map(unwritten).collect()),
        Data::Object(object) => {
            let member = |member: &Member| Member {
                key_at: Span::NONE,
                value: unwritten(member.value.clone()),
                ..member.clone()
            };
            Data::Object(Object { members: object.members.iter().map(member).collect() })
        }
        data => data,
    };
    Value::new(data, Span::NONE)
}

/// Replaces `${VAR}` and `${VAR=default}` in every text, as azd does in parameters files: a variable that is not set and has no
/// default becomes empty. <https://learn.microsoft.com/azure/developer/azure-developer-cli/manage-environment-variables>
pub fn substitute(value: &Value, lookup: &dyn Fn(&str) -> Option<String>) -> Value {
    let data = match &value.data {
        Data::String(text) if text.contains("${") => Data::String(expanded(text, lookup).into()),
        Data::Array(items) => Data::Array(items.iter().map(|item| substitute(item, lookup)).collect()),
        Data::Object(object) => {
            let member = |member: &Member| Member { value: substitute(&member.value, lookup), ..member.clone() };
            Data::Object(Object { members: object.members.iter().map(member).collect() })
        }
        data => data.clone(),
    };
    Value { data, at: value.at, via: value.via.clone() }
}

fn expanded(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inside, remaining)) = after.split_once('}') else { break };
        out.push_str(before);
        let (name, default) = match inside.split_once('=') {
            Some((name, default)) => (name.trim_end_matches(':'), default),
            None => (inside, ""),
        };
        out.push_str(&lookup(name).filter(|found| !found.is_empty()).unwrap_or_else(|| default.to_owned()));
        rest = remaining;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn becomes(text: &str, expected: &str) {
        let lookup = |name: &str| (name == "TAG").then(|| "v1".to_owned());
        assert_eq!(expanded(text, &lookup), expected);
    }

    #[test]
    fn variables_are_replaced_as_azd_does() {
        becomes("acme.azurecr.io/api:${TAG}", "acme.azurecr.io/api:v1");
        becomes("${MISSING}", "");
        becomes("${MISSING=latest}", "latest");
        becomes("${TAG=latest}${TAG", "v1${TAG");
    }

    #[test]
    fn an_argument_is_a_pair_when_it_starts_with_a_name() {
        assert!(matches!(argument("tag=v1=2"), Argument::Pair("tag", "v1=2")));
        assert!(matches!(argument("tag="), Argument::Pair("tag", "")));
        assert!(matches!(argument("./a=b.json"), Argument::File(_)));
        assert!(matches!(argument("@prod.json"), Argument::File("prod.json")));
        assert!(matches!(argument("{\"a\":1}"), Argument::Inline(_)));
    }
}
