//! Parameters as they are given, before any template takes them: tokens that nobody replaced.

use crate::finding::Finding;
use crate::image::{Style, placeholders};
use crate::source::Span;
use crate::template::{Given, Source};
use crate::value::{Data, Value};

use super::{Manifest, Problem};

/// The code of a token in a parameter's value.
pub(super) const TOKEN: &str = "parameter-token";

/// How deep a parameter's value is looked into.
const DEPTH: usize = 64;

/// Reports tokens of pipelines in the values that are given.
pub(super) fn report_tokens(given: &Given, manifest: &mut Manifest) {
    for source in &given.sources {
        match source {
            Source::File(file) => {
                let entries = file.get("parameters").unwrap_or(file).as_object();
                for entry in entries.into_iter().flat_map(|entries| entries.members.iter()) {
                    let value = entry.value.get("value");
                    value.into_iter().for_each(|value| look(&entry.key, value, entry.key_at, DEPTH, manifest));
                }
            }
            Source::Argument { name, at, text, .. } => look(name, text, *at, DEPTH, manifest),
        }
    }
}

fn look(name: &str, value: &Value, key_at: Span, depth: usize, manifest: &mut Manifest) {
    match &value.data {
        Data::String(text) => manifest.problems_of_token(name, text, value, key_at),
        Data::Array(items) if depth > 0 => items.iter().for_each(|item| look(name, item, key_at, depth - 1, manifest)),
        Data::Object(object) if depth > 0 => {
            object.members.iter().for_each(|member| look(name, &member.value, key_at, depth - 1, manifest));
        }
        _ => {}
    }
}

impl Manifest {
    fn problems_of_token(&mut self, name: &str, text: &str, value: &Value, key_at: Span) {
        // Other marks (`<…>`, `$x`, `{0}`, `%…%`) are part of too many honest values: connection strings, scripts, passwords.
        let meant = |style| {
            matches!(
                style,
                Style::Hash | Style::Workflow | Style::Mustache | Style::Braces | Style::Pipeline | Style::Underscores
            )
        };
        let Some(token) = placeholders(text).into_iter().find(|token| meant(token.style)) else { return };
        let at = if value.at.is_written() { value.at } else { key_at };
        // The span of a text without escapes is the text, byte for byte.
        let mirrors = (at.end - at.start) as usize == text.len();
        let place = if mirrors && value.at.is_written() { at.within(token.range.clone()) } else { at };
        let written = text.get(token.range.clone()).unwrap_or_default();
        let title = format!("the parameter `{name}` still holds `{written}`: {}", token.style.describe());
        let mut finding = Finding::at(place, title);
        finding = match token.style {
            Style::Braces => finding.help(format!(
                "set `{}` in the environment and pass `--env`, or pass `-p {name}=VALUE`",
                variable(&token.name)
            )),
            _ => finding.help(format!("run the step that replaces it first, or pass `-p {name}=VALUE`")),
        };
        self.add_problem(Problem { code: TOKEN, finding, workload: None });
    }
}

/// The variable in `NAME`, `NAME=default` or `NAME:-default`.
fn variable(name: &str) -> &str {
    name.split(['=', ':', '-']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::problems;

    #[track_caller]
    fn parameter(value: &str, expected: &[&str]) {
        let schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";
        let file = format!("{{\"$schema\": \"{schema}\", \"parameters\": {{\n\"image\": {{\"value\": {value}}}}}}}");
        let found: Vec<String> =
            problems(&file).iter().map(|problem| problem.split("; ").next().unwrap().to_owned()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_token_that_nobody_replaced_is_named() {
        parameter(
            "\"acme.azurecr.io/api:#{tag}#\"",
            &["2: the parameter `image` still holds `#{tag}#`: a token of a replace-tokens step"],
        );
        parameter(
            "\"${SERVICE_IMAGE=nginx}\"",
            &["2: the parameter `image` still holds `${SERVICE_IMAGE=nginx}`: a variable"],
        );
        parameter(
            "[{\"tag\": \"$(Build.BuildId)\"}]",
            &["2: the parameter `image` still holds `$(Build.BuildId)`: a pipeline variable"],
        );
    }

    #[test]
    fn honest_values_are_left_alone() {
        for value in ["\"acme.azurecr.io/api:1\"", "\"a<b> $x 100% {0}\"", "true", "null"] {
            parameter(value, &[]);
        }
    }
}
