//! Undoes what a message went through on its way into a log: JSON escapes, entities, percent signs, colours, prefixes.

use std::borrow::Cow;

/// How many layers of escaping are undone. Deployment errors carry JSON in JSON in JSON.
const LAYERS: usize = 5;

/// The message as it was first written, as far as that can be told; without control characters but line feeds.
pub(super) fn plain(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    for _ in 0..LAYERS {
        let before = text.len();
        if text.contains('\\') {
            text = backslashes(&text);
        }
        if text.contains('%') {
            text = percents(&text);
        }
        if text.contains('&') {
            text = entities(&text);
        }
        if text.len() == before {
            break;
        }
    }
    if text.contains("\"\"") {
        text = doubled_quotes(&text);
    }
    visible(&text)
}

/// The text without what a terminal would act on: escape sequences are dropped, other control characters become blanks
/// (line feeds stay), and invisible or reordering characters are dropped.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => skip_escape(&mut rest),
            '\n' => out.push('\n'),
            '\r' => (),
            // Byte order marks, zero-width characters, and marks that turn the direction of writing.
            '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' => (),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A line without the prefixes that CI systems and container tools put before every line.
pub(super) fn unprefixed(line: &str) -> &str {
    let mut rest = line;
    loop {
        let before = rest.len();
        rest = rest.trim_start_matches(['│', '╷', '╵', '┃']);
        if let Some(after) = timestamp(rest.trim_start()) {
            rest = after;
        }
        if let Some(after) = command(rest.trim_start()) {
            rest = after;
        }
        if rest.len() == before {
            return rest;
        }
    }
}

fn timestamp(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let shape = bytes.get(..19)?;
    let digits = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18];
    let separators = shape[4] == b'-' && shape[7] == b'-' && shape[13] == b':' && shape[16] == b':';
    if !separators || !digits.iter().all(|&at| shape[at].is_ascii_digit()) {
        return None;
    }
    let rest = text.get(19..)?;
    let zone = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | 'Z' | '+' | ':');
    let rest = rest.trim_start_matches(zone);
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

fn command(text: &str) -> Option<&str> {
    for (open, close) in [("##[", "]"), ("##vso[", "]"), ("::error", "::"), ("::warning", "::")] {
        if let Some(inside) = text.strip_prefix(open) {
            return inside.find(close).and_then(|at| inside.get(at + close.len()..));
        }
    }
    None
}

fn skip_escape(rest: &mut std::iter::Peekable<std::str::Chars>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            while let Some(&c) = rest.peek() {
                // A control sequence has digits, `;` and few other signs, and ends with a letter or `~`.
                match c {
                    '0'..='?' | ' '..='/' => rest.next(),
                    '@'..='~' => {
                        rest.next();
                        return;
                    }
                    _ => return,
                };
            }
        }
        Some(']') => {
            let mut left = 256;
            while left > 0
                && let Some(c) = rest.next_if(|&c| c != '\n')
            {
                left -= 1;
                if c == '\x07' || c == '\\' {
                    return;
                }
            }
        }
        _ => (),
    }
}

fn backslashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let Some(next) = after.chars().next() else {
            out.push('\\');
            return out;
        };
        let mut used = next.len_utf8();
        match next {
            '"' | '\\' | '/' | '\'' => out.push(next),
            'n' => out.push('\n'),
            't' => out.push(' '),
            'r' => (),
            'u' | 'x' => {
                let digits = if next == 'u' { 4 } else { 2 };
                match after.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()) {
                    Some(code) => {
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        used = 1 + digits;
                    }
                    None => out.extend(['\\', next]),
                }
            }
            _ => out.extend(['\\', next]),
        }
        rest = &after[used..];
    }
    out.push_str(rest);
    out
}

fn percents(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let code = code.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        // Only what means itself; other bytes may be part of a longer character.
        match code {
            Some(code) if (0x20..0x7f).contains(&code) || code == b'\n' => {
                out.push_str(&text[from..at]);
                out.push(char::from(code));
                at += 3;
                from = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(&text[from..]);
    out
}

fn entities(text: &str) -> String {
    const NAMED: [(&str, &str); 8] = [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    let mut text = Cow::Borrowed(text);
    for (name, sign) in NAMED {
        if text.contains(name) {
            text = Cow::Owned(text.replace(name, sign));
        }
    }
    text.into_owned()
}

/// CSV doubles quotes inside a field. An empty text in quotes stays.
fn doubled_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\"\"") {
        out.push_str(&rest[..at]);
        let after = &rest[at + 2..];
        let word =
            |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | ':' | '$' | '<' | '{' | '[' | '}' | ']' | '>');
        let opens =
            after.chars().next().is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '$' | '<' | '{'));
        let closes = out.chars().next_back().is_some_and(word);
        out.push_str(if opens || closes { "\"" } else { "\"\"" });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn decodes(text: &str, plainly: &str) {
        assert_eq!(plain(text.as_bytes()), plainly);
    }

    #[test]
    fn escapes_are_undone_layer_by_layer() {
        decodes(r#"image \"a/b:v1\": x"#, r#"image "a/b:v1": x"#);
        decodes(r#"image \\\"a/b:v1\\\": x"#, r#"image "a/b:v1": x"#);
        decodes(r#"image \\\\\\\"a/b:v1\\\\\\\": x"#, r#"image "a/b:v1": x"#);
        decodes(r"image \u0022a\u0022 \\u003cnone\\u003e", r#"image "a" <none>"#);
        decodes(r"first\nsecond", "first\nsecond");
        decodes("scope=repository%3Ateam%2Fapi%253Apull", "scope=repository:team/api:pull");
        decodes("image &quot;a&quot; &amp;quot;b&amp;quot;", r#"image "a" "b""#);
        decodes(r#"image ""a/b:v1"": x, """#, r#"image "a/b:v1": x, """#);
        decodes(r"C:\data %d 100% \", r"C:\data %d 100% \");
    }

    #[test]
    fn colours_and_other_controls_are_gone() {
        decodes("\x1b[31;1mFailed\x1b[0m to\u{7} pull \u{202e}image\u{feff}", "Failed to  pull image");
        decodes("\\u001b[31mFailed\\u001b[0m", "Failed");
        decodes("\x1b]8;;https://x\x07link\x1b", "link");
    }

    #[test]
    fn prefixes_of_ci_systems_are_cut() {
        let cut = |line| unprefixed(line).to_owned();
        assert_eq!(cut("2026-04-08T18:45:55.7589468Z ##[error]Process"), "Process");
        assert_eq!(cut("2026-04-08T18:45:55.7589468Z   two"), "  two");
        assert_eq!(cut("│ Error: creating"), " Error: creating");
        assert_eq!(cut("::error file=a,line=1::text"), "text");
        assert_eq!(cut("##vso[task.logissue type=error]text"), "text");
        assert_eq!(cut("2026"), "2026");
    }
}
