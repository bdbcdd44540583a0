//! No pull secret of the pod is for the image's registry.
//!
//! ## Why
//! The kubelet looks for the host of the image among the secrets that the pod or its service account names. Where none fits it
//! pulls with what the node has, which works for the registries that the cluster is attached to and for public images.
//! <https://kubernetes.io/docs/concepts/containers/images/#using-a-private-registry>
//!
//! ## Fix
//! Name a secret that holds a login for this registry.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Entry, Host, Pull};

use super::wiring;

pub const CHECK: Check = Check {
    code: "pull-secret-undefined",
    hypothesis: Hypothesis::H1,
    severity: Severity::Warning,
    source: include_str!("pull_secret_undefined.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let registries = &pull.workload.registries;
    if pull.workload.host != Host::Kubernetes || registries.entries.is_empty() {
        return Err(Stop::NotApplicable("the pod names no pull secret that is in the files"));
    }
    let image = pull.image()?;
    let host = image.registry.as_str();
    match pull.entry()? {
        Entry::Found(_) => return Ok(Vec::new()),
        Entry::Maybe(_) => return Err(Stop::NotApplicable("only the cluster has the pull secrets")),
        Entry::None if wiring::is_public(host, &image.repository) => return Ok(Vec::new()),
        Entry::None => {}
    }
    let servers: Vec<String> = registries.entries.iter().map(wiring::server).collect();
    let title = format!("no pull secret of the pod is for {host}");
    let mut finding = Finding::at(pull.image_value().map_or(pull.container.at, |value| pull.place(value)), title);
    if let Some(at) = registries.at {
        finding = finding.also(at, "the pull secrets");
    }
    finding = finding.detail(format!("they are for {}", servers.join(", ")));
    Ok(vec![
        finding.help(format!(
            "add a secret for {host} to `imagePullSecrets`, unless the nodes may pull from it themselves"
        )),
    ])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str) -> String {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  imagePullSecrets: [{{name: s}}]\n  containers: [{{name: a, image: '{image}'}}]\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n  .dockerconfigjson: '{{\"auths\": {{\"ghcr.io\": {{\"username\": \"u\", \
             \"password\": \"p\"}}}}}}'\n"
        );
        verdicts(CHECK, &text, &Evidence::default())
    }

    #[test]
    fn a_registry_without_a_secret_is_warned_of() {
        insta::assert_snapshot!(says("registry.example/api:v1"), @"
        warning: no pull secret of the pod is for registry.example
        at: registry.example/api:v1
        because: they are for ghcr.io
        also: imagePullSecrets: the pull secrets
        help: add a secret for registry.example to `imagePullSecrets`, unless the nodes may pull from it themselves
        ");
    }

    #[test]
    fn a_registry_with_one_and_a_public_image_are_not() {
        assert_eq!(says("ghcr.io/acme/api:v1"), "pass");
        assert_eq!(says("nginx:1.29"), "pass");
    }
}
