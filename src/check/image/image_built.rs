//! A service of a compose file is built from source.
//!
//! ## Why
//! `az containerapp compose create` builds such a service and pushes it to a registry of its choice: there is no image to look at yet.
//! <https://learn.microsoft.com/cli/azure/containerapp/compose>
//!
//! ## Fix
//! Write `image:` beside `build:`, and check again after the build has pushed it.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "image-built",
    hypothesis: Hypothesis::H2,
    severity: Severity::Note,
    source: include_str!("image_built.rs"),
    run: Run::Reading,
};

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[test]
    fn a_service_that_is_built_is_remarked_on() {
        insta::assert_snapshot!(verdicts(CHECK, "services: {web: {build: .}}\n", &Evidence::default()), @"
        note: service `web` is built from source: there is no image to look at yet
        help: name the image that the build pushes: `image:` beside `build:`
        ");
    }
}
