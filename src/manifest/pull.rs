//! What one pull is made of: its reference, the registry entry that is for it, the credential of that entry.

use crate::evidence::{Failure, Stop};
use crate::image::{Cloud, DOCKER_HUB_ALIASES, ImageRef, is_acr, placeholder};
use crate::source::Span;
use crate::value::{Symbol, Unknown, Value};

use super::ids::{Partial, is_named, same_id};
use super::{AssignedIdentity, Host, Origin, PlannedResource, Pull, RegistryEntry, Workload};

/// The registry entry for an image.
#[derive(Clone, Copy, Debug)]
pub enum Entry<'m> {
    /// This one is for the image's host.
    Found(&'m RegistryEntry),
    /// Entries are not known before the deployment, or their servers are not: this one may be it, if one is named.
    Maybe(Option<&'m RegistryEntry>),
    None,
}

/// What a pull logs in with.
#[derive(Clone, Debug)]
pub enum Credential<'m> {
    Identity(Puller<'m>),
    Password {
        username: Option<&'m Value>,
        secret: Option<&'m Value>,
        entry: &'m RegistryEntry,
    },
    /// A pull secret of Kubernetes, by its name.
    PullSecret(Option<&'m Value>),
    /// The identity of the node, which no manifest tells.
    Kubelet,
    /// No credential: only what is public can be pulled.
    Anonymous,
}

/// The identity that pulls.
#[derive(Clone, Debug)]
pub enum Puller<'m> {
    /// The workload's own.
    System,
    /// That of the environment (`system-environment`).
    Environment,
    /// A user-assigned identity, by its resource id.
    User(&'m Value),
    /// A user-assigned identity, by its application id, as web sites name it.
    Client(&'m Value),
}

impl<'m> Pull<'m> {
    /// The image as it is written, evaluated.
    pub fn image_value(&self) -> Option<&'m Value> {
        self.container.image.as_ref()
    }

    /// The reference.
    ///
    /// # Errors
    /// *Not applicable* when there is no reference or it is no reference, which the checks of the reference report;
    /// *unverified* when it is not known before the deployment.
    pub fn image(&self) -> Result<ImageRef, Stop> {
        let Some(value) = self.image_value() else { return Err(Stop::NotApplicable("no image is set")) };
        // A reference goes into questions, and these into reports and evidence: a secret must not get that far.
        if value.is_secure() {
            return Err(Stop::NotApplicable("the image is a secure value, which is neither shown nor asked for"));
        }
        if let Some(unknown) = value.as_unknown() {
            return Err(not_known(unknown));
        }
        let Some(text) = value.as_str() else { return Err(Stop::NotApplicable("the image is no text")) };
        if text.is_empty() {
            return Err(Stop::NotApplicable("the image is empty"));
        }
        ImageRef::parse(text).map_err(|_| match placeholder(text) {
            Some(token) if token.certain => Stop::NotApplicable("the image still holds a placeholder"),
            _ => Stop::NotApplicable("the reference is malformed"),
        })
    }

    /// The host of the image, as far as it is known.
    ///
    /// # Errors
    /// As [`Pull::image`], except that the rest of the reference need not be known.
    pub fn host(&self) -> Result<Partial, Stop> {
        let stop = match self.image() {
            Ok(image) => return Ok(Partial::known(image.registry.as_str())),
            Err(stop) => stop,
        };
        let host = self
            .image_value()
            .filter(|value| value.as_unknown().is_some())
            .and_then(Partial::of)
            .and_then(|image| image.head());
        host.ok_or(stop)
    }

    /// The registry entry whose server is the image's host.
    ///
    /// # Errors
    /// As [`Pull::host`].
    pub fn entry(&self) -> Result<Entry<'m>, Stop> {
        let host = self.host()?;
        let registries = &self.workload.registries;
        let mut maybe = None;
        for entry in &registries.entries {
            let Some(server) = entry.server.as_ref() else { continue };
            match server_host(server).and_then(|server| server.same(&host)) {
                Some(true) if entry.perhaps => maybe = maybe.or(Some(entry)),
                Some(true) => return Ok(Entry::Found(entry)),
                Some(false) => {}
                None if server.as_str().is_some() && host.is_known() => {}
                None => maybe = maybe.or(Some(entry)),
            }
        }
        Ok(match maybe {
            None if registries.unknown.is_none() => Entry::None,
            maybe => Entry::Maybe(maybe),
        })
    }

    /// What the pull logs in with.
    ///
    /// # Errors
    /// As [`Pull::host`]; *unverified* when the entries are not known; *not applicable* when the entry holds no credential, which
    /// a check reports.
    pub fn credential(&self) -> Result<Credential<'m>, Stop> {
        if self.workload.host == Host::Compose {
            return Err(Stop::NotApplicable("a compose file names no credential: the command line does"));
        }
        match self.entry()? {
            Entry::Found(entry) => self.credential_of(entry),
            Entry::Maybe(_) => Err(self.registries_unknown()),
            Entry::None if self.workload.host == Host::Kubernetes && may_be_acr(&self.host()?) != Some(false) => {
                Ok(Credential::Kubelet)
            }
            Entry::None if self.workload.leaves_out_registries() => Err(self.registries_unknown()),
            Entry::None => Ok(Credential::Anonymous),
        }
    }

    /// Whether the identity is among those of the workload; `None` when that is not known before the deployment.
    pub fn is_attached(&self, puller: &Puller) -> Option<bool> {
        self.workload.is_attached(puller)
    }

    /// Where a person finds a value: where it is written, or the nearest place that it passed through.
    pub fn place(&self, value: &Value) -> Span {
        let hops = value.via.spans();
        let written = std::iter::once(value.at).chain(hops).find(|at| at.is_written());
        written.unwrap_or(self.container.at)
    }

    fn credential_of(&self, entry: &'m RegistryEntry) -> Result<Credential<'m>, Stop> {
        if self.workload.host == Host::Kubernetes {
            return Ok(Credential::PullSecret(entry.password_secret.as_ref()));
        }
        if let Some(identity) = &entry.identity {
            return Ok(Credential::Identity(self.workload.puller(identity)));
        }
        if entry.username.is_none() && entry.password_secret.is_none() && entry.password.is_none() {
            return Err(Stop::NotApplicable("the registry entry names neither an identity nor a user"));
        }
        Ok(Credential::Password { username: entry.username.as_ref(), secret: entry.password_secret.as_ref(), entry })
    }

    fn registries_unknown(&self) -> Stop {
        let given = self.workload.registries.unknown.clone();
        Stop::Unverified(match given {
            Some(why) if self.workload.host == Host::Kubernetes => Failure::NotInFiles {
                what: "imagePullSecrets".to_owned(),
                why,
                remedy: "give the secret's manifest beside this one".to_owned(),
            },
            None if self.workload.leaves_out_registries() => {
                Failure::left_out("registries", "the file leaves it out, and it stays as it is in Azure")
            }
            why => Failure::Unknown {
                expression: "registries".to_owned(),
                why: why.unwrap_or_else(|| "the server of a registry entry is not known".to_owned()),
            },
        })
    }
}

impl<'m> Puller<'m> {
    /// The value that names it; a system identity has none.
    pub fn value(&self) -> Option<&'m Value> {
        match self {
            Puller::User(value) | Puller::Client(value) => Some(value),
            Puller::System | Puller::Environment => None,
        }
    }
}

impl Workload {
    /// The name for people, `…` standing for what is not known of it.
    pub fn display_name(&self) -> String {
        self.name.partial().filter(|name| !name.is_empty() && name != "…").unwrap_or_else(|| "(unnamed)".to_owned())
    }

    /// Whether it is deployed after this resource, as far as the template says.
    pub fn waits_for(&self, resource: &PlannedResource) -> bool {
        resource.id.canonical().is_some_and(|key| self.depends_on.contains(&key))
    }

    /// Whether the file says nothing of registries and is laid over an app that may have some.
    pub fn leaves_out_registries(&self) -> bool {
        self.origin == Origin::Partial && self.registries.entries.is_empty()
    }

    /// The identity that the text of a registry entry means.
    pub fn puller<'m>(&self, identity: &'m Value) -> Puller<'m> {
        let text = identity.as_str().unwrap_or_default();
        match text {
            text if text.eq_ignore_ascii_case("system") => Puller::System,
            text if text.eq_ignore_ascii_case("system-environment") => Puller::Environment,
            // App Service wants the application id; a resource id there is a mistake that a check reports.
            text if self.host == Host::WebSite && !text.contains('/') => Puller::Client(identity),
            _ => Puller::User(identity),
        }
    }

    /// Whether this identity is among those of the workload.
    pub fn is_attached(&self, puller: &Puller) -> Option<bool> {
        let open = self.identity.unknown.is_some() || (self.origin == Origin::Partial && self.identity.at.is_none());
        let undecided = if open { None } else { Some(false) };
        match puller {
            Puller::System if self.identity.system => Some(true),
            Puller::System => undecided,
            Puller::Environment => None,
            Puller::User(id) => self.any_assigned(undecided, |one| one.certain(same_id(&one.id, id))),
            Puller::Client(client) => self.any_assigned(undecided, |one| one.certain(one.has_client(client))),
        }
    }

    /// The attached identity that a puller names.
    pub fn assigned(&self, puller: &Puller) -> Option<&AssignedIdentity> {
        let is_it = |one: &&AssignedIdentity| match puller {
            Puller::User(id) => same_id(&one.id, id) == Some(true),
            Puller::Client(client) => one.has_client(client) == Some(true),
            Puller::System | Puller::Environment => false,
        };
        self.identity.user_assigned.iter().find(is_it)
    }

    fn any_assigned(&self, none: Option<bool>, is_it: impl Fn(&AssignedIdentity) -> Option<bool>) -> Option<bool> {
        let verdicts: Vec<Option<bool>> = self.identity.user_assigned.iter().map(is_it).collect();
        match (verdicts.contains(&Some(true)), verdicts.contains(&None)) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => none,
        }
    }
}

impl AssignedIdentity {
    /// What it means for this identity that it is the one: nothing for certain while its condition is not decided.
    fn certain(&self, is_it: Option<bool>) -> Option<bool> {
        if self.perhaps && is_it == Some(true) { None } else { is_it }
    }

    /// Whether its application id is this one.
    fn has_client(&self, client: &Value) -> Option<bool> {
        if let (Some(own), Some(wanted)) = (&self.client_id, client.as_str()) {
            return Some(own.eq_ignore_ascii_case(wanted));
        }
        let Some(Symbol::Client(of)) = client.as_unknown().and_then(|unknown| unknown.symbol.as_ref()) else {
            return None;
        };
        is_named(of, &self.id)
    }
}

/// The host that a registry entry is for. A scheme, a path and a slash at the end are taken off to tell which host is meant; that
/// they are wrong is for a check to say.
pub fn server_host(server: &Value) -> Option<Partial> {
    let partial = Partial::of(server)?;
    let bare = ["https://", "http://"].into_iter().find_map(|scheme| partial.without_prefix(scheme)).unwrap_or(partial);
    let bare = bare.head().unwrap_or(bare);
    match DOCKER_HUB_ALIASES.contains(&bare.as_str()) {
        true => Some(Partial::known("docker.io")),
        false => Some(bare),
    }
}

/// Whether a host is an Azure registry's: its end is often known where its beginning is not.
pub(super) fn may_be_acr(host: &Partial) -> Option<bool> {
    if let Ok(known) = crate::image::Host::parse(host.as_str()) {
        return Some(is_acr(&known));
    }
    let end = host.as_str().rsplit('…').next().unwrap_or_default();
    let suffix = |cloud: Cloud| format!(".{}", cloud.acr_suffix());
    let suffixes = [Cloud::Public, Cloud::UsGov, Cloud::China].map(suffix);
    if suffixes.iter().any(|suffix| end.ends_with(suffix.as_str())) {
        return Some(true);
    }
    let open = suffixes.iter().any(|suffix| suffix.ends_with(end));
    if open { None } else { Some(false) }
}

fn not_known(unknown: &Unknown) -> Stop {
    Stop::Unverified(Failure::Unknown { expression: unknown.expression.clone(), why: unknown.why.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::fixture::manifest;

    const START: &str = "name: a\nproperties:\n  environmentId: e\n";

    #[track_caller]
    fn credential(image: &str, registries: &str, expected: &str) {
        let text = format!(
            "{START}  configuration: {{registries: {registries}}}\n  template: {{containers: [{{name: c, image: '{image}'}}]}}"
        );
        check(&text, expected);
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let (manifest, _) = manifest(&[("file", text)]);
        let workload = &manifest.workloads[0];
        let pull = Pull { manifest: &manifest, workload, container: &workload.containers[0] };
        let told = match pull.credential() {
            Ok(Credential::Identity(Puller::User(_))) => "user".to_owned(),
            Ok(Credential::Identity(puller)) => format!("{puller:?}").to_lowercase(),
            Ok(Credential::Password { secret, .. }) => {
                format!("password {}", secret.and_then(Value::as_str).unwrap_or_default())
            }
            Ok(Credential::PullSecret(name)) => {
                format!("pull secret {}", name.and_then(Value::as_str).unwrap_or_default())
            }
            Ok(Credential::Kubelet) => "kubelet".to_owned(),
            Ok(Credential::Anonymous) => "anonymous".to_owned(),
            Err(Stop::NotApplicable(why)) => format!("not applicable: {why}"),
            Err(other) => format!("{other:?}").chars().take(10).collect(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn the_entry_of_the_images_host_decides() {
        credential(
            "acme.azurecr.io/a:1",
            "[{server: ghcr.io, identity: system}, {server: ACME.azurecr.io, identity: System}]",
            "system",
        );
        credential("acme.azurecr.io/a:1", "[{server: acme.azurecr.io, identity: system-environment}]", "environment");
        credential("acme.azurecr.io/a:1", "[{server: acme.azurecr.io, identity: /subscriptions/s/id}]", "user");
        credential(
            "acme.azurecr.io/a:1",
            "[{server: acme.azurecr.io, username: u, passwordSecretRef: p}]",
            "password p",
        );
        credential("acme.azurecr.io/a:1", "[{server: other.azurecr.io, identity: system}]", "anonymous");
        credential("acme.azurecr.io/a:1", "[]", "anonymous");
    }

    #[test]
    fn a_server_is_found_in_whatever_form_it_is_written() {
        for server in ["https://acme.azurecr.io", "http://ACME.azurecr.io/", "acme.azurecr.io/app"] {
            credential("acme.azurecr.io/a:1", &format!("[{{server: '{server}', identity: system}}]"), "system");
        }
        for server in ["docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io"] {
            credential(
                "acme/a:1",
                &format!("[{{server: '{server}', username: u, passwordSecretRef: p}}]"),
                "password p",
            );
        }
    }

    #[test]
    fn what_another_check_reports_is_not_applicable_here() {
        credential("acme.azurecr.io/A:1", "[]", "not applicable: the reference is malformed");
        credential("${IMAGE}", "[]", "not applicable: the image still holds a placeholder");
        credential("", "[]", "not applicable: the image is empty");
        credential(
            "acme.azurecr.io/a",
            "[{server: acme.azurecr.io}]",
            "not applicable: the registry entry names neither an identity nor a user",
        );
    }

    #[test]
    fn registries_that_a_partial_file_leaves_out_are_not_known() {
        check("template: {containers: [{image: acme.azurecr.io/a:1}]}", "Unverified");
    }

    #[test]
    fn the_kubelet_pulls_from_azure_registries_without_a_secret() {
        let pod = |image: &str, rest: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: c, image: '{image}'}}]{rest}}}"
            )
        };
        check(&pod("acme.azurecr.io/a:1", ""), "kubelet");
        check(&pod("ghcr.io/a:1", ""), "anonymous");
        check(&pod("ghcr.io/a:1", ", imagePullSecrets: [{name: s}]"), "Unverified");
    }

    #[test]
    fn an_identity_is_attached_whatever_the_case_of_its_id() {
        let text = format!(
            "identity: {{type: UserAssigned, userAssignedIdentities: {{/subscriptions/s/resourcegroups/g/id-a: {{}}}}}}\n{START}  template: {{containers: []}}"
        );
        let (manifest, _) = manifest(&[("file", &text)]);
        let attached = |id: &str| {
            let value = Value::string(id.to_owned(), Span::NONE);
            manifest.workloads[0].is_attached(&manifest.workloads[0].puller(&value))
        };
        assert_eq!(attached("/Subscriptions/S/resourceGroups/g/id-a"), Some(true));
        assert_eq!(attached("/subscriptions/s/resourceGroups/g/id-b"), Some(false));
        assert_eq!(attached("system"), Some(false));
        assert_eq!(attached("system-environment"), None);
    }
}
