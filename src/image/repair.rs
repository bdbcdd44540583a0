//! From a fault to a mistake with its remedy: the corrected reference where only one can be meant,
//! otherwise what to look at.

use super::grammar::{self, Fault, host_end};
use super::host;
use super::mistake::{Mistake, Reason};
use super::screen::{credentials_length, is_blank, is_hidden, looks_like, scheme};
use super::suspicion::{SuspicionKind, is_empty_word, suspicions};
use super::token::{self, Style};
use super::typo;

/// Longer texts are not repaired.
const LONGEST: usize = 2048;

/// The mistake that a fault in a reference is.
pub(super) fn explain(text: &str, fault: Fault) -> Mistake {
    let (fault, style) = blame_token(text, fault);
    let fix = repaired(text, &fault.reason);
    finish(fault, fix, style)
}

/// The mistake that a fault in a partly known reference is: no correction is certain there.
pub(super) fn explain_partial(text: &str, fault: Fault) -> Mistake {
    let (fault, style) = blame_token(text, fault);
    finish(fault, None, style)
}

/// The mistake that a fault in a host is.
pub(super) fn explain_host(text: &str, fault: Fault) -> Mistake {
    let (fault, style) = blame_token(text, fault);
    let plain = plain_text(text);
    let fix = plain.split('/').next().unwrap_or_default();
    let fix = fix.trim_end_matches('.').to_ascii_lowercase();
    let is_safe = style.is_none() && host::read(&fix, 0).is_ok();
    finish(fault, is_safe.then_some(fix), style)
}

fn finish(fault: Fault, fix: Option<String>, style: Option<Style>) -> Mistake {
    let Fault { at, reason } = fault;
    let hint = match (&fix, style) {
        (Some(fix), _) => Some(format!("write `{fix}`")),
        (None, Some(style)) => Some(format!("it is {}: replace it before the file is deployed", style.describe())),
        (None, None) => advice(&reason).map(str::to_owned),
    };
    Mistake { at, reason, hint, fix }
}

/// `__ACR__.azurecr.io` has an underscore in its host because a token was not replaced: that is
/// the cause, and the underscore its effect. So are the capitals of `None`.
fn blame_token(text: &str, fault: Fault) -> (Fault, Option<Style>) {
    let touches = |token: &token::Token| token.range.start <= fault.at.start && fault.at.start < token.range.end;
    if let Some(token) = token::placeholders(text).into_iter().find(touches) {
        let reason = Reason::Placeholder(text[token.range.clone()].to_owned());
        return (Fault::new(token.range, reason), Some(token.style));
    }
    if fault.reason == Reason::UpperCase {
        let is_edge = |c: char| matches!(c, '/' | ':' | '@');
        let start = text[..fault.at.start].rfind(is_edge).map_or(0, |i| i + 1);
        let end = text[start..].find(is_edge).map_or(text.len(), |i| start + i);
        let word = &text[start..end];
        if is_empty_word(word) {
            let reason = Reason::EmptyWord(word.to_owned());
            return (Fault::new(start..end, reason), None);
        }
    }
    (fault, None)
}

fn repaired(text: &str, reason: &Reason) -> Option<String> {
    let is_loss = matches!(
        reason,
        Reason::Empty
            | Reason::OnlyBlanks
            | Reason::EmptyWord(_)
            | Reason::Placeholder(_)
            | Reason::LeadingSlash
            | Reason::MissingRepository
            | Reason::HostLeadingDot
            | Reason::Impossible
    );
    if is_loss || text.len() > LONGEST {
        return None;
    }
    let plain = plain_text(text);
    let fix = typo::web_page(&plain).unwrap_or_else(|| tidy(&plain));
    let image = grammar::read(&fix).ok()?;

    // `myacr.azurecr.io/` without its slash is a reference, and a worse mistake.
    let lost_a_part = plain.contains('/') && !fix.contains('/');
    let is_worse = suspicions(&fix, &image).iter().any(|suspicion| {
        matches!(suspicion.kind, SuspicionKind::EmptyWord | SuspicionKind::HostAsImage | SuspicionKind::Placeholder)
    });
    (fix != text && !lost_a_part && !is_worse).then_some(fix)
}

/// Without what stands around a reference, and with the characters that were meant.
fn plain_text(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| looks_like(c).unwrap_or(c))
        .map(|c| if c == '\\' { '/' } else { c })
        .collect();
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}');
    let mut plain = plain.trim_matches(|c| is_quote(c) || is_blank(c));
    if let Some(at) = scheme(plain) {
        // Three slashes are a scheme and an empty host, which is not ours to guess.
        let url = plain[at.clone()].trim_end_matches('/').len() + 2;
        plain = &plain[(at.start + url).min(at.end)..];
    }
    if let Some(prefix) = plain.get(..7).filter(|p| p.eq_ignore_ascii_case("docker|")) {
        plain = &plain[prefix.len()..];
    }
    if let Some(length) = credentials_length(plain) {
        plain = &plain[length..];
    }
    without_blanks_at_marks(plain)
}

/// `api : v1` is `api:v1`; a blank between two words is not ours to close.
fn without_blanks_at_marks(text: &str) -> String {
    let is_mark = |c: char| matches!(c, '/' | ':' | '@');
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_blank) {
        kept.push_str(&rest[..start]);
        let behind = rest[start..].trim_start_matches(is_blank);
        if !kept.ends_with(is_mark) && !behind.starts_with(is_mark) {
            kept.push(' ');
        }
        rest = behind;
    }
    kept + rest
}

/// With single slashes, in lower case up to the tag, and the digest where it belongs.
fn tidy(text: &str) -> String {
    let mut text = text.to_owned();
    if !text.starts_with('/') {
        while text.contains("//") {
            text = text.replace("//", "/");
        }
        for (from, to) in [("/:", ":"), ("/@", "@"), ("./", "/"), (":/", "/")] {
            text = text.replace(from, to);
        }
        text.truncate(text.trim_end_matches('/').len());
    }

    let path_start = host_end(&text).map_or(0, |end| end + 1);
    let path_end = text[path_start..].find([':', '@']).map_or(text.len(), |length| path_start + length);
    let name = text[..path_end].to_ascii_lowercase();
    format!("{name}{}", tidy_version(&text[path_end..]))
}

fn tidy_version(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let digest_at = ["@", ":sha256:", ":sha512:"].into_iter().filter_map(|mark| lower.find(mark)).min();
    let Some(at) = digest_at else {
        return text.to_owned();
    };
    let tag = &text[..at];
    let digest = &lower[at + 1..];
    let is_hex = digest.len() >= 32 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hex {
        return format!("{tag}@sha256:{digest}");
    }
    // `api@v1`: a tag behind the wrong mark.
    if tag.is_empty() && !digest.contains([':', '@']) {
        return format!(":{}", &text[at + 1..]);
    }
    // `@sha256:…:v1`: the tag was put behind.
    match digest.match_indices(':').nth(1) {
        Some((colon, _)) if tag.is_empty() => {
            let late = &text[at + 1 + colon..];
            format!("{late}@{}", &digest[..colon])
        }
        _ => format!("{tag}@{digest}"),
    }
}

fn advice(reason: &Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Empty | Reason::OnlyBlanks => "give the image; is the parameter or variable behind it set?",
        Reason::LeadingSlash => {
            "the variable or parameter for the registry is empty: set it, as in `acme.azurecr.io/api`"
        }
        Reason::HostLeadingDot => "the variable or parameter for the registry's name is empty: set it",
        Reason::HostEmptyLabel => "a name between the dots is missing; is its variable empty?",
        Reason::EmptySegment | Reason::TrailingSlash | Reason::MissingRepository => {
            "a name is missing; is the variable or parameter for the repository empty?"
        }
        Reason::EmptyTag => "name a tag, or leave the colon out; is the variable or parameter for the tag empty?",
        Reason::EmptyDigest => "is the variable or parameter for the digest empty?",
        Reason::DigestLength(..) => "a digit was lost or added: copy the whole digest again",
        Reason::DigestAlgorithm(_) => "registries of Azure use `sha256:`",
        Reason::DigestWithoutAlgorithm => "a digest is `sha256:` and 64 hexadecimal digits",
        Reason::Identifier => "name the repository, and put the digits behind `@sha256:` if they are its digest",
        Reason::TagCharacter('+') => {
            "build metadata cannot stand in a tag: push the image with `-` or `_` in place of `+`"
        }
        Reason::SlashInTag => "is the tag made from a branch's name? push the image with `-` in place of `/`",
        Reason::TwoTags => "keep the tag that was pushed",
        Reason::List => "each container has one image",
        Reason::HostUnderscore => "the name of a registry consists of letters and digits",
        Reason::EmptyWord(_) => "set the variable or parameter that it comes from",
        Reason::Scheme(_) => "leave it out, and name the registry and the repository",
        Reason::HostHyphen | Reason::SegmentEdge(_) | Reason::TagStart(_) => {
            "is the variable or parameter beside it empty?"
        }
        Reason::NonAscii(_) => "write it with ASCII letters",
        Reason::HostPort => "write the port in digits, or leave the colon out",
        Reason::Character('?' | '#') => "leave out what belongs to a web address",
        Reason::Character('%') => "a reference is not percent-encoded",
        Reason::Character('|') => "`DOCKER|` belongs to `linuxFxVersion` alone",
        Reason::NameTooLong(_) | Reason::TagTooLong(_) => "shorten it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::image::{Host, ImageRef};

    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    /// `#` stands for 64 hexadecimal digits.
    #[track_caller]
    fn fixes(text: &str, expected: &str) {
        let mistake = ImageRef::parse(&text.replace('#', HEX)).expect_err("a mistake");
        assert_eq!(mistake.fix, Some(expected.replace('#', HEX)));
    }

    #[track_caller]
    fn advises(text: &str, expected: &str) {
        let mistake = ImageRef::parse(text).expect_err("a mistake");
        assert_eq!(mistake.fix, None);
        assert!(mistake.hint.as_deref().unwrap_or("").contains(expected), "{mistake:?}");
    }

    #[test]
    fn one_meaning_is_written_out() {
        fixes("https://Acme.azurecr.io/Api:V1", "acme.azurecr.io/api:V1");
        fixes("docker://nginx:1", "nginx:1");
        fixes("acme.azurecr.io/https://acme.azurecr.io/api:v1", "acme.azurecr.io/api:v1");
        fixes("user:pw@acme.azurecr.io/api", "acme.azurecr.io/api");
        fixes("\"acme.azurecr.io/api:v1\"", "acme.azurecr.io/api:v1");
        fixes("\u{feff}acme.azurecr.io/api : v1\n", "acme.azurecr.io/api:v1");
        fixes("acme.azurecr.io\\team\\api", "acme.azurecr.io/team/api");
        fixes("acme.azurecr.io/аpi", "acme.azurecr.io/api");
        fixes("acme.azurecr.io//api/:v1", "acme.azurecr.io/api:v1");
        fixes("acme.azurecr.io./api", "acme.azurecr.io/api");
        fixes("acme.azurecr.io:/api", "acme.azurecr.io/api");
        fixes("DOCKER|acme.azurecr.io/api:v1", "acme.azurecr.io/api:v1");
        fixes("https://hub.docker.com/_/nginx", "docker.io/library/nginx");
        fixes("acme.azurecr.io/api@v1", "acme.azurecr.io/api:v1");
        fixes("acme.azurecr.io/api@#", "acme.azurecr.io/api@sha256:#");
        fixes("acme.azurecr.io/api:sha256:#", "acme.azurecr.io/api@sha256:#");
        fixes("acme.azurecr.io/api@sha256:#:v1", "acme.azurecr.io/api:v1@sha256:#");
    }

    #[test]
    fn several_meanings_are_asked_about() {
        advises("/api:v1", "the registry is empty");
        advises(".azurecr.io/api:v1", "the registry's name is empty");
        advises("acme.azurecr.io/", "the repository empty");
        advises("docker/", "the repository empty");
        advises("https://acme.azurecr.io", "name the registry and the repository");
        advises("https:///api", "name the registry and the repository");
        advises("acme.azurecr.io/api:", "the tag empty");
        advises("acme.azurecr.io/api:v1+2", "push the image with `-`");
        advises("acme.azurecr.io/api:${TAG}", "it is a variable");
        advises("None", "set the variable");
        advises("acme.azurecr.io/api:feature/x", "a branch's name");
    }

    #[test]
    fn a_server_is_a_bare_host() {
        let fix = |text| Host::parse(text).expect_err("a mistake").fix;
        assert_eq!(fix("https://acme.azurecr.io").as_deref(), Some("acme.azurecr.io"));
        assert_eq!(fix("acme.azurecr.io/").as_deref(), Some("acme.azurecr.io"));
        assert_eq!(fix("https://index.docker.io/v1/").as_deref(), Some("index.docker.io"));
        assert_eq!(fix("acme.azurecr.io.").as_deref(), Some("acme.azurecr.io"));
        assert_eq!(fix("${ACR}.azurecr.io"), None);
        assert_eq!(fix(""), None);
    }
}
