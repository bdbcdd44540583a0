//! What the template is deployed to, as the functions of the language give it.

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Data, Member, Unknown, Value};

use super::context::Level;
use super::scope::Target;
use super::text::Builder;

impl Target {
    /// The resource id of what is deployed to, as an unknown string where a part of it is not known:
    /// `/subscriptions/…/resourceGroups/…`; for the tenant `/`.
    pub fn id(&self, at: Span) -> Value {
        let mut builder = Builder::new();
        match self.level {
            Level::ResourceGroup => self.push_group(&mut builder),
            Level::Subscription => self.push_subscription(&mut builder),
            Level::ManagementGroup => self.push_management_group(&mut builder),
            Level::Tenant => builder.push("/"),
        }
        builder.finish(at)
    }

    /// What the ids of resources start with that are deployed here, before `/providers/…`: nothing in management groups
    /// and tenants, where `resourceId()` gives ids that start so.
    pub fn push_prefix(&self, builder: &mut Builder) {
        match self.level {
            Level::ResourceGroup => self.push_group(builder),
            Level::Subscription => self.push_subscription(builder),
            Level::ManagementGroup | Level::Tenant => (),
        }
    }

    pub fn push_subscription(&self, builder: &mut Builder) {
        builder.push("/subscriptions/");
        builder.push_value(&self.subscription);
    }

    pub fn push_group(&self, builder: &mut Builder) {
        self.push_subscription(builder);
        builder.push("/resourceGroups/");
        builder.push_value(&self.group);
    }

    pub fn push_management_group(&self, builder: &mut Builder) {
        builder.push("/providers/Microsoft.Management/managementGroups/");
        builder.push_value(&self.management_group);
    }

    /// What `resourceGroup()` gives.
    pub(super) fn resource_group(&self, at: Span) -> Value {
        let mut id = Builder::new();
        self.push_group(&mut id);
        let state = vec![Member::new("provisioningState", at, Value::string("Succeeded", at))];
        let members = vec![
            Member::new("id", at, id.finish(at)),
            Member::new("name", at, self.group.clone()),
            Member::new("type", at, Value::string("Microsoft.Resources/resourceGroups", at)),
            Member::new("location", at, self.location.clone()),
            Member::new("tags", at, self.group_tags.clone()),
            Member::new("properties", at, Value::object(state, at)),
        ];
        Value::object(members, at)
    }

    /// What `subscription()` gives.
    pub(super) fn subscription(&self, at: Span) -> Value {
        let mut id = Builder::new();
        self.push_subscription(&mut id);
        let members = vec![
            Member::new("id", at, id.finish(at)),
            Member::new("subscriptionId", at, self.subscription.clone()),
            Member::new("tenantId", at, self.tenant.clone()),
            Member::new("displayName", at, self.subscription_name.clone()),
        ];
        Value::object(members, at)
    }

    /// What `managementGroup()` gives.
    pub(super) fn management_group(&self, at: Span) -> Value {
        let mut id = Builder::new();
        self.push_management_group(&mut id);
        let properties =
            Unknown::new("managementGroup().properties", "only Azure knows the details of the management group");
        let members = vec![
            Member::new("id", at, id.finish(at)),
            Member::new("name", at, self.management_group.clone()),
            Member::new("type", at, Value::string("/providers/Microsoft.Management/managementGroups", at)),
            Member::new("properties", at, Value::unknown(properties, at)),
        ];
        Value::object(members, at)
    }

    /// What `tenant()` gives.
    pub(super) fn tenant(&self, at: Span) -> Value {
        let mut id = Builder::new();
        id.push("/tenants/");
        id.push_value(&self.tenant);
        let members = vec![
            Member::new("id", at, id.finish(at)),
            Member::new("tenantId", at, self.tenant.clone()),
            rest("tenant()", "only Azure knows the details of the tenant", at),
        ];
        Value::object(members, at)
    }

    /// What `deployment()` gives for a deployment of this name: `template` and `parameters` as its properties, and the
    /// location at every level but that of a resource group.
    pub fn deployment(&self, name: Value, template: Value, parameters: Value, at: Span) -> Value {
        let properties = vec![
            Member::new("template", at, template),
            Member::new("parameters", at, parameters),
            Member::new("mode", at, Value::string("Incremental", at)),
            Member::new("provisioningState", at, Value::string("Accepted", at)),
            rest("deployment().properties", "only Azure knows the other properties of the deployment", at),
        ];
        let mut members = vec![Member::new("name", at, name)];
        if self.level != Level::ResourceGroup {
            members.push(Member::new("location", at, self.location.clone()));
        }
        members.push(Member::new("properties", at, Value::object(properties, at)));
        Value::object(members, at)
    }
}

/// The members of an object that are not known, neither how many nor which.
pub(super) fn rest(expression: &str, why: &str, at: Span) -> Member {
    let unknown = Rc::new(Unknown { spread: true, ..Unknown::new(expression, why) });
    let value = Value::new(Data::Unknown(Rc::clone(&unknown)), at);
    Member { key: "…".into(), key_at: at, value, key_unknown: Some(unknown) }
}
