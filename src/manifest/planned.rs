//! Looking up the other resources of the deployment.

use crate::image::{Host, is_acr};
use crate::rbac::RoleGuid;
use crate::value::{Data, Piece, Symbol, Unknown, Value};

use super::ids::{Partial, same_id};
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

    /// Whether the resource that a symbol names is the one with this id.
    pub fn is_named(&self, symbol: &str, id: &Value) -> Option<bool> {
        let named = Partial::known(symbol);
        let known = Partial::of(id)?;
        if named.is_known() || named.as_str() != known.as_str() {
            return named.same(&known);
        }
        // A symbol does not tell what its unknown stretches are; the resource that it names does.
        let candidates = self.resources.iter().filter(|resource| {
            Partial::of(&resource.id).is_some_and(|candidate| candidate.as_str() == named.as_str())
        });
        let mut verdicts = candidates.map(|candidate| same_id(&candidate.id, id));
        match verdicts.next() {
            Some(first) => if verdicts.all(|other| other == first) { first } else { None },
            None => (!named.name().contains('…')).then_some(true),
        }
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
    pub fn is_to(&self, planned: &Planned, id: Option<&Value>, principal_id: Option<&str>) -> Option<bool> {
        let principal = self.principal?;
        if let (Some(granted), Some(known)) = (principal.as_str(), principal_id) {
            return Some(granted.eq_ignore_ascii_case(known));
        }
        match &principal.as_unknown()?.symbol {
            Some(Symbol::Principal(of)) => planned.is_named(of, id?),
            _ => None,
        }
    }

    /// Whether it is granted to the *application* id of an identity: a mistake that people make, and that gives nobody anything.
    pub fn is_to_client(&self, planned: &Planned, id: &Value) -> Option<bool> {
        match &self.principal?.as_unknown()?.symbol {
            Some(Symbol::Client(of)) => planned.is_named(of, id),
            _ => Some(false),
        }
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
        pieces.extend(Some(Piece::Known(text[..end].to_owned())).filter(|piece| *piece != Piece::Known(String::new())));
        if let [Piece::Known(text)] = pieces.as_slice() {
            return Some(Value { data: Data::String(text.clone().into()), ..id.clone() });
        }
        return Some(Value { via: id.via.clone(), ..Value::unknown(Unknown { pieces, ..unknown.clone() }, id.at) });
    }
    None
}
