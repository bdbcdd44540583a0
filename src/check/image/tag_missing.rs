//! The image's tag is not in its repository.
//!
//! ## Why
//! The platform cannot pull what the registry does not have: the revision stays in `Failed` or `Provisioning` and the application
//! never logs a line. The image was not pushed yet, or elsewhere, or the tag is misspelt or was deleted. Without a tag, `latest` is
//! meant, which may never have been pushed. <https://aka.ms/cappsimagepullerrors>
//!
//! This check also says for all others why the registry could not be asked: a refusal, a throttle and a host that does not answer
//! are no missing tag.
//!
//! ## Fix
//! Push the tag before deploying, or deploy one that exists. While the push is still under way, `pullgate check --wait-for tag`
//! waits for it.

use super::Missing;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{ImageRef, Version, nearest};
use crate::manifest::Origin;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "tag-missing",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("tag_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    if pull.image_value().is_some_and(crate::value::Value::is_secure) {
        let why = "it is a secure value, which is neither shown nor sent to a registry".to_owned();
        return Err(Stop::Unverified(Failure::Unknown { expression: "image".to_owned(), why }));
    }
    let image = pull.image()?;
    let Version::Tag(tag) = &image.version else { return Err(Stop::NotApplicable("a digest is pulled, not a tag")) };
    match super::missing(pull, &image, evidence)? {
        None => return Ok(Vec::new()),
        Some(Missing::Tag) => {}
        Some(_) => return Err(Stop::NotApplicable("what is missing is reported by another check")),
    }

    let mut finding = super::at(pull, format!("tag `{tag}` is not in {}", image.name()));
    if image.has_implied_tag() {
        finding = finding.detail("no tag was written, so that `latest` is meant");
    }
    if pull.workload.origin == Origin::Live {
        finding = finding.detail("what runs keeps running until a replica starts anew");
    }
    if let Some(importer) = super::importer(pull, &image.repository) {
        let finding = finding.also(importer.at, "this may put it there, before the workload starts or too late");
        return Ok(vec![finding.help("let the workload depend on what imports the image").note()]);
    }
    let show = super::command(
        &image,
        |acr| {
            format!(
                "az acr repository show-tags -n {acr} --repository {} --orderby time_desc --top 10",
                image.repository
            )
        },
        || format!("docker buildx imagetools inspect {image}"),
    );
    let finding = finding.help(help(&image, tag, evidence)?).command(show);
    Ok(vec![match crate::image::acr_name(&image.registry) {
        Some(acr) => {
            finding.command(format!("az acr build -r {acr} -t {}:{tag} --platform linux/amd64 .", image.repository))
        }
        None => finding,
    }])
}

fn help(image: &ImageRef, tag: &str, evidence: &Evidence) -> Result<String, Stop> {
    let Some(Ok(tags)) = super::asked(evidence.tags(&image.registry, &image.repository), evidence)? else {
        return Ok("push it first, or deploy a tag that exists".to_owned());
    };
    // What a registry lists is not trusted to be tags.
    let is_tag = |tag: &&String| ImageRef::parse(&format!("{}:{tag}", image.name())).is_ok();
    if let Some(near) = nearest(tag, tags.iter().filter(is_tag)) {
        return Ok(format!("push it first, or deploy `{}:{near}`", image.name()));
    }
    let some: Vec<String> = tags.iter().filter(is_tag).rev().take(3).map(|tag| format!("`{tag}`")).collect();
    Ok(match some.as_slice() {
        [] => "push it first: the repository has no tag at all".to_owned(),
        some => format!("push it first, or deploy one that exists, such as {}", some.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{asks_tags, lacks, names, not_found, refused, verdict, verdicts};
    use crate::evidence::{Evidence, Failure};

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    fn unknown_manifest() -> Evidence {
        let deleted = crate::evidence::Question::DeletedTags {
            registry: crate::image::Host::parse("acme.azurecr.io").unwrap(),
            repository: "api".to_owned(),
        };
        lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))
            .with(deleted, Err(Failure::not_found("acme.azurecr.io")))
    }

    #[test]
    fn a_missing_tag_names_the_nearest_one() {
        let evidence = unknown_manifest().with(asks_tags("acme.azurecr.io/api"), names(&["v1", "main"]));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &evidence), @"
        error: tag `v2` is not in acme.azurecr.io/api
        at: acme.azurecr.io/api:v2
        help: push it first, or deploy `acme.azurecr.io/api:v1`
        run: az acr repository show-tags -n acme --repository api --orderby time_desc --top 10
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
    }

    #[test]
    fn without_a_near_one_it_names_some() {
        let evidence = unknown_manifest().with(asks_tags("acme.azurecr.io/api"), names(&["2024-01-01", "2024-02-01"]));
        assert!(verdict(CHECK, IMAGE, &evidence).contains("such as `2024-02-01`, `2024-01-01`"));
    }

    #[test]
    fn a_missing_tag_is_known_also_where_the_tags_cannot_be_asked() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &unknown_manifest().offline()), @"
        error: tag `v2` is not in acme.azurecr.io/api
        at: acme.azurecr.io/api:v2
        help: push it first, or deploy a tag that exists
        run: az acr repository show-tags -n acme --repository api --orderby time_desc --top 10
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
        let evidence = unknown_manifest().with(asks_tags("acme.azurecr.io/api"), Err(refused("acme.azurecr.io", 401)));
        assert!(verdict(CHECK, IMAGE, &evidence).starts_with("error: tag `v2` is not in acme.azurecr.io/api"));
    }

    #[test]
    fn an_implied_latest_is_said_to_be_implied() {
        let evidence = lacks("ghcr.io/acme/api", not_found("ghcr.io", "MANIFEST_UNKNOWN")).offline();
        insta::assert_snapshot!(verdict(CHECK, "ghcr.io/acme/api", &evidence), @"
        error: tag `latest` is not in ghcr.io/acme/api
        because: no tag was written, so that `latest` is meant
        help: push it first, or deploy a tag that exists
        run: docker buildx imagetools inspect ghcr.io/acme/api:latest
        ");
    }

    #[test]
    fn a_refused_question_is_not_a_missing_tag() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, refused("acme.azurecr.io", 403))), @"unverified: acme.azurecr.io answered 403");
        let closed = Failure::Closed { host: "acme.azurecr.io".to_owned(), message: None };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, closed)), @"unverified: acme.azurecr.io does not let this address in");
        let throttled = Failure::Throttled { host: "acme.azurecr.io".to_owned(), retry_after: Some(7), message: None };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, throttled)), @"unverified: acme.azurecr.io asked to come back later (429, in 7 s)");
    }

    #[test]
    fn it_asks_for_the_manifest_first_and_then_for_what_helps() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &Evidence::default()), @"needs manifest of acme.azurecr.io/api:v2");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &Evidence::default().offline()), @"not asked: manifest of acme.azurecr.io/api:v2");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &unknown_manifest()), @"needs tags of acme.azurecr.io/api");
    }

    #[test]
    fn a_digest_is_another_matter() {
        let image = format!("acme.azurecr.io/api@{}", crate::check::table::digest('a'));
        insta::assert_snapshot!(verdict(CHECK, &image, &Evidence::default()), @"not applicable: a digest is pulled, not a tag");
    }

    #[test]
    fn a_live_app_runs_on_for_a_while() {
        let yaml = "{id: /subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/x, name: x, \\
            type: Microsoft.App/containerApps, properties: {template: {containers: [{name: x, image: acme.azurecr.io/api:v2}]}}}";
        assert!(verdicts(CHECK, yaml, &unknown_manifest().offline()).contains("until a replica starts anew"));
    }

    #[test]
    fn an_image_that_is_not_known_or_secret_is_unverified_and_nobody_is_asked() {
        use crate::check::table::template;
        let says =
            |parameter: &str| verdicts(CHECK, &template(parameter, "[parameters('image')]"), &Evidence::default());
        insta::assert_snapshot!(says(r#""image": {"type": "string"}"#), @"unverified: `parameters('image')` is not known before the deployment: the parameter `image` is required and was not given");
        insta::assert_snapshot!(says(r#""image": {"type": "secureString", "defaultValue": "acme.azurecr.io/api:v2"}"#), @"unverified: `image` is not known before the deployment: it is a secure value, which is neither shown nor sent to a registry");
    }
}
