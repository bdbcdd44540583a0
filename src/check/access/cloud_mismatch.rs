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
use crate::image::{Cloud, acr_cloud, placeholder};
use crate::manifest::{Credential, Manifest, Pull, Workload};
use crate::value::Value;

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

/// The cloud of a place: the regions of the others are called after them
/// (<https://learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure>,
/// <https://learn.microsoft.com/azure/china/resources-developer-guide>).
fn cloud_of(location: &str) -> Cloud {
    let name: String = location.chars().filter(|letter| !letter.is_whitespace()).collect::<String>().to_lowercase();
    match name.as_str() {
        name if name.starts_with("usgov") || name.starts_with("usdod") => Cloud::UsGov,
        name if name.starts_with("china") => Cloud::China,
        _ => Cloud::Public,
    }
}

fn judge(pull: &Pull) -> Result<Vec<Finding>, Stop> {
    let Credential::Identity(_) = pull.credential()? else { return Err(Stop::NotApplicable("no identity pulls")) };
    let image = pull.image()?;
    let cloud = acr_cloud(&image.registry).ok_or(Stop::NotApplicable("no registry of Azure"))?;
    // Where the file says the place, nothing else decides; else the cloud is what the command line says, or a guess.
    let place = pull.workload.location.as_ref().and_then(Value::as_str);
    let place = place.filter(|place| !place.is_empty() && placeholder(place).is_none());
    let deployed = place.map_or(pull.manifest.cloud, cloud_of);
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
    if let Some(place) = place {
        let finding = finding.severity(Severity::Error).detail(format!("it is deployed to {place}"));
        return Ok(vec![
            finding.help(format!("write a host that ends in `.{}`, where the image is", deployed.acr_suffix())),
        ]);
    }
    Ok(vec![finding.help(format!(
        "write a host that ends in `.{}`, or pass `--cloud {}` if that is where it goes",
        deployed.acr_suffix(),
        cloud.word()
    ))])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{app, verdict_with, verdicts};
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

    #[track_caller]
    fn at(location: &str, host: &str) -> String {
        let configuration =
            format!("location: {location}\nconfiguration: {{registries: [{{server: {host}, identity: system}}]}}\n");
        verdicts(CHECK, &app(&format!("{host}/api:v1"), &configuration), &Evidence::default())
    }

    #[test]
    fn where_the_place_is_written_it_is_certain() {
        insta::assert_snapshot!(at("West Europe", "acme1.azurecr.us"), @"
        error: acme1.azurecr.us is a registry of the cloud `usgov`, and the deployment goes to the cloud `public`
        at: acme1.azurecr.us/api:v1
        because: an identity of one cloud cannot log in at a registry of another
        because: it is deployed to West Europe
        help: write a host that ends in `.azurecr.io`, where the image is
        ");
        assert!(at("chinanorth3", "acme1.azurecr.io").starts_with("error: "));
        assert!(at("'${LOCATION}'", "acme1.azurecr.us").starts_with("warning: "));
        assert_eq!(at("USGov Virginia", "acme1.azurecr.us"), "pass");
        assert_eq!(at("westeurope", "acme1.azurecr.io"), "pass");
    }

    #[test]
    fn its_own_cloud_is_right() {
        assert_eq!(says("acme1.azurecr.io"), "pass");
        insta::assert_snapshot!(says("ghcr.io"), @"not applicable: no registry of Azure");
    }
}
