//! What-if results: what each resource would be after the deployment.
//!
//! In both shapes: as the API answers (`properties.changes`) and as the Azure CLI prints (`changes`). What Azure will only know
//! during the deployment is left as the text of an expression
//! (<https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if>).

use crate::template::Context;
use crate::value::Value;

use super::list::elements;
use super::template::Predictor;
use super::{Condition, Manifest, Origin, PlannedResource, resource, set};

/// Reads a result. What is created, modified or deployed anew is deployed; what stays as it is, is there; what is deleted, is not.
pub(super) fn read(result: &Value, context: &Context, manifest: &mut Manifest) {
    let changes = result.get("changes").or_else(|| result.path(&["properties", "changes"]));
    let changes = elements(changes).items;
    let bodies: Vec<&Value> =
        changes.iter().filter_map(|change| change.get("after").or_else(|| change.get("before"))).collect();
    let predictor = Predictor::new(&bodies, context);
    let resources = changes.iter().filter_map(|change| resource_of(change, &predictor)).collect();
    resource::add_all(manifest, resources, |_| Origin::Declared);
}

fn resource_of(change: &Value, predictor: &Predictor) -> Option<PlannedResource> {
    let kind = set(change, "changeType").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let deployed = match kind.as_str() {
        "create" | "modify" | "deploy" => true,
        // Whether it is deployed, what-if could not tell; its body is the template's.
        "unsupported" => change.get("after").is_some(),
        "delete" => return None,
        _ => false,
    };
    let body = if deployed { change.get("after") } else { change.get("after").or_else(|| change.get("before")) };
    let id = set(change, "resourceId").cloned();
    let mut resource = match body {
        Some(body) => PlannedResource::of_document(&predictor.predict(body), ""),
        None => PlannedResource::of_document(change, ""),
    };
    if let Some(id) = id {
        resource.id = id;
    }
    if resource.kind.is_empty() {
        resource.kind = resource::kind_of_id(&resource.id);
    }
    resource.existing = !deployed || body.is_none();
    if kind == "unsupported" {
        resource.condition = Condition::Maybe("what-if could not evaluate this resource".to_owned());
    }
    Some(resource)
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::{lines, manifest};

    const ID: &str = "/subscriptions/s/resourceGroups/g/providers";

    fn change(kind: &str, name: &str, image: &str) -> String {
        let body = format!(
            r#"{{"id": "{ID}/Microsoft.App/containerApps/{name}", "name": "{name}", "type": "Microsoft.App/containerApps",
            "properties": {{"environmentId": "e", "template": {{"containers": [{{"name": "c", "image": "{image}"}}]}}}}}}"#
        );
        format!(
            r#"{{"resourceId": "{ID}/Microsoft.App/containerApps/{name}", "changeType": "{kind}", "before": null, "after": {body}}}"#
        )
    }

    #[test]
    fn what_is_created_or_changed_is_deployed_in_both_shapes() {
        let kinds = ["Create", "Modify", "Deploy", "NoChange", "NoEffect", "Ignore", "Delete"];
        let changes: Vec<String> = kinds.iter().map(|kind| change(kind, &kind.to_lowercase(), "nginx:1")).collect();
        let changes = format!("\"changes\": [{}]", changes.join(", "));
        let expected: Vec<String> = ["create", "modify", "deploy"]
            .iter()
            .flat_map(|name| [format!("Microsoft.App/containerApps {name}"), "container c nginx:1".to_owned()])
            .collect();
        assert_eq!(lines(&format!("{{\"status\": \"Succeeded\", {changes}}}")), expected);
        assert_eq!(lines(&format!("{{\"status\": \"Succeeded\", \"properties\": {{{changes}}}}}")), expected);
        let (manifest, _) = manifest(&[("file", &format!("{{{changes}}}"))]);
        assert_eq!(manifest.planned.resources.iter().filter(|resource| resource.existing).count(), 3);
        assert_eq!(manifest.planned.resources.len(), 6);
    }

    #[track_caller]
    fn image(written: &str, registry: &str, shown: &str) {
        let text = format!("{{\"changes\": [{registry}{}]}}", change("Create", "a", written));
        assert_eq!(lines(&text)[1], format!("container c {shown}"));
    }

    #[test]
    fn expressions_that_azure_will_evaluate_are_predicted_or_unknown() {
        let server = format!("reference('{ID}/Microsoft.ContainerRegistry/registries/Acme', '2023-07-01').loginServer");
        image(&format!("[format('{{0}}/a:1', {server})]"), "", "acme.azurecr.io/a:1");
        image(
            &format!("[format('acme.azurecr.io/a:{{0}}', reference('{ID}/x.y/z/n', '1').tag)]"),
            "",
            "acme.azurecr.io/a:…",
        );
        image("[parameters('image')]", "", "…");
        image("[not an expression", "", "[not an expression");
        image("[]", "", "[]");
    }

    #[test]
    fn a_registry_of_the_same_result_says_its_login_server() {
        let server = format!("reference('{ID}/Microsoft.ContainerRegistry/registries/Acme', '2025-04-01').loginServer");
        let registry = format!(
            r#"{{"resourceId": "{ID}/Microsoft.ContainerRegistry/registries/Acme", "changeType": "Create", "after": {{
            "id": "{ID}/Microsoft.ContainerRegistry/registries/Acme", "type": "Microsoft.ContainerRegistry/registries",
            "apiVersion": "2025-04-01", "name": "Acme", "properties": {{"autoGeneratedDomainNameLabelScope": "TenantReuse"}}}}}}, "#
        );
        image(&format!("[format('{{0}}/a:1', {server})]"), &registry, "acme-….azurecr.io/a:1");
    }
}
