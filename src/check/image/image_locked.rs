//! The image is locked against being read.
//!
//! ## Why
//! `readEnabled=false` on the repository, the tag or the manifest blocks every pull, whoever asks, while the image is still listed.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-image-lock>
//!
//! ## Fix
//! Unlock it, or deploy another.

use super::Missing;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "image-locked",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("image_locked.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::only(pull, evidence, Missing::Locked, |image| {
        let attributes = evidence.attributes(image)?.map_err(Stop::Unverified)?;
        let acr = crate::image::acr_name(&image.registry).unwrap_or_default();
        let path = &image.repository;
        let version = image.version.key();
        let (what, option) = match (attributes.repository_readable, attributes.tag_readable, image.digest()) {
            (Some(false), _, _) => ("repository", format!("--repository {path}")),
            (_, Some(false), _) => ("tag", format!("--image {path}:{version}")),
            (_, _, Some(digest)) => ("manifest", format!("--image {path}@{digest}")),
            _ => ("manifest", format!("--image {path}:{version}")),
        };
        let title = format!("the {what} of {image} is locked against being read (readEnabled=false)");
        let finding = super::at(pull, title).help("unlock it, or deploy another");
        Ok(finding.command(format!("az acr repository update -n {acr} {option} --read-enabled true")))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{asks_tags, lacks, names, not_found, refused, verdict};
    use crate::evidence::Evidence;
    use crate::evidence::{Attributes, Question, Reply};
    use crate::image::ImageRef;

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    /// The tag is listed, its manifest answers 404, and these are its attributes.
    fn listed(attributes: Attributes) -> Evidence {
        let question = Question::Attributes { image: ImageRef::parse(IMAGE).unwrap() };
        let registry = Question::Registry { host: crate::image::Host::parse("acme.azurecr.io").unwrap() };
        lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))
            .with(asks_tags("acme.azurecr.io/api"), names(&["v1", "v2"]))
            .with(question, Ok(Reply::Attributes(Box::new(attributes))))
            .with(registry, Err(refused("management.azure.com", 403)))
    }

    #[test]
    fn a_locked_tag_or_repository_fails() {
        let attributes = Attributes { tag_readable: Some(false), ..Attributes::default() };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &listed(attributes)), @"
        error: the tag of acme.azurecr.io/api:v2 is locked against being read (readEnabled=false)
        help: unlock it, or deploy another
        run: az acr repository update -n acme --image api:v2 --read-enabled true
        ");
        let attributes = Attributes { repository_readable: Some(false), ..Attributes::default() };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &listed(attributes)), @"
        error: the repository of acme.azurecr.io/api:v2 is locked against being read (readEnabled=false)
        help: unlock it, or deploy another
        run: az acr repository update -n acme --repository api --read-enabled true
        ");
    }

    #[test]
    fn one_that_may_be_read_is_another_matter() {
        let attributes = Attributes { tag_readable: Some(true), ..Attributes::default() };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &listed(attributes)), @"not applicable: what is missing is reported by another check");
    }

    #[test]
    fn a_plain_refusal_does_not_even_ask() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, refused("acme.azurecr.io", 403))), @"not applicable: the image could not be looked at");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, refused("acme.azurecr.io", 405))), @"needs attributes of acme.azurecr.io/api:v2");
    }
}
