//! The checks: a plain table. A check is a function of what is judged and of the evidence; it never fetches.
//!
//! To add one: a file in the folder of its question, and its two lines in [`CHECKS`].

pub mod access;
pub mod egress;
pub mod image;
pub mod network;
pub mod policy;
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
    /// Each workload once, with what is known of the way from its environment to its registries.
    Network(fn(&network::Case) -> Result<Vec<Finding>, Stop>),
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
    access::credentials_missing::CHECK,
    access::identity_not_attached::CHECK,
    access::identity_malformed::CHECK,
    access::identity_not_acr::CHECK,
    access::identity_casing::CHECK,
    access::identity_rewritten::CHECK,
    access::secret_undefined::CHECK,
    access::server_malformed::CHECK,
    access::server_duplicate::CHECK,
    access::credential_ambiguous::CHECK,
    access::credential_absent::CHECK,
    access::hub_server_alias::CHECK,
    access::system_identity_first_create::CHECK,
    access::environment_identity_missing::CHECK,
    access::secret_vault_identity::CHECK,
    access::secret_vault_role_missing::CHECK,
    access::group_identity_unsupported::CHECK,
    access::site_identity_malformed::CHECK,
    access::pull_secret_undefined::CHECK,
    access::admin_credentials::CHECK,
    access::secret_in_clear::CHECK,
    access::grant_missing::CHECK,
    access::grant_on_other_principal::CHECK,
    access::grant_scope_wrong::CHECK,
    access::grant_role_wrong::CHECK,
    access::grant_role_wrong_mode::CHECK,
    access::grant_condition_excludes::CHECK,
    access::grant_not_awaited::CHECK,
    access::grant_just_created::CHECK,
    access::grant_name_collides::CHECK,
    access::cli_grant_ineffective::CHECK,
    access::pull_role_missing::CHECK,
    access::role_ineffective::CHECK,
    access::role_condition_excludes::CHECK,
    access::deny_assignment::CHECK,
    access::role_eligible_only::CHECK,
    access::role_at_other_scope::CHECK,
    access::role_on_other_principal::CHECK,
    access::principal_recreated::CHECK,
    access::tenant_mismatch::CHECK,
    access::cloud_mismatch::CHECK,
    access::role_through_group::CHECK,
    access::role_just_assigned::CHECK,
    access::role_left_over::CHECK,
    access::role_expiring::CHECK,
    access::role_too_broad::CHECK,
    access::role_custom_wildcard::CHECK,
    access::arm_tokens_refused::CHECK,
    access::admin_disabled::CHECK,
    access::password_refused::CHECK,
    access::token_disabled::CHECK,
    access::token_password_expiring::CHECK,
    access::login_server_wrong::CHECK,
    access::registry_not_found::CHECK,
    access::client_secret_expiring::CHECK,
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
    image::tag_moved::CHECK,
    image::tag_drifted::CHECK,
    image::tag_beside_digest::CHECK,
    image::digest_untagged::CHECK,
    image::placeholder_image::CHECK,
    image::hub_limit::CHECK,
    image::hub_quota_exhausted::CHECK,
    image::cache_rule_failed::CHECK,
    image::registry_not_yet::CHECK,
    image::image_built::CHECK,
    network::registry_closed::CHECK,
    network::endpoint_missing::CHECK,
    network::endpoint_not_approved::CHECK,
    network::peering_missing::CHECK,
    network::zone_unlinked::CHECK,
    network::record_missing::CHECK,
    network::zone_trap::CHECK,
    network::data_record_missing::CHECK,
    network::address_stale::CHECK,
    network::address_not_allowed::CHECK,
    network::service_endpoint_relied_on::CHECK,
    network::bypass_relied_on::CHECK,
    network::registry_egress_closed::CHECK,
    network::layers_egress_closed::CHECK,
    network::platform_egress_closed::CHECK,
    network::route_dead::CHECK,
    network::dns_servers_opaque::CHECK,
    network::platform_dns_closed::CHECK,
    network::environment_misfit::CHECK,
    network::site_pull_not_routed::CHECK,
    network::group_pull_closed::CHECK,
    network::runner_path::CHECK,
    egress::token_egress_closed::CHECK,
    egress::vault_egress_closed::CHECK,
    egress::egress_inspected::CHECK,
    egress::egress_undecided::CHECK,
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
    reference::reference_unchanged::CHECK,
    reference::image_not_applied::CHECK,
    policy::ignore_expired::CHECK,
    policy::ignore_unclear::CHECK,
];

/// The check of this code.
pub fn find(code: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.code == code)
}
