//! JSON and YAML texts as values that know where they were written.
//!
//! Two front ends make one tree ([`Value`]): [`parse_json`] from a token stream, [`parse_yaml`] from an event stream; [`bytes`]
//! makes a text of what a file holds. Nothing here opens a file or knows what the values mean.
//!
//! One rule for places: the span of a string, and of a key, is its text **without the quotes**. Where the text between the
//! quotes is the value byte for byte (no escape, no folded line), byte *n* of the value is byte *n* of the span, so that a caret
//! can stand below one character of an image; [`mirrors`] tells. The span of a block scalar starts at its first character, that
//! of an array or object covers its brackets, or in block style everything from the first to the last item. The span of an
//! alias's value is where the anchored value stands, since that is the text to change; the alias is a hop of its trail.
//!
//! Duplicate keys stay in order, and the last one counts, as every reader of these formats does it; each is a [`Note`] too.
//! JSON is never read by the YAML parser: a trailing comma would pass, and `//` would become part of a key.

pub mod bytes;
pub(crate) mod ignore;
pub mod json;
mod mistake;
mod repeat;
mod scalar;
pub mod yaml;

use arcstr::ArcStr;

pub use ignore::Ignore;
pub use mistake::{Mistake, Reason};

use crate::source::{FileId, Sources, Span, Text};
use crate::value::Value;

/// How many values deep a JSON text may nest. The templates of the corpus stay below 60.
pub const JSON_DEPTH: usize = 512;
/// How many values deep a YAML text may nest, aliases followed.
pub const YAML_DEPTH: usize = 255;
/// How many values one file may hold, so that memory stays below about a gigabyte whatever the text.
pub const VALUES: usize = 8_000_000;
/// How many comments of a YAML text may stand in a row.
const COMMENTS: usize = 50_000;
/// How many values the aliases and merge keys of one file may repeat.
pub const REPEATED: u64 = 1_000_000;
/// How many notes are kept of one file.
const NOTES: usize = 200;

/// What a text holds.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// One value of a JSON text, one a document of a YAML stream.
    pub values: Vec<Value>,
    pub notes: Vec<Note>,
    /// `# pullgate: ignore[…]` comments, in the order they are written.
    pub ignores: Vec<Ignore>,
}

/// Something that is read, but probably not as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A key of an object is written again: what stands at `first` is lost.
    Repeated { key: Text, first: Span, again: Span },
    /// `yes`, `on` …: a text in YAML 1.2, a boolean for the readers of YAML 1.1, which the Azure CLI is.
    Boolean { text: Text, at: Span },
    /// A comment starts with `pullgate:` but is not `ignore[code, …] reason`.
    Comment { at: Span },
    /// A document or item beside others that pullgate reads.
    Unread { at: Span, found: String },
}

/// A text of either format, told apart by how it starts and never by its name.
///
/// # Errors
/// The first place where the text is not of its format, or the bound that it exceeds.
pub fn read(text: &ArcStr, file: FileId) -> Result<Parsed, Mistake> {
    if is_json(text) { json::read(text, file) } else { yaml::read(text, file) }
}

/// Whether a text starts as JSON does: with a bracket, and then a key in double quotes where it is an object's.
/// `{name: x}` is YAML, and so is `{{ .Values }}`.
pub fn is_json(text: &str) -> bool {
    let mut rest = skip(text);
    while let Some(inner) = rest.strip_prefix('[') {
        rest = skip(inner);
        if rest.is_empty()
            || rest.starts_with(['"', ']', '-'])
            || rest.starts_with(|first: char| first.is_ascii_digit())
        {
            return true;
        }
    }
    rest.strip_prefix('{').map(skip).is_some_and(|inner| inner.is_empty() || inner.starts_with(['"', '}']))
}

/// The value of a JSON text, comments allowed.
///
/// # Errors
/// The first place where the text is no JSON, or the bound that it exceeds.
pub fn parse_json(text: &ArcStr, file: FileId) -> Result<Value, Mistake> {
    let parsed = json::read(text, file)?;
    Ok(parsed.values.into_iter().next().expect("a JSON text that is read holds one value"))
}

/// The values of the documents of a YAML stream, an empty document being null.
///
/// # Errors
/// The first place where the text is no YAML, or the bound that it exceeds.
pub fn parse_yaml(text: &ArcStr, file: FileId) -> Result<Vec<Value>, Mistake> {
    Ok(yaml::read(text, file)?.values)
}

/// Whether the span of a string holds its value byte for byte.
pub fn mirrors(value: &Value, sources: &Sources) -> bool {
    value.as_str().is_some_and(|text| sources.slice(value.at) == text)
}

impl Note {
    /// Where it is written.
    pub fn at(&self) -> Span {
        match self {
            Note::Repeated { again, .. } => *again,
            Note::Boolean { at, .. } | Note::Comment { at } | Note::Unread { at, .. } => *at,
        }
    }

    /// What to tell people, as a sentence without its place.
    pub fn sentence(&self) -> String {
        match self {
            Note::Repeated { key, .. } => format!("`{}` is written twice; the last one counts", shorten(key)),
            Note::Boolean { text, .. } => {
                format!(
                    "`{text}` is a text in YAML 1.2 and a boolean in YAML 1.1, which the Azure CLI reads: write true, false or quotes"
                )
            }
            Note::Comment { .. } => {
                "the comment is not understood: write `pullgate: ignore[code, …] reason`".to_owned()
            }
            Note::Unread { found, .. } => format!("not read: {found}"),
        }
    }
}

/// Keeps a note while there is room for one.
fn keep(notes: &mut Vec<Note>, note: Note) {
    if notes.len() < NOTES {
        notes.push(note);
    }
}

/// As much of a text as fits a sentence, without characters that could end its line or command a terminal.
pub(crate) fn shorten(text: &str) -> String {
    let mut short = String::new();
    for char in text.chars().take(40) {
        if char.is_control() { short.extend(char.escape_default()) } else { short.push(char) }
    }
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}

/// What follows white space and the comments of JSON.
fn skip(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let end = match rest.get(..2) {
            Some("//") => rest.find('\n'),
            Some("/*") => rest.find("*/").map(|at| at + 2),
            _ => return rest,
        };
        rest = rest[end.unwrap_or(rest.len())..].trim_start();
    }
}

/// A span of bytes of a text that is known to be shorter than 4 GiB.
fn span(file: FileId, range: std::ops::Range<usize>) -> Span {
    let byte = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { file, start: byte(range.start), end: byte(range.end) }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::Data;

    /// The value as serde_json has it: the last of equal keys counts.
    pub(crate) fn plain(value: &Value) -> serde_json::Value {
        match &value.data {
            Data::Null | Data::Unknown(_) | Data::Secure(_) => serde_json::Value::Null,
            Data::Bool(value) => (*value).into(),
            Data::Int(value) => (*value).into(),
            Data::Float(value) => (*value).into(),
            Data::String(text) => text.as_str().into(),
            Data::Array(items) => items.iter().map(plain).collect(),
            Data::Object(object) => {
                object.members.iter().map(|member| (member.key.to_string(), plain(&member.value))).collect()
            }
        }
    }

    /// Whether two values are equal; serde_json reads floats to the last bit but one.
    fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
        use serde_json::Value as Json;
        match (one, other) {
            (Json::Number(one), Json::Number(other)) => {
                let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
                one == other || (one - other).abs() <= one.abs() * 1e-14
            }
            (Json::Array(one), Json::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
            }
            (Json::Object(one), Json::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
            }
            _ => one == other,
        }
    }

    /// Reads a text that has a mistake where `^` stands and checks its sentence, without the place.
    #[track_caller]
    pub(crate) fn reject(read: fn(&ArcStr, FileId) -> Result<Parsed, Mistake>, text_with_caret: &str, reason: &str) {
        let caret = text_with_caret.find('^').expect("a caret marks the byte to blame");
        let text = ArcStr::from(text_with_caret.replacen('^', "", 1));
        let mistake = read(&text, FileId::NONE).expect_err("it should not be read");
        assert_eq!((mistake.reason.to_string().as_str(), mistake.at.start as usize), (reason, caret), "{text}");
    }

    /// Every span lies in the text, on characters' bounds, and inside the span of what holds it.
    fn sound(value: &Value, text: &str) {
        let slice = |at: Span| text.get(at.start as usize..at.end as usize);
        assert!(slice(value.at).is_some(), "{value:?}");
        match &value.data {
            Data::Array(items) => items.iter().for_each(|item| sound(item, text)),
            Data::Object(object) => {
                for member in object.members.iter() {
                    assert!(slice(member.key_at).is_some(), "{member:?}");
                    sound(&member.value, text);
                }
            }
            _ => (),
        }
    }

    fn survives(text: &str) {
        let text = ArcStr::from(text);
        for read in [json::read, yaml::read] {
            match read(&text, FileId::NONE) {
                Ok(parsed) => {
                    parsed.values.iter().for_each(|value| sound(value, &text));
                    let places = parsed.notes.iter().map(Note::at).chain(parsed.ignores.iter().map(|ignore| ignore.at));
                    places.for_each(|at| assert!(text.get(at.start as usize..at.end as usize).is_some()));
                }
                Err(mistake) => {
                    assert!(text.is_char_boundary(mistake.at.start as usize), "{mistake:?}");
                    assert!(!mistake.to_string().is_empty());
                }
            }
        }
        let _ = ignore::of_lines(&text, FileId::NONE);
    }

    fn json_value() -> impl Strategy<Value = serde_json::Value> {
        let number = prop_oneof![
            any::<i64>().prop_map(serde_json::Value::from),
            (-1e15..1e15f64).prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
        ];
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            number,
            "\\PC{0,12}".prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::vec(("[a-z$/ .-]{0,8}", inner), 0..6)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Value>()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn no_text_panics(text in any::<String>()) {
            survives(&text);
        }

        #[test]
        fn no_text_of_punctuation_panics(text in r#"([\[\]{}:,"'|>&*!?%@#<~/ -]|\\u[dD][89abCf]00|\\|\n|\t|  |a|é|1|null|---|: |- |<<: |&a |\*a|!!str |//|/\*|\*/|# pullgate: ignore\[x\]){0,40}"#) {
            survives(&text);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(0xFF), Just(0xFE), any::<u8>()], 0..64)) {
            if let Ok(decoded) = bytes::decode(bytes) {
                survives(&decoded.text);
            }
        }

        #[test]
        fn json_has_the_value_that_serde_json_gives(value in json_value(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = ArcStr::from(text.unwrap());
            let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
            let parsed = parse_json(&text, FileId::NONE).unwrap();
            sound(&parsed, &text);
            prop_assert!(same(&plain(&parsed), &expected), "{:?} {}", parsed, expected);
        }

        #[test]
        fn what_serde_json_accepts_is_accepted(text in r#"[\[\]{}:,"\\ 0-9a-ftrulsn.eE+-]{0,24}"#) {
            if let Ok(expected) = serde_json::from_str::<serde_json::Value>(&text) {
                let parsed = parse_json(&ArcStr::from(text), FileId::NONE).unwrap();
                prop_assert!(same(&plain(&parsed), &expected), "{:?} {}", parsed, expected);
            }
        }

        #[test]
        fn json_is_yaml_in_flow_style(value in json_value()) {
            let text = ArcStr::from(serde_json::to_string(&value).unwrap());
            // YAML has no raw control characters, and a long key needs a question mark.
            prop_assume!(!text.chars().any(|char| char.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&char) || char == '\u{feff}'));
            let parsed = parse_yaml(&text, FileId::NONE).unwrap();
            prop_assert_eq!(parsed.len(), 1);
            prop_assert_eq!(plain(&parsed[0]), plain(&parse_json(&text, FileId::NONE).unwrap()));
        }
    }

    #[test]
    fn the_format_is_told_by_the_start() {
        for json in ["{}", " [1]", "{\"a\": 1", "// c\n{\n \"a\":", "/* c */ [", "[[{\"a\"", "[{\n", "{"] {
            assert!(is_json(json), "{json}");
        }
        for yaml in [
            "",
            "a: 1",
            "{a: 1}",
            "{{ .Values }}",
            "[a, b]",
            "# c\n- 1",
            "--- {}",
            "\"a\": 1",
            "/x: 1",
            "//",
            "{'a': 1}",
        ] {
            assert!(!is_json(yaml), "{yaml}");
        }
    }

    #[test]
    fn a_sentence_holds_no_control_characters() {
        assert_eq!(shorten("a\n::error::\u{1b}[2J"), "a\\n::error::\\u{1b}[2J");
        assert_eq!(shorten(&"é".repeat(50)).chars().count(), 41);
    }
}
