//! H2: is the tag or digest there, and does the platform run it?
//!
//! On the healthy path each distinct image is asked for once and nothing else is. What an answer of 404 means is worked out by
//! [`missing`], with more questions; a refusal, a throttle or a silent host is never a missing image: `tag-missing` and
//! `digest-missing` tell it for all checks of the image.

pub mod cache_rule_failed;
pub mod child_missing;
pub mod digest_missing;
pub mod digest_untagged;
pub mod hub_limit;
pub mod hub_quota_exhausted;
pub mod image_built;
pub mod image_locked;
pub mod image_quarantined;
pub mod image_too_large;
pub mod layers_unusual;
pub mod manifest_outdated;
pub mod not_an_image;
pub mod placeholder_image;
pub mod platform_mismatch;
pub mod platform_missing;
pub mod registry_not_yet;
pub mod replica_lag;
pub mod repository_missing;
pub mod tag_beside_digest;
pub mod tag_deleted;
pub mod tag_drifted;
pub mod tag_missing;
pub mod tag_moved;
pub mod tag_mutable;

use super::reference;
use crate::evidence::{Answer, Evidence, Failure, Picked, Resolved, Stop};
use crate::finding::Finding;
use crate::image::{ImageRef, Version, acr_name, is_acr};
use crate::manifest::{Condition, Found, Partial, PlannedResource, Pull};
use crate::value::{Data, Piece, Value};

/// What a registry does not have, or does not give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    Repository,
    Tag,
    Digest,
    /// A tag that was deleted and can be restored.
    Deleted,
    Quarantined,
    Locked,
    /// The tag is listed and its manifest is not there.
    Listed,
}

/// Why a check of the image itself has nothing to say.
const NOT_SEEN: Stop = Stop::NotApplicable("the image could not be looked at");

/// The image and what its registry has under it.
///
/// # Errors
/// *Not applicable* when it could not be looked at, which is told elsewhere.
pub(super) fn resolved<'e>(pull: &Pull, evidence: &'e Evidence) -> Result<(ImageRef, &'e Resolved), Stop> {
    let image = reference::image(pull)?;
    let resolved = evidence.image(&image, &pull.container.platform)?.map_err(|_| NOT_SEEN)?;
    Ok((image, resolved))
}

/// The image and the manifest that the platform runs.
///
/// # Errors
/// As [`resolved`]; *not applicable* as well when there is no such manifest.
pub(super) fn picked<'e>(pull: &Pull, evidence: &'e Evidence) -> Result<(ImageRef, &'e Resolved, &'e Picked), Stop> {
    let (image, resolved) = resolved(pull, evidence)?;
    match &resolved.picked {
        Some(Ok(picked)) => Ok((image, resolved, picked)),
        _ => Err(Stop::NotApplicable("there is no manifest for the platform")),
    }
}

/// What of the image is missing; `None` when it is there.
///
/// # Errors
/// *Unverified* when its registry could not be asked.
pub(super) fn missing(pull: &Pull, image: &ImageRef, evidence: &Evidence) -> Result<Option<Missing>, Stop> {
    let failure = match evidence.image(image, &pull.container.platform)? {
        Ok(_) => return Ok(None),
        Err(failure) => failure,
    };
    if is_disallowed(&failure) && is_acr(&image.registry) {
        return withheld(image, evidence)?.map(Some).ok_or(Stop::Unverified(failure));
    }
    let Failure::NotFound { code, .. } = &failure else { return Err(Stop::Unverified(failure)) };
    if code.as_deref() == Some("NAME_UNKNOWN") {
        return Ok(Some(Missing::Repository));
    }
    let tags = match asked(evidence.tags(&image.registry, &image.repository), evidence)? {
        Some(Err(Failure::NotFound { .. })) => return Ok(Some(Missing::Repository)),
        Some(Ok(tags)) => Some(tags),
        Some(Err(_)) | None => None,
    };
    let Version::Tag(tag) = &image.version else { return Ok(Some(Missing::Digest)) };
    if tags.is_some_and(|tags| tags.contains(tag)) {
        // A quarantined image answers 404 to its tag, a replica that lags behind does too.
        let withheld = if is_acr(&image.registry) { withheld(image, evidence)? } else { None };
        return Ok(Some(withheld.unwrap_or(Missing::Listed)));
    }
    if is_acr(&image.registry)
        && let Some(Ok(deleted)) = asked(evidence.deleted_tags(&image.registry, &image.repository), evidence)?
        && deleted.contains(tag)
    {
        return Ok(Some(Missing::Deleted));
    }
    Ok(Some(Missing::Tag))
}

/// Runs a check of one kind of missing thing: it is a finding, everything else is for another check.
pub(super) fn only(
    pull: &Pull,
    evidence: &Evidence,
    mine: Missing,
    finding: impl FnOnce(&ImageRef) -> Result<Finding, Stop>,
) -> Result<Vec<Finding>, Stop> {
    let image = reference::image(pull)?;
    match missing(pull, &image, evidence) {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(missing)) if missing == mine => Ok(vec![finding(&image)?]),
        Ok(Some(_)) => Err(Stop::NotApplicable("what is missing is reported by another check")),
        Err(Stop::Unverified(_)) => Err(NOT_SEEN),
        Err(stop) => Err(stop),
    }
}

/// An answer that only helps: `None` when the run does not ask.
pub(super) fn asked<T>(answer: Result<Answer<T>, Stop>, evidence: &Evidence) -> Result<Option<Answer<T>>, Stop> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Stop::Need(_)) if evidence.is_offline() => Ok(None),
        Err(stop) => Err(stop),
    }
}

/// A finding at the image.
pub(super) fn at(pull: &Pull, title: impl Into<String>) -> Finding {
    match pull.image_value() {
        Some(value) => Finding::at_value(value, title),
        None => Finding::at(pull.container.at, title),
    }
}

/// How the registry's own tool shows what there is: the first for registries of Azure, the second for others.
pub(super) fn command(image: &ImageRef, azure: impl FnOnce(&str) -> String, other: impl FnOnce() -> String) -> String {
    match acr_name(&image.registry) {
        Some(name) => azure(name),
        None => other(),
    }
}

/// The registry of the image where this deployment creates it.
pub(super) fn planned_registry<'m>(pull: &Pull<'m>) -> Option<&'m PlannedResource> {
    let host = pull.host().ok()?;
    let Found::One(registry) = pull.manifest.planned.registry_of(&host) else { return None };
    (!registry.existing && registry.condition != Condition::Never).then_some(registry)
}

/// The resource of this deployment that puts the image where it is pulled from: a script or task that names its repository.
pub(super) fn importer<'m>(pull: &Pull<'m>, repository: &str) -> Option<&'m PlannedResource> {
    const KINDS: [&str; 4] = [
        "microsoft.resources/deploymentscripts",
        "microsoft.containerregistry/registries/taskruns",
        "microsoft.containerregistry/registries/importpipelines",
        "microsoft.containerregistry/registries/pipelineruns",
    ];
    let resources = pull.manifest.planned.resources.iter();
    let mut runs = resources.filter(|resource| !resource.existing && resource.condition != Condition::Never);
    runs.find(|resource| KINDS.contains(&resource.kind.as_str()) && mentions(&resource.body, repository))
}

fn is_disallowed(failure: &Failure) -> bool {
    let (status, message) = match failure {
        Failure::Refused { status, message, .. } | Failure::Server { status, message, .. } => (*status, message),
        _ => return false,
    };
    // `unknown: The operation is disallowed.` https://github.com/Azure/acr/blob/main/docs/preview/quarantine/readme.md
    status == 405 || message.as_ref().is_some_and(|message| message.contains("disallowed"))
}

/// Whether the registry keeps back an image that it has.
fn withheld(image: &ImageRef, evidence: &Evidence) -> Result<Option<Missing>, Stop> {
    let Some(Ok(attributes)) = asked(evidence.attributes(image), evidence)? else { return Ok(None) };
    let flags = [attributes.repository_readable, attributes.tag_readable, attributes.manifest_readable];
    if flags.contains(&Some(false)) {
        return Ok(Some(Missing::Locked));
    }
    if attributes.quarantined == Some(true) {
        return Ok(Some(Missing::Quarantined));
    }
    let registry = asked(evidence.registry(&image.registry), evidence)?;
    let has_quarantine = registry.is_some_and(|registry| registry.is_ok_and(|registry| registry.quarantine));
    Ok(has_quarantine.then_some(Missing::Quarantined))
}

/// Whether a text inside a value holds this one; of a very large value only the beginning is read.
fn mentions(value: &Value, text: &str) -> bool {
    const MOST: usize = 20_000;
    let holds = |known: &str| known.contains(text);
    let mut open = vec![value];
    for _ in 0..MOST {
        let Some(value) = open.pop() else { return false };
        match &value.data {
            Data::String(known) if holds(known) => return true,
            Data::Unknown(unknown) => {
                let known = |piece: &Piece| matches!(piece, Piece::Known(known) if holds(known));
                if unknown.pieces.iter().any(known) || Partial::of(value).is_some_and(|partial| holds(partial.as_str()))
                {
                    return true;
                }
                open.extend(&unknown.alternatives);
            }
            Data::Array(items) => open.extend(items.iter()),
            Data::Object(object) => open.extend(object.members.iter().map(|member| &member.value)),
            Data::Secure(inner) => open.push(inner),
            _ => {}
        }
    }
    false
}
