//! The caller's Azure credential.

use crate::evidence::{Answer, Failure};
use crate::probe::secret::Secret;

/// The credentials that are tried, in order.
pub struct Chain {}

impl Chain {
    /// A token for the registries' audience.
    pub async fn registry_token(&self) -> Answer<Secret> {
        Err(Failure::NoCredential { tried: Vec::new() })
    }
}
