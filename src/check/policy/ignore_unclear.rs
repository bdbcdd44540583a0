//! A comment asks to ignore something, but cannot be understood, so it excuses nothing.
//!
//! ## Why
//! `# pullgate: ignore[code] reason` excuses the findings of a check at its line, or at the next line when the comment stands
//! alone. A comment with a code that no check has, or without a reason, would look as if it did. In YAML a comment starts
//! with `#` (<https://yaml.org/spec/1.2.2/#66-comments>), in JSON and Bicep with `//`.
//!
//! ## Fix
//! Write the code as `pullgate explain` lists it, and a reason behind the bracket.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "ignore-unclear",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("ignore_unclear.rs"),
    run: Run::Reading,
};
