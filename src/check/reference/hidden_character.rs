//! The reference holds a blank, an invisible or another character that none may hold.
//!
//! ## Why
//! Text that was copied from a chat or a web page brings no-break spaces, zero-width spaces and letters of other alphabets;
//! a YAML block keeps its line break; a shell adds quotes. The reference looks right and is refused.
//! <https://github.com/distribution/reference/blob/main/regexp.go>
//!
//! ## Fix
//! Delete the character that is pointed at, or type the reference anew.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Cause;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "hidden-character",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("hidden_character.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::mistakes(pull, |reason| reason.cause() == Cause::Character)
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
    fn what_cannot_be_seen_fails() {
        insta::assert_snapshot!(says("acme.azurecr.io/api:v1 "), @"
        error: `acme.azurecr.io/api:v1 ` is no image reference: a reference has no blanks
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/\u{200b}api:v1").replace('\u{200b}', "<hidden>"), @"
        error: `acme.azurecr.io/<hidden>api:v1` is no image reference: there is a hidden character, U+200B zero width space
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("\u{430}cme.azurecr.io/api:v1"), @"
        error: `аcme.azurecr.io/api:v1` is no image reference: `а` (U+0430 Cyrillic letter) is not an ASCII character
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("'acme.azurecr.io/api:v1'"), @"
        error: `'acme.azurecr.io/api:v1'` is no image reference: the quotes are part of the reference
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
    }

    #[test]
    fn an_ordinary_reference_does_not() {
        insta::assert_snapshot!(says("acme.azurecr.io/team_a/api.server:v1-rc.1"), @"pass");
    }
}
