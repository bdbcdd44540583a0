//! The image is built for several platforms, and the one that is needed is not among them.
//!
//! ## Why
//! `no child with platform linux/amd64 in index …`: Container Apps runs linux/amd64 only. The entries that BuildKit adds for provenance
//! and bills of materials have no platform and are no images; they are never counted.
//! <https://learn.microsoft.com/azure/container-apps/containers#limitations>
//!
//! ## Fix
//! Add the platform to the build: `docker buildx build --platform linux/amd64,linux/arm64 --push`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Host;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "platform-missing",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("platform_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, resolved) = super::resolved(pull, evidence)?;
    if resolved.picked.is_some() {
        return Ok(Vec::new());
    }
    let wanted = &pull.container.platform;
    let children =
        resolved.entries.iter().filter(|entry| !entry.attestation).filter_map(|entry| entry.platform.as_ref());
    let mut platforms: Vec<String> = children.map(ToString::to_string).collect();
    platforms.sort();
    platforms.dedup();
    let title = match platforms.as_slice() {
        [] => format!("the index {image} holds no image at all"),
        platforms => format!("{image} has {}, and {wanted} is needed", platforms.join(", ")),
    };
    let finding = super::at(pull, title).help(format!("build it for {wanted} as well"));
    let finding = finding.command(super::platform_mismatch::build(&image, wanted));
    let may_run = matches!(pull.workload.host, Host::Kubernetes | Host::Compose) && !platforms.is_empty();
    Ok(vec![if may_run { finding.warning() } else { finding }])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, index, lacks, picked, refused, verdict};

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    #[test]
    fn an_index_without_the_platform_fails_and_attestations_do_not_count() {
        let resolved = index(&["linux/arm64", "attestation", "windows/amd64"], None);
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"
        error: acme.azurecr.io/api:v2 has linux/arm64, windows/amd64, and linux/amd64 is needed
        help: build it for linux/amd64 as well
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, index(&["attestation"], None))), @"
        error: the index acme.azurecr.io/api:v2 holds no image at all
        help: build it for linux/amd64 as well
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
    }

    #[test]
    fn an_index_with_the_platform_passes() {
        let resolved = index(&["linux/arm64", "linux/amd64"], Some(Ok(picked("linux", "amd64"))));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"pass");
    }

    #[test]
    fn what_could_not_be_looked_at_is_not_judged() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, refused("acme.azurecr.io", 401))), @"not applicable: the image could not be looked at");
    }
}
