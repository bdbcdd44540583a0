//! Who may do what, the slow and obvious way: every assignment is looked at, for every question.
//! <https://learn.microsoft.com/azure/role-based-access-control/overview#how-azure-rbac-determines-if-a-user-has-access-to-a-resource>

mod condition;

use serde_json::{Value, json};

use crate::world::{World, split_authorization};

pub use condition::holds;

/// Every principal, in a deny assignment.
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

/// Something that a principal would do.
#[derive(Clone, Copy, Debug)]
pub enum Deed<'a> {
    /// With the resource itself, such as `Microsoft.ContainerRegistry/registries/pull/read`.
    Action(&'a str),
    /// With what is in it: the data action, and the repository that is asked for.
    Data(&'a str, &'a str),
}

impl World {
    /// Whether a principal may do something at a scope.
    pub fn permits(&self, object_id: &str, scope: &str, deed: Deed) -> bool {
        let who = self.with_groups(object_id);
        !self.denies(&who, scope, deed) && self.assignments(&who, scope).iter().any(|one| self.grants(one, deed))
    }

    /// The role assignments of a principal, which is written with its groups, at a scope and above.
    pub fn assignments(&self, who: &[String], scope: &str) -> Vec<&Value> {
        let all = self.of_kind("Microsoft.Authorization/roleAssignments");
        all.filter(|one| self.covers(place(one), scope))
            .filter(|one| {
                one["properties"]["principalId"].as_str().is_some_and(|id| who.contains(&id.to_ascii_lowercase()))
            })
            .collect()
    }

    /// Whether a scope is another or above it.
    pub fn covers(&self, above: &str, scope: &str) -> bool {
        let above = above.trim_end_matches('/').to_ascii_lowercase();
        self.ancestors(scope).contains(&above)
    }

    /// A role by its id or guid, built in or the world's own, as Resource Manager tells it.
    pub fn role(&self, id: &str) -> Option<Value> {
        let guid = id.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        self.roles().into_iter().find(|role| role["name"].as_str() == Some(guid.as_str()))
    }

    /// All roles.
    pub fn roles(&self) -> Vec<Value> {
        let built_in: Vec<Value> = serde_json::from_str(include_str!("roles.json")).expect("the list is well formed");
        let own = self.of_kind("Microsoft.Authorization/roleDefinitions").cloned();
        built_in.iter().map(definition).chain(own).collect()
    }

    fn grants(&self, assignment: &Value, deed: Deed) -> bool {
        let properties = &assignment["properties"];
        let Some(role) = properties["roleDefinitionId"].as_str().and_then(|id| self.role(id)) else { return false };
        // What is taken away is taken away from this role only; another may give it.
        let permissions = role["properties"]["permissions"].as_array().cloned().unwrap_or_default();
        if !permissions.iter().any(|permission| lists(permission, deed)) {
            return false;
        }
        match (properties["condition"].as_str(), deed) {
            // Conditions are on data actions. One that the lab does not understand grants nothing.
            (Some(condition), Deed::Data(action, repository)) => holds(condition, action, repository).unwrap_or(false),
            _ => true,
        }
    }

    fn denies(&self, who: &[String], scope: &str, deed: Deed) -> bool {
        self.of_kind("Microsoft.Authorization/denyAssignments").any(|one| {
            let properties = &one["properties"];
            let names = |list: &str| {
                let ids = properties[list].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str());
                ids.map(str::to_ascii_lowercase).any(|id| id == EVERYONE || who.contains(&id))
            };
            let is_here = place(one).eq_ignore_ascii_case(scope);
            let reaches =
                is_here || properties["doNotApplyToChildScopes"] != json!(true) && self.covers(place(one), scope);
            let permissions = properties["permissions"].as_array().into_iter().flatten();
            reaches
                && names("principals")
                && !names("excludePrincipals")
                && permissions.clone().any(|one| lists(one, deed))
        })
    }

    /// A scope, what it is in, and so on up to the root, which is empty; in lower case.
    fn ancestors(&self, scope: &str) -> Vec<String> {
        let scope = scope.trim_end_matches('/').to_ascii_lowercase();
        let mut all: Vec<String> = scope.match_indices('/').map(|(at, _)| scope[..at].to_owned()).collect();
        if let Some(subscription) = scope.strip_prefix("/subscriptions/").and_then(|rest| rest.split('/').next()) {
            let mut below = vec![subscription.to_owned()];
            while let Some(child) = below.pop() {
                for (group, children) in &self.written.management_groups {
                    let id = format!("/providers/microsoft.management/managementgroups/{}", group.to_ascii_lowercase());
                    if children.iter().any(|one| one.eq_ignore_ascii_case(&child)) && !all.contains(&id) {
                        all.push(id);
                        below.push(group.clone());
                    }
                }
            }
        }
        all.push(scope);
        all.push(String::new());
        all
    }
}

/// Where an assignment is.
pub fn place(assignment: &Value) -> &str {
    assignment["id"].as_str().and_then(split_authorization).map_or("", |(scope, _)| scope)
}

/// Whether a permission has a deed among what it allows and not among what it takes out.
fn lists(permission: &Value, deed: Deed) -> bool {
    let (wanted, inside, outside) = match deed {
        Deed::Action(action) => (action, "actions", "notActions"),
        Deed::Data(action, _) => (action, "dataActions", "notDataActions"),
    };
    let has = |list: &str| {
        let patterns = permission[list].as_array().into_iter().flatten().filter_map(Value::as_str);
        patterns.map(str::to_ascii_lowercase).any(|pattern| matches(&pattern, &wanted.to_ascii_lowercase()))
    };
    has(inside) && !has(outside)
}

/// `*` is any run of characters. Every split is tried.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| matches(rest, text)))),
    }
}

/// A built-in role as Resource Manager tells it.
fn definition(role: &Value) -> Value {
    let guid = role["guid"].as_str().unwrap_or_default();
    json!({
        "id": format!("/providers/Microsoft.Authorization/roleDefinitions/{guid}"),
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": guid,
        "properties": {
            "roleName": role["roleName"],
            "type": "BuiltInRole",
            "description": role["roleName"],
            "assignableScopes": ["/"],
            "permissions": [{
                "actions": role["actions"],
                "notActions": role["notActions"],
                "dataActions": role["dataActions"],
                "notDataActions": [],
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        assert!(matches("*", "a/b"));
        assert!(matches("*/read", "a/b/read"));
        assert!(matches("a/*/read", "a/b/c/read"));
        assert!(!matches("*/read", "a/read/write"));
        assert!(!matches("a", "ab"));
    }
}
