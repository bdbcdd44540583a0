//! Who was being called when a connection failed: that decides between the registry, its layers and Entra.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::patterns::expression;

/// How far before a failure its address may stand, and how far after.
const BEFORE: usize = 480;
const AFTER: usize = 160;

/// Who did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Entra, or the endpoint on the node that fetches its tokens.
    Entra,
    /// Where a registry keeps its layers.
    Layers,
    /// A registry that is known by its name, or a path that only registries have.
    Registry,
    /// Another host.
    Other,
    /// Nobody is named.
    Unknown,
}

// Hosts: Container Apps "Securing a virtual network with NSGs" and "use Azure Firewall" (managed identity, ACR, Docker Hub).
const ENTRA: &str = concat!(
    r"login\.microsoftonline\.(?:com|us|cn)|login\.microsoft\.com|login\.partner\.microsoftonline\.cn|login\.chinacloudapi\.cn|",
    r"login\.windows\.net|sts\.windows\.net|identity\.azure\.(?:net|us|cn)|169\.254\.169\.254|/metadata/identity|/msi/token|",
    r"\b(?:entra|imds)(?: id)? (?:token|endpoint|request|service)|azureactivedirectory|azure active directory|",
    r"managed identity (?:token|endpoint|request)|",
    r"identity (?:endpoint|sidecar)|\b(?:acquir|obtain|get|fetch|request|refresh|retriev)(?:e|es|ing|ting)? (?:an? |the |new )?",
    r"(?:(?:aad|azure ad|arm|access|identity|managed|registry|msi|entra|bearer|acr|id) )*tokens?\b",
);
const LAYERS: &str = concat!(
    r"[a-z0-9-]+\.blob\.(?:core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|storage\.azure\.net)|",
    r"\.data\.azurecr\.(?:io|us|cn)|\.data\.mcr\.(?:microsoft\.com|azure\.cn)|production\.cloudflare\.docker\.com|",
    r"docker-images-prod|pkg-containers\.githubusercontent\.com|cdn[0-9]*\.quay\.io|failed to copy|httpreadseeker|/blobs/",
);
const REGISTRY: &str = concat!(
    r"\.azurecr\.(?:io|us|cn|de)|(?:registry-1|auth|index)\.docker\.io|\bdocker\.io|\bghcr\.io|\bquay\.io|",
    r"\bmcr\.(?:microsoft\.com|azure\.cn)|\bgcr\.io|\.pkg\.dev|\.dkr\.ecr\.|public\.ecr\.aws|registry\.k8s\.io|",
    r"/v2/|/manifests/|/oauth2/token|/oauth2/exchange",
);

/// An address first: what it says as a whole decides, not what its path ends with.
static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    expression(&format!(r"https?://[^\s\x22'<>]+|lookup [a-z0-9][a-z0-9.-]+|{ENTRA}|{LAYERS}|{REGISTRY}"))
});
static KINDS: LazyLock<[(Regex, Endpoint); 3]> = LazyLock::new(|| {
    [(ENTRA, Endpoint::Entra), (LAYERS, Endpoint::Layers), (REGISTRY, Endpoint::Registry)]
        .map(|(text, kind)| (expression(text), kind))
});

/// Whoever is named last before the failure at `at`, else first after it.
pub(super) fn endpoint(text: &str, at: usize) -> Endpoint {
    let text = text.as_bytes();
    let before = &text[at.saturating_sub(BEFORE)..at];
    if let Some(found) = SUBJECT.find_iter(before).last() {
        return kind(found.as_bytes());
    }
    let after = &text[at..(at + AFTER).min(text.len())];
    SUBJECT.find(after).map_or(Endpoint::Unknown, |found| kind(found.as_bytes()))
}

/// The nearest character boundary at or before this byte.
pub(super) fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn kind(subject: &[u8]) -> Endpoint {
    KINDS.iter().find(|(words, _)| words.is_match(subject)).map_or(Endpoint::Other, |&(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn failed(text: &str, who: Endpoint) {
        let at = text.find('^').unwrap();
        assert_eq!(endpoint(&text.replace('^', ""), at), who, "{text}");
    }

    #[test]
    fn the_last_address_before_the_failure_is_who_failed() {
        failed("token: Get \"https://westeurope.identity.azure.net/metadata\": ^i/o timeout", Endpoint::Entra);
        failed("failed to acquire token: ^context deadline exceeded", Endpoint::Entra);
        failed(
            "failed to fetch oauth token: Post \"https://a.azurecr.io/oauth2/exchange\": ^i/o timeout",
            Endpoint::Registry,
        );
        failed("lookup acme.azurecr.io on 168.63.129.16:53: ^no such host", Endpoint::Registry);
        failed(
            "acme.azurecr.io/api:v1: failed to copy: read tcp 10.0.0.4:1->20.1.1.1:443: ^connection reset",
            Endpoint::Layers,
        );
        failed("Get \"https://weumanaged15.blob.core.windows.net/x\": ^EOF", Endpoint::Layers);
        failed("from 10.0.0.4:1 to login.microsoftonline.com:443. ^Action: Deny", Endpoint::Entra);
        failed("dial tcp: lookup redis.internal: ^no such host", Endpoint::Other);
        failed("^Action: Deny, Fqdn: acme.azurecr.io", Endpoint::Registry);
        failed("dial tcp 10.0.0.1:443: ^i/o timeout", Endpoint::Unknown);
    }
}
