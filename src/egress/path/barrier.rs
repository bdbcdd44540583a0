//! What stands in the way, with what a remedy needs to name.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::decision::Rule;
use super::super::id::Id;
use super::super::target::Target;

/// The one thing that definitely blocks the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Barrier {
    /// The registry has no public access and the environment no network of its own.
    NoOwnNetwork {
        registry: Id,
    },
    /// The registry lets nobody in from where the environment is, and has no private endpoint
    /// there.
    NoPrivateEndpoint {
        registry: Id,
        network: Id,
    },
    EndpointNotApproved {
        registry: Id,
        endpoint: Id,
        connection: String,
        status: String,
    },
    /// An endpoint is there, in a network that traffic does not get to.
    Peering {
        from: Id,
        to: Id,
        why: String,
    },
    /// The name leads to the public address, which is closed; `zone` is one that holds it, if any
    /// is known.
    ZoneNotLinked {
        host: String,
        network: Id,
        zone: Option<Id>,
    },
    RecordMissing {
        host: String,
        zone: Id,
        record: String,
        network: Id,
    },
    /// The zone answers with an address that none of the registry's endpoints has.
    RecordStale {
        host: String,
        zone: Id,
        address: String,
    },
    /// The registry's firewall does not list where the environment's traffic comes from (empty: it
    /// lists nobody).
    AddressNotAllowed {
        registry: Id,
        addresses: Vec<String>,
    },
    Nsg {
        nsg: Id,
        rule: String,
        target: Target,
        inbound: bool,
    },
    Route {
        table: Id,
        route: String,
        target: Target,
    },
    Firewall {
        firewall: Id,
        policy: Option<Id>,
        rule: Rule,
        target: Target,
    },
}

impl fmt::Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOwnNetwork { registry } => write!(
                f,
                "registry `{}` is closed to the public, and the environment has no network of its own",
                registry.name()
            ),
            Self::NoPrivateEndpoint { registry, network } => write!(
                f,
                "registry `{}` is closed to the public and has no private endpoint in or next to network `{}`",
                registry.name(),
                network.name()
            ),
            Self::EndpointNotApproved { registry, endpoint, status, .. } => write!(
                f,
                "the connection of private endpoint `{}` to registry `{}` is {status}, not Approved",
                endpoint.name(),
                registry.name()
            ),
            Self::Peering { why, .. } => f.write_str(why),
            Self::ZoneNotLinked { host, network, zone } => {
                let zone = zone.as_ref().map_or("privatelink", Id::name);
                let network = network.name();
                write!(
                    f,
                    "{host} leads to the closed public address: no {zone} zone with it is linked to network `{network}`"
                )
            }
            Self::RecordMissing { host, zone, record, network } => write!(
                f,
                "{host} does not resolve in network `{}`: its zone {} has no record `{record}`",
                network.name(),
                zone.name()
            ),
            Self::RecordStale { host, zone, address } => write!(
                f,
                "zone {} leads {host} to {address}, which none of the registry's private endpoints has",
                zone.name()
            ),
            Self::AddressNotAllowed { registry, addresses } if addresses.is_empty() => {
                write!(f, "the firewall of registry `{}` lets no address in", registry.name())
            }
            Self::AddressNotAllowed { registry, addresses } => {
                write!(f, "the firewall of registry `{}` does not let {} in", registry.name(), addresses.join(", "))
            }
            Self::Nsg { nsg, rule, target, inbound } => {
                let way = if *inbound { "in from the environment" } else { "out" };
                write!(f, "rule `{rule}` of security group `{}` does not let {target}:443 {way}", nsg.name())
            }
            Self::Route { table, route, target } => {
                write!(f, "route `{route}` of `{}` drops what goes to {target}", table.name())
            }
            Self::Firewall { firewall, rule, target, .. } => {
                write!(f, "firewall `{}` does not let {target}:443 out: {rule}", firewall.name())
            }
        }
    }
}
