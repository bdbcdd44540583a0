//! The registry is in another cloud of Azure than the one that is deployed to.
//!
//! ## Why
//! The clouds have directories of their own: an identity of one cannot log in at a registry of another, and the commands of one
//! refuse the other's hosts (`… is not a valid acr domain for Azure Public Cloud`). The suffix tells the cloud: `azurecr.io` is
//! the public one, `azurecr.us` US Government, `azurecr.cn` the one of 21Vianet.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-firewall-access-rules>
//!
//! ## Fix
//! Write the suffix of the registry's cloud, or tell pullgate the cloud: `--cloud usgov`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::acr_cloud;
use crate::manifest::{Credential, Manifest, Pull, Workload};

use super::wiring;

pub const CHECK: Check = Check {
    code: "cloud-mismatch",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("cloud_mismatch.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, judge)
}

fn judge(pull: &Pull) -> Result<Vec<Finding>, Stop> {
    let Credential::Identity(_) = pull.credential()? else { return Err(Stop::NotApplicable("no identity pulls")) };
    let image = pull.image()?;
    let cloud = acr_cloud(&image.registry).ok_or(Stop::NotApplicable("no registry of Azure"))?;
    let deployed = pull.manifest.cloud;
    if cloud == deployed {
        return Ok(Vec::new());
    }
    let title = format!(
        "{} is a registry of the cloud `{}`, and the deployment goes to the cloud `{}`",
        image.registry,
        cloud.word(),
        deployed.word()
    );
    let finding = match pull.image_value() {
        Some(value) => Finding::at_value(value, title),
        None => Finding::at(pull.container.at, title),
    };
    let finding = finding.detail("an identity of one cloud cannot log in at a registry of another");
    Ok(vec![finding.help(format!(
        "write a host that ends in `.{}`, or pass `--cloud {}` if that is where it goes",
        deployed.acr_suffix(),
        cloud.word()
    ))])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict_with;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(host: &str) -> String {
        verdict_with(CHECK, &format!("{host}/api:v1"), &[host], &Evidence::default())
    }

    #[test]
    fn another_cloud_is_warned_of() {
        insta::assert_snapshot!(says("acme1.azurecr.us"), @"
        warning: acme1.azurecr.us is a registry of the cloud `usgov`, and the deployment goes to the cloud `public`
        at: acme1.azurecr.us/api:v1
        because: an identity of one cloud cannot log in at a registry of another
        help: write a host that ends in `.azurecr.io`, or pass `--cloud usgov` if that is where it goes
        ");
    }

    #[test]
    fn its_own_cloud_is_right() {
        assert_eq!(says("acme1.azurecr.io"), "pass");
        insta::assert_snapshot!(says("ghcr.io"), @"not applicable: no registry of Azure");
    }
}
