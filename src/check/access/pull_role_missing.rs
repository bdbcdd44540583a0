//! The identity that pulls holds no role that lets it.
//!
//! ## Why
//! A registry in legacy mode asks for the action `Microsoft.ContainerRegistry/registries/pull/read`, one in ABAC mode for the data
//! action `…/repositories/content/read`, of the identity that the registry entry names: not of whoever deploys. Without it the
//! pull ends in `UNAUTHORIZED`, whether or not the image is there.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-directory-reference>
//!
//! ## Fix
//! Grant the role to the principal of the identity, on the registry. Allow ten minutes for it to work.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Credential, Manifest, Pull, Workload};
use crate::rbac::Reason;

use super::live::{self, Standing};
use super::{principal_recreated, puller, role_on_other_principal, wiring};

pub const CHECK: Check = Check {
    code: "pull-role-missing",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("pull_role_missing.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| judge(pull, evidence))
}

fn judge(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    if let Ok(Credential::Kubelet) = pull.credential() {
        return Err(nodes(pull, evidence));
    }
    let standing = live::standing(pull, evidence)?;
    let recreated = principal_recreated::flaw(pull, &standing, evidence)?;
    let Some(Reason::NoAssignment | Reason::LooksLikePull(_)) = standing.cause() else { return Ok(Vec::new()) };
    if recreated.is_some() || role_on_other_principal::holder(pull, &standing, evidence)?.is_some() {
        return Err(Stop::NotApplicable("the role is there and the identity is another one"));
    }
    Ok(vec![finding(pull, &standing)])
}

/// The identity of the nodes pulls, and no manifest tells it.
fn nodes(pull: &Pull, evidence: &Evidence) -> Stop {
    if evidence.is_offline() {
        return Stop::NotApplicable("the nodes pull with an identity that only Azure knows");
    }
    let host = pull.host().map_or_else(|_| "the registry".to_owned(), |host| host.as_str().to_owned());
    Stop::Unverified(Failure::Unknown {
        expression: "the identity of the nodes".to_owned(),
        why: format!("no manifest tells it; `az aks check-acr -n <cluster> -g <group> --acr {host}` tries it"),
    })
}

fn finding(pull: &Pull, standing: &Standing) -> Finding {
    let name = puller::name(pull.workload, &standing.puller);
    let title = format!("{name} may not pull from {}", standing.registry.login_server);
    let mut finding = at_entry(pull, standing, title);
    finding = match (&standing.principal, standing.cause()) {
        (None, _) => {
            finding.detail("the identity does not exist yet, and the deployment grants it nothing on the registry")
        }
        (_, Some(Reason::LooksLikePull(held))) => {
            let names: Vec<&str> = held.iter().map(|held| held.role.name.as_str()).collect();
            finding.detail(format!("it holds {}, which does not pull", names.join(", ")))
        }
        (Some(principal), _) => {
            finding.detail(format!("its principal {principal} holds no role at the registry or above that pulls"))
        }
    };
    let role = standing.mode.pull_role().name;
    finding.help(format!("grant it {role} on the registry; it may take ten minutes to work")).command(standing.remedy())
}

/// A finding at the registry entry that names the identity.
pub fn at_entry(pull: &Pull, standing: &Standing, title: String) -> Finding {
    let entry = match pull.entry() {
        Ok(crate::manifest::Entry::Found(entry)) => Some(entry),
        _ => None,
    };
    let finding = match entry.and_then(|entry| entry.identity.as_ref()) {
        Some(identity) if identity.at.is_written() => Finding::at_value(identity, title),
        _ => Finding::at(entry.map_or(pull.workload.at, |entry| entry.at), title),
    };
    let finding = match pull.image_value() {
        Some(image) => finding.also(pull.place(image), "needed for this image"),
        None => finding,
    };
    match &standing.plan.granted {
        super::plan::Granted::Yes(grants) => grants
            .iter()
            .fold(finding, |finding, grant| finding.also(grant.resource.at, "the role that the deployment assigns")),
        super::plan::Granted::No(flaw) => match flaw.grant() {
            Some(grant) => finding.also(grant.resource.at, "the role that the deployment assigns, which is not enough"),
            None => finding,
        },
        super::plan::Granted::Undecided(_) => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{
        ACR_PULL, REGISTRY_ID, REPOSITORY_READER, answering, assignment, exported, holding, live, not_allowed, registry,
    };
    use crate::check::table::verdicts;
    use crate::evidence::{Evidence, Resource};
    use serde_json::json;

    #[test]
    fn an_identity_without_a_role_may_not_pull() {
        insta::assert_snapshot!(live(CHECK, &holding(registry(&json!({})), &[])), @"
        error: the system identity of app may not pull from acme1.azurecr.io
        because: its principal 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad holds no role at the registry or above that pulls
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant it AcrPull on the registry; it may take ten minutes to work
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
    }

    #[test]
    fn a_role_at_the_registry_or_above_is_enough() {
        for scope in [REGISTRY_ID, "/subscriptions/S/resourcegroups/G", "/subscriptions/s", "/"] {
            assert_eq!(live(CHECK, &holding(registry(&json!({})), &[assignment(ACR_PULL, scope)])), "pass", "{scope}");
        }
    }

    #[test]
    fn the_role_to_grant_is_that_of_the_registrys_mode() {
        let abac = registry(&json!({"roleAssignmentMode": "AbacRepositoryPermissions"}));
        insta::assert_snapshot!(live(CHECK, &holding(abac.clone(), &[])), @"
        error: the system identity of app may not pull from acme1.azurecr.io
        because: its principal 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad holds no role at the registry or above that pulls
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant it Container Registry Repository Reader on the registry; it may take ten minutes to work
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role \"Container Registry Repository Reader\" --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
        assert_eq!(live(CHECK, &holding(abac, &[assignment(REPOSITORY_READER, REGISTRY_ID)])), "pass");
    }

    #[test]
    fn a_role_that_only_sounds_like_it_is_named() {
        let delete = assignment("c2f4ef07-c644-48eb-af81-4b1b4947fb11", REGISTRY_ID);
        insta::assert_snapshot!(live(CHECK, &holding(registry(&json!({})), &[delete])), @"
        error: the system identity of app may not pull from acme1.azurecr.io
        because: it holds AcrDelete, which does not pull
        also: acme1.azurecr.io/api:v1: needed for this image
        help: grant it AcrPull on the registry; it may take ten minutes to work
        run: az role assignment create --assignee-object-id 9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad --assignee-principal-type ServicePrincipal --role AcrPull --scope /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1
        ");
    }

    #[test]
    fn what_may_not_be_read_is_unverified() {
        let principal = super::super::template::PRINCIPAL.to_owned();
        let question = Resource::RoleAssignments { scope: REGISTRY_ID.to_owned(), principal };
        insta::assert_snapshot!(live(CHECK, &answering(registry(&json!({})), question, Err(not_allowed()))), @"unverified: the caller may not read this: it needs Microsoft.Authorization/roleAssignments/read on /subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1");
    }

    #[test]
    fn it_asks_for_the_registry_first() {
        insta::assert_snapshot!(live(CHECK, &Evidence::default()), @"needs the registry with login server acme1.azurecr.io");
        insta::assert_snapshot!(verdicts(CHECK, &exported(), &Evidence::default().offline()), @"not asked: the registry with login server acme1.azurecr.io");
    }

    #[test]
    fn a_mode_that_is_not_told_is_not_guessed() {
        let silent = registry(&json!({"roleAssignmentMode": null}));
        insta::assert_snapshot!(live(CHECK, &holding(silent, &[assignment(ACR_PULL, REGISTRY_ID)])), @"unverified: `roleAssignmentMode` is not known before the deployment: Azure's answer about the registry does not tell how it reads role assignments");
    }
}
