//! Built-in roles that name container registries, as Azure lists them (recorded 2024-11; Data Importer and Data
//! Reader as documented in 2025-06). `+` allows, `-` takes away, `data` is for data actions.
//!
//! The last three are shortened: the documentation says that they do not pull, and these
//! patterns say no more than what they are for.

pub(super) const REGISTRY_ROLES: &str = "\
7f951dda-4ed3-4680-a7ca-43fe172d538d AcrPull
  + Microsoft.ContainerRegistry/registries/pull/read
8311e382-0749-4cb8-b61a-304f252e45ec AcrPush
  + Microsoft.ContainerRegistry/registries/pull/read
  + Microsoft.ContainerRegistry/registries/push/write
c2f4ef07-c644-48eb-af81-4b1b4947fb11 AcrDelete
  + Microsoft.ContainerRegistry/registries/artifacts/delete
6cef56e8-d556-48e5-a04f-b8e64114680f AcrImageSigner
  + Microsoft.ContainerRegistry/registries/sign/write
  + data Microsoft.ContainerRegistry/registries/trustedCollections/write
cdda3590-29a3-44f6-95f2-9f980659eb04 AcrQuarantineReader
  + Microsoft.ContainerRegistry/registries/quarantine/read
  + data Microsoft.ContainerRegistry/registries/quarantinedArtifacts/read
c8d4ff99-41c3-41a8-9f60-21dfdad59608 AcrQuarantineWriter
  + Microsoft.ContainerRegistry/registries/quarantine/read
  + Microsoft.ContainerRegistry/registries/quarantine/write
  + data Microsoft.ContainerRegistry/registries/quarantinedArtifacts/read
  + data Microsoft.ContainerRegistry/registries/quarantinedArtifacts/write
b93aa761-3e63-49ed-ac28-beffa264f7ac Container Registry Repository Reader
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/read
  + data Microsoft.ContainerRegistry/registries/repositories/content/read
2a1e307c-b015-4ebd-883e-5b7698a07328 Container Registry Repository Writer
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/read
  + data Microsoft.ContainerRegistry/registries/repositories/content/read
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/write
  + data Microsoft.ContainerRegistry/registries/repositories/content/write
2efddaa5-3f1f-4df3-97df-af3f13818f4c Container Registry Repository Contributor
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/read
  + data Microsoft.ContainerRegistry/registries/repositories/content/read
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/write
  + data Microsoft.ContainerRegistry/registries/repositories/content/write
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/delete
  + data Microsoft.ContainerRegistry/registries/repositories/content/delete
bfdb9389-c9a5-478a-bb2f-ba9ca092c3c7 Container Registry Repository Catalog Lister
  + data Microsoft.ContainerRegistry/registries/catalog/read
577a9874-89fd-4f24-9dbd-b5034d0ad23a Container Registry Data Importer and Data Reader
  + Microsoft.ContainerRegistry/registries/importImage/action
  + Microsoft.ContainerRegistry/registries/read Microsoft.ContainerRegistry/registries/pull/read
  + data Microsoft.ContainerRegistry/registries/repositories/content/read
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/read
  + data Microsoft.ContainerRegistry/registries/catalog/read
96062cf7-95ca-4f89-9b9d-2a2aa47356af Azure Container Registry secure supply chain operator service role
  + Microsoft.ContainerRegistry/registries/pull/read
  + Microsoft.ContainerRegistry/registries/push/write
  + Microsoft.ContainerRegistry/registries/artifacts/delete
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/read
  + data Microsoft.ContainerRegistry/registries/repositories/content/read
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/write
  + data Microsoft.ContainerRegistry/registries/repositories/content/write
  + data Microsoft.ContainerRegistry/registries/repositories/metadata/delete
  + data Microsoft.ContainerRegistry/registries/repositories/content/delete
bf94e731-3a51-4a7c-8c54-a1ab9971dfc1 Container Registry Transfer Pipeline Contributor
  + Microsoft.ContainerRegistry/registries/exportPipelines/read
  + Microsoft.ContainerRegistry/registries/exportPipelines/write
  + Microsoft.ContainerRegistry/registries/exportPipelines/delete
  + Microsoft.ContainerRegistry/registries/importPipelines/read
  + Microsoft.ContainerRegistry/registries/importPipelines/write
  + Microsoft.ContainerRegistry/registries/importPipelines/delete
  + Microsoft.ContainerRegistry/registries/pipelineRuns/read
  + Microsoft.ContainerRegistry/registries/pipelineRuns/write
  + Microsoft.ContainerRegistry/registries/pipelineRuns/delete
  + Microsoft.ContainerRegistry/registries/pipelineRuns/operationStatuses/read
69b07be0-09bf-439a-b9a6-e73de851bd59 Container Registry Configuration Reader and Data Access Configuration Reader
  + Microsoft.ContainerRegistry/registries/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/read
  + Microsoft.ContainerRegistry/registries/privateEndpointConnections/read
  + Microsoft.ContainerRegistry/registries/privateEndpointConnections/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/listCredentials/action
  + Microsoft.ContainerRegistry/registries/tokens/read
  + Microsoft.ContainerRegistry/registries/tokens/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/scopeMaps/read
  + Microsoft.ContainerRegistry/registries/scopeMaps/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/webhooks/read
  + Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action
  + Microsoft.ContainerRegistry/registries/webhooks/listEvents/action
  + Microsoft.ContainerRegistry/registries/webhooks/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/replications/read
  + Microsoft.ContainerRegistry/registries/replications/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/connectedRegistries/read
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/diagnosticSettings/read
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/diagnosticSettings/write
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/logDefinitions/read
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/metricDefinitions/read
  + Microsoft.Insights/AlertRules/Write Microsoft.Insights/AlertRules/Delete
  + Microsoft.Insights/AlertRules/Read Microsoft.Insights/AlertRules/Activated/Action
  + Microsoft.Insights/AlertRules/Resolved/Action Microsoft.Insights/AlertRules/Throttled/Action
  + Microsoft.Insights/AlertRules/Incidents/Read
3bc748fc-213d-45c1-8d91-9da5725539b9 Container Registry Contributor and Data Access Configuration Administrator
  + Microsoft.Resources/subscriptions/resourceGroups/read
  + Microsoft.ContainerRegistry/registries/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/read Microsoft.ContainerRegistry/registries/write
  + Microsoft.ContainerRegistry/registries/delete
  + Microsoft.ContainerRegistry/registries/listCredentials/action
  + Microsoft.ContainerRegistry/registries/regenerateCredential/action
  + Microsoft.ContainerRegistry/registries/generateCredentials/action
  + Microsoft.ContainerRegistry/registries/replications/read
  + Microsoft.ContainerRegistry/registries/replications/write
  + Microsoft.ContainerRegistry/registries/replications/delete
  + Microsoft.ContainerRegistry/registries/replications/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/privateEndpointConnectionsApproval/action
  + Microsoft.ContainerRegistry/registries/privateEndpointConnections/read
  + Microsoft.ContainerRegistry/registries/privateEndpointConnections/write
  + Microsoft.ContainerRegistry/registries/privateEndpointConnections/delete
  + Microsoft.ContainerRegistry/registries/privateEndpointConnections/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/tokens/read
  + Microsoft.ContainerRegistry/registries/tokens/write
  + Microsoft.ContainerRegistry/registries/tokens/delete
  + Microsoft.ContainerRegistry/registries/tokens/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/scopeMaps/read
  + Microsoft.ContainerRegistry/registries/scopeMaps/write
  + Microsoft.ContainerRegistry/registries/scopeMaps/delete
  + Microsoft.ContainerRegistry/registries/scopeMaps/operationStatuses/read
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/diagnosticSettings/read
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/diagnosticSettings/write
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/logDefinitions/read
  + Microsoft.ContainerRegistry/registries/providers/Microsoft.Insights/metricDefinitions/read
  + Microsoft.Resources/deployments/* Microsoft.Authorization/*/read
  + Microsoft.ContainerRegistry/registries/connectedRegistries/read
  + Microsoft.ContainerRegistry/registries/connectedRegistries/write
  + Microsoft.ContainerRegistry/registries/connectedRegistries/delete
  + Microsoft.ContainerRegistry/registries/connectedRegistries/deactivate/action
  + Microsoft.ContainerRegistry/registries/webhooks/read
  + Microsoft.ContainerRegistry/registries/webhooks/write
  + Microsoft.ContainerRegistry/registries/webhooks/delete
  + Microsoft.ContainerRegistry/registries/webhooks/getCallbackConfig/action
  + Microsoft.ContainerRegistry/registries/webhooks/ping/action
  + Microsoft.ContainerRegistry/registries/webhooks/listEvents/action
  + Microsoft.ContainerRegistry/registries/webhooks/operationStatuses/read
  + Microsoft.Insights/AlertRules/Write Microsoft.Insights/AlertRules/Delete
  + Microsoft.Insights/AlertRules/Read Microsoft.Insights/AlertRules/Activated/Action
  + Microsoft.Insights/AlertRules/Resolved/Action Microsoft.Insights/AlertRules/Throttled/Action
  + Microsoft.Insights/AlertRules/Incidents/Read
  + Microsoft.ContainerRegistry/locations/operationResults/read
  + Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action
  + Microsoft.Network/virtualNetworks/subnets/read Microsoft.Network/virtualNetworks/subnets/write
  + Microsoft.Network/virtualNetworks/read
  + Microsoft.Network/privateEndpoints/privateLinkServiceProxies/write
fb382eab-e894-4461-af04-94435c366c3f Container Registry Tasks Contributor
  + Microsoft.ContainerRegistry/registries/tasks/*
  + Microsoft.ContainerRegistry/registries/agentpools/*
  + Microsoft.ContainerRegistry/registries/runs/*
  + Microsoft.ContainerRegistry/registries/scheduleRun/action
f094fb07-0703-4400-ad6a-e16dd8000e14 Container Registry Credential Set Administrator
  + Microsoft.ContainerRegistry/registries/credentialSets/*
29093635-9924-4f2c-913b-650a12949526 Container Registry Credential Set Reader
  + Microsoft.ContainerRegistry/registries/credentialSets/read
";
