//! Odd hosts.

use std::ops::Range;

use super::{Suspicion, SuspicionKind as Kind, Written, suspicion};
use crate::image::acr::{Acr, Endpoint};
use crate::image::grammar::is_host_like;
use crate::image::host::{Host, Reach};
use crate::image::typo;

pub(super) fn suspect(written: &Written<'_>, found: &mut Vec<Suspicion>) {
    let Some(at) = written.host.clone() else {
        return;
    };
    let host = &written.image.registry;
    let text = &written.text[at.clone()];

    // The other suspicions about a host presume that it is one.
    if !is_host_like(&text.to_ascii_lowercase()) {
        found.push(capitals_only(written, text, at));
        return;
    }
    if !host.is_valid() {
        found.push(invalid(text, at));
        return;
    }

    found.extend(upper_case(written, text, at.clone()));
    found.extend(port(written, host));
    found.extend(reach(host, text, at.clone()));
    if let Some(acr) = host.acr() {
        found.extend(registry_name(&acr, at.clone()));
        found.extend(hash(&acr, at.clone()));
        found.extend(endpoint(written, &acr, at));
        return;
    }
    if typo::is_web_host(written.image) {
        let title = format!("{} serves web pages, not images", host.name());
        let page = suspicion(Kind::WebPage, at.start..written.path.end, title);
        found.push(match typo::web_page(written.text) {
            Some(image) => page.fix(image),
            None => page,
        });
        return;
    }
    found.extend(typing_error(written, host, at));
}

fn typing_error(written: &Written<'_>, host: &Host, at: Range<usize>) -> Option<Suspicion> {
    let title = || format!("`{}` is not the host of a known registry", host.name());
    if let Some(meant) = typo::meant(host) {
        return Some(suspicion(Kind::TypoHost, at, title()).fix(written.with_host(&meant)));
    }
    let suffix = typo::bare_suffix(host)?;
    let hint = format!("put the registry's name in front, as in `acme.{suffix}`");
    Some(suspicion(Kind::TypoHost, at, title()).hint(hint))
}

fn capitals_only(written: &Written<'_>, text: &str, at: Range<usize>) -> Suspicion {
    let title = format!("`{text}` has capitals and is therefore taken for a registry's host");
    let end = at.end;
    let lower = text.to_ascii_lowercase() + &written.text[end..];
    suspicion(Kind::UpperCaseHost, at, title).fix(lower)
}

fn invalid(text: &str, at: Range<usize>) -> Suspicion {
    let title = match text.find('_') {
        Some(_) => format!("`{text}` is no host: a host has no underscore"),
        None => format!("`{text}` is no host name and no address"),
    };
    let invalid = suspicion(Kind::InvalidHost, at, title);
    match text.contains(".azurecr.") {
        true => invalid.hint("the name of a registry consists of letters and digits"),
        false => invalid,
    }
}

fn upper_case(written: &Written<'_>, text: &str, at: Range<usize>) -> Option<Suspicion> {
    let lower = text.to_ascii_lowercase();
    (lower != text).then(|| {
        let title = "a registry's host is written in lower case";
        suspicion(Kind::UpperCaseRegistry, at, title).fix(written.with_host(&lower))
    })
}

fn port(written: &Written<'_>, host: &Host) -> Option<Suspicion> {
    let digits = host.port_text()?;
    let end = written.host.as_ref()?.end;
    let at = end - digits.len()..end;
    if host.port().is_none() {
        let title = format!("{digits} is not the number of a port");
        return Some(suspicion(Kind::PortRange, at, title));
    }
    let is_odd = host.acr().is_some() && host.port() != Some(443);
    is_odd.then(|| {
        let title = format!("Azure Container Registry does not listen on port {digits}");
        suspicion(Kind::AcrPort, at, title).fix(written.with_host(host.name()))
    })
}

fn reach(host: &Host, text: &str, at: Range<usize>) -> Option<Suspicion> {
    let (kind, title) = match host.reach() {
        Reach::Anywhere => return None,
        Reach::Loopback => {
            (Kind::LoopbackHost, format!("`{text}` is the machine itself: on the platform nothing listens there"))
        }
        Reach::Private => (Kind::PrivateHost, format!("`{text}` is an address of a private network")),
        Reach::Link => (Kind::PrivateHost, format!("`{text}` is an address of a single link")),
        Reach::LocalName => (Kind::LocalHostName, format!("`{text}` is a name that public DNS does not have")),
    };
    Some(suspicion(kind, at, title))
}

/// A registry's name has 5 to 50 letters and digits; a domain name label adds a dash and a hash
/// (https://learn.microsoft.com/azure/container-registry/container-registry-get-started-azure-cli).
fn registry_name(acr: &Acr<'_>, at: Range<usize>) -> Option<Suspicion> {
    let suffix = acr.cloud.acr_suffix();
    let title = if acr.label.is_empty() {
        format!("{suffix} is the suffix of all registries, not a registry")
    } else if acr.endpoint == Endpoint::Other {
        format!("no registry under {suffix} has a dot in its name")
    } else if !acr.has_legal_name() {
        let name = acr.name;
        match name.len() {
            5..=50 => "the name of a registry has no dash".to_owned(),
            length => {
                format!("the name of a registry has 5 to 50 characters, `{name}` has {length}")
            }
        }
    } else {
        return None;
    };
    let at = match acr.label.len() {
        0 => at,
        length => at.start..at.start + length,
    };
    Some(suspicion(Kind::AcrName, at, title))
}

/// All hashes that were seen have 16 characters; that they always do is unverified.
fn hash(acr: &Acr<'_>, at: Range<usize>) -> Option<Suspicion> {
    let hash = acr.hash.filter(|_| acr.has_legal_name())?;
    (hash.len() != 16).then(|| {
        let title =
            format!("`{hash}` is hardly the hash of a domain name label, and no registry has a dash in its name");
        let start = at.start + acr.name.len();
        suspicion(Kind::AcrHash, start..at.start + acr.label.len(), title)
    })
}

fn endpoint(written: &Written<'_>, acr: &Acr<'_>, at: Range<usize>) -> Option<Suspicion> {
    let what = match acr.endpoint {
        Endpoint::Data(_) => "a data endpoint of the registry",
        Endpoint::PrivateLink => "a name for private DNS",
        Endpoint::Login | Endpoint::Geo(_) | Endpoint::Other => return None,
    };
    let login = format!("{}.{}", acr.label, acr.cloud.acr_suffix());
    let title = format!("this is {what}; images are named by its login server");
    Some(suspicion(Kind::AcrEndpoint, at, title).fix(written.with_host(&login)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{does_not_suspect, fixes, suspects, titles};
    use super::Kind;

    #[test]
    fn a_host_only_by_its_capitals_is_suspected() {
        fixes("MyOrg/app:1", Kind::UpperCaseHost, "MyOrg", "myorg/app:1");
        does_not_suspect("MyAcr.azurecr.io/app:1", Kind::UpperCaseHost);
    }

    #[test]
    fn capitals_in_a_host_are_suspected() {
        fixes("MyAcr.azurecr.io/app:1", Kind::UpperCaseRegistry, "MyAcr.azurecr.io", "myacr.azurecr.io/app:1");
    }

    #[test]
    fn what_is_no_host_is_suspected() {
        suspects("my_acr.azurecr.io/app:1", Kind::InvalidHost, "my_acr.azurecr.io");
        suspects("999.1.1.1/app:1", Kind::InvalidHost, "999.1.1.1");
        does_not_suspect("acme.azurecr.io/my_app:1", Kind::InvalidHost);
    }

    #[test]
    fn a_typing_error_is_suspected_once() {
        let text = "acmeprod.azurcr.io/app:1";
        fixes(text, Kind::TypoHost, "acmeprod.azurcr.io", "acmeprod.azurecr.io/app:1");
        assert_eq!(titles(text, Kind::TypoHost).len(), 1);
        does_not_suspect("registry.contoso.com/app:1", Kind::TypoHost);
    }

    #[test]
    fn a_web_page_is_suspected() {
        fixes("hub.docker.com/r/acme/api", Kind::WebPage, "hub.docker.com/r/acme/api", "docker.io/acme/api");
    }

    #[test]
    fn names_that_no_registry_has_are_suspected() {
        suspects("acr.azurecr.io/app:1", Kind::AcrName, "acr");
        suspects("my-acr.azurecr.io/app:1", Kind::AcrName, "my-acr");
        suspects("acme-west-eu.azurecr.io/app:1", Kind::AcrName, "acme-west-eu");
        suspects("a.b.azurecr.io/app:1", Kind::AcrName, "a");
        suspects("azurecr.io/app:1", Kind::AcrName, "azurecr.io");
        suspects("contoso-acr.azurecr.io/app:1", Kind::AcrHash, "-acr");
        does_not_suspect("myacr-e7ggejfuhzhgedc8.azurecr.io/app:1", Kind::AcrName);
        does_not_suspect("acme1.westeurope.geo.azurecr.io/app:1", Kind::AcrName);
    }

    #[test]
    fn another_endpoint_than_the_login_server_is_suspected() {
        fixes(
            "acme1.westeurope.data.azurecr.io/app:1",
            Kind::AcrEndpoint,
            "acme1.westeurope.data.azurecr.io",
            "acme1.azurecr.io/app:1",
        );
        fixes(
            "acme1.privatelink.azurecr.io/app:1",
            Kind::AcrEndpoint,
            "acme1.privatelink.azurecr.io",
            "acme1.azurecr.io/app:1",
        );
    }

    #[test]
    fn odd_ports_are_suspected() {
        fixes("acme1.azurecr.io:5000/app:1", Kind::AcrPort, "5000", "acme1.azurecr.io/app:1");
        does_not_suspect("acme1.azurecr.io:443/app:1", Kind::AcrPort);
        does_not_suspect("registry.contoso.com:5000/app:1", Kind::AcrPort);
        suspects("acme1.azurecr.io:99999/app:1", Kind::PortRange, "99999");
        suspects("registry.contoso.com:0/app:1", Kind::PortRange, "0");
    }

    #[test]
    fn hosts_out_of_reach_are_suspected() {
        suspects("localhost:5000/app:1", Kind::LoopbackHost, "localhost:5000");
        suspects("10.0.0.4/app:1", Kind::PrivateHost, "10.0.0.4");
        suspects("registry:5000/app:1", Kind::LocalHostName, "registry:5000");
        does_not_suspect("8.8.8.8/app:1", Kind::PrivateHost);
    }
}
