//! The operation takes something from the live app that the app has and the file does not say.
//!
//! ## Why
//! `az containerapp update --yaml` replaces whole lists: a file with one container removes the others, and a file with one registry
//! removes the credentials of the others. A template replaces the whole app: the registries, secrets, identities and containers that
//! it does not name are gone, also those that somebody added by hand or with `az containerapp registry set`. It is seen when the live
//! app is at hand: with `--app` or `--job`, or when what `az containerapp show` printed is given beside the file.
//! <https://learn.microsoft.com/cli/azure/containerapp#az-containerapp-update>,
//! <https://learn.microsoft.com/azure/azure-resource-manager/templates/deployment-modes>
//!
//! A registry entry is a warning where an image of the workload needs it, or where older revisions stay active, and a note elsewhere;
//! so is an identity. A container is a warning in a file for `update`, which people take for a list of changes, and a note in a template.
//!
//! ## Fix
//! Write every entry that is to stay: the whole list in a file for `update`, the whole app in a template.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Container, Entry, Manifest, Origin, Partial, Pull, Secret, Workload, same_id, server_host};
use crate::source::Span;
use crate::value::Value;

pub const CHECK: Check = Check {
    code: "update-drops",
    hypothesis: Hypothesis::H4,
    severity: Severity::Warning,
    source: include_str!("update_drops.rs"),
    run: Run::Workload(run),
};

/// What is compared: the workload after the operation, and what Azure has now.
struct Change<'m> {
    manifest: &'m Manifest,
    live: &'m Workload,
    after: &'m Workload,
}

/// What the app has and will not have: what to call it, and where it is shown.
type Lost = (String, Span);

/// How many of them are shown at their places.
const SHOWN: usize = 3;

fn run(manifest: &Manifest, workload: &Workload, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if workload.origin == Origin::Live {
        return Err(Stop::NotApplicable("the manifest is not laid over a live app"));
    }
    let live = match manifest.live_of(workload) {
        None => return Err(Stop::NotApplicable("the live app is not at hand")),
        Some(Err(Failure::NotFound { .. })) => return Err(Stop::NotApplicable("there is no such app yet")),
        Some(Err(failure)) => return Err(Stop::Unverified(failure)),
        Some(Ok(live)) => live,
    };
    let change = Change { manifest, live, after: workload };
    Ok([change.containers(), change.registries(), change.identities(), change.secrets()]
        .into_iter()
        .flatten()
        .collect())
}

impl Change<'_> {
    fn containers(&self) -> Option<Finding> {
        // A file that says nothing of containers leaves them as they are.
        let first = self.after.containers.first()?;
        let name = |one: &Container| one.name.as_ref().and_then(Value::partial);
        let stays: Vec<String> = self.after.containers.iter().filter_map(name).collect();
        if stays.iter().any(|name| name.contains('…')) || stays.len() < self.after.containers.len() {
            return None;
        }
        let live = self.live.containers.iter().filter_map(|one| Some((name(one)?, one.at)));
        let lost = live.filter(|(name, _)| !stays.iter().any(|stays| stays.eq_ignore_ascii_case(name)));
        let lost: Vec<Lost> = lost.map(|(name, at)| (format!("container `{name}`"), at)).collect();
        let finding = self.removes(first.at, &lost)?.help("write all containers that are to stay");
        Some(if self.is_template() { finding.note() } else { finding })
    }

    fn registries(&self) -> Option<Finding> {
        let after = &self.after.registries;
        if after.unknown.is_some() || (self.after.origin == Origin::Partial && after.entries.is_empty()) {
            return None;
        }
        let stays: Vec<Partial> =
            after.entries.iter().filter_map(|entry| server_host(entry.server.as_ref()?)).collect();
        if stays.len() < after.entries.len() {
            return None;
        }
        let live = self
            .live
            .registries
            .entries
            .iter()
            .filter_map(|entry| Some((server_host(entry.server.as_ref()?)?, entry.at)));
        let lost: Vec<(Partial, Span)> =
            live.filter(|(host, _)| stays.iter().all(|other| other.same(host) == Some(false))).collect();
        let names: Vec<Lost> =
            lost.iter().map(|(host, at)| (format!("registry entry `{}`", host.as_str()), *at)).collect();
        let finding = self.removes(self.place(after.at), &names)?;
        let finding = finding.help("write all registry entries that are to stay");
        let is_needed = self.after.containers.iter().any(|container| {
            let pull = Pull { manifest: self.manifest, workload: self.after, container };
            let host = pull.host();
            matches!(pull.entry(), Ok(Entry::None | Entry::Maybe(_)))
                && host.is_ok_and(|host| lost.iter().any(|(lost, _)| lost.same(&host) != Some(false)))
        });
        Some(if is_needed || self.keeps_revisions() { finding } else { finding.note() })
    }

    fn identities(&self) -> Option<Finding> {
        let after = &self.after.identity;
        if after.unknown.is_some() || (self.after.origin == Origin::Partial && after.at.is_none()) {
            return None;
        }
        let mut lost = Vec::new();
        if self.live.identity.system && !after.system {
            lost.push(("the system identity".to_owned(), self.live.identity.at.unwrap_or(self.live.at)));
        }
        for one in &self.live.identity.user_assigned {
            if after.user_assigned.iter().all(|other| same_id(&one.id, &other.id) == Some(false)) {
                let id = one.id.partial().unwrap_or_default();
                lost.push((format!("identity `{}`", id.rsplit('/').next().unwrap_or_default()), one.id.at));
            }
        }
        // Where one that is gone still pulls, `identity-not-attached` says so.
        let finding = self.removes(self.place(after.at), &lost)?;
        Some(finding.help("write all identities that are to stay").note())
    }

    fn secrets(&self) -> Option<Finding> {
        let after = &self.after.secrets;
        if after.unknown.is_some() || (self.after.origin == Origin::Partial && after.entries.is_empty()) {
            return None;
        }
        let name = |secret: &Secret| secret.name.as_ref().and_then(Value::partial);
        let stays: Vec<String> = after.entries.iter().filter_map(name).collect();
        if stays.iter().any(|name| name.contains('…')) || stays.len() < after.entries.len() {
            return None;
        }
        let live = self.live.secrets.entries.iter().filter_map(|secret| Some((name(secret)?, secret.at)));
        let lost = live.filter(|(name, _)| !stays.iter().any(|stays| stays.eq_ignore_ascii_case(name)));
        let lost: Vec<Lost> = lost.map(|(name, at)| (format!("secret `{name}`"), at)).collect();
        // Where a registry entry needs one, `secret-undefined` says so.
        let finding = self.removes(self.place(after.at), &lost)?;
        Some(finding.help("write all secrets that are to stay").note())
    }

    /// `None` when nothing is lost.
    fn removes(&self, at: Span, lost: &[Lost]) -> Option<Finding> {
        if lost.is_empty() {
            return None;
        }
        let app = self.after.display_name();
        let names = lost.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        let title = match self.is_template() {
            true => format!("the deployment takes {names} from `{app}`: a template replaces the whole app"),
            false => format!("the update takes {names} from `{app}`: lists are replaced as a whole"),
        };
        let finding = Finding::at(at, title);
        Some(lost.iter().take(SHOWN).fold(finding, |finding, (_, at)| finding.also(*at, "the app has it now")))
    }

    fn is_template(&self) -> bool {
        self.after.origin == Origin::Declared
    }

    /// Whether revisions that pull with the old entries stay active.
    fn keeps_revisions(&self) -> bool {
        let mode = self.live.body.path(&["properties", "configuration", "activeRevisionsMode"]);
        mode.and_then(Value::as_str).is_some_and(|mode| mode.eq_ignore_ascii_case("Multiple"))
    }

    fn place(&self, at: Option<Span>) -> Span {
        at.filter(|at| at.is_written() && at.file == self.after.at.file).unwrap_or(self.after.at)
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{live, verdicts};
    use crate::evidence::Evidence;

    /// What `az containerapp show` prints, in short.
    const LIVE: &str = "{id: /subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/shop, name: shop, \
        type: Microsoft.App/containerApps, identity: {type: 'SystemAssigned, UserAssigned', userAssignedIdentities: {/s/id-a: {}}}, \
        properties: {provisioningState: Succeeded, configuration: {secrets: [{name: pw}, {name: api-key}], \
        registries: [{server: a.io, username: u, passwordSecretRef: pw}, {server: b.io, identity: system}]}, \
        template: {containers: [{name: api, image: a.io/a:1}, {name: proxy, image: a.io/p:1}]}}}";

    const UPDATE: &str = "name: shop\ntemplate:\n  containers:\n  - {name: api, image: a.io/a:2}\n";

    #[test]
    fn a_container_that_the_file_leaves_out_is_lost() {
        insta::assert_snapshot!(verdicts(CHECK, &format!("{UPDATE}---\n{LIVE}"), &Evidence::default()), @"
        warning: the update takes container `proxy` from `shop`: lists are replaced as a whole
        at: {name: api, image: a.io/a:2}
        also: {name: proxy, image: a.io/p:1}: the app has it now
        help: write all containers that are to stay
        
        not applicable: the manifest is not laid over a live app
        ");
        insta::assert_snapshot!(live(CHECK, UPDATE, LIVE), @"
        warning: the update takes container `proxy` from `shop`: lists are replaced as a whole
        at: {name: api, image: a.io/a:2}
        also: {name: proxy, image: a.io/p:1}: the app has it now
        help: write all containers that are to stay
        ");
    }

    #[test]
    fn without_the_live_app_nothing_is_claimed() {
        insta::assert_snapshot!(verdicts(CHECK, UPDATE, &Evidence::default()), @"not applicable: the live app is not at hand");
    }

    #[test]
    fn what_an_update_says_nothing_of_stays() {
        assert_eq!(live(CHECK, "name: shop\nconfiguration: {ingress: {external: true}}", LIVE), "pass");
        assert_eq!(live(CHECK, "name: shop\nconfiguration: {registries: null, secrets: null}", LIVE), "pass");
    }

    #[test]
    fn a_registry_that_an_image_needs_is_missed_more_than_one_that_none_needs() {
        let update = |server: &str| {
            format!("name: shop\nconfiguration:\n  registries:\n  - {{server: {server}, identity: system}}\n")
        };
        insta::assert_snapshot!(live(CHECK, &update("a.io"), LIVE), @"
        note: the update takes registry entry `b.io` from `shop`: lists are replaced as a whole
        at: registries
        also: {server: b.io, identity: system}: the app has it now
        help: write all registry entries that are to stay
        ");
        insta::assert_snapshot!(live(CHECK, &update("b.io"), LIVE), @"
        warning: the update takes registry entry `a.io` from `shop`: lists are replaced as a whole
        at: registries
        also: {server: a.io, username: u, passwordSecretRef: pw}: the app has it now
        help: write all registry entries that are to stay
        ");
        let multiple = LIVE.replace("configuration: {", "configuration: {activeRevisionsMode: Multiple, ");
        insta::assert_snapshot!(live(CHECK, &update("a.io"), &multiple), @"
        warning: the update takes registry entry `b.io` from `shop`: lists are replaced as a whole
        at: registries
        also: {server: b.io, identity: system}: the app has it now
        help: write all registry entries that are to stay
        ");
    }

    #[test]
    fn a_template_takes_everything_that_it_does_not_say() {
        let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1", "resources": [{"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "shop",
            "properties": {"template": {"containers": [{"name": "api", "image": "a.io/a:2"}]}}}]}"#;
        insta::assert_snapshot!(live(CHECK, template, LIVE), @r#"
        note: the deployment takes container `proxy` from `shop`: a template replaces the whole app
        at: {"name": "api", "image": "a.io/a:2"}
        also: {name: proxy, image: a.io/p:1}: the app has it now
        help: write all containers that are to stay
        warning: the deployment takes registry entry `a.io`, registry entry `b.io` from `shop`: a template replaces the whole app
        at: {"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "shop",
        also: {server: a.io, username: u, passwordSecretRef: pw}: the app has it now
        also: {server: b.io, identity: system}: the app has it now
        help: write all registry entries that are to stay
        note: the deployment takes the system identity, identity `id-a` from `shop`: a template replaces the whole app
        at: {"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "shop",
        also: identity: the app has it now
        also: /s/id-a: the app has it now
        help: write all identities that are to stay
        note: the deployment takes secret `pw`, secret `api-key` from `shop`: a template replaces the whole app
        at: {"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "shop",
        also: {name: pw}: the app has it now
        also: {name: api-key}: the app has it now
        help: write all secrets that are to stay
        "#);
    }

    #[test]
    fn what_is_not_known_of_the_template_is_not_claimed_to_be_lost() {
        let template = r#"{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1", "parameters": {"x": {"type": "array"}, "i": {"type": "object"}, "n": {"type": "string"}}, "resources": [{
            "type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "shop", "identity": "[parameters('i')]",
            "properties": {"configuration": {"registries": "[parameters('x')]", "secrets": "[parameters('x')]"},
            "template": {"containers": [{"name": "[parameters('n')]", "image": "a.io/a:2"}]}}}]}"#;
        assert_eq!(live(CHECK, template, LIVE), "pass");
    }
}
