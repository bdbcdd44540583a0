//! Looking up the other resources of the deployment.

use crate::image::{Host, is_acr};
use crate::rbac::RoleGuid;
use crate::value::{Data, Piece, Symbol, Value};

use super::ids::{Partial, is_named, same_id, text_of};
use super::{Planned, PlannedResource, set};

/// A role assignment of the deployment.
#[derive(Clone, Debug)]
pub struct Grant<'m> {
    pub resource: &'m PlannedResource,
    /// The id of what it is granted on: a string value or an unknown with pieces.
    pub scope: Value,
    /// The role's GUID, where that much is known of `roleDefinitionId`.
    pub role: Option<RoleGuid>,
    pub role_id: Option<&'m Value>,
    /// Who gets it: a GUID, or an unknown whose symbol says whose principal it is.
    pub principal: Option<&'m Value>,
    pub principal_type: Option<&'m Value>,
    pub condition: Option<&'m Value>,
    pub condition_version: Option<&'m Value>,
}

/// What a resource is found by when it is not known which one is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    One(T),
    /// One of these, and nobody can tell which, or whether it is one of them.
    Maybe(Vec<T>),
    None,
}

impl Planned {
    /// The resource with this id; one that the deployment creates goes before one that it only reads.
    pub fn get(&self, id: &Value) -> Option<&PlannedResource> {
        let named = self.resources.iter().filter(|resource| same_id(&resource.id, id) == Some(true));
        named.min_by_key(|resource| resource.existing)
    }

    /// The resources of a type, by its name in lower case.
    pub fn of_kind<'p>(&'p self, kind: &'p str) -> impl Iterator<Item = &'p PlannedResource> {
        self.resources.iter().filter(move |resource| resource.kind == kind)
    }

    /// The registry whose login server is this host: by its name, which the host begins with. Behind a domain name label comes
    /// `-` and a hash that only Azure knows (<https://learn.microsoft.com/azure/container-registry/container-registry-get-started-azure-cli>).
    pub fn registry(&self, host: &Host) -> Found<&PlannedResource> {
        if !is_acr(host) {
            return Found::None;
        }
        self.registry_of(&Partial::known(host.as_str()))
    }

    /// The same for a host of which not everything is known.
    pub fn registry_of(&self, host: &Partial) -> Found<&PlannedResource> {
        let mut certain: Vec<&PlannedResource> = Vec::new();
        let mut maybe = Vec::new();
        for registry in self.of_kind("microsoft.containerregistry/registries") {
            match Partial::of(&registry.name).and_then(|name| name.serves(host)) {
                Some(true) => certain.push(registry),
                Some(false) => {}
                None => maybe.push(registry),
            }
        }
        match certain.into_iter().min_by_key(|registry| registry.existing) {
            Some(registry) => Found::One(registry),
            None if maybe.is_empty() => Found::None,
            None => Found::Maybe(maybe),
        }
    }

    /// The user-assigned identity with this id.
    pub fn identity(&self, id: &Value) -> Option<&PlannedResource> {
        self.get(id).filter(|resource| resource.kind == "microsoft.managedidentity/userassignedidentities")
    }

    /// The role assignments that the deployment makes, in every form that templates write them.
    pub fn grants(&self) -> impl Iterator<Item = Grant<'_>> {
        self.resources.iter().filter(|resource| !resource.existing).filter_map(Grant::of)
    }
}

impl Grant<'_> {
    /// Reads a role assignment; `None` for what is none.
    pub fn of(resource: &PlannedResource) -> Option<Grant<'_>> {
        const MARKER: &str = "/providers/microsoft.authorization/roleassignments";
        let old = resource.kind.ends_with("/providers/roleassignments");
        if resource.kind != "microsoft.authorization/roleassignments" && !old {
            return None;
        }
        let properties = resource.body.get("properties")?;
        let from_id = || before(&resource.id, MARKER);
        let role_id = set(properties, "roleDefinitionId");
        Some(Grant {
            resource,
            scope: resource.scope.clone().filter(|_| !old).or_else(from_id).unwrap_or_else(|| resource.id.clone()),
            role: role_id.and_then(role),
            role_id,
            principal: set(properties, "principalId"),
            principal_type: set(properties, "principalType"),
            condition: set(properties, "condition"),
            condition_version: set(properties, "conditionVersion"),
        })
    }

    /// Whether it is granted to the identity of the resource with this id: the user-assigned identity itself, or the app for
    /// its system identity. `principal_id` is that identity's, where it is known.
    pub fn is_to(&self, id: Option<&Value>, principal_id: Option<&str>) -> Option<bool> {
        let principal = self.principal?;
        if let (Some(granted), Some(known)) = (principal.as_str(), principal_id) {
            return Some(granted.eq_ignore_ascii_case(known));
        }
        if self.resource_id().is_some() {
            return Some(false);
        }
        match &principal.as_unknown()?.symbol {
            Some(Symbol::Principal(of)) => is_named(of, id?),
            _ => None,
        }
    }

    /// Whether it is granted to the *application* id of an identity, or to its resource id: mistakes that people make, and that
    /// give nobody anything.
    pub fn is_to_no_principal(&self, id: &Value) -> Option<bool> {
        if let Some(of) = self.resource_id() {
            return is_named(&of, id);
        }
        match &self.principal?.as_unknown()?.symbol {
            Some(Symbol::Client(of)) => is_named(of, id),
            _ => Some(false),
        }
    }

    /// The resource id that stands where an object id belongs.
    pub fn resource_id(&self) -> Option<String> {
        let principal = self.principal?;
        principal.partial().filter(|text| text.starts_with("/subscriptions/")).and_then(|_| principal.canonical())
    }
}

impl Partial {
    /// Whether a registry of this name has that login server.
    fn serves(&self, host: &Partial) -> Option<bool> {
        let label = host.before('.')?;
        if self.same(&label) == Some(true) {
            return Some(true);
        }
        // Names have no dash: what stands in front of one is the name, what follows is the label's hash.
        let hashed = label.as_str().split_once('-').map(|(name, _)| Partial::known(name));
        match hashed {
            Some(name) if host.is_known() => self.same(&name),
            _ => self.same(&label),
        }
    }
}

/// The GUID in a role definition's id.
fn role(id: &Value) -> Option<RoleGuid> {
    let guid = RoleGuid::from(id.partial()?.as_str());
    let is_guid = guid.as_str().len() == 36 && guid.as_str().bytes().filter(|byte| *byte == b'-').count() == 4;
    is_guid.then_some(guid)
}

/// The part of an id in front of the last `marker`, which is given in lower case.
fn before(id: &Value, marker: &str) -> Option<Value> {
    if let Some(text) = id.as_str() {
        let end = text.to_ascii_lowercase().rfind(marker)?;
        return Some(Value { data: Data::String(text[..end].to_owned().into()), ..id.clone() });
    }
    let unknown = id.as_unknown()?;
    for (index, piece) in unknown.pieces.iter().enumerate().rev() {
        let Piece::Known(text) = piece else { continue };
        let Some(end) = text.to_ascii_lowercase().rfind(marker) else { continue };
        let mut pieces = unknown.pieces[..index].to_vec();
        pieces.extend((end > 0).then(|| Piece::Known(text[..end].to_owned())));
        return Some(text_of(pieces, unknown, id));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::fixture::{app, manifest, template};
    use crate::manifest::{Manifest, Puller};

    const IDENTITY: &str =
        r#"{"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "2023-01-31", "name": "id-api"}"#;
    const REGISTRY: &str =
        r#"{"type": "Microsoft.ContainerRegistry/registries", "apiVersion": "2023-07-01", "name": "AcmeProd"}"#;
    const PRINCIPAL: &str = "[reference(resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-api'), '2023-01-31').principalId]";

    fn properties(principal: &str) -> String {
        format!(
            r#""properties": {{"principalId": "{principal}", "principalType": "ServicePrincipal",
            "roleDefinitionId": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')]"}}"#
        )
    }

    fn deployed(grant: &str) -> Manifest {
        let id = "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id-api')]";
        let app = app(
            &format!(r#"{{"type": "UserAssigned", "userAssignedIdentities": {{"{id}": {{}}}}}}"#),
            &format!(
                r#"[{{"server": "[reference(resourceId('Microsoft.ContainerRegistry/registries', 'AcmeProd')).loginServer]", "identity": "{id}"}}]"#
            ),
            "acmeprod.azurecr.io/api:1",
            "\"[resourceId('Microsoft.ContainerRegistry/registries', 'AcmeProd')]\"",
        );
        manifest(&[("main.json", &template(&format!("{IDENTITY}, {REGISTRY}, {grant}, {app}")))]).0
    }

    #[track_caller]
    fn grant(text: &str, scope_end: &str, to_the_app: Option<bool>) {
        let manifest = deployed(text);
        let grants: Vec<Grant> = manifest.planned.grants().collect();
        let [grant] = grants.as_slice() else { panic!("{} grants", grants.len()) };
        let scope = grant.scope.partial().unwrap();
        assert!(scope.ends_with(scope_end), "{scope}");
        assert_eq!(grant.role.as_ref().unwrap().as_str(), "7f951dda-4ed3-4680-a7ca-43fe172d538d");
        let attached = &manifest.workloads[0].identity.user_assigned[0];
        assert_eq!(grant.is_to(Some(&attached.id), attached.principal_id.as_deref()), to_the_app);
    }

    #[test]
    fn a_grant_is_found_in_every_form() {
        let start = r#"{"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": "11111111-1111-1111-1111-111111111111""#;
        let registry = "/providers/Microsoft.ContainerRegistry/registries/AcmeProd";
        for scope in [
            "[resourceId('Microsoft.ContainerRegistry/registries', 'AcmeProd')]",
            "Microsoft.ContainerRegistry/registries/AcmeProd",
        ] {
            grant(&format!(r#"{start}, "scope": "{scope}", {}}}"#, properties(PRINCIPAL)), registry, Some(true));
        }
        grant(&format!("{start}, {}}}", properties(PRINCIPAL)), "/resourceGroups/…", Some(true));
        let old = format!(
            r#"{{"type": "Microsoft.ContainerRegistry/registries/providers/roleAssignments", "apiVersion": "2018-09-01-preview",
            "name": "AcmeProd/Microsoft.Authorization/11111111-1111-1111-1111-111111111111", {}}}"#,
            properties(PRINCIPAL)
        );
        grant(&old, registry, Some(true));
    }

    #[test]
    fn a_grant_to_another_principal_is_told_apart() {
        let start = r#"{"type": "Microsoft.Authorization/roleAssignments", "apiVersion": "2022-04-01", "name": "11111111-1111-1111-1111-111111111111""#;
        let other = PRINCIPAL.replace("'id-api'", "'id-build'");
        grant(&format!("{start}, {}}}", properties(&other)), "", Some(false));
        grant(&format!("{start}, {}}}", properties("22222222-2222-2222-2222-222222222222")), "", None);
        let client = PRINCIPAL.replace("principalId", "clientId");
        let manifest = deployed(&format!("{start}, {}}}", properties(&client)));
        let grant = manifest.planned.grants().next().unwrap();
        assert_eq!(grant.is_to_no_principal(&manifest.workloads[0].identity.user_assigned[0].id), Some(true));
    }

    #[test]
    fn the_registry_is_found_by_its_login_server() {
        let manifest = deployed(IDENTITY);
        let found = |host: &str| match manifest.planned.registry(&Host::parse(host).unwrap()) {
            Found::One(registry) => registry.name.as_str() == Some("AcmeProd"),
            _ => false,
        };
        assert!(found("acmeprod.azurecr.io"));
        assert!(found("acmeprod-a1b2c3.azurecr.io"));
        assert!(!found("acmeprod2.azurecr.io"));
        assert!(!found("acmeprod.example.com"));
    }

    #[test]
    fn the_identity_of_the_entry_is_found_among_the_resources() {
        let manifest = deployed(IDENTITY);
        let workload = &manifest.workloads[0];
        let puller = workload.puller(workload.registries.entries[0].identity.as_ref().unwrap());
        assert_eq!(workload.is_attached(&puller), Some(true));
        let Puller::User(id) = puller else { panic!("{puller:?}") };
        assert!(manifest.planned.identity(id).is_some());
        let registry = manifest.planned.of_kind("microsoft.containerregistry/registries").next().unwrap();
        assert!(workload.waits_for(registry));
    }
}
