//! The server of a registry entry is not a bare host.
//!
//! ## Why
//! `server` is compared with the host in front of the image's name. With a scheme, a path or a slash at the end it never
//! equals it, and the image is pulled without the credentials of the entry.
//! <https://learn.microsoft.com/azure/container-apps/containers#container-registries>,
//! <https://learn.microsoft.com/azure/container-instances/using-azure-container-registry-mi>
//!
//! ## Fix
//! Write the host alone: `acme.azurecr.io`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::placeholder;
use crate::manifest::{Host, Manifest, RegistryEntry, Workload};
use crate::value::Value;

pub const CHECK: Check = Check {
    code: "server-malformed",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("server_malformed.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    // The settings of web sites and Docker's own configuration hold URLs.
    if workload.registries.entries.is_empty() || matches!(workload.host, Host::WebSite | Host::Kubernetes) {
        return Err(Stop::NotApplicable("no registry entries with a bare server"));
    }
    Ok(workload.registries.entries.iter().filter_map(finding).collect())
}

fn finding(entry: &RegistryEntry) -> Option<Finding> {
    let Some(server) = &entry.server else {
        let finding = Finding::at(entry.at, "the registry entry names no server");
        return Some(finding.help("write the registry's host: `server: acme.azurecr.io`"));
    };
    let text = server.partial()?;
    let what = what(&text)?;
    let bare = bare(&text);
    let finding =
        Finding::at_value(server, format!("the server `{text}` {what}: it is no host that an image can have"));
    let finding = finding.help(format!("write `{bare}`"));
    // Only a text that is written here as it is can be replaced.
    Some(match is_written(server) {
        true => finding.edit(server.at, bare),
        false => finding,
    })
}

fn is_written(server: &Value) -> bool {
    server
        .as_str()
        .is_some_and(|text| server.at.is_written() && (server.at.end - server.at.start) as usize == text.len())
}

/// What is wrong with it; `None` when nothing is, or when something stands in for it.
fn what(text: &str) -> Option<&'static str> {
    if placeholder(text).is_some() {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if text.trim() != text {
        return Some("has blanks around it");
    }
    if text.contains("://") {
        return Some("has a scheme");
    }
    match text.find('/') {
        _ if lower.starts_with("index.docker.io/v1") => Some("is the address of an interface"),
        Some(at) if at + 1 == text.len() => Some("ends in a slash"),
        Some(_) => Some("has a path"),
        None => None,
    }
}

fn bare(text: &str) -> String {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let is_hub = crate::image::DOCKER_HUB_ALIASES.contains(&host.to_ascii_lowercase().as_str());
    if is_hub { "docker.io".to_owned() } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict_with;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(server: &str) -> String {
        verdict_with(CHECK, "acme1.azurecr.io/api:v1", &[server], &Evidence::default())
    }

    #[test]
    fn a_scheme_a_path_and_a_slash_fail() {
        insta::assert_snapshot!(says("https://acme1.azurecr.io"), @"
        error: the server `https://acme1.azurecr.io` has a scheme: it is no host that an image can have
        help: write `acme1.azurecr.io`
        fix: acme1.azurecr.io
        ");
        insta::assert_snapshot!(says("acme1.azurecr.io/"), @"
        error: the server `acme1.azurecr.io/` ends in a slash: it is no host that an image can have
        help: write `acme1.azurecr.io`
        fix: acme1.azurecr.io
        ");
        insta::assert_snapshot!(says("ghcr.io/acme"), @"
        error: the server `ghcr.io/acme` has a path: it is no host that an image can have
        help: write `ghcr.io`
        fix: ghcr.io
        ");
        insta::assert_snapshot!(says("https://index.docker.io/v1/"), @"
        error: the server `https://index.docker.io/v1/` has a scheme: it is no host that an image can have
        help: write `docker.io`
        fix: docker.io
        ");
        insta::assert_snapshot!(says("''"), @"
        error: the registry entry names no server
        at: server: ''
        help: write the registry's host: `server: acme.azurecr.io`
        ");
    }

    #[test]
    fn a_host_with_a_port_and_a_placeholder_are_hosts() {
        assert_eq!(says("registry.example:5000"), "pass");
        assert_eq!(says("${REGISTRY}"), "pass");
    }
}
