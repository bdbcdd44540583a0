//! A required parameter of the template was not given.
//!
//! ## Why
//! What depends on it is not known, and is neither passed nor failed. The deployment asks for it, or fails with `InvalidTemplate`.
//! <https://learn.microsoft.com/azure/azure-resource-manager/templates/parameter-files>
//!
//! ## Fix
//! Pass it as the deployment does: `-p NAME=VALUE`, or `-p FILE`.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "parameter-missing",
    hypothesis: Hypothesis::H4,
    severity: Severity::Note,
    source: include_str!("parameter_missing.rs"),
    run: Run::Reading,
};

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{template, verdicts};
    use crate::evidence::Evidence;

    #[test]
    fn a_required_parameter_that_was_not_given_is_remarked_on() {
        let text = template(r#""image": {"type": "string"}"#, "[parameters('image')]");
        insta::assert_snapshot!(verdicts(CHECK, &text, &Evidence::default()), @"
        note: the parameter `image` is required and was not given
        help: pass it: `-p image=VALUE`, or a parameters file with `-p FILE`
        ");
    }
}
