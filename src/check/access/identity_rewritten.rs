//! The Azure CLI would rewrite the id of an identity while it reads the file.
//!
//! ## Why
//! `az containerapp create` and `update` turn the keys of a `--yaml` file from snake_case into camelCase, and the keys of
//! `userAssignedIdentities` are resource ids: an underscore in a resource group or an identity's name is dropped, and what
//! follows it is capitalised. Azure then finds no such identity (`FailedIdentityOperation`). Extensions of 2026 restore the ids,
//! so that this is a warning. <https://github.com/Azure/azure-cli/issues/27272>
//!
//! ## Fix
//! Deploy the file as a template, attach the identity by a command, or use names without underscores.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Origin, Workload};
use crate::value::Value;

use super::{remedy, wiring};

pub const CHECK: Check = Check {
    code: "identity-rewritten",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("identity_rewritten.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    // A template is read by Resource Manager, which keeps keys as they are.
    let is_file = workload.scope.is_none() && workload.origin != Origin::Live;
    if !is_file || !wiring::is_container_app(workload) {
        return Err(Stop::NotApplicable("the Azure CLI does not read this file"));
    }
    let ids = workload.identity.user_assigned.iter().map(|one| &one.id);
    let rewritten = ids.filter_map(|id| Some((id, rewritten(id.as_str()?)?)));
    Ok(rewritten.map(|(id, becomes)| finding(workload, id, &becomes)).collect())
}

fn finding(workload: &Workload, id: &Value, becomes: &str) -> Finding {
    let title = format!("`az containerapp --yaml` may look for `{becomes}` instead of this identity");
    let finding =
        Finding::at_value(id, title).detail("it drops the underscores of a key and capitalises what follows them");
    let finding =
        finding.help("attach the identity by a command and leave it out of the file, or rename it without underscores");
    match remedy::attach(workload, Some(&remedy::id(id))) {
        Some(command) => finding.command(command),
        None => finding,
    }
}

/// What becomes of a key: as `_to_camel_case` of the Azure CLI does it, with Python's `title()`.
fn rewritten(id: &str) -> Option<String> {
    let (first, rest) = id.split_once('_')?;
    let mut out = first.to_owned();
    for part in rest.split('_') {
        let mut starts = true;
        for character in part.chars() {
            match starts {
                true => out.extend(character.to_uppercase()),
                false => out.extend(character.to_lowercase()),
            }
            starts = !character.is_alphabetic();
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{CHECK, rewritten};
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[test]
    fn ids_are_rewritten_as_the_issue_tells() {
        let id = "/subscriptions/s/resourcegroups/my_resource_group/providers/Microsoft.Managedidentity/Userassignedidentities/my-user-assigned-identity";
        let becomes = "/subscriptions/s/resourcegroups/myResourceGroup/Providers/Microsoft.Managedidentity/Userassignedidentities/My-User-Assigned-Identity";
        assert_eq!(rewritten(id).as_deref(), Some(becomes));
        assert_eq!(rewritten("/subscriptions/s/resourceGroups/rg-a/id-b"), None);
    }

    #[track_caller]
    fn says(name: &str, more: &str) -> String {
        let id = format!(
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        );
        let text = format!(
            "{more}name: app\nenvironmentId: /e\nidentity: {{type: UserAssigned, userAssignedIdentities: {{{id}: {{}}}}}}\n\
             template:\n  containers:\n  - name: api\n    image: nginx\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn a_name_with_an_underscore_is_warned_of() {
        assert!(says("id_pull", "").starts_with("warning: `az containerapp --yaml` may look for `/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/idPull`"));
        assert_eq!(says("id-pull", ""), "pass");
    }

    #[test]
    fn an_export_is_not_read_by_the_cli() {
        let live = "id: /subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/app\ntype: Microsoft.App/containerApps\n";
        assert!(says("id_pull", live).starts_with("not applicable"));
    }
}
