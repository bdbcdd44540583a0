//! Templates for the tests of grants, and hand-written answers of Azure for those of roles.

use serde_json::{Value, json};

use crate::check::Check;
use crate::check::table::verdicts;
use crate::evidence::{Answer, Evidence, Failure, Question, Reply, Resource};
use crate::image::Host;

/// A compiled template: registry `acme1`, identity `id-pull`, a role assignment, and an app that pulls `acme1.azurecr.io/api:v1`.
pub struct Template<'t> {
    /// Whether the registry is in the template.
    pub registry: bool,
    pub abac: bool,
    /// `None` leaves the role assignment out.
    pub grant: Option<()>,
    /// The `scope` of the role assignment; `None` is the registry, an empty text leaves it out.
    pub scope: Option<&'t str>,
    pub role: &'t str,
    pub principal: &'t str,
    pub name: &'t str,
    pub condition: Option<&'t str>,
    /// Whether the app waits for the role assignment.
    pub waits: bool,
}

pub const PULL: &str =
    "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull'), '2023-01-31').principalId]";
const REGISTRY: &str = "[resourceId('Microsoft.ContainerRegistry/registries', 'acme1')]";
const IDENTITY: &str = "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-pull')]";

impl Default for Template<'_> {
    fn default() -> Self {
        Template {
            registry: true,
            abac: false,
            grant: Some(()),
            scope: None,
            role: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
            principal: PULL,
            name: "[guid('acme1', 'id-pull')]",
            condition: None,
            waits: true,
        }
    }
}

impl Template<'_> {
    pub fn text(&self) -> String {
        let mut resources = vec![
            json!({"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "id-pull"}),
            json!({"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "id-build"}),
        ];
        if self.registry {
            let mode = if self.abac { "AbacRepositoryPermissions" } else { "LegacyRegistryPermissions" };
            resources.push(
                json!({"type": "Microsoft.ContainerRegistry/registries", "apiVersion": "2025-11-01", "name": "acme1",
                "properties": {"roleAssignmentMode": mode}}),
            );
        }
        resources.extend(self.grant.map(|()| self.assignment()));
        let mut depends = vec![IDENTITY.to_owned()];
        let scope = self.scope.unwrap_or(REGISTRY).trim_start_matches('[').trim_end_matches(']');
        if self.waits && self.grant.is_some() && !scope.is_empty() {
            let name = self.name.trim_start_matches('[').trim_end_matches(']');
            depends.push(format!("[extensionResourceId({scope}, 'Microsoft.Authorization/roleAssignments', {name})]"));
        }
        resources.push(json!({"type": "Microsoft.App/containerApps", "apiVersion": "2024-03-01", "name": "app",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {format!("[format('{{0}}', {})]", &IDENTITY[1..IDENTITY.len() - 1]): {}}},
            "properties": {"environmentId": "/e", "configuration": {"registries": [{"server": "acme1.azurecr.io", "identity": IDENTITY}]},
                "template": {"containers": [{"name": "api", "image": "acme1.azurecr.io/api:v1"}]}},
            "dependsOn": depends}));
        let template = json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": {"principal": {"type": "string"}, "random": {"type": "string", "defaultValue": "[newGuid()]"}},
            "resources": resources});
        serde_json::to_string_pretty(&template).unwrap()
    }

    fn assignment(&self) -> Value {
        let role = format!("[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{}')]", self.role);
        let mut assignment = json!({"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": self.name,
            "properties": {"roleDefinitionId": role, "principalId": self.principal, "principalType": "ServicePrincipal"}});
        let scope = self.scope.unwrap_or(REGISTRY);
        if !scope.is_empty() {
            assignment["scope"] = json!(scope);
        }
        if let Some(condition) = self.condition {
            assignment["properties"]["condition"] = json!(condition);
        }
        assignment
    }
}

/// What a check says of a template offline.
#[track_caller]
pub fn says(check: Check, template: &Template) -> String {
    verdicts(check, &template.text(), &Evidence::default().offline())
}

pub const REGISTRY_ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/acme1";
pub const PRINCIPAL: &str = "9ec0b4a3-dcdc-5fa4-85b5-cfaceec277ad";
pub const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
pub const REPOSITORY_READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";

/// The export of an app whose system identity pulls `acme1.azurecr.io/api:v1`.
pub fn exported() -> String {
    let app = json!({"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerapps/app", "name": "app",
        "type": "Microsoft.App/containerApps",
        "identity": {"type": "SystemAssigned", "principalId": PRINCIPAL, "tenantId": "11111111-1111-1111-1111-111111111111"},
        "properties": {"provisioningState": "Succeeded", "environmentId": "/e",
            "configuration": {"registries": [{"server": "acme1.azurecr.io", "username": "", "passwordSecretRef": "", "identity": "system"}]},
            "template": {"containers": [{"name": "api", "image": "acme1.azurecr.io/api:v1"}]}}});
    serde_json::to_string_pretty(&app).unwrap()
}

/// What Azure answers about the registry of [`exported`]; the properties are laid over those of an ordinary one.
pub fn registry(properties: &Value) -> Evidence {
    let mut own = json!({"loginServer": "acme1.azurecr.io", "roleAssignmentMode": "LegacyRegistryPermissions", "adminUserEnabled": false});
    for (key, value) in properties.as_object().into_iter().flatten() {
        own[key] = value.clone();
    }
    let registry = json!({"id": REGISTRY_ID, "name": "acme1", "location": "westeurope", "properties": own});
    let host = Host::parse("acme1.azurecr.io").unwrap();
    Evidence::default().with(Question::Registry { host }, Ok(Reply::Json(registry)))
}

/// A role assignment as Azure lists it.
pub fn assignment(role: &str, scope: &str) -> Value {
    json!({"id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/a"), "properties": {"principalId": PRINCIPAL,
        "principalType": "ServicePrincipal", "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"), "scope": scope}})
}

/// An ordinary registry where the principal holds these roles, and nothing is denied, eligible or granted elsewhere.
pub fn holding(evidence: Evidence, assignments: &[Value]) -> Evidence {
    let list = |items: &[Value]| Ok(Reply::Json(json!({"value": items})));
    let about = |scope: &str| (scope.to_owned(), PRINCIPAL.to_owned());
    let (scope, principal) = about(REGISTRY_ID);
    let (above, _) = about("/subscriptions/s");
    evidence
        .with(
            Question::Resource(Resource::RoleAssignments { scope: scope.clone(), principal: principal.clone() }),
            list(assignments),
        )
        .with(Question::Resource(Resource::RoleAssignments { scope: above, principal: principal.clone() }), list(&[]))
        .with(Question::Resource(Resource::DenyAssignments { scope: scope.clone() }), list(&[]))
        .with(Question::Resource(Resource::Eligible { scope: scope.clone(), principal: principal.clone() }), list(&[]))
        .with(Question::Resource(Resource::Scheduled { scope, principal }), list(&[]))
}

/// The answer to a question about a resource, instead of the one that is there.
pub fn answering(evidence: Evidence, resource: Resource, answer: Answer<Value>) -> Evidence {
    evidence.with(Question::Resource(resource), answer.map(Reply::Json))
}

/// What Resource Manager says to somebody who may not read role assignments.
pub fn not_allowed() -> Failure {
    Failure::NotAllowed {
        permission: "Microsoft.Authorization/roleAssignments/read".to_owned(),
        scope: REGISTRY_ID.to_owned(),
    }
}

/// What a check says of [`exported`].
#[track_caller]
pub fn live(check: Check, evidence: &Evidence) -> String {
    verdicts(check, &exported(), evidence)
}
