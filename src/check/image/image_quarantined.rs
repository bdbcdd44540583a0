//! The image is in quarantine.
//!
//! ## Why
//! A registry with a quarantine policy hides a pushed image until a scanner has passed it: a pull by tag says
//! `manifest … not found`, one by digest `The operation is disallowed`.
//! <https://github.com/Azure/acr/blob/main/docs/preview/quarantine/readme.md>
//!
//! ## Fix
//! Let the scan finish, or set the image's quarantine state; then deploy.

use super::Missing;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "image-quarantined",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("image_quarantined.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::only(pull, evidence, Missing::Quarantined, |image| {
        let acr = crate::image::acr_name(&image.registry).unwrap_or_default();
        let title = format!("{image} is pushed and kept in quarantine: nobody can pull it yet");
        let finding = super::at(pull, title).help("let the scan finish before deploying");
        Ok(finding.command(format!(
            "az acr manifest show-metadata -r {acr} -n {}:{}",
            image.repository,
            image.version.key()
        )))
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
    fn an_image_in_quarantine_fails() {
        let attributes = Attributes { quarantined: Some(true), ..Attributes::default() };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &listed(attributes)), @"
        error: acme.azurecr.io/api:v2 is pushed and kept in quarantine: nobody can pull it yet
        help: let the scan finish before deploying
        run: az acr manifest show-metadata -r acme -n api:v2
        ");
    }

    #[test]
    fn one_that_has_passed_is_another_matter() {
        let attributes = Attributes { quarantined: Some(false), ..Attributes::default() };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &listed(attributes)), @"not applicable: what is missing is reported by another check");
    }
}
