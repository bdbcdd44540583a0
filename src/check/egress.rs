//! H5: can the environment fetch the Entra token that the pull needs?
//!
//! What is known of the way is the same as for H3 ([`super::network`]). What could not be known is carried by
//! `token-egress-closed`.

pub mod egress_inspected;
pub mod egress_undecided;
pub mod token_egress_closed;
pub mod vault_egress_closed;
