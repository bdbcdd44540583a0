//! The tag is listed, but its manifest is not there.
//!
//! ## Why
//! In a geo-replicated registry a push is complete in one region before the others know of it, and the environment may be sent to
//! another region than this runner. A manifest that was deleted underneath its tag looks the same.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-geo-replication>
//!
//! ## Fix
//! Wait some minutes and run pullgate again, or have it wait (`pullgate check --wait-for replica`); deploy by digest. If it stays, push the image again.

use super::Missing;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "replica-lag",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("replica_lag.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::only(pull, evidence, Missing::Listed, |image| {
        let title = format!("{image} is listed, but {} does not have its manifest", image.registry);
        let finding = super::at(pull, title)
            .detail("a replica that does not know it yet answers so, and so does a registry whose manifest was purged");
        let finding = finding.help("wait some minutes and try again; if it stays, push the image again");
        Ok(match crate::image::acr_name(&image.registry) {
            Some(acr) => finding.command(format!("az acr replication list -r {acr} -o table")),
            None => finding,
        })
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
    fn a_listed_tag_without_a_manifest_fails() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &listed(Attributes::default())), @"
        error: acme.azurecr.io/api:v2 is listed, but acme.azurecr.io does not have its manifest
        because: a replica that does not know it yet answers so, and so does a registry whose manifest was purged
        help: wait some minutes and try again; if it stays, push the image again
        run: az acr replication list -r acme -o table
        ");
    }

    #[test]
    fn a_tag_that_is_not_listed_is_missing() {
        let evidence = lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN")).offline();
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &evidence), @"not applicable: what is missing is reported by another check");
    }
}
