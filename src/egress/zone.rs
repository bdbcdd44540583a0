//! Private DNS zones: which networks see them, and what they answer.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Part;
use super::id::Id;

/// A private DNS zone; its name is the id's last segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivateDnsZone {
    pub id: Id,
    pub links: Part<Vec<Link>>,
    /// A record sets by name relative to the zone, in lower case.
    pub records: Part<BTreeMap<String, Vec<IpAddr>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub name: String,
    pub network: Id,
    /// `Completed` or `InProgress`; `None` for one that a template will create.
    pub state: Option<String>,
    /// `resolutionPolicy: NxDomainRedirect`: a name that is not in the zone is asked on the
    /// internet.
    pub falls_back: bool,
}

/// What a zone says about a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    Addresses(Vec<IpAddr>),
    /// The name relative to the zone that a record set would have.
    Missing(String),
    /// The host is not under the zone's name.
    NotMine,
}

impl PrivateDnsZone {
    pub fn name(&self) -> &str {
        self.id.name()
    }

    /// The record set's name for a host: `acme.westeurope.data` for
    /// `acme.westeurope.data.privatelink.azurecr.io`.
    pub fn relative(&self, host: &str) -> Option<String> {
        let (host, zone) = (host.to_ascii_lowercase(), self.name().to_ascii_lowercase());
        if host == zone {
            return Some("@".to_owned());
        }
        host.strip_suffix(&zone)?.strip_suffix('.').map(str::to_owned)
    }

    /// What the record sets answer to a query; a record `*` answers for every name that has none.
    pub fn lookup(&self, records: &BTreeMap<String, Vec<IpAddr>>, host: &str) -> Entry {
        let Some(name) = self.relative(host) else {
            return Entry::NotMine;
        };
        let own = records.get(&name).filter(|addresses| !addresses.is_empty());
        match own.or_else(|| wildcard(records, &name)) {
            Some(addresses) => Entry::Addresses(addresses.clone()),
            None => Entry::Missing(name),
        }
    }
}

impl Link {
    /// Whether the network uses the zone.
    pub fn is_up(&self) -> bool {
        self.state.as_ref().is_none_or(|state| state.eq_ignore_ascii_case("Completed"))
    }
}

fn wildcard<'a>(records: &'a BTreeMap<String, Vec<IpAddr>>, name: &str) -> Option<&'a Vec<IpAddr>> {
    let parents = name.match_indices('.').map(|(at, _)| format!("*{}", &name[at..]));
    let mut candidates = parents.chain(std::iter::once("*".to_owned()));
    candidates.find_map(|candidate| records.get(&candidate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_answers_for_the_names_below_it() {
        let zone = PrivateDnsZone {
            id: Id::new("/x/privateDnsZones/privatelink.azurecr.io"),
            links: Ok(vec![]),
            records: Ok(BTreeMap::new()),
        };
        let address: IpAddr = "10.0.4.5".parse().unwrap();
        let records = BTreeMap::from([("acme".to_owned(), vec![address]), ("empty".to_owned(), vec![])]);
        let found = |host: &str| zone.lookup(&records, host);
        assert_eq!(found("ACME.privatelink.azurecr.io"), Entry::Addresses(vec![address]));
        assert_eq!(found("a.westeurope.data.privatelink.azurecr.io"), Entry::Missing("a.westeurope.data".into()));
        assert_eq!(found("empty.privatelink.azurecr.io"), Entry::Missing("empty".into()));
        assert_eq!(found("acme.notprivatelink.azurecr.io"), Entry::NotMine);

        let records = BTreeMap::from([("*.data".to_owned(), vec![address])]);
        assert_eq!(zone.lookup(&records, "a.we.data.privatelink.azurecr.io"), Entry::Addresses(vec![address]));
    }
}
