//! Something that is deployed is not written in the files that pullgate reads.
//!
//! ## Why
//! A linked template or a template spec lies at an address or in Azure. What it deploys is not judged.
//! <https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates>
//!
//! ## Fix
//! Give pullgate the compiled template with its modules in it (`bicep build`), or check the linked template by itself.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

pub const CHECK: Check = Check {
    code: "template-linked",
    hypothesis: Hypothesis::H4,
    severity: Severity::Note,
    source: include_str!("template_linked.rs"),
    run: Run::Reading,
};
