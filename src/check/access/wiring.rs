//! What the checks of this folder read of a workload's wiring: which pulls it has, what a host is, how it is called in commands.

use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::Finding;
use crate::image::{Host as RegistryHost, is_acr, placeholder};
use crate::manifest::{Host, Manifest, Origin, Partial, Pull, RegistryEntry, Workload, server_host};
use crate::value::Value;

/// Judges every pull of a workload, and keeps what is wrong with several of them once.
///
/// # Errors
/// The first question that is open; else, when nothing is wrong, why something could not be told.
pub fn each_pull(
    manifest: &Manifest,
    workload: &Workload,
    evidence: &Evidence,
    judge: impl Fn(&Pull) -> Result<Vec<Finding>, Stop>,
) -> Result<Vec<Finding>, Stop> {
    let mut findings: Vec<Finding> = Vec::new();
    let (mut passed, mut stop) = (false, None);
    for container in &workload.containers {
        match judge(&Pull { manifest, workload, container }) {
            Ok(found) if found.is_empty() => passed = true,
            Ok(found) => {
                for finding in found {
                    if !findings.iter().any(|known| known.at == finding.at && known.title == finding.title) {
                        findings.push(finding);
                    }
                }
            }
            Err(other) => stop = Some(graver(stop, other)),
        }
    }
    match stop {
        Some(Stop::Need(question)) if findings.is_empty() || !evidence.is_offline() => Err(Stop::Need(question)),
        _ if !findings.is_empty() => Ok(findings),
        Some(Stop::NotApplicable(_)) if passed => Ok(findings),
        Some(stop) => Err(stop),
        None if passed => Ok(findings),
        None => Err(Stop::NotApplicable("the workload has no containers")),
    }
}

fn graver(known: Option<Stop>, other: Stop) -> Stop {
    let rank = |stop: &Stop| match stop {
        Stop::Need(_) => 2,
        Stop::Unverified(_) => 1,
        Stop::NotApplicable(_) => 0,
    };
    match known {
        Some(known) if rank(&known) >= rank(&other) => known,
        _ => other,
    }
}

/// Whether this is the login server of an Azure container registry; `None` while that much of it is not known.
pub fn is_azure(host: &Partial) -> Option<bool> {
    if placeholder(host.as_str()).is_some() {
        return None;
    }
    const SUFFIXES: [&str; 3] = [".azurecr.io", ".azurecr.us", ".azurecr.cn"];
    let text = host.as_str();
    if host.is_known() {
        // A name that no registry can have is misspelt, and meant to be one of Azure's all the same.
        let is_meant = SUFFIXES.iter().any(|suffix| text.ends_with(suffix));
        return Some(is_meant || RegistryHost::parse(text).is_ok_and(|host| is_acr(&host)));
    }
    // The end of a host is often known where its beginning is not.
    match text.rsplit('…').next().unwrap_or_default() {
        _ if SUFFIXES.iter().any(|suffix| text.ends_with(suffix)) => Some(true),
        tail if tail.contains('.') && !SUFFIXES.iter().any(|suffix| suffix.ends_with(tail)) => Some(false),
        _ => None,
    }
}

/// Whether an entry is for a registry of Azure; `None` when it has no server or not enough of it is known.
pub fn is_azure_entry(entry: &RegistryEntry) -> Option<bool> {
    is_azure(&server_host(entry.server.as_ref()?)?)
}

/// Whether everything under this repository can be pulled by anybody, by what the registry is.
pub fn is_public(host: &str, repository: &str) -> bool {
    // https://mcr.microsoft.com, https://registry.k8s.io, https://gallery.ecr.aws and the official images of Docker Hub.
    const HOSTS: [&str; 4] = ["mcr.microsoft.com", "registry.k8s.io", "public.ecr.aws", "registry.access.redhat.com"];
    HOSTS.contains(&host) || (host == "docker.io" && repository.starts_with("library/"))
}

/// Whether the kinds of host that have registry entries in this form: Container Apps and what is built like them.
pub fn is_container_app(workload: &Workload) -> bool {
    matches!(workload.host, Host::ContainerApp | Host::Job | Host::SessionPool)
}

/// The server of an entry as it is written.
pub fn server(entry: &RegistryEntry) -> String {
    entry.server.as_ref().and_then(Value::partial).unwrap_or_else(|| "(no server)".to_owned())
}

/// Something of the workload that is not in the file: to an update file that is no gap, what it leaves out stays as it is.
pub fn left_out(workload: &Workload, evidence: &Evidence, what: &'static str) -> Stop {
    if workload.origin != Origin::Declared && evidence.is_offline() {
        return Stop::NotApplicable("the file leaves it out: it stays as it is in Azure");
    }
    Stop::Unverified(Failure::left_out(what, "the file leaves it out, and it stays as it is in Azure"))
}

/// A value that only Azure knows.
pub fn unknown(value: &Value, what: &str) -> Stop {
    let (expression, why) = match value.as_unknown() {
        Some(unknown) => (unknown.expression.clone(), unknown.why.clone()),
        None => (what.to_owned(), "only Azure knows it".to_owned()),
    };
    Stop::Unverified(Failure::Unknown { expression, why })
}

/// What is not known of a part of the workload, and why.
pub fn not_known(what: &str, why: &str) -> Stop {
    Stop::Unverified(Failure::Unknown { expression: what.to_owned(), why: why.to_owned() })
}

/// Whether two texts differ in nothing but the case of letters.
pub fn differ_in_case(one: &str, other: &str) -> bool {
    one != other && one.to_lowercase() == other.to_lowercase()
}
