//! What is visibly wrong with a reference that a message quotes. The platform reports most of these as something else.

/// How sure it is that the reference, and not something else, is the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certainty {
    /// No registry can serve this.
    Sure,
    /// Legal, but hardly meant; counts when a registry refuses.
    WhenRefused,
    /// The text of an unset variable; counts when a registry refuses or knows no such image.
    WhenAbsent,
}

/// A mistake: the cause in the catalogue and a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub cause: &'static str,
    pub why: &'static str,
    pub certainty: Certainty,
}

/// The first mistake of the reference, if there is one.
pub(super) fn mistake(reference: &str) -> Option<Mistake> {
    let sure = |cause, why| Some(Mistake { cause, why, certainty: Certainty::Sure });
    let likely = |cause, why, certainty| Some(Mistake { cause, why, certainty });
    if reference.trim().is_empty() {
        return sure("image-missing", "the image is empty: a parameter or expression gave nothing");
    }
    if reference != reference.trim() || reference.contains(char::is_whitespace) {
        return sure("reference-malformed", "the reference has white space in it");
    }
    if ["https://", "http://", "docker://", "oci://"].iter().any(|scheme| starts_with(reference, scheme)) {
        return sure("scheme-in-reference", "a reference has no scheme: the registry's host comes first");
    }
    // `$ACR`, `${TAG}`, `#{Build.BuildId}#`, `{{ tag }}`, `<tag>`, `[parameters('x')]`, `%TAG%`, `__TAG__`.
    if reference.contains(['$', '{', '}', '<', '>', '#', '%', '(', ')', '\\', '*'])
        || reference.starts_with('[') && reference.contains(']') && !reference.contains("]:")
    {
        return sure("placeholder-left", "a placeholder was not replaced");
    }
    if reference.starts_with('/') {
        return sure("registry-missing", "the reference begins with `/`: the variable for the registry was empty");
    }
    if reference.starts_with([':', '@']) {
        return sure("reference-malformed", "the reference has a tag but no name: the variable for the name was empty");
    }
    if reference.starts_with('.') {
        return sure("registry-missing", "the host begins with a dot: the variable for the registry's name was empty");
    }
    if reference.contains("//") {
        return sure("reference-malformed", "the reference has an empty part between two slashes");
    }
    if reference.ends_with([':', '@', '/']) {
        return sure(
            "reference-malformed",
            "the reference ends where a tag or name should follow: a variable was empty",
        );
    }
    let (name, version) = split(reference);
    if name.ends_with('/') {
        return sure("reference-malformed", "the repository's name is missing before the tag");
    }
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if is_host(host) => (Some(host), path),
        _ => (None, name),
    };
    if path.contains(|c: char| c.is_ascii_uppercase()) {
        return sure("repository-upper-case", "a repository's name is lower case");
    }
    if path.contains(|c: char| !c.is_ascii_alphanumeric() && !"._-/".contains(c)) {
        return sure("reference-malformed", "the reference has a character that none may have");
    }
    let Some(host) = host else { return hostless(path) };
    if path.split('/').next().is_some_and(|first| path.contains('/') && is_registry(first)) {
        return sure("host-doubled", "the reference names two hosts, one after the other");
    }
    if host.contains("..") || host.ends_with('.') || host.starts_with('-') || host.contains('_') {
        return sure("host-malformed", "the host is not one that can exist");
    }
    let typed = host.split(':').next().unwrap_or(host);
    if ["azurecr.com", "azurecr.net", "azure.cr.io", "azurcr.io", "azurecr.oi", "acr.io", "azurecr"]
        .iter()
        .any(|typo| typed.ends_with(typo))
    {
        return likely("host-misspelt", "the host looks like a misspelt login server", Certainty::WhenRefused);
    }
    if let Some(version) = version
        && matches!(version, "undefined" | "null" | "None" | "nil")
    {
        return likely("word-as-image", "the tag is the text of an unset variable", Certainty::WhenAbsent);
    }
    if matches!(host, "docker.io" | "index.docker.io") && path.starts_with("library/") {
        let why = "Docker Hub was asked for a name of its own library: the reference named no registry";
        return likely("registry-missing", why, Certainty::WhenRefused);
    }
    None
}

fn hostless(path: &str) -> Option<Mistake> {
    let likely = |cause, why, certainty| Some(Mistake { cause, why, certainty });
    if matches!(path, "undefined" | "null" | "none" | "nil") {
        return likely("word-as-image", "the image is the text of an unset variable", Certainty::WhenAbsent);
    }
    if is_registry(path) {
        let why = "the reference is a registry's host without a repository";
        return likely("host-as-image", why, Certainty::WhenAbsent);
    }
    let why = "the reference names no registry, so Docker Hub was asked";
    likely("registry-missing", why, Certainty::WhenRefused)
}

/// Name and what follows it: the tag or the digest.
fn split(reference: &str) -> (&str, Option<&str>) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name, Some(digest));
    }
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (reference, None),
    }
}

fn is_host(part: &str) -> bool {
    part.contains(['.', ':']) || part == "localhost"
}

fn is_registry(part: &str) -> bool {
    let part = part.split(':').next().unwrap_or(part);
    [".azurecr.io", ".azurecr.us", ".azurecr.cn"].iter().any(|suffix| part.ends_with(suffix))
        || matches!(part, "docker.io" | "ghcr.io" | "quay.io" | "index.docker.io" | "mcr.microsoft.com")
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn wrong(reference: &str, cause: &str, certainty: Certainty) {
        let found = mistake(reference).unwrap_or_else(|| panic!("{reference} passes"));
        assert_eq!((found.cause, found.certainty), (cause, certainty), "{reference}");
    }

    #[test]
    fn what_no_registry_can_serve_is_a_sure_mistake() {
        for (reference, cause) in [
            ("", "image-missing"),
            ("/albumapp-ui", "registry-missing"),
            (".azurecr.io/api:v1", "registry-missing"),
            ("https://acme.azurecr.io/api:v1", "scheme-in-reference"),
            ("acme.azurecr.io//api:v1", "reference-malformed"),
            ("acme.azurecr.io/api:", "reference-malformed"),
            ("acme.azurecr.io/:v1", "reference-malformed"),
            (":v1", "reference-malformed"),
            ("acme.azurecr.io/a pi:v1", "reference-malformed"),
            ("acme.azurecr.io/api:v1:v2", "reference-malformed"),
            ("acme.azurecr.io/Shop/api:v1", "repository-upper-case"),
            ("Shop:v1", "repository-upper-case"),
            ("acme.azurecr.io/api:${TAG}", "placeholder-left"),
            ("$ACR.azurecr.io/api:v1", "placeholder-left"),
            ("acme.azurecr.io/api:#{Build.BuildId}#", "placeholder-left"),
            ("[parameters('image')]", "placeholder-left"),
            ("docker.io/docker.io/api:v1", "host-doubled"),
            ("acme.azurecr.io/acme.azurecr.io/api:v1", "host-doubled"),
            ("my_acr.azurecr.io/api:v1", "host-malformed"),
        ] {
            wrong(reference, cause, Certainty::Sure);
        }
    }

    #[test]
    fn what_was_hardly_meant_counts_only_with_a_refusal() {
        wrong("orders-api:v1", "registry-missing", Certainty::WhenRefused);
        wrong("team/orders-api:v1", "registry-missing", Certainty::WhenRefused);
        wrong("docker.io/library/orders-api:v1", "registry-missing", Certainty::WhenRefused);
        wrong("acme.azurecr.com/api:v1", "host-misspelt", Certainty::WhenRefused);
        wrong("acme.azurecr.io/api:undefined", "word-as-image", Certainty::WhenAbsent);
        wrong("acme.azurecr.io:v1", "host-as-image", Certainty::WhenAbsent);
    }

    #[test]
    fn a_good_reference_passes() {
        let digest = format!("acme.azurecr.io/api@sha256:{}", "a".repeat(64));
        for reference in
            ["acme.azurecr.io/team/api:v1", "localhost:5000/api:V1", "ghcr.io/a/b", "[::1]:5000/api:v1", &digest]
        {
            assert_eq!(mistake(reference), None, "{reference}");
        }
    }
}
