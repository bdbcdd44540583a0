//! An exception of the policy file has expired.
//!
//! ## Why
//! An entry under `ignore` in `.pullgate.yaml` says until when a team lives with a finding. After that day the finding counts
//! again, and this one says why it is back. Dates are days of UTC, the last one included
//! (<https://en.wikipedia.org/wiki/ISO_8601#Calendar_dates>).
//!
//! ## Fix
//! Repair what the entry excused and delete it, or decide again: set a later `until` and say why in `reason`.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "ignore-expired",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("ignore_expired.rs"),
    run: Run::Reading,
};
