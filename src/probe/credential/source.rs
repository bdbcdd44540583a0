//! The credentials that the environment offers, in order, and why each other one is skipped.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    AzurePipelinesCredential, AzurePipelinesCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, Executor,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};

use super::federated::GitHub;
use super::program::Programs;
use crate::cloud::Cloud;
use crate::probe::cloud;
use crate::probe::environment::Environment;
use crate::probe::http::Http;
use crate::probe::transport;

/// A credential that may be tried, or why not.
pub struct Source {
    pub name: &'static str,
    pub offer: Offer,
}

/// What a source can do here.
pub enum Offer {
    /// The environment names it: when the network keeps it from being used, nothing else is tried in its place.
    Configured(Arc<dyn TokenCredential>),
    /// A program that may be logged in or not.
    Program(Arc<dyn TokenCredential>),
    /// The metadata service of a virtual machine, which nothing announces: asked last, and briefly.
    Machine(Arc<dyn TokenCredential>),
    Skipped(String),
}

type Built = Result<Offer, String>;

/// What sources are made from.
pub struct Setting<'s> {
    pub http: &'s Arc<Http>,
    pub environment: &'s Environment,
    pub cloud: Cloud,
    /// `--tenant`, for the programs, which may know several.
    pub tenant: Option<&'s str>,
}

/// How a source is built from what is set.
type Build = fn(&Setting) -> Built;

/// All sources, in the order in which they are tried: what CI gives to this job before what the machine happens to have.
pub fn sources(setting: &Setting) -> Vec<Source> {
    let all: [(&'static str, Build); 9] = [
        ("GitHub's federated token", github),
        ("the Azure DevOps service connection", azure_devops),
        ("workload identity", workload_identity),
        ("the secret in the environment", secret),
        ("the certificate in the environment", certificate),
        ("the managed identity of this host", managed_identity),
        ("the Azure CLI", azure_cli),
        ("the Azure Developer CLI", azure_developer_cli),
        ("the managed identity of this machine", machine_identity),
    ];
    all.into_iter().map(|(name, build)| Source { name, offer: build(setting).unwrap_or_else(Offer::Skipped) }).collect()
}

fn github(setting: &Setting) -> Built {
    let environment = setting.environment;
    let Some(url) = environment.get("ACTIONS_ID_TOKEN_REQUEST_URL") else {
        let in_job = environment.get("GITHUB_ACTIONS").is_some();
        let why = if in_job { "the job lacks `permissions: id-token: write`" } else { "not in a GitHub job" };
        return Err(why.to_owned());
    };
    let bearer = needed(environment, &["ACTIONS_ID_TOKEN_REQUEST_TOKEN"])?;
    let (tenant, client) = (needed(environment, TENANT)?, needed(environment, CLIENT)?);
    let audience = cloud::federation_audience(setting.cloud);
    let assertion = GitHub::new(setting.http.clone(), url, &bearer, audience);
    let assertion = assertion.ok_or("ACTIONS_ID_TOKEN_REQUEST_URL is no https address")?;
    let made = ClientAssertionCredential::new(tenant, client, assertion, Some(assertion_options(setting)));
    configured(made)
}

fn azure_devops(setting: &Setting) -> Built {
    let environment = setting.environment;
    if environment.get("SYSTEM_OIDCREQUESTURI").is_none() {
        return Err("not in an Azure DevOps job".to_owned());
    }
    // Tasks with an `azureSubscription` name its connection so
    // (https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/azure-cli-v2).
    let connection = needed(environment, &["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "AZURE_SERVICE_CONNECTION_ID"])?;
    let tenant = needed(environment, &["AZURESUBSCRIPTION_TENANT_ID", "AZURE_TENANT_ID"])?;
    let client = needed(environment, &["AZURESUBSCRIPTION_CLIENT_ID", "AZURE_CLIENT_ID"])?;
    let token = needed(environment, &["SYSTEM_ACCESSTOKEN"])?;
    let options = AzurePipelinesCredentialOptions { credential_options: assertion_options(setting) };
    configured(AzurePipelinesCredential::new(tenant, client, &connection, token, Some(options)))
}

fn workload_identity(setting: &Setting) -> Built {
    let environment = setting.environment;
    let file = needed(environment, &["AZURE_FEDERATED_TOKEN_FILE"])?;
    configured(WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
        credential_options: assertion_options(setting),
        client_id: Some(needed(environment, CLIENT)?),
        tenant_id: Some(needed(environment, TENANT)?),
        token_file_path: Some(file.into()),
    })))
}

fn secret(setting: &Setting) -> Built {
    let environment = setting.environment;
    let secret = needed(environment, &["AZURE_CLIENT_SECRET"])?;
    let (tenant, client) = (needed(environment, TENANT)?, needed(environment, CLIENT)?);
    let client_options = transport::options(setting.http, setting.cloud);
    let options = ClientSecretCredentialOptions { client_options };
    configured(ClientSecretCredential::new(&tenant, client, secret.into(), Some(options)))
}

fn certificate(setting: &Setting) -> Built {
    needed(setting.environment, &["AZURE_CLIENT_CERTIFICATE_PATH"])?;
    // azure_identity signs with OpenSSL, which a static program does not carry.
    Err("this build cannot sign with a certificate; use a federated credential or a secret".to_owned())
}

fn managed_identity(setting: &Setting) -> Built {
    let environment = setting.environment;
    if environment.first(&["IDENTITY_ENDPOINT", "MSI_ENDPOINT"]).is_none() {
        return Err("IDENTITY_ENDPOINT is not set".to_owned());
    }
    Ok(Offer::Configured(identity(setting)?))
}

fn azure_cli(setting: &Setting) -> Built {
    let made = AzureCliCredential::new(Some(AzureCliCredentialOptions {
        tenant_id: setting.tenant.map(str::to_owned),
        executor: Some(program(setting, "az")?),
        ..Default::default()
    }));
    Ok(Offer::Program(made.map_err(|error| super::words(&error))?))
}

fn azure_developer_cli(setting: &Setting) -> Built {
    let made = AzureDeveloperCliCredential::new(Some(AzureDeveloperCliCredentialOptions {
        tenant_id: setting.tenant.map(str::to_owned),
        executor: Some(program(setting, "azd")?),
    }));
    Ok(Offer::Program(made.map_err(|error| super::words(&error))?))
}

fn machine_identity(setting: &Setting) -> Built {
    let environment = setting.environment;
    if environment.first(&["IDENTITY_ENDPOINT", "MSI_ENDPOINT"]).is_some() {
        return Err("the host's own was tried".to_owned());
    }
    Ok(Offer::Machine(identity(setting)?))
}

const TENANT: &[&str] = &["AZURE_TENANT_ID"];
const CLIENT: &[&str] = &["AZURE_CLIENT_ID"];

fn identity(setting: &Setting) -> Result<Arc<dyn TokenCredential>, String> {
    let made = ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
        user_assigned_id: setting.environment.get("AZURE_CLIENT_ID").map(|id| UserAssignedId::ClientId(id.to_owned())),
        client_options: transport::options(setting.http, setting.cloud),
    }));
    Ok(made.map_err(|error| super::words(&error))?)
}

fn assertion_options(setting: &Setting) -> ClientAssertionCredentialOptions {
    ClientAssertionCredentialOptions { client_options: transport::options(setting.http, setting.cloud) }
}

fn configured<C: TokenCredential + 'static>(made: azure_core::Result<Arc<C>>) -> Built {
    Ok(Offer::Configured(made.map_err(|error| super::words(&error))?))
}

fn program(setting: &Setting, name: &str) -> Result<Arc<dyn Executor>, String> {
    setting.environment.program(name).ok_or_else(|| format!("`{name}` is not on the PATH"))?;
    let path = setting.environment.get("PATH").unwrap_or_default().to_owned();
    Ok(Arc::new(Programs { path }))
}

fn needed(environment: &Environment, names: &[&str]) -> Result<String, String> {
    environment.first(names).map(str::to_owned).ok_or_else(|| format!("{} is not set", names[0]))
}
