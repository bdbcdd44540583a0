//! The repository of the image is not in its registry.
//!
//! ## Why
//! Nothing was ever pushed under this name: the image went to another registry or repository, or the name is misspelt. Azure Container
//! Registry answers `NAME_UNKNOWN`; registries that hide what is private answer `UNAUTHORIZED` instead, which is not taken for this.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>
//!
//! ## Fix
//! Push the image there, or correct the name.

use super::Missing;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{ImageRef, nearest};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "repository-missing",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("repository_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    super::only(pull, evidence, Missing::Repository, |image| {
        let finding = super::at(pull, format!("repository `{}` is not in {}", image.repository, image.registry));
        if let Some(importer) = super::importer(pull, &image.repository) {
            let finding = finding.also(importer.at, "this may put it there, before the workload starts or too late");
            return Ok(finding.help("let the workload depend on what imports the image").note());
        }
        let show = super::command(
            image,
            |acr| format!("az acr repository list -n {acr} -o table"),
            || format!("docker buildx imagetools inspect {image}"),
        );
        Ok(finding.help(help(image, evidence)?).command(show))
    })
}

fn help(image: &ImageRef, evidence: &Evidence) -> Result<String, Stop> {
    let Some(Ok(repositories)) = super::asked(evidence.repositories(&image.registry), evidence)? else {
        return Ok("push the image there first, or correct the name".to_owned());
    };
    // What a registry lists is not trusted to be repositories.
    let is_name = |name: &&String| ImageRef::parse(&format!("{}/{name}", image.registry)).is_ok();
    Ok(match nearest(&image.repository, repositories.iter().filter(is_name)) {
        Some(near) => format!("did you mean `{}/{near}{}`?", image.registry, image.version),
        None if repositories.is_empty() => format!("push the image first: {} lists no repository", image.registry),
        None => "push the image there first, or correct the name".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{asks_tags, lacks, names, not_found, refused, verdict};
    use crate::evidence::Evidence;
    use crate::evidence::{Answer, Question, Reply};

    const IMAGE: &str = "acme.azurecr.io/shop/api:v2";

    fn with_repositories(evidence: Evidence, answer: Answer<Reply>) -> Evidence {
        evidence
            .with(Question::Repositories { registry: crate::image::Host::parse("acme.azurecr.io").unwrap() }, answer)
    }

    #[test]
    fn a_missing_repository_names_the_nearest_one() {
        let evidence = lacks(IMAGE, not_found("acme.azurecr.io", "NAME_UNKNOWN"));
        let evidence = with_repositories(evidence, names(&["shop/apis", "other"]));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &evidence), @"
        error: repository `shop/api` is not in acme.azurecr.io
        at: acme.azurecr.io/shop/api:v2
        help: did you mean `acme.azurecr.io/shop/apis:v2`?
        run: az acr repository list -n acme -o table
        ");
    }

    #[test]
    fn a_registry_that_says_only_manifest_unknown_is_asked_for_the_tags() {
        let evidence = lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &evidence), @"needs tags of acme.azurecr.io/shop/api");
        let evidence =
            evidence.with(asks_tags("acme.azurecr.io/shop/api"), Err(not_found("acme.azurecr.io", "NAME_UNKNOWN")));
        let evidence = with_repositories(evidence, Err(refused("acme.azurecr.io", 401)));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &evidence), @"
        error: repository `shop/api` is not in acme.azurecr.io
        at: acme.azurecr.io/shop/api:v2
        help: push the image there first, or correct the name
        run: az acr repository list -n acme -o table
        ");
    }

    #[test]
    fn a_missing_tag_or_a_refusal_is_not_a_missing_repository() {
        let evidence = lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN")).offline();
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &evidence), @"not applicable: what is missing is reported by another check");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, refused("acme.azurecr.io", 401))), @"not applicable: the image could not be looked at");
    }
}
