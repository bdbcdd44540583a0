//! `.pullgate.yaml`: what it may hold, read so that every mistake is pointed at. It is found and opened elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::{Error, Location, Spanned};

use super::{Allow, Date, Exception, Pattern, Subject, unknown_code};
use crate::cloud::Cloud;
use crate::document::shorten;
use crate::finding::Severity;
use crate::source::{FileId, Sources, Span};

/// What a policy file says; what it leaves out is empty.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub fail_on: Option<Severity>,
    pub severities: BTreeMap<String, Severity>,
    pub exceptions: Vec<Exception>,
    pub allow_unverified: Vec<Allow>,
    pub cloud: Option<Cloud>,
    /// Registries that are spoken to without TLS.
    pub plain_http: Vec<String>,
}

/// A mistake in a policy file, with its place.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}:{column}: {reason}")]
pub struct ConfigError {
    path: String,
    line: usize,
    column: usize,
    reason: String,
}

/// The file as it is written. `docs/config.schema.json` says the same to editors.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Written {
    fail_on: Option<Spanned<String>>,
    severities: BTreeMap<String, Spanned<String>>,
    ignore: Vec<Spanned<Entry>>,
    allow_unverified: Vec<Spanned<String>>,
    cloud: Option<Spanned<String>>,
    registries: Vec<Registry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    code: Option<Spanned<String>>,
    image: Option<Spanned<String>>,
    workload: Option<Spanned<String>>,
    reason: Spanned<String>,
    until: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Registry {
    host: Spanned<String>,
    #[serde(default)]
    plain_http: bool,
}

/// The file that is being read, to point into.
struct Reader<'s> {
    sources: &'s Sources,
    file: FileId,
}

impl Config {
    /// Reads a policy file that is among `sources`.
    ///
    /// # Errors
    /// The first mistake, where it is and what could have been meant.
    pub fn read(sources: &Sources, file: FileId) -> Result<Config, ConfigError> {
        let reader = Reader { sources, file };
        let text = sources.text(file);
        let options = serde_yaml::options! { with_snippet: false };
        let written: Option<Written> =
            serde_yaml::from_str_with_options(text, options).map_err(|error| reader.malformed(&error))?;
        let written = written.unwrap_or_default();
        let fail_on = written.fail_on.map(|text| reader.severity(&text, &["error", "warning"])).transpose()?;
        let mut config = Config { fail_on, ..Config::default() };
        for (code, severity) in written.severities {
            if crate::check::find(&code).is_none() {
                return Err(reader.error(reader.key(&code, &severity), unknown_code(&code)));
            }
            config.severities.insert(code, reader.severity(&severity, &["error", "warning", "note"])?);
        }
        for entry in written.ignore {
            config.exceptions.push(reader.exception(&entry)?);
        }
        for text in written.allow_unverified {
            config.allow_unverified.push(reader.allow(&text)?);
        }
        config.cloud = written.cloud.map(|text| reader.cloud(&text)).transpose()?;
        for registry in written.registries {
            let host = reader.host(&registry.host)?;
            if registry.plain_http {
                config.plain_http.push(host);
            }
        }
        Ok(config)
    }
}

impl Reader<'_> {
    fn severity(&self, text: &Spanned<String>, allowed: &[&str]) -> Result<Severity, ConfigError> {
        let severities = [Severity::Error, Severity::Warning, Severity::Note];
        let known =
            severities.into_iter().find(|severity| severity.name() == text.value && allowed.contains(&severity.name()));
        known.ok_or_else(|| self.error(self.span(text), none_of(&text.value, allowed)))
    }

    fn exception(&self, entry: &Spanned<Entry>) -> Result<Exception, ConfigError> {
        let at = self.span(entry);
        let Entry { code, image, workload, reason, until } = &entry.value;
        if code.is_none() && image.is_none() && workload.is_none() {
            let reason = "the entry would ignore everything; give it a `code`, an `image` or a `workload`";
            return Err(self.error(at, reason.to_owned()));
        }
        if reason.value.trim().is_empty() {
            return Err(
                self.error(self.span(reason), "the reason is empty; whoever reads this next year needs it".to_owned())
            );
        }
        let subject = match code {
            None => None,
            Some(text) => match self.allow(text)? {
                Allow::Everything => return Err(self.error(self.span(text), unknown_code(&text.value))),
                Allow::Code(code) => Some(Subject::Code(code)),
                Allow::Hypothesis(hypothesis) => Some(Subject::Hypothesis(hypothesis)),
            },
        };
        let until = match until {
            None => None,
            Some(text) => Some(text.value.parse::<Date>().map_err(|reason| self.error(self.span(text), reason))?),
        };
        let pattern = |text: &Option<Spanned<String>>| match text {
            None => Ok(None),
            Some(text) if text.value.trim().is_empty() => Err(self
                .error(self.span(text), "the pattern is empty and matches nothing; `*` matches everything".to_owned())),
            Some(text) => Ok(Some(Pattern::new(&text.value))),
        };
        let (image, workload) = (pattern(image)?, pattern(workload)?);
        Ok(Exception { subject, image, workload, reason: reason.value.trim().to_owned(), until, at })
    }

    fn allow(&self, text: &Spanned<String>) -> Result<Allow, ConfigError> {
        match text.value.as_str() {
            "all" => Ok(Allow::Everything),
            "" => Err(self.error(self.span(text), "name a check, H1 … H5, or `all`".to_owned())),
            name => name.parse().map_err(|reason| self.error(self.span(text), reason)),
        }
    }

    fn cloud(&self, text: &Spanned<String>) -> Result<Cloud, ConfigError> {
        match text.value.as_str() {
            "public" => Ok(Cloud::Public),
            "usgov" => Ok(Cloud::UsGov),
            "china" => Ok(Cloud::China),
            other => Err(self.error(self.span(text), none_of(other, &["public", "usgov", "china"]))),
        }
    }

    fn host(&self, text: &Spanned<String>) -> Result<String, ConfigError> {
        match crate::image::Host::parse(&text.value) {
            Ok(host) => Ok(host.to_string()),
            Err(_) => {
                let reason = format!(
                    "`{}` is no host; write it as registry.example or registry.example:5000",
                    shorten(&text.value)
                );
                Err(self.error(self.span(text), reason))
            }
        }
    }

    fn malformed(&self, error: &Error) -> ConfigError {
        let error = error.without_snippet();
        let at = error.location().map_or(Span { file: self.file, start: 0, end: 0 }, |location| self.at(location));
        let reason = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                format!("no key is called {}", none_of(field, expected))
            }
            Error::SerdeMissingField { field: "reason", .. } => {
                "the entry has no `reason`; whoever reads this next year needs it".to_owned()
            }
            Error::SerdeMissingField { field, .. } => format!("`{field}` is missing"),
            other => sentence(&other.to_string()),
        };
        self.error(at, reason)
    }

    fn error(&self, at: Span, reason: String) -> ConfigError {
        let place = self.sources.place(at);
        let (line, column) = place.map_or((1, 1), |place| (place.line, place.column));
        ConfigError { path: self.sources.path(self.file).to_owned(), line, column, reason }
    }

    fn span<T>(&self, spanned: &Spanned<T>) -> Span {
        self.at(spanned.referenced)
    }

    /// A location of the YAML reader as bytes, cut to its line.
    fn at(&self, location: Location) -> Span {
        let number = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let text = self.sources.text(self.file);
        let start = location.span().byte_offset().map(number).unwrap_or_else(|| {
            let above = number(location.line()).saturating_sub(1);
            text.split_inclusive('\n').take(above).map(str::len).sum()
        });
        let start = start.min(text.len());
        let line = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
        let length = location.span().byte_len().map_or(1, number).clamp(1, line.max(1));
        let byte = |bytes: usize| u32::try_from(bytes.min(text.len())).unwrap_or(u32::MAX);
        Span { file: self.file, start: byte(start), end: byte(start + length) }
    }

    /// Where the key of a value stands, when it stands in front of it.
    fn key(&self, key: &str, value: &Spanned<String>) -> Span {
        let at = self.span(value);
        let text = self.sources.text(self.file);
        let before = text.get(..at.start as usize).unwrap_or("");
        match before.rfind(key).and_then(|start| u32::try_from(start).ok()) {
            Some(start) => {
                Span { file: self.file, start, end: start.saturating_add(u32::try_from(key.len()).unwrap_or(0)) }
            }
            None => at,
        }
    }
}

/// A message of the YAML reader without what the error says itself: its place, and what a programmer could set.
fn sentence(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let end = [" at line ", ", set "].iter().filter_map(|tail| line.find(tail)).min().unwrap_or(line.len());
    line[..end].to_owned()
}

/// `` `x` is none of a, b ``, with the nearest.
fn none_of(text: &str, allowed: &[&str]) -> String {
    let scored = allowed.iter().map(|name| (strsim::jaro_winkler(name, &text.to_lowercase()), *name));
    let nearest = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score > 0.75);
    let text = shorten(text);
    match nearest {
        Some((_, name)) => format!("`{text}`; did you mean `{name}`?"),
        None => format!("`{text}`; it is one of {}", allowed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let mut sources = Sources::default();
        let file = sources.add(".pullgate.yaml", text);
        Config::read(&sources, file)
    }

    #[track_caller]
    fn reject(text: &str, expected: &str) {
        let error = read(text).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, format!(".pullgate.yaml:{expected}"));
    }

    #[test]
    fn every_key_is_read() {
        let text = "fail-on: warning\nseverities: {tag-mutable: error, hub-limit: note}\nignore:\n- code: H3\n  image: '*.io/*'\n  workload: api\n  reason: why not\n  until: 2027-01-31\nallow-unverified: [all, H1, tag-missing]\ncloud: china\nregistries:\n- host: registry.local:5000\n  plain-http: true\n- host: ghcr.io\n";
        let config = read(text).unwrap();
        assert_eq!(config.fail_on, Some(Severity::Warning));
        assert_eq!(config.severities["hub-limit"], Severity::Note);
        assert_eq!(config.exceptions[0].subject, Some(Subject::Hypothesis(crate::check::Hypothesis::H3)));
        assert_eq!(config.exceptions[0].until, "2027-01-31".parse().ok());
        assert_eq!(config.allow_unverified.len(), 3);
        assert_eq!(config.cloud, Some(Cloud::China));
        assert_eq!(config.plain_http, ["registry.local:5000"]);
    }

    #[test]
    fn a_file_without_content_says_nothing() {
        for text in ["", "# only a comment\n", "---\n", "{}"] {
            assert!(read(text).unwrap().exceptions.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_mistake_is_pointed_at_with_the_nearest_word() {
        reject("sevrities: {}", "1:1: no key is called `sevrities`; did you mean `severities`?");
        reject(
            "severities:\n  tag-mutible: error",
            "2:3: no check is called `tag-mutible`; did you mean `tag-mutable`?",
        );
        reject("severities:\n  tag-mutable: eror", "2:16: `eror`; did you mean `error`?");
        reject("fail-on: note", "1:10: `note`; it is one of error, warning");
        reject("ignore:\n- code: H1\n", "2:3: the entry has no `reason`; whoever reads this next year needs it");
        reject("ignore:\n- code: H1\n  reason: ''", "3:11: the reason is empty; whoever reads this next year needs it");
        reject(
            "ignore:\n- reason: x",
            "2:3: the entry would ignore everything; give it a `code`, an `image` or a `workload`",
        );
        reject("ignore:\n- code: H1\n  reason: x\n  until: 2026-02-30", "4:10: there is no day 2026-02-30");
        reject(
            "ignore:\n- image: ''\n  reason: x",
            "2:10: the pattern is empty and matches nothing; `*` matches everything",
        );
        reject(
            "registries:\n- host: https://a",
            "2:9: `https://a` is no host; write it as registry.example or registry.example:5000",
        );
        reject("cloud: us", "1:8: `us`; did you mean `usgov`?");
        reject("cloud: moon", "1:8: `moon`; it is one of public, usgov, china");
        reject("fail-on: error\nfail-on: error", "2:1: duplicate mapping key: fail-on");
        reject("ignore: x", "1:9: expected sequence start");
        reject("ignore:\n- code: \"H1\n", "3:1: invalid indentation in multiline quoted scalar");
    }
}
