//! Which api-version each type is asked with.
//!
//! Sources: <https://github.com/Azure/azure-rest-api-specs> (the newest stable one of each provider that its recorded
//! traffic shows), and for registries 2025-11-01, the first stable one that tells `roleAssignmentMode`. A cloud that does
//! not know one yet names those that it knows; [`supported`] picks from them.

/// By prefix of the type in lower case, the longest that fits.
const VERSIONS: &[(&str, &str)] = &[
    ("microsoft.app", "2025-01-01"),
    ("microsoft.authorization", "2022-04-01"),
    ("microsoft.authorization/roleassignmentscheduleinstances", "2020-10-01"),
    ("microsoft.authorization/roleeligibilityscheduleinstances", "2020-10-01"),
    ("microsoft.authorization/locks", "2020-05-01"),
    ("microsoft.batch", "2024-07-01"),
    ("microsoft.containerinstance", "2023-05-01"),
    ("microsoft.containerregistry", "2025-11-01"),
    ("microsoft.containerservice", "2025-02-01"),
    ("microsoft.keyvault", "2023-07-01"),
    ("microsoft.machinelearningservices", "2024-10-01"),
    ("microsoft.managedidentity", "2023-01-31"),
    ("microsoft.network", "2024-05-01"),
    ("microsoft.network/dnsforwardingrulesets", "2022-07-01"),
    ("microsoft.network/dnsresolvers", "2022-07-01"),
    ("microsoft.network/privatednszones", "2020-06-01"),
    ("microsoft.resourcegraph", "2022-10-01"),
    ("microsoft.resources", "2021-04-01"),
    ("microsoft.resources/subscriptions", "2022-12-01"),
    ("microsoft.servicefabric", "2021-06-01"),
    ("microsoft.storage", "2023-05-01"),
    ("microsoft.web", "2023-12-01"),
];

/// For a type that is not in the table; one that its provider does not know is corrected by its answer.
const OTHER: &str = "2021-04-01";

/// The api-version for a resource type.
pub fn version(kind: &str) -> &'static str {
    let kind = kind.to_ascii_lowercase();
    let fits = |prefix: &str| kind.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let fitting = VERSIONS.iter().filter(|(prefix, _)| fits(prefix));
    fitting.max_by_key(|(prefix, _)| prefix.len()).map_or(OTHER, |(_, version)| version)
}

/// The newest stable version that a complaint about an api-version names, else the newest preview:
/// `… The supported api-versions are '2023-07-01, 2025-11-01'.`
pub fn supported(message: &str) -> Option<&str> {
    let (_, list) = message.split_once("supported api-versions are")?;
    let words = list.split(|character: char| !character.is_ascii_alphanumeric() && character != '-');
    let versions = words.filter(|word| word.len() >= 10 && word.starts_with("20"));
    versions.max_by_key(|version| (!version.contains("preview"), *version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_of_whole_segments_decides() {
        assert_eq!(version("Microsoft.ContainerRegistry/registries/privateEndpointConnections"), "2025-11-01");
        assert_eq!(version("Microsoft.Network/virtualNetworks/subnets"), "2024-05-01");
        assert_eq!(version("Microsoft.Network/privateDnsZones/A"), "2020-06-01");
        assert_eq!(version("Microsoft.Authorization/roleEligibilityScheduleInstances"), "2020-10-01");
        assert_eq!(version("Microsoft.Application/x"), OTHER);
    }

    #[test]
    fn a_cloud_that_lags_names_what_it_knows() {
        let message = "The api-version '2025-11-01' is invalid. The supported api-versions are '2022-12-01,2023-07-01,2023-11-01-preview'.";
        assert_eq!(supported(message), Some("2023-07-01"));
        assert_eq!(supported("The supported api-versions are ''."), None);
        assert_eq!(supported("no such thing"), None);
    }
}
