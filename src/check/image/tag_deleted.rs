//! The tag was deleted and can still be restored.
//!
//! ## Why
//! With the soft-delete policy a deleted artefact is kept for 1 to 90 days. Until it is restored it cannot be pulled, and pushing the
//! same digest again is refused. <https://learn.microsoft.com/azure/container-registry/container-registry-soft-delete-policy>
//!
//! ## Fix
//! Restore it: `az acr manifest restore`.

use super::Missing;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "tag-deleted",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("tag_deleted.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::only(pull, evidence, Missing::Deleted, |image| {
        let acr = crate::image::acr_name(&image.registry).unwrap_or_default();
        let tag = image.tag().unwrap_or_default();
        let finding = super::at(pull, format!("tag `{tag}` of {} was deleted, and can be restored", image.name()));
        let finding = finding.help("restore it, or deploy another");
        Ok(finding.command(format!("az acr manifest restore -r {acr} -n {}:{tag}", image.repository)))
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{asks_tags, lacks, names, not_found, verdict};
    use crate::evidence::Evidence;
    use crate::evidence::Question;

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    fn unlisted(deleted: &[&str]) -> Evidence {
        let registry = crate::image::Host::parse("acme.azurecr.io").unwrap();
        lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))
            .with(asks_tags("acme.azurecr.io/api"), names(&["v1"]))
            .with(Question::DeletedTags { registry, repository: "api".to_owned() }, names(deleted))
    }

    #[test]
    fn a_deleted_tag_says_how_to_restore_it() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &unlisted(&["v0", "v2"])), @"
        error: tag `v2` of acme.azurecr.io/api was deleted, and can be restored
        at: acme.azurecr.io/api:v2
        help: restore it, or deploy another
        run: az acr manifest restore -r acme -n api:v2
        ");
    }

    #[test]
    fn a_tag_that_never_was_is_another_matter() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &unlisted(&[])), @"not applicable: what is missing is reported by another check");
    }
}
