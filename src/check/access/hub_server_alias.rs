//! The registry entry for Docker Hub does not say `docker.io`.
//!
//! ## Why
//! Images of Docker Hub are named `docker.io/…`, and that is the server in the documentation of Container Apps. Whether
//! `index.docker.io` or `registry-1.docker.io` find the same credential is written nowhere (unverified).
//! <https://learn.microsoft.com/azure/container-apps/containers#container-registries>
//!
//! ## Fix
//! Write `server: docker.io`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Workload, server_host};

use super::wiring;

pub const CHECK: Check = Check {
    code: "hub-server-alias",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("hub_server_alias.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let entries = workload.registries.entries.iter().filter(|_| wiring::is_container_app(workload));
    let servers = entries.filter_map(|entry| entry.server.as_ref());
    let of_hub: Vec<_> =
        servers.filter(|server| server_host(server).is_some_and(|host| host.as_str() == "docker.io")).collect();
    if of_hub.is_empty() {
        return Err(Stop::NotApplicable("no registry entry is for Docker Hub"));
    }
    let is_alias = |text: &str| !text.contains("://") && !text.eq_ignore_ascii_case("docker.io") && !text.contains('/');
    let aliases =
        of_hub.into_iter().filter_map(|server| Some((server, server.as_str().filter(|text| is_alias(text))?)));
    let finding = |(server, text): (&crate::value::Value, &str)| {
        let title = format!("Docker Hub is called `{text}` here, and `docker.io` in its images");
        Finding::at_value(server, title).help("write `docker.io`")
    };
    Ok(aliases.map(finding).collect())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict_with;
    use crate::evidence::Evidence;

    #[test]
    fn another_name_of_docker_hub_is_warned_of() {
        insta::assert_snapshot!(verdict_with(CHECK, "acme/api:v1", &["index.docker.io"], &Evidence::default()), @"
        warning: Docker Hub is called `index.docker.io` here, and `docker.io` in its images
        help: write `docker.io`
        ");
        assert_eq!(verdict_with(CHECK, "acme/api:v1", &["docker.io"], &Evidence::default()), "pass");
    }
}
