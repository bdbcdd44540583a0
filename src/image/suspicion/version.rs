//! Odd tags and digests.

use super::name::is_empty_word;
use super::{Suspicion, SuspicionKind as Kind, Written, suspicion};
use crate::image::digest::Algorithm;
use crate::image::known::is_mutable_tag;

pub(super) fn suspect(written: &Written<'_>, found: &mut Vec<Suspicion>) {
    match (&written.tag, &written.digest) {
        (None, None) => found.push(missing_tag(written)),
        (Some(_), None) => found.extend(odd_tag(written)),
        (_, Some(_)) => found.extend(odd_digest(written)),
    }
}

fn missing_tag(written: &Written<'_>) -> Suspicion {
    let end = written.path.end;
    let title = "without a tag this is `latest`, whatever that is when a replica starts";
    suspicion(Kind::MissingTag, end..end, title).hint("name the tag that was built")
}

fn odd_tag(written: &Written<'_>) -> Option<Suspicion> {
    let at = written.tag.clone()?;
    let tag = &written.text[at.clone()];
    if is_empty_word(tag) {
        let title = format!("the tag `{tag}` is what an unset value becomes in a string");
        let hint = "set the variable or parameter that it comes from";
        return Some(suspicion(Kind::EmptyWord, at, title).hint(hint));
    }
    is_mutable_tag(tag).then(|| {
        let title = format!("the tag `{tag}` moves: replicas may run different images");
        suspicion(Kind::MutableTag, at, title).hint("name the tag that was built, or its digest")
    })
}

fn odd_digest(written: &Written<'_>) -> Vec<Suspicion> {
    let mut found = Vec::new();
    if let Some(at) = written.tag.clone() {
        let tag = &written.text[at.clone()];
        let title = format!("the digest is pulled, and nobody looks at the tag `{tag}`");
        found.push(suspicion(Kind::TagBesideDigest, at, title));
    }
    let digest = written.image.digest();
    if let Some(at) = written.digest.clone()
        && digest.is_some_and(|digest| digest.algorithm() == Algorithm::Sha512)
    {
        let title = "not every node knows sha512; registries of Azure use sha256";
        found.push(suspicion(Kind::Sha512, at, title));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{does_not_suspect, suspects};
    use super::Kind;

    #[test]
    fn moving_tags_are_suspected() {
        suspects("acme.azurecr.io/api", Kind::MissingTag, "");
        suspects("acme.azurecr.io/api:latest", Kind::MutableTag, "latest");
        suspects("acme.azurecr.io/api:Main", Kind::MutableTag, "Main");
        does_not_suspect("acme.azurecr.io/api:main-8841", Kind::MutableTag);
        does_not_suspect("acme.azurecr.io/api:v1", Kind::MissingTag);
    }

    #[test]
    fn a_tag_from_an_unset_value_is_suspected() {
        suspects("acme.azurecr.io/api:undefined", Kind::EmptyWord, "undefined");
        suspects("acme.azurecr.io/api:None", Kind::EmptyWord, "None");
    }

    #[test]
    fn a_digest_is_no_missing_tag() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let text = format!("acme.azurecr.io/api@{digest}");
        does_not_suspect(&text, Kind::MissingTag);
        let text = format!("acme.azurecr.io/api:v1@{digest}");
        suspects(&text, Kind::TagBesideDigest, "v1");
    }

    #[test]
    fn sha512_is_suspected() {
        let digest = format!("sha512:{}", "a".repeat(128));
        suspects(&format!("acme.azurecr.io/api@{digest}"), Kind::Sha512, &digest);
    }
}
