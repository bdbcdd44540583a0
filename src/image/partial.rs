//! References of which parts are unknown: what is wrong whatever the unknown parts stand for.
//!
//! The grammar is run as an automaton over all ways to read the text at once; an unknown part
//! leads to every state that some text leads to. Where no state is left, no value of the unknown
//! parts makes a reference. Lengths of names are not counted.

use std::collections::BTreeSet;
use std::ops::Range;

use super::digest::Algorithm;
use super::grammar::{Fault, TAG_MAX, host_end, read};
use super::host::{self, Host};
use super::known::DOCKER_HUB;
use super::mistake::{Mistake, Reason};
use super::repair;

/// Stands for any text, also for none, in a partly known reference.
pub const UNKNOWN: char = '…';

/// Longer texts are not judged: no claim is made about them.
const LONGEST: usize = 2 * 1024;

/// What is put in place of the unknown, to have the grammar name the cause of a mistake.
const GUESSES: &[&str] = &["x", "1", "", "x.io/x", "x.io", "x:1", "/x"];

/// What is known of a reference, in spite of its unknown parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The registry, if the known start settles it.
    pub registry: Option<Host>,
    /// The repository, if registry and path are known and only tag or digest are not.
    pub repository: Option<String>,
}

/// Where the grammar can be in a text; each name says what was read last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Start,
    HostName,
    HostDash,
    HostDot,
    Ipv6,
    Ipv6End,
    PortColon,
    Port,
    Slash,
    Segment,
    OneSeparator,
    Underscore,
    Dashes,
    TagColon,
    Tag(usize),
    /// The digest's algorithm and how many characters of `sha256:…` were read.
    Digest(Algorithm, usize),
}

/// The mistake that is there whatever the unknown parts of `text` (each an [`UNKNOWN`]) stand for.
///
/// A text without unknown parts is judged as [`super::ImageRef::parse`] does. `None` claims
/// nothing: the reference may be right or wrong.
pub fn judge_partial(text: &str) -> Option<Mistake> {
    if !text.contains(UNKNOWN) {
        return super::ImageRef::parse(text).err();
    }
    if text.len() > LONGEST {
        return None;
    }
    let dead = dead_end(text)?;
    Some(explain(text, dead))
}

/// The registry and repository of a text with unknown parts, as far as they are certain.
pub fn known(text: &str) -> Known {
    let start = text.split(UNKNOWN).next().unwrap_or_default();
    if !start.contains('/') {
        return Known::default();
    }
    let host_end = host_end(start);
    let registry = match host_end {
        Some(end) => host::read(&start[..end], 0).ok(),
        None => Some(Host::as_written(DOCKER_HUB)),
    };
    let path_start = host_end.map_or(0, |end| end + 1);
    let colon = start[path_start..].find([':', '@']);
    let name = colon.map(|length| &start[..path_start + length]);
    let image = name.and_then(|name| read(name).ok());
    match image {
        Some(image) => Known { registry: Some(image.registry), repository: Some(image.repository) },
        None => Known { registry, repository: None },
    }
}

/// The byte at which no reading of the text is left; its length if it only ends too early.
fn dead_end(text: &str) -> Option<usize> {
    let mut states = BTreeSet::from([State::Start]);
    for (at, c) in text.char_indices() {
        states = match c {
            UNKNOWN => reachable(states),
            c => states.iter().flat_map(|state| state.after(c)).collect(),
        };
        if states.is_empty() {
            return Some(at);
        }
    }
    let ends = states.iter().any(|state| state.is_end());
    (!ends).then_some(text.len())
}

/// Every state that some text leads to from one of these.
fn reachable(states: BTreeSet<State>) -> BTreeSet<State> {
    // One character of each class that the grammar distinguishes.
    const CLASSES: &str = "azAZ0.-_:/@[]sh256s1";
    let mut open: Vec<State> = states.iter().copied().collect();
    let mut all = states;
    while let Some(state) = open.pop() {
        for next in CLASSES.chars().flat_map(|c| state.after(c)) {
            if all.insert(next) {
                open.push(next);
            }
        }
    }
    all
}

impl State {
    fn is_end(self) -> bool {
        match self {
            Self::Segment | Self::Tag(_) => true,
            Self::Digest(algorithm, length) => length == digest_length(algorithm),
            _ => false,
        }
    }

    /// The states behind one more character; several where the grammar has not decided yet.
    fn after(self, c: char) -> Vec<Self> {
        let is_word = c.is_ascii_lowercase() || c.is_ascii_digit();
        let is_name = c.is_ascii_alphanumeric();
        match self {
            // A first part may be a host, or a part of the path, until a slash or colon decides.
            Self::Start if is_word => vec![Self::HostName, Self::Segment],
            Self::Start if is_name => vec![Self::HostName],
            Self::Start if c == '[' => vec![Self::Ipv6],
            Self::HostName | Self::HostDash | Self::HostDot if is_name => vec![Self::HostName],
            Self::HostName | Self::HostDash if c == '-' => vec![Self::HostDash],
            Self::HostName if c == '.' => vec![Self::HostDot],
            Self::HostName | Self::Ipv6End if c == ':' => vec![Self::PortColon],
            Self::HostName | Self::Ipv6End | Self::Port if c == '/' => vec![Self::Slash],
            Self::Ipv6 if c.is_ascii_hexdigit() || c == ':' => vec![Self::Ipv6],
            Self::Ipv6 if c == ']' => vec![Self::Ipv6End],
            Self::PortColon | Self::Port if c.is_ascii_digit() => vec![Self::Port],

            Self::Slash | Self::Segment if is_word => vec![Self::Segment],
            Self::OneSeparator | Self::Underscore | Self::Dashes if is_word => vec![Self::Segment],
            Self::Segment => match c {
                '.' => vec![Self::OneSeparator],
                '_' => vec![Self::Underscore],
                '-' => vec![Self::Dashes],
                '/' => vec![Self::Slash],
                ':' => vec![Self::TagColon],
                '@' => Self::digests(),
                _ => Vec::new(),
            },
            Self::Underscore if c == '_' => vec![Self::OneSeparator],
            Self::Dashes if c == '-' => vec![Self::Dashes],

            Self::TagColon if is_name || c == '_' => vec![Self::Tag(1)],
            Self::Tag(_) if c == '@' => Self::digests(),
            Self::Tag(length) if length < TAG_MAX && (is_name || "._-".contains(c)) => {
                vec![Self::Tag(length + 1)]
            }
            Self::Digest(algorithm, length) if digest_takes(algorithm, length, c) => {
                vec![Self::Digest(algorithm, length + 1)]
            }
            _ => Vec::new(),
        }
    }

    fn digests() -> Vec<Self> {
        vec![Self::Digest(Algorithm::Sha256, 0), Self::Digest(Algorithm::Sha512, 0)]
    }
}

fn digest_length(algorithm: Algorithm) -> usize {
    algorithm.name().len() + 1 + algorithm.digits()
}

fn digest_takes(algorithm: Algorithm, length: usize, c: char) -> bool {
    match algorithm.name().chars().nth(length) {
        Some(expected) => c == expected,
        None if length == algorithm.name().len() => c == ':',
        None => length < digest_length(algorithm) && (c.is_ascii_digit() || ('a'..='f').contains(&c)),
    }
}

/// Names the cause: the grammar's complaint about a guess, if it is about the place that is dead.
fn explain(text: &str, dead: usize) -> Mistake {
    let faults: Vec<Fault> = GUESSES.iter().filter_map(|guess| fault_with(text, guess)).collect();
    let touches = |fault: &&Fault| fault.at.start <= dead && dead <= fault.at.end;
    let best = faults.iter().find(touches);
    let fault = match best {
        Some(fault) => Fault::new(fault.at.clone(), fault.reason.clone()),
        None => {
            let length = text[dead..].chars().next().map_or(0, char::len_utf8);
            Fault::new(dead..dead + length, Reason::Impossible)
        }
    };
    repair::explain_partial(text, fault)
}

/// The grammar's complaint with `guess` for every unknown, moved back into `text`; none if it is
/// about the guess itself.
fn fault_with(text: &str, guess: &str) -> Option<Fault> {
    let guessed = text.replace(UNKNOWN, guess);
    let fault = read(&guessed).err()?;
    let at = back(text, guess, fault.at)?;
    Some(Fault::new(at, fault.reason))
}

fn back(text: &str, guess: &str, at: Range<usize>) -> Option<Range<usize>> {
    let start = origin(text, guess, at.start, |c| c != UNKNOWN)?;
    // An end may lie at an unknown part: what is blamed stops in front of it.
    let end = origin(text, guess, at.end, |_| true)?.max(start);
    let is_known = !text.get(start..end)?.contains(UNKNOWN);
    is_known.then_some(start..end)
}

/// The byte of `text`, in front of a character that may be pointed at, that became byte `target`
/// of the guessed text.
fn origin(text: &str, guess: &str, target: usize, may_point: fn(char) -> bool) -> Option<usize> {
    let mut guessed = 0;
    for (at, c) in text.char_indices() {
        if guessed == target && may_point(c) {
            return Some(at);
        }
        guessed += match c {
            UNKNOWN => guess.len(),
            c => c.len_utf8(),
        };
        if guessed > target {
            return None;
        }
    }
    (guessed == target).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reject(text_with_caret: &str, reason: &str) {
        let at = text_with_caret.find('^').expect("a caret");
        let text = text_with_caret.replacen('^', "", 1);
        let mistake = judge_partial(&text).expect("a mistake");
        assert_eq!((mistake.at.start, mistake.to_string()), (at, reason.to_owned()));
    }

    #[track_caller]
    fn may_be_right(text: &str) {
        assert_eq!(judge_partial(text), None);
    }

    #[test]
    fn what_may_be_right_is_not_claimed_to_be_wrong() {
        may_be_right("…");
        may_be_right("…/api:v1");
        may_be_right("….azurecr.io/api:v1");
        may_be_right("acme.azurecr.io/api:…");
        may_be_right("acme.azurecr.io/…:v1");
        may_be_right("acme.azurecr.io/api@…");
        may_be_right("acme.azurecr.io/api@sha256:…");
        may_be_right("acme.azurecr.io/api…");
        may_be_right("Acme…/api");
        may_be_right("…:…");
        may_be_right("………");
        may_be_right("cr….azurecr.io/…/api-…:…");
        may_be_right("…:V1-RC");
    }

    #[test]
    fn what_is_wrong_anyway_is_told() {
        reject("^https://…/api:v1", "a reference has no scheme such as `https://`");
        reject("^/…", "there is no registry in front of the slash");
        reject("acme.azurecr.io/^Api:…", "a repository name is lower case");
        reject("…/^Api/x:v1", "a repository name is lower case");
        reject("…:v1^ ", "a reference has no blanks");
        reject("…/^/api", "there is no name between two slashes");
        reject("…/api:^", "a colon is followed by a tag");
        reject("acme.azurecr.io/api:…^:v1", "a reference has one tag");
        reject("…/api:^${TAG}", "`${TAG}` was not replaced by a value");
        reject("^.azurecr.io/…", "the registry's name in front of the dot is empty");
        reject("…/api@sha256:^abc", "sha256 has 64 hexadecimal digits, not 3");
    }

    #[test]
    fn a_text_without_unknown_parts_is_judged_whole() {
        may_be_right("acme.azurecr.io/api:v1");
        reject("acme.azurecr.io/^Api", "a repository name is lower case");
    }

    #[test]
    fn a_known_start_settles_registry_and_repository() {
        let parts = |text| {
            let known = known(text);
            let registry = known.registry.map(|host| host.to_string());
            (registry.unwrap_or_default(), known.repository.unwrap_or_default())
        };
        let both = |registry: &str, repository: &str| (registry.to_owned(), repository.to_owned());
        assert_eq!(parts("acme.azurecr.io/api:…"), both("acme.azurecr.io", "api"));
        assert_eq!(parts("acme.azurecr.io/…:v1"), both("acme.azurecr.io", ""));
        assert_eq!(parts("acme/api:…"), both("docker.io", "acme/api"));
        assert_eq!(parts("nginx:…"), both("", ""));
        assert_eq!(parts("….azurecr.io/api"), both("", ""));
    }
}
