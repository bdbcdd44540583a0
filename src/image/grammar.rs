//! The grammar of distribution/reference (reference.go, regexp.go, normalize.go), read by hand so
//! that a mistake has a byte and a reason. `ParseDockerRef` there and [`read`] here accept the same
//! texts; `laws.rs` holds them against each other.

use std::ops::Range;

use super::digest::{Algorithm, Digest};
use super::host::{self, Host};
use super::known::{DOCKER_HUB, is_docker_hub_name};
use super::mistake::Reason;
use super::screen::screen;
use super::{ImageRef, Version};

/// The longest path, without the host (RepositoryNameTotalLengthMax).
pub(super) const NAME_MAX: usize = 255;

/// The longest tag.
pub(super) const TAG_MAX: usize = 128;

/// A mistake before somebody has thought about its remedy.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: Range<usize>,
    pub reason: Reason,
}

impl Fault {
    pub(super) fn new(at: Range<usize>, reason: Reason) -> Self {
        Self { at, reason }
    }
}

/// Reads a whole reference and fills in what was left out.
pub(super) fn read(text: &str) -> Result<ImageRef, Fault> {
    screen(text)?;
    if text.len() == 64 && text.bytes().all(is_lower_hex) {
        return Err(Fault::new(0..64, Reason::Identifier));
    }

    let host_end = host_end(text);
    let path_start = host_end.map_or(0, |end| end + 1);
    let mut counted_from = path_start;
    let mut registry = None;
    if let Some(end) = host_end {
        let written = &text[..end];
        registry = Some(match host::read(written, 0) {
            Ok(host) => host,
            // A host has no underscore, but a path has, and the host is optional in the grammar:
            // `my_acr.azurecr.io/app` passes as a path without host. The node still splits at the
            // first slash, and so do we; a suspicion tells that there is no such host.
            Err(_) if read_segment(written, 0).is_ok() => {
                counted_from = 0;
                Host::as_written(written)
            }
            Err(fault) => return Err(fault),
        });
    }

    let written_registry = registry.is_some();
    let path_end = text[path_start..].find([':', '@']).map_or(text.len(), |length| path_start + length);
    let path = &text[path_start..path_end];
    read_path(path, path_start)?;
    let (version, written_version) = read_version(text, path_end)?;

    let registry = registry.unwrap_or_else(|| Host::as_written(DOCKER_HUB));
    let (registry, repository) = normalise(registry, path);
    let length = match counted_from == path_start {
        true => repository.len(),
        false => path_end,
    };
    if length > NAME_MAX {
        let from = path_end - (length - NAME_MAX).min(path.len());
        return Err(Fault::new(from..path_end, Reason::NameTooLong(length)));
    }

    Ok(ImageRef { registry, repository, version, written_registry, written_version })
}

/// Where the host ends, if the text has one: what stands in front of the first slash is a host if
/// it has a dot, a colon or a capital, or is `localhost` (splitDockerDomain).
pub(super) fn host_end(text: &str) -> Option<usize> {
    let slash = text.find('/')?;
    is_host_like(&text[..slash]).then_some(slash)
}

/// Whether a first part is read as a host rather than as a part of a Docker Hub name.
pub(super) fn is_host_like(first: &str) -> bool {
    first == "localhost" || first.contains(['.', ':']) || first.contains(|c: char| c.is_ascii_uppercase())
}

/// Reads `algorithm:hex`, which stands at byte `base` of the reference.
pub(super) fn read_digest(text: &str, base: usize) -> Result<Digest, Fault> {
    let whole = base..base + text.len();
    if text.is_empty() {
        return Err(Fault::new(whole, Reason::EmptyDigest));
    }
    let Some((name, hex)) = text.split_once(':') else {
        return Err(Fault::new(whole, Reason::DigestWithoutAlgorithm));
    };
    let at_name = base..base + name.len();
    let Some(algorithm) = Algorithm::named(&name.to_ascii_lowercase()) else {
        let reason = Reason::DigestAlgorithm(name.to_owned());
        return Err(Fault::new(at_name, reason));
    };
    if name != algorithm.name() {
        return Err(Fault::new(at_name, Reason::DigestAlgorithmCase));
    }

    let base = base + name.len() + 1;
    for (i, c) in hex.char_indices() {
        let reason = match c {
            '0'..='9' | 'a'..='f' => continue,
            'A'..='F' => Reason::DigestUpperCase,
            ':' if i == algorithm.digits() => Reason::TagAfterDigest,
            c => Reason::DigestCharacter(c),
        };
        return Err(Fault::new(base + i..base + i + c.len_utf8(), reason));
    }
    if hex.len() != algorithm.digits() {
        let at = base..base + hex.len();
        return Err(Fault::new(at, Reason::DigestLength(algorithm, hex.len())));
    }
    Ok(Digest::of(algorithm, hex))
}

fn read_version(text: &str, path_end: usize) -> Result<(Version, bool), Fault> {
    let rest = &text[path_end..];
    if rest.is_empty() {
        return Ok((Version::Tag("latest".to_owned()), false));
    }
    let (tagged, digested) = match rest.find('@') {
        Some(at) => (&rest[..at], Some(at + 1)),
        None => (rest, None),
    };
    let tag = match tagged.strip_prefix(':') {
        Some(tag) => Some(read_tag(tag, path_end + 1)?),
        None => None,
    };
    let digest = match digested {
        Some(start) => Some(read_digest(&rest[start..], path_end + start)?),
        None => None,
    };
    let version = match (tag, digest) {
        (Some(tag), Some(digest)) => Version::TagAndDigest(tag, digest),
        (None, Some(digest)) => Version::Digest(digest),
        (Some(tag), None) => Version::Tag(tag),
        (None, None) => Version::Tag("latest".to_owned()),
    };
    Ok((version, true))
}

fn read_tag(tag: &str, base: usize) -> Result<String, Fault> {
    if tag.is_empty() {
        return Err(Fault::new(base..base, Reason::EmptyTag));
    }
    for (i, c) in tag.char_indices() {
        let at = base + i..base + i + c.len_utf8();
        let (at, reason) = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => continue,
            '.' | '-' if i > 0 => continue,
            '.' | '-' => (at, Reason::TagStart(c)),
            ':' if Algorithm::named(&tag[..i]).is_some() => (base - 1..base, Reason::DigestAfterColon),
            ':' => (at.start..base + tag.len(), Reason::TwoTags),
            '/' => (at, Reason::SlashInTag),
            c => (at, Reason::TagCharacter(c)),
        };
        return Err(Fault::new(at, reason));
    }
    if tag.len() > TAG_MAX {
        let at = base + TAG_MAX..base + tag.len();
        return Err(Fault::new(at, Reason::TagTooLong(tag.len())));
    }
    Ok(tag.to_owned())
}

fn read_path(path: &str, base: usize) -> Result<(), Fault> {
    // `acme.azurecr.io/`, `:v1`, `@sha256:…`
    if path.is_empty() {
        return Err(Fault::new(base..base, Reason::MissingRepository));
    }
    // `[2001:db8::1]:5000`, where the slash is missing too.
    if path.starts_with('[') {
        return Err(Fault::new(base..base + 1, Reason::MissingRepository));
    }
    let mut start = 0;
    for segment in path.split('/') {
        let end = start + segment.len();
        if segment.is_empty() {
            let is_last = end == path.len();
            let (slash, reason) = match is_last {
                true => (start.saturating_sub(1), Reason::TrailingSlash),
                false => (start, Reason::EmptySegment),
            };
            let slash = base + slash;
            return Err(Fault::new(slash..slash + 1, reason));
        }
        read_segment(segment, base + start)?;
        start = end + 1;
    }
    Ok(())
}

/// `[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*`
fn read_segment(segment: &str, base: usize) -> Result<(), Fault> {
    let bytes = segment.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let is_kind: fn(u8) -> bool = match bytes[i] {
            b'a'..=b'z' | b'0'..=b'9' => |b| b.is_ascii_lowercase() || b.is_ascii_digit(),
            b'A'..=b'Z' => |b| b.is_ascii_uppercase(),
            b'.' | b'_' | b'-' => |b| matches!(b, b'.' | b'_' | b'-'),
            _ => |_| false,
        };
        let length = bytes[i..].iter().take_while(|b| is_kind(**b)).count();
        let run = i..i + length;
        let at = base + run.start..base + run.end;
        match bytes[i] {
            b'a'..=b'z' | b'0'..=b'9' => (),
            b'A'..=b'Z' => return Err(Fault::new(at, Reason::UpperCase)),
            b'.' | b'_' | b'-' => {
                let shown = &segment[run.clone()];
                if run.start == 0 || run.end == bytes.len() {
                    return Err(Fault::new(at, Reason::SegmentEdge(char::from(bytes[i]))));
                }
                let separates = matches!(shown, "." | "_" | "__") || shown.bytes().all(|b| b == b'-');
                if !separates {
                    return Err(Fault::new(at, Reason::Separator(shown.to_owned())));
                }
            }
            // Only ASCII is left behind the screen, so that a byte is a character.
            other => {
                let at = base + i..base + i + 1;
                return Err(Fault::new(at, Reason::Character(char::from(other))));
            }
        }
        i = run.end;
    }
    Ok(())
}

/// Docker Hub has one name and puts its official images under `library/`.
fn normalise(registry: Host, path: &str) -> (Host, String) {
    if !is_docker_hub_name(registry.as_str()) {
        return (registry, path.to_owned());
    }
    let repository = match path.contains('/') {
        true => path.to_owned(),
        false => format!("library/{path}"),
    };
    (Host::as_written(DOCKER_HUB), repository)
}

fn is_lower_hex(b: u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use crate::image::ImageRef;

    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    /// `^` marks the byte to blame; `#` stands for 64 hexadecimal digits.
    #[track_caller]
    fn reject(text_with_caret: &str, reason: &str) {
        let text = text_with_caret.replace('#', HEX);
        let at = text.find('^').expect("a caret");
        let mistake = ImageRef::parse(&text.replacen('^', "", 1)).expect_err("a mistake");
        assert_eq!((mistake.at.start, mistake.to_string()), (at, reason.to_owned()));
    }

    #[test]
    fn nothing_is_no_reference() {
        reject("^", "the reference is empty");
        reject("^ \t", "the reference is nothing but blanks");
        reject("^None", "`None` is what an unset value becomes in a string");
        reject("acme.azurecr.io/api:^[object Object]", "`[object Object]` is what an unset value becomes in a string");
    }

    #[test]
    fn characters_that_occur_in_no_reference() {
        reject("^ acme.azurecr.io/api:v1", "a reference has no blanks");
        reject("acme.azurecr.io/api:v1^\n", "a reference has no blanks");
        reject("acme.azurecr.io/api:^ v1", "a reference has no blanks");
        reject("acme.azurecr.io/api^\u{1b}[0m", "a reference has no control characters (U+001B escape)");
        reject("^\u{feff}acme.azurecr.io/api", "there is a hidden character, U+FEFF byte order mark");
        reject("acme.azurecr.io/api^\u{200b}:v1", "there is a hidden character, U+200B zero width space");
        reject("acme.azurecr.io/api^\u{a0}:v1", "there is a hidden character, U+00A0 no-break space");
        reject("acme.azurecr.io/^аpi", "`а` (U+0430 Cyrillic letter) is not an ASCII character");
        reject("^\"acme.azurecr.io/api\"", "the quotes are part of the reference");
        reject("acme.azurecr.io^\\api", "a reference is divided by `/`, not by a backslash");
        reject("acme.azurecr.io/api:v1^,b:v1", "there is one reference in an image, not a list");
        reject("acme.azurecr.io/api^?x=1", "`?` does not occur in a reference");
        reject("acme.azurecr.io/a^+b", "`+` does not occur in a reference");
    }

    #[test]
    fn what_stands_in_front_of_a_host() {
        reject("^https://acme.azurecr.io/api", "a reference has no scheme such as `https://`");
        reject("^docker://nginx", "a reference has no scheme such as `docker://`");
        reject("^https:/acme.azurecr.io/api", "a reference has no scheme such as `https:/`");
        reject("acme.azurecr.io/^https://acme.azurecr.io/api", "a reference has no scheme such as `https://`");
        reject("^user:pw@acme.azurecr.io/api", "a reference holds no user name or password");
        reject("^/api", "there is no registry in front of the slash");
        reject("^//acme.azurecr.io/api", "there is no registry in front of the slash");
    }

    #[test]
    fn hosts() {
        reject("^.azurecr.io/api", "the registry's name in front of the dot is empty");
        reject("acme.^.azurecr.io/api", "there is no name between two dots of the host");
        reject("acme.azurecr.io^./api", "a registry's host does not end in a dot");
        reject("^-acme.azurecr.io/api", "a name in a host begins and ends with a letter or digit");
        reject("my^_acr.azurecr.io:443/api", "a host has no underscore");
        reject("^:5000/api", "there is no host in front of the port");
        reject("acme.azurecr.io:^/api", "a port is a number");
        reject("acme.azurecr.io:^v1/api", "a port is a number");
        reject("^[fe80::1%25eth0]/api", "this is not an IPv6 address in brackets");
        reject("^fc00::1:5000/api", "an IPv6 address stands in brackets");
    }

    #[test]
    fn repositories() {
        reject("acme.azurecr.io/^Api/x:v1", "a repository name is lower case");
        reject("acme.azurecr.io/my^API", "a repository name is lower case");
        reject("^Nginx:1", "a repository name is lower case");
        reject("acme.azurecr.io/^/api", "there is no name between two slashes");
        reject("acme.azurecr.io/api^/", "a slash is followed by a name");
        reject("acme.azurecr.io/api^/:v1", "a slash is followed by a name");
        reject("acme.azurecr.io/^", "a reference names a repository");
        reject("^:v1", "a reference names a repository");
        reject("^[2001:db8::1]:5000", "a reference names a repository");
        reject("acme.azurecr.io/^-api", "a name in a repository begins and ends with a letter or digit");
        reject("acme.azurecr.io/a^..b", "`..` does not separate words: one dot, one or two underscores, or dashes do");
        reject("^#", "64 hexadecimal digits are an image id, not a name");
        let long = format!("acme.azurecr.io/{}^{}", "a".repeat(255), "a".repeat(3));
        reject(&long, "a repository name has at most 255 characters, not 258");
    }

    #[test]
    fn tags() {
        reject("acme.azurecr.io/api:^", "a colon is followed by a tag");
        reject("acme.azurecr.io/api:^@sha256:#", "a colon is followed by a tag");
        reject("acme.azurecr.io/api:^-v1", "a tag begins with a letter, a digit or an underscore");
        reject("acme.azurecr.io/api:v1^+2", "`+` does not occur in a tag");
        reject("acme.azurecr.io/api:v1^/2", "a tag has no slash");
        reject("acme.azurecr.io/api:v1^:v2", "a reference has one tag");
        let long = format!("acme.azurecr.io/api:{}^t", "t".repeat(128));
        reject(&long, "a tag has at most 128 characters, not 129");
    }

    #[test]
    fn digests() {
        reject("acme.azurecr.io/api@^", "`@` is followed by a digest");
        reject("acme.azurecr.io/api@^#", "a digest begins with its algorithm, `sha256:`");
        reject("acme.azurecr.io/api@^md5:#", "`md5` is not a digest's algorithm");
        reject("acme.azurecr.io/api@^SHA256:#", "a digest's algorithm is lower case");
        reject("acme.azurecr.io/api@sha256:^#0", "sha256 has 64 hexadecimal digits, not 65");
        reject("acme.azurecr.io/api@sha256:^ABC", "a digest's digits are lower case");
        reject("acme.azurecr.io/api@sha256:abc^x", "`x` is not a hexadecimal digit");
        reject("acme.azurecr.io/api^:sha256:#", "a digest follows `@`, not a colon");
        reject("acme.azurecr.io/api@sha256:#^:v1", "a tag stands in front of the digest");
    }

    #[test]
    fn tokens_are_named_before_their_characters() {
        reject("acme.azurecr.io/api:^${TAG}", "`${TAG}` was not replaced by a value");
        reject("^__ACR__.azurecr.io/api", "`__ACR__` was not replaced by a value");
        reject("^{{ .Values.image }}:v1", "`{{ .Values.image }}` was not replaced by a value");
    }
}
