//! The causes that a log line can point at: what each means, what would contradict it, what to collect and what repairs it.
//!
//! The for and against of each hypothesis follow the playbook "Image Pull Failure" of the Azure Container Apps practical
//! guide; two remedies of public guides are left out on purpose: a subnet in the registry's network rules (service endpoints
//! serve virtual machines and AKS only, container-registry-vnet.md) and AcrPull for every registry (a registry with
//! `roleAssignmentMode=AbacRepositoryPermissions` does not honour it, container-registry-rbac-abac-repository-permissions.md).

mod access;
mod network;
mod reference;

use crate::check::Hypothesis;

/// A cause.
#[derive(Debug)]
pub(super) struct Cause {
    /// The word for it; where a check finds the same before a deployment, that check's code.
    pub code: &'static str,
    pub hypothesis: Hypothesis,
    /// One sentence.
    pub meaning: &'static str,
    /// What would contradict it.
    pub against: &'static [&'static str],
    /// What to run: first what shows it, last what repairs it.
    pub commands: &'static [Command],
}

/// A command line with places for names: `{app}`, `{group}`, `{acr}`, `{registry}`, `{repository}`, `{version}`, `{image}`, `{ip}`.
#[derive(Debug)]
pub(super) enum Command {
    Any(&'static str),
    /// Only where the registry may be an Azure Container Registry.
    Acr(&'static str),
    /// Only where it is another.
    Other(&'static str),
}

/// The cause of this code.
pub(super) fn find(code: &str) -> Option<&'static Cause> {
    all().find(|cause| cause.code == code)
}

/// Every cause.
pub(super) fn all() -> impl Iterator<Item = &'static Cause> {
    access::CAUSES.iter().chain(reference::CAUSES).chain(network::CAUSES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_told_apart_explained_and_has_something_to_run() {
        let mut codes: Vec<&str> = all().map(|cause| cause.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
        for cause in all() {
            assert!(
                !cause.meaning.is_empty() && !cause.against.is_empty() && !cause.commands.is_empty(),
                "{}",
                cause.code
            );
        }
    }

    #[test]
    fn no_command_is_one_of_those_that_do_not_work() {
        for cause in all() {
            for command in cause.commands {
                let (Command::Any(text) | Command::Acr(text) | Command::Other(text)) = command;
                assert!(!(text.contains("network-rule add") && text.contains("--subnet")), "{text}");
                assert!(!text.contains("--role AcrPull") || text.contains("Repository Reader"), "{text}");
            }
        }
    }
}
