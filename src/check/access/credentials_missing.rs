//! The image is in a private registry, and nothing says how to log in there.
//!
//! ## Why
//! Without an entry for the image's registry the platform pulls anonymously, which works for public images only. The registry
//! answers `UNAUTHORIZED: authentication required`. A `docker login` in the pipeline, or an identity that is attached and not
//! named in an entry, changes nothing.
//! <https://learn.microsoft.com/azure/container-apps/containers#container-registries>
//!
//! ## Fix
//! Add an entry for the registry: with the identity that may pull, or with a user name and a secret. Where anonymous pull is
//! meant, turn it on at the registry (`az acr update --anonymous-pull-enabled`).

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Credential, Found, Host, Partial, PlannedResource, Pull, RegistryEntry};
use crate::value::Value;

use super::{live, remedy, wiring};

pub const CHECK: Check = Check {
    code: "credentials-missing",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("credentials_missing.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    if pull.workload.leaves_out_registries() {
        return Err(wiring::left_out(pull.workload, evidence, "registries"));
    }
    let Credential::Anonymous = pull.credential()? else { return Ok(Vec::new()) };
    let host = pull.host()?;
    match wiring::is_azure(&host) {
        Some(true) => azure(pull, &host, evidence),
        Some(false) => elsewhere(pull, evidence),
        None => Err(wiring::not_known("image", "the registry of the image is not known before the deployment")),
    }
}

fn azure(pull: &Pull, host: &Partial, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    if let Found::One(registry) = pull.manifest.planned.registry_of(host)
        && let Some(verdict) = planned(registry)
    {
        return verdict.map(|is_open| if is_open { Vec::new() } else { vec![finding(pull, host)] });
    }
    if evidence.is_offline() || !host.is_known() {
        return Ok(vec![finding(pull, host)]);
    }
    let image = pull.image()?;
    let is_open = match evidence.open_to_all(&image, &pull.container.platform)? {
        Ok(true) => true,
        // A registry says no to the runner's address as well. What it is set to decides, where that may be read.
        Ok(false) => {
            live::registry(&image.registry, evidence)?.is_ok_and(|registry| registry.anonymous_pull == Some(true))
        }
        // The registry does not let the runner in: Resource Manager knows its setting.
        Err(failure) => match live::registry(&image.registry, evidence)? {
            Ok(registry) => registry.anonymous_pull.unwrap_or(false),
            Err(_) => return Err(Stop::Unverified(failure)),
        },
    };
    Ok(if is_open { Vec::new() } else { vec![finding(pull, host)] })
}

/// Whether a registry of the same deployment can be pulled from by anybody; `None` when the deployment does not decide it.
fn planned(registry: &PlannedResource) -> Option<Result<bool, Stop>> {
    match registry.body.path(&["properties", "anonymousPullEnabled"]) {
        Some(flag) => Some(flag.as_bool().ok_or_else(|| wiring::unknown(flag, "anonymousPullEnabled"))),
        None if registry.existing => None,
        None => Some(Ok(false)),
    }
}

fn elsewhere(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let image = pull.image()?;
    if wiring::is_public(image.registry.as_str(), &image.repository) {
        return Ok(Vec::new());
    }
    // A private network's registry may need no login at all; whether it is reached is asked elsewhere.
    if evidence.is_offline()
        && let Some(entry) = at_other_port(pull, image.registry.as_str())
    {
        let finding = finding(pull, &Partial::known(image.registry.as_str()));
        return Ok(vec![finding.also(entry.at, "this entry is for another port").warning()]);
    }
    match evidence.open_to_all(&image, &pull.container.platform)? {
        Ok(true) => Ok(Vec::new()),
        Ok(false) => {
            let host = Partial::known(image.registry.as_str());
            let finding = finding(pull, &host);
            // Most registries answer the same for what is private and for what is not there.
            Ok(vec![finding.detail(format!("{} is private there, or not there at all", image.repository))])
        }
        Err(failure) => Err(Stop::Unverified(failure)),
    }
}

/// The entry for the same name at another port: its credentials are not for this registry.
fn at_other_port<'m>(pull: &Pull<'m>, host: &str) -> Option<&'m RegistryEntry> {
    let name = |host: &str| host.split_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let server = |entry: &&RegistryEntry| {
        entry.server.as_ref().and_then(Value::as_str).is_some_and(|server| name(server) == name(host))
    };
    pull.workload.registries.entries.iter().find(server)
}

fn finding(pull: &Pull, host: &Partial) -> Finding {
    let workload = pull.workload;
    let title = format!("the image is pulled anonymously: nothing says how to log in at {}", host.as_str());
    let mut finding = match pull.image_value() {
        Some(image) => Finding::at_value(image, title),
        None => Finding::at(pull.container.at, title),
    };
    if let Some(at) = workload.registries.at.filter(|at| *at != workload.at) {
        finding = finding.also(at, "no entry here is for this registry");
    }
    let servers: Vec<String> = workload.registries.entries.iter().map(wiring::server).collect();
    if !servers.is_empty() {
        finding = finding.detail(format!("the entries are for {}", servers.join(", ")));
    }
    let is_azure = wiring::is_azure(host) == Some(true);
    let help = match workload.host {
        Host::ContainerGroup if is_azure => format!(
            "add an entry to `imageRegistryCredentials` with `server: {}` and a user-assigned identity",
            host.as_str()
        ),
        Host::ContainerGroup => format!(
            "add an entry to `imageRegistryCredentials` with `server: {}`, a user name and a password",
            host.as_str()
        ),
        Host::WebSite if !is_azure => {
            "set DOCKER_REGISTRY_SERVER_URL, DOCKER_REGISTRY_SERVER_USERNAME and DOCKER_REGISTRY_SERVER_PASSWORD"
                .to_owned()
        }
        Host::WebSite => {
            "set `acrUseManagedIdentityCreds: true` in `siteConfig`, or the settings DOCKER_REGISTRY_SERVER_*"
                .to_owned()
        }
        Host::Kubernetes => format!("name a secret with a login for {} in `imagePullSecrets`", host.as_str()),
        _ if !is_azure => format!(
            "add an entry to `registries` with `server: {}`, a user name and the secret of its password",
            host.as_str()
        ),
        _ => format!(
            "add an entry to `registries` with `server: {}` and the identity that may pull{}",
            host.as_str(),
            attached(pull)
        ),
    };
    finding = finding.help(help);
    match remedy::set_registry(workload, host.as_str()) {
        Some(command) if host.is_known() && is_azure => finding.command(command),
        _ => finding,
    }
}

fn attached(pull: &Pull) -> String {
    match pull.workload.identity.user_assigned.as_slice() {
        [one] => one.id.partial().map(|id| format!(" ({id} is attached)")).unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{has, single, split, verdict, verdict_with};
    use crate::evidence::{Answer, Evidence, Question, Reply, Resolved};

    fn anonymous(name: &str, answer: Answer<Reply>) -> Evidence {
        let (registry, repository) = split(name);
        Evidence::default().with(Question::Anonymous { registry, repository }, answer)
    }

    #[test]
    fn a_private_registry_without_an_entry_fails_offline() {
        insta::assert_snapshot!(verdict(CHECK, "acme1.azurecr.io/api:v1", &Evidence::default().offline()), @"
        error: the image is pulled anonymously: nothing says how to log in at acme1.azurecr.io
        at: acme1.azurecr.io/api:v1
        help: add an entry to `registries` with `server: acme1.azurecr.io` and the identity that may pull
        run: az containerapp registry set -n app -g <group> --server acme1.azurecr.io --identity <identity's resource id, or system>
        ");
    }

    #[test]
    fn a_registry_that_anybody_may_pull_from_needs_none() {
        let open = anonymous("acme1.azurecr.io/api", Ok(Reply::Flag(true)));
        assert_eq!(verdict(CHECK, "acme1.azurecr.io/api:v1", &open), "pass");
        assert_eq!(verdict(CHECK, "mcr.microsoft.com/dotnet/aspnet:9.0", &Evidence::default()), "pass");
        assert_eq!(verdict(CHECK, "nginx:1.29", &Evidence::default()), "pass");
    }

    #[test]
    fn what_a_registry_is_set_to_counts_more_than_what_it_tells_the_runner() {
        let says = |is_open: bool| {
            let evidence =
                crate::check::access::template::registry(&serde_json::json!({"anonymousPullEnabled": is_open}));
            let (registry, repository) = split("acme1.azurecr.io/api");
            let closed = evidence.with(Question::Anonymous { registry, repository }, Ok(Reply::Flag(false)));
            verdict(CHECK, "acme1.azurecr.io/api:v1", &closed)
        };
        assert_eq!(says(true), "pass");
        assert!(says(false).starts_with("error: "));
    }

    #[test]
    fn an_entry_for_the_registry_is_enough() {
        assert_eq!(verdict_with(CHECK, "acme1.azurecr.io/api:v1", &["ACME1.azurecr.io"], &Evidence::default()), "pass");
    }

    #[test]
    fn whether_another_registry_is_public_is_asked() {
        let manifest = "needs manifest of ghcr.io/acme/api:v1";
        assert_eq!(verdict(CHECK, "ghcr.io/acme/api:v1", &Evidence::default()), manifest);
        let logged_in = has("ghcr.io/acme/api:v1", single("linux", "amd64"));
        assert_eq!(verdict(CHECK, "ghcr.io/acme/api:v1", &logged_in), "needs anonymous pull of ghcr.io/acme/api");
        let open = has("ghcr.io/acme/api:v1", Resolved { anonymous: true, ..single("linux", "amd64") });
        assert_eq!(verdict(CHECK, "ghcr.io/acme/api:v1", &open), "pass");
        let private = anonymous("ghcr.io/acme/api", Ok(Reply::Flag(false)));
        insta::assert_snapshot!(verdict_with(CHECK, "ghcr.io/acme/api:v1", &["acme1.azurecr.io"], &private), @"
        error: the image is pulled anonymously: nothing says how to log in at ghcr.io
        at: ghcr.io/acme/api:v1
        because: the entries are for acme1.azurecr.io
        because: acme/api is private there, or not there at all
        also: registries: no entry here is for this registry
        help: add an entry to `registries` with `server: ghcr.io`, a user name and the secret of its password
        ");
    }

    #[test]
    fn an_entry_for_another_port_is_for_another_registry() {
        let says = |server| verdict_with(CHECK, "acme.example:8443/api:v1", &[server], &Evidence::default().offline());
        assert!(says("acme.example").starts_with("warning: the image is pulled anonymously"));
        assert!(says("ACME.example:443").starts_with("warning: the image is pulled anonymously"));
        assert_eq!(says("acme.example:8443"), "pass");
        assert!(says("acme.other").starts_with("not asked: "));
    }

    #[test]
    fn an_update_file_keeps_the_registries_of_the_app() {
        let text = "template:\n  containers:\n  - name: api\n    image: acme1.azurecr.io/api:v1\n";
        insta::assert_snapshot!(crate::check::table::verdicts(CHECK, text, &Evidence::default().offline()), @"not applicable: the file leaves it out: it stays as it is in Azure");
    }
}
