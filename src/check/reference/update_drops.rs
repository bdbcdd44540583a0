//! The update leaves out containers or registries that the live app has.
//!
//! ## Why
//! `az containerapp update --yaml` replaces whole lists: a file with one container removes the others, and a file with one registry
//! removes the credentials of the others. It is seen when the live app (`az containerapp show`) is given beside the file.
//! <https://learn.microsoft.com/cli/azure/containerapp#az-containerapp-update>
//!
//! ## Fix
//! Write every entry of a list that the file has at all.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Manifest, Origin, Workload, server_host};

pub const CHECK: Check = Check {
    code: "update-drops",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("update_drops.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if workload.origin != Origin::Partial {
        return Err(Stop::NotApplicable("the manifest is not laid over a live app"));
    }
    let name = workload.display_name();
    let is_it = |other: &&std::rc::Rc<Workload>| {
        other.origin == Origin::Live && other.host == workload.host && other.display_name() == name
    };
    let live = manifest.workloads.iter().find(is_it).ok_or(Stop::NotApplicable("the live app is not at hand"))?;

    let mut found = Vec::new();
    let lost = missing(&containers(live), &containers(workload));
    if !lost.is_empty() && !workload.containers.is_empty() {
        let title = format!("the update of `{name}` removes {}: lists are replaced as a whole", lost.join(", "));
        found.push(Finding::at(workload.containers[0].at, title).help("write all containers that are to stay"));
    }
    let lost = missing(&servers(live), &servers(workload));
    if !lost.is_empty() && !workload.registries.entries.is_empty() && workload.registries.unknown.is_none() {
        let title = format!(
            "the update of `{name}` removes the registry entries {}: lists are replaced as a whole",
            lost.join(", ")
        );
        found.push(Finding::at(workload.registries.entries[0].at, title).help("write all registries that are to stay"));
    }
    Ok(found)
}

fn containers(workload: &Workload) -> Vec<String> {
    let names = workload.containers.iter().filter_map(|container| container.name.as_ref()?.partial());
    names.map(|name| format!("container `{name}`")).collect()
}

fn servers(workload: &Workload) -> Vec<String> {
    let servers = workload.registries.entries.iter().filter_map(|entry| server_host(entry.server.as_ref()?));
    servers.map(|server| format!("`{}`", server.as_str())).collect()
}

fn missing(live: &[String], written: &[String]) -> Vec<String> {
    live.iter().filter(|name| !written.contains(name)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    /// What `az containerapp show` prints, in short.
    const LIVE: &str = "{id: /subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/shop, name: shop, \
        type: Microsoft.App/containerApps, properties: {provisioningState: Succeeded, \
        template: {containers: [{name: api, image: a.io/a:1}, {name: proxy, image: a.io/p:1}]}}}";

    #[test]
    fn a_container_that_the_file_leaves_out_is_lost() {
        let update = "name: shop\ntemplate:\n  containers:\n  - {name: api, image: a.io/a:2}\n";
        insta::assert_snapshot!(verdicts(CHECK, &format!("{update}---\n{LIVE}"), &Evidence::default()), @"
        warning: the update of `shop` removes container `proxy`: lists are replaced as a whole
        at: {name: api, image: a.io/a:2}
        help: write all containers that are to stay

        not applicable: the manifest is not laid over a live app
        ");
    }

    #[test]
    fn without_the_live_app_nothing_is_claimed() {
        let update = "name: shop\ntemplate:\n  containers:\n  - {name: api, image: a.io/a:2}\n";
        insta::assert_snapshot!(verdicts(CHECK, update, &Evidence::default()), @"not applicable: the live app is not at hand");
    }
}
