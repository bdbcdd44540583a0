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
    let bodies: Vec<&Value> = changes.iter().filter_map(|change| change.get("after").or_else(|| change.get("before"))).collect();
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
