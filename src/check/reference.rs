//! H4: is the reference well formed, and does it name what it is meant to name?
//!
//! A bad reference has one root cause, and one check reports it: the grammar's complaint goes to the check of its family, and
//! of what the grammar lets through the first of [`ROOTS`] silences the rest.

pub mod acr_endpoint_as_host;
pub mod acr_name_malformed;
pub mod container_name_malformed;
pub mod digest_malformed;
pub mod hidden_character;
pub mod host_as_image;
pub mod host_doubled;
pub mod host_malformed;
pub mod host_misspelt;
pub mod host_not_public;
pub mod host_upper_case;
pub mod image_missing;
pub mod image_not_applied;
pub mod key_unknown;
pub mod parameter_missing;
pub mod parameter_token;
pub mod placeholder_left;
pub mod port_on_acr;
pub mod reference_malformed;
pub mod reference_too_long;
pub mod reference_unchanged;
pub mod registry_missing;
pub mod repository_upper_case;
pub mod scheme_in_reference;
pub mod template_invalid;
pub mod template_linked;
pub mod update_drops;
pub mod web_page_as_image;
pub mod word_as_image;

use std::ops::Range;

use crate::evidence::Stop;
use crate::finding::Finding;
use crate::image::{
    ImageRef, Mistake, Reason, Style, Suspicion, SuspicionKind, Token, judge_partial, placeholder, suspicions,
};
use crate::manifest::{Host, Pull};
use crate::value::Value;

/// A reference as it is written.
pub(super) struct Written<'m> {
    value: &'m Value,
    /// `…` stands for each unknown stretch.
    pub text: String,
    is_whole: bool,
}

/// Oddities that make the rest of the reference meaningless, the first one counting.
const ROOTS: &[SuspicionKind] = &[
    SuspicionKind::HostAsImage,
    SuspicionKind::WebPage,
    SuspicionKind::EmptyWord,
    SuspicionKind::UpperCaseHost,
    SuspicionKind::InvalidHost,
    SuspicionKind::PortRange,
    SuspicionKind::DoubledHost,
    SuspicionKind::AcrEndpoint,
];

/// Why a check of one mistake has nothing to say where there is another.
const ANOTHER: Stop = Stop::NotApplicable("the reference has another mistake, which is reported");

/// The reference of a pull, also where only some of it is known.
///
/// # Errors
/// *Not applicable* when there is none.
pub(super) fn written<'m>(pull: &Pull<'m>) -> Result<Written<'m>, Stop> {
    let value = pull.image_value().ok_or(Stop::NotApplicable("no image is set"))?;
    if let Some(text) = value.as_str() {
        return Ok(Written { value, text: text.to_owned(), is_whole: true });
    }
    match value.as_unknown() {
        Some(unknown) => Ok(Written { value, text: unknown.partial(), is_whole: false }),
        None => Err(Stop::NotApplicable("the image is no text")),
    }
}

/// The token that makes a reference impossible. A compose file's own variables are no such tokens: whoever reads the file
/// replaces them.
pub(super) fn token(pull: &Pull, written: &Written) -> Option<Token> {
    let token = placeholder(&written.text).filter(|token| token.certain)?;
    let is_own = pull.workload.host == Host::Compose && matches!(token.style, Style::Braces | Style::Dollar);
    (!is_own).then_some(token)
}

/// The grammar's complaint, as a finding if it is of the kind that the check is for.
///
/// # Errors
/// *Not applicable* when there is no reference, when it has another mistake, or when what is known of it does not decide.
pub(super) fn mistakes(pull: &Pull, is_mine: impl Fn(&Reason) -> bool) -> Result<Vec<Finding>, Stop> {
    let written = written(pull)?;
    match mistake(pull, &written)? {
        None => Ok(Vec::new()),
        Some(mistake) if is_mine(&mistake.reason) => Ok(vec![written.mistaken(&mistake)]),
        Some(_) => Err(ANOTHER),
    }
}

/// What is odd about a well-formed reference, of the kinds that the check is for.
///
/// # Errors
/// As [`mistakes`].
pub(super) fn oddities<'m>(pull: &Pull<'m>, kinds: &[SuspicionKind]) -> Result<(Written<'m>, Vec<Suspicion>), Stop> {
    let written = written(pull)?;
    let image = image(pull)?;
    let mut found = suspicions(&written.text, &image);
    let root = ROOTS.iter().find(|root| found.iter().any(|suspicion| suspicion.kind == **root));
    if root.is_some_and(|root| !kinds.contains(root)) {
        return Err(ANOTHER);
    }
    found.retain(|suspicion| kinds.contains(&suspicion.kind));
    Ok((written, found))
}

/// The reference, for a check that leaves it to others to say that it is not known: one of them does for all.
///
/// # Errors
/// *Not applicable* when it is not known, malformed, or a secure value: such a value must not get into evidence or a report.
pub(super) fn image(pull: &Pull) -> Result<ImageRef, Stop> {
    if pull.image_value().is_some_and(Value::is_secure) {
        return Err(Stop::NotApplicable("the image is a secure value"));
    }
    pull.image().map_err(|stop| match stop {
        Stop::Unverified(_) => Stop::NotApplicable("the reference is not known before the deployment"),
        stop => stop,
    })
}

fn mistake(pull: &Pull, written: &Written) -> Result<Option<Mistake>, Stop> {
    if token(pull, written).is_some() {
        return Err(ANOTHER);
    }
    if written.is_whole && pull.workload.host == Host::Compose && written.text.contains('$') {
        let known = without_variables(&written.text);
        return match judge_partial(&known) {
            Some(mistake) if placeholder(&known).is_none() => {
                Ok(Some(Mistake { at: 0..written.text.len(), fix: None, ..mistake }))
            }
            _ => Err(Stop::NotApplicable("the reference holds a variable")),
        };
    }
    if written.is_whole {
        if placeholder(&written.text).is_some_and(|token| token.certain) {
            return Err(Stop::NotApplicable("the reference holds a variable"));
        }
        return Ok(ImageRef::parse(&written.text).err());
    }
    match judge_partial(&written.text) {
        None => Err(Stop::NotApplicable("the reference is not known before the deployment")),
        mistake => Ok(mistake),
    }
}

/// The text of a compose file with `…` for each variable: whatever stands there, what is around it stays.
fn without_variables(text: &str) -> String {
    let mut known = String::new();
    let mut rest = text;
    while let Some(token) = placeholder(rest) {
        known.push_str(&rest[..token.range.start]);
        known.push('…');
        rest = &rest[token.range.end..];
    }
    known + rest
}

impl Written<'_> {
    /// A finding at these bytes of the reference.
    pub fn at(&self, range: Range<usize>, title: impl Into<String>) -> Finding {
        let value = self.place(range);
        match self.value.is_secure() {
            true => Finding::at_value(
                &value,
                "the image, a secure value that is not shown, is no reference that can be pulled",
            ),
            false => Finding::at_value(&value, title),
        }
    }

    /// The reference for people, cut where it is very long.
    pub fn shown(&self) -> String {
        const MOST: usize = 160;
        match self.text.char_indices().nth(MOST) {
            Some((end, _)) => format!("{}…", &self.text[..end]),
            None => self.text.clone(),
        }
    }

    pub fn suspected(&self, suspicion: &Suspicion) -> Finding {
        let finding = self.at(suspicion.at.clone(), suspicion.title.as_str());
        self.hinted(finding, suspicion.hint.as_deref(), suspicion.fix.as_deref())
    }

    fn mistaken(&self, mistake: &Mistake) -> Finding {
        let title = format!("`{}` is no image reference: {mistake}", self.shown());
        // Between two slashes nothing stands: one of them may be of another part of the text.
        let slash = usize::from(mistake.reason == Reason::EmptySegment && mistake.at.start > 0);
        let finding = match self.mirrors() {
            true => self.at(mistake.at.clone(), title),
            false => self.at(mistake.at.start - slash..mistake.at.end, title),
        };
        self.hinted(finding, mistake.hint.as_deref(), mistake.fix.as_deref())
    }

    /// With what to do, and the correction where the text stands in the file as it is.
    pub fn hinted(&self, finding: Finding, hint: Option<&str>, fix: Option<&str>) -> Finding {
        if self.value.is_secure() {
            return finding;
        }
        let help = hint.map(str::to_owned).or_else(|| fix.map(|fix| format!("write `{fix}`")));
        let finding = match help {
            Some(help) => finding.help(help),
            None => finding,
        };
        match fix {
            Some(fix) if self.mirrors() => finding.edit(self.value.at, fix),
            _ => finding,
        }
    }

    /// The value where these bytes of it are to be changed.
    fn place(&self, range: Range<usize>) -> Value {
        if self.mirrors() {
            return Value { at: self.value.at.within(range), ..self.value.clone() };
        }
        self.value.blamed(&range).unwrap_or_else(|| self.value.clone())
    }

    /// Whether the file holds the text byte for byte, as far as its length tells: what was put together is longer or shorter.
    fn mirrors(&self) -> bool {
        let at = self.value.at;
        self.is_whole && at.is_written() && at.end.saturating_sub(at.start) as usize == self.text.len()
    }
}
