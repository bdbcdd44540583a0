//! The network part of a Container Apps environment.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::id::Id;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    pub id: Id,
    /// As Azure writes it, `East US 2`.
    pub location: String,
    /// The subnet of its own; `None` for an environment in the platform's network.
    pub subnet: Option<Id>,
    /// Its ingress is not public. Pulls go out and do not care.
    pub internal: bool,
    pub workload_profiles: Vec<String>,
    /// `environmentMode`, where the answer has it.
    pub mode: Option<String>,
    pub static_address: Option<IpAddr>,
}

impl Environment {
    /// The older kind without workload profiles: its subnet does not take user-defined routes
    /// (<https://learn.microsoft.com/azure/container-apps/networking>, "Environment selection").
    pub fn is_consumption_only(&self) -> bool {
        match &self.mode {
            Some(mode) => mode.eq_ignore_ascii_case("ConsumptionOnly"),
            None => self.workload_profiles.is_empty(),
        }
    }
}
