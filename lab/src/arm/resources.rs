//! Resources one by one, in the lists that they are in, and what can be done to them.

use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Answer, Call, Error, found, missing};
use crate::world::kind;

impl Call<'_> {
    /// A resource, a list of resources, or an action of one.
    pub(super) fn resource(&mut self) -> Answer {
        let path = self.path.clone();
        let known = self.world.get(&path).cloned();
        match (self.method, known) {
            (&Method::GET, Some(resource)) => {
                self.demand(&format!("{}/read", spelled(&resource, &path)), &path)?;
                found(without_secrets(resource))
            }
            (&Method::GET, None) if is_list(&path) => self.list(&path),
            (&Method::GET, None) => self.absent(&path),
            (&Method::PUT | &Method::PATCH, known) => self.write(&path, known),
            (&Method::DELETE, known) => {
                self.demand(&format!("{}/delete", kind(&path)), &path)?;
                self.world.resources.remove(&path.to_ascii_lowercase());
                Ok((if known.is_some() { StatusCode::OK } else { StatusCode::NO_CONTENT }, json!({})))
            }
            (&Method::POST, _) => self.act(&path),
            _ => missing("NotFound", format!("The resource path {path} is not known.")),
        }
    }

    /// The subscriptions in which the caller has a role.
    pub(super) fn subscriptions(&self) -> Answer {
        let who = self.world.with_groups(&self.object_id);
        let roles: Vec<&str> = self
            .world
            .of_kind("Microsoft.Authorization/roleAssignments")
            .filter(|one| {
                one["properties"]["principalId"].as_str().is_some_and(|id| who.contains(&id.to_ascii_lowercase()))
            })
            .map(crate::access::place)
            .collect();
        let sees = |id: &String| {
            let subscription = format!("/subscriptions/{id}");
            roles.iter().any(|place| self.world.covers(place, &subscription) || self.world.covers(&subscription, place))
        };
        let row = |id: String| {
            json!({
                "id": format!("/subscriptions/{id}"),
                "subscriptionId": id,
                "tenantId": self.world.written.tenant,
                "displayName": "lab",
                "state": "Enabled",
                "managedByTenants": [],
            })
        };
        let rows: Vec<Value> = self.world.subscriptions().into_iter().filter(sees).map(row).collect();
        found(json!({ "value": rows, "count": { "type": "Total", "value": rows.len() } }))
    }

    /// Children of a resource; resources of a type in a subscription or group; everything in one; groups.
    fn list(&self, path: &str) -> Answer {
        let lower = path.to_ascii_lowercase();
        let (scope, wanted) = match lower.rsplit_once("/providers/") {
            // `…/providers/Type`: one type, wherever it is below the scope.
            Some((scope, wanted)) if wanted.split('/').count() == 2 => (scope.to_owned(), Some(wanted.to_owned())),
            // `…/providers/Type/name/children`
            Some(_) => {
                let (parent, _) = lower.rsplit_once('/').unwrap_or_default();
                self.parent(&path[..parent.len()])?;
                (parent.to_owned(), Some(kind(path)))
            }
            None => {
                let (scope, word) = lower.rsplit_once('/').unwrap_or_default();
                let groups =
                    (word == "resourcegroups").then(|| "microsoft.resources/subscriptions/resourcegroups".to_owned());
                (scope.to_owned(), groups.or_else(|| self.filtered_type()))
            }
        };
        let spelled = kind(path);
        let action = wanted.as_deref().unwrap_or("microsoft.resources/subscriptions/resources");
        let may_read_here =
            self.demand(&format!("{}/read", if wanted.is_some() { action } else { &spelled }), &path[..scope.len()]);
        let rows = self.world.resources.iter().filter(|(id, _)| id.starts_with(&format!("{scope}/")));
        let rows = rows.filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| kind(id) == *wanted));
        // Who may read some of them sees those; who may read nothing hears so.
        let rows: Vec<Value> = rows
            .filter(|(id, _)| self.demand(&format!("{}/read", kind(id)), id).is_ok())
            .map(|(_, resource)| without_secrets(resource.clone()))
            .collect();
        if rows.is_empty() {
            may_read_here?;
        }
        found(json!({ "value": rows }))
    }

    /// `/subscriptions/S/resources?$filter=resourceType eq 'T'`
    fn filtered_type(&self) -> Option<String> {
        let filter = self.query.get("$filter")?;
        let (_, rest) = filter.split_once("resourceType eq '")?;
        Some(rest.split('\'').next()?.to_ascii_lowercase())
    }

    fn parent(&self, id: &str) -> Result<(), Error> {
        match self.world.get(id) {
            Some(_) => Ok(()),
            None => self.absent(id).map(|_| ()),
        }
    }

    /// Who may not read a resource does not learn that it is not there.
    fn absent(&self, path: &str) -> Answer {
        self.demand(&format!("{}/read", kind(path)), path)?;
        let lower = path.to_ascii_lowercase();
        let parts: Vec<&str> = path.split('/').collect();
        let group = parts.get(4).copied().unwrap_or_default();
        let prefix = parts[..parts.len().min(5)].join("/").to_ascii_lowercase();
        if lower.contains("/resourcegroups/") && !self.world.resources.keys().any(|id| id.starts_with(&prefix)) {
            return missing("ResourceGroupNotFound", format!("Resource group '{group}' could not be found."));
        }
        let short = path.rsplit_once("/providers/").map_or(path, |(_, rest)| rest);
        let message = format!(
            "The Resource '{short}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        );
        missing("ResourceNotFound", message)
    }

    /// `PUT` takes a resource's place, `PATCH` changes members of it.
    fn write(&mut self, path: &str, known: Option<Value>) -> Answer {
        self.demand(&format!("{}/write", kind(path)), path)?;
        let mut resource = match (self.method, &known) {
            (&Method::PATCH, None) => return self.absent(path),
            (&Method::PATCH, Some(known)) => {
                let mut merged = known.clone();
                merge(&mut merged, &self.body);
                merged
            }
            _ => self.body.clone(),
        };
        if !resource.is_object() {
            let message = "The request content was invalid and could not be deserialized.".to_owned();
            return Err(Error { status: StatusCode::BAD_REQUEST, code: "InvalidRequestContent", message });
        }
        resource["id"] = path.into();
        resource["name"] = path.rsplit('/').next().into();
        self.world.add(resource.clone());
        Ok((if known.is_some() { StatusCode::OK } else { StatusCode::CREATED }, resource))
    }

    fn act(&mut self, path: &str) -> Answer {
        let (id, word) = path.rsplit_once('/').unwrap_or_default();
        let Some(resource) = self.world.get(id).cloned() else { return self.absent(id) };
        self.demand(&format!("{}/{word}/action", spelled(&resource, id)), id)?;
        let server = resource["properties"]["loginServer"].as_str();
        match (word.to_ascii_lowercase().as_str(), server) {
            ("listcredentials", Some(_)) if resource["properties"]["adminUserEnabled"] != json!(true) => {
                let name = resource["name"].as_str().unwrap_or_default();
                let message = format!(
                    "Cannot perform credential operations for {id} as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account, for registry {name}"
                );
                Err(Error { status: StatusCode::BAD_REQUEST, code: "UnAuthorizedForCredentialOperations", message })
            }
            ("listcredentials", Some(server)) => {
                let name = resource["name"].as_str().unwrap_or_default();
                let users = self
                    .world
                    .written
                    .logins
                    .iter()
                    .filter(|login| login.registry == server && login.username.eq_ignore_ascii_case(name));
                let names = ["password", "password2"];
                let passwords: Vec<Value> = names
                    .iter()
                    .zip(users)
                    .map(|(name, login)| json!({"name": name, "value": login.password}))
                    .collect();
                found(json!({ "username": name, "passwords": passwords }))
            }
            ("listsecrets", _) => found(json!({ "value": resource["properties"]["configuration"]["secrets"] })),
            _ => missing("NotFound", format!("The action {word} is not known.")),
        }
    }
}

/// Whether a path ends in a word for many: `…/providers/Type`, `…/name/children`, `…/resourceGroups`.
fn is_list(path: &str) -> bool {
    let rest = path.to_ascii_lowercase();
    match rest.rsplit_once("/providers/") {
        Some((_, rest)) => rest.split('/').count().is_multiple_of(2),
        None => rest.split('/').count().is_multiple_of(2),
    }
}

/// The type as the resource spells it, for the words of a refusal.
fn spelled(resource: &Value, id: &str) -> String {
    let named = resource["type"].as_str().filter(|named| named.eq_ignore_ascii_case(&kind(id)));
    named.map_or_else(|| kind(id), str::to_owned)
}

/// Container Apps tells the names of secrets, not their values.
fn without_secrets(mut resource: Value) -> Value {
    if let Some(Value::Array(secrets)) = resource.pointer_mut("/properties/configuration/secrets") {
        for secret in secrets.iter_mut().filter_map(Value::as_object_mut) {
            secret.remove("value");
        }
    }
    resource
}

fn merge(into: &mut Value, from: &Value) {
    let (Some(members), Some(more)) = (into.as_object_mut(), from.as_object()) else {
        *into = from.clone();
        return;
    };
    for (name, value) in more {
        let old = members.entry(name.clone()).or_insert_with(|| Value::Object(Map::new()));
        merge(old, value);
    }
}
