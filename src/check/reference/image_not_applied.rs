//! The resource exists already, and the template leaves it as it is.
//!
//! ## Why
//! `@onlyIfNotExists()` has Resource Manager pass over a resource that exists: whatever image the template names, the old one keeps
//! running, and the deployment succeeds.
//! <https://learn.microsoft.com/azure/azure-resource-manager/bicep/resource-declaration#onlyifnotexists-decorator>
//!
//! ## Fix
//! Nothing, where that is meant. To change the image, update the app itself (`az containerapp update --image`), or take the decorator off.

use crate::check::{Check, Hypothesis, Run};
use crate::finding::Severity;

/// Found while the template is read with what Azure has.
pub const CHECK: Check = Check {
    code: "image-not-applied",
    hypothesis: Hypothesis::H4,
    severity: Severity::Note,
    source: include_str!("image_not_applied.rs"),
    run: Run::Reading,
};
