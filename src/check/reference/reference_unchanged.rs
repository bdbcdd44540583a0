//! Every image is the one that runs already.
//!
//! ## Why
//! A new revision is made where the template section changes, and a reference that stays the same is no change: where nothing else
//! of the template changes, no revision is made, the command says success, and the old image keeps running. The platform does not
//! look at an unchanged reference again either, so that an image that is gone is noticed when the next replica starts.
//! <https://learn.microsoft.com/azure/container-apps/revisions>,
//! <https://github.com/microsoft/azure-container-apps/issues/311>,
//! <https://github.com/Azure/container-apps-deploy-action/issues/57>
//!
//! ## Fix
//! Nothing, where only settings are to change. To deploy a new image, give it a tag of its own or name its digest; to pull the same
//! tag again, set another `revisionSuffix` or restart the revision.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Container, Host, Manifest, Origin, Workload};
use crate::value::Value;

pub const CHECK: Check = Check {
    code: "reference-unchanged",
    hypothesis: Hypothesis::H2,
    severity: Severity::Note,
    source: include_str!("reference_unchanged.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if workload.host != Host::ContainerApp || workload.origin == Origin::Live {
        return Err(Stop::NotApplicable("no revision is made"));
    }
    let Some(Ok(live)) = manifest.live_of(workload) else {
        return Err(Stop::NotApplicable("the live app is not at hand"));
    };
    let Some(first) = workload.containers.first() else {
        return Err(Stop::NotApplicable("the workload has no containers"));
    };
    let is_changed = workload.containers.len() != live.containers.len()
        || workload.containers.iter().any(|container| !runs_already(live, container))
        || suffix(workload) != suffix(live);
    if is_changed {
        return Ok(Vec::new());
    }
    let name = workload.display_name();
    let images = if workload.containers.len() == 1 { "the image" } else { "every image" };
    let title = format!("{images} of `{name}` is the one that it has already");
    let finding = match &first.image {
        Some(image) => Finding::at_value(image, title),
        None => Finding::at(first.at, title),
    };
    Ok(vec![
        finding
            .detail("where nothing else of the template changes either, no revision is made and the old one keeps running")
            .detail("the platform does not look at an unchanged reference again")
            .help("to deploy a new image, give it a tag of its own or name its digest; to pull the same tag again, set another `revisionSuffix`"),
    ])
}

/// Whether the live app has a container of this name with the same reference.
fn runs_already(live: &Workload, container: &Container) -> bool {
    same_container(live, container)
        .is_some_and(|known| text(&known.image).is_some() && text(&known.image) == text(&container.image))
}

/// The container of this name that the live app has.
pub fn same_container<'w>(live: &'w Workload, container: &Container) -> Option<&'w Container> {
    let name = text(&container.name)?;
    let is_it = |known: &&Container| {
        text(&known.name).is_some_and(|known| known.eq_ignore_ascii_case(name)) && known.init == container.init
    };
    live.containers.iter().find(is_it)
}

fn text(value: &Option<Value>) -> Option<&str> {
    value.as_ref().and_then(Value::as_str)
}

fn suffix(workload: &Workload) -> Option<&str> {
    let template = workload.body.path(&["properties", "template"]).or_else(|| workload.body.get("template"))?;
    template.get("revisionSuffix").and_then(Value::as_str).filter(|suffix| !suffix.is_empty())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::live;

    const LIVE: &str = "{id: /subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/shop, name: shop, \
        type: Microsoft.App/containerApps, properties: {provisioningState: Succeeded, template: {revisionSuffix: one, \
        containers: [{name: api, image: a.io/a:1}]}}}";

    #[track_caller]
    fn update(template: &str) -> String {
        live(CHECK, &format!("name: shop\ntemplate: {{{template}}}"), LIVE)
    }

    #[test]
    fn the_same_reference_makes_no_revision() {
        insta::assert_snapshot!(update("containers: [{name: api, image: 'a.io/a:1', env: [{name: A, value: b}]}]"), @"
        note: the image of `shop` is the one that it has already
        at: a.io/a:1
        because: where nothing else of the template changes either, no revision is made and the old one keeps running
        because: the platform does not look at an unchanged reference again
        help: to deploy a new image, give it a tag of its own or name its digest; to pull the same tag again, set another `revisionSuffix`
        ");
        insta::assert_snapshot!(update("scale: {minReplicas: 2}"), @"
        note: the image of `shop` is the one that it has already
        at: a.io/a:1
        because: where nothing else of the template changes either, no revision is made and the old one keeps running
        because: the platform does not look at an unchanged reference again
        help: to deploy a new image, give it a tag of its own or name its digest; to pull the same tag again, set another `revisionSuffix`
        ");
    }

    #[test]
    fn another_reference_container_or_suffix_is_a_change() {
        for template in [
            "containers: [{name: api, image: 'a.io/a:2'}]",
            "containers: [{name: other, image: 'a.io/a:1'}]",
            "containers: [{name: api, image: 'a.io/a:1'}, {name: side, image: 'a.io/s:1'}]",
            "initContainers: [{name: wait, image: 'a.io/w:1'}]",
            "revisionSuffix: two",
        ] {
            assert_eq!(update(template), "pass", "{template}");
        }
    }

    #[test]
    fn what_is_looked_at_alone_is_no_operation() {
        assert_eq!(
            crate::check::table::verdicts(CHECK, LIVE, &crate::evidence::Evidence::default()),
            "not applicable: no revision is made"
        );
    }
}
