//! The image only stands in for the real one.
//!
//! ## Why
//! Templates deploy Microsoft's hello-world image first, so that identities and roles exist before the real image is pulled, and set the
//! real one later (`azd deploy`, `az containerapp update --image`). That this image can be pulled says nothing about the real one. Where it
//! is the default of a parameter it is only remarked on.
//! <https://learn.microsoft.com/azure/developer/azure-developer-cli/container-apps-workflows>
//!
//! ## Fix
//! Check the deployment with the real image: `-p image=acme.azurecr.io/api:v1`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::is_placeholder_image;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "placeholder-image",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("placeholder_image.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::reference::image(pull)?;
    if !is_placeholder_image(&image) {
        return Ok(Vec::new());
    }
    let is_default = pull.image_value().is_some_and(|value| value.via.nearest().is_some());
    let finding = super::at(pull, format!("{image} only stands in for the real image, about which nothing is known"));
    let finding = finding.help(match is_default {
        true => "pass the parameter with the real image, to have that one checked",
        false => "name the real image, or ignore this where the placeholder is meant",
    });
    Ok(vec![if is_default { finding.note() } else { finding }])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict;
    use crate::evidence::Evidence;

    #[test]
    fn the_quickstart_image_is_warned_of() {
        insta::assert_snapshot!(verdict(CHECK, "mcr.microsoft.com/k8se/quickstart:latest", &Evidence::default()), @"
        warning: mcr.microsoft.com/k8se/quickstart:latest only stands in for the real image, about which nothing is known
        help: name the real image, or ignore this where the placeholder is meant
        ");
    }

    #[test]
    fn another_image_of_microsoft_is_not() {
        insta::assert_snapshot!(verdict(CHECK, "mcr.microsoft.com/azure-cli:2.60.0", &Evidence::default()), @"pass");
    }
}
