//! A container group is to pull with its system identity.
//!
//! ## Why
//! Container Instances pull from a registry with a user-assigned identity only.
//! <https://learn.microsoft.com/azure/container-instances/using-azure-container-registry-mi>
//!
//! ## Fix
//! Create a user-assigned identity that may pull, attach it to the group, and name its resource id in
//! `imageRegistryCredentials`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Puller, Workload};

pub const CHECK: Check = Check {
    code: "group-identity-unsupported",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("group_identity_unsupported.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let identities = workload.registries.entries.iter().filter_map(|entry| entry.identity.as_ref());
    let identities: Vec<_> = identities.filter(|_| workload.host == Host::ContainerGroup).collect();
    if identities.is_empty() {
        return Err(Stop::NotApplicable("no container group pulls with an identity"));
    }
    let system = identities
        .into_iter()
        .filter(|identity| !matches!(workload.puller(identity), Puller::User(_) | Puller::Client(_)));
    let finding = |identity| {
        let finding = Finding::at_value(identity, "a container group cannot pull with a system identity");
        finding.help("name a user-assigned identity by its resource id, and attach it to the group")
    };
    Ok(system.map(finding).collect())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(identity: &str) -> String {
        let text = format!(
            "type: Microsoft.ContainerInstance/containerGroups\nname: group\nproperties:\n  osType: Linux\n  imageRegistryCredentials:\n  - server: \
             acme1.azurecr.io\n    identity: {identity}\n  containers:\n  - name: a\n    properties: {{image: 'acme1.azurecr.io/a:1'}}\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn a_system_identity_does_not_pull() {
        insta::assert_snapshot!(says("system"), @"
        error: a container group cannot pull with a system identity
        help: name a user-assigned identity by its resource id, and attach it to the group
        ");
        assert_eq!(
            says("/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"),
            "pass"
        );
    }
}
