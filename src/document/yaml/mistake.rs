//! The parser's errors, as sentences that say what to do.

use granit_parser::{ErrorKind, ScanError};

use crate::document::{COMMENTS, Mistake, Reason, YAML_DEPTH, span};
use crate::source::{FileId, Span};

/// The mistake that the parser met.
pub(super) fn of(error: &ScanError, text: &str, file: FileId) -> Mistake {
    use ErrorKind as Kind;
    let byte = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let at = span(file, byte..byte);
    if let Some(found) = templated(text, byte) {
        return Mistake::new(span(file, found..found + 2), Reason::Templated);
    }
    let at = match error.kind() {
        Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabInIndentation => {
            tab(text, byte, file).unwrap_or(at)
        }
        _ => at,
    };
    let reason = match error.kind() {
        Kind::UnknownAnchor => Reason::UnknownAlias,
        Kind::TooManyComments => Reason::TooManyComments(COMMENTS),
        Kind::RecursionLimitExceeded => Reason::TooDeep(YAML_DEPTH),
        Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabInIndentation | Kind::TabAtBlockScalarStart => {
            Reason::Tab
        }
        Kind::UnclosedFlowCollection { open } => {
            let end = text.trim_end().len();
            let inside = if *open == '[' { "a list" } else { "a mapping" };
            return Mistake { at: span(file, end..end), reason: Reason::Ends(inside), opened: Some(at) };
        }
        Kind::UnclosedQuotedScalar => Reason::OpenString,
        kind => Reason::Yaml(kind.to_string()),
    };
    Mistake::new(at, reason)
}

/// The tab that the parser stumbled over, which it may have passed.
fn tab(text: &str, byte: usize, file: FileId) -> Option<Span> {
    let line = text[..byte].rfind('\n').map_or(0, |at| at + 1);
    let tab = line + text[line..].split('\n').next()?.find('\t')?;
    Some(span(file, tab..tab + 1))
}

/// The first instruction of a Go or Jinja template before the end of the line of `byte`. `${{ … }}` is GitHub's, which is a
/// sound text.
fn templated(text: &str, byte: usize) -> Option<usize> {
    let end = text.as_bytes()[byte..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| byte + at);
    let before = &text.as_bytes()[..end];
    let starts = |at: &usize| matches!(&before[*at..*at + 2], b"{{" | b"{%") && (*at == 0 || before[*at - 1] != b'$');
    (0..before.len().saturating_sub(1)).find(starts)
}
