//! The image is pulled from Docker Hub without an account.
//!
//! ## Why
//! Docker Hub limits anonymous pulls by address, and the outbound addresses of an environment are shared with others. Every start of a
//! replica counts. The platform reports the refusal as `503` or as `Operation expired`.
//! <https://docs.docker.com/docker-hub/usage/pulls/>
//!
//! ## Fix
//! Import the image into a registry of your own, or log in: an entry in `registries` for `docker.io`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::Quota;
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{acr_name, is_docker_hub};
use crate::manifest::Pull;
use crate::manifest::{Credential, Workload, server_host};

pub const CHECK: Check = Check {
    code: "hub-limit",
    hypothesis: Hypothesis::H2,
    severity: Severity::Note,
    source: include_str!("hub_limit.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = anonymous_hub_image(pull)?;
    let mut finding =
        super::at(pull, format!("{image} is pulled from Docker Hub without an account, and such pulls are limited"));
    let seen = super::asked(evidence.image(&image, &pull.container.platform), evidence)?;
    if matches!(seen, Some(Ok(_)))
        && let Some(Ok(quota)) = super::asked(evidence.quota(&image), evidence)?
        && let Some(quota) = told(&quota)
    {
        finding = finding.detail(quota);
    }
    let acr = acr(pull.workload).unwrap_or_else(|| "<registry>".to_owned());
    let (path, version) = (image.repository.trim_start_matches("library/"), &image.version);
    let target = match image.tag() {
        Some(tag) => format!(" --image {path}:{tag}"),
        None => format!(" --repository {path}"),
    };
    let source = format!("docker.io/{}{version}", image.repository);
    Ok(vec![
        finding
            .help("import it into a registry of your own, or log in with an entry for docker.io")
            .command(format!("az acr import -n {acr} --source {source}{target}")),
    ])
}

/// The image, if it comes from Docker Hub and nobody logs in.
pub(super) fn anonymous_hub_image(pull: &Pull) -> Result<crate::image::ImageRef, Stop> {
    let image = super::reference::image(pull)?;
    if !is_docker_hub(&image.registry) {
        return Err(Stop::NotApplicable("the image is not from Docker Hub"));
    }
    match pull.credential() {
        Ok(Credential::Anonymous) => Ok(image),
        Ok(_) => Err(Stop::NotApplicable("Docker Hub is logged in to")),
        Err(_) => Err(Stop::NotApplicable("whether Docker Hub is logged in to is not known")),
    }
}

fn told(quota: &Quota) -> Option<String> {
    let (remaining, limit) = (quota.remaining?, quota.limit?);
    let window = quota.window_seconds.map(|seconds| format!(" in {} hours", seconds / 3600)).unwrap_or_default();
    Some(format!(
        "pullgate has {remaining} of {limit} pulls{window} left; the environment's addresses are counted by themselves"
    ))
}

/// The name of the registry of Azure that the workload uses otherwise.
fn acr(workload: &Workload) -> Option<String> {
    let servers = workload.registries.entries.iter().filter_map(|entry| server_host(entry.server.as_ref()?));
    let hosts = servers.filter_map(|server| crate::image::Host::parse(server.as_str()).ok());
    hosts.into_iter().find_map(|host| acr_name(&host).map(str::to_owned))
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
    fn an_anonymous_pull_is_remarked_on_with_the_quota() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &with_quota(87)), @"
        note: docker.io/grafana/grafana:11.1.0 is pulled from Docker Hub without an account, and such pulls are limited
        because: pullgate has 87 of 100 pulls in 6 hours left; the environment's addresses are counted by themselves
        help: import it into a registry of your own, or log in with an entry for docker.io
        run: az acr import -n <registry> --source docker.io/grafana/grafana:11.1.0 --image grafana/grafana:11.1.0
        ");
        insta::assert_snapshot!(verdict(CHECK, "nginx", &Evidence::default().offline()), @"
        note: docker.io/library/nginx:latest is pulled from Docker Hub without an account, and such pulls are limited
        help: import it into a registry of your own, or log in with an entry for docker.io
        run: az acr import -n <registry> --source docker.io/library/nginx:latest --image nginx:latest
        ");
    }

    #[test]
    fn a_login_or_another_registry_is_right() {
        let yaml = "environmentId: e\nconfiguration: {registries: [{server: index.docker.io, username: u, passwordSecretRef: p}]}\n\
    template: {containers: [{name: a, image: 'docker.io/grafana/grafana:11.1.0'}]}\n";
        insta::assert_snapshot!(verdicts(CHECK, yaml, &Evidence::default()), @"not applicable: Docker Hub is logged in to");
        insta::assert_snapshot!(verdict(CHECK, "ghcr.io/acme/api:v1", &Evidence::default()), @"not applicable: the image is not from Docker Hub");
    }

    #[test]
    fn the_quota_is_asked_for_after_the_image() {
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &Evidence::default()), @"needs manifest of docker.io/grafana/grafana:11.1.0");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &has(IMAGE, single("linux", "amd64"))), @"needs pull quota for docker.io/grafana/grafana:11.1.0");
        let throttled =
            Failure::Throttled { host: "registry-1.docker.io".to_owned(), retry_after: None, message: None };
        assert!(verdict(CHECK, IMAGE, &Evidence::default().with(asks(IMAGE), Err(throttled))).starts_with("note: "));
    }
}
