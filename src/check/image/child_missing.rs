//! The image is listed, but a part of it is gone.
//!
//! ## Why
//! An index names its children by digest. A purge of untagged manifests can delete a child and leave the index: the tag resolves, and the
//! pull ends in `manifest unknown`. The same holds for the configuration of an image.
//! <https://github.com/Azure/acr-cli/issues/131>
//!
//! ## Fix
//! Push the image again, and let the purge spare the manifests that an index names.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "child-missing",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("child_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (image, resolved) = super::resolved(pull, evidence)?;
    let gone = match &resolved.picked {
        None => return Err(Stop::NotApplicable("no child is for the platform")),
        Some(Err(failure)) if failure.is_not_found() => format!("the manifest for {}", pull.container.platform),
        Some(Err(failure)) => return Err(Stop::Unverified(failure.clone())),
        Some(Ok(picked)) => match &picked.platform {
            Some(Err(failure)) if failure.is_not_found() => "its configuration".to_owned(),
            _ => return Ok(Vec::new()),
        },
    };
    let finding = super::at(pull, format!("{image} is there, but {gone} is gone"));
    let finding = finding.help("push the image again, and let purges spare the manifests that an index names");
    Ok(vec![finding.command(super::platform_mismatch::build(&image, &pull.container.platform))])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, index, not_found, refused, single, verdict};

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    #[test]
    fn a_purged_child_fails() {
        let resolved = index(&["linux/amd64"], Some(Err(not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"
        error: acme.azurecr.io/api:v2 is there, but the manifest for linux/amd64 is gone
        help: push the image again, and let purges spare the manifests that an index names
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
    }

    #[test]
    fn a_missing_configuration_fails() {
        let mut resolved = single("linux", "amd64");
        if let Some(Ok(picked)) = &mut resolved.picked {
            picked.platform = Some(Err(not_found("acme.azurecr.io", "BLOB_UNKNOWN")));
        }
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"
        error: acme.azurecr.io/api:v2 is there, but its configuration is gone
        help: push the image again, and let purges spare the manifests that an index names
        run: az acr build -r acme -t api:v2 --platform linux/amd64 .
        ");
    }

    #[test]
    fn a_refused_child_is_not_a_missing_one() {
        let resolved = index(&["linux/amd64"], Some(Err(refused("acme.azurecr.io", 403))));
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, resolved)), @"unverified: acme.azurecr.io answered 403");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("linux", "amd64"))), @"pass");
    }
}
