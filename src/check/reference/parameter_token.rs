//! A parameter's value still holds a token that a pipeline should have replaced.
//!
//! ## Why
//! Parameter files are filled in by a step before the deployment (`#{image}#`, `__TAG__`, `${IMAGE}`). A token that is still there goes
//! into the image as it is.
//! <https://learn.microsoft.com/azure/azure-resource-manager/templates/parameter-files>
//!
//! ## Fix
//! Run that step before pullgate, or pass the value: `-p image=acme.azurecr.io/api:v1`.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "parameter-token",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("parameter_token.rs"),
    run: Run::Reading,
};
