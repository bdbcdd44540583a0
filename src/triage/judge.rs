//! One statement: which causes its text points at, and how surely.

use std::borrow::Cow;
use std::ops::Range;

use super::endpoint::{Endpoint, endpoint, floor};
use super::mistake::{Certainty, Mistake, mistake};
use super::names::{Names, hosted};
use super::patterns::{Pattern, TABLE, Tie};
use super::tie::{ADVISES, FAILED_PULL, Ties, ties};
use crate::check::Hypothesis;

/// How near the words of a pull must be in a long text.
const NEAR: usize = 1500;

/// A cause that the text points at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Signal {
    pub hypothesis: Hypothesis,
    pub cause: &'static str,
    pub confidence: f64,
    pub why: &'static str,
    /// Where it was seen.
    pub source: &'static str,
    /// The words that say it.
    pub at: Range<usize>,
}

/// What a statement says about pulls.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Verdict {
    pub signals: Vec<Signal>,
    /// A pull failed, at this place, and no reason is given.
    pub unexplained: Option<usize>,
}

/// Judges a statement. `pushing`: a push is going on in the lines before.
pub(super) fn judge(text: &str, names: &Names, pushing: bool) -> Verdict {
    let original = text;
    let text = &*masked(text, names);
    let mut ties = ties(text);
    if ties.other || (ties.push || pushing && !text.contains("pull")) && !ties.failed {
        return Verdict::default();
    }
    if ties.console {
        // An application's own output: it speaks of the platform's pull only when it quotes the platform.
        ties.pull = ties.failed && names.registry.is_some();
        ties.registry = ties.pull;
    }
    let statement = Statement { original, text, names, ties };
    let mut signals: Vec<Signal> =
        TABLE.matches(text).into_iter().filter_map(|(pattern, at)| statement.signal(pattern, at)).collect();
    if let Some(signal) = statement.wrong_reference(&signals) {
        signals.push(signal);
    }
    signals.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let unexplained = match signals.is_empty() && ties.failed && !ties.console {
        true => FAILED_PULL.find(text.as_bytes()).map(|found| found.start()),
        false => None,
    };
    Verdict { signals, unexplained }
}

struct Statement<'a> {
    original: &'a str,
    /// As [`masked`] leaves it; every place is the same in both.
    text: &'a str,
    names: &'a Names,
    ties: Ties,
}

impl Statement<'_> {
    fn signal(&self, pattern: &'static Pattern, at: Range<usize>) -> Option<Signal> {
        let counts = match pattern.tie {
            // git has references too.
            Tie::Alone if pattern.hypothesis == Hypothesis::H4 && self.text.contains("fatal:") => false,
            Tie::Alone if pattern.hypothesis == Hypothesis::H4 && self.is_advice(&at) => false,
            Tie::Alone => !self.ties.console || self.ties.pull,
            Tie::Registry => self.ties.registry,
            Tie::Pull => self.speaks_of_a_pull(&at),
            Tie::Endpoint => return self.failed_call(pattern),
            Tie::Forbidden => return self.forbidden(pattern, at),
            Tie::Secret => self.is_a_registrys_secret(),
            Tie::Reference => (self.ties.registry || self.names.image.is_some()) && !self.text.contains("fatal:"),
            Tie::Exec => !["errno 8", "fork/exec", "spawn "].iter().any(|other| has(self.text, other)),
        };
        counts.then(|| of(pattern, at))
    }

    fn speaks_of_a_pull(&self, at: &Range<usize>) -> bool {
        if !self.ties.pull || self.text.len() < 2 * NEAR {
            return self.ties.pull;
        }
        let from = floor(self.text, at.start.saturating_sub(NEAR));
        let to = floor(self.text, (at.end + NEAR / 4).min(self.text.len()));
        ties(&self.text[from..to]).pull
    }

    /// A connection that failed. Any of its mentions may be the one that counts.
    fn failed_call(&self, pattern: &'static Pattern) -> Option<Signal> {
        let mentions = pattern.regex().find_iter(self.text.as_bytes()).take(16).map(|found| found.range());
        mentions.filter_map(|at| self.failed_call_at(pattern, at)).max_by(|a, b| a.confidence.total_cmp(&b.confidence))
    }

    fn failed_call_at(&self, pattern: &'static Pattern, at: Range<usize>) -> Option<Signal> {
        let pull = self.speaks_of_a_pull(&at);
        let denied = has(&self.text.as_bytes()[at.clone()], "action") && !self.ties.console;
        match endpoint(self.text, at.start) {
            // An application fetches tokens too; a firewall's log line about Entra concerns the environment.
            Endpoint::Entra if pull || self.ties.registry || denied => Some(Signal {
                hypothesis: Hypothesis::H5,
                cause: "token-egress-closed",
                confidence: if pull { 0.94 } else { 0.8 },
                why: "the call that fetches the Entra token did not come through",
                ..of(pattern, at)
            }),
            Endpoint::Layers if pull || self.ties.registry => Some(Signal {
                cause: "layers-egress-closed",
                confidence: pattern.confidence.max(0.87),
                why: "the host that holds the layers did not answer",
                ..of(pattern, at)
            }),
            Endpoint::Registry if !self.ties.console || pull => Some(of(pattern, at)),
            Endpoint::Other | Endpoint::Unknown if pull => Some(of(pattern, at)),
            _ => None,
        }
    }

    /// 403: a closed firewall, or an account without the right at a registry that has no firewall.
    fn forbidden(&self, pattern: &'static Pattern, at: Range<usize>) -> Option<Signal> {
        if !self.speaks_of_a_pull(&at) {
            return None;
        }
        if endpoint(self.text, at.start) == Endpoint::Entra && !has(self.text, "aadsts") {
            let why = "the call that fetches the Entra token was refused on the way";
            return Some(Signal {
                hypothesis: Hypothesis::H5,
                cause: "token-egress-closed",
                confidence: 0.78,
                why,
                ..of(pattern, at)
            });
        }
        let public = ["ghcr.io", "docker.io", "quay.io", "gcr.io", "pkg.dev", "amazonaws.com"];
        let is_public =
            self.names.registry.as_ref().is_some_and(|host| public.iter().any(|suffix| host.ends_with(suffix)));
        if is_public {
            let why = "the registry answered 403: the account or token may not read this repository";
            return Some(Signal { hypothesis: Hypothesis::H1, cause: "pull-unauthorized", why, ..of(pattern, at) });
        }
        Some(of(pattern, at))
    }

    /// Names of repositories are spoken of where nothing is pulled; the parsers write their errors in lower case.
    fn is_advice(&self, at: &Range<usize>) -> bool {
        let said = &self.text.as_bytes()[at.clone()];
        if !has(said, "repository name") {
            return false;
        }
        let named = self.ties.registry || self.names.image.is_some() || has(self.text, "invalid reference format");
        !named && (said[0].is_ascii_uppercase() || ADVISES.is_match(self.text.as_bytes()))
    }

    fn is_a_registrys_secret(&self) -> bool {
        ["registr", "acr", "docker", "ghcr", "pull"].iter().any(|word| {
            // `Unable to get value` of a secret says "pull" nowhere else than in the secret's own name.
            has(self.text, word)
        })
    }

    /// A reference that is visibly wrong is the cause, whatever the platform made of it.
    fn wrong_reference(&self, signals: &[Signal]) -> Option<Signal> {
        let any = |hypothesis| signals.iter().any(|signal| signal.hypothesis == hypothesis);
        let image = match &self.names.image {
            Some(image) => image,
            None if self.ties.failed && has(self.text, "invalid value: \"\"") => "",
            None => return None,
        };
        let Mistake { cause, why, certainty } = mistake(image)?;
        let single = !image.contains('/') || image.contains("/library/");
        let confidence = match certainty {
            Certainty::Sure if self.ties.failed || self.ties.pull && !signals.is_empty() || any(Hypothesis::H4) => {
                0.975
            }
            Certainty::WhenAbsent if self.ties.pull && (any(Hypothesis::H1) || any(Hypothesis::H2)) => 0.96,
            Certainty::WhenRefused if self.ties.pull && any(Hypothesis::H1) => {
                if single {
                    0.85
                } else {
                    0.5
                }
            }
            _ => return None,
        };
        let start = if image.is_empty() { 0 } else { self.original.find(image).unwrap_or(0) };
        let source = "the grammars of distribution/reference and of go-containerregistry pkg/name";
        Some(Signal { hypothesis: Hypothesis::H4, cause, confidence, why, source, at: start..start + image.len() })
    }
}

/// The text with the letters of repositories and tags made neutral, at the same places: an image may be called
/// `timeout-service:401`.
fn masked<'a>(text: &'a str, names: &Names) -> Cow<'a, str> {
    let original = text;
    let mut text = Cow::Borrowed(text);
    let mut mask = |keep: &str, name: &str, end: &str| {
        let whole = format!("{keep}{name}{end}");
        if whole.contains(['/', ':']) && text.contains(&whole) {
            text = Cow::Owned(text.replace(&whole, &format!("{keep}{}{end}", blank(name))));
        }
    };
    for image in hosted(original) {
        let (host, rest) = image.split_at(image.find('/').unwrap_or(0));
        mask(host, rest, "");
    }
    if let Some(image) = &names.image {
        let (host, rest) = image.split_at(image.find('/').unwrap_or(0));
        mask(host, rest, "");
    }
    if let Some(repository) = &names.repository {
        for (before, after) in [("/v2/", "/"), ("repository:", ":"), ("Name:", " "), ("", "/manifests/")] {
            mask(before, repository, after);
        }
    }
    if let Some(version) = &names.version {
        mask("/manifests/", version, "");
    }
    text
}

fn blank(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { 'z' } else { c }).collect()
}

fn of(pattern: &'static Pattern, at: Range<usize>) -> Signal {
    let Pattern { hypothesis, cause, confidence, why, source, .. } = *pattern;
    Signal { hypothesis, cause, confidence, why, source, at }
}

/// Contains, whatever the case; `word` is lower case and ASCII.
fn has(text: impl AsRef<[u8]>, word: &str) -> bool {
    text.as_ref().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}
