//! Outside text in Markdown.

use crate::report::plain;

/// A text in a code span, where nothing is read as markup, HTML, a link or a mention.
pub fn code(text: &str) -> String {
    let text = plain(text);
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // One blank on each side is taken off again when there is one on both.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A text in a code span in a cell of a table. A bar ends the cell even there, and a backslash in front of it can be escaped
/// itself; no name of an image, a workload or a container has either.
pub fn cell(text: &str) -> String {
    code(&text.replace('|', "<U+007C>"))
}

/// Lines as a code block that none of them can end.
pub fn block(lines: &[String]) -> String {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}sh\n{}\n{fence}\n\n", lines.join("\n"))
}

/// A sentence. What it has in backticks stays code; a word that could become a link or a mention becomes code; the rest has
/// its punctuation escaped.
pub fn text(sentence: &str) -> String {
    let sentence = plain(sentence);
    let mut out = String::with_capacity(sentence.len() + 16);
    let parts: Vec<&str> = sentence.split('`').collect();
    for (index, part) in parts.iter().enumerate() {
        let is_code = index % 2 == 1 && index + 1 < parts.len();
        match is_code {
            true if part.trim().is_empty() => out.push_str("\\`\\`"),
            true => out.push_str(&code(part)),
            false => {
                // The last of an odd number of backticks opens nothing.
                if index % 2 == 1 {
                    out.push_str("\\`");
                }
                words(&mut out, part);
            }
        }
    }
    out
}

fn words(out: &mut String, text: &str) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if is_active(word) { out.push_str(&code(word)) } else { escape(out, word) }
    }
}

/// Whether GitHub makes a link or a mention of a bare word: addresses, `@name`, `owner/repository#1`, `GH-1`.
/// <https://docs.github.com/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls>
fn is_active(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    word.contains('@')
        || lower.contains("://")
        || lower.contains("www.")
        || lower.starts_with("gh-")
        || lower.contains("mailto:")
        || lower.contains("xmpp:")
        || word.contains('#')
}

fn escape(out: &mut String, word: &str) {
    for character in word.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '*' | '_' | '[' | ']' | '!' | '|' | '~' | '$' | '#' | '+' | '=' => out.extend(['\\', character]),
            // At the start of a line these open lists, rules and headings.
            '-' if out.is_empty() || out.ends_with('\n') => out.push_str("\\-"),
            '.' | ')' if out.ends_with(|last: char| last.is_ascii_digit()) && is_number(out) => {
                out.extend(['\\', character])
            }
            character => out.push(character),
        }
    }
}

/// Whether nothing but digits has been written: with a full stop it would be an item of a list.
fn is_number(out: &str) -> bool {
    out.bytes().all(|byte| byte.is_ascii_digit())
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_text_is_no_markup() {
        assert_eq!(text("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
        assert_eq!(text("![x](y) *b* _i_ a|b"), "\\!\\[x\\](y) \\*b\\* \\_i\\_ a\\|b");
        assert_eq!(text("see https://evil.example now"), "see `https://evil.example` now");
        assert_eq!(text("ping @octocat"), "ping `@octocat`");
        assert_eq!(text("- item"), "\\- item");
        assert_eq!(text("1. item"), "1\\. item");
    }

    #[test]
    fn our_own_backticks_stay_code() {
        assert_eq!(text("tag `v*1` is not in a.io/b"), "tag `v*1` is not in a.io/b");
        assert_eq!(text("odd ` one *x*"), "odd \\` one \\*x\\*");
        assert_eq!(text("an empty `` one"), "an empty \\`\\` one");
    }

    #[test]
    fn a_code_span_cannot_be_left() {
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`x`"), "`` `x` ``");
        assert_eq!(code("a\nb"), "`a b`");
        assert_eq!(cell("a|b\\|c"), "`a<U+007C>b\\<U+007C>c`");
        assert_eq!(block(&["echo ```".to_owned()]), "````sh\necho ```\n````\n\n");
    }
}
