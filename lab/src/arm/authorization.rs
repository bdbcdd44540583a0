//! Microsoft.Authorization: roles, who has them, who is kept out, and what oneself may do.
//! <https://learn.microsoft.com/rest/api/authorization/>

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Answer, Call, Error, found, missing};
use crate::access::place;

impl Call<'_> {
    /// `rest` is what comes after `…/providers/Microsoft.Authorization/`.
    pub(super) fn authorization(&mut self, scope: &str, rest: &str) -> Answer {
        let (word, name) = rest.split_once('/').unwrap_or((rest, ""));
        match (self.method, word.to_ascii_lowercase().as_str(), name) {
            (&Method::GET, "permissions", "") => self.permissions(scope),
            (&Method::GET, "classicadministrators", "") => found(json!({ "value": [] })),
            (&Method::GET, "roledefinitions", name) => self.roles(scope, name),
            (&Method::GET, "roleassignmentscheduleinstances", "") => {
                let mut all = self.here(scope, "roleAssignmentScheduleInstances")?;
                let written: Vec<Value> = all.clone();
                all.extend(
                    self.here(scope, "roleAssignments")?
                        .iter()
                        .filter(|one| !written.iter().any(|other| is_same(one, other)))
                        .map(active),
                );
                found(json!({ "value": all }))
            }
            (&Method::GET, _, "") => found(json!({ "value": self.here(scope, word)? })),
            (&Method::GET, _, name) => {
                self.demand(&format!("Microsoft.Authorization/{word}/read"), scope)?;
                match self.world.get(&self.path) {
                    Some(one) => found(one.clone()),
                    None => missing("RoleAssignmentNotFound", format!("The role assignment '{name}' is not found.")),
                }
            }
            (&Method::PUT, "roleassignments", name) if !name.is_empty() => self.assign(scope, name),
            (&Method::DELETE, "roleassignments", name) if !name.is_empty() => {
                self.demand("Microsoft.Authorization/roleAssignments/delete", scope)?;
                match self.world.resources.remove(&self.path.to_ascii_lowercase()) {
                    Some(gone) => found(gone),
                    None => Ok((StatusCode::NO_CONTENT, Value::Null)),
                }
            }
            (&Method::PUT, "roledefinitions", _) => {
                self.demand("Microsoft.Authorization/roleDefinitions/write", scope)?;
                let mut role = self.body.clone();
                role["id"] = self.path.clone().into();
                self.world.add(role.clone());
                Ok((StatusCode::CREATED, role))
            }
            _ => missing("NotFound", format!("The resource path {} is not known.", self.path)),
        }
    }

    /// What is assigned at a scope, above it and, unless `atScope()` is asked for, below it.
    fn here(&self, scope: &str, word: &str) -> Result<Vec<Value>, Error> {
        self.demand(&format!("Microsoft.Authorization/{word}/read"), scope)?;
        let filter = self.query.get("$filter").map_or("", String::as_str);
        let at_scope = filter.contains("atScope()");
        let between =
            |start: &str, end: char| Some(filter.split_once(start)?.1.split(end).next()?.to_ascii_lowercase());
        let assigned_to = between("assignedTo('", '\'').map(|id| self.world.with_groups(&id));
        let principal = between("principalId eq '", '\'').or_else(|| between("principalId eq ", ' '));
        let fits = |one: &&Value| {
            let here = self.world.covers(place(one), scope) || !at_scope && self.world.covers(scope, place(one));
            let id = one["properties"]["principalId"].as_str().unwrap_or_default().to_ascii_lowercase();
            here && assigned_to.as_ref().is_none_or(|who| who.contains(&id))
                && principal.as_ref().is_none_or(|who| *who == id)
        };
        Ok(self.world.of_kind(&format!("Microsoft.Authorization/{word}")).filter(fits).cloned().collect())
    }

    fn roles(&self, scope: &str, guid: &str) -> Answer {
        self.demand("Microsoft.Authorization/roleDefinitions/read", scope)?;
        // A built-in role is told as one of the subscription that is asked.
        let told = |mut role: Value| {
            let id = role["id"].as_str().unwrap_or_default().to_owned();
            let parts: Vec<&str> = scope.split('/').take(3).collect();
            if id.starts_with("/providers/")
                && parts.get(1).is_some_and(|word| word.eq_ignore_ascii_case("subscriptions"))
            {
                role["id"] = format!("{}{id}", parts.join("/")).into();
            }
            role
        };
        if !guid.is_empty() {
            return match self.world.role(guid) {
                Some(role) => found(told(role)),
                None => missing(
                    "RoleDefinitionDoesNotExist",
                    format!("The specified role definition with ID '{guid}' does not exist."),
                ),
            };
        }
        let filter = self.query.get("$filter").map_or("", String::as_str);
        let name = filter.split_once("roleName eq '").and_then(|(_, rest)| rest.split('\'').next());
        let is_named = |role: &Value| {
            name.is_none_or(|name| {
                role["properties"]["roleName"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name))
            })
        };
        let rows: Vec<Value> = self.world.roles().into_iter().filter(is_named).map(told).collect();
        found(json!({ "value": rows }))
    }

    /// What the caller may do here, a permission a role.
    fn permissions(&self, scope: &str) -> Answer {
        let who = self.world.with_groups(&self.object_id);
        let roles = self
            .world
            .assignments(&who, scope)
            .into_iter()
            .filter_map(|one| self.world.role(one["properties"]["roleDefinitionId"].as_str()?));
        let rows: Vec<Value> =
            roles.flat_map(|role| role["properties"]["permissions"].as_array().cloned().unwrap_or_default()).collect();
        found(json!({ "value": rows }))
    }

    fn assign(&mut self, scope: &str, name: &str) -> Answer {
        self.demand("Microsoft.Authorization/roleAssignments/write", scope)?;
        let wrong = |status, code, message: String| Err(Error { status, code, message });
        let properties = &self.body["properties"];
        let (role, principal) = (properties["roleDefinitionId"].as_str(), properties["principalId"].as_str());
        let (Some(role), Some(principal)) = (role, principal) else {
            return wrong(
                StatusCode::BAD_REQUEST,
                "InvalidRoleAssignment",
                "The role assignment has no role or no principal.".to_owned(),
            );
        };
        let guid = role.rsplit('/').next().unwrap_or_default();
        if self.world.role(guid).is_none() {
            return missing(
                "RoleDefinitionDoesNotExist",
                format!("The specified role definition with ID '{guid}' does not exist."),
            );
        }
        let is_known = self.world.principal(principal).is_some()
            || self.world.written.groups.iter().any(|group| group.id.eq_ignore_ascii_case(principal));
        if !is_known && properties["principalType"].is_null() {
            let message = format!(
                "Principal {} does not exist in the directory {}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype",
                principal.replace('-', ""),
                self.world.written.tenant
            );
            return wrong(StatusCode::BAD_REQUEST, "PrincipalNotFound", message);
        }
        let mut assignment = json!({ "id": self.path, "name": name, "type": "Microsoft.Authorization/roleAssignments", "properties": properties });
        if let Some(old) = self.world.get(&self.path) {
            return match is_same(old, &assignment) {
                // Description and condition may change.
                true => {
                    self.world.add(assignment.clone());
                    found(assignment)
                }
                false => wrong(
                    StatusCode::BAD_REQUEST,
                    "RoleAssignmentUpdateNotPermitted",
                    "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.".to_owned(),
                ),
            };
        }
        // A second one with another condition is refused as well: the first has to be changed.
        let mut all = self.world.of_kind("Microsoft.Authorization/roleAssignments");
        if all.any(|one| place(one).eq_ignore_ascii_case(scope) && is_same(one, &assignment)) {
            return wrong(
                StatusCode::CONFLICT,
                "RoleAssignmentExists",
                "The role assignment already exists.".to_owned(),
            );
        }
        drop(all);
        assignment["properties"]["scope"] = scope.into();
        self.world.add(assignment.clone());
        Ok((StatusCode::CREATED, assignment))
    }
}

/// Whether two are the same role for the same principal.
fn is_same(one: &Value, other: &Value) -> bool {
    let principal = |one: &Value| one["properties"]["principalId"].as_str().map(str::to_ascii_lowercase);
    let role =
        |one: &Value| Some(one["properties"]["roleDefinitionId"].as_str()?.rsplit('/').next()?.to_ascii_lowercase());
    principal(one) == principal(other) && role(one) == role(other)
}

/// An assignment as privileged identity management tells it.
fn active(assignment: &Value) -> Value {
    let id = assignment["id"].as_str().unwrap_or_default();
    json!({
        "id": id.replace("/roleAssignments/", "/roleAssignmentScheduleInstances/"),
        "name": assignment["name"],
        "type": "Microsoft.Authorization/roleAssignmentScheduleInstances",
        "properties": {
            "scope": assignment["properties"]["scope"],
            "roleDefinitionId": assignment["properties"]["roleDefinitionId"],
            "principalId": assignment["properties"]["principalId"],
            "principalType": assignment["properties"]["principalType"],
            "originRoleAssignmentId": id,
            "status": "Accepted",
            "assignmentType": "Assigned",
            "memberType": "Direct",
            "startDateTime": assignment["properties"]["createdOn"],
            "endDateTime": null,
        },
    })
}
