//! The image, its registry, repository or tag is a word for nothing, such as `null` or `undefined`.
//!
//! ## Why
//! A variable that was not set was formatted into the reference. The text is well formed: `null` is looked for on Docker Hub as
//! `library/null`, and the error speaks of authorisation. <https://github.com/distribution/reference/blob/main/normalize.go>
//!
//! ## Fix
//! Set the variable or parameter that the word comes from.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{Reason, SuspicionKind};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "word-as-image",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("word_as_image.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let found = super::mistakes(pull, |reason| matches!(reason, Reason::EmptyWord(_)))?;
    if !found.is_empty() {
        return Ok(found);
    }
    let (written, odd) = super::oddities(pull, &[SuspicionKind::EmptyWord])?;
    let Some(odd) = odd.first() else { return Ok(Vec::new()) };
    let finding = written.suspected(odd);
    Ok(vec![match may_be_a_name(&written.text[odd.at.clone()]) {
        true => finding.warning(),
        false => finding,
    }])
}

/// `nan` and `nil` are also names that people give.
fn may_be_a_name(word: &str) -> bool {
    !["null", "undefined", "none"].iter().any(|nothing| word.eq_ignore_ascii_case(nothing))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str) -> String {
        verdict(CHECK, image, &Evidence::default())
    }

    #[test]
    fn a_word_for_nothing_fails() {
        insta::assert_snapshot!(says("null"), @"
        error: `null` is what an unset value becomes in a string
        help: set the variable or parameter that it comes from
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/api:undefined"), @"
        error: the tag `undefined` is what an unset value becomes in a string
        help: set the variable or parameter that it comes from
        ");
        insta::assert_snapshot!(says("None"), @"
        error: `None` is no image reference: `None` is what an unset value becomes in a string
        help: set the variable or parameter that it comes from
        ");
    }

    #[test]
    fn what_may_be_a_name_is_warned_of() {
        insta::assert_snapshot!(says("acme.azurecr.io/nan:v1"), @"
        warning: `nan` is what an unset value becomes in a string
        help: set the variable or parameter that it comes from
        ");
    }

    #[test]
    fn a_longer_word_is_a_name() {
        insta::assert_snapshot!(says("acme.azurecr.io/nonesuch:v1"), @"pass");
    }
}
