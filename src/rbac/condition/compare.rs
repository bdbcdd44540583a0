//! The operators that compare values.

use super::super::operation::{Wild, fits};
use super::Truth;

/// How the values of the two sides are paired.
#[derive(Clone, Copy)]
enum Pairs {
    /// One value on each side.
    Single,
    /// `For(Any|All)Of(Any|All)Values:`
    Cross { all_left: bool, all_right: bool },
}

/// What is asked of two values.
#[derive(Clone, Copy)]
enum Test {
    Equals { ignore_case: bool },
    StartsWith { ignore_case: bool },
    Like { ignore_case: bool },
    Guid,
    Bool,
    Number(fn(&i64, &i64) -> bool),
}

/// Whether `left OPERATOR right` holds. Unknown for an operator that is not known, such as
/// those on dates, and for values that it is not made for.
pub(super) fn compare(left: &[String], operator: &str, right: &[String]) -> Truth {
    let Some((pairs, test, negated)) = read(operator) else {
        return Truth::unknown(format!("the operator `{operator}` is not understood"));
    };
    let pair = |one: &String, other: &String| match holds(test, one, other) {
        Some(holds) => Truth::from(holds != negated),
        None => Truth::unknown(format!("`{operator}` cannot compare `{one}` with `{other}`")),
    };
    match pairs {
        Pairs::Single => match (left, right) {
            ([one], [other]) => pair(one, other),
            _ => Truth::unknown(format!("`{operator}` compares one value with one value")),
        },
        Pairs::Cross { all_left, all_right } => {
            quantify(all_left, left, |one| quantify(all_right, right, |other| pair(one, other)))
        }
    }
}

fn quantify(all: bool, values: &[String], holds: impl Fn(&String) -> Truth) -> Truth {
    let each = values.iter().map(holds);
    if all { each.fold(Truth::True, Truth::and) } else { each.fold(Truth::False, Truth::or) }
}

fn read(operator: &str) -> Option<(Pairs, Test, bool)> {
    let operator = operator.to_ascii_lowercase();
    let (pairs, operator) = match operator.split_once(':') {
        None => (Pairs::Single, operator.as_str()),
        Some((quantifier, operator)) => (pairs(quantifier)?, operator),
    };
    if let Some(rest) = operator.strip_prefix("string") {
        let (rest, negated) = negation(rest);
        let (rest, ignore_case) = match rest.strip_suffix("ignorecase") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let test = match rest {
            "equals" => Test::Equals { ignore_case },
            "startswith" => Test::StartsWith { ignore_case },
            "like" => Test::Like { ignore_case },
            _ => return None,
        };
        return Some((pairs, test, negated));
    }
    if let Some(rest) = operator.strip_prefix("numeric") {
        let (rest, negated) = negation(rest);
        let number = match rest {
            "equals" => i64::eq,
            "lessthan" if !negated => i64::lt,
            "lessthanequals" if !negated => i64::le,
            "greaterthan" if !negated => i64::gt,
            "greaterthanequals" if !negated => i64::ge,
            _ => return None,
        };
        return Some((pairs, Test::Number(number), negated));
    }
    match operator {
        "boolequals" => Some((pairs, Test::Bool, false)),
        "boolnotequals" => Some((pairs, Test::Bool, true)),
        "guidequals" => Some((pairs, Test::Guid, false)),
        "guidnotequals" => Some((pairs, Test::Guid, true)),
        _ => None,
    }
}

fn negation(rest: &str) -> (&str, bool) {
    match rest.strip_prefix("not") {
        Some(rest) => (rest, true),
        None => (rest, false),
    }
}

fn pairs(quantifier: &str) -> Option<Pairs> {
    let (all_left, all_right) = match quantifier {
        "foranyofanyvalues" => (false, false),
        "forallofanyvalues" => (true, false),
        "foranyofallvalues" => (false, true),
        "forallofallvalues" => (true, true),
        _ => return None,
    };
    Some(Pairs::Cross { all_left, all_right })
}

/// `None` when a value is not of the kind that the test compares.
fn holds(test: Test, left: &str, right: &str) -> Option<bool> {
    Some(match test {
        Test::Equals { ignore_case } => fold(left, ignore_case) == fold(right, ignore_case),
        Test::StartsWith { ignore_case } => fold(left, ignore_case).starts_with(&fold(right, ignore_case)),
        Test::Like { ignore_case } => {
            let text: Vec<char> = fold(left, ignore_case).chars().collect();
            fits(&wildcards(&fold(right, ignore_case)), &text)
        }
        Test::Guid => guid(left)? == guid(right)?,
        Test::Bool => boolean(left)? == boolean(right)?,
        Test::Number(holds) => holds(&left.parse().ok()?, &right.parse().ok()?),
    })
}

fn fold(text: &str, ignore_case: bool) -> String {
    if ignore_case { text.to_lowercase() } else { text.to_owned() }
}

fn wildcards(pattern: &str) -> Vec<Wild> {
    let mut pieces = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '*' => Wild::Any,
            '?' => Wild::One,
            '\\' => match chars.next_if(|next| matches!(next, '*' | '?')) {
                Some(escaped) => Wild::Exactly(escaped),
                None => Wild::Exactly('\\'),
            },
            other => Wild::Exactly(other),
        });
    }
    pieces
}

/// The 32 digits: recorded conditions write GUIDs with and without dashes.
fn guid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|&c| c != '-').collect();
    let is_guid = digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_guid.then(|| digits.to_ascii_lowercase())
}

fn boolean(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find_map(|(word, value)| text.eq_ignore_ascii_case(word).then_some(value))
}
