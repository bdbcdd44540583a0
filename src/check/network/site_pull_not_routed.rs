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
use crate::egress::{Id, read};
use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::{Finding, Severity};
use crate::image::is_acr;
use crate::manifest::{Found, Host, Manifest, Origin, Pull, Workload, set};
use crate::value::Value;

use super::declared::Declared;

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
        match registry(&pull, evidence) {
            Ok(registry) if registry.is_open() => stop = Stop::NotApplicable("the registry is open to the public"),
            Ok(registry) => return judge(workload, &registry),
            Err(other) => stop = other,
        }
    }
    match stop {
        Stop::NotApplicable("the registry is open to the public") => Ok(Vec::new()),
        stop => Err(stop),
    }
}

fn judge(workload: &Workload, registry: &crate::egress::registry::Registry) -> Result<Vec<Finding>, Stop> {
    let name = registry.id.name();
    if routes_pulls(workload) {
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

fn registry(pull: &Pull, evidence: &Evidence) -> Result<crate::egress::registry::Registry, Stop> {
    let host = pull.host()?;
    let unread = |unread: crate::egress::Unread| Stop::Unverified(Failure::unreadable(unread.to_string()));
    if let Found::One(planned) = pull.manifest.planned.registry_of(&host)
        && let Some(id) = planned.id.canonical().map(Id::new)
        && let Some(body) = Declared::of(&pull.manifest.planned).get(&id)
    {
        return read::registry(&body.map_err(Stop::Unverified)?, None).map_err(unread);
    }
    let image = pull.image()?;
    if !is_acr(&image.registry) {
        return Err(Stop::NotApplicable("the registry is none of Azure's"));
    }
    let known = evidence.registry(&image.registry)?.map_err(Stop::Unverified)?;
    read::registry(&known.json, None).map_err(unread)
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
