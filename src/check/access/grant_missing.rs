//! The deployment creates the registry and the identity that pulls, and grants it nothing.
//!
//! ## Why
//! A new identity holds no role, and to a new registry nobody can have granted one before. The pull ends in `UNAUTHORIZED`.
//! <https://learn.microsoft.com/azure/role-based-access-control/role-assignments-template>
//!
//! ## Fix
//! Add a role assignment on the registry for the principal of the identity: AcrPull, or Container Registry Repository Reader
//! where the registry is in ABAC mode.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload};

use super::grant_flaw::{self, Flawed};
use super::plan::Flaw;

pub const CHECK: Check = Check {
    code: "grant-missing",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("grant_missing.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    grant_flaw::judge(manifest, workload, evidence, |flawed, flaw| match flaw {
        // What exists may have its role already.
        Flaw::Nothing if flawed.plan.is_certain() => Some(finding(flawed)),
        _ => None,
    })
}

fn finding(flawed: &Flawed) -> Finding {
    let title =
        format!("nothing lets {} pull from {}, and both are new in this deployment", flawed.name(), flawed.registry());
    let at = flawed.entry().unwrap_or(flawed.pull.container.at);
    let mut finding = Finding::at(at, title);
    if let Some(registry) = flawed.plan.registry {
        finding = finding.also(registry.at, "the registry");
    }
    finding.help(format!(
        "add a role assignment with `scope` of the registry, the identity's `principalId` and the role {}",
        flawed.role()
    ))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    #[test]
    fn a_new_identity_at_a_new_registry_needs_a_grant() {
        insta::assert_snapshot!(says(CHECK, &Template { grant: None, ..Template::default() }), @"
        error: nothing lets the identity id-pull pull from acme1, and both are new in this deployment
        at: resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull')
        also: {
              \"type\": \"Microsoft.ContainerRegistry/registries\",
              \"apiVersion\": \"2025-11-01\",
              \"name\": \"acme1\",
              \"properties\": {
                \"roleAssignmentMode\": \"LegacyRegistryPermissions\"
              }
            }: the registry
        help: add a role assignment with `scope` of the registry, the identity's `principalId` and the role AcrPull (7f951dda-4ed3-4680-a7ca-43fe172d538d)
        ");
    }

    #[test]
    fn a_grant_in_the_template_is_enough() {
        assert_eq!(says(CHECK, &Template::default()), "pass");
    }

    #[test]
    fn what_exists_may_have_its_role_already() {
        insta::assert_snapshot!(says(CHECK, &Template { grant: None, registry: false, ..Template::default() }), @"pass");
    }

    #[test]
    fn a_grant_above_the_registry_covers_it() {
        let above = |scope: &'static str| says(CHECK, &Template { scope: Some(scope), ..Template::default() });
        assert_eq!(above(""), "pass");
        assert_eq!(above("[subscription().id]"), "pass");
    }
}
