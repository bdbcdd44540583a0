//! A cache rule of the registry cannot fetch the image from where it copies it.
//!
//! ## Why
//! With artifact cache the first pull of a tag goes on to another registry. When the rule's credentials are unhealthy, or that registry
//! throttles, there is nothing to give out yet. <https://learn.microsoft.com/azure/container-registry/troubleshoot-artifact-cache>
//!
//! ## Fix
//! Look at the rule's credential set; give Docker Hub's rules credentials of an account.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::Failure;
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::acr_name;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "cache-rule-failed",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("cache_rule_failed.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::reference::image(pull)?;
    let acr = acr_name(&image.registry).ok_or(Stop::NotApplicable("only registries of Azure have cache rules"))?;
    let failure = match evidence.image(&image, &pull.container.platform)? {
        Ok(_) => return Ok(Vec::new()),
        Err(failure) => failure,
    };
    let message = message(&failure).filter(|message| message.to_ascii_lowercase().contains("cache rule"));
    let message = message.ok_or(Stop::NotApplicable("nothing points at a cache rule"))?;
    let title = format!("a cache rule of {} cannot fetch {image}", image.registry);
    let finding = super::at(pull, title).detail(format!("the registry says: {message}"));
    let finding =
        finding.help("look at the rule and its credential set").command(format!("az acr cache list -r {acr} -o table"));
    Ok(vec![finding.command(format!("az acr credential-set list -r {acr} -o table"))])
}

fn message(failure: &Failure) -> Option<&str> {
    match failure {
        Failure::NotFound { message, .. }
        | Failure::Refused { message, .. }
        | Failure::Throttled { message, .. }
        | Failure::Server { message, .. } => message.as_deref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, lacks, not_found, single, verdict};
    use crate::evidence::Failure;

    const IMAGE: &str = "acme.azurecr.io/hub/nginx:1.27";

    #[test]
    fn a_registry_that_blames_its_cache_rule_is_believed() {
        let message = Some("too many requests to source registry for cache rule".to_owned());
        let throttled = Failure::Throttled { host: "acme.azurecr.io".to_owned(), retry_after: None, message };
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, throttled)), @"
        warning: a cache rule of acme.azurecr.io cannot fetch acme.azurecr.io/hub/nginx:1.27
        because: the registry says: too many requests to source registry for cache rule
        help: look at the rule and its credential set
        run: az acr cache list -r acme -o table
        run: az acr credential-set list -r acme -o table
        ");
    }

    #[test]
    fn another_failure_or_none_is_not_its_business() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))), @"not applicable: nothing points at a cache rule");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("linux", "amd64"))), @"pass");
    }
}
