//! The name of a role assignment will collide with another one.
//!
//! ## Why
//! A role assignment is named by a GUID. The same name for another principal at the same scope is refused
//! (`RoleAssignmentUpdateNotPermitted`: `Tenant ID, application ID, principal ID, and scope are not allowed to be updated`); a new
//! name at every deployment (`newGuid()`) is refused the second time (`RoleAssignmentExists`).
//! <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting>
//!
//! ## Fix
//! Derive the name from scope, principal and role: `guid(registry.id, identity.id, roleDefinitionId)`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Condition, Grant, Manifest, Partial, Workload};
use crate::value::{Symbol, Value};

pub const CHECK: Check = Check {
    code: "grant-name-collides",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("grant_name_collides.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    // The grants are the whole deployment's: they are judged once, with its first workload.
    if manifest.workloads.first().is_none_or(|first| !std::ptr::eq(first.as_ref(), workload)) {
        return Err(Stop::NotApplicable("the grants of the deployment are judged with its first workload"));
    }
    let grants: Vec<Grant> =
        manifest.planned.grants().filter(|grant| grant.resource.condition == Condition::Always).collect();
    if grants.is_empty() {
        return Err(Stop::NotApplicable("the deployment grants nothing"));
    }
    let mut findings = Vec::new();
    for (index, grant) in grants.iter().enumerate() {
        if is_new_each_time(&grant.resource.name) {
            let title = "the role assignment gets another name at every deployment, and is refused the second time";
            findings.push(
                Finding::at(grant.resource.name.at, title)
                    .help("name it `guid(registry.id, identity.id, roleDefinitionId)`"),
            );
        } else if let Some(other) = grants[..index].iter().find(|other| collides(grant, other)) {
            let title = "two role assignments for different principals have the same name at the same scope";
            let finding = Finding::at(grant.resource.at, title).also(other.resource.at, "the other one");
            findings.push(
                finding
                    .help("let the principal be part of the name: `guid(registry.id, identity.id, roleDefinitionId)`"),
            );
        }
    }
    Ok(findings)
}

fn is_new_each_time(name: &Value) -> bool {
    name.as_str().is_none() && spelled(name).is_some_and(|name| name.contains("newguid()"))
}

/// The name as an expression; `None` when it depends on the state of a resource: modules call different ones by the same name.
fn spelled(name: &Value) -> Option<String> {
    name.canonical().map(|name| name.to_lowercase()).filter(|name| !name.contains("reference("))
}

fn collides(one: &Grant, other: &Grant) -> bool {
    let same = |one: &Value, other: &Value| match (Partial::of(one), Partial::of(other)) {
        (Some(one), Some(other)) => one.same(&other) == Some(true),
        _ => false,
    };
    spelled(&one.resource.name).is_some_and(|name| spelled(&other.resource.name) == Some(name))
        && same(&one.scope, &other.scope)
        && differ(one.principal, other.principal)
}

/// Whether two principals are different ones for certain.
fn differ(one: Option<&Value>, other: Option<&Value>) -> bool {
    let symbol = |value: &Value| match value.as_unknown()?.symbol.clone()? {
        Symbol::Principal(of) => Some(of),
        _ => None,
    };
    let (Some(one), Some(other)) = (one, other) else { return false };
    match (one.as_str(), other.as_str(), symbol(one), symbol(other)) {
        (Some(one), Some(other), _, _) => !one.eq_ignore_ascii_case(other),
        (_, _, Some(one), Some(other)) => Partial::known(&one).same(&Partial::known(&other)) == Some(false),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{Template, says};

    #[test]
    fn a_name_of_its_own_passes() {
        assert_eq!(says(CHECK, &Template::default()), "pass");
    }

    #[test]
    fn a_new_name_each_time_is_warned_of() {
        insta::assert_snapshot!(says(CHECK, &Template { name: "[parameters('random')]", ..Template::default() }), @"
        warning: the role assignment gets another name at every deployment, and is refused the second time
        at: newGuid()
        help: name it `guid(registry.id, identity.id, roleDefinitionId)`
        ");
    }
}
