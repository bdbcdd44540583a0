//! There is no such registry.
//!
//! ## Why
//! No subscription that can be read has a registry with this login server, and its name does not resolve; or the registry is being
//! deleted.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-troubleshoot-access>
//!
//! ## Fix
//! Correct the name: `az acr list --query [].loginServer -o tsv`.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::{Finding, Severity};
use crate::image::nearest;
use crate::manifest::{Found, Manifest, Pull, Workload};

use super::{live, login_server_wrong, wiring};

pub const CHECK: Check = Check {
    code: "registry-not-found",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("registry_not_found.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| judge(pull, evidence))
}

fn judge(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let Ok(image) = pull.image() else { return Err(Stop::NotApplicable("the image is not known")) };
    let planned = pull.manifest.planned.registry(&image.registry);
    if image.registry.acr().is_none_or(|acr| !acr.is_login_server())
        || matches!(planned, Found::One(registry) if !registry.existing)
    {
        return Err(Stop::NotApplicable("the registry is none that Azure has already"));
    }
    // What is missing here, the checks of roles and credentials ask for and report.
    let Ok(answer) = live::registry(&image.registry, evidence) else {
        return Err(Stop::NotApplicable("nothing asks Resource Manager about the registry"));
    };
    let failure = match answer {
        Ok(registry)
            if registry.provisioning_state.as_deref().is_some_and(|state| state.eq_ignore_ascii_case("Deleting")) =>
        {
            return Ok(vec![finding(pull, format!("the registry {} is being deleted", registry.name))]);
        }
        Ok(_) => return Ok(Vec::new()),
        Err(failure) => failure,
    };
    if !failure.is_not_found() || login_server_wrong::meant(&image, evidence)?.is_some() {
        return Err(Stop::NotApplicable("another check tells what became of the registry"));
    }
    // A registry in a subscription that the caller cannot read is not listed, and answers all the same.
    match evidence.reach(&image.registry)? {
        // An alias that leads nowhere is a private link: there is a registry, and its private zone is not seen from here.
        Err(Failure::Name { last: None, .. }) => {
            let found = finding(pull, format!("there is no registry {}", image.registry));
            let servers: Vec<&str> =
                login_server_wrong::registries(evidence)?.iter().filter_map(login_server_wrong::login_server).collect();
            let label = |server: &'_ str| server.split('.').next().unwrap_or_default().to_owned();
            let labels: Vec<String> = servers.iter().map(|server| label(server)).collect();
            let near = nearest(&label(image.registry.name()), &labels);
            let near = near.and_then(|near| servers.iter().find(|server| label(server) == near));
            Ok(vec![match near {
                Some(near) => found.help(format!("correct the name of the registry: is {near} meant?")),
                None => found,
            }])
        }
        _ => Ok(Vec::new()),
    }
}

fn finding(pull: &Pull, title: String) -> Finding {
    let finding = match pull.image_value() {
        Some(value) => Finding::at_value(value, title),
        None => Finding::at(pull.container.at, title),
    };
    finding.help("correct the name of the registry").command("az acr list --query \"[].loginServer\" -o tsv")
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::{answering, live, registry};
    use crate::evidence::{Answer, Evidence, Failure, Question, Reply, Resource};
    use crate::image::Host;
    use serde_json::json;

    #[track_caller]
    fn says(reach: Answer<Reply>) -> String {
        let host = Host::parse("acme1.azurecr.io").unwrap();
        let missing = || Failure::not_found("management.azure.com");
        let find = Resource::Find { kind: "Microsoft.ContainerRegistry/registries".to_owned() };
        let unseen = Evidence::default().with(Question::Registry { host: host.clone() }, Err(missing()));
        live(CHECK, &answering(unseen, find, Ok(json!({"value": []}))).with(Question::Reach { host }, reach))
    }

    #[test]
    fn a_name_that_nobody_has_is_no_registry() {
        insta::assert_snapshot!(says(Err(Failure::Name { host: "acme1.azurecr.io".to_owned(), last: None })), @"
        error: there is no registry acme1.azurecr.io
        at: acme1.azurecr.io/api:v1
        help: correct the name of the registry
        run: az acr list --query \"[].loginServer\" -o tsv
        ");
    }

    #[test]
    fn the_registry_that_was_meant_is_named() {
        let host = || Host::parse("acme1.azurecr.io").unwrap();
        let find = Resource::Find { kind: "Microsoft.ContainerRegistry/registries".to_owned() };
        let listed = |server: &str| {
            let unseen = Evidence::default()
                .with(Question::Registry { host: host() }, Err(Failure::not_found("management.azure.com")));
            let all = json!({"value": [{"name": "x", "properties": {"loginServer": server}}]});
            let failure = Failure::Name { host: "acme1.azurecr.io".to_owned(), last: None };
            live(CHECK, &answering(unseen, find.clone(), Ok(all)).with(Question::Reach { host: host() }, Err(failure)))
        };
        assert!(listed("acme11.azurecr.io").contains("is acme11.azurecr.io meant?"));
        assert!(listed("payroll.azurecr.io").contains("help: correct the name of the registry\n"));
    }

    #[test]
    fn a_registry_of_a_subscription_that_cannot_be_read_is_there() {
        assert_eq!(says(Ok(Reply::Resolution(Box::default()))), "pass");
    }

    #[test]
    fn a_registry_that_is_being_deleted_is_none() {
        insta::assert_snapshot!(live(CHECK, &registry(&json!({"provisioningState": "Deleting"}))), @"
        error: the registry acme1 is being deleted
        at: acme1.azurecr.io/api:v1
        help: correct the name of the registry
        run: az acr list --query \"[].loginServer\" -o tsv
        ");
    }
}
