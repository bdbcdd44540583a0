//! Odd repositories, and references without a registry.

use std::ops::Range;

use super::{Suspicion, SuspicionKind as Kind, Written, suspicion};
use crate::image::ImageRef;
use crate::image::grammar::NAME_MAX;
use crate::image::host::Host;
use crate::image::known::{is_docker_hub, is_known_registry};

/// What an unset value becomes in a string: JavaScript, JSON and PowerShell, Python, Go and Ruby.
const EMPTY_WORDS: &[&str] = &["null", "undefined", "none", "nil", "nan", "nul"];

pub(super) fn suspect(written: &Written<'_>, found: &mut Vec<Suspicion>) {
    found.extend(empty_words(written));
    found.extend(long_name(written));
    match host_as_image(written) {
        Some(suspicion) => found.push(suspicion),
        None => found.extend(missing_registry(written)),
    }
    found.extend(doubled_host(written));
}

/// Whether the word is what an unset value becomes when it is formatted into a string.
pub(in crate::image) fn is_empty_word(word: &str) -> bool {
    EMPTY_WORDS.iter().any(|empty| word.eq_ignore_ascii_case(empty))
}

fn empty_words(written: &Written<'_>) -> Vec<Suspicion> {
    let mut found = Vec::new();
    let mut start = 0;
    let name = &written.text[..written.path.end];
    for word in name.split(['/', '.']) {
        let at = start..start + word.len();
        start = at.end + 1;
        if is_empty_word(word) {
            let title = format!("`{word}` is what an unset value becomes in a string");
            let hint = "set the variable or parameter that it comes from";
            found.push(suspicion(Kind::EmptyWord, at, title).hint(hint));
        }
    }
    found
}

/// The distribution specification warns that clients count the host too.
fn long_name(written: &Written<'_>) -> Option<Suspicion> {
    let length = written.image.name().len();
    (length > NAME_MAX).then(|| {
        let title = format!("host and repository have {length} characters; many clients allow 255");
        suspicion(Kind::LongName, 0..written.path.end, title)
    })
}

fn missing_registry(written: &Written<'_>) -> Option<Suspicion> {
    if written.host.is_some() {
        return None;
    }
    let title = format!("without a host this is {} of Docker Hub", written.image.repository);
    Some(suspicion(Kind::MissingRegistry, written.path.clone(), title).hint("write the registry's host in front of it"))
}

/// `myacr.azurecr.io:v1`: without a slash a host is the name of an image of Docker Hub, whose
/// official images never have a dot in their names.
fn host_as_image(written: &Written<'_>) -> Option<Suspicion> {
    let name = written.path();
    if written.host.is_some() || name.contains('/') {
        return None;
    }
    let top = name.rsplit_once('.').map(|(_, top)| top);
    let is_top = top.is_some_and(|top| top.len() >= 2 && top.bytes().all(|b| b.is_ascii_lowercase()));
    let is_address = name.parse::<std::net::Ipv4Addr>().is_ok();
    if !is_top && !is_address && name != "localhost" {
        return None;
    }
    let title = format!("`{name}` is a host without a repository, and is looked for on Docker Hub");
    Some(
        suspicion(Kind::HostAsImage, written.path.clone(), title)
            .hint(format!("name the repository, as in `{name}/api`")),
    )
}

fn doubled_host(written: &Written<'_>) -> Option<Suspicion> {
    let host = &written.image.registry;
    let path = written.path();
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if written.host.is_none() || !first.contains('.') {
        return None;
    }
    let inner = Host::parse(first).ok()?;
    let at = written.path.start..written.path.start + first.len();

    let is_same = inner == *host || (is_docker_hub(&inner) && is_docker_hub(host));
    // Namespaces of Docker Hub are letters and digits.
    let is_never_a_name = is_docker_hub(host) && looks_like_host(first);
    if is_same || inner.acr().is_some() || is_never_a_name {
        let title = match is_same {
            true => format!("the host `{first}` stands there twice"),
            false => format!("the host `{first}` stands behind the host `{host}`"),
        };
        let doubled = suspicion(Kind::DoubledHost, at.clone(), title);
        return Some(match rest.is_empty() {
            true => doubled,
            false => doubled.fix(without_outer_host(written, at)),
        });
    }
    // Registries that mirror others name their copies so (`acme.azurecr.io/docker.io/library/…`).
    is_known_registry(&inner).then(|| {
        let title = format!("the repository begins with the host of another registry, `{first}`");
        suspicion(Kind::HostInRepository, at, title)
            .hint(format!("right for a mirrored image; otherwise leave out `{host}/`"))
    })
}

/// From the inner host on; when both are the same it does not matter which one goes.
fn without_outer_host(written: &Written<'_>, inner: Range<usize>) -> String {
    let text = &written.text[inner.start..];
    // The inner host may be doubled again.
    match ImageRef::parse(text) {
        Ok(image) if text.starts_with(&format!("{0}/{0}/", image.registry)) => {
            text[image.registry.as_str().len() + 1..].to_owned()
        }
        _ => text.to_owned(),
    }
}

fn looks_like_host(segment: &str) -> bool {
    segment
        .rsplit_once('.')
        .is_some_and(|(front, top)| !front.is_empty() && top.len() >= 2 && top.bytes().all(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{does_not_suspect, fixes, suspects};
    use super::Kind;

    #[test]
    fn words_for_nothing_are_suspected() {
        suspects("null", Kind::EmptyWord, "null");
        suspects("undefined/api:v1", Kind::EmptyWord, "undefined");
        suspects("undefined.azurecr.io/api:v1", Kind::EmptyWord, "undefined");
        suspects("acme.azurecr.io/none:v1", Kind::EmptyWord, "none");
        does_not_suspect("acme.azurecr.io/nonesuch:v1", Kind::EmptyWord);
    }

    #[test]
    fn a_missing_registry_is_suspected() {
        suspects("myapp:v1", Kind::MissingRegistry, "myapp");
        suspects("acme/api:v1", Kind::MissingRegistry, "acme/api");
        does_not_suspect("docker.io/acme/api:v1", Kind::MissingRegistry);
    }

    #[test]
    fn a_host_without_repository_is_suspected() {
        suspects("myacr.azurecr.io:v1", Kind::HostAsImage, "myacr.azurecr.io");
        suspects("localhost:5000", Kind::HostAsImage, "localhost");
        suspects("192.168.1.1", Kind::HostAsImage, "192.168.1.1");
        does_not_suspect("nginx:1.27", Kind::HostAsImage);
        does_not_suspect("myacr.azurecr.io:v1", Kind::MissingRegistry);
    }

    #[test]
    fn a_doubled_host_is_suspected() {
        fixes("docker.io/docker.io/a/b:1", Kind::DoubledHost, "docker.io", "docker.io/a/b:1");
        fixes("docker.io/index.docker.io/a/b:1", Kind::DoubledHost, "index.docker.io", "index.docker.io/a/b:1");
        fixes("acme.azurecr.io/acme.azurecr.io/api:1", Kind::DoubledHost, "acme.azurecr.io", "acme.azurecr.io/api:1");
        fixes("docker.io/acme.azurecr.io/api:1", Kind::DoubledHost, "acme.azurecr.io", "acme.azurecr.io/api:1");
        fixes(
            "one11.azurecr.io/two22.azurecr.io/api:1",
            Kind::DoubledHost,
            "two22.azurecr.io",
            "two22.azurecr.io/api:1",
        );
        suspects("acme.azurecr.io/acme.azurecr.io:1", Kind::DoubledHost, "acme.azurecr.io");
        does_not_suspect("acme.azurecr.io/v1.2/api:1", Kind::DoubledHost);
    }

    #[test]
    fn a_mirrored_image_is_not_a_doubled_host() {
        let text = "acme.azurecr.io/docker.io/library/nginx:1";
        does_not_suspect(text, Kind::DoubledHost);
        suspects(text, Kind::HostInRepository, "docker.io");
        does_not_suspect("acme.azurecr.io/k8se/quickstart:1", Kind::HostInRepository);
    }

    #[test]
    fn a_name_that_is_long_with_its_host_is_suspected() {
        let text = format!("acme.azurecr.io/{}", "a".repeat(250));
        suspects(&text, Kind::LongName, &text);
        does_not_suspect(&text[..200], Kind::LongName);
    }
}
