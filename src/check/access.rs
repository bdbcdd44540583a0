//! H1: may the identity that pulls, pull?
//!
//! Three layers, each with its checks: how the workload is wired (registry entries, identities, secrets), what the deployment
//! itself grants, and what Azure says. A cause is reported by one of them: what is not wired needs no role, and of the checks of
//! roles only `pull-role-missing` carries what could not be known.

mod grant_flaw;
mod live;
mod plan;
mod puller;
mod remedy;
#[cfg(test)]
mod template;
mod wiring;

pub mod admin_credentials;
pub mod admin_disabled;
pub mod arm_tokens_refused;
pub mod cli_grant_ineffective;
pub mod client_secret_expiring;
pub mod cloud_mismatch;
pub mod credential_absent;
pub mod credential_ambiguous;
pub mod credentials_missing;
pub mod deny_assignment;
pub mod environment_identity_missing;
pub mod grant_condition_excludes;
pub mod grant_just_created;
pub mod grant_missing;
pub mod grant_name_collides;
pub mod grant_not_awaited;
pub mod grant_on_other_principal;
pub mod grant_role_wrong;
pub mod grant_role_wrong_mode;
pub mod grant_scope_wrong;
pub mod group_identity_unsupported;
pub mod hub_server_alias;
pub mod identity_casing;
pub mod identity_malformed;
pub mod identity_not_acr;
pub mod identity_not_attached;
pub mod identity_rewritten;
pub mod login_server_wrong;
pub mod password_refused;
pub mod principal_recreated;
pub mod pull_role_missing;
pub mod pull_secret_undefined;
pub mod registry_not_found;
pub mod role_at_other_scope;
pub mod role_condition_excludes;
pub mod role_custom_wildcard;
pub mod role_eligible_only;
pub mod role_expiring;
pub mod role_ineffective;
pub mod role_just_assigned;
pub mod role_left_over;
pub mod role_on_other_principal;
pub mod role_through_group;
pub mod role_too_broad;
pub mod secret_in_clear;
pub mod secret_undefined;
pub mod secret_vault_identity;
pub mod secret_vault_role_missing;
pub mod server_duplicate;
pub mod server_malformed;
pub mod site_identity_malformed;
pub mod system_identity_first_create;
pub mod tenant_mismatch;
pub mod token_disabled;
pub mod token_password_expiring;
