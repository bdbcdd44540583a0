//! The names that a message mentions: the image, its registry, the app, the group, the address that was refused.
//!
//! They end up in commands that a person runs, so each is taken only if its characters can do no harm in a shell.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{Match, Regex};

use super::patterns::expression;

/// What a message, or those around it, say about who pulls what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// The reference as it was written, mistakes included.
    pub image: Option<String>,
    pub registry: Option<String>,
    pub repository: Option<String>,
    /// Tag or digest.
    pub version: Option<String>,
    pub app: Option<String>,
    pub group: Option<String>,
    pub ip: Option<String>,
}

/// Words before a reference, in the order in which they are trusted.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?:pull(?:ing)?(?: and unpack)?(?: docker| container)? image|resolve reference|pullimage|invalid value:|default image tag|",
        r"parse image (?:name|reference)|pull errors for image|\bimage|reference|unpack|metadata for|manifest for|access denied for)",
        r"(?:[:=] ?| )(?:\x22([^\x22\n]{0,512})\x22|'([^'\n]{0,512})')",
    ))
});
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?:parse reference: ?|pull(?:ing)?(?: docker| container)? image:? |access denied for |manifest for |docker pull |in index |",
        r"source metadata for |--image[ =]|\bimage: )([^\s\x22',;]{1,512})",
    ))
});
static HOSTED: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?:^|[^a-z0-9._/@:-])((?:[a-z0-9-]+(?:\.[a-z0-9-]+)*\.azurecr\.(?:io|us|cn|de)|docker\.io|ghcr\.io|quay\.io|",
        r"mcr\.microsoft\.com|gcr\.io|[a-z0-9-]+\.pkg\.dev)/[a-z0-9._/-]{1,255}(?:[:@][a-z0-9_.:-]{0,160}[a-z0-9_])?)",
    ))
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"https?://([a-z0-9.-]{1,253}(?::[0-9]{1,5})?)/v2/([a-z0-9._/-]{1,255})/(?:manifests|blobs)/([a-z0-9_.:-]{1,160})",
    )
});
static SCOPE: LazyLock<Regex> = LazyLock::new(|| expression(r"repository:([a-z0-9._/-]{1,255}):pull"));
static SERVICE: LazyLock<Regex> = LazyLock::new(|| expression(r"[?&]service=([a-z0-9.-]{1,253})"));
static HOST: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\b((?:[a-z0-9-]+\.)*[a-z0-9-]+\.azurecr\.(?:io|us|cn|de)|(?:registry-1|auth|index)\.docker\.io|docker\.io|ghcr\.io|quay\.io|",
        r"mcr\.microsoft\.com|[a-z0-9-]+\.pkg\.dev|[0-9]+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com)\b",
    ))
});
static APP: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"(?:containerappname(?:_s)?|container app name:?|container ?app|az containerapp [a-z ]{2,24}(?:--name|-n)|",
        r"updating container app|template\.(?:init)?containers)[\x22':=. ]{1,6}([a-z][a-z0-9-]{1,40})\b",
    ))
});
static REVISION: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?:revisionname(?:_s)?|revision|pod|replica)[\x22':=, /a-z]{1,24}?([a-z][a-z0-9-]{1,40}?)--[a-z0-9]")
});
static GROUP: LazyLock<Regex> = LazyLock::new(|| {
    expression(r"(?:--resource-group[ =]|resource group name:? ?|/resourcegroups/|\s-g )[\x22']?([a-z0-9_.()-]{1,90})")
});
static CLIENT: LazyLock<Regex> = LazyLock::new(|| expression(r"client with ip [\x22'<]?([0-9a-fx.:]{3,45})"));

impl Names {
    /// What the text says.
    pub fn of(text: &str) -> Names {
        let mut names = Names { image: image(text), ..Names::default() };
        if let Some(image) = names.image.clone() {
            names.split(&image);
        }
        if let Some(parts) = ADDRESS.captures(text.as_bytes()) {
            let part = |at: usize| parts.get(at).map(|part| word(part).into_owned());
            names.registry = names.registry.or_else(|| part(1));
            names.repository = names.repository.or_else(|| part(2));
            names.version = names.version.or_else(|| part(3));
        }
        names.repository = names.repository.or_else(|| first(&SCOPE, text));
        names.registry = names.registry.or_else(|| first(&SERVICE, text)).or_else(|| first(&HOST, text));
        names.app = first(&APP, text).filter(|name| is_app(name)).or_else(|| first(&REVISION, text));
        names.group = first(&GROUP, text);
        names.ip = first(&CLIENT, text).map(|ip| ip.trim_end_matches(['.', ':']).to_owned());
        names
    }

    /// Fills what is missing from a message nearby, unless that is about another image.
    pub fn or(mut self, other: &Names) -> Names {
        let agree = |own: &Option<String>, other: &Option<String>| own.is_none() || other.is_none() || own == other;
        if !agree(&self.image, &other.image) || !agree(&self.registry, &other.registry) || !agree(&self.app, &other.app)
        {
            return self;
        }
        self.image = self.image.or_else(|| other.image.clone());
        self.registry = self.registry.or_else(|| other.registry.clone());
        self.repository = self.repository.or_else(|| other.repository.clone());
        self.version = self.version.or_else(|| other.version.clone());
        self.app = self.app.or_else(|| other.app.clone());
        self.group = self.group.or_else(|| other.group.clone());
        self
    }

    /// What all that name an app or a group agree on.
    pub fn common(all: &[Names]) -> Names {
        Names {
            app: single(all.iter().map(|names| &names.app)),
            group: single(all.iter().map(|names| &names.group)),
            ..Names::default()
        }
    }

    /// The registry is an Azure Container Registry, or nothing says otherwise.
    pub fn may_be_acr(&self) -> bool {
        self.registry.as_ref().is_none_or(|host| acr_name(host).is_some())
    }

    fn split(&mut self, image: &str) {
        let (name, version) = match image.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => match image.rsplit_once(':') {
                Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
                _ => (image, None),
            },
        };
        let (registry, repository) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (Some(host), path),
            _ => (None, name),
        };
        self.registry =
            registry.filter(|host| is_plain(host, ".-:") && host.contains(char::is_alphabetic)).map(str::to_owned);
        self.repository = Some(repository).filter(|path| is_plain(path, "._-/")).map(str::to_owned);
        self.version = version.filter(|version| is_plain(version, "._-:")).map(str::to_owned);
    }
}

/// The resource name of an ACR, from its login server. A name has no dash; what follows one is a domain name label's hash
/// (azure-management-docs, container-registry-get-started-azure-cli.md).
pub(super) fn acr_name(host: &str) -> Option<&str> {
    let lower = host.to_ascii_lowercase();
    let acr = [".azurecr.io", ".azurecr.us", ".azurecr.cn", ".azurecr.de"].iter().any(|suffix| lower.ends_with(suffix));
    let name = host.split(['.', '-']).next()?;
    (acr && !name.is_empty()).then_some(name)
}

/// Only ASCII letters, digits and these signs, and something at all.
pub(super) fn is_plain(text: &str, signs: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
}

/// The references that begin with the host of a registry that everybody knows.
pub(super) fn hosted(text: &str) -> Vec<String> {
    /// How many are looked at; a message names few.
    const MOST: usize = 8;
    // Where a match begins is enough, and is found much sooner than its groups: a sign may stand before the host.
    let found = HOSTED.find_iter(text.as_bytes()).take(MOST);
    found.map(|part| word(part).trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()).collect()
}

fn image(text: &str) -> Option<String> {
    let text = text.as_bytes();
    let quoted = QUOTED.captures_iter(text).filter_map(|found| found.get(1).or(found.get(2)).map(word));
    let hosted = HOSTED.captures_iter(text).filter_map(|found| found.get(1).map(word));
    let bare = BARE.captures_iter(text).filter_map(|found| found.get(1).map(word));
    let bare = bare.map(|part| Cow::<str>::Owned(part.trim_end_matches([':', '.', ')']).to_owned()));
    let mut known =
        quoted.filter(|part| is_reference(part)).chain(hosted).chain(bare.filter(|part| part.contains(['/', ':'])));
    known.next().map(|part| part.chars().take(256).collect())
}

fn word<'a>(part: Match<'a>) -> Cow<'a, str> {
    String::from_utf8_lossy(part.as_bytes())
}

/// Could have been meant as a reference: one word, or text with the marks of one.
fn is_reference(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && (text.contains(['/', ':', '.', '@']) || !text.contains(' ')) && !text.contains(": ")
}

fn single<'a>(names: impl Iterator<Item = &'a Option<String>>) -> Option<String> {
    let mut names = names.flatten();
    let first = names.next()?;
    names.all(|name| name == first).then(|| first.clone())
}

/// Words that follow "container app" in messages, and are not names.
fn is_app(name: &str) -> bool {
    !matches!(
        name,
        "name"
            | "operation"
            | "service"
            | "environment"
            | "with"
            | "has"
            | "is"
            | "was"
            | "failed"
            | "image"
            | "in"
            | "job"
    )
}

fn first(regex: &Regex, text: &str) -> Option<String> {
    regex.captures(text.as_bytes()).and_then(|found| found.get(1)).map(|part| word(part).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn names(text: &str, image: &str, registry: &str, repository: &str, version: &str) {
        let names = Names::of(text);
        let found = [names.image, names.registry, names.repository, names.version].map(Option::unwrap_or_default);
        assert_eq!(found, [image, registry, repository, version], "{text}");
    }

    #[test]
    fn an_image_is_found_where_messages_name_it() {
        let whole = "acme.azurecr.io/a/api:v1";
        for text in [
            "Failed to pull image \"acme.azurecr.io/a/api:v1\": rpc error",
            "Back-off pulling image 'acme.azurecr.io/a/api:v1'",
            "'Invalid value: \"acme.azurecr.io/a/api:v1\": GET https:: UNAUTHORIZED",
            "Pulling docker image acme.azurecr.io/a/api:v1 failed:",
            "\"Failed to pull image\" err=\"x\" image=\"acme.azurecr.io/a/api:v1\"",
            "no child with platform linux/amd64 in index acme.azurecr.io/a/api:v1",
        ] {
            names(text, whole, "acme.azurecr.io", "a/api", "v1");
        }
        names("Head \"https://acme.azurecr.io/v2/a/api/manifests/v1\": EOF", "", "acme.azurecr.io", "a/api", "v1");
        names(
            "GET https:?scope=repository:api:pull&service=acme.azurecr.io: UNAUTHORIZED",
            "",
            "acme.azurecr.io",
            "api",
            "",
        );
        names("Invalid value: \"/albumapp-ui\": GET", "/albumapp-ui", "", "/albumapp-ui", "");
        names(
            "Invalid value: \"acme.azurecr.io/api:${TAG}\": could",
            "acme.azurecr.io/api:${TAG}",
            "acme.azurecr.io",
            "api",
            "",
        );
    }

    #[test]
    fn an_app_and_a_group_are_found() {
        let app = |text| Names::of(text).app.unwrap_or_default();
        assert_eq!(app("{\"ContainerAppName\": \"orders-api\", \"x\": 1}"), "orders-api");
        assert_eq!(app("Failed to provision revision for container app 'kiosk'. Error"), "kiosk");
        assert_eq!(app("Run az containerapp update --name web --resource-group rg-web"), "web");
        assert_eq!(app("\"RevisionName_s\": \"api--65f5ae8\""), "api");
        assert_eq!(Names::of("az containerapp update -n web -g rg-web").group.unwrap(), "rg-web");
        assert_eq!(Names::of("client with IP '20.1.2.3' is not allowed").ip.unwrap(), "20.1.2.3");
    }

    #[test]
    fn a_registrys_resource_name_has_no_hash() {
        assert_eq!(acr_name("acme-h7c2d9aehxcnavgm.azurecr.io"), Some("acme"));
        assert_eq!(acr_name("ghcr.io"), None);
    }

    #[test]
    fn nothing_that_a_shell_would_act_on_is_taken() {
        let names = Names::of("Failed to pull image \"a.azurecr.io/x;rm -rf:$(id)\": x");
        assert_eq!((names.repository, names.version), (None, None));
    }
}
