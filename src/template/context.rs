//! What the user stated about a deployment. What was not stated is unknown, and never an error.

use std::collections::HashMap;
use std::rc::Rc;

use crate::cloud::Cloud;
use crate::source::Span;
use crate::value::{Member, Value};

/// What the user stated about the deployment as a whole.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub tenant_id: Option<String>,
    pub subscription_id: Option<String>,
    pub subscription_name: Option<String>,
    pub resource_group: Option<String>,
    pub resource_group_tags: Option<Vec<(String, String)>>,
    /// Of the resource group; at the other levels, of the deployment.
    pub location: Option<String>,
    pub management_group: Option<String>,
    pub deployment_name: Option<String>,
    /// The time of the deployment as `2024-05-06T07:08:09Z`.
    pub utc_now: Option<String>,
    pub new_guid: Option<String>,
    pub deployer: Option<Deployer>,
    pub cloud: Cloud,
    /// What Azure has of resources that the template reads, by canonical id ([`Value::canonical`]).
    pub states: Rc<HashMap<String, Value>>,
}

/// Who deploys.
#[derive(Clone, Debug, Default)]
pub struct Deployer {
    pub object_id: Option<String>,
    pub tenant_id: Option<String>,
    pub user_principal_name: Option<String>,
}

/// What a template is deployed to; its `$schema` says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    #[default]
    ResourceGroup,
    Subscription,
    ManagementGroup,
    Tenant,
}

/// An object of strings.
pub(super) fn strings(members: &[(String, String)], at: Span) -> Value {
    let member = |(name, value): &(String, String)| Member::new(name.as_str(), at, Value::string(value.as_str(), at));
    Value::object(members.iter().map(member).collect(), at)
}

impl Cloud {
    /// The name that `environment().name` gives.
    pub fn name(self) -> &'static str {
        match self {
            Cloud::Public => "AzureCloud",
            Cloud::UsGov => "AzureUSGovernment",
            Cloud::China => "AzureChinaCloud",
        }
    }

    /// What `environment()` gives, at `at`. The public cloud's members are documented
    /// (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-deployment#environment);
    /// those of the others are what `az cloud show` prints.
    pub fn environment(self, at: Span) -> Value {
        let text = |name: &'static str, value: &str| Member::new(name, at, Value::string(value, at));
        let [portal, manager, login, audience, graph, batch, media, gallery, sql, lake] = self.endpoints();
        let (registry, storage, database, vault, front_door, lake_analytics, lake_store) = self.suffixes();
        let authentication = vec![
            text("loginEndpoint", login),
            Member::new("audiences", at, Value::array(audience.split(' ').map(|a| Value::string(a, at)).collect(), at)),
            text("tenant", "common"),
            text("identityProvider", "AAD"),
        ];
        let suffixes = vec![
            text("acrLoginServer", registry),
            text("azureDatalakeAnalyticsCatalogAndJob", lake_analytics),
            text("azureDatalakeStoreFileSystem", lake_store),
            text("azureFrontDoorEndpointSuffix", front_door),
            text("keyvaultDns", vault),
            text("sqlServerHostname", database),
            text("storage", storage),
        ];
        let members = vec![
            text("name", self.name()),
            text("gallery", gallery),
            text("graph", graph),
            text("portal", portal),
            text("graphAudience", graph),
            text("activeDirectoryDataLake", lake),
            text("batch", batch),
            text("media", media),
            text("sqlManagement", sql),
            text(
                "vmImageAliasDoc",
                "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
            ),
            text("resourceManager", manager),
            Member::new("authentication", at, Value::object(authentication, at)),
            Member::new("suffixes", at, Value::object(suffixes, at)),
        ];
        Value::object(members, at)
    }

    fn endpoints(self) -> [&'static str; 10] {
        match self {
            Cloud::Public => [
                "https://portal.azure.com",
                "https://management.azure.com/",
                "https://login.microsoftonline.com/",
                "https://management.core.windows.net/ https://management.azure.com/",
                "https://graph.windows.net/",
                "https://batch.core.windows.net/",
                "https://rest.media.azure.net",
                "https://gallery.azure.com/",
                "https://management.core.windows.net:8443/",
                "https://datalake.azure.net/",
            ],
            Cloud::UsGov => [
                "https://portal.azure.us",
                "https://management.usgovcloudapi.net/",
                "https://login.microsoftonline.us/",
                "https://management.core.usgovcloudapi.net/ https://management.usgovcloudapi.net/",
                "https://graph.windows.net/",
                "https://batch.core.usgovcloudapi.net/",
                "https://rest.media.usgovcloudapi.net",
                "https://gallery.azure.us/",
                "https://management.core.usgovcloudapi.net:8443/",
                "",
            ],
            Cloud::China => [
                "https://portal.azure.cn",
                "https://management.chinacloudapi.cn/",
                "https://login.chinacloudapi.cn/",
                "https://management.core.chinacloudapi.cn/ https://management.chinacloudapi.cn/",
                "https://graph.chinacloudapi.cn/",
                "https://batch.chinacloudapi.cn/",
                "https://rest.media.chinacloudapi.cn",
                "https://gallery.azure.cn/",
                "https://management.core.chinacloudapi.cn:8443/",
                "",
            ],
        }
    }

    /// Registry, storage, SQL server, key vault, front door, data lake analytics, data lake store.
    fn suffixes(
        self,
    ) -> (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static str) {
        match self {
            Cloud::Public => (
                ".azurecr.io",
                "core.windows.net",
                ".database.windows.net",
                ".vault.azure.net",
                "azurefd.net",
                "azuredatalakeanalytics.net",
                "azuredatalakestore.net",
            ),
            Cloud::UsGov => (
                ".azurecr.us",
                "core.usgovcloudapi.net",
                ".database.usgovcloudapi.net",
                ".vault.usgovcloudapi.net",
                "azurefd.us",
                "",
                "",
            ),
            Cloud::China => (
                ".azurecr.cn",
                "core.chinacloudapi.cn",
                ".database.chinacloudapi.cn",
                ".vault.azure.cn",
                "azurefd.cn",
                "",
                "",
            ),
        }
    }
}

impl Level {
    /// The level of a template by its `$schema`: the file name of the address decides, the version does not.
    pub fn of_schema(schema: &str) -> Option<Level> {
        let name = schema.split('#').next()?.rsplit('/').next()?.to_ascii_lowercase();
        match name.as_str() {
            "deploymenttemplate.json" => Some(Level::ResourceGroup),
            "subscriptiondeploymenttemplate.json" => Some(Level::Subscription),
            "managementgroupdeploymenttemplate.json" => Some(Level::ManagementGroup),
            "tenantdeploymenttemplate.json" => Some(Level::Tenant),
            _ => None,
        }
    }
}
