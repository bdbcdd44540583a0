//! From a resource id or a scope to the address that answers for it.

use reqwest::Url;

use super::version::version;
use crate::evidence::{Answer, Failure};
use crate::image::UNKNOWN;

/// A path below Resource Manager, checked, with the type that its api-version goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    path: String,
    kind: String,
    version: Option<String>,
    filter: Option<String>,
}

impl Address {
    /// A resource, a scope, or a collection whose id ends in a word.
    ///
    /// Fails when a part of the id is known only after the deployment, or when it is no id.
    pub fn of(id: &str) -> Answer<Address> {
        let path = checked(id)?;
        let kind = kind(path);
        Ok(Address { path: path.to_owned(), kind, version: None, filter: None })
    }

    /// The collection of a type at a scope: a child of the scope's own type, or a word for one (`replications`), continues
    /// the id; any other type stands behind `/providers/`.
    pub fn collection(scope: &str, wanted: &str) -> Answer<Address> {
        let path = checked(scope)?;
        let wanted = wanted.trim_matches('/');
        if wanted.is_empty() || !wanted.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./-_".contains(&byte)) {
            return Err(Failure::unreadable(format!("`{wanted}` is no resource type")));
        }
        let own = kind(path);
        let whole = wanted.to_ascii_lowercase();
        let child = whole.strip_prefix(&own).and_then(|rest| rest.strip_prefix('/')).filter(|rest| !rest.contains('/'));
        let subscriptions = path.is_empty() && whole == "microsoft.resources/subscriptions";
        let path = match child {
            _ if subscriptions => "/subscriptions".to_owned(),
            Some(child) => format!("{path}/{}", &wanted[wanted.len() - child.len()..]),
            None if !wanted.contains('.') => format!("{path}/{wanted}"),
            None => format!("{path}/providers/{wanted}"),
        };
        let kind = if wanted.contains('.') { whole } else { format!("{own}/{whole}") };
        Ok(Address { path, kind, version: None, filter: None })
    }

    /// An `$filter`, as OData writes it.
    pub fn filter(mut self, filter: &str) -> Address {
        self.filter = Some(filter.to_owned());
        self
    }

    /// With another api-version than the table's.
    pub fn at_version(&self, version: &str) -> Address {
        Address { version: Some(version.to_owned()), ..self.clone() }
    }

    /// An action of the resource, such as `listCredentials`.
    pub fn action(mut self, name: &str) -> Address {
        self.path = format!("{}/{name}", self.path);
        self
    }

    /// The whole address at Resource Manager's host.
    pub fn url(&self, host: &str) -> Answer<Url> {
        let mut url =
            Url::parse(&format!("https://{host}/")).map_err(|_| Failure::unreadable(format!("{host} is no host")))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(self.path.split('/').filter(|segment| !segment.is_empty()));
        }
        let version = self.version.as_deref().unwrap_or_else(|| version(&self.kind));
        url.query_pairs_mut().append_pair("api-version", version);
        if let Some(filter) = &self.filter {
            url.query_pairs_mut().append_pair("$filter", filter);
        }
        Ok(url)
    }
}

/// The subscription's scope of an id; the id itself when it is in none.
pub fn subscription_scope(id: &str) -> &str {
    let mut slashes = id.match_indices('/').map(|(index, _)| index);
    let is_in_one = id.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("/subscriptions/"));
    match slashes.nth(2) {
        Some(end) if is_in_one => &id[..end],
        _ => id,
    }
}

/// An object id or guid, as it may stand between the quotes of a filter.
pub fn quoted(id: &str) -> Answer<&str> {
    known(id)?;
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain { Ok(id) } else { Err(Failure::unreadable(format!("`{id}` is no object id"))) }
}

fn checked(id: &str) -> Answer<&str> {
    known(id)?;
    let path = id.trim_end_matches('/');
    let is_id = path.is_empty() || path.starts_with('/');
    let strange = |segment: &str| {
        matches!(segment, "." | "..") || segment.contains(['?', '#', '\\', '%']) || segment.contains(char::is_control)
    };
    if !is_id || path.split('/').any(strange) {
        return Err(Failure::unreadable(format!("`{id}` is no resource id")));
    }
    Ok(path)
}

fn known(text: &str) -> Answer<()> {
    if !text.contains(UNKNOWN) {
        return Ok(());
    }
    Err(Failure::Unknown {
        expression: text.to_owned(),
        why: "a part of it is known only after the deployment".to_owned(),
    })
}

/// The type in an id, in lower case: `/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/j` is
/// `microsoft.app/jobs`.
fn kind(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let Some(start) = lower.rfind("/providers/") else {
        return match lower.split('/').filter(|segment| !segment.is_empty()).count() {
            0..=2 => "microsoft.resources/subscriptions".to_owned(),
            _ => "microsoft.resources/resourcegroups".to_owned(),
        };
    };
    let mut parts = lower[start + "/providers/".len()..].split('/');
    let namespace = parts.next().unwrap_or_default();
    let types = parts.step_by(2);
    std::iter::once(namespace).chain(types).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme";

    #[track_caller]
    fn asks(address: Answer<Address>, expected: &str) {
        let url = address.unwrap().url("management.azure.com").unwrap();
        assert_eq!(url.as_str().strip_prefix("https://management.azure.com"), Some(expected));
    }

    #[test]
    fn an_id_becomes_an_address_with_the_version_of_its_type() {
        asks(Address::of(REGISTRY), &format!("{REGISTRY}?api-version=2025-11-01"));
        asks(
            Address::of("/subscriptions/s/resourceGroups/g h"),
            "/subscriptions/s/resourceGroups/g%20h?api-version=2021-04-01",
        );
        asks(Address::of("/subscriptions/s/"), "/subscriptions/s?api-version=2022-12-01");
        asks(Address::of("//subscriptions/s"), "/subscriptions/s?api-version=2022-12-01");
    }

    #[test]
    fn a_collection_is_a_child_or_a_type() {
        let children = format!("{REGISTRY}/replications?api-version=2025-11-01");
        asks(Address::collection(REGISTRY, "replications"), &children);
        asks(Address::collection(REGISTRY, "Microsoft.ContainerRegistry/registries/replications"), &children);
        asks(
            Address::collection("/subscriptions/s", "Microsoft.Network/privateDnsZones"),
            "/subscriptions/s/providers/Microsoft.Network/privateDnsZones?api-version=2020-06-01",
        );
        asks(
            Address::collection("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z", "A"),
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/privateDnsZones/z/A?api-version=2020-06-01",
        );
        asks(Address::collection("", "Microsoft.Resources/subscriptions"), "/subscriptions?api-version=2022-12-01");
    }

    #[test]
    fn an_unknown_part_is_unknown_and_a_strange_one_no_id() {
        assert!(matches!(Address::of("/subscriptions/…/x"), Err(Failure::Unknown { .. })));
        assert!(matches!(Address::collection("/subscriptions/…", "a"), Err(Failure::Unknown { .. })));
        for id in ["x", "/a/../b", "/a?b", "/a#b", "/a/%2e%2e/b", "/a\n/b", "/\\evil"] {
            assert!(matches!(Address::of(id), Err(Failure::Unreadable { .. })), "{id}");
        }
        assert!(Address::collection("/subscriptions/s", "a b").is_err());
    }

    #[test]
    fn a_subscription_is_found_in_whatever_is_in_it() {
        assert_eq!(subscription_scope(REGISTRY), "/subscriptions/s");
        assert_eq!(subscription_scope("/subscriptions/s"), "/subscriptions/s");
        assert_eq!(
            subscription_scope("/providers/Microsoft.Management/managementGroups/m"),
            "/providers/Microsoft.Management/managementGroups/m"
        );
    }

    #[test]
    fn nothing_but_an_object_id_stands_in_a_filter() {
        assert_eq!(quoted("9ec0b4a3-dcdc"), Ok("9ec0b4a3-dcdc"));
        assert!(quoted("a' or 'b").is_err());
        assert!(matches!(quoted("…"), Err(Failure::Unknown { .. })));
    }
}
