//! The registry refuses the user name and password of its entry.
//!
//! ## Why
//! Passwords of admin users are regenerated, secrets of service principals and tokens end. The workload runs on until it pulls
//! again, at a scale-out or a restart.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-authentication>
//!
//! ## Fix
//! Put the present password into the secret; or pull with a managed identity, which has none.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Login, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{ImageRef, acr_name, placeholder};
use crate::manifest::{Credential, Host, Manifest, Password, Pull, Workload};
use crate::value::Value;

use super::{admin_disabled, remedy, token_disabled, token_password_expiring, wiring};

pub const CHECK: Check = Check {
    code: "password-refused",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("password_refused.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    // What the entry cannot log in with for another reason is that reason's finding.
    let is_error = |check: Check| match check.run {
        Run::Workload(run) => run(manifest, workload, evidence).is_ok_and(|findings| {
            findings.iter().any(|finding| finding.severity.unwrap_or(check.severity) == Severity::Error)
        }),
        _ => false,
    };
    if [admin_disabled::CHECK, token_disabled::CHECK, token_password_expiring::CHECK].into_iter().any(is_error) {
        return Err(Stop::NotApplicable("another check tells why the login fails"));
    }
    wiring::each_pull(manifest, workload, evidence, |pull| judge(pull, evidence))
}

fn judge(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let Credential::Password { username: Some(username), entry, .. } = pull.credential()? else {
        return Err(Stop::NotApplicable("no password pulls"));
    };
    let password = pull.workload.password(entry).filter(|password| password.value.as_str().is_some_and(is_given));
    let (Some(user), Some(password)) = (username.as_str(), password) else {
        return Err(Stop::NotApplicable("the password is not in the files"));
    };
    let image = pull.image()?;
    let login = Login { username: user.to_owned(), secret: password.name.clone() };
    match evidence.login(&image.registry, &image.repository, &login)? {
        Ok(true) => Ok(Vec::new()),
        Ok(false) => {
            let finding = finding(pull, username, &password, image.registry.as_str());
            Ok(vec![if is_rotated(pull, user, &image, evidence)? {
                finding.detail("it is neither of the registry's two present passwords: they were regenerated")
            } else {
                finding
            }])
        }
        Err(Failure::Refused { .. }) => Ok(vec![without_role(username, user, &image)]),
        Err(failure) => Err(Stop::Unverified(failure)),
    }
}

/// Whether the admin user's passwords are others by now. They are read only when the user said so: `listCredentials` is a right
/// that a reader should not have. <https://learn.microsoft.com/azure/container-registry/container-registry-authentication>
fn is_rotated(pull: &Pull, user: &str, image: &ImageRef, evidence: &Evidence) -> Result<bool, Stop> {
    let is_admin = acr_name(&image.registry).is_some_and(|name| name.eq_ignore_ascii_case(user));
    if !pull.manifest.verify_secrets || !is_admin {
        return Ok(false);
    }
    let Ok(registry) = evidence.registry(&image.registry)? else { return Ok(false) };
    let asked = evidence.resource(Resource::AdminCredentials { registry: registry.id })?;
    Ok(asked.is_ok_and(|answer| answer["matches"] == false))
}

/// Whether a text is a password and does not stand for one: App Service reads `@Microsoft.KeyVault(…)` from a vault
/// (<https://learn.microsoft.com/azure/app-service/app-service-key-vault-references>), exports show asterisks.
fn is_given(text: &str) -> bool {
    let is_reference = text.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("@Microsoft."));
    !text.is_empty() && !is_reference && placeholder(text).is_none() && !text.bytes().all(|byte| byte == b'*')
}

fn finding(pull: &Pull, username: &Value, password: &Password, host: &str) -> Finding {
    let title = format!("{host} refuses the password of {}", username.as_str().unwrap_or_default());
    let finding = Finding::at_value(username, title);
    let target = remedy::target(pull.workload);
    let group = if pull.workload.host == Host::Job { "containerapp job" } else { "containerapp" };
    match (password.secret, pull.workload.host) {
        (Some(secret), _) => finding
            .detail(format!("it is in the secret `{secret}`"))
            .help("put the present password into the secret, or pull with a managed identity")
            .command(format!("az {group} secret set {target} --secrets {secret}=<password>")),
        (None, Host::WebSite) => finding
            .detail("it is in the setting DOCKER_REGISTRY_SERVER_PASSWORD")
            .help("put the present password into the setting, or pull with a managed identity")
            .command(format!(
                "az webapp config appsettings set {target} --settings DOCKER_REGISTRY_SERVER_PASSWORD=<password>"
            )),
        (None, _) => finding
            .detail("it is the `password` of the entry")
            .help("write the present password, from a secure parameter; or pull with a user-assigned identity"),
    }
}

/// The password is right: what is missing is the right to pull. <https://aka.ms/acr/authorization>
fn without_role(username: &Value, user: &str, image: &ImageRef) -> Finding {
    let title = format!("{} takes the password of {user}, who may not pull {}", image.registry, image.repository);
    let finding = Finding::at_value(username, title);
    let (Some(registry), true) = (acr_name(&image.registry), user.len() == 36) else {
        return finding.help("give this user the right to pull the repository, or log in with one who has it");
    };
    finding.help("grant the service principal AcrPull (where the registry is in ABAC mode, Container Registry Repository Reader)").command(
        format!(
            "az role assignment create --assignee-object-id \"$(az ad sp show --id {user} --query id -o tsv)\" \
             --assignee-principal-type ServicePrincipal --role AcrPull --scope \"$(az acr show -n {registry} --query id -o tsv)\""
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::access::template::REGISTRY_ID;
    use crate::check::table::{judged, split, verdicts};
    use crate::evidence::{Evidence, Failure, Login, Question, Reply, Resource};
    use serde_json::json;

    #[track_caller]
    fn says(secret: &str, accepted: Option<bool>) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{{name: p{secret}}}]\n  registries: [{{server: ghcr.io, username: bot, \
             passwordSecretRef: p}}]\ntemplate: {{containers: [{{name: a, image: 'ghcr.io/acme/api:v1'}}]}}\n"
        );
        let (registry, repository) = split("ghcr.io/acme/api");
        let login = Login { username: "bot".to_owned(), secret: "app/p".to_owned() };
        let question = Question::Login { registry, repository, login };
        let evidence =
            accepted.map_or_else(Evidence::default, |flag| Evidence::default().with(question, Ok(Reply::Flag(flag))));
        verdicts(CHECK, &text, &evidence)
    }

    #[test]
    fn a_password_that_is_refused_fails() {
        insta::assert_snapshot!(says(", value: old-password", Some(false)), @"
        error: ghcr.io refuses the password of bot
        because: it is in the secret `p`
        help: put the present password into the secret, or pull with a managed identity
        run: az containerapp secret set -n app -g <group> --secrets p=<password>
        ");
        assert_eq!(says(", value: new-password", Some(true)), "pass");
    }

    #[test]
    fn a_password_that_is_given_is_tried_and_no_other() {
        insta::assert_snapshot!(says(", value: new-password", None), @"needs login at ghcr.io");
        insta::assert_snapshot!(says("", None), @"not applicable: the password is not in the files");
        insta::assert_snapshot!(says(", value: '$(GHCR_TOKEN)'", None), @"not applicable: the password is not in the files");
    }

    #[track_caller]
    fn refused(text: &str, name: &str) -> String {
        let (registry, repository) = split("ghcr.io/acme/api");
        let login = Login { username: "bot".to_owned(), secret: name.to_owned() };
        let question = Question::Login { registry, repository, login };
        verdicts(CHECK, text, &Evidence::default().with(question, Ok(Reply::Flag(false))))
    }

    fn group(password: &str) -> String {
        format!(
            "type: Microsoft.ContainerInstance/containerGroups\nname: stamps\nproperties:\n  osType: Linux\n  \
             imageRegistryCredentials: [{{server: ghcr.io, username: bot, password: {password}}}]\n  containers: [{{name: a, \
             properties: {{image: 'ghcr.io/acme/api:v1'}}}}]\n"
        )
    }

    fn site(password: &str) -> String {
        json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
            "resources": [{"type": "Microsoft.Web/sites", "apiVersion": "2024-04-01", "name": "web", "properties": {"siteConfig": {
            "linuxFxVersion": "DOCKER|ghcr.io/acme/api:v1", "appSettings": [
            {"name": "DOCKER_REGISTRY_SERVER_URL", "value": "https://ghcr.io"},
            {"name": "DOCKER_REGISTRY_SERVER_USERNAME", "value": "bot"},
            {"name": "DOCKER_REGISTRY_SERVER_PASSWORD", "value": password}]}}}]})
        .to_string()
    }

    #[test]
    fn passwords_of_container_groups_and_web_sites_are_tried_too() {
        insta::assert_snapshot!(refused(&group("old"), "stamps/password of ghcr.io"), @"
        error: ghcr.io refuses the password of bot
        because: it is the `password` of the entry
        help: write the present password, from a secure parameter; or pull with a user-assigned identity
        ");
        insta::assert_snapshot!(refused(&site("old"), "web/password of ghcr.io"), @"
        error: ghcr.io refuses the password of bot
        because: it is in the setting DOCKER_REGISTRY_SERVER_PASSWORD
        help: put the present password into the setting, or pull with a managed identity
        run: az webapp config appsettings set -n web -g <group> --settings DOCKER_REGISTRY_SERVER_PASSWORD=<password>
        ");
        let vault = site("@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/p)");
        insta::assert_snapshot!(refused(&vault, "-"), @"not applicable: the password is not in the files");
        insta::assert_snapshot!(refused(&group("'****'"), "-"), @"not applicable: the password is not in the files");
    }

    #[test]
    fn two_workloads_may_give_one_name_to_two_passwords() {
        let app = |name: &str| {
            format!(
                "name: {name}\nenvironmentId: /e\nconfiguration:\n  secrets: [{{name: p, value: {name}}}]\n  registries: [{{server: \
                 ghcr.io, username: bot, passwordSecretRef: p}}]\ntemplate: {{containers: [{{name: a, image: 'ghcr.io/acme/api:v1'}}]}}\n"
            )
        };
        assert!(refused(&app("one"), "one/p").starts_with("error: "));
        insta::assert_snapshot!(refused(&app("two"), "one/p"), @"needs login at ghcr.io");
    }

    #[test]
    fn a_password_that_is_right_and_may_not_pull_is_no_wrong_password() {
        let text = "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{name: p, value: right}]\n  registries: [{server: \
                    acme1.azurecr.io, username: 0d9f7a3c-1111-4222-8333-444455556666, passwordSecretRef: p}]\ntemplate: {containers: \
                    [{name: a, image: 'acme1.azurecr.io/api:v1'}]}\n";
        let (registry, repository) = split("acme1.azurecr.io/api");
        let login = Login { username: "0d9f7a3c-1111-4222-8333-444455556666".to_owned(), secret: "app/p".to_owned() };
        let refused = Failure::Refused {
            host: "acme1.azurecr.io".to_owned(),
            status: 401,
            code: None,
            message: None,
            challenge: None,
            anonymous: false,
        };
        let evidence = crate::check::access::template::registry(&json!({}))
            .with(Question::Login { registry, repository, login }, Err(refused));
        let says = verdicts(CHECK, text, &evidence);
        assert!(says.contains("takes the password of 0d9f7a3c") && says.contains("--role AcrPull"), "{says}");
        assert!(!says.contains("secret set"), "{says}");
    }

    #[test]
    fn regenerated_passwords_are_told_only_when_they_may_be_read() {
        let text = "name: app\nenvironmentId: /e\nconfiguration:\n  secrets: [{name: p, value: old}]\n  registries: [{server: \
                    acme1.azurecr.io, username: acme1, passwordSecretRef: p}]\ntemplate: {containers: [{name: a, image: \
                    'acme1.azurecr.io/api:v1'}]}\n";
        let (registry, repository) = split("acme1.azurecr.io/api");
        let login = Login { username: "acme1".to_owned(), secret: "app/p".to_owned() };
        let admin = Resource::AdminCredentials { registry: REGISTRY_ID.to_owned() };
        let evidence = crate::check::access::template::registry(&json!({"adminUserEnabled": true}))
            .with(Question::Login { registry, repository, login }, Ok(Reply::Flag(false)))
            .with(Question::Resource(admin), Ok(Reply::Json(json!({"matches": false}))));
        let says = |verify| judged(CHECK, text, &evidence, |manifest, _| manifest.verify_secrets = verify);
        assert!(says(true).contains("they were regenerated"), "{}", says(true));
        assert!(
            !says(false).contains("regenerated") && says(false).contains("refuses the password"),
            "{}",
            says(false)
        );
    }
}
