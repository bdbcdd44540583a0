//! The image is built for another platform than the one that runs it.
//!
//! ## Why
//! Container Apps runs linux/amd64 and refuses others (`image OS/Arc must be linux/amd64 but found linux/arm64`); elsewhere the
//! container starts with `exec format error`. Images that are built on a Mac are linux/arm64 unless told otherwise.
//! <https://learn.microsoft.com/azure/container-apps/containers#limitations>
//!
//! ## Fix
//! Build for the platform: `docker buildx build --platform linux/amd64` or `az acr build --platform linux/amd64`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Host;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "platform-mismatch",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("platform_mismatch.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, resolved, picked) = super::picked(pull, evidence)?;
    let platform = match &picked.platform {
        Some(Ok(platform)) => platform,
        Some(Err(failure)) if failure.is_not_found() => {
            return Err(Stop::NotApplicable("its configuration is missing"));
        }
        Some(Err(failure)) => return Err(Stop::Unverified(failure.clone())),
        None => return Err(Stop::NotApplicable("it is no image")),
    };
    let wanted = &pull.container.platform;
    if platform == wanted {
        return Ok(Vec::new());
    }
    let shown = match platform.os.is_empty() && platform.architecture.is_empty() {
        true => "no platform at all".to_owned(),
        false => platform.to_string(),
    };
    let finding = super::at(pull, format!("{image} is built for {shown}, and {wanted} is needed"));
    let finding = match resolved.entries.is_empty() {
        true => finding,
        false => finding.detail(format!("its index says {wanted}, the configuration of the image itself does not")),
    };
    let finding = finding.help(format!("build it for {wanted}")).command(build(&image, wanted));
    // Which nodes a cluster has, no manifest tells; what an index promises, some runtimes believe.
    let may_run = matches!(pull.workload.host, Host::Kubernetes | Host::Compose)
        || !resolved.entries.is_empty()
        || platform.os.is_empty();
    Ok(vec![if may_run { finding.warning() } else { finding }])
}

/// The command that builds for a platform.
pub(super) fn build(image: &crate::image::ImageRef, platform: &crate::evidence::Platform) -> String {
    let tag = image.tag().unwrap_or("TAG");
    super::command(
        image,
        |acr| format!("az acr build -r {acr} -t {}:{tag} --platform {platform} .", image.repository),
        || format!("docker buildx build --platform {platform} -t {}:{tag} --push .", image.name()),
    )
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, index, lacks, picked, refused, single, verdict, verdicts};
    use crate::evidence::Evidence;

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    #[test]
    fn a_single_manifest_for_another_platform_fails() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("linux", "arm64"))), @"
        error: acme.azurecr.io/api:v2 is built for linux/arm64, and linux/amd64 is needed
        help: build it for linux/amd64
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("windows", "amd64"))), @"
        error: acme.azurecr.io/api:v2 is built for windows/amd64, and linux/amd64 is needed
        help: build it for linux/amd64
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
        let public = "ghcr.io/acme/api:v2";
        assert!(verdict(CHECK, public, &has(public, single("linux", "arm64"))).contains("run: docker buildx build"));
    }

    #[test]
    fn an_index_that_promises_more_than_its_child_is_warned_of() {
        let resolved = index(&["linux/amd64"], Some(Ok(picked("linux", "arm64"))));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"
        warning: acme.azurecr.io/api:v2 is built for linux/arm64, and linux/amd64 is needed
        because: its index says linux/amd64, the configuration of the image itself does not
        help: build it for linux/amd64
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
    }

    #[test]
    fn the_right_platform_passes() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("linux", "amd64"))), @"pass");
        let resolved = index(&["linux/arm64", "linux/amd64", "attestation"], Some(Ok(picked("linux", "amd64"))));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"pass");
    }

    #[test]
    fn a_cluster_may_have_other_nodes() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, image: 'acme.azurecr.io/api:v2'}]}\n";
        assert!(verdicts(CHECK, pod, &has(IMAGE, single("linux", "arm64"))).starts_with("warning: "));
    }

    #[test]
    fn a_configuration_that_is_refused_is_unverified() {
        let mut resolved = single("linux", "amd64");
        if let Some(Ok(picked)) = &mut resolved.picked {
            picked.platform = Some(Err(refused("acme.azurecr.io", 403)));
        }
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"unverified: acme.azurecr.io answered 403");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, refused("acme.azurecr.io", 401))), @"not applicable: the image could not be looked at");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &Evidence::default()), @"needs manifest of acme.azurecr.io/api:v2");
    }
}
