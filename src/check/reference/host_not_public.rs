//! The registry's host cannot be reached from where the image is pulled.
//!
//! ## Why
//! `localhost` is the node itself, on which no registry listens: the reference worked on the machine where the image was built.
//! Private addresses and names without a public suffix work only inside a network that knows them: an environment in that network
//! may reach them, so they are warned of. <https://www.rfc-editor.org/rfc/rfc1918>
//!
//! ## Fix
//! Push the image to a registry that the platform reaches, and name that one.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::manifest::Host;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "host-not-public",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("host_not_public.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if matches!(pull.workload.host, Host::Kubernetes | Host::Compose) {
        return Err(Stop::NotApplicable("a cluster or machine of one's own may have a registry of its own"));
    }
    let kinds = [SuspicionKind::LoopbackHost, SuspicionKind::PrivateHost, SuspicionKind::LocalHostName];
    let (written, odd) = super::oddities(pull, &kinds)?;
    let finding = odd.first().map(|odd| match odd.kind {
        SuspicionKind::LoopbackHost => {
            written.suspected(odd).help("push the image to a registry that the platform reaches, and name that one")
        }
        _ => written.suspected(odd).help("right only if the environment's network reaches this registry").warning(),
    });
    Ok(finding.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str) -> String {
        verdict(CHECK, image, &Evidence::default())
    }

    #[test]
    fn the_machine_itself_fails() {
        insta::assert_snapshot!(says("localhost:5000/api:v1"), @"
        error: `localhost:5000` is the machine itself: on the platform nothing listens there
        help: push the image to a registry that the platform reaches, and name that one
        ");
        insta::assert_snapshot!(says("127.0.0.1:5000/api:v1"), @"
        error: `127.0.0.1:5000` is the machine itself: on the platform nothing listens there
        help: push the image to a registry that the platform reaches, and name that one
        ");
    }

    #[test]
    fn a_host_of_some_network_is_warned_of() {
        insta::assert_snapshot!(says("10.0.0.4:5000/api:v1"), @"
        warning: `10.0.0.4:5000` is an address of a private network
        help: right only if the environment's network reaches this registry
        ");
        insta::assert_snapshot!(says("registry:5000/api:v1"), @"
        warning: `registry:5000` is a name that public DNS does not have
        help: right only if the environment's network reaches this registry
        ");
    }

    #[test]
    fn a_registry_of_the_internet_and_one_beside_a_cluster_are_right() {
        insta::assert_snapshot!(says("registry.contoso.com:5000/api:v1"), @"pass");
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, image: localhost:5000/x}]}\n";
        insta::assert_snapshot!(crate::check::table::verdicts(CHECK, pod, &Evidence::default()), @"not applicable: a cluster or machine of one's own may have a registry of its own");
    }
}
