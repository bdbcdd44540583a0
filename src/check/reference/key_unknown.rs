//! A key near the image, its registries or its identity is misspelt, misplaced or of the wrong form.
//!
//! ## Why
//! The Azure CLI drops keys that it does not know without a word: `registry:` instead of `registries:` and the app has no
//! credential, `identity` inside `properties` and it has no identity.
//! <https://learn.microsoft.com/azure/container-apps/azure-resource-manager-api-spec>
//!
//! ## Fix
//! Write the key as the model has it, where the model has it.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "key-unknown",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("key_unknown.rs"),
    run: Run::Reading,
};

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[test]
    fn a_misspelt_key_is_warned_of_at_its_place() {
        let yaml = "environmentId: e\nconfiguration:\n  registry:\n  - server: acme.azurecr.io\ntemplate: {}\n";
        insta::assert_snapshot!(verdicts(CHECK, yaml, &Evidence::default()), @"
        warning: `registry` is no key of `configuration`: it is ignored
        help: did you mean `registries`?
        fix: registries
        ");
    }
}
