//! The app pulls with its system identity, which does not exist before the app does.
//!
//! ## Why
//! The system identity is created with the app. When the first revision pulls, nobody can have granted it anything, also not
//! the same template: its grant waits for the app, and the app for its image.
//! <https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull>,
//! <https://github.com/microsoft/azure-container-apps/issues/836>
//!
//! ## Fix
//! Pull with a user-assigned identity that got its role before. Or create the app with a public image
//! (`mcr.microsoft.com/k8se/quickstart:latest`), grant the role, and set the image then.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Question, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Credential, Host, Manifest, Origin, Pull, Puller, Workload};
use crate::value::Value;

use super::plan::{self, Granted, Plan};
use super::{puller, remedy, wiring};

pub const CHECK: Check = Check {
    code: "system-identity-first-create",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("system_identity_first_create.rs"),
    run: Run::Workload(run),
};

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    if !is_created_with_identity(workload) {
        return Err(Stop::NotApplicable("the deployment creates no app with a system identity that pulls"));
    }
    wiring::each_pull(manifest, workload, evidence, |pull| judge(pull, evidence))
}

/// Whether the pull waits for an identity that is created with the workload: no grant of the template can come in time.
pub fn is_too_early(pull: &Pull, who: &Puller) -> bool {
    matches!(who, Puller::System) && pull.workload.host == Host::ContainerApp && is_created_with_identity(pull.workload)
}

fn is_created_with_identity(workload: &Workload) -> bool {
    let created = workload.origin == Origin::Declared && matches!(workload.host, Host::ContainerApp | Host::Job);
    created
        && workload.identity.system
        && workload
            .registries
            .entries
            .iter()
            .any(|entry| entry.identity.as_ref().is_some_and(|identity| is_system(workload, identity)))
}

fn is_system(workload: &Workload, identity: &Value) -> bool {
    matches!(workload.puller(identity), Puller::System)
}

fn judge(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let Credential::Identity(who @ Puller::System) = pull.credential()? else { return Ok(Vec::new()) };
    if wiring::is_azure(&pull.host()?) != Some(true) {
        return Ok(Vec::new());
    }
    let plan = plan::weigh(pull, &who)?;
    // A registry that is new as well is proof that the app is: somebody starts from nothing.
    let is_first = plan.registry_is_new && pull.workload.id.is_some();
    let is_known = pull.workload.id.as_ref().is_some_and(|id| id.as_str().is_some_and(|id| id.starts_with('/')));
    if let Some(Ok(_)) = pull.manifest.live_of(pull.workload) {
        return Ok(Vec::new());
    }
    // Saved evidence that tells of the app is as good as asking.
    let id = pull.workload.id.as_ref().and_then(Value::as_str);
    let get = |id: &str| Question::Resource(Resource::Get { id: id.to_owned() });
    let is_told = id.is_some_and(|id| evidence.contains(&get(id)));
    if !is_first && is_known && (is_told || !evidence.is_offline()) {
        let id = pull.workload.id.as_ref().unwrap_or(&pull.workload.name);
        return match puller::read(id, evidence)? {
            Ok(_) => Ok(Vec::new()),
            Err(failure) if failure.is_not_found() => Ok(vec![finding(pull, &plan)]),
            Err(failure) => Err(Stop::Unverified(failure)),
        };
    }
    let finding = finding(pull, &plan);
    Ok(vec![if is_first {
        finding
    } else {
        finding.warning().detail("nothing is wrong where the app exists already and its identity has the role")
    }])
}

fn finding(pull: &Pull, plan: &Plan) -> Finding {
    let workload = pull.workload;
    let name = workload.display_name();
    let entry = workload
        .registries
        .entries
        .iter()
        .find(|entry| entry.identity.as_ref().is_some_and(|identity| is_system(workload, identity)));
    let title = format!("the first revision of {name} pulls with an identity that nothing is granted to yet");
    let mut finding = match entry.and_then(|entry| entry.identity.as_ref()) {
        Some(identity) => Finding::at_value(identity, title),
        None => Finding::at(workload.at, title),
    };
    if let Some(image) = pull.image_value() {
        finding = finding.also(pull.place(image), "a private image");
    }
    if let Granted::Yes(grants) = &plan.granted
        && let Some(grant) = grants.first()
    {
        finding = finding.also(grant.resource.at, "this grant waits for the app");
    }
    let finding = finding.help(
        "pull with a user-assigned identity that has the role before, or create the app with mcr.microsoft.com/k8se/quickstart:latest, \
         grant the role, and set the image then",
    );
    match workload.host {
        // A job pulls when it is started, which may be after the grant.
        Host::Job => finding.note(),
        _ => finding.command(format!(
            "az identity create -n id-{}-pull -g {}",
            remedy::known(&workload.name).unwrap_or_else(|| "app".to_owned()),
            remedy::group(workload)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str) -> String {
        let text = format!(
            "name: app\nenvironmentId: /e\nidentity: {{type: SystemAssigned}}\nconfiguration:\n  registries: [{{server: acme1.azurecr.io, identity: \
             system}}]\ntemplate: {{containers: [{{name: a, image: '{image}'}}]}}\n"
        );
        verdicts(CHECK, &text, &Evidence::default().offline())
    }

    #[test]
    fn a_private_image_at_the_first_deployment_is_warned_of() {
        insta::assert_snapshot!(says("acme1.azurecr.io/api:v1"), @"
        warning: the first revision of app pulls with an identity that nothing is granted to yet
        at: system
        because: nothing is wrong where the app exists already and its identity has the role
        also: acme1.azurecr.io/api:v1: a private image
        help: pull with a user-assigned identity that has the role before, or create the app with mcr.microsoft.com/k8se/quickstart:latest, grant the role, and set the image then
        run: az identity create -n id-app-pull -g <group>
        ");
    }

    #[test]
    fn a_placeholder_image_is_how_it_is_done() {
        assert_eq!(says("mcr.microsoft.com/k8se/quickstart:latest"), "pass");
    }
}
