//! Names in firewall rules: which hosts a pattern, a tag or a category is about.
//!
//! What is needed may itself be one of many names, written `*.suffix`; then a rule for a single
//! name covers only a part.

use super::super::address::Cover;

/// How much of the needed host (or `*.suffix`) a rule's FQDN covers.
///
/// An asterisk stands first and alone for any number of characters: `*.contoso.com` is not
/// `contoso.com`, `*` is everything (<https://learn.microsoft.com/azure/firewall/firewall-faq>,
/// wildcards in target FQDNs).
pub fn cover(pattern: &str, needed: &str) -> Cover {
    let (pattern, needed) = (fold(pattern), fold(needed));
    let many = needed.strip_prefix('*');
    let Some(suffix) = pattern.strip_prefix('*') else {
        return match many {
            Some(end) if pattern.ends_with(end) && pattern.len() > end.len() => Cover::Part,
            _ => Cover::when(pattern == needed),
        };
    };
    match many {
        Some(end) if end.ends_with(suffix) => Cover::Whole,
        Some(end) if suffix.ends_with(end) => Cover::Part,
        Some(_) => Cover::None,
        None => Cover::when(needed.ends_with(suffix)),
    }
}

/// How much of the needed host an FQDN tag covers. Microsoft publishes what most tags contain
/// nowhere completely.
pub fn tag_cover(tag: &str, needed: &str) -> Cover {
    let tag = fold(tag);
    // The required FQDNs of an AKS cluster, which the tag stands for
    // (learn.microsoft.com/azure/aks/outbound-rules-control-egress).
    if tag == "azurekubernetesservice" {
        let needed = fold(needed);
        return Cover::when(AKS_HOSTS.contains(&needed.as_str()));
    }
    if UNRELATED_TAGS.contains(&tag.as_str()) { Cover::None } else { Cover::Part }
}

/// How much of the needed host a rule for a URL covers: only paths of it, and only when TLS is
/// inspected.
pub fn url_cover(url: &str, needed: &str) -> Cover {
    let bare = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = bare.split('/').next().unwrap_or_default();
    cover(host, needed).min(Cover::Part)
}

/// How much of any host a web category covers. Which category Microsoft's own hosts have is not
/// published.
pub fn category_cover(category: &str) -> Cover {
    let category = fold(category);
    let plausible =
        ["business", "computer", "cloud", "technology", "storage", "general", "information", "uncategorized"];
    if plausible.iter().any(|word| category.contains(word)) { Cover::Part } else { Cover::None }
}

const AKS_HOSTS: &[&str] = &[
    "mcr.microsoft.com",
    "*.data.mcr.microsoft.com",
    "management.azure.com",
    "login.microsoftonline.com",
    "packages.microsoft.com",
    "packages.aks.azure.com",
    "acs-mirror.azureedge.net",
];

const UNRELATED_TAGS: &[&str] = &["windowsupdate", "windowsdiagnostics", "microsoftactiveprotectionservice"];

fn fold(text: &str) -> String {
    text.trim().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_names_under_its_suffix() {
        let table = [
            ("acme.azurecr.io", "Acme.azurecr.io", Cover::Whole),
            ("*.azurecr.io", "acme.azurecr.io", Cover::Whole),
            ("*.azurecr.io", "azurecr.io", Cover::None),
            ("*azurecr.io", "acme.azurecr.io", Cover::Whole),
            ("*", "acme.azurecr.io", Cover::Whole),
            ("*.azurecr.io", "acme.azurecr.io.evil.example", Cover::None),
            ("other.azurecr.io", "acme.azurecr.io", Cover::None),
            ("*.blob.core.windows.net", "*.blob.core.windows.net", Cover::Whole),
            ("*.windows.net", "*.blob.core.windows.net", Cover::Whole),
            ("*.eus.blob.core.windows.net", "*.blob.core.windows.net", Cover::Part),
            ("acct.blob.core.windows.net", "*.blob.core.windows.net", Cover::Part),
            ("blob.core.windows.net", "*.blob.core.windows.net", Cover::None),
            ("*.queue.core.windows.net", "*.blob.core.windows.net", Cover::None),
        ];
        for (pattern, needed, expected) in table {
            assert_eq!(cover(pattern, needed), expected, "{pattern} for {needed}");
        }
    }

    #[test]
    fn tags_urls_and_categories_rarely_say_enough() {
        assert_eq!(tag_cover("AzureKubernetesService", "mcr.microsoft.com"), Cover::Whole);
        assert_eq!(tag_cover("AzureKubernetesService", "acme.azurecr.io"), Cover::None);
        assert_eq!(tag_cover("WindowsUpdate", "mcr.microsoft.com"), Cover::None);
        assert_eq!(tag_cover("AppServiceEnvironment", "login.microsoftonline.com"), Cover::Part);
        assert_eq!(url_cover("https://mcr.microsoft.com/v2/*", "mcr.microsoft.com"), Cover::Part);
        assert_eq!(url_cover("www.contoso.com/a", "mcr.microsoft.com"), Cover::None);
        assert_eq!(category_cover("Gambling"), Cover::None);
    }
}
