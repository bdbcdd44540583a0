//! Identity and registry belong to different tenants.
//!
//! ## Why
//! A managed identity exists in one tenant and gets tokens of that tenant only; a registry of another one does not take them.
//! <https://learn.microsoft.com/azure/container-registry/authenticate-kubernetes-options>
//!
//! ## Fix
//! Pull with a user name and a password: a repository-scoped token of the registry, or a service principal of its tenant.

use serde_json::Value as Json;

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Registry, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Pull, Puller, Workload};
use crate::rbac::Scope;

use super::puller::{self, Principal};
use super::{live, wiring};

pub const CHECK: Check = Check {
    code: "tenant-mismatch",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("tenant_mismatch.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let puller = puller::azure_puller(pull).map_err(live::left_to_main)?;
        let image = pull.image().map_err(live::left_to_main)?;
        // What is missing here, `pull-role-missing` asks for.
        let Ok(Ok(registry)) = live::registry(&image.registry, evidence) else {
            return Err(Stop::NotApplicable("`pull-role-missing` decides it"));
        };
        let Some((own, other)) = mismatch(pull, &puller, &registry, evidence)? else { return Ok(Vec::new()) };
        let title = format!(
            "{} is of the tenant {own}, and {} of {other}",
            puller::name(workload, &puller),
            registry.login_server
        );
        let at = puller
            .value()
            .filter(|value| value.at.is_written())
            .map_or(workload.registries.at.unwrap_or(workload.at), |value| value.at);
        let finding = Finding::at(at, title)
            .help("pull with a user name and a password: a repository-scoped token of the registry");
        Ok(vec![finding.command(format!(
            "az acr token create -n pull-{} -r {} --repository {} content/read",
            registry.name, registry.name, image.repository
        ))])
    })
}

/// The tenants of identity and registry, where both are known and differ.
///
/// # Errors
/// *Need* of the registry's subscription, which tells its tenant where nothing else does.
pub fn mismatch(
    pull: &Pull,
    puller: &Puller,
    registry: &Registry,
    evidence: &Evidence,
) -> Result<Option<(String, String)>, Stop> {
    let Ok(Principal::Known { tenant: Some(own), .. }) = puller::principal(pull.workload, puller, evidence) else {
        return Ok(None);
    };
    let differs = |other: &String| !own.eq_ignore_ascii_case(other);
    let text = |json: &Json, key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    if let Some(other) = &registry.tenant {
        return Ok(differs(other).then(|| (own.clone(), other.clone())));
    }
    // The caller could read the registry: it is of the caller's tenant, or delegated to it.
    let scope = Scope::from(registry.id.as_str());
    let (Some(true), Some(subscription)) =
        (text(&registry.json, "callerTenant").as_ref().map(differs), scope.subscription())
    else {
        return Ok(None);
    };
    let answer = evidence.resource(Resource::Get { id: format!("/subscriptions/{subscription}") })?;
    let other = answer.ok().and_then(|json| text(json, "tenantId"));
    Ok(other.filter(differs).map(|other| (own.clone(), other)))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{REGISTRY_ID, live};
    use crate::evidence::{Evidence, Question, Reply, Resource};
    use crate::image::Host;
    use serde_json::json;

    #[track_caller]
    fn says(tenant: &str) -> String {
        let registry = json!({"id": REGISTRY_ID, "name": "acme1", "tenantId": tenant, "properties": {"loginServer": "acme1.azurecr.io"}});
        let host = Host::parse("acme1.azurecr.io").unwrap();
        live(CHECK, &Evidence::default().with(Question::Registry { host }, Ok(Reply::Json(registry))))
    }

    #[track_caller]
    fn read_as(caller: &str, of_subscription: Option<&str>) -> String {
        let registry = json!({"id": REGISTRY_ID, "name": "acme1", "callerTenant": caller, "properties": {"loginServer": "acme1.azurecr.io"}});
        let host = Host::parse("acme1.azurecr.io").unwrap();
        let evidence = Evidence::default().with(Question::Registry { host }, Ok(Reply::Json(registry)));
        let question = Question::Resource(Resource::Get { id: "/subscriptions/s".to_owned() });
        let known = |tenant| evidence.clone().with(question, Ok(Reply::Json(json!({"tenantId": tenant}))));
        live(CHECK, &of_subscription.map_or(evidence.clone(), known))
    }

    #[test]
    fn a_tenant_that_is_not_told_is_asked_for_only_where_it_may_be_another() {
        let (own, other) = ("11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222");
        assert_eq!(read_as(own, None), "pass");
        insta::assert_snapshot!(read_as(other, None), @"needs /subscriptions/s");
        assert_eq!(read_as(other, Some(own)), "pass", "the registry's subscription is delegated to the caller");
        assert!(read_as(other, Some(other)).starts_with("error: "));
    }

    #[test]
    fn another_tenant_is_named() {
        insta::assert_snapshot!(says("22222222-2222-2222-2222-222222222222"), @"
        error: the system identity of app is of the tenant 11111111-1111-1111-1111-111111111111, and acme1.azurecr.io of 22222222-2222-2222-2222-222222222222
        at: registries
        help: pull with a user name and a password: a repository-scoped token of the registry
        run: az acr token create -n pull-acme1 -r acme1 --repository api content/read
        ");
        assert_eq!(says("11111111-1111-1111-1111-111111111111"), "pass");
    }
}
