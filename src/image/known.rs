//! Registries, images and tags that everybody knows by name.

use super::ImageRef;
use super::host::Host;

/// The name that Docker Hub has in a reference. Requests go to `registry-1.docker.io`.
pub(super) const DOCKER_HUB: &str = "docker.io";

/// Hosts that are all Docker Hub, in references, credentials and `registries[].server`.
pub const DOCKER_HUB_ALIASES: &[&str] =
    &["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// Images that stand in until there is a real one: what `az containerapp create`, the portal, azd
/// and the quickstarts deploy first. Without tags, because any may be written.
pub const PLACEHOLDER_IMAGES: &[&str] = &[
    "mcr.microsoft.com/k8se/quickstart",
    "mcr.microsoft.com/k8se/quickstart-jobs",
    "mcr.microsoft.com/k8se/quickstart-functions",
    "mcr.microsoft.com/azuredocs/containerapps-helloworld",
    "mcr.microsoft.com/azuredocs/aci-helloworld",
    "mcr.microsoft.com/azuredocs/aks-helloworld",
    "mcr.microsoft.com/appsvc/staticsite",
];

/// Registries that a typing error is measured against.
pub(super) const TARGETS: &[&str] = &[
    "docker.io",
    "ghcr.io",
    "quay.io",
    "mcr.microsoft.com",
    "registry.k8s.io",
    "public.ecr.aws",
    "registry.gitlab.com",
];

/// Registries that exist, though they look like a misspelling of another.
const OTHERS: &[&str] = &[
    "gcr.io",
    "icr.io",
    "lscr.io",
    "nvcr.io",
    "cgr.dev",
    "k8s.gcr.io",
    "gcr.dev",
    "docker.elastic.co",
    "docker.com",
    "docker.pkg.github.com",
    "registry.redhat.io",
    "registry.access.redhat.com",
    "container-registry.oracle.com",
    "ecr.aws",
];

/// Suffixes under which customers of a cloud have their registries.
const HOSTED: &[&str] = &[
    ".amazonaws.com",
    ".gcr.io",
    ".pkg.dev",
    ".icr.io",
    ".ocir.io",
    ".jfrog.io",
    ".quay.io",
    ".docker.io",
    ".microsoft.com",
    ".gitlab.com",
];

/// Tags that are moved from image to image by convention.
const MUTABLE: &[&str] = &[
    "latest",
    "main",
    "master",
    "trunk",
    "head",
    "dev",
    "devel",
    "develop",
    "development",
    "test",
    "testing",
    "qa",
    "uat",
    "staging",
    "stage",
    "stable",
    "prod",
    "production",
    "release",
    "live",
    "edge",
    "nightly",
    "daily",
    "weekly",
    "canary",
    "beta",
    "alpha",
    "rc",
    "next",
    "current",
    "snapshot",
    "preview",
    "lts",
    "unstable",
    "experimental",
    "rolling",
];

/// Whether the host is Docker Hub under one of its names, whatever its case and port.
pub fn is_docker_hub(host: &Host) -> bool {
    DOCKER_HUB_ALIASES.contains(&host.name().to_ascii_lowercase().as_str())
}

/// Whether the image is one that only stands in for the real one; its tag does not matter.
pub fn is_placeholder_image(image: &ImageRef) -> bool {
    PLACEHOLDER_IMAGES.contains(&image.name().as_str())
}

/// Whether a tag is by its name one that moves, so that two pulls may give two images.
pub fn is_mutable_tag(tag: &str) -> bool {
    let tag = tag.to_ascii_lowercase();
    MUTABLE.contains(&tag.as_str())
}

/// Whether this is the host of a registry that is known by name or suffix.
pub fn is_known_registry(host: &Host) -> bool {
    let name = host.name();
    is_docker_hub(host)
        || host.acr().is_some()
        || TARGETS.contains(&name)
        || OTHERS.contains(&name)
        || HOSTED.iter().any(|suffix| name.ends_with(suffix))
}

/// The hosts that normalisation itself folds into `docker.io`.
pub(super) fn is_docker_hub_name(host: &str) -> bool {
    host == DOCKER_HUB || host == "index.docker.io"
}
