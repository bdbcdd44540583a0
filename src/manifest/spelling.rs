//! Keys that are not the ones that were meant: misspelt, in the wrong place, of the wrong form.
//!
//! The Azure CLI drops keys that it does not know without a word (its msrest deserialiser reads what its models name), so that
//! `configuration.registry` deploys an app without credentials. Only what is near a key that decides a pull is reported: APIs
//! grow, and an unknown key alone is no mistake.

use crate::finding::Finding;
use crate::value::{Data, Member, Value};

use super::{Problem, set};

/// What is known of the keys of one object.
#[derive(Debug)]
pub(super) struct Level {
    /// What people call the object.
    pub of: &'static str,
    /// The keys that decide a pull: what is near one of them was meant to be it.
    pub watched: &'static [&'static str],
    /// Other keys that the object has.
    pub other: &'static [&'static str],
    /// Keys that belong elsewhere, and where.
    pub elsewhere: &'static [(&'static str, &'static str)],
    /// Words that people write for a watched key and that are spelled differently.
    pub synonyms: &'static [(&'static str, &'static str)],
}

/// The form that a value must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    List,
    Map,
    Text,
}

/// The code of all problems of this module.
pub(super) const CODE: &str = "key-unknown";

/// The member of this name if it is set, in camelCase or, as YAML for the Azure CLI is written too, in snake_case.
pub(super) fn member<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    set(value, key).or_else(|| set(value, &snake(key)))
}

/// The same with the place of its key, and also where it is set to null or an empty text.
pub(super) fn written<'v>(value: &'v Value, key: &str) -> Option<&'v Member> {
    let object = value.as_object()?;
    object.get(key).or_else(|| object.get(&snake(key)))
}

/// Reports the keys of an object that are near a watched one, or belong elsewhere.
pub(super) fn inspect(object: &Value, level: &Level, problems: &mut Vec<Problem>) {
    let Some(object) = object.as_object() else { return };
    for member in object.members.iter().filter(|member| member.key_unknown.is_none()) {
        let key = member.key.as_str();
        if key.starts_with("x-") || is_one_of(key, level.watched) || is_one_of(key, level.other) {
            continue;
        }
        if let Some((_, place)) = find(key, level.elsewhere) {
            problems.push(misplaced(member, level, place));
        } else if let Some(meant) = meant(key, level) {
            problems.push(misspelt(member, level, meant, object.get(meant).is_some()));
        }
    }
}

/// Reports a member whose value has another form than Azure reads there.
pub(super) fn expect(object: &Value, key: &str, form: Form, problems: &mut Vec<Problem>) {
    let Some(member) = written(object, key) else { return };
    if form.fits(&member.value) {
        return;
    }
    let title = format!("`{key}` is {} here, and Azure reads {}", found(&member.value), form.phrase());
    let help = match form {
        Form::List => format!("write a dash in front of each entry of `{key}`"),
        Form::Map => format!("write `{key}` as a map: a key with a colon, not a dash, for each entry"),
        Form::Text => format!("write `{key}` as one text, in quotes where it looks like a number"),
    };
    problems.push(problem(Finding::at(member.key_at, title).also(member.value.at, "its value").help(help)));
}

/// A problem of this module's code.
pub(super) fn problem(finding: Finding) -> Problem {
    Problem { code: CODE, finding: finding.warning(), workload: None }
}

fn misplaced(member: &Member, level: &Level, place: &str) -> Problem {
    let title = format!("`{}` does not belong in {}: it is ignored there", member.key, level.of);
    problem(Finding::at(member.key_at, title).help(format!("move `{}` {place}", member.key)))
}

fn misspelt(member: &Member, level: &Level, meant: &str, is_there: bool) -> Problem {
    let title = format!("`{}` is no key of {}: it is ignored", member.key, level.of);
    let finding = Finding::at(member.key_at, title);
    problem(match is_there {
        true => finding
            .help(format!("`{meant}` is written beside it: move what belongs there, and delete `{}`", member.key)),
        false => finding.help(format!("did you mean `{meant}`?")).edit(member.key_at, meant),
    })
}

/// The watched key that somebody meant who wrote this one.
fn meant(key: &str, level: &Level) -> Option<&'static str> {
    // Nobody mistypes a key of this length into one of the short ones that are watched.
    if key.len() > 64 {
        return None;
    }
    if let Some((_, meant)) = find(key, level.synonyms) {
        return Some(meant);
    }
    let stem = stem(key);
    let distance = |meant: &&&str| strsim::damerau_levenshtein(&stem, &self::stem(meant));
    let nearest = level.watched.iter().min_by_key(distance)?;
    // One slip of the finger, and one more for every six letters; short words are too near to each other for more.
    (distance(&nearest) <= usize::from(stem.len() > 3) + stem.len() / 6).then_some(*nearest)
}

/// The key without its case, its underscores and dashes, and its plural.
fn stem(key: &str) -> String {
    let letters = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
    let letters: String = letters.collect();
    match letters.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => letters.strip_suffix('s').unwrap_or(&letters).to_owned(),
    }
}

fn is_one_of(key: &str, keys: &[&str]) -> bool {
    keys.iter().any(|known| known.eq_ignore_ascii_case(key) || snake(known).eq_ignore_ascii_case(key))
}

fn find(key: &str, pairs: &'static [(&'static str, &'static str)]) -> Option<&'static (&'static str, &'static str)> {
    pairs.iter().find(|(known, _)| known.eq_ignore_ascii_case(key) || snake(known).eq_ignore_ascii_case(key))
}

fn snake(key: &str) -> String {
    let mut snake = String::with_capacity(key.len() + 4);
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

impl Form {
    fn fits(self, value: &Value) -> bool {
        match &value.data {
            Data::Null | Data::Unknown(_) => true,
            Data::Secure(inner) => self.fits(inner),
            Data::Array(_) => self == Form::List,
            Data::Object(_) => self == Form::Map,
            Data::String(_) => self == Form::Text,
            Data::Bool(_) | Data::Int(_) | Data::Float(_) => false,
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Form::List => "a list",
            Form::Map => "a map",
            Form::Text => "a text",
        }
    }
}

fn found(value: &Value) -> &'static str {
    match &value.data {
        Data::Null => "nothing",
        Data::Bool(_) => "a boolean",
        Data::Int(_) | Data::Float(_) => "a number",
        Data::String(_) => "a text",
        Data::Array(_) => "a list",
        Data::Object(_) => "a map",
        Data::Unknown(_) => "unknown",
        Data::Secure(inner) => found(inner),
    }
}
