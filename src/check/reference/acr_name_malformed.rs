//! No registry of Azure can have the name in this host.
//!
//! ## Why
//! A registry's name has 5 to 50 letters and digits. A dash stands only in front of the hash of a domain name label
//! (`acme-e7ggejfuhzhgedc8.azurecr.io`). That such hashes have 16 characters was seen everywhere and is written nowhere, so that
//! another length is only remarked on.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-get-started-azure-cli>
//!
//! ## Fix
//! Write the login server as the registry tells it: `az acr show -n NAME --query loginServer -o tsv`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::SuspicionKind;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "acr-name-malformed",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("acr_name_malformed.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::image(pull)?;
    let Some(acr) = image.registry.acr() else { return Err(Stop::NotApplicable("the registry is not one of Azure")) };
    let (written, odd) = super::oddities(pull, &[SuspicionKind::AcrName, SuspicionKind::AcrHash])?;
    let finding = odd.first().map(|odd| match odd.kind {
        SuspicionKind::AcrHash => written.suspected(odd).note(),
        // The suffix alone is nobody's registry, whatever the rule about names.
        _ if acr.label.is_empty() => written.suspected(odd).severity(Severity::Error),
        _ => written.suspected(odd),
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
    fn a_name_that_no_registry_has_is_warned_of() {
        insta::assert_snapshot!(says("acr.azurecr.io/api:v1"), @"warning: the name of a registry has 5 to 50 characters, `acr` has 3");
        insta::assert_snapshot!(says("acme-west-eu.azurecr.io/api:v1"), @"
        warning: the name of a registry has 5 to 50 characters, `acme` has 4
        at: acme-west-eu
        ");
        insta::assert_snapshot!(says("azurecr.io/api:v1"), @"error: azurecr.io is the suffix of all registries, not a registry");
    }

    #[test]
    fn a_hash_of_another_length_is_remarked_on() {
        insta::assert_snapshot!(says("contoso-abc.azurecr.io/api:v1"), @"
        note: `abc` is hardly the hash of a domain name label, and no registry has a dash in its name
        at: -abc
        ");
    }

    #[test]
    fn a_name_with_the_hash_of_its_label_is_right() {
        insta::assert_snapshot!(says("contoso-e7ggejfuhzhgedc8.azurecr.io/api:v1"), @"pass");
        insta::assert_snapshot!(says("ghcr.io/acme/api:v1"), @"not applicable: the registry is not one of Azure");
    }
}
