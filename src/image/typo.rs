//! Hosts that are nearly a registry, and web pages about images.

use strsim::osa_distance;

use super::ImageRef;
use super::host::Host;
use super::known::{TARGETS, is_known_registry};
use crate::cloud::Cloud;

/// Top-level names that people write for one another.
const TOPS: &[&str] = &["io", "com", "net", "org", "co", "oi", "ai", "dev"];

/// What stands for `azurecr` in hosts that were written from memory.
const ACR_WORDS: &[&str] = &["acr", "azureacr", "azurecontainerregistry", "azurecrio"];

/// The host that was probably meant by one that is no known registry.
pub(super) fn meant(host: &Host) -> Option<String> {
    let name = host.name();
    if is_known_registry(host) || host.address().is_some() || !name.contains('.') {
        return None;
    }
    near_target(name).map(str::to_owned).or_else(|| near_acr(name).filter(|_| bare_suffix(host).is_none()))
}

/// The suffix that was meant by `acr.io` or `azurecr.com`, where the registry's name is missing.
pub(super) fn bare_suffix(host: &Host) -> Option<&'static str> {
    let name = host.name();
    let is_bare = name.contains('.') && !is_known_registry(host) && host.address().is_none();
    near_suffix(name).filter(|_| is_bare)
}

/// The known login server that differs from the host in one typing error, if there is one; for
/// hosts that the manifest or the account knows.
pub fn near_host<'a>(host: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let host = host.to_ascii_lowercase();
    known.into_iter().find(|candidate| {
        let candidate = candidate.to_ascii_lowercase();
        candidate.len() > 4 && candidate.len().abs_diff(host.len()) <= 1 && osa_distance(&host, &candidate) == 1
    })
}

/// The reference that a web page about an image stands for.
pub(super) fn web_page(text: &str) -> Option<String> {
    let (host, path) = text.split_once('/')?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let image = match (host.to_ascii_lowercase().as_str(), parts.as_slice()) {
        ("hub.docker.com", ["_", name, ..]) => format!("docker.io/library/{name}"),
        ("hub.docker.com", ["r", owner, name, ..]) => format!("docker.io/{owner}/{name}"),
        ("quay.io", ["repository", owner, name, ..]) => format!("quay.io/{owner}/{name}"),
        ("github.com", [owner, _, "pkgs", "container", name, ..]) => {
            format!("ghcr.io/{owner}/{name}")
        }
        ("mcr.microsoft.com", [_, "product", rest @ .., "about" | "tags"])
        | ("mcr.microsoft.com", ["product", rest @ .., "about" | "tags"])
        | ("mcr.microsoft.com", ["artifact", "mar", rest @ ..])
        | ("mcr.microsoft.com", [_, "artifact", "mar", rest @ ..])
            if !rest.is_empty() =>
        {
            format!("mcr.microsoft.com/{}", rest.join("/"))
        }
        _ => return None,
    };
    Some(image.to_ascii_lowercase())
}

/// The page's host serves pages, not images, whatever the path is.
pub(super) fn is_web_host(image: &ImageRef) -> bool {
    matches!(
        image.registry.name(),
        "hub.docker.com" | "www.docker.com" | "github.com" | "www.github.com" | "portal.azure.com"
    ) || web_page(&image.name()).is_some()
}

fn near_target(name: &str) -> Option<&'static str> {
    TARGETS.iter().copied().find(|target| {
        let allowed = if target.len() > 12 { 2 } else { 1 };
        let is_near = name.len().abs_diff(target.len()) <= allowed && osa_distance(name, target) <= allowed;
        is_near || differs_in_top(name, target)
    })
}

fn differs_in_top(name: &str, target: &str) -> bool {
    match (name.rsplit_once('.'), target.rsplit_once('.')) {
        (Some((a, top)), Some((b, _))) => a == b && TOPS.contains(&top),
        _ => false,
    }
}

/// `acme.azurcr.io`, `acme.azurecr.com`, `acme.azure.cr.io`, `acme.acr.io`, `azurecr.io.example`.
fn near_acr(name: &str) -> Option<String> {
    for cloud in [Cloud::UsGov, Cloud::China, Cloud::Public] {
        let suffix = cloud.acr_suffix();
        // `acmeazurecr.io`: the dot is missing.
        if let Some(front) = name.strip_suffix(suffix)
            && !front.is_empty()
            && !front.contains('.')
        {
            return Some(format!("{}.{suffix}", front.trim_end_matches('-')));
        }
        // Something stands behind the host.
        if let Some((front, _)) = name.split_once(&format!(".{suffix}."))
            && !front.contains('.')
        {
            return Some(format!("{front}.{suffix}"));
        }
    }

    let (registry, rest) = name.split_once('.')?;
    let suffix = near_suffix(rest)?;
    Some(format!("{registry}.{suffix}"))
}

fn near_suffix(rest: &str) -> Option<&'static str> {
    let joined: String = rest.split(['.', '-']).collect();
    let (body, top) = rest.rsplit_once('.').unwrap_or((rest, ""));
    let body: String = body.split(['.', '-']).collect();
    let clouds = [Cloud::Public, Cloud::UsGov, Cloud::China];

    // With a government's or China's ending the body decides; anything else is the public cloud.
    let by_top = clouds.into_iter().map(Cloud::acr_suffix).find(|suffix| suffix.ends_with(&format!(".{top}")));
    let is_body = osa_distance(&body, "azurecr") <= 1 || ACR_WORDS.contains(&body.as_str());
    if is_body && let Some(suffix) = by_top {
        return Some(suffix);
    }
    if is_body && (TOPS.contains(&top) || top.len() <= 3) {
        return Some(Cloud::Public.acr_suffix());
    }
    (osa_distance(&joined, "azurecrio") <= 2).then_some(Cloud::Public.acr_suffix())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn means(host: &str, expected: &str) {
        let host = Host::parse(host).unwrap();
        assert_eq!(meant(&host).as_deref(), Some(expected));
    }

    #[track_caller]
    fn means_itself(host: &str) {
        let host = Host::parse(host).unwrap();
        assert_eq!(meant(&host), None);
    }

    #[test]
    fn a_misspelt_host_suggests_the_registry() {
        for host in [
            "acme.azurcr.io",
            "acme.azurecr.oi",
            "acme.azurecr.com",
            "acme.azure.cr.io",
            "acme.azurecr",
            "acme.acr.io",
            "acme.azurecr.i",
            "acme.azuercr.io",
            "acme.azureacr.io",
            "acmeazurecr.io",
            "acme.azurecr.io.example",
            "acme.azurecontainerregistry.io",
        ] {
            means(host, "acme.azurecr.io");
        }
        means("acme.azurcr.us", "acme.azurecr.us");
        means("acme.acr.cn", "acme.azurecr.cn");
        means("dokcer.io", "docker.io");
        means("docker.oi", "docker.io");
        means("gchr.io", "ghcr.io");
        means("ghcr.com", "ghcr.io");
        means("quay.com", "quay.io");
        means("mcr.microsft.com", "mcr.microsoft.com");
        means("mcr.microsoft.io", "mcr.microsoft.com");
    }

    #[test]
    fn a_real_host_is_left_alone() {
        for host in [
            "acme.azurecr.io",
            "acme.azurecr.us",
            "acme.westeurope.geo.azurecr.io",
            "gcr.io",
            "eu.gcr.io",
            "icr.io",
            "lscr.io",
            "registry-1.docker.io",
            "registry.contoso.com",
            "harbor.acme.dev",
            "acme.jfrog.io",
            "cr.acme.io",
            "10.0.0.4",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        ] {
            means_itself(host);
        }
    }

    #[test]
    fn a_suffix_alone_has_no_registry() {
        let suffix = |host| bare_suffix(&Host::parse(host).unwrap());
        assert_eq!(suffix("acr.io"), Some("azurecr.io"));
        assert_eq!(suffix("azurecr.com"), Some("azurecr.io"));
        assert_eq!(suffix("azure.cr.io"), Some("azurecr.io"));
        assert_eq!(suffix("acme.acr.io"), None);
        assert_eq!(suffix("registry.contoso.com"), None);
    }

    #[test]
    fn a_web_page_stands_for_its_image() {
        let page = |text| web_page(text).unwrap();
        assert_eq!(page("hub.docker.com/_/nginx"), "docker.io/library/nginx");
        assert_eq!(page("hub.docker.com/r/acme/api/tags"), "docker.io/acme/api");
        assert_eq!(page("mcr.microsoft.com/en-us/product/dotnet/aspnet/about"), "mcr.microsoft.com/dotnet/aspnet");
        assert_eq!(web_page("quay.io/acme/api"), None);
    }

    #[test]
    fn one_typing_error_from_a_login_server_is_near() {
        let known = ["acmeprod.azurecr.io", "acmetest.azurecr.io"];
        let near = |host| near_host(host, known);
        assert_eq!(near("acmeprd.azurecr.io"), Some("acmeprod.azurecr.io"));
        assert_eq!(near("acmeprod.azurecr.io"), None);
        assert_eq!(near("other.azurecr.io"), None);
    }
}
