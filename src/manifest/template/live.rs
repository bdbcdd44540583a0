//! What of a template hangs on resources that are there already: `onlyIfNotExists`, and images taken from the running app.

use crate::finding::Finding;
use crate::manifest::{Manifest, PlannedResource, Problem, resource};
use crate::template::{Context, Expansion, Resource};
use crate::value::Value;

/// Leaves out resources that are deployed only where they do not exist, and that do exist.
/// <https://learn.microsoft.com/azure/azure-resource-manager/bicep/resource-declaration#onlyifnotexists-decorator>
pub(super) fn keep(
    resources: &mut [PlannedResource],
    expansion: &Expansion,
    context: &Context,
    manifest: &mut Manifest,
) {
    for one in expansion.resources.iter().filter(|one| is_optional(one) && context.states.contains_key(&one.key)) {
        let mine = resources.iter_mut().filter(|planned| planned.id.canonical().as_deref() == Some(&one.key));
        for planned in mine.filter(|planned| !planned.existing) {
            planned.existing = true;
            let name = one.name.partial().unwrap_or_default();
            let title = format!("`{name}` is there already, and `onlyIfNotExists` leaves it as it is");
            let finding = Finding::at(one.at, title)
                .detail("its image in the template is not applied, and not judged")
                .help(format!(
                    "to change the image: `az containerapp update -n {name} --image …`, or take the decorator off"
                ));
            manifest.add_problem(Problem { code: super::KEPT, finding: finding.note(), workload: Some(name) });
        }
    }
}

/// Notes whose state decides what is deployed, and was not asked for yet.
pub(super) fn want(resources: &[PlannedResource], expansion: &Expansion, context: &Context, manifest: &mut Manifest) {
    let is_open = |resource: &PlannedResource| {
        !resource.existing && resource::runs_containers(&resource.kind) && lacks_image(&resource.body)
    };
    let optional = expansion.resources.iter().filter(|one| is_optional(one)).map(|one| &one.id);
    let mut wanted: Vec<&Value> = optional.collect();
    if resources.iter().any(is_open) {
        let read = expansion.resources.iter().filter(|one| one.existing).map(|one| &one.id);
        wanted.extend(read.chain(&expansion.referred).filter(|id| is_running(&resource::kind_of_id(id))));
    }
    let ids = wanted.into_iter().filter_map(|id| id.as_str().map(|text| (id, text)));
    let unasked = ids.filter(|(id, _)| id.canonical().is_some_and(|key| !context.states.contains_key(&key)));
    manifest.wants.extend(unasked.map(|(_, text)| text.to_owned()));
}

/// Whether it is deployed only where it does not exist, and runs containers.
fn is_optional(resource: &Resource) -> bool {
    !resource.existing && resource.only_if_not_exists() && is_running(&resource.kind.to_ascii_lowercase())
}

fn is_running(kind: &str) -> bool {
    matches!(kind, "microsoft.app/containerapps" | "microsoft.app/jobs")
}

/// Whether an image of it is not known.
fn lacks_image(body: &Value) -> bool {
    let Some(template) = body.path(&["properties", "template"]) else { return false };
    let lists = ["containers", "initContainers"].into_iter().filter_map(|key| template.get(key));
    template.as_unknown().is_some()
        || lists.into_iter().any(|list| match list.as_array() {
            Some(items) => items.iter().any(|one| one.get("image").unwrap_or(one).as_unknown().is_some()),
            None => list.as_unknown().is_some(),
        })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::rc::Rc;

    use crate::document::bytes::Encoding;
    use crate::load;
    use crate::manifest::{Manifest, Options, read};
    use crate::source::Sources;
    use crate::template::{Context, Given};

    const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/api";
    const LIVE: &str = r#"{"name": "api", "properties": {"template": {"containers": [{"name": "api", "image": "acme.azurecr.io/api:7"}]}}}"#;

    /// The manifest of a template with this app, and where there is one, with what runs.
    fn deploy(resources: &str, is_there: bool) -> (Manifest, Sources) {
        let template = format!(
            r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1",
            "languageVersion": "2.0", "parameters": {{"image": {{"type": "string", "defaultValue": ""}}}}, "resources": {{{resources}}}}}"#
        );
        let mut sources = Sources::default();
        let mut document = |path: &str, text: &str| {
            let file = sources.add(path, text);
            crate::document::read(sources.text(file), file).unwrap().values.remove(0)
        };
        let live = document("live", LIVE);
        let states = if is_there { HashMap::from([(ID.to_lowercase(), live)]) } else { HashMap::new() };
        let file = sources.add("main.json", template);
        let document = load::document("main.json".to_owned(), file, Encoding::Utf8, &sources).unwrap();
        let context = Context {
            subscription_id: Some("s".to_owned()),
            resource_group: Some("g".to_owned()),
            states: Rc::new(states),
            ..Context::default()
        };
        (read(&mut [document], &Options { context, given: Given::default(), ..Options::default() }), sources)
    }

    fn app(image: &str, more: &str) -> String {
        format!(
            r#""app": {{"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "api", {more}
            "properties": {{"template": {{"containers": [{{"name": "api", "image": "{image}"}}]}}}}}}"#
        )
    }

    /// What is wanted, and the images as far as they are known.
    fn told((manifest, _): &(Manifest, Sources)) -> (Vec<&str>, Vec<String>) {
        let containers = manifest.workloads.iter().flat_map(|workload| &workload.containers);
        let images = containers.filter_map(|one| one.image.as_ref()?.partial()).collect();
        (manifest.wants.iter().map(String::as_str).collect(), images)
    }

    #[test]
    fn what_exists_and_is_deployed_only_where_it_does_not_is_left_out() {
        let app = app("acme.azurecr.io/api:8", r#""@options": {"onlyIfNotExists": []},"#);
        assert_eq!(told(&deploy(&app, false)), (vec![ID], vec!["acme.azurecr.io/api:8".to_owned()]));
        let (manifest, _) = deploy(&app, true);
        assert!(manifest.workloads.is_empty() && manifest.wants.is_empty());
        assert_eq!(manifest.problems[0].code, "image-not-applied");
    }

    #[test]
    fn an_image_is_taken_from_the_running_app() {
        let existing = format!(
            r#""old": {{"existing": true, "type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "api"}}, {}"#,
            app(
                "[if(empty(parameters('image')), reference('old').template.containers[0].image, parameters('image'))]",
                ""
            )
        );
        let by_id = app(
            "[reference(resourceId('Microsoft.App/containerApps', 'api'), '2023-05-01').template.containers[0].image]",
            "",
        );
        // azd reads the image of the very app that it deploys.
        for template in [existing, by_id.replace(r#""name": "api", "#, r#""name": "new", "#), by_id] {
            let asked = deploy(&template, false);
            assert_eq!(told(&asked), (vec![ID], vec!["…".to_owned()]));
            let known = deploy(&template, true);
            assert_eq!(told(&known), (vec![], vec!["acme.azurecr.io/api:7".to_owned()]));
            let image = known.0.workloads[0].containers[0].image.as_ref().unwrap();
            assert_eq!(known.1.place(image.at).unwrap().path, "live");
            assert!(image.via.nearest().is_some());
        }
    }

    #[test]
    fn where_every_image_is_known_nothing_is_wanted() {
        let template = format!(
            r#""old": {{"existing": true, "type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "old"}}, {}"#,
            app("nginx:1", "")
        );
        assert!(deploy(&template, false).0.wants.is_empty());
    }
}
