//! How much a value holds. Values share their parts, so that few expressions make one with more leaves than memory has
//! bytes; whoever walks it would never end.

use crate::source::Span;
use crate::value::{Data, Unknown, Value};

use super::error::{Error, Kind};
use super::session::Session;

/// What a value may hold: a template has at most 4 MB, loops expanded, and a resource 1 MB.
const MAX_VALUES: usize = 200_000;
/// How deep it may be nested.
const MAX_DEPTH: usize = 1_000;

impl Session {
    /// The value, or, when it holds too much, an unknown one; that is reported.
    pub fn bounded(&self, value: Value, what: &str, at: Span) -> Value {
        let mut left = MAX_VALUES;
        if fits(&value, MAX_DEPTH, &mut left) {
            return value;
        }
        let message = format!("{what} holds more than {MAX_VALUES} values, or is nested more than {MAX_DEPTH} deep");
        self.report(Error::new(Kind::Limit, message.as_str(), at));
        Value::unknown(Unknown::new("…", message), at)
    }
}

fn fits(value: &Value, depth: usize, left: &mut usize) -> bool {
    if depth == 0 || *left == 0 {
        return false;
    }
    *left -= 1;
    match &value.data {
        Data::Array(items) => items.iter().all(|item| fits(item, depth - 1, left)),
        Data::Object(object) => object.members.iter().all(|member| fits(&member.value, depth - 1, left)),
        Data::Unknown(unknown) => unknown.alternatives.iter().all(|one| fits(one, depth - 1, left)),
        Data::Secure(inner) => fits(inner, depth - 1, left),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Kind;
    use super::super::trial::refuses;

    #[test]
    fn variables_that_multiply_end() {
        let list = |of: &str| [of; 10].join(", ");
        let mut variables = format!(r#""v0": [{}]"#, list("1"));
        for index in 1..12 {
            variables += &format!(r#", "v{index}": [{}]"#, list(&format!("\"[variables('v{}')]\"", index - 1)));
        }
        let template =
            format!(r#"{{"variables": {{{variables}}}, "outputs": {{"o": {{"value": "[variables('v11')]"}}}}}}"#);
        refuses(&template, Kind::Limit, "the variable `v5` holds more than");
    }

    #[test]
    fn variables_that_grow_deep_end() {
        let mut variables = r#""v0": 1"#.to_owned();
        for index in 1..40 {
            let (open, close) = ("[".repeat(100), "]".repeat(100));
            variables += &format!(r#", "v{index}": {open}"[variables('v{}')]"{close}"#, index - 1);
        }
        refuses(&format!(r#"{{"variables": {{{variables}}}}}"#), Kind::Limit, "nested more than 1000 deep");
    }
}
