//! A container has no image.
//!
//! ## Why
//! Azure refuses the template: `ContainerAppImageRequired … must have an 'Image' property specified`, or
//! `Field 'template.containers.<name>.image' is invalid`. Mostly a parameter or variable is empty: its default is `''`, or the
//! pipeline passes nothing. <https://github.com/Azure-Samples/container-apps-store-api-microservice/issues/27>
//!
//! ## Fix
//! Set `image`, or pass the parameter that it comes from: `-p image=acme.azurecr.io/api:v1`.

use super::super::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Reason;
use crate::manifest::{Host, Origin, Pull};

pub const CHECK: Check = Check {
    code: "image-missing",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("image_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let container = container(pull);
    let Some(value) = pull.image_value() else {
        let finding = Finding::at(pull.container.at, format!("{container} has no image")).help("add `image:` to it");
        return Ok(vec![if may_be_left_out(pull) { finding.warning() } else { finding }]);
    };
    if value.as_str().is_some_and(|text| text.trim().is_empty()) {
        let title = format!("{container} has no image: the value is empty");
        let help = match value.via.nearest() {
            Some(_) => "pass the parameter or variable that it comes from",
            None => "write the reference of the image",
        };
        return Ok(vec![Finding::at_value(value, title).help(help)]);
    }
    super::mistakes(pull, |reason| matches!(reason, Reason::Empty | Reason::OnlyBlanks))
}

/// A patch names a container and leaves its image to what it is laid over.
fn may_be_left_out(pull: &Pull) -> bool {
    match pull.workload.host {
        Host::Kubernetes => true,
        Host::Job => pull.workload.origin == Origin::Partial,
        _ => false,
    }
}

fn container(pull: &Pull) -> String {
    let kind = if pull.container.init { "init container" } else { "container" };
    match pull.container.name.as_ref().and_then(|name| name.partial()) {
        Some(name) if !name.is_empty() => format!("{kind} `{name}`"),
        _ => format!("a {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{verdict, verdicts};
    use crate::evidence::Evidence;

    #[test]
    fn an_empty_image_fails() {
        insta::assert_snapshot!(verdict(CHECK, "", &Evidence::default()), @"
        error: container `api` has no image: the value is empty
        help: write the reference of the image
        ");
        insta::assert_snapshot!(verdict(CHECK, "  ", &Evidence::default()), @"
        error: container `api` has no image: the value is empty
        at:   
        help: write the reference of the image
        ");
    }

    #[test]
    fn a_container_without_the_key_fails_and_a_kubernetes_patch_is_only_warned_of() {
        let app = "environmentId: e\ntemplate:\n  initContainers:\n  - name: seed\n";
        insta::assert_snapshot!(verdicts(CHECK, app, &Evidence::default()), @"
        error: init container `seed` has no image
        at: name: seed
        help: add `image:` to it
        ");
        let patch = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - name: api\n";
        insta::assert_snapshot!(verdicts(CHECK, patch, &Evidence::default()), @"
        warning: container `api` has no image
        at: name: api
        help: add `image:` to it
        ");
    }

    #[test]
    fn another_mistake_is_not_its_business() {
        insta::assert_snapshot!(verdict(CHECK, "acme.azurecr.io/api:v1", &Evidence::default()), @"pass");
        insta::assert_snapshot!(verdict(CHECK, "acme.azurecr.io/Api:v1", &Evidence::default()), @"not applicable: the reference has another mistake, which is reported");
    }
}
