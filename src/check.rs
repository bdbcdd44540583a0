//! The checks: a plain table. A check is a function of what is judged and of the evidence; it never fetches.
//!
//! To add one: a file in the folder of its question, and its two lines in [`CHECKS`].

pub mod image;
pub mod reference;
#[cfg(test)]
pub mod table;

use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Pull, Workload};

/// The five questions, as the playbooks number them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hypothesis {
    /// May the identity that pulls, pull?
    H1,
    /// Is the tag or digest there, and does the platform run it?
    H2,
    /// Can the environment reach the registry and its layer storage?
    H3,
    /// Is the reference well formed?
    H4,
    /// Can the environment fetch the Entra token?
    H5,
}

/// A check: its page, its severity and what it judges.
#[derive(Debug)]
pub struct Check {
    pub code: &'static str,
    pub hypothesis: Hypothesis,
    pub severity: Severity,
    /// The check's own file; `pullgate explain` prints the comment above.
    pub source: &'static str,
    pub run: Run,
}

/// What a check is asked about.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// Each container of each workload.
    Pull(fn(&Pull, &Evidence) -> Result<Vec<Finding>, Stop>),
    /// Each workload once: what is wrong is wrong for all its containers.
    Workload(fn(&Manifest, &Workload, &Evidence) -> Result<Vec<Finding>, Stop>),
    /// Found while the manifest was read ([`Manifest::problems`]); the check is its page.
    Reading,
}

impl Hypothesis {
    pub const ALL: [Hypothesis; 5] = [Hypothesis::H1, Hypothesis::H2, Hypothesis::H3, Hypothesis::H4, Hypothesis::H5];

    pub fn name(self) -> &'static str {
        match self {
            Hypothesis::H1 => "H1",
            Hypothesis::H2 => "H2",
            Hypothesis::H3 => "H3",
            Hypothesis::H4 => "H4",
            Hypothesis::H5 => "H5",
        }
    }

    /// The question in words.
    pub fn question(self) -> &'static str {
        match self {
            Hypothesis::H1 => "may the identity that pulls, pull?",
            Hypothesis::H2 => "is the tag or digest there, and does the platform run it?",
            Hypothesis::H3 => "can the environment reach the registry and its layers?",
            Hypothesis::H4 => "is the reference well formed?",
            Hypothesis::H5 => "can the environment fetch the Entra token?",
        }
    }
}

/// Every check, in the order of `pullgate explain`.
pub const CHECKS: &[Check] = &[
    image::tag_missing::CHECK,
    image::repository_missing::CHECK,
    image::digest_missing::CHECK,
    image::tag_deleted::CHECK,
    image::image_quarantined::CHECK,
    image::image_locked::CHECK,
    image::replica_lag::CHECK,
    image::child_missing::CHECK,
    image::platform_mismatch::CHECK,
    image::platform_missing::CHECK,
    image::not_an_image::CHECK,
    image::manifest_outdated::CHECK,
    image::layers_unusual::CHECK,
    image::image_too_large::CHECK,
    image::tag_mutable::CHECK,
    image::tag_beside_digest::CHECK,
    image::digest_untagged::CHECK,
    image::placeholder_image::CHECK,
    image::hub_limit::CHECK,
    image::hub_quota_exhausted::CHECK,
    image::cache_rule_failed::CHECK,
    image::registry_not_yet::CHECK,
    image::image_built::CHECK,
    reference::image_missing::CHECK,
    reference::placeholder_left::CHECK,
    reference::word_as_image::CHECK,
    reference::scheme_in_reference::CHECK,
    reference::repository_upper_case::CHECK,
    reference::hidden_character::CHECK,
    reference::digest_malformed::CHECK,
    reference::reference_too_long::CHECK,
    reference::host_malformed::CHECK,
    reference::reference_malformed::CHECK,
    reference::host_as_image::CHECK,
    reference::host_doubled::CHECK,
    reference::web_page_as_image::CHECK,
    reference::host_upper_case::CHECK,
    reference::registry_missing::CHECK,
    reference::host_misspelt::CHECK,
    reference::host_not_public::CHECK,
    reference::port_on_acr::CHECK,
    reference::acr_name_malformed::CHECK,
    reference::acr_endpoint_as_host::CHECK,
    reference::container_name_malformed::CHECK,
    reference::key_unknown::CHECK,
    reference::template_invalid::CHECK,
    reference::parameter_token::CHECK,
    reference::parameter_missing::CHECK,
    reference::template_linked::CHECK,
    reference::update_drops::CHECK,
];

/// The check of this code.
pub fn find(code: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.code == code)
}
