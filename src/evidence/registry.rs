//! A registry resource, as far as a pull depends on it.

use serde_json::Value;

use super::{Answer, Failure};
use crate::rbac::RegistryMode;

/// `Microsoft.ContainerRegistry/registries`, read with api-version 2025-11-01, the first stable one with
/// `roleAssignmentMode` (an older one leaves it out, which says nothing).
#[derive(Clone, Debug, PartialEq)]
pub struct Registry {
    pub id: String,
    pub name: String,
    pub login_server: String,
    pub location: String,
    pub sku: Option<String>,
    /// `None` when the answer does not say: it was read with an old version.
    pub mode: Option<RegistryMode>,
    pub admin_enabled: Option<bool>,
    pub anonymous_pull: Option<bool>,
    /// `azureADAuthenticationAsArmPolicy`; absent means enabled, the default.
    pub arm_tokens_enabled: bool,
    pub provisioning_state: Option<String>,
    pub quarantine: bool,
    /// Days after which untagged manifests are deleted.
    pub retention_days: Option<u32>,
    pub tenant: Option<String>,
    /// The whole answer, for what the network checks read of it.
    pub json: Value,
}

impl Registry {
    /// Reads an answer of Resource Manager or Resource Graph. Fails when id or login server are missing.
    pub fn read(json: &Value) -> Answer<Registry> {
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let flag = |pointer: &str| json.pointer(pointer).and_then(Value::as_bool);
        let enabled = |pointer: &str| text(pointer).map(|status| status.eq_ignore_ascii_case("enabled"));
        let (Some(id), Some(login_server)) = (text("/id"), text("/properties/loginServer")) else {
            return Err(Failure::unreadable("Resource Manager's answer about the registry has no id or login server"));
        };
        let name = text("/name").unwrap_or_else(|| id.rsplit('/').next().unwrap_or_default().to_owned());
        let retention = enabled("/properties/policies/retentionPolicy/status").unwrap_or(false);
        let days = json.pointer("/properties/policies/retentionPolicy/days").and_then(Value::as_u64);
        Ok(Registry {
            login_server: login_server.to_ascii_lowercase(),
            location: text("/location").unwrap_or_default(),
            sku: text("/sku/name"),
            mode: text("/properties/roleAssignmentMode").and_then(|mode| RegistryMode::parse(&mode)),
            admin_enabled: flag("/properties/adminUserEnabled"),
            anonymous_pull: flag("/properties/anonymousPullEnabled"),
            arm_tokens_enabled: enabled("/properties/policies/azureADAuthenticationAsArmPolicy/status").unwrap_or(true),
            provisioning_state: text("/properties/provisioningState"),
            quarantine: enabled("/properties/policies/quarantinePolicy/status").unwrap_or(false),
            retention_days: days.filter(|_| retention).and_then(|days| u32::try_from(days).ok()),
            tenant: text("/tenantId").filter(|tenant| tenant.len() == 36),
            json: json.clone(),
            name,
            id,
        })
    }

    /// The resource group in the registry's id.
    pub fn resource_group(&self) -> Option<&str> {
        let mut segments = self.id.split('/');
        segments.find(|segment| segment.eq_ignore_ascii_case("resourceGroups"))?;
        segments.next()
    }
}
