//! The host is nearly that of a registry.
//!
//! ## Why
//! `azurcr.io`, `azurecr.com`, `gchr.io`: the name does not resolve, or belongs to somebody else who then serves the image.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-concepts>
//!
//! ## Fix
//! Correct the host. Where the host is that of a registry entry but for one letter, it is an error.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{SuspicionKind, near_host};
use crate::manifest::Pull;
use crate::manifest::{Entry, server_host};

pub const CHECK: Check = Check {
    code: "host-misspelt",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("host_misspelt.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (written, odd) = super::oddities(pull, &[SuspicionKind::TypoHost])?;
    let image = super::image(pull)?;
    let servers: Vec<_> =
        pull.workload.registries.entries.iter().filter_map(|entry| server_host(entry.server.as_ref()?)).collect();
    let known = servers.iter().filter(|server| server.is_known()).map(|server| server.as_str());
    let own = image.registry.as_str();
    if matches!(pull.entry(), Ok(Entry::None))
        && let Some(near) = near_host(own, known.clone())
    {
        // Two registries may be called `acmedev1` and `acmedev2`; an entry that no image uses is what a typing error leaves.
        let title = format!("`{own}` is not the host of a registry entry; `{near}` is");
        let finding = written.at(0..own.len(), title);
        let fix = written.text.replacen(own, near, 1);
        let finding = written.hinted(finding, Some(&format!("did you mean `{fix}`?")), Some(&fix));
        return Ok(vec![finding]);
    }
    let Some(odd) = odd.first() else { return Ok(Vec::new()) };
    let finding = written.suspected(odd);
    let meant = odd.fix.as_deref().and_then(|fix| fix.split_once('/')).map(|(host, _)| host);
    let is_entry = meant.is_some_and(|meant| known.clone().any(|server| server == meant));
    Ok(vec![if is_entry { finding.severity(Severity::Error) } else { finding }])
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
    fn a_suffix_that_is_nearly_right_is_warned_of() {
        insta::assert_snapshot!(says("acmeprod.azurcr.io/api:v1"), @"
        warning: `acmeprod.azurcr.io` is not the host of a known registry
        help: write `acmeprod.azurecr.io/api:v1`
        fix: acmeprod.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("gchr.io/acme/api:v1"), @"
        warning: `gchr.io` is not the host of a known registry
        help: write `ghcr.io/acme/api:v1`
        fix: ghcr.io/acme/api:v1
        ");
    }

    #[test]
    fn a_registry_entry_settles_what_was_meant() {
        let says =
            |image, servers: &[&str]| crate::check::table::verdict_with(CHECK, image, servers, &Evidence::default());
        insta::assert_snapshot!(says("acmeprod.azurecr.com/api:v1", &["acmeprod.azurecr.io"]), @"
        error: `acmeprod.azurecr.com` is not the host of a known registry
        help: write `acmeprod.azurecr.io/api:v1`
        fix: acmeprod.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("acmprod.azurecr.io/api:v1", &["acmeprod.azurecr.io"]), @"
        warning: `acmprod.azurecr.io` is not the host of a registry entry; `acmeprod.azurecr.io` is
        help: did you mean `acmeprod.azurecr.io/api:v1`?
        fix: acmeprod.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("acmedev1.azurecr.io/api:v1", &["acmedev1.azurecr.io", "acmedev2.azurecr.io"]), @"pass");
    }

    #[test]
    fn a_host_of_ones_own_is_no_typing_error() {
        insta::assert_snapshot!(says("registry.contoso.com/api:v1"), @"pass");
    }
}
