//! The template cannot be evaluated as Resource Manager would.
//!
//! ## Why
//! An expression names a parameter, variable, function or resource that does not exist, or a function gets what it does not take.
//! Resource Manager refuses such a template (`InvalidTemplate`) before anything is pulled.
//! <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-invalid-template>
//!
//! ## Fix
//! Correct the expression; `az deployment group validate` repeats the check in Azure.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "template-invalid",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("template_invalid.rs"),
    run: Run::Reading,
};

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{template, verdicts};
    use crate::evidence::Evidence;

    #[test]
    fn an_expression_that_names_nothing_fails() {
        insta::assert_snapshot!(verdicts(CHECK, &template("", "[parameters('nothing')]"), &Evidence::default()), @"
        error: parameters(): there is no parameter `nothing`
        at: parameters('nothing')
        ");
    }

    #[test]
    fn one_that_can_be_evaluated_does_not() {
        let text = template(
            r#""image": {"type": "string", "defaultValue": "acme.azurecr.io/api:v1"}"#,
            "[parameters('image')]",
        );
        insta::assert_snapshot!(verdicts(CHECK, &text, &Evidence::default()), @"");
    }
}
