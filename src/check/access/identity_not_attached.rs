//! The registry entry names an identity that the workload does not have.
//!
//! ## Why
//! Azure pulls with an identity only when it is attached: `system` needs `SystemAssigned` in the type of the identity block, a
//! user-assigned identity must be a key of `userAssignedIdentities`. The commands of the Azure CLI add it silently; templates
//! and files do not.
//! <https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull>
//!
//! ## Fix
//! Attach the identity, or name one that is attached.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Origin, Puller, RegistryEntry, Workload};
use crate::value::Value;

use super::{identity_malformed, remedy, site_identity_malformed, wiring};

pub const CHECK: Check = Check {
    code: "identity-not-attached",
    hypothesis: Hypothesis::H1,
    severity: Severity::Error,
    source: include_str!("identity_not_attached.rs"),
    run: Run::Workload(run),
};

fn run(_: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let (mut findings, mut judged, mut open) = (Vec::new(), false, None);
    for entry in &workload.registries.entries {
        let Some(identity) = &entry.identity else { continue };
        let is_malformed = match workload.host {
            Host::WebSite => site_identity_malformed::is_malformed(identity),
            _ => identity_malformed::is_malformed(workload, identity),
        };
        if is_malformed || wiring::is_azure_entry(entry) == Some(false) {
            continue;
        }
        let puller = workload.puller(identity);
        if matches!(puller, Puller::Environment)
            || (workload.host == Host::ContainerGroup && matches!(puller, Puller::System))
        {
            continue;
        }
        judged = true;
        let attached = match workload.is_attached(&puller) {
            None => by_application(workload, &puller, evidence)?,
            known => known,
        };
        match attached {
            Some(true) => {}
            Some(false) => findings.push(finding(workload, entry, identity, &puller)),
            None => open = Some(undecided(workload, identity, evidence)),
        }
    }
    match open {
        _ if !findings.is_empty() => Ok(findings),
        Some(stop) => Err(stop),
        None if judged => Ok(findings),
        None => Err(Stop::NotApplicable("no registry entry names an identity of the workload")),
    }
}

/// Whether an identity with this application id is attached, by what Azure tells of those that are: `None` when it does not tell.
///
/// # Errors
/// *Need* of one of them.
fn by_application(workload: &Workload, puller: &Puller, evidence: &Evidence) -> Result<Option<bool>, Stop> {
    let Puller::Client(client) = puller else { return Ok(None) };
    let attached = &workload.identity.user_assigned;
    let Some(wanted) = client.as_str().filter(|_| !attached.is_empty()) else { return Ok(None) };
    let mut all_told = workload.identity.unknown.is_none();
    for one in attached {
        let own = match super::puller::read(&one.id, evidence) {
            Ok(Ok(json)) => json.pointer("/properties/clientId").and_then(serde_json::Value::as_str),
            Err(need @ Stop::Need(_)) => return Err(need),
            Ok(Err(_)) | Err(_) => None,
        };
        match own {
            Some(own) if own.eq_ignore_ascii_case(wanted) => return Ok(if one.perhaps { None } else { Some(true) }),
            Some(_) => {}
            None => all_told = false,
        }
    }
    Ok(all_told.then_some(false))
}

fn undecided(workload: &Workload, identity: &Value, evidence: &Evidence) -> Stop {
    match &workload.identity.unknown {
        Some(why) => wiring::not_known("identity", why),
        None if workload.origin == Origin::Partial && workload.identity.at.is_none() => {
            wiring::left_out(workload, evidence, "identity")
        }
        None => wiring::unknown(identity, "identity"),
    }
}

fn finding(workload: &Workload, entry: &RegistryEntry, identity: &Value, puller: &Puller) -> Finding {
    let name = workload.display_name();
    let (title, fix, id) = match puller {
        Puller::System => (
            format!("{} is pulled from with the system identity, which {name} does not have", wiring::server(entry)),
            "add `SystemAssigned` to the type of the identity block".to_owned(),
            None,
        ),
        _ => {
            let id = remedy::id(identity);
            let short = remedy::name_of(identity);
            let fix = match workload.host {
                Host::WebSite => "attach the identity with this client id".to_owned(),
                _ => format!("add it to `userAssignedIdentities`: `\"{id}\": {{}}`"),
            };
            (format!("the identity {short} is not attached to {name}"), fix, Some(id))
        }
    };
    let mut finding = Finding::at_value(identity, title).also(entry.at, "the registry entry").help(fix);
    if let Some(at) = workload.identity.at {
        finding = finding.also(at, "the identities that are attached");
    }
    let attached: Vec<String> = workload.identity.user_assigned.iter().map(|one| remedy::name_of(&one.id)).collect();
    if !attached.is_empty() {
        finding = finding.detail(format!("attached: {}", attached.join(", ")));
    }
    match remedy::attach(workload, id.as_deref()) {
        Some(command) if workload.origin != Origin::Declared || workload.id.is_none() => finding.command(command),
        _ => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::{Evidence, Question, Reply, Resource};

    fn app(identity: &str, block: &str) -> String {
        format!(
            "name: app\nenvironmentId: /e\n{block}\nconfiguration:\n  registries:\n  - server: acme1.azurecr.io\n    identity: {identity}\n\
             template:\n  containers:\n  - name: api\n    image: acme1.azurecr.io/api:v1\n"
        )
    }

    #[track_caller]
    fn says(identity: &str, block: &str) -> String {
        verdicts(CHECK, &app(identity, block), &Evidence::default())
    }

    const ID: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull";

    #[test]
    fn an_identity_that_is_not_in_the_block_fails() {
        let other = ID.replace("pull", "data");
        insta::assert_snapshot!(says(ID, &format!("identity: {{type: UserAssigned, userAssignedIdentities: {{{other}: {{}}}}}}")), @"
        error: the identity id-pull is not attached to app
        at: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull
        because: attached: id-data
        also: server: acme1.azurecr.io
            identity: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull: the registry entry
        also: identity: the identities that are attached
        help: add it to `userAssignedIdentities`: `\"/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull\": {}`
        run: az containerapp identity assign -n app -g <group> --user-assigned /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pull
        ");
        insta::assert_snapshot!(says("system", ""), @"
        error: acme1.azurecr.io is pulled from with the system identity, which app does not have
        also: server: acme1.azurecr.io
            identity: system: the registry entry
        help: add `SystemAssigned` to the type of the identity block
        run: az containerapp identity assign -n app -g <group> --system-assigned
        ");
    }

    #[test]
    fn ids_are_compared_without_case() {
        let upper = ID.to_uppercase();
        assert_eq!(
            says(ID, &format!("identity: {{type: UserAssigned, userAssignedIdentities: {{{upper}: {{}}}}}}")),
            "pass"
        );
        assert_eq!(says("System", "identity: {type: 'SystemAssigned,UserAssigned'}"), "pass");
    }

    /// A web site that names an application id, and what Azure tells of the one identity that is attached.
    fn site(own: &str) -> String {
        let site = serde_json::json!({"type": "Microsoft.Web/sites", "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/w",
            "name": "w", "kind": "app,linux,container", "identity": {"type": "UserAssigned", "userAssignedIdentities": {ID: {}}},
            "properties": {"siteConfig": {"linuxFxVersion": "DOCKER|acme1.azurecr.io/web:v1", "acrUseManagedIdentityCreds": true,
                "acrUserManagedIdentityID": "7e199b43-042e-5e3b-871c-eb57727e3fb6"}}});
        let question = Question::Resource(Resource::Get { id: ID.to_owned() });
        let identity = serde_json::json!({"properties": {"clientId": own}});
        let evidence = Evidence::default().with(question, Ok(Reply::Json(identity)));
        verdicts(CHECK, &site.to_string(), &evidence)
    }

    #[test]
    fn whose_application_id_it_is_azure_tells() {
        assert_eq!(site("7E199B43-042E-5E3B-871C-EB57727E3FB6"), "pass");
        assert!(site("0f8fad5b-d9cb-469f-a165-70867728950e").starts_with("error: "));
    }

    #[test]
    fn the_identity_of_the_environment_is_another_question() {
        insta::assert_snapshot!(says("system-environment", ""), @"not applicable: no registry entry names an identity of the workload");
    }
}
