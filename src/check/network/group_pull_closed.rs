//! The registry is closed to the public, and the container group is not among those that come in all the same.
//!
//! ## Why
//! Container Instances pull from a closed registry only as a trusted service: with a user-assigned managed identity, while the registry
//! lets trusted services pass, and for a private endpoint from a subnet of their own, which may not be the endpoint's. A user name and
//! password, service endpoints and listed subnets do not help.
//! <https://learn.microsoft.com/azure/container-instances/using-azure-container-registry-mi>
//!
//! ## Fix
//! Let the group pull with a managed identity, and trusted services pass:
//! `az acr update -n <registry> --allow-trusted-services true`.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::Id;
use crate::egress::registry::Registry;
use crate::evidence::{Evidence, Failure, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Credential, Host, Manifest, Origin, Pull, Workload, set};
use crate::value::Value;

use super::{door, remedy};

pub const CHECK: Check = Check {
    code: "group-pull-closed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("group_pull_closed.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    if workload.host != Host::ContainerGroup {
        return Err(Stop::NotApplicable("it is no container group"));
    }
    let mut stop = Stop::NotApplicable("no container pulls from a registry of Azure");
    let mut is_open = false;
    for container in &workload.containers {
        let pull = Pull { manifest, workload, container };
        match door::registry(&pull, evidence) {
            Ok(registry) if registry.is_open() => is_open = true,
            Ok(registry) => return judge(&pull, &registry, evidence),
            Err(other) => stop = other,
        }
    }
    match stop {
        Stop::NotApplicable(_) if is_open => Ok(Vec::new()),
        stop => Err(stop),
    }
}

fn judge(pull: &Pull, registry: &Registry, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let name = registry.id.name();
    let workload = pull.workload;
    let unverified = |why: &str| {
        Err(Stop::Unverified(Failure::unreadable(format!("registry {name} is closed to the public; {why}"))))
    };
    if registry.public && !registry.allowed_addresses.is_empty() {
        return unverified("it lets listed addresses in, and whether the group's are among them is not looked at");
    }
    // What a file leaves out an update keeps.
    let grave = |finding: Finding| if workload.origin == Origin::Partial { finding.warning() } else { finding };
    let title = format!("registry {name} is closed to the public, and");
    if !registry.bypass_for_services {
        let finding =
            Finding::at(workload.at, format!("{title} lets no trusted services pass, as which container groups pull"));
        let command = format!(
            "az acr update {} -n {} --allow-trusted-services true",
            remedy::scope(&registry.id),
            remedy::word(name)
        );
        return Ok(vec![grave(finding.help("let trusted services pass").command(command))]);
    }
    if matches!(pull.credential(), Ok(Credential::Password { .. })) {
        let finding = Finding::at(
            workload.at,
            format!("{title} a container group gets in with a managed identity only, not with a password"),
        );
        return Ok(vec![grave(
            finding.help("name a user-assigned identity in `imageRegistryCredentials`, and give it AcrPull"),
        )]);
    }
    let Some(own) = subnet(workload) else {
        return unverified(
            "the group is in no subnet, and whether it comes in as a trusted service without one is documented both ways",
        );
    };
    for connection in &registry.connections {
        let Ok(json) = evidence.resource(Resource::Get { id: connection.endpoint.as_str().to_owned() })? else {
            continue;
        };
        let theirs = json.pointer("/properties/subnet/id").and_then(serde_json::Value::as_str).map(Id::new);
        if theirs.as_ref() == Some(&own) {
            let title =
                format!("{title} its private endpoint is in the group's own subnet, from which a group cannot use it");
            return Ok(vec![grave(
                Finding::at(workload.at, title).help("move the group or the endpoint into another subnet"),
            )]);
        }
    }
    unverified("whether the group's subnet reaches a private endpoint is not looked at")
}

/// The subnet that the group is in.
fn subnet(workload: &Workload) -> Option<Id> {
    let properties = workload.body.get("properties").unwrap_or(&workload.body);
    let first = set(properties, "subnetIds")?.as_array()?.first()?;
    first.get("id").and_then(Value::canonical).map(Id::new)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::{Evidence, Question, Reply, Resource};
    use crate::image::Host;

    const NETWORK: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network";
    const IDENTITY: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pull";

    /// A group that pulls from `acme1`, which answers with these properties and has an endpoint in `v/endpoints`.
    #[track_caller]
    fn says(credential: &Json, subnet: Option<&str>, registry: &Json, start: &str) {
        let mut entry = credential.clone();
        entry["server"] = json!("acme1.azurecr.io");
        let subnets: Vec<Json> =
            subnet.iter().map(|name| json!({"id": format!("{NETWORK}/virtualNetworks/v/subnets/{name}")})).collect();
        let group = json!({"type": "Microsoft.ContainerInstance/containerGroups", "apiVersion": "2023-05-01", "name": "job",
            "location": "westeurope", "identity": {"type": "UserAssigned", "userAssignedIdentities": {IDENTITY: {}}},
            "properties": {"osType": "Linux", "subnetIds": subnets, "imageRegistryCredentials": [entry],
                "containers": [{"name": "job", "properties": {"image": "acme1.azurecr.io/api:v1",
                    "resources": {"requests": {"cpu": 1, "memoryInGB": 1}}}}]}});
        let text = json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [group]});
        let endpoint = format!("{NETWORK}/privateEndpoints/pe");
        let mut properties = registry.clone();
        properties["loginServer"] = json!("acme1.azurecr.io");
        properties["privateEndpointConnections"] = json!([{"name": "pe", "properties": {"privateEndpoint": {"id": endpoint},
            "privateLinkServiceConnectionState": {"status": "Approved"}}}]);
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1";
        let question = Question::Registry { host: Host::parse("acme1.azurecr.io").unwrap() };
        let answer = json!({"id": id, "name": "acme1", "properties": properties});
        let place = json!({"id": endpoint, "properties": {"subnet": {"id": format!("{NETWORK}/virtualNetworks/v/subnets/endpoints")}}});
        let evidence = Evidence::default()
            .with(question, Ok(Reply::Json(answer)))
            .with(Question::Resource(Resource::Get { id: endpoint }), Ok(Reply::Json(place)));
        let said = verdicts(CHECK, &text.to_string(), &evidence);
        assert!(said.starts_with(start), "{said}");
    }

    fn closed(bypass: &str) -> Json {
        json!({"publicNetworkAccess": "Disabled", "networkRuleBypassOptions": bypass})
    }

    #[test]
    fn a_group_comes_in_as_a_trusted_service_or_not_at_all() {
        let identity = json!({"identity": IDENTITY});
        says(
            &identity,
            Some("groups"),
            &closed("None"),
            "error: registry acme1 is closed to the public, and lets no trusted services pass",
        );
        says(&identity, Some("groups"), &closed("AzureServices"), "unverified");
        says(&identity, None, &closed("AzureServices"), "unverified");
    }

    #[test]
    fn a_password_does_not_open_a_closed_registry() {
        let password = json!({"username": "u", "password": "p"});
        says(
            &password,
            Some("groups"),
            &closed("AzureServices"),
            "error: registry acme1 is closed to the public, and a container group gets in with a managed",
        );
    }

    #[test]
    fn the_endpoints_own_subnet_is_the_wrong_one() {
        let identity = json!({"identity": IDENTITY});
        says(
            &identity,
            Some("endpoints"),
            &closed("AzureServices"),
            "error: registry acme1 is closed to the public, and its private endpoint is in the group's own",
        );
    }

    #[test]
    fn an_open_registry_is_open_to_groups() {
        says(&json!({"username": "u", "password": "p"}), None, &json!({"publicNetworkAccess": "Enabled"}), "pass");
    }
}
