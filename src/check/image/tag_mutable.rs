//! The tag moves from image to image.
//!
//! ## Why
//! With `latest`, no tag or `main`, replicas that start at different times may run different images. A deployment with the same text changes
//! nothing: Container Apps makes no new revision and does not even validate the image.
//! <https://github.com/microsoft/azure-container-apps/issues/37>
//!
//! ## Fix
//! Deploy the tag of one build, or the digest: `pullgate pin` finds it. Lock tags that are deployed, so that nobody moves them:
//! `az acr repository update -n REGISTRY --image REPOSITORY:TAG --write-enabled false`.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-image-lock>

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::image::{Version, is_placeholder_image};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "tag-mutable",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("tag_mutable.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::reference::image(pull)?;
    if is_placeholder_image(&image) {
        return Err(Stop::NotApplicable("the image only stands in for the real one"));
    }
    let Version::Tag(tag) = &image.version else { return Ok(Vec::new()) };
    let (written, odd) = super::reference::oddities(pull, &[SuspicionKind::MissingTag, SuspicionKind::MutableTag])?;
    let Some(odd) = odd.first() else { return Ok(Vec::new()) };
    let finding = written.suspected(odd);
    let digest = match super::asked(evidence.image(&image, &pull.container.platform), evidence)? {
        Some(Ok(resolved)) => Some(&resolved.digest),
        _ => None,
    };
    let finding = match digest {
        Some(digest) => {
            finding.help(format!("name the tag that was built, or what it is now: `{}@{digest}`", image.name()))
        }
        _ => finding,
    };
    Ok(vec![if tag == "latest" { finding } else { finding.note() }])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{digest, has, single, verdict};
    use crate::evidence::Evidence;

    #[test]
    fn latest_and_no_tag_are_warned_of_with_the_digest_where_it_is_known() {
        insta::assert_snapshot!(verdict(CHECK, "acme.azurecr.io/api", &Evidence::default().offline()), @"
        warning: without a tag this is `latest`, whatever that is when a replica starts
        help: name the tag that was built
        ");
        let image = "acme.azurecr.io/api:latest";
        insta::assert_snapshot!(verdict(CHECK, image, &has(image, single("linux", "amd64"))), @"
        warning: the tag `latest` moves: replicas may run different images
        help: name the tag that was built, or what it is now: `acme.azurecr.io/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`
        ");
    }

    #[test]
    fn other_tags_that_move_are_remarked_on() {
        insta::assert_snapshot!(verdict(CHECK, "acme.azurecr.io/api:main", &Evidence::default().offline()), @"
        note: the tag `main` moves: replicas may run different images
        help: name the tag that was built, or its digest
        ");
    }

    #[test]
    fn a_tag_of_one_build_and_a_digest_are_right() {
        insta::assert_snapshot!(verdict(CHECK, "acme.azurecr.io/api:main-8841", &Evidence::default()), @"pass");
        insta::assert_snapshot!(verdict(CHECK, &format!("acme.azurecr.io/api:latest@{}", digest('a')), &Evidence::default()), @"pass");
    }
}
