//! From Resource Manager's JSON to types.
//!
//! Takes a list (`{"value": […]}`), one resource, and the flattened form that the Azure CLI
//! prints. Members may be missing or null where the answer is still worth having; an item that
//! cannot be judged (an assignment of no role, say) is an error, since leaving it out could
//! turn a yes into a no.

use super::assignment::{Assignment, DeniedPrincipal, DenyAssignment, Eligibility, PrincipalId, ScheduleInstance};
use super::operation::{Pattern, Permissions};
use super::role::{RoleDefinition, RoleGuid, RoleKind};
use super::scope::Scope;
use serde_json::Value;

/// Why an answer was not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the answer holds no {what}")]
    Shape { what: &'static str },
    #[error("a {what} in the answer has no `{member}`")]
    Member { what: &'static str, member: &'static str },
}

/// Reads `roleAssignments`.
///
/// # Errors
/// When it is none, or one lacks its principal, role or scope.
pub fn role_assignments(answer: &Value) -> Result<Vec<Assignment>, Unreadable> {
    items(answer, "role assignment")?
        .map(|item| {
            Ok(Assignment {
                id: item.id(),
                scope: item.scope()?,
                principal_id: item.principal()?,
                principal_type: item.text("principalType"),
                role: item.role()?,
                condition: item.text("condition"),
                condition_version: item.text("conditionVersion"),
                end: None,
                created_on: item.text("createdOn"),
            })
        })
        .collect()
}

/// Reads `roleDefinitions`.
///
/// # Errors
/// When it is none, or one lacks its GUID or permissions.
pub fn role_definitions(answer: &Value) -> Result<Vec<RoleDefinition>, Unreadable> {
    items(answer, "role definition")?
        .map(|item| {
            let guid = item.own("name").or_else(|| item.own("id"));
            let guid = RoleGuid::from(guid.ok_or(item.lacks("name"))?);
            let kind = match item.text("type").or_else(|| item.text("roleType")) {
                Some(kind) if kind.eq_ignore_ascii_case("CustomRole") => RoleKind::Custom,
                _ => RoleKind::BuiltIn,
            };
            Ok(RoleDefinition {
                name: item.text("roleName").unwrap_or_else(|| guid.to_string()),
                guid,
                kind,
                permissions: item.permissions()?,
            })
        })
        .collect()
}

/// Reads `denyAssignments`.
///
/// # Errors
/// When it is none, or one lacks its permissions, principals or scope.
pub fn deny_assignments(answer: &Value) -> Result<Vec<DenyAssignment>, Unreadable> {
    items(answer, "deny assignment")?
        .map(|item| {
            Ok(DenyAssignment {
                id: item.id(),
                name: item
                    .text("denyAssignmentName")
                    .or_else(|| item.own("name").map(str::to_owned))
                    .unwrap_or_default(),
                scope: item.scope()?,
                permissions: item.permissions()?,
                principals: denied_principals(item.get("principals")).ok_or(item.lacks("principals"))?,
                exclude_principals: denied_principals(item.get("excludePrincipals")).unwrap_or_default(),
                do_not_apply_to_child_scopes: item
                    .get("doNotApplyToChildScopes")
                    .and_then(Value::as_bool)
                    .unwrap_or(false),
                condition: item.text("condition"),
            })
        })
        .collect()
}

/// Reads `roleEligibilityScheduleInstances`.
///
/// # Errors
/// When it is none, or one lacks its principal, role or scope.
pub fn eligibilities(answer: &Value) -> Result<Vec<Eligibility>, Unreadable> {
    items(answer, "eligible assignment")?
        .map(|item| {
            Ok(Eligibility {
                id: item.id(),
                scope: item.scope()?,
                principal_id: item.principal()?,
                principal_type: item.text("principalType"),
                role: item.role()?,
                start: item.text("startDateTime"),
                end: item.text("endDateTime"),
                condition: item.text("condition"),
            })
        })
        .collect()
}

/// Reads `roleAssignmentScheduleInstances`.
///
/// # Errors
/// When it is none, or one lacks its principal, role or scope.
pub fn schedule_instances(answer: &Value) -> Result<Vec<ScheduleInstance>, Unreadable> {
    items(answer, "assignment schedule")?
        .map(|item| {
            Ok(ScheduleInstance {
                id: item.id(),
                assignment: item.text("originRoleAssignmentId"),
                scope: item.scope()?,
                principal_id: item.principal()?,
                role: item.role()?,
                assignment_type: item.text("assignmentType"),
                member_type: item.text("memberType"),
                start: item.text("startDateTime"),
                end: item.text("endDateTime"),
            })
        })
        .collect()
}

/// One resource of an answer: what it is itself, and its properties.
struct Item<'a> {
    what: &'static str,
    whole: &'a Value,
    properties: &'a Value,
}

fn items<'a>(answer: &'a Value, what: &'static str) -> Result<impl Iterator<Item = Item<'a>>, Unreadable> {
    let list = match answer.get("value").unwrap_or(answer) {
        Value::Array(list) => list.as_slice(),
        one @ Value::Object(members) if !members.is_empty() => std::slice::from_ref(one),
        _ => return Err(Unreadable::Shape { what }),
    };
    Ok(list.iter().map(move |whole| Item { what, whole, properties: whole.get("properties").unwrap_or(whole) }))
}

impl<'a> Item<'a> {
    fn get(&self, member: &str) -> Option<&'a Value> {
        self.properties.get(member).filter(|value| !value.is_null())
    }

    /// A text among the properties; an empty one says nothing.
    fn text(&self, member: &str) -> Option<String> {
        let text = self.get(member)?.as_str()?;
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    /// A text beside the properties.
    fn own(&self, member: &str) -> Option<&'a str> {
        self.whole.get(member)?.as_str()
    }

    fn id(&self) -> String {
        self.own("id").unwrap_or_default().to_owned()
    }

    /// Where it is: `scope`, else what its id extends.
    fn scope(&self) -> Result<Scope, Unreadable> {
        if let Some(scope) = self.text("scope") {
            return Ok(Scope::from(scope));
        }
        let id = self.own("id").ok_or(self.lacks("scope"))?;
        let extension =
            id.to_ascii_lowercase().rfind("/providers/microsoft.authorization/").ok_or(self.lacks("scope"))?;
        Ok(Scope::from(&id[..extension]))
    }

    fn principal(&self) -> Result<PrincipalId, Unreadable> {
        let id = self.text("principalId").ok_or(self.lacks("principalId"))?;
        Ok(PrincipalId::from(id))
    }

    fn role(&self) -> Result<RoleGuid, Unreadable> {
        let id = self.text("roleDefinitionId");
        Ok(RoleGuid::from(id.ok_or(self.lacks("roleDefinitionId"))?))
    }

    fn permissions(&self) -> Result<Vec<Permissions>, Unreadable> {
        let blocks = self.get("permissions").and_then(Value::as_array);
        let blocks = blocks.ok_or(self.lacks("permissions"))?;
        Ok(blocks.iter().map(permissions).collect())
    }

    fn lacks(&self, member: &'static str) -> Unreadable {
        Unreadable::Member { what: self.what, member }
    }
}

fn permissions(block: &Value) -> Permissions {
    let patterns = |member: &str| {
        let list = block.get(member).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(Pattern::from).collect()
    };
    let condition = block.get("condition").and_then(Value::as_str);
    Permissions {
        actions: patterns("actions"),
        not_actions: patterns("notActions"),
        data_actions: patterns("dataActions"),
        not_data_actions: patterns("notDataActions"),
        condition: condition.filter(|text| !text.trim().is_empty()).map(str::to_owned),
    }
}

fn denied_principals(list: Option<&Value>) -> Option<Vec<DeniedPrincipal>> {
    let principals = list?.as_array()?.iter().filter_map(|one| {
        Some(DeniedPrincipal {
            id: PrincipalId::from(one.get("id")?.as_str()?),
            principal_type: one.get("type").and_then(Value::as_str).map(str::to_owned),
        })
    });
    Some(principals.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Some recorded answers, and some of the official examples, by kind.
    const ANSWERS: &str = include_str!("../../tests/data/rbac/answers.json");

    #[test]
    fn recorded_answers_of_every_kind_are_read() {
        let answers: Value = serde_json::from_str(ANSWERS).unwrap();
        let read = |kind: &str, read: fn(&Value) -> Result<usize, Unreadable>| {
            let answers = answers[kind].as_array().unwrap().iter();
            answers.map(|answer| read(answer).unwrap()).collect::<Vec<_>>()
        };
        let assignments = read("roleAssignments", |v| Ok(role_assignments(v)?.len()));
        assert_eq!(assignments, [1, 1, 3]);
        let denies = read("denyAssignments", |v| Ok(deny_assignments(v)?.len()));
        assert_eq!(denies, [1, 1]);
        let roles = read("roleDefinitions", |v| Ok(role_definitions(v)?.len()));
        assert_eq!(roles, [1, 1]);
        let active = "roleAssignmentScheduleInstances";
        assert_eq!(read(active, |v| Ok(schedule_instances(v)?.len())), [1]);
        let eligible = "roleEligibilityScheduleInstances";
        assert_eq!(read(eligible, |v| Ok(eligibilities(v)?.len())), [1]);
    }

    #[test]
    fn an_assignment_is_read_in_full() {
        let answer = json!({"value": [{
            "id": "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/1",
            "properties": {
                "scope": "/subscriptions/S/",
                "principalId": "AAAA",
                "principalType": "Group",
                "roleDefinitionId":
                    "/providers/Microsoft.Authorization/RoleDefinitions/7F951DDA-4ed3-4680-a7ca-43fe172d538d",
                "condition": "x",
                "conditionVersion": "2.0",
                "createdOn": "2025-11-03T08:12:41.1Z",
            },
        }]});
        let read = &role_assignments(&answer).unwrap()[0];
        assert_eq!(read.scope, Scope::from("/subscriptions/s"));
        assert_eq!(read.principal_id, PrincipalId::from("aaaa"));
        assert_eq!(read.principal_type.as_deref(), Some("Group"));
        assert_eq!(read.role.as_str(), "7f951dda-4ed3-4680-a7ca-43fe172d538d");
        assert_eq!(read.condition.as_deref(), Some("x"));
        assert_eq!(read.created_on.as_deref(), Some("2025-11-03T08:12:41.1Z"));
    }

    #[test]
    fn what_says_nothing_may_be_missing() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Authorization/roleAssignments/1";
        let flat = json!([{ "id": id, "principalId": "p", "roleDefinitionId": "r", "condition": "" }]);
        let read = &role_assignments(&flat).unwrap()[0];
        assert_eq!(read.scope, Scope::from("/subscriptions/s/resourceGroups/g"));
        assert_eq!((&read.condition, &read.principal_type), (&None, &None));

        let deny = json!({"properties": {"scope": "/", "permissions": [{"actions": null}],
            "principals": [{"id": "P"}], "excludePrincipals": null}});
        let read = &deny_assignments(&deny).unwrap()[0];
        assert!(!read.do_not_apply_to_child_scopes);
        assert_eq!(read.permissions, [Permissions::default()]);
    }

    #[test]
    fn what_cannot_be_judged_is_an_error_and_not_left_out() {
        let refuse = |result: Result<usize, Unreadable>| result.unwrap_err().to_string();
        let assignments = |answer| refuse(role_assignments(&answer).map(|all| all.len()));
        assert_eq!(assignments(json!(null)), "the answer holds no role assignment");
        assert_eq!(assignments(json!({})), "the answer holds no role assignment");
        assert_eq!(assignments(json!({"value": null})), "the answer holds no role assignment");
        assert_eq!(
            assignments(json!({"value": [{"properties": {"scope": "/", "principalId": "p"}}]})),
            "a role assignment in the answer has no `roleDefinitionId`"
        );
        assert_eq!(
            assignments(json!({"value": [{"id": "1", "properties": {}}]})),
            "a role assignment in the answer has no `scope`"
        );
        let roles = |answer| refuse(role_definitions(&answer).map(|all| all.len()));
        assert_eq!(
            roles(json!({"name": "x", "properties": {}})),
            "a role definition in the answer has no `permissions`"
        );
        assert_eq!(role_assignments(&json!({"value": []})), Ok(Vec::new()));
    }
}
