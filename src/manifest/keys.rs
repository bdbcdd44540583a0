//! The keys of the objects that decide a pull, by format.
//!
//! From the models of azure-mgmt-appcontainers 5.1.0 (api-version 2026-07-01), azure-mgmt-containerinstance 10.1.0 and the
//! Kubernetes API; what only later versions have is simply not watched.

use super::spelling::Level;

/// A container app, job or session pool.
pub(super) const APP: Level = Level {
    of: "the resource",
    watched: &["identity", "properties", "configuration", "template"],
    other: &[
        "id",
        "name",
        "type",
        "location",
        "tags",
        "kind",
        "sku",
        "managedBy",
        "extendedLocation",
        "systemData",
        "apiVersion",
        "etag",
        "plan",
        "zones",
        "scope",
        "resourceGroup",
        "environmentId",
        "managedEnvironmentId",
        "workloadProfileName",
        "dependsOn",
        "condition",
        "comments",
        "copy",
        "metadata",
        "existing",
        "schema",
        "$schema",
        "version",
        "resources",
    ],
    elsewhere: &[
        ("registries", "into `configuration`"),
        ("secrets", "into `configuration`"),
        ("ingress", "into `configuration`"),
        ("containers", "into `template`"),
        ("initContainers", "into `template`"),
    ],
    synonyms: &[("config", "configuration"), ("managedIdentity", "identity"), ("spec", "properties")],
};

/// `properties` of an app or a job.
pub(super) const APP_PROPERTIES: Level = Level {
    of: "`properties`",
    watched: &["configuration", "template"],
    other: &[
        "environmentId",
        "managedEnvironmentId",
        "workloadProfileName",
        "provisioningState",
        "runningStatus",
        "eventStreamEndpoint",
        "patchingConfiguration",
        "deploymentErrors",
        "outboundIpAddresses",
    ],
    elsewhere: &[
        ("identity", "beside `properties`, to the top level of the resource"),
        ("registries", "into `configuration`"),
        ("secrets", "into `configuration`"),
        ("containers", "into `template`"),
        ("initContainers", "into `template`"),
    ],
    synonyms: &[("config", "configuration")],
};

/// `configuration`.
pub(super) const CONFIGURATION: Level = Level {
    of: "`configuration`",
    watched: &["registries", "secrets", "identitySettings"],
    other: &["ingress", "dapr", "runtime", "service", "triggerType"],
    elsewhere: &[
        ("identity", "to the top level of the resource"),
        ("containers", "into `template`"),
        ("initContainers", "into `template`"),
        ("template", "beside `configuration`"),
    ],
    synonyms: &[
        ("registryCredentials", "registries"),
        ("imageRegistryCredentials", "registries"),
        ("containerRegistries", "registries"),
        ("containerRegistry", "registries"),
    ],
};

/// `template`.
pub(super) const TEMPLATE: Level = Level {
    of: "`template`",
    watched: &["containers", "initContainers"],
    other: &["volumes", "scale", "revisionSuffix", "serviceBinds"],
    elsewhere: &[
        ("registries", "into `configuration`, beside `template`"),
        ("secrets", "into `configuration`, beside `template`"),
        ("configuration", "beside `template`"),
        ("identity", "to the top level of the resource"),
    ],
    synonyms: &[],
};

/// A container of an app or a job, also of a pod.
pub(super) const CONTAINER: Level = Level {
    of: "a container",
    watched: &["image", "name"],
    other: &["imageType", "imagePullPolicy", "env", "args", "stage", "stdin", "tty"],
    elsewhere: &[
        ("imagePullSecrets", "beside `containers`, into the pod's spec"),
        ("registries", "into `configuration`"),
    ],
    synonyms: &[("containerImage", "image"), ("imageName", "image"), ("containerName", "name")],
};

/// An entry of `registries`.
pub(super) const REGISTRY: Level = Level {
    of: "an entry of `registries`",
    watched: &["server", "username", "passwordSecretRef", "identity"],
    other: &[],
    elsewhere: &[],
    synonyms: &[
        ("loginServer", "server"),
        ("registry", "server"),
        ("url", "server"),
        ("host", "server"),
        ("user", "username"),
        ("password", "passwordSecretRef"),
        ("passwordSecret", "passwordSecretRef"),
        ("passwordRef", "passwordSecretRef"),
        ("secretRef", "passwordSecretRef"),
        ("identityId", "identity"),
        ("managedIdentity", "identity"),
    ],
};

/// `identity`.
pub(super) const IDENTITY: Level = Level {
    of: "`identity`",
    watched: &["type", "userAssignedIdentities"],
    other: &["principalId", "tenantId", "delegatedResources"],
    elsewhere: &[],
    synonyms: &[
        ("userAssigned", "userAssignedIdentities"),
        ("identityIds", "userAssignedIdentities"),
        ("ids", "userAssignedIdentities"),
    ],
};

/// An entry of `secrets`.
pub(super) const SECRET: Level = Level {
    of: "an entry of `secrets`",
    watched: &["name", "value", "keyVaultUrl", "identity"],
    other: &[],
    elsewhere: &[],
    synonyms: &[("keyVaultUri", "keyVaultUrl"), ("keyVaultSecretUri", "keyVaultUrl"), ("secretName", "name")],
};

/// `properties` of a container group.
pub(super) const GROUP_PROPERTIES: Level = Level {
    of: "`properties`",
    watched: &["containers", "initContainers", "imageRegistryCredentials", "osType"],
    other: &["volumes", "sku", "extensions", "priority", "diagnostics", "ipAddress", "dnsConfig", "restartPolicy"],
    elsewhere: &[("identity", "beside `properties`, to the top level of the resource")],
    synonyms: &[
        ("registries", "imageRegistryCredentials"),
        ("registryCredentials", "imageRegistryCredentials"),
        ("imageRegistries", "imageRegistryCredentials"),
    ],
};

/// An entry of `imageRegistryCredentials`.
pub(super) const GROUP_REGISTRY: Level = Level {
    of: "an entry of `imageRegistryCredentials`",
    watched: &["server", "username", "password", "identity"],
    other: &["identityUrl", "passwordReference"],
    elsewhere: &[],
    synonyms: &[("loginServer", "server"), ("user", "username"), ("passwordSecretRef", "password")],
};

/// The spec of a pod.
pub(super) const POD: Level = Level {
    of: "a pod's spec",
    watched: &["containers", "initContainers", "ephemeralContainers", "imagePullSecrets", "serviceAccountName"],
    other: &["serviceAccount", "volumes"],
    elsewhere: &[],
    synonyms: &[("pullSecrets", "imagePullSecrets")],
};
