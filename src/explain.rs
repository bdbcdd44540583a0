//! The pages of the checks: the comment above each check's code.

use crate::check::{CHECKS, Check, Hypothesis, find};

/// The page of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The sentence that says what is wrong.
    pub summary: String,
    /// Everything below it, in Markdown.
    pub body: String,
}

impl Page {
    /// The page of a check, from its own source.
    pub fn of(check: &Check) -> Page {
        let lines = check.source.lines().map_while(|line| line.strip_prefix("//!"));
        let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        let blank = text.iter().position(|line| line.is_empty()).unwrap_or(text.len());
        let summary = text[..blank].join(" ");
        Page { summary, body: text.get(blank..).unwrap_or_default().join("\n").trim().to_owned() }
    }
}

/// The page of a check as text; `None` when no check has this code.
pub fn page(code: &str) -> Option<String> {
    let check = find(code)?;
    let page = Page::of(check);
    let (question, severity) = (check.hypothesis.question(), check.severity.name());
    let name = check.hypothesis.name();
    Some(format!("{code} ({severity}; {name}: {question})\n\n{}\n\n{}\n", page.summary, page.body))
}

/// Every check, by question; with a question, its checks.
pub fn list(question: Option<Hypothesis>) -> String {
    let mut out = String::new();
    let width = CHECKS.iter().map(|check| check.code.len()).max().unwrap_or(0);
    for hypothesis in Hypothesis::ALL.into_iter().filter(|one| question.is_none_or(|wanted| wanted == *one)) {
        out.push_str(&format!("{}: {}\n", hypothesis.name(), hypothesis.question()));
        for check in CHECKS.iter().filter(|check| check.hypothesis == hypothesis) {
            out.push_str(&format!(
                "  {:width$}  {:7}  {}\n",
                check.code,
                check.severity.name(),
                Page::of(check).summary
            ));
        }
        out.push('\n');
    }
    out.push_str("`pullgate explain CODE` prints a page.\n");
    out
}
