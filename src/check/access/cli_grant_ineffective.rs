//! The role that the Azure CLI grants on its own would not let the identity pull from this registry.
//!
//! ## Why
//! `az containerapp registry set --identity` and `--registry-identity` grant AcrPull to the identity, on a registry that they look
//! for by the first part of the login server in the subscription that the CLI is set to. A registry in ABAC mode does not honour
//! AcrPull; one with a domain name label is called otherwise than its login server begins; one in another subscription is not
//! found.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>,
//! <https://github.com/Azure/azure-cli/issues/31515>
//!
//! ## Fix
//! Grant the role by hand, with the principal's object id and the registry's id.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Registry, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Origin, Workload};
use crate::rbac::{Reason, RegistryMode, Scope};
use crate::value::Value;

use super::live::{self, Standing};
use super::pull_role_missing::at_entry;
use super::wiring;

pub const CHECK: Check = Check {
    code: "cli-grant-ineffective",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("cli_grant_ineffective.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    // A template grants what it declares and nothing else.
    if workload.origin == Origin::Declared || !matches!(workload.host, Host::ContainerApp | Host::Job) {
        return Err(Stop::NotApplicable("the Azure CLI does not deploy it with a grant of its own"));
    }
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let standing = live::settled(pull, evidence)?;
        // Where it has granted already, `role-ineffective` says that it was the wrong role.
        let Some(Reason::NoAssignment | Reason::LooksLikePull(_) | Reason::ScopeMisses(_)) = standing.cause() else {
            return Ok(Vec::new());
        };
        let hindrances = hindrances(workload, &standing);
        if hindrances.is_empty() {
            return Ok(Vec::new());
        }
        let title = format!("the Azure CLI cannot grant the pull from {} on its own", standing.registry.login_server);
        let finding = hindrances.into_iter().fold(at_entry(pull, &standing, title), Finding::detail);
        let help = "do not rely on `az containerapp registry set --identity` or `--registry-identity` for the grant";
        Ok(vec![finding.help(help).command(standing.remedy())])
    })
}

fn hindrances(workload: &Workload, standing: &Standing) -> Vec<String> {
    let registry = &standing.registry;
    let mut found = Vec::new();
    if standing.mode == RegistryMode::Abac {
        found.push("it grants AcrPull, which a registry in ABAC mode does not honour".to_owned());
    }
    let label = registry.login_server.split('.').next().unwrap_or_default();
    if !label.eq_ignore_ascii_case(&registry.name) {
        found.push(format!("it looks for a registry named {label}; this one is named {}", registry.name));
    }
    if is_elsewhere(workload, registry) {
        found.push("it looks in the subscription of the app; the registry is in another one".to_owned());
    }
    found
}

fn is_elsewhere(workload: &Workload, registry: &Registry) -> bool {
    let id = workload.id.as_ref().and_then(Value::as_str).or(workload.scope.as_deref());
    let own = id.map(Scope::from).and_then(|scope| scope.subscription().map(str::to_owned));
    let theirs = Scope::from(registry.id.as_str());
    own.is_some_and(|own| theirs.subscription().is_some_and(|theirs| !theirs.eq_ignore_ascii_case(&own)))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{ACR_PULL, REGISTRY_ID, assignment, exported, holding, live, registry};
    use crate::check::table::verdicts;
    use crate::evidence::{Evidence, Question, Reply};
    use crate::image::Host;
    use serde_json::json;

    #[test]
    fn what_the_cli_grants_is_not_honoured_in_abac_mode() {
        let abac = registry(&json!({"roleAssignmentMode": "AbacRepositoryPermissions"}));
        insta::assert_snapshot!(live(CHECK, &holding(abac, &[])), @"
        warning: the Azure CLI cannot grant the pull from acme1.azurecr.io on its own
        at: system
        because: it grants AcrPull, which a registry in ABAC mode does not honour
        also: acme1.azurecr.io/api:v1: needed for this image
        help: do not rely on `az containerapp registry set --identity` or `--registry-identity` for the grant
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role \"Container Registry Repository Reader\" --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
    }

    #[test]
    fn a_registry_that_the_cli_does_not_find_is_named() {
        let labelled = json!({"id": REGISTRY_ID, "name": "acme", "properties": {"loginServer": "acme1.azurecr.io",
            "roleAssignmentMode": "LegacyRegistryPermissions"}});
        let host = Host::parse("acme1.azurecr.io").unwrap();
        let evidence = Evidence::default().with(Question::Registry { host }, Ok(Reply::Json(labelled)));
        let says = live(CHECK, &holding(evidence, &[]));
        assert!(says.contains("because: it looks for a registry named acme1; this one is named acme\n"), "{says}");
        let elsewhere = exported().replace("/subscriptions/s/", "/subscriptions/t/");
        let says = verdicts(CHECK, &elsewhere, &holding(registry(&json!({})), &[]));
        assert!(
            says.contains("because: it looks in the subscription of the app; the registry is in another one"),
            "{says}"
        );
    }

    #[test]
    fn where_the_cli_grants_what_is_needed_nothing_is_said() {
        assert_eq!(live(CHECK, &holding(registry(&json!({})), &[])), "pass");
        let granted = holding(registry(&json!({})), &[assignment(ACR_PULL, REGISTRY_ID)]);
        assert_eq!(live(CHECK, &granted), "pass");
    }
}
