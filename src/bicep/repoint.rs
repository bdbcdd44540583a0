//! Points judgements at the sources of what was compiled.

use std::collections::HashMap;

use super::{Lost, Origins, Place};
use crate::finding::{Edit, Finding};
use crate::judge::{Judgement, Verdict};
use crate::source::{Sources, Span};

/// What is said of a finding that stays where no one writes.
const COMPILED: &str =
    "the line is that of the compiled template; which line of the Bicep source it came from is not certain";

/// Moves the places of judgements, of their findings and of these findings' labels from compiled texts to their sources.
/// A finding whose place is not certain stays, and says so; an edit stays only where both texts are the same.
pub fn repoint(judgements: &mut [Judgement], sources: &Sources) {
    let mut found = Found { origins: Origins::new(sources), known: HashMap::new() };
    for judgement in judgements {
        if let Ok(place) = found.place(judgement.subject) {
            judgement.subject = place.at;
        }
        if let Verdict::Fail(finding) = &mut judgement.verdict {
            found.repoint(finding);
        }
    }
}

/// What was searched before: many judgements are about one image.
struct Found<'s> {
    origins: Origins<'s>,
    known: HashMap<Span, Result<Place, Lost>>,
}

impl Found<'_> {
    fn place(&mut self, span: Span) -> Result<Place, Lost> {
        let origins = &self.origins;
        *self.known.entry(span).or_insert_with(|| origins.find(span))
    }

    fn repoint(&mut self, finding: &mut Finding) {
        if self.origins.is_compiled(finding.at) {
            match self.place(finding.at) {
                Ok(place) => finding.at = place.at,
                Err(Lost { module }) => {
                    finding.detail.push(COMPILED.to_owned());
                    if let Some(module) = module {
                        *finding = std::mem::replace(finding, Finding::at(module, ""))
                            .also(module, "in what this module deploys");
                    }
                }
            }
        }
        for mut label in std::mem::take(&mut finding.also) {
            if self.origins.is_compiled(label.at) {
                match self.place(label.at) {
                    Ok(place) => label.at = place.at,
                    Err(_) => label.text.push_str(" (in the compiled template)"),
                }
            }
            if label.at != finding.at && !finding.also.iter().any(|other| other.at == label.at) {
                finding.also.push(label);
            }
        }
        if let Some(edit) = finding.edit.take() {
            finding.edit = self.edit(edit);
        }
    }

    fn edit(&mut self, edit: Edit) -> Option<Edit> {
        if !self.origins.is_compiled(edit.at) {
            return Some(edit);
        }
        let place = self.place(edit.at).ok()?;
        // What would end or fill a string of Bicep.
        let is_plain = !edit.replacement.contains(['\'', '\\', '$', '\n', '\r']);
        (place.same && is_plain).then_some(Edit { at: place.at, replacement: edit.replacement })
    }
}
