//! What others say will be, or was, deployed: `bicep snapshot`, and deployments as Resource Manager shows them.

use std::rc::Rc;

use crate::template::Context;
use crate::value::{Data, Value};

use super::list::elements;
use super::template::Predictor;
use super::{Manifest, Origin, PlannedResource, resource, set};

/// Reads a snapshot: `predictedResources`, in which what Bicep could not know is left as the text of an expression.
pub(super) fn read(snapshot: &Value, context: &Context, manifest: &mut Manifest) {
    let bodies: Vec<&Value> = elements(snapshot.get("predictedResources")).items;
    let predictor = Predictor::new(&bodies, context);
    let resources = bodies.iter().map(|body| PlannedResource::of_document(&predictor.predict(body), "")).collect();
    resource::add_all(manifest, resources, |_| Origin::Declared);
    let outputs = snapshot.get("outputs").and_then(Value::as_object);
    for output in outputs.into_iter().flat_map(|outputs| outputs.members.iter()) {
        manifest.outputs.push((output.key.to_string(), predictor.predict(&output.value)));
    }
}

/// Reads a deployment that took place (`az deployment group show`): its outputs, and the ids of what it deployed. What those
/// resources are, it does not tell.
pub(super) fn deployed(deployment: &Value, manifest: &mut Manifest) {
    let properties = deployment.get("properties").unwrap_or(deployment);
    let outputs = properties.get("outputs").and_then(Value::as_object);
    for output in outputs.into_iter().flat_map(|outputs| outputs.members.iter()) {
        let Some(value) = output.value.get("value") else { continue };
        let kind = set(&output.value, "type").and_then(Value::as_str).unwrap_or_default();
        let value = match kind.to_ascii_lowercase().starts_with("secure") {
            true => Value::new(Data::Secure(Rc::new(value.clone())), value.at),
            false => value.clone(),
        };
        manifest.outputs.push((output.key.to_string(), value));
    }
    let resources = elements(properties.get("outputResources")).items.into_iter().map(existing).collect();
    resource::add_all(manifest, resources, |_| Origin::Live);
}

/// A resource of which only the id is told.
fn existing(resource: &Value) -> PlannedResource {
    let resource = PlannedResource::of_document(resource, "");
    PlannedResource { kind: resource::kind_of_id(&resource.id), existing: true, ..resource }
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::{lines, manifest};

    #[test]
    fn predicted_resources_are_deployed_and_their_expressions_evaluated() {
        let text = r#"{"predictedResources": [{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/sync",
            "type": "Microsoft.App/jobs", "name": "sync", "apiVersion": "2025-01-01",
            "properties": {"environmentId": "e", "template": {"containers": [{"name": "c", "image": "[concat('nginx:', '1')]"}]}}}],
            "diagnostics": [], "outputs": {"url": "[reference('x').url]", "plain": "p"}}"#;
        assert_eq!(lines(text), ["Microsoft.App/jobs sync", "container c nginx:1", "outputs", "url = …", "plain = p"]);
    }

    #[test]
    fn a_deployment_that_took_place_has_outputs_and_resources_but_no_images() {
        let text = r#"{"id": "/subscriptions/s/providers/Microsoft.Resources/deployments/d", "type": "Microsoft.Resources/deployments",
            "properties": {"outputs": {"password": {"type": "SecureString", "value": "x"}, "host": {"type": "String", "value": "h"}},
            "outputResources": [{"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/a"}]}}"#;
        assert_eq!(lines(text), ["nothing here runs containers", "outputs", "password = (secret)", "host = h"]);
        let (manifest, _) = manifest(&[("file", text)]);
        assert_eq!(manifest.planned.resources[0].kind, "microsoft.app/containerapps");
        assert!(manifest.planned.resources[0].existing);
    }
}
