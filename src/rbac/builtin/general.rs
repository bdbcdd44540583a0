//! Built-in roles that may be assigned at a registry or above it, as Azure lists them (recorded 2024-11; Data Importer and Data
//! Reader as documented in 2025-06). `+` allows, `-` takes away, `data` is for data actions.

pub(super) const GENERAL_ROLES: &str = "\
8e3af657-a8ff-443c-a75c-2fe8c4bcb635 Owner
  + *
b24988ac-6180-42a0-ab88-20f7382dd24c Contributor
  + *
  - Microsoft.Authorization/*/Delete Microsoft.Authorization/*/Write
  - Microsoft.Authorization/elevateAccess/Action Microsoft.Blueprint/blueprintAssignments/write
  - Microsoft.Blueprint/blueprintAssignments/delete Microsoft.Compute/galleries/share/action
  - Microsoft.Purview/consents/write Microsoft.Purview/consents/delete
  - Microsoft.Resources/deploymentStacks/manageDenySetting/action
acdd72a7-3385-48ef-bd42-f606fba81ae7 Reader
  + */read
18d7d88d-d35e-4fb5-a5c3-7773c20a72d9 User Access Administrator
  + */read Microsoft.Authorization/* Microsoft.Support/*
f58310d9-a9f6-439a-9e8d-f62e7b41a168 Role Based Access Control Administrator
  + Microsoft.Authorization/roleAssignments/write Microsoft.Authorization/roleAssignments/delete
  + */read Microsoft.Support/*
43d0d8ad-25c7-4714-9337-8ba259a9fe05 Monitoring Reader
  + */read Microsoft.OperationalInsights/workspaces/search/action Microsoft.Support/*
749f88d5-cbae-40b8-bcfc-e573ddc772fa Monitoring Contributor
  + */read Microsoft.AlertsManagement/alerts/* Microsoft.AlertsManagement/alertsSummary/*
  + Microsoft.Insights/actiongroups/* Microsoft.Insights/activityLogAlerts/*
  + Microsoft.Insights/AlertRules/* Microsoft.Insights/components/*
  + Microsoft.Insights/createNotifications/* Microsoft.Insights/dataCollectionEndpoints/*
  + Microsoft.Insights/dataCollectionRules/* Microsoft.Insights/dataCollectionRuleAssociations/*
  + Microsoft.Insights/DiagnosticSettings/* Microsoft.Insights/eventtypes/*
  + Microsoft.Insights/LogDefinitions/* Microsoft.Insights/metricalerts/*
  + Microsoft.Insights/MetricDefinitions/* Microsoft.Insights/Metrics/*
  + Microsoft.Insights/notificationStatus/* Microsoft.Insights/Register/Action
  + Microsoft.Insights/scheduledqueryrules/* Microsoft.Insights/webtests/*
  + Microsoft.Insights/workbooks/* Microsoft.Insights/workbooktemplates/*
  + Microsoft.Insights/privateLinkScopes/* Microsoft.Insights/privateLinkScopeOperationStatuses/*
  + Microsoft.Monitor/accounts/* Microsoft.OperationalInsights/workspaces/write
  + Microsoft.OperationalInsights/workspaces/intelligencepacks/*
  + Microsoft.OperationalInsights/workspaces/savedSearches/*
  + Microsoft.OperationalInsights/workspaces/search/action
  + Microsoft.OperationalInsights/workspaces/sharedKeys/action
  + Microsoft.OperationalInsights/workspaces/sharedKeys/read
  + Microsoft.OperationalInsights/workspaces/storageinsightconfigs/*
  + Microsoft.OperationalInsights/locations/workspaces/failover/action
  + Microsoft.OperationalInsights/workspaces/failback/action Microsoft.Support/*
  + Microsoft.AlertsManagement/smartDetectorAlertRules/* Microsoft.AlertsManagement/actionRules/*
  + Microsoft.AlertsManagement/smartGroups/* Microsoft.AlertsManagement/migrateFromSmartDetection/*
  + Microsoft.AlertsManagement/investigations/* Microsoft.AlertsManagement/prometheusRuleGroups/*
  + Microsoft.Monitor/investigations/*
73c42c96-874c-492b-b04d-ab87d138a893 Log Analytics Reader
  + */read Microsoft.OperationalInsights/workspaces/analytics/query/action
  + Microsoft.OperationalInsights/workspaces/search/action Microsoft.Support/*
  - Microsoft.OperationalInsights/workspaces/sharedKeys/read
92aaf0da-9dab-42b6-94a3-d43ce8d16293 Log Analytics Contributor
  + */read Microsoft.ClassicCompute/virtualMachines/extensions/*
  + Microsoft.ClassicStorage/storageAccounts/listKeys/action
  + Microsoft.Compute/virtualMachines/extensions/* Microsoft.HybridCompute/machines/extensions/write
  + Microsoft.Insights/alertRules/* Microsoft.Insights/diagnosticSettings/*
  + Microsoft.OperationalInsights/* Microsoft.OperationsManagement/*
  + Microsoft.Resources/deployments/* Microsoft.Resources/subscriptions/resourcegroups/deployments/*
  + Microsoft.Storage/storageAccounts/listKeys/action Microsoft.Support/*
c7393b34-138c-406f-901b-d8cf2b17e6ae Managed Application Operator Role
  + */read Microsoft.Solutions/applications/read Microsoft.Solutions/*/action
b9331d33-8a36-4f8c-b097-4f54124fdb44 Managed Applications Reader
  + */read Microsoft.Resources/deployments/* Microsoft.Solutions/jitRequests/*
641177b8-a67a-45b9-a033-47bc880bb21e Managed Application Contributor Role
  + */read Microsoft.Solutions/applications/* Microsoft.Solutions/register/action
  + Microsoft.Resources/subscriptions/resourceGroups/* Microsoft.Resources/deployments/*
36243c78-bf99-498c-9df9-86d9f8d28608 Resource Policy Contributor
  + */read Microsoft.Authorization/policyassignments/* Microsoft.Authorization/policydefinitions/*
  + Microsoft.Authorization/policyexemptions/* Microsoft.Authorization/policysetdefinitions/*
  + Microsoft.PolicyInsights/* Microsoft.Resources/deployments/* Microsoft.Support/*
ffc6bbe0-e443-4c3b-bf54-26581bb2f78e App Compliance Automation Reader
  + */read
f1a07417-d97a-45cb-824c-7a7467783830 Managed Identity Operator
  + Microsoft.ManagedIdentity/userAssignedIdentities/*/read
  + Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action Microsoft.Authorization/*/read
  + Microsoft.Insights/alertRules/* Microsoft.Resources/subscriptions/resourceGroups/read
  + Microsoft.Resources/deployments/* Microsoft.Support/*
e40ec5ca-96e0-45a2-b4ff-59039f2c2b59 Managed Identity Contributor
  + Microsoft.ManagedIdentity/userAssignedIdentities/read
  + Microsoft.ManagedIdentity/userAssignedIdentities/write
  + Microsoft.ManagedIdentity/userAssignedIdentities/delete
  + Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read
  + Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write
  + Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete
  + Microsoft.ManagedIdentity/userAssignedIdentities/revokeTokens/action
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Resources/deployments/*
  + Microsoft.Support/*
00482a5a-887f-4fb3-b363-3b7fe8e74483 Key Vault Administrator
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
  + Microsoft.KeyVault/checkNameAvailability/read Microsoft.KeyVault/deletedVaults/read
  + Microsoft.KeyVault/locations/*/read Microsoft.KeyVault/vaults/*/read
  + Microsoft.KeyVault/operations/read
  + data Microsoft.KeyVault/vaults/*
f25e0fa2-a7c8-4377-a976-54943a77a395 Key Vault Contributor
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.KeyVault/*
  + Microsoft.Resources/deployments/* Microsoft.Resources/subscriptions/resourceGroups/read
  + Microsoft.Support/*
  - Microsoft.KeyVault/locations/deletedVaults/purge/action Microsoft.KeyVault/hsmPools/*
  - Microsoft.KeyVault/managedHsms/*
21090545-7ca7-4776-b22c-e363652d74d2 Key Vault Reader
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
  + Microsoft.KeyVault/checkNameAvailability/read Microsoft.KeyVault/deletedVaults/read
  + Microsoft.KeyVault/locations/*/read Microsoft.KeyVault/vaults/*/read
  + Microsoft.KeyVault/operations/read
  + data Microsoft.KeyVault/vaults/*/read Microsoft.KeyVault/vaults/secrets/readMetadata/action
4633458b-17de-408a-b874-0445c86b69e6 Key Vault Secrets User
  + data Microsoft.KeyVault/vaults/secrets/getSecret/action
  + data Microsoft.KeyVault/vaults/secrets/readMetadata/action
b86a8fe4-44ce-4948-aee5-eccb2c155cd7 Key Vault Secrets Officer
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
  + Microsoft.KeyVault/checkNameAvailability/read Microsoft.KeyVault/deletedVaults/read
  + Microsoft.KeyVault/locations/*/read Microsoft.KeyVault/vaults/*/read
  + Microsoft.KeyVault/operations/read
  + data Microsoft.KeyVault/vaults/secrets/*
db79e9a7-68ee-4b58-9aeb-b90e7c24fcba Key Vault Certificate User
  + data Microsoft.KeyVault/vaults/certificates/read
  + data Microsoft.KeyVault/vaults/secrets/getSecret/action
  + data Microsoft.KeyVault/vaults/secrets/readMetadata/action Microsoft.KeyVault/vaults/keys/read
12338af0-0e69-4776-bea7-57ae8d297424 Key Vault Crypto User
  + data Microsoft.KeyVault/vaults/keys/read Microsoft.KeyVault/vaults/keys/update/action
  + data Microsoft.KeyVault/vaults/keys/backup/action Microsoft.KeyVault/vaults/keys/encrypt/action
  + data Microsoft.KeyVault/vaults/keys/decrypt/action Microsoft.KeyVault/vaults/keys/wrap/action
  + data Microsoft.KeyVault/vaults/keys/unwrap/action Microsoft.KeyVault/vaults/keys/sign/action
  + data Microsoft.KeyVault/vaults/keys/verify/action
17d1049b-9a84-46fb-8f53-869881c3d3ab Storage Account Contributor
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/*
  + Microsoft.Insights/diagnosticSettings/*
  + Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action
  + Microsoft.ResourceHealth/availabilityStatuses/read Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Storage/storageAccounts/*
  + Microsoft.Support/*
2a2b9908-6ea1-4ae2-8e65-a410df84e7d1 Storage Blob Data Reader
  + Microsoft.Storage/storageAccounts/blobServices/containers/read
  + Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action
  + data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read
ba92f5b4-2d11-453d-a403-e96b0029c9fe Storage Blob Data Contributor
  + Microsoft.Storage/storageAccounts/blobServices/containers/delete
  + Microsoft.Storage/storageAccounts/blobServices/containers/read
  + Microsoft.Storage/storageAccounts/blobServices/containers/write
  + Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action
  + data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete
  + data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read
  + data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write
  + data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/move/action
  + data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action
b7e6dc6d-f1e8-4753-8033-0f276bb0955b Storage Blob Data Owner
  + Microsoft.Storage/storageAccounts/blobServices/containers/*
  + Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action
  + data Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*
974c5e8b-45b9-4653-ba55-5f855dd0fb88 Storage Queue Data Contributor
  + Microsoft.Storage/storageAccounts/queueServices/queues/delete
  + Microsoft.Storage/storageAccounts/queueServices/queues/read
  + Microsoft.Storage/storageAccounts/queueServices/queues/write
  + data Microsoft.Storage/storageAccounts/queueServices/queues/messages/delete
  + data Microsoft.Storage/storageAccounts/queueServices/queues/messages/read
  + data Microsoft.Storage/storageAccounts/queueServices/queues/messages/write
  + data Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action
0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3 Storage Table Data Contributor
  + Microsoft.Storage/storageAccounts/tableServices/tables/read
  + Microsoft.Storage/storageAccounts/tableServices/tables/write
  + Microsoft.Storage/storageAccounts/tableServices/tables/delete
  + data Microsoft.Storage/storageAccounts/tableServices/tables/entities/read
  + data Microsoft.Storage/storageAccounts/tableServices/tables/entities/write
  + data Microsoft.Storage/storageAccounts/tableServices/tables/entities/delete
  + data Microsoft.Storage/storageAccounts/tableServices/tables/entities/add/action
  + data Microsoft.Storage/storageAccounts/tableServices/tables/entities/update/action
516239f1-63e1-4d78-a4de-a74fb236a071 App Configuration Data Reader
  + data Microsoft.AppConfiguration/configurationStores/*/read
4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0 Azure Service Bus Data Receiver
  + Microsoft.ServiceBus/*/queues/read Microsoft.ServiceBus/*/topics/read
  + Microsoft.ServiceBus/*/topics/subscriptions/read
  + data Microsoft.ServiceBus/*/receive/action
69a216fc-b8fb-44d8-bc22-1f3c2cd27a39 Azure Service Bus Data Sender
  + Microsoft.ServiceBus/*/queues/read Microsoft.ServiceBus/*/topics/read
  + Microsoft.ServiceBus/*/topics/subscriptions/read
  + data Microsoft.ServiceBus/*/send/action
090c5cfd-751d-490a-894a-3ce6f1109419 Azure Service Bus Data Owner
  + Microsoft.ServiceBus/*
  + data Microsoft.ServiceBus/*
a638d3c7-ab3a-418d-83e6-5f17a39d4fde Azure Event Hubs Data Receiver
  + Microsoft.EventHub/*/eventhubs/consumergroups/read
  + data Microsoft.EventHub/*/receive/action
2b629674-e913-4c01-ae53-ef4638d8f975 Azure Event Hubs Data Sender
  + Microsoft.EventHub/*/eventhubs/read
  + data Microsoft.EventHub/*/send/action
1407120a-92aa-4202-b7e9-c0e197c71c8f Search Index Data Reader
  + data Microsoft.Search/searchServices/indexes/documents/read
8ebe5a00-799e-43f5-93ac-243d3dce84a7 Search Index Data Contributor
  + data Microsoft.Search/searchServices/indexes/documents/*
7ca78c08-252a-4471-8644-bb5ff32d4ba0 Search Service Contributor
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/*
  + Microsoft.ResourceHealth/availabilityStatuses/read Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Search/searchServices/*
  + Microsoft.Support/*
a97b65f3-24c7-4388-baec-2e87135dc908 Cognitive Services User
  + Microsoft.CognitiveServices/*/read Microsoft.CognitiveServices/accounts/listkeys/action
  + Microsoft.Insights/alertRules/read Microsoft.Insights/diagnosticSettings/read
  + Microsoft.Insights/logDefinitions/read Microsoft.Insights/metricdefinitions/read
  + Microsoft.Insights/metrics/read Microsoft.ResourceHealth/availabilityStatuses/read
  + Microsoft.Resources/deployments/operations/read
  + Microsoft.Resources/subscriptions/operationresults/read Microsoft.Resources/subscriptions/read
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
  + data Microsoft.CognitiveServices/*
5e0bd9bd-7b93-4f28-af87-19fc36ad61bd Cognitive Services OpenAI User
  + Microsoft.CognitiveServices/*/read Microsoft.Authorization/roleAssignments/read
  + Microsoft.Authorization/roleDefinitions/read
  + data Microsoft.CognitiveServices/accounts/OpenAI/*/read
  + data Microsoft.CognitiveServices/accounts/OpenAI/engines/completions/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/engines/search/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/engines/generate/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/deployments/audio/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/deployments/search/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/deployments/completions/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/deployments/extensions/chat/completions/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action
  + data Microsoft.CognitiveServices/accounts/OpenAI/images/generations/action
64702f94-c441-49e6-a78b-ef80e0188fee Azure AI Developer
  + Microsoft.MachineLearningServices/workspaces/*/read
  + Microsoft.MachineLearningServices/workspaces/*/action
  + Microsoft.MachineLearningServices/workspaces/*/delete
  + Microsoft.MachineLearningServices/workspaces/*/write
  + Microsoft.MachineLearningServices/locations/*/read Microsoft.Authorization/*/read
  + Microsoft.Resources/deployments/*
  - Microsoft.MachineLearningServices/workspaces/delete
  - Microsoft.MachineLearningServices/workspaces/write
  - Microsoft.MachineLearningServices/workspaces/listKeys/action
  - Microsoft.MachineLearningServices/workspaces/hubs/write
  - Microsoft.MachineLearningServices/workspaces/hubs/delete
  - Microsoft.MachineLearningServices/workspaces/featurestores/write
  - Microsoft.MachineLearningServices/workspaces/featurestores/delete
  + data Microsoft.CognitiveServices/accounts/OpenAI/*
  + data Microsoft.CognitiveServices/accounts/SpeechServices/*
  + data Microsoft.CognitiveServices/accounts/ContentSafety/*
ad2dd5fb-cd4b-4fd4-a9b6-4fed3630980b ContainerApp Reader
  + Microsoft.App/containerApps/*/read Microsoft.App/containerApps/read
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read
b9a307c4-5aa3-4b52-ba60-2b17c136cd7b Container Apps Jobs Operator
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* microsoft.app/jobs/read
  + Microsoft.App/jobs/*/read Microsoft.App/jobs/*/action Microsoft.app/managedenvironments/read
  + Microsoft.App/managedenvironments/*/read Microsoft.App/managedenvironments/join/action
  + Microsoft.App/managedenvironments/checknameavailability/action
  + Microsoft.app/connectedEnvironments/read Microsoft.App/connectedEnvironments/*/read
  + Microsoft.App/connectedEnvironments/join/action
  + Microsoft.App/connectedEnvironments/checknameavailability/action
  + data Microsoft.App/jobs/logstream/action Microsoft.App/jobs/exec/action
4d97b98b-1d4f-4787-a291-c67834d212e7 Network Contributor
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.Network/*
  + Microsoft.ResourceHealth/availabilityStatuses/read Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
b12aa53e-6015-4669-85d0-8515ebb3ae7f Private DNS Zone Contributor
  + Microsoft.Insights/alertRules/* Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
  + Microsoft.Network/privateDnsZones/* Microsoft.Network/privateDnsOperationResults/*
  + Microsoft.Network/privateDnsOperationStatuses/* Microsoft.Network/virtualNetworks/read
  + Microsoft.Network/virtualNetworks/join/action Microsoft.Authorization/*/read
3913510d-42f4-4e42-8a64-420c390055eb Monitoring Metrics Publisher
  + Microsoft.Insights/Register/Action Microsoft.Support/*
  + Microsoft.Resources/subscriptions/resourceGroups/read
  + data Microsoft.Insights/Metrics/Write Microsoft.Insights/Telemetry/Write
de139f84-1756-47ae-9be6-808fbbe84772 Website Contributor
  + Microsoft.Authorization/*/read Microsoft.Insights/alertRules/* Microsoft.Insights/components/*
  + Microsoft.ResourceHealth/availabilityStatuses/read Microsoft.Resources/deployments/*
  + Microsoft.Resources/subscriptions/resourceGroups/read Microsoft.Support/*
  + Microsoft.Web/certificates/* Microsoft.Web/listSitesAssignedToHostName/read
  + Microsoft.Web/register/action Microsoft.Web/serverFarms/join/action
  + Microsoft.Web/serverFarms/read Microsoft.Web/sites/*
420fcaa2-552c-430f-98ca-3264be4806c7 SignalR App Server
  + data Microsoft.SignalRService/SignalR/auth/accessKey/action
  + data Microsoft.SignalRService/SignalR/serverConnection/write
  + data Microsoft.SignalRService/SignalR/clientConnection/write
";
