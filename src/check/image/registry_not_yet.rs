//! The registry is created by the same deployment that pulls from it.
//!
//! ## Why
//! A new registry is empty: the first deployment fails at the workload, or waits for the pull until `Operation expired`, unless something in
//! between puts the image there (a deployment script that imports it). Later deployments are fine, so that it is only remarked on where
//! nothing is known of the registry. <https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull>
//!
//! ## Fix
//! Deploy the registry first, push the image, then deploy the workload; or deploy a placeholder image first.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::Failure;
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;
use crate::value::Value;

pub const CHECK: Check = Check {
    code: "registry-not-yet",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("registry_not_yet.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let registry =
        super::planned_registry(pull).ok_or(Stop::NotApplicable("the registry is not part of the deployment"))?;
    let image = pull.image_value().and_then(Value::partial).unwrap_or_default();
    let known = pull.image().ok();
    let repository = known.as_ref().map(|image| image.repository.clone()).or_else(|| {
        let path = image.split_once('/').map_or("", |(_, path)| path);
        Some(path.split([':', '@', '…']).next().unwrap_or_default().to_owned()).filter(|path| !path.is_empty())
    });
    if repository.is_some_and(|repository| super::importer(pull, &repository).is_some()) {
        return Ok(Vec::new());
    }
    let seen = match &known {
        Some(image) => super::asked(evidence.image(image, &pull.container.platform), evidence)?,
        None => None,
    };
    let is_new = match seen {
        Some(Err(Failure::Name { last: None, .. })) => true,
        Some(Ok(_) | Err(Failure::NotFound { .. } | Failure::Refused { .. } | Failure::Closed { .. })) => {
            return Ok(Vec::new());
        }
        Some(Err(_)) => return Err(super::NOT_SEEN),
        None => false,
    };
    let title = match is_new {
        true => "the registry does not exist yet: this deployment creates it, and the image cannot be in it".to_owned(),
        false => "this deployment creates the registry as well: at its first run the image cannot be in it".to_owned(),
    };
    let finding = super::at(pull, title).also(registry.at, "the registry is created here");
    let finding = finding.help("deploy the registry, push the image, then deploy the workload");
    Ok(vec![if is_new { finding } else { finding.note() }])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{app, has, lacks, single, verdict, verdicts};
    use crate::evidence::Evidence;
    use crate::evidence::Failure;

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    fn with_registry(more: &str) -> String {
        let registry = "type: Microsoft.ContainerRegistry/registries\nname: acme\nlocation: x\nsku: {name: Basic}\n";
        format!("{}---\n{registry}{more}", app(IMAGE, ""))
    }

    #[test]
    fn a_registry_of_the_same_deployment_is_remarked_on_and_warned_of_when_its_name_does_not_resolve() {
        insta::assert_snapshot!(verdicts(CHECK, &with_registry(""), &Evidence::default().offline()), @"
        note: this deployment creates the registry as well: at its first run the image cannot be in it
        at: acme.azurecr.io/api:v2
        also: type: Microsoft.ContainerRegistry/registries
        name: acme
        location: x
        sku: {name: Basic}: the registry is created here
        help: deploy the registry, push the image, then deploy the workload
        ");
        let nameless = Failure::Name { host: "acme.azurecr.io".to_owned(), last: None };
        insta::assert_snapshot!(verdicts(CHECK, &with_registry(""), &lacks(IMAGE, nameless)), @"
        warning: the registry does not exist yet: this deployment creates it, and the image cannot be in it
        at: acme.azurecr.io/api:v2
        also: type: Microsoft.ContainerRegistry/registries
        name: acme
        location: x
        sku: {name: Basic}: the registry is created here
        help: deploy the registry, push the image, then deploy the workload
        ");
    }

    #[test]
    fn an_image_that_is_there_or_that_is_imported_is_right() {
        insta::assert_snapshot!(verdicts(CHECK, &with_registry(""), &has(IMAGE, single("linux", "amd64"))), @"pass");
        let script = "---\ntype: Microsoft.Resources/deploymentScripts\nname: import\nproperties: {scriptContent: az acr import --image api:v2}\n";
        insta::assert_snapshot!(verdicts(CHECK, &with_registry(script), &Evidence::default().offline()), @"pass");
    }

    #[test]
    fn a_registry_of_its_own_is_another_matter() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &Evidence::default()), @"not applicable: the registry is not part of the deployment");
    }
}
