//! What a scalar of YAML is: the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#1032-tag-resolution).

use crate::value::Data;

/// What a plain scalar is; `None` for a text.
pub(super) fn plain(text: &str) -> Option<Data> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Data::Null),
        "true" | "True" | "TRUE" => return Some(Data::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Data::Bool(false)),
        _ => (),
    }
    // Most scalars are words: numbers start with one of few characters.
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    int(text).or_else(|| float(text))
}

/// What a scalar is whose tag of the core schema says so; `None` when the text is no such thing, or has another tag.
pub(super) fn tagged(tag: &str, text: &str) -> Option<Data> {
    match (tag, plain(text)) {
        ("null", Some(Data::Null)) => Some(Data::Null),
        ("bool", Some(data @ Data::Bool(_))) => Some(data),
        ("int", Some(data @ Data::Int(_))) => Some(data),
        ("float", Some(data @ Data::Float(_))) => Some(data),
        ("float", Some(Data::Int(number))) => Some(Data::Float(number as f64)),
        _ => None,
    }
}

/// Whether YAML 1.1 would make a boolean of a text of YAML 1.2 (https://yaml.org/type/bool.html).
pub(super) fn was_boolean(text: &str) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off"];
    let cased = text.bytes().skip(1).all(|byte| byte.is_ascii_lowercase())
        || text.bytes().all(|byte| byte.is_ascii_uppercase());
    text.len() <= 3 && cased && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn int(text: &str) -> Option<Data> {
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8);
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(Data::Int)
}

fn radix(digits: &str, radix: u32) -> Option<Data> {
    let sound = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    sound.then(|| i64::from_str_radix(digits, radix).ok().map(Data::Int))?
}

fn float(text: &str) -> Option<Data> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            return Some(Data::Float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }));
        }
        ".nan" | ".NaN" | ".NAN" => return (unsigned == text).then_some(Data::Float(f64::NAN)),
        _ => (),
    }
    // Rust reads more than the schema has: `inf`, `nan`, `infinity`.
    let sound = unsigned.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    (sound && unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
        .then(|| text.parse().ok().map(Data::Float))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn is(text: &str, expected: &str) {
        assert_eq!(format!("{:?}", plain(text)), expected, "{text}");
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        is("", "Some(Null)");
        is("~", "Some(Null)");
        is("null", "Some(Null)");
        is("nULL", "None");
        is("True", "Some(Bool(true))");
        is("tRUE", "None");
        is("yes", "None");
        is("0", "Some(Int(0))");
        is("-12", "Some(Int(-12))");
        is("+12", "Some(Int(12))");
        is("010", "Some(Int(10))");
        is("0x1F", "Some(Int(31))");
        is("0o17", "Some(Int(15))");
        is("0x", "None");
        is("0x-1", "None");
        is("1_000", "None");
        is("9223372036854775808", "Some(Float(9.223372036854776e18))");
        is("1.10", "Some(Float(1.1))");
        is(".5", "Some(Float(0.5))");
        is("5.", "Some(Float(5.0))");
        is("1e3", "Some(Float(1000.0))");
        is("-.inf", "Some(Float(-inf))");
        is(".nan", "Some(Float(NaN))");
        is("-.nan", "None");
        is("inf", "None");
        is("-inf", "None");
        is(".", "None");
        is("-", "None");
        is("1.2.3", "None");
        is("12:30", "None");
        is("1e", "None");
    }

    #[test]
    fn words_of_yaml_1_1_are_known() {
        for word in ["yes", "Yes", "YES", "no", "on", "off", "OFF", "y", "N"] {
            assert!(was_boolean(word), "{word}");
        }
        for word in ["yEs", "", "ye", "true", "offs", "node"] {
            assert!(!was_boolean(word), "{word}");
        }
    }
}
