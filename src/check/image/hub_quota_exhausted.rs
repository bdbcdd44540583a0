//! Docker Hub gives out no more images without an account, for now.
//!
//! ## Why
//! `toomanyrequests: You have reached your unauthenticated pull rate limit`. What pullgate is told holds for the address it runs at; an
//! environment that shares that address (a self-hosted runner in its network) gets the same answer, another one has its own count.
//! <https://docs.docker.com/docker-hub/usage/pulls/>
//!
//! ## Fix
//! Wait for the window to pass, log in to Docker Hub, or import the image into a registry of your own.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::Failure;
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "hub-quota-exhausted",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("hub_quota_exhausted.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = super::hub_limit::anonymous_hub_image(pull)?;
    let is_exhausted = match evidence.image(&image, &pull.container.platform)? {
        Err(Failure::Throttled { .. }) => true,
        Err(_) => return Err(super::NOT_SEEN),
        Ok(_) => match super::asked(evidence.quota(&image), evidence)? {
            Some(Ok(quota)) => quota.remaining == Some(0),
            _ => return Err(Stop::NotApplicable("Docker Hub tells no quota")),
        },
    };
    if !is_exhausted {
        return Ok(Vec::new());
    }
    let title = format!("Docker Hub's limit for pulls without an account is used up here, and {image} needs one");
    Ok(vec![super::at(pull, title).help("log in to Docker Hub, or import the image into a registry of your own")])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{asks, has, single, verdict, verdicts};
    use crate::evidence::Evidence;
    use crate::evidence::{Failure, Question, Quota, Reply};
    use crate::image::ImageRef;

    const IMAGE: &str = "docker.io/grafana/grafana:11.1.0";

    fn with_quota(remaining: u32) -> Evidence {
        let quota = Quota { limit: Some(100), remaining: Some(remaining), window_seconds: Some(21600), source: None };
        let question = Question::Quota { image: ImageRef::parse(IMAGE).unwrap() };
        has(IMAGE, single("linux", "amd64")).with(question, Ok(Reply::Quota(quota)))
    }

    #[test]
    fn a_quota_that_is_used_up_is_warned_of() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &with_quota(0)), @"
        warning: Docker Hub's limit for pulls without an account is used up here, and docker.io/grafana/grafana:11.1.0 needs one
        help: log in to Docker Hub, or import the image into a registry of your own
        ");
        let throttled =
            Failure::Throttled { host: "registry-1.docker.io".to_owned(), retry_after: None, message: None };
        assert!(verdict(CHECK, IMAGE, &Evidence::default().with(asks(IMAGE), Err(throttled))).starts_with("warning: "));
    }

    #[test]
    fn one_that_is_not_is_right() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &with_quota(1)), @"pass");
        let yaml = "services: {web: {image: 'docker.io/grafana/grafana:11.1.0'}}\n";
        insta::assert_snapshot!(verdicts(CHECK, yaml, &Evidence::default()), @"not applicable: whether Docker Hub is logged in to is not known");
    }
}
