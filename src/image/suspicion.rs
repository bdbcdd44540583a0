//! What the grammar accepts although it is hardly meant, or cannot be served to Azure.
//!
//! A suspicion claims nothing about severity: the check that asks for its kind does.

mod host;
mod name;
mod version;

use std::ops::Range;

pub(super) use name::is_empty_word;

use super::ImageRef;
use super::grammar::host_end;
use super::token;

/// Something odd about a well-formed reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    pub kind: SuspicionKind,
    /// The bytes that show it, in the text that was read.
    pub at: Range<usize>,
    /// What is odd, as a sentence without full stop.
    pub title: String,
    /// What to do about it, as a half-sentence.
    pub hint: Option<String>,
    /// The whole reference as it was probably meant.
    pub fix: Option<String>,
}

/// One kind for each check that may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuspicionKind {
    /// A token in legal text: `__TAG__`, `your-registry`, `IMAGE_TAG`.
    Placeholder,
    /// `null`, `undefined`, `none`: a variable that was empty where it was formatted.
    EmptyWord,
    /// The first part is a host by its capitals only: `MyOrg/app`.
    UpperCaseHost,
    /// Capitals in a host; DNS ignores them, the comparison with `registries[].server` may not.
    UpperCaseRegistry,
    /// No host can have this name: `my_acr.azurecr.io`, `999.1.1.1`.
    InvalidHost,
    /// Nearly the host of a registry.
    TypoHost,
    /// The host of web pages about images.
    WebPage,
    /// A host in a cloud's registry domain whose name the service never hands out.
    AcrName,
    /// A dash in a registry's host that hardly begins the hash of a domain name label.
    AcrHash,
    /// A registry's data or private-link host instead of its login server.
    AcrEndpoint,
    /// A port other than 443 at a registry of Azure.
    AcrPort,
    /// No TCP port has this number.
    PortRange,
    /// The machine itself.
    LoopbackHost,
    /// An address of a private network or of one link.
    PrivateHost,
    /// A name that public DNS does not have.
    LocalHostName,
    /// A host within the repository that repeats the registry, or belongs in its place.
    DoubledHost,
    /// Another registry's host begins the repository, as mirrors name their copies.
    HostInRepository,
    /// A login server, or another host, where an image is expected.
    HostAsImage,
    /// No host was written: Docker Hub is implied.
    MissingRegistry,
    /// Host and path together are longer than many clients allow.
    LongName,
    /// Neither tag nor digest was written: `latest` is implied.
    MissingTag,
    /// The tag is one that moves.
    MutableTag,
    /// A digest makes the tag beside it meaningless.
    TagBesideDigest,
    /// A digest that not every node knows.
    Sha512,
}

/// All that is odd about `image`, which was read from `text`; in the order of [`SuspicionKind`].
pub fn suspicions(text: &str, image: &ImageRef) -> Vec<Suspicion> {
    let written = Written::of(text, image);
    let mut found = placeholders(&written);
    host::suspect(&written, &mut found);
    name::suspect(&written, &mut found);
    version::suspect(&written, &mut found);
    found.sort_by_key(|suspicion| suspicion.kind);
    found
}

/// A reference and where its parts were written.
struct Written<'a> {
    text: &'a str,
    image: &'a ImageRef,
    host: Option<Range<usize>>,
    path: Range<usize>,
    tag: Option<Range<usize>>,
    digest: Option<Range<usize>>,
}

impl<'a> Written<'a> {
    fn of(text: &'a str, image: &'a ImageRef) -> Self {
        let host = host_end(text).map(|end| 0..end);
        let path_start = host.as_ref().map_or(0, |host| host.end + 1);
        let path_end = text[path_start..].find([':', '@']).map_or(text.len(), |length| path_start + length);
        let at = text[path_end..].find('@').map(|length| path_end + length);
        let tag_end = at.unwrap_or(text.len());
        Self {
            text,
            image,
            host,
            path: path_start..path_end,
            tag: (path_end < tag_end).then(|| path_end + 1..tag_end),
            digest: at.map(|at| at + 1..text.len()),
        }
    }

    /// The path as written, without an implied `library/`.
    fn path(&self) -> &'a str {
        &self.text[self.path.clone()]
    }

    /// The tag or digest as written, with its mark.
    fn version(&self) -> &'a str {
        &self.text[self.path.end..]
    }

    /// The reference with another host.
    fn with_host(&self, host: &str) -> String {
        format!("{host}/{}{}", self.path(), self.version())
    }
}

fn suspicion(kind: SuspicionKind, at: Range<usize>, title: impl Into<String>) -> Suspicion {
    Suspicion { kind, at, title: title.into(), hint: None, fix: None }
}

impl Suspicion {
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the correction, if it is a reference at all.
    fn fix(mut self, fix: String) -> Self {
        if ImageRef::parse(&fix).is_ok() {
            self.hint.get_or_insert_with(|| format!("write `{fix}`"));
            self.fix = Some(fix);
        }
        self
    }
}

fn placeholders(written: &Written<'_>) -> Vec<Suspicion> {
    token::placeholders(written.text)
        .into_iter()
        .map(|token| {
            let shown = &written.text[token.range.clone()];
            let title = format!("`{shown}` looks like {}", token.style.describe());
            suspicion(SuspicionKind::Placeholder, token.range, title).hint("replace it before the file is deployed")
        })
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The titles of one kind, with the text that they point at.
    #[track_caller]
    pub fn titles(text: &str, kind: SuspicionKind) -> Vec<(String, String)> {
        let image = ImageRef::parse(text).unwrap();
        suspicions(text, &image)
            .into_iter()
            .filter(|suspicion| suspicion.kind == kind)
            .map(|suspicion| (text[suspicion.at].to_owned(), suspicion.title))
            .collect()
    }

    #[track_caller]
    pub fn suspects(text: &str, kind: SuspicionKind, at: &str) -> Suspicion {
        let image = ImageRef::parse(text).unwrap();
        let found = suspicions(text, &image);
        let Some(found) = found.iter().find(|suspicion| suspicion.kind == kind) else {
            panic!("no {kind:?} in {found:?}");
        };
        assert_eq!(&text[found.at.clone()], at);
        found.clone()
    }

    #[track_caller]
    pub fn fixes(text: &str, kind: SuspicionKind, at: &str, fix: &str) {
        assert_eq!(suspects(text, kind, at).fix.as_deref(), Some(fix));
    }

    #[track_caller]
    pub fn does_not_suspect(text: &str, kind: SuspicionKind) {
        assert_eq!(titles(text, kind), Vec::new());
    }

    #[test]
    fn an_ordinary_reference_is_beyond_suspicion() {
        for text in [
            "acmeprod.azurecr.io/api:v1",
            "acmeprod-e7ggejfuhzhgedc8.azurecr.io/team/api:20250211.3",
            "acme1.westeurope.geo.azurecr.io/api:v1",
            "ghcr.io/acme/api:1.2.3",
            "docker.io/library/nginx:1.27",
            "mcr.microsoft.com/k8se/quickstart:1",
        ] {
            let image = ImageRef::parse(text).unwrap();
            assert_eq!(suspicions(text, &image), Vec::new());
        }
    }

    #[test]
    fn a_token_in_legal_text_is_suspected() {
        suspects("acme.azurecr.io/api:__TAG__", SuspicionKind::Placeholder, "__TAG__");
        suspects("your-registry/api:v1", SuspicionKind::Placeholder, "your-registry");
    }
}
