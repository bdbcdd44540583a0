//! The registry is closed to the public, and the site pulls past its network.
//!
//! ## Why
//! App Service and Functions pull images over the public path, also when the site is integrated into a virtual network, unless image
//! pulls are routed through it. `vnetRouteAllEnabled` does not cover pulls, and App Service is none of the trusted services of a
//! registry.
//! https://learn.microsoft.com/azure/app-service/configure-custom-container
//!
//! ## Fix
//! Integrate the site into a network that reaches the registry's private endpoint, and route image pulls through it.

use crate::check::{Check, Hypothesis, Run};
use crate::egress::registry::Registry;
use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Origin, Pull, Workload, set};
use crate::value::Value;

use super::door;

pub const CHECK: Check = Check {
    code: "site-pull-not-routed",
    hypothesis: Hypothesis::H3,
    severity: Severity::Error,
    source: include_str!("site_pull_not_routed.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let in_apps =
        workload.environment.as_ref().and_then(Value::canonical).is_some_and(|id| id.contains("/managedenvironments/"));
    if workload.host != Host::WebSite || in_apps {
        return Err(Stop::NotApplicable("it is no site of App Service"));
    }
    let mut stop = Stop::NotApplicable("no container pulls from a registry of Azure");
    for container in &workload.containers {
        let pull = Pull { manifest, workload, container };
        match door::registry(&pull, evidence) {
            Ok(registry) if registry.is_open() => stop = Stop::NotApplicable("the registry is open to the public"),
            Ok(registry) => return judge(manifest, workload, &registry),
            Err(other) => stop = other,
        }
    }
    match stop {
        Stop::NotApplicable("the registry is open to the public") => Ok(Vec::new()),
        stop => Err(stop),
    }
}

fn judge(manifest: &Manifest, workload: &Workload, registry: &Registry) -> Result<Vec<Finding>, Stop> {
    let name = registry.id.name();
    if routes_pulls(workload) {
        if workload.origin != Origin::Partial && !is_integrated(manifest, workload) {
            let title = format!(
                "registry {name} is closed to the public, and the site whose pulls go through its network is in none"
            );
            let finding = Finding::at(workload.at, title);
            return Ok(vec![
                finding.help("set `virtualNetworkSubnetId` to a subnet that reaches the registry's private endpoint"),
            ]);
        }
        return Err(Stop::Unverified(Failure::unreadable(format!(
            "registry {name} is closed to the public and the site pulls through its network; whether that reaches a private endpoint is not looked at"
        ))));
    }
    if registry.public && !registry.allowed_addresses.is_empty() {
        return Err(Stop::Unverified(Failure::unreadable(format!(
            "registry {name} lets listed addresses in; whether the site's are among them is not looked at"
        ))));
    }
    let title = format!("registry {name} is closed to the public, and the site does not pull through its network");
    let mut finding = Finding::at(workload.at, title)
        .help("integrate the site into a network and set `outboundVnetRouting.imagePullTraffic` to true");
    if let Some(id) = workload.id.as_ref().and_then(Value::as_str) {
        let id = super::remedy::word(id);
        finding = finding.command(format!(
            "az resource update --ids {id} --set properties.outboundVnetRouting.imagePullTraffic=true"
        ));
    }
    // What a file leaves out an update keeps.
    Ok(vec![if workload.origin == Origin::Partial { finding.warning() } else { finding }])
}

/// Whether the site is integrated into a network, by its own setting or by its child `networkConfig`.
fn is_integrated(manifest: &Manifest, workload: &Workload) -> bool {
    let properties = workload.body.get("properties").unwrap_or(&workload.body);
    let own = set(properties, "virtualNetworkSubnetId").is_some_and(|id| id.as_str() != Some(""));
    own || manifest.planned.resources.iter().any(|other| other.kind.ends_with("/networkconfig"))
}

/// Whether pulls go through the site's network, by any of the names that the setting has had.
fn routes_pulls(workload: &Workload) -> bool {
    let Some(properties) = workload.body.get("properties").or(Some(&workload.body)) else { return false };
    let is_true = |value: &Value| {
        value.as_bool() == Some(true)
            || value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    };
    let routing = |key: &str| properties.path(&["outboundVnetRouting", key]).is_some_and(is_true);
    let config = set(properties, "siteConfig");
    let old = [Some(properties), config]
        .into_iter()
        .flatten()
        .any(|one| one.get("vnetImagePullEnabled").is_some_and(is_true));
    let settings = config.and_then(|config| config.get("appSettings")).and_then(Value::as_array);
    let mut settings = settings.into_iter().flatten();
    let by_setting = settings.any(|setting| {
        let named = setting.get("name").and_then(Value::as_str) == Some("WEBSITE_PULL_IMAGE_OVER_VNET");
        named && setting.get("value").is_some_and(is_true)
    });
    routing("imagePullTraffic") || routing("allTraffic") || old || by_setting
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::{Evidence, Question, Reply};
    use crate::image::Host;

    /// A site that pulls from `acme1`, which answers with these properties.
    #[track_caller]
    fn says(site: &Json, registry: &Json, start: &str) {
        let mut properties = json!({"siteConfig": {"linuxFxVersion": "DOCKER|acme1.azurecr.io/api:v1", "acrUseManagedIdentityCreds": true}});
        for (key, value) in site.as_object().unwrap() {
            properties[key] = value.clone();
        }
        let site = json!({"type": "Microsoft.Web/sites", "apiVersion": "2024-11-01", "name": "shop", "kind": "app,linux,container",
            "location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": properties});
        let text = json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "resources": [site]});
        let mut registry = registry.clone();
        registry["loginServer"] = json!("acme1.azurecr.io");
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1";
        let question = Question::Registry { host: Host::parse("acme1.azurecr.io").unwrap() };
        let answer = json!({"id": id, "name": "acme1", "properties": registry});
        let said = verdicts(CHECK, &text.to_string(), &Evidence::default().with(question, Ok(Reply::Json(answer))));
        assert!(said.starts_with(start), "{said}");
    }

    const SUBNET: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/sites";

    #[test]
    fn a_site_whose_pulls_are_not_routed_does_not_get_to_a_closed_registry() {
        let closed = json!({"publicNetworkAccess": "Disabled"});
        let error = "error: registry acme1 is closed to the public, and the site does not pull through its network";
        says(&json!({}), &closed, error);
        says(&json!({"virtualNetworkSubnetId": SUBNET}), &closed, error);
        says(&json!({"virtualNetworkSubnetId": SUBNET, "vnetRouteAllEnabled": true}), &closed, error);
        says(
            &json!({"virtualNetworkSubnetId": SUBNET, "outboundVnetRouting": {"applicationTraffic": true}}),
            &closed,
            error,
        );
    }

    #[test]
    fn every_name_of_the_setting_routes_pulls() {
        let closed = json!({"publicNetworkAccess": "Disabled"});
        let setting = json!({"appSettings": [{"name": "WEBSITE_PULL_IMAGE_OVER_VNET", "value": "true"}],
            "linuxFxVersion": "DOCKER|acme1.azurecr.io/api:v1", "acrUseManagedIdentityCreds": true});
        for site in [
            json!({"outboundVnetRouting": {"imagePullTraffic": true}}),
            json!({"outboundVnetRouting": {"allTraffic": true}}),
            json!({"vnetImagePullEnabled": true}),
            json!({"siteConfig": setting}),
        ] {
            let mut integrated = site.clone();
            integrated["virtualNetworkSubnetId"] = json!(SUBNET);
            says(&integrated, &closed, "unverified");
            says(
                &site,
                &closed,
                "error: registry acme1 is closed to the public, and the site whose pulls go through its network is in none",
            );
        }
    }

    #[test]
    fn a_registry_that_lets_people_in_is_none_of_its_business() {
        says(&json!({}), &json!({"publicNetworkAccess": "Enabled"}), "pass");
        let listed = json!({"publicNetworkAccess": "Enabled", "networkRuleSet": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.4", "action": "Allow"}]}});
        says(&json!({}), &listed, "unverified");
    }
}
