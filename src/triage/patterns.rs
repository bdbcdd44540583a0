//! The table of error texts, `patterns.tsv`, compiled: one pass finds which of them a statement has.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use crate::check::Hypothesis;

/// One line of the table.
#[derive(Debug)]
pub(super) struct Pattern {
    pub hypothesis: Hypothesis,
    /// A row of [`super::cause`].
    pub cause: &'static str,
    pub confidence: f64,
    pub tie: Tie,
    pub why: &'static str,
    /// Where the text was seen or is written down.
    pub source: &'static str,
    text: &'static str,
    regex: OnceLock<Regex>,
}

/// What else a statement must show before the text counts as one about a pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    /// Nothing.
    Alone,
    /// A registry, an image or a pull.
    Registry,
    /// A pull.
    Pull,
    /// As [`Tie::Pull`]; who was called when it failed decides the cause.
    Endpoint,
    /// As [`Tie::Pull`]; a 403 of a registry that has no firewall is a refusal of the account.
    Forbidden,
    /// The secret is a registry's.
    Secret,
    /// The reference follows.
    Reference,
    /// The kernel, not a program's own call of another.
    Exec,
}

/// The compiled table.
pub(super) struct Table {
    pub patterns: Vec<Pattern>,
    set: RegexSet,
}

/// The table; compiled once.
pub(super) static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("patterns.tsv")).expect("the table is part of the program and tested"));

impl Table {
    /// The patterns that the text has, with the place of the first match of each.
    pub fn matches(&self, text: &str) -> Vec<(&Pattern, std::ops::Range<usize>)> {
        let hits = self.set.matches(text.as_bytes());
        let place = |pattern: &Pattern| pattern.regex().find(text.as_bytes()).map(|found| found.range());
        hits.iter().filter_map(|at| place(&self.patterns[at]).map(|range| (&self.patterns[at], range))).collect()
    }

    fn read(text: &'static str) -> Result<Table, String> {
        let rows = text.lines().filter(|row| !row.starts_with('#') && !row.is_empty());
        let patterns: Vec<Pattern> = rows.map(row).collect::<Result<_, _>>()?;
        Ok(Table { set: expressions(patterns.iter().map(|pattern| pattern.text)), patterns })
    }
}

impl Pattern {
    /// The pattern's own expression, compiled when it is first needed.
    pub fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| expression(self.text))
    }
}

/// A case-insensitive expression in which a blank matches any white space. For expressions of this program only.
///
/// It works on bytes: error texts are ASCII, and the tables of Unicode's letters would take most of the time that a short
/// text needs. A match may therefore end inside a character.
pub(super) fn expression(text: &str) -> Regex {
    let build = RegexBuilder::new(&spaced(text)).unicode(false).case_insensitive(true).build();
    build.expect("the expressions are part of the program and tested")
}

/// The same for several at once.
pub(super) fn expressions<'a>(texts: impl Iterator<Item = &'a str>) -> RegexSet {
    let build =
        RegexSetBuilder::new(texts.map(spaced)).unicode(false).case_insensitive(true).size_limit(32 << 20).build();
    build.expect("the expressions are part of the program and tested")
}

/// The text with every blank as any white space, an optional blank included.
fn spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut class, mut escaped) = (false, false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            ' ' if !class && !escaped => {
                out.push_str(if rest.next_if_eq(&'?').is_some() { r"\s*" } else { r"\s+" });
                continue;
            }
            '[' if !escaped => class = true,
            ']' if !escaped => class = false,
            _ => (),
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

fn row(row: &'static str) -> Result<Pattern, String> {
    let columns: Vec<&str> = row.split('\t').collect();
    let [hypothesis, cause, confidence, tie, text, why, source] = columns[..] else {
        return Err(format!("seven columns are wanted: {row}"));
    };
    let named = |known: &Hypothesis| known.name() == hypothesis;
    let hypothesis = Hypothesis::ALL.into_iter().find(named).ok_or_else(|| format!("no such hypothesis: {row}"))?;
    let confidence = confidence.parse().map_err(|_| format!("a confidence is a number: {row}"))?;
    let tie = match tie {
        "alone" => Tie::Alone,
        "registry" => Tie::Registry,
        "pull" => Tie::Pull,
        "endpoint" => Tie::Endpoint,
        "forbidden" => Tie::Forbidden,
        "secret" => Tie::Secret,
        "reference" => Tie::Reference,
        "exec" => Tie::Exec,
        _ => return Err(format!("no such tie: {row}")),
    };
    Ok(Pattern { hypothesis, cause, confidence, tie, why, source, text, regex: OnceLock::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::cause;

    #[test]
    fn every_row_of_the_table_is_whole() {
        assert!(TABLE.patterns.len() > 90);
        for pattern in &TABLE.patterns {
            let text = pattern.text;
            let cause = cause::find(pattern.cause).unwrap_or_else(|| panic!("no cause {} for {text}", pattern.cause));
            assert_eq!(cause.hypothesis, pattern.hypothesis, "{text}");
            assert!((0.3..1.0).contains(&pattern.confidence), "{text}");
            assert!(!pattern.why.is_empty() && !pattern.source.is_empty(), "{text}");
            assert!(!pattern.regex().is_match(b""), "{text} matches nothing at all");
        }
    }

    #[test]
    fn a_blank_in_a_pattern_is_any_white_space() {
        assert!(expression("no such  host").is_match(b"NO SUCH\n   HOST"));
        assert!(expression("[ a]b").is_match(b" b"));
        assert!(expression("user ?name").is_match(b"username"));
    }
}
