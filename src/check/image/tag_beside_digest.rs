//! The tag beside the digest points to another image.
//!
//! ## Why
//! Where both are written the digest is pulled and nobody looks at the tag: whoever reads the file believes that the tag is deployed.
//! <https://github.com/distribution/reference/blob/main/normalize.go>
//!
//! ## Fix
//! Bring the digest up to date (`pullgate pin`), or leave the tag out.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Version;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "tag-beside-digest",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("tag_beside_digest.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, resolved) = super::resolved(pull, evidence)?;
    let Version::TagAndDigest(tag, digest) = &image.version else {
        return Err(Stop::NotApplicable("there is no tag beside a digest"));
    };
    let title = match &resolved.tag_digest {
        None => return Ok(Vec::new()),
        Some(Ok(now)) if now == digest => return Ok(Vec::new()),
        Some(Ok(now)) => format!("tag `{tag}` is {now} by now; the digest beside it is what is pulled"),
        Some(Err(failure)) if failure.is_not_found() => {
            format!("tag `{tag}` is not in {}; the digest beside it is what is pulled", image.name())
        }
        Some(Err(failure)) => return Err(Stop::Unverified(failure.clone())),
    };
    Ok(vec![super::at(pull, title).help("bring the digest up to date, or leave the tag out")])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{digest, has, not_found, refused, single, verdict};
    use crate::evidence::Resolved;

    fn image() -> String {
        format!("acme.azurecr.io/api:v2@{}", digest('a'))
    }

    fn tagged(tag_digest: crate::evidence::Answer<crate::image::Digest>) -> Resolved {
        Resolved { tag_digest: Some(tag_digest), ..single("linux", "amd64") }
    }

    #[test]
    fn a_tag_that_moved_or_went_is_warned_of() {
        insta::assert_snapshot!(verdict(CHECK, &image(), &has(&image(), tagged(Ok(digest('b'))))), @"
        warning: tag `v2` is sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb by now; the digest beside it is what is pulled
        at: acme.azurecr.io/api:v2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        help: bring the digest up to date, or leave the tag out
        ");
        insta::assert_snapshot!(verdict(CHECK, &image(), &has(&image(), tagged(Err(not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))))), @"
        warning: tag `v2` is not in acme.azurecr.io/api; the digest beside it is what is pulled
        at: acme.azurecr.io/api:v2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        help: bring the digest up to date, or leave the tag out
        ");
    }

    #[test]
    fn a_tag_that_agrees_is_right_and_one_that_is_refused_unverified() {
        insta::assert_snapshot!(verdict(CHECK, &image(), &has(&image(), tagged(Ok(digest('a'))))), @"pass");
        insta::assert_snapshot!(verdict(CHECK, &image(), &has(&image(), tagged(Err(refused("acme.azurecr.io", 403))))), @"unverified: acme.azurecr.io answered 403");
        let tag = "acme.azurecr.io/api:v2";
        insta::assert_snapshot!(verdict(CHECK, tag, &has(tag, single("linux", "amd64"))), @"not applicable: there is no tag beside a digest");
    }
}
