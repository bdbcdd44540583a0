//! The digest has no tag, and the registry deletes untagged manifests.
//!
//! ## Why
//! A retention policy deletes manifests some days after their last tag moved on. A deployment that is pinned to the digest runs until then,
//! and fails at the next start of a replica.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-retention-policy>
//!
//! ## Fix
//! Give the manifest a tag of its own, or lock it against deletion.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::is_acr;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "digest-untagged",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("digest_untagged.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, resolved) = super::resolved(pull, evidence)?;
    let Some(digest) = image.digest() else { return Err(Stop::NotApplicable("a tag is pulled, not a digest")) };
    // The policy spares manifests of the OCI types.
    if !is_acr(&image.registry) || !resolved.media_type.starts_with("application/vnd.docker.") {
        return Err(Stop::NotApplicable("no retention policy holds for this manifest"));
    }
    let Some(Ok(registry)) = super::asked(evidence.registry(&image.registry), evidence)? else {
        return Err(Stop::NotApplicable("the registry's policies could not be read"));
    };
    let Some(days) = registry.retention_days else { return Ok(Vec::new()) };
    let attributes = match super::asked(evidence.attributes(&image), evidence)? {
        Some(Ok(attributes)) => attributes,
        _ => return Err(Stop::NotApplicable("the manifest's tags could not be read")),
    };
    if attributes.untagged != Some(true) {
        return Ok(Vec::new());
    }
    let title = format!("{image} has no tag, and {} deletes such manifests after {days} days", registry.name);
    let finding = super::at(pull, title).help("give it a tag of its own, or lock it against deletion");
    let command = format!(
        "az acr repository update -n {} --image {}@{digest} --delete-enabled false",
        registry.name, image.repository
    );
    Ok(vec![finding.command(command)])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{digest, has, single, verdict};
    use crate::evidence::Evidence;
    use crate::evidence::{Attributes, Question, Reply, Resolved};
    use crate::image::{Host, ImageRef};

    fn image() -> String {
        format!("acme.azurecr.io/api@{}", digest('a'))
    }

    fn evidence(media_type: &str, days: u32, untagged: bool) -> Evidence {
        let resolved = Resolved { media_type: media_type.to_owned(), ..single("linux", "amd64") };
        let registry = serde_json::json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme", "name": "acme", "location": "x",
            "properties": {"loginServer": "acme.azurecr.io", "policies": {"retentionPolicy": {"status": "enabled", "days": days}}},
        });
        let attributes = Attributes { untagged: Some(untagged), ..Attributes::default() };
        has(&image(), resolved)
            .with(Question::Registry { host: Host::parse("acme.azurecr.io").unwrap() }, Ok(Reply::Json(registry)))
            .with(
                Question::Attributes { image: ImageRef::parse(&image()).unwrap() },
                Ok(Reply::Attributes(Box::new(attributes))),
            )
    }

    const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

    #[test]
    fn an_untagged_digest_under_a_retention_policy_is_warned_of() {
        insta::assert_snapshot!(verdict(CHECK, &image(), &evidence(DOCKER, 7, true)), @"
        warning: acme.azurecr.io/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa has no tag, and acme deletes such manifests after 7 days
        help: give it a tag of its own, or lock it against deletion
        run: az acr repository update -n acme --image api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa --delete-enabled false
        ");
    }

    #[test]
    fn a_tagged_one_and_one_of_the_oci_types_are_not() {
        insta::assert_snapshot!(verdict(CHECK, &image(), &evidence(DOCKER, 7, false)), @"pass");
        insta::assert_snapshot!(verdict(CHECK, &image(), &evidence("application/vnd.oci.image.manifest.v1+json", 7, true)), @"not applicable: no retention policy holds for this manifest");
    }
}
