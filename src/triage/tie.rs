//! What makes a message one about pulling an image, and what makes it one about something else.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexSet};

use super::patterns::{expression, expressions};

/// What a statement speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ties {
    /// A pull, in the words of a platform or a puller.
    pub pull: bool,
    /// A registry, by name or in words.
    pub registry: bool,
    /// A pull that failed, whatever the reason.
    pub failed: bool,
    /// Something else that uses the same words.
    pub other: bool,
    /// The application's own output.
    pub console: bool,
    /// A push or a build.
    pub push: bool,
}

/// Words of a pull that failed. The reason may be anywhere in the same message. An application may pull an image too, out
/// of a bucket: what follows must be a reference, or the end of the phrase.
const FAILED: &str = concat!(
    r"(?:failed to|unable to|cannot|can't|could not|couldn't|failure to|error|failed|while) pull(?:ing)? (?:and unpack )?(?:the )?",
    r"(?:container |docker )?images?(?: ?[\x22'`.:,;(]| ?$| [^\s]*[/:@]| (?:using|with|due|because|failed)\b|",
    r" from (?:the )?(?:container )?(?:registry|acr\b|docker|[^\s]+\.azurecr))|",
    r"(?:failed to|unable to|cannot|could not|error|while) pull(?:ing)? [^\s]{0,80}(?:\.azurecr\.|docker\.io/|ghcr\.io/|quay\.io/|\.pkg\.dev/|gcr\.io/)|",
    r"errimagepull|imagepullbackoff|imagepullfail|imagepullunauth|errimageneverpull|invalidimagename|inaccessibleimage|",
    r"image ?pull ?(?:has )?(?:failed|failure|error)|image pull for [^\s]+ (?:over vnet )?failed|error pulling the container image|pull image failed|pulling (?:docker )?image [^\s]+ (?:over vnet )?failed|failed to unpack image|",
    r"back-?off pulling image|persistent image pull errors|pullimage [\x22'][^\n]{0,300}failed|pull access denied|",
    r"failed to resolve (?:reference|source metadata|image)|reading manifest [^\s]+ in |",
    r"field '(?:properties\.)?template\.(?:init)?containers\.[^'\n]{0,120}image' is invalid|registryerrorresponse|",
    r"failed to provision revision[\s\S]{0,200}operation expired",
);

/// Requests that only a puller makes, and other words of a pull.
const PULL: &str = concat!(
    r"https?:/{0,2}[^/\s\x22']+/v2/(?:[\x22'\s:?]|$)|/v2/[^\s\x22']{1,255}/(?:manifests|blobs)/|/oauth2/token\?(?:[^\s]*&)?(?:scope|service)=|oauth2/exchange|",
    r"\bget https:[:?]|scope=repository|repository:[a-z0-9._/-]+:pull|\[map\[action:pull|failed to authorize:|",
    r"error response from daemon: (?:get|head|manifest|pull|unauthorized|denied|toomany|error pulling|no matching|unknown)|",
    r"registry token|pulling (?:docker |container )?image(?: ?[:'\x22]| [^\s]+[/:])|docker pull|falling back to anonymous|",
    r"initializing source docker|pinging container registry|credential provider for [a-z0-9.-]+azurecr|",
    r"acr (?:access |refresh )?(?:token|credential)|operationname[\x22: =]+pull\b|failed to (?:fetch|get) (?:oauth|anonymous) token: unexpected",
);

const REGISTRY: &str = concat!(
    r"\.azurecr\.(?:io|us|cn|de)\b|\bdocker\.io\b|\bghcr\.io\b|\bquay\.io\b|\bmcr\.(?:microsoft\.com|azure\.cn)\b|\bgcr\.io\b|",
    r"\.pkg\.dev\b|\.dkr\.ecr\.|public\.ecr\.aws|registry\.k8s\.io|\bacr\b|acrpull|\bregistr(?:y|ies)\b|",
    // ACR keeps layers in storage accounts of this form (azure-docs PR 116188).
    r"\b[a-z]+managed[0-9]+\.blob\.|microsoft\.containerregistry|container registry|\bimage\b[^\n]{0,60}\bpull|imagepullsecret",
);

/// Messages that use the words of a pull for something else.
const OTHER: &str = concat!(
    r"(?:readiness|liveness|startup) probe|successfully pulled image|stop pulling image|already present on machine|mountvolume\.|",
    // A query or a grep for such texts is not one of them.
    r"has_any ?\(|has_all ?\(|\| (?:where|project|extend|parse) |log_s (?:contains|has|startswith|==)|\bgrep -|",
    r"for \x22-t, --tag\x22 flag|waiting for (?:the )?(?:creation|deletion|update) of (?:private|registry|role|virtual|subnet|dns|log)|",
    r"invalid tag \x22|(?:#|//) ?todo\b|\bassert(?:_eq!|equals?)?[ (]|\bgit (?:pull|fetch|clone|push)\b|npm err!|git@",
);

const CONSOLE: &str = r"\x22?stream(?:_s)?\x22?[:=] ?\x22?(?:stderr|stdout)\b";

const PUSH: &str = concat!(
    r"\b(?:docker|podman|buildx|helm|oras|buildah|skopeo) (?:image )?(?:push|copy|login)\b|failed to push|push refers to|error pushing|",
    r"pushing (?:layers?|manifest|image)|pushing [^\s]+\.azurecr|--push\b|(?:unable|cannot|could not) (?:to )?push|push access denied|",
    r"\bpush (?:failed|error|denied)|retrieving push|\bimage push\b|\bpushed\b",
);

/// A linter, a form or a guide that tells how names should be.
const ADVICE: &str = r"\blint|\blowercase\?|\bwarn(?:ing)?\]?: |\brules?\b|github|gitlab|bitbucket";

/// See [`ADVICE`].
pub(super) static ADVISES: LazyLock<Regex> = LazyLock::new(|| expression(ADVICE));

static WORDS: LazyLock<RegexSet> =
    LazyLock::new(|| expressions([FAILED, PULL, REGISTRY, OTHER, CONSOLE, PUSH].into_iter()));

/// Where a pull that failed is spoken of.
pub(super) static FAILED_PULL: LazyLock<Regex> = LazyLock::new(|| expression(FAILED));

/// What the statement speaks of.
pub(super) fn ties(text: &str) -> Ties {
    let hits = WORDS.matches(text.as_bytes());
    let has = |at| hits.matched(at);
    Ties {
        failed: has(0),
        pull: has(0) || has(1),
        registry: has(0) || has(1) || has(2),
        other: has(3),
        console: has(4),
        push: has(5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn speaks(text: &str, of: fn(&Ties) -> bool) {
        assert!(of(&ties(text)), "{text}");
    }

    #[track_caller]
    fn is_silent(text: &str) {
        let ties = ties(text);
        assert!(!ties.pull && !ties.registry, "{text}: {ties:?}");
    }

    #[test]
    fn pulls_are_told_from_other_messages() {
        speaks("Failed to pull image \"a/b\": x", |ties| ties.failed && ties.pull);
        speaks("Field 'template.containers.api.image' is invalid with details", |ties| ties.failed);
        speaks("Head \"https://acme.azurecr.io/v2/api/manifests/v1\": EOF", |ties| ties.pull && !ties.failed);
        speaks("GET https:?scope=repository:api:pull&service=x", |ties| ties.pull);
        speaks("dial tcp: lookup acme.azurecr.io: no such host", |ties| ties.registry && !ties.pull);
        speaks("Successfully pulled image \"a\" in 2s", |ties| ties.other);
        speaks("Readiness probe failed: 401", |ties| ties.other);
        speaks("{\"Log\": \"x\", \"Stream\": \"stderr\"}", |ties| ties.console);
        speaks("The push refers to repository [acme.azurecr.io/api]", |ties| ties.push);
        is_silent("Failed to load image https://cdn.contoso.com/img/b7.jpg: 403 Forbidden");
        is_silent("git could not read from remote: Permission denied");
    }
}
