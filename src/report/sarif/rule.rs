//! The checks as rules, with their pages as help.

use super::model::{Configuration, Driver, Help, Message, Properties, Rule};
use crate::check::{CHECKS, Check};
use crate::explain::Page;

/// The tool with all its rules.
pub fn driver() -> Driver {
    Driver {
        name: "pullgate",
        semantic_version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: CHECKS.iter().map(rule).collect(),
    }
}

fn rule(check: &Check) -> Rule {
    let page = Page::of(check);
    let question = check.hypothesis.question();
    Rule {
        id: check.code,
        name: pascal(check.code),
        short_description: Message { text: page.summary.clone() },
        full_description: Message { text: format!("{} {}: {question}", page.summary, check.hypothesis.name()) },
        help: Help { text: page.body.clone(), markdown: page.body.clone() },
        help_uri: source(&page.body),
        default_configuration: Configuration { level: check.severity.name() },
        properties: Properties { tags: ["deployment", check.hypothesis.name()] },
    }
}

/// The first public source that a page names: where its rule is written.
fn source(body: &str) -> Option<String> {
    let start = body.find("https://")?;
    let rest = &body[start..];
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | ')' | '`' | '"')).unwrap_or(rest.len());
    Some(rest[..end].trim_end_matches(['.', ',', ';', ':']).to_owned())
}

/// `tag-missing` as `TagMissing`, the form that SARIF wants of names.
fn pascal(code: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    code.split('-').map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_where_it_is_written() {
        for rule in driver().rules {
            let uri = rule.help_uri.unwrap_or_default();
            assert!(uri.len() > "https://".len() && uri.is_ascii(), "{}: {uri}", rule.id);
        }
    }

    #[test]
    fn names_are_pascal_case() {
        assert_eq!(pascal("tag-missing"), "TagMissing");
    }
}
