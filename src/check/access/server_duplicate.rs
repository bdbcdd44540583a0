//! Two registry entries are for one server.
//!
//! ## Why
//! A pull has one credential. Which of two entries for one host is used is written nowhere, and what Azure makes of it is
//! unverified; the Azure CLI keeps one entry a server, compared without regard to case.
//! <https://learn.microsoft.com/azure/container-apps/containers#container-registries>
//!
//! ## Fix
//! Keep the entry that is meant.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Partial, Workload, server_host};
use crate::source::Span;

pub const CHECK: Check = Check {
    code: "server-duplicate",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("server_duplicate.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let entries = &workload.registries.entries;
    // A pod may name several secrets for one registry; the credentials of a web site's containers are each container's own.
    if entries.len() < 2 || matches!(workload.host, Host::Kubernetes | Host::WebSite) {
        return Err(Stop::NotApplicable("there are no two registry entries"));
    }
    if workload.registries.unknown.is_some() {
        // Both branches of a condition are listed, and only one is deployed.
        return Err(Stop::NotApplicable("which entries there will be is not known"));
    }
    let mut findings = Vec::new();
    let mut known: Vec<(Partial, Span)> = Vec::new();
    for entry in entries {
        let Some((server, host)) = entry.server.as_ref().and_then(|server| Some((server, server_host(server)?))) else {
            continue;
        };
        match known.iter().find(|(other, _)| other.same(&host) == Some(true)) {
            Some((_, at)) => {
                let title = format!("a second registry entry for {}", host.as_str());
                findings.push(Finding::at_value(server, title).also(*at, "the first one").help("keep one of the two"));
            }
            None => known.push((host, server.at)),
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict_with;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(servers: &[&str]) -> String {
        verdict_with(CHECK, "acme1.azurecr.io/api:v1", servers, &Evidence::default())
    }

    #[test]
    fn one_server_in_two_spellings_is_one_server() {
        insta::assert_snapshot!(says(&["acme1.azurecr.io", "https://ACME1.azurecr.io"]), @"
        error: a second registry entry for acme1.azurecr.io
        at: https://ACME1.azurecr.io
        also: acme1.azurecr.io: the first one
        help: keep one of the two
        ");
        insta::assert_snapshot!(says(&["docker.io", "index.docker.io"]), @"
        error: a second registry entry for docker.io
        at: index.docker.io
        also: docker.io: the first one
        help: keep one of the two
        ");
    }

    #[test]
    fn two_servers_are_two() {
        assert_eq!(says(&["acme1.azurecr.io", "acme1.azurecr.us"]), "pass");
    }
}
