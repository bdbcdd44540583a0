//! Tags to digests: what each image of a manifest is now, and how that is written down.
//!
//! Nothing here asks or writes: what an image is now is evidence ([`Question::Image`]), and what would be written is data, as
//! [`Lock`], as a parameters file ([`parameters`]) or as edits of the texts that were read ([`edit`], [`splice`]).

mod lock;
mod parameters;
mod rewrite;
mod text;

use std::collections::BTreeSet;

pub use lock::{Lock, LockError, Locked};
pub use parameters::{Parameters, is_ours, parameters};
pub use rewrite::{edit, holds, splice};
pub use text::{Change, write};

use crate::evidence::{Evidence, Platform, Question, Stop};
use crate::image::{Digest, ImageRef, Version};
use crate::manifest::{Condition, Manifest, Pull};
use crate::source::Span;
use crate::value::Value;

/// An image that the manifest names, with every place where it does.
#[derive(Clone, Debug)]
pub struct Pin {
    /// As it is written, with `…` for what is not known.
    pub written: String,
    platform: Platform,
    pub state: State,
    pub places: Vec<Place>,
}

/// What came of resolving an image.
#[derive(Clone, Debug)]
pub enum State {
    Resolved(Target),
    /// Only a digest is written: it is what it is.
    Fixed,
    /// It cannot be resolved, and why. The image with its tag, where that much is known.
    Left {
        tagged: Option<ImageRef>,
        why: String,
    },
}

/// What a tag is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The image with its tag and no digest.
    pub tagged: ImageRef,
    pub digest: Digest,
    /// The manifest of an index that the platform runs, where the digest is that of an index.
    pub platform_digest: Option<Digest>,
}

/// Where an image comes from.
#[derive(Clone, Debug)]
pub struct Place {
    pub value: Value,
    /// Where a person finds it.
    pub at: Span,
}

/// The images of everything that is deployed, in their order, and what must be asked before they are final.
pub fn pins(manifest: &Manifest, evidence: &Evidence) -> (Vec<Pin>, BTreeSet<Question>) {
    let (mut pins, mut needs): (Vec<Pin>, BTreeSet<Question>) = Default::default();
    for workload in manifest.workloads.iter().filter(|workload| workload.condition != Condition::Never) {
        for container in &workload.containers {
            let pull = Pull { manifest, workload, container };
            let Some(value) = pull.image_value() else { continue };
            let place = Place { value: value.clone(), at: pull.place(value) };
            let written = value.partial().unwrap_or_else(|| "(not shown)".to_owned());
            let same = |pin: &&mut Pin| pin.written == written && pin.platform == container.platform;
            if let Some(known) = pins.iter_mut().find(same).filter(|_| !value.is_secure()) {
                if !known.places.iter().any(|other| other.at == place.at) {
                    known.places.push(place);
                }
                continue;
            }
            let state = state(&pull, value, evidence, &mut needs);
            pins.push(Pin { written, platform: container.platform.clone(), state, places: vec![place] });
        }
    }
    (pins, needs)
}

fn state(pull: &Pull, value: &Value, evidence: &Evidence, needs: &mut BTreeSet<Question>) -> State {
    let left = |tagged, why| State::Left { tagged, why };
    if value.is_secure() {
        return left(None, "it is a secure value, which is neither shown nor sent to a registry".to_owned());
    }
    let image = match pull.image() {
        Ok(image) => image,
        Err(Stop::Unverified(failure)) => return left(None, failure.to_string()),
        Err(Stop::NotApplicable(why)) => return left(None, why.to_owned()),
        Err(Stop::Need(question)) => {
            let why = format!("not asked: {}", question.subject());
            needs.insert(question);
            return left(None, why);
        }
    };
    let Some(tag) = image.tag() else { return State::Fixed };
    let tagged = image.at(Version::Tag(tag.to_owned()));
    match evidence.image(&tagged, &pull.container.platform) {
        Ok(Ok(resolved)) => {
            let picked = resolved.picked.as_ref().and_then(|picked| picked.as_ref().ok());
            let child = picked.and_then(|picked| Digest::parse(&picked.digest));
            let platform_digest = child.filter(|child| *child != resolved.digest);
            State::Resolved(Target { tagged, digest: resolved.digest.clone(), platform_digest })
        }
        Ok(Err(failure)) => left(Some(tagged), failure.to_string()),
        Err(Stop::Need(question)) => {
            let why = format!("not asked: {}", question.subject());
            needs.insert(question);
            left(Some(tagged), why)
        }
        Err(Stop::Unverified(failure)) => left(Some(tagged), failure.to_string()),
        Err(Stop::NotApplicable(why)) => left(Some(tagged), why.to_owned()),
    }
}

/// A reference as somebody wrote it, with this digest: appended, or instead of the one that is there. A tag that was implied is
/// written out, so that it can be resolved again later.
pub fn pinned(written: &str, image: &ImageRef, digest: &Digest) -> String {
    match (image.digest(), written.rfind('@')) {
        (Some(_), Some(at)) => format!("{}@{digest}", &written[..at]),
        _ if image.has_implied_tag() => format!("{written}:latest@{digest}"),
        _ => format!("{written}@{digest}"),
    }
}

impl Pin {
    /// What it resolved to.
    pub fn target(&self) -> Option<&Target> {
        match &self.state {
            State::Resolved(target) => Some(target),
            State::Fixed | State::Left { .. } => None,
        }
    }

    /// The reference with its digest, as it would be written.
    pub fn pinned(&self) -> Option<String> {
        let target = self.target()?;
        let image = ImageRef::parse(&self.written).ok()?;
        Some(pinned(&self.written, &image, &target.digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::table::{app, digest, has, index, not_found, picked, read, single};
    use crate::evidence::Resolved;
    use crate::source::Sources;

    /// What is told of the images of a manifest, a line each.
    fn told(yaml: &str, evidence: &Evidence) -> String {
        let (pins, needs) = pins(&read(yaml, &mut Sources::default()), evidence);
        let line = |pin: &Pin| match (&pin.state, pin.pinned()) {
            (State::Left { why, .. }, _) => format!("{}: {why}", pin.written),
            (State::Fixed, _) => format!("{}: fixed", pin.written),
            (State::Resolved(_), pinned) => pinned.unwrap(),
        };
        let needs = needs.iter().map(|question| format!("needs {}", question.subject()));
        pins.iter().map(line).chain(needs).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_digest_is_appended_and_replaced_and_an_implied_tag_is_written_out() {
        let (old, new) = (digest('b'), digest('a'));
        let becomes = |written: &str, asked: &str| told(&app(written, ""), &has(asked, single("linux", "amd64")));
        assert_eq!(
            becomes("acme.azurecr.io/api:v1", "acme.azurecr.io/api:v1"),
            format!("acme.azurecr.io/api:v1@{new}")
        );
        assert_eq!(
            becomes(&format!("acme.azurecr.io/api:v1@{old}"), "acme.azurecr.io/api:v1"),
            format!("acme.azurecr.io/api:v1@{new}")
        );
        assert_eq!(becomes("nginx", "docker.io/library/nginx:latest"), format!("nginx:latest@{new}"));
        assert_eq!(becomes("localhost:5000/x", "localhost:5000/x:latest"), format!("localhost:5000/x:latest@{new}"));
    }

    #[test]
    fn what_cannot_be_resolved_says_why() {
        let says = |written: &str, evidence: &Evidence| told(&app(written, ""), evidence);
        let gone = Evidence::default().with(
            crate::check::table::asks("acme.azurecr.io/api:v1"),
            Err(not_found("acme.azurecr.io", "MANIFEST_UNKNOWN")),
        );
        assert!(says("acme.azurecr.io/api:v1", &gone).starts_with("acme.azurecr.io/api:v1: "));
        assert!(!says("acme.azurecr.io/api:v1", &gone).contains("needs"));
        assert!(
            says("acme.azurecr.io/api:v1", &Evidence::default()).ends_with("needs manifest of acme.azurecr.io/api:v1")
        );
        assert_eq!(says("a//b", &gone), "a//b: the reference is malformed");
        let fixed = format!("acme.azurecr.io/api@{}", digest('a'));
        assert_eq!(says(&fixed, &gone), format!("{fixed}: fixed"));
    }

    #[test]
    fn an_index_is_pinned_as_a_whole_and_its_child_is_remembered() {
        let child = crate::evidence::Picked { digest: digest('c').to_string(), ..picked("linux", "amd64") };
        let resolved = Resolved { digest: digest('d'), ..index(&["linux/amd64", "linux/arm64"], Some(Ok(child))) };
        let evidence = has("ghcr.io/acme/api:1", resolved);
        let (pins, _) = pins(&read(&app("ghcr.io/acme/api:1", ""), &mut Sources::default()), &evidence);
        let target = pins[0].target().unwrap();
        assert_eq!((&target.digest, &target.platform_digest), (&digest('d'), &Some(digest('c'))));
    }
}
