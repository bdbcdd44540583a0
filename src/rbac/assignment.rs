//! Who holds which role where, who is denied what, and who could ask for a role.

use super::operation::Permissions;
use super::role::RoleGuid;
use super::scope::Scope;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An Entra object id: a service principal's (so a managed identity's), a user's or a group's.
/// Not a client id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct PrincipalId(String);

impl PrincipalId {
    /// The id in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this stands for everybody in a deny assignment: the GUID of zeros
    /// (<https://learn.microsoft.com/azure/role-based-access-control/deny-assignments>).
    pub fn is_everyone(&self) -> bool {
        self.0 == "00000000-0000-0000-0000-000000000000"
    }
}

impl From<&str> for PrincipalId {
    fn from(text: &str) -> Self {
        Self(text.trim().to_ascii_lowercase())
    }
}

impl From<String> for PrincipalId {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<PrincipalId> for String {
    fn from(id: PrincipalId) -> Self {
        id.0
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role assignment: live, or planned by a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    pub id: String,
    pub scope: Scope,
    pub principal_id: PrincipalId,
    /// `ServicePrincipal`, `Group`, `User`, …; old api-versions do not say.
    pub principal_type: Option<String>,
    pub role: RoleGuid,
    pub condition: Option<String>,
    pub condition_version: Option<String>,
    /// When it ends, as written. The assignment itself does not say: see [`expire_by`].
    pub end: Option<String>,
    pub created_on: Option<String>,
}

/// A principal in a deny assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeniedPrincipal {
    pub id: PrincipalId,
    pub principal_type: Option<String>,
}

/// A deny assignment. Azure writes them, for managed applications and deployment stacks; they
/// beat every role assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DenyAssignment {
    pub id: String,
    pub name: String,
    pub scope: Scope,
    pub permissions: Vec<Permissions>,
    pub principals: Vec<DeniedPrincipal>,
    pub exclude_principals: Vec<DeniedPrincipal>,
    pub do_not_apply_to_child_scopes: bool,
    pub condition: Option<String>,
}

impl DenyAssignment {
    /// Whether it is about everybody who is not excluded.
    pub fn is_for_everyone(&self) -> bool {
        self.principals.iter().any(|one| one.id.is_everyone())
    }
}

/// A role that a principal could activate in Privileged Identity Management. It allows
/// nothing until somebody does, and a workload's identity cannot (unverified: no public
/// statement was found).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Eligibility {
    pub id: String,
    pub scope: Scope,
    pub principal_id: PrincipalId,
    pub principal_type: Option<String>,
    pub role: RoleGuid,
    pub start: Option<String>,
    pub end: Option<String>,
    pub condition: Option<String>,
}

/// An active assignment as Privileged Identity Management sees it: with its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleInstance {
    pub id: String,
    /// The role assignment that it keeps.
    pub assignment: Option<String>,
    pub scope: Scope,
    pub principal_id: PrincipalId,
    pub role: RoleGuid,
    /// `Assigned` or `Activated`.
    pub assignment_type: Option<String>,
    /// `Direct`, `Group` or `Inherited`.
    pub member_type: Option<String>,
    pub start: Option<String>,
    pub end: Option<String>,
}

/// Writes each schedule's end into the assignment that it keeps: found by id, else by who,
/// what and where. An assignment kept by several schedules lasts as long as the longest.
pub fn expire_by(assignments: &mut [Assignment], schedules: &[ScheduleInstance]) {
    for assignment in assignments {
        let named: Vec<_> = schedules
            .iter()
            .filter(|s| s.assignment.as_deref().is_some_and(|id| same_id(id, &assignment.id)))
            .collect();
        let keeping = if named.is_empty() { schedules.iter().filter(|s| s.keeps(assignment)).collect() } else { named };
        if keeping.iter().all(|schedule| schedule.end.is_some()) {
            let last = keeping.iter().filter_map(|schedule| schedule.end.clone()).max();
            assignment.end = last.or(assignment.end.take());
        }
    }
}

impl ScheduleInstance {
    fn keeps(&self, assignment: &Assignment) -> bool {
        self.principal_id == assignment.principal_id && self.role == assignment.role && self.scope == assignment.scope
    }
}

fn same_id(one: &str, other: &str) -> bool {
    Scope::from(one) == Scope::from(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(id: &str) -> Assignment {
        Assignment {
            id: id.to_owned(),
            scope: "/subscriptions/s".into(),
            principal_id: "P".into(),
            principal_type: None,
            role: "r".into(),
            condition: None,
            condition_version: None,
            end: None,
            created_on: None,
        }
    }

    fn schedule(assignment: Option<&str>, end: Option<&str>) -> ScheduleInstance {
        ScheduleInstance {
            id: "x".to_owned(),
            assignment: assignment.map(str::to_owned),
            scope: "/SUBSCRIPTIONS/s".into(),
            principal_id: "p".into(),
            role: "R".into(),
            assignment_type: None,
            member_type: None,
            start: None,
            end: end.map(str::to_owned),
        }
    }

    #[track_caller]
    fn end(schedules: &[ScheduleInstance], expected: Option<&str>) {
        let mut assignments = [assignment("/a/1")];
        expire_by(&mut assignments, schedules);
        assert_eq!(assignments[0].end.as_deref(), expected);
    }

    #[test]
    fn an_assignment_ends_with_the_last_schedule_that_keeps_it() {
        end(&[], None);
        end(&[schedule(Some("/A/1"), Some("2027"))], Some("2027"));
        end(&[schedule(None, Some("2027"))], Some("2027"));
        end(&[schedule(None, Some("2027")), schedule(None, Some("2028"))], Some("2028"));
        end(&[schedule(None, Some("2027")), schedule(None, None)], None);
        end(&[schedule(Some("/a/1"), Some("2027")), schedule(Some("/a/2"), None)], Some("2027"));
    }
}
