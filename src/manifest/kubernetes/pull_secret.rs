//! What image pull secrets hold: registries and user names to look at, passwords only to have.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::manifest::list::elements;
use crate::manifest::spelling::written;
use crate::manifest::{Registries, RegistryEntry, set};
use crate::source::Span;
use crate::value::{Data, Value};

use super::{Object, kind};

/// The secrets and service accounts among the objects.
pub(super) struct Secrets<'d> {
    secrets: Vec<Named<'d>>,
    accounts: Vec<Named<'d>>,
}

struct Named<'d> {
    namespace: Option<&'d str>,
    name: &'d str,
    value: &'d Value,
}

impl<'d> Secrets<'d> {
    pub(super) fn of(objects: &[Object<'d>]) -> Secrets<'d> {
        let named =
            |wanted: &str| objects.iter().filter(|object| kind(object.value) == wanted).filter_map(Named::of).collect();
        Secrets { secrets: named("Secret"), accounts: named("ServiceAccount") }
    }

    /// The entries that a pod of this spec pulls with. A pod that names no secrets gets those of its service account
    /// (<https://kubernetes.io/docs/concepts/security/service-accounts/>).
    pub(super) fn registries(&self, spec: &Value, namespace: Option<&str>) -> Registries {
        let own = written(spec, "imagePullSecrets").filter(|member| !elements(Some(&member.value)).items.is_empty());
        let account = set(spec, "serviceAccountName").and_then(Value::as_str).unwrap_or("default");
        let account = || written(find(&self.accounts, namespace, account)?.value, "imagePullSecrets");
        let mut registries = Registries::default();
        let Some(list) = own.or_else(account) else { return registries };
        registries.at = Some(list.key_at);
        let found = elements(Some(&list.value));
        registries.unknown = found.unknown;
        for reference in found.items {
            let Some(name) = set(reference, "name") else { continue };
            match self.decoded(name, namespace) {
                Ok(entries) => registries.entries.extend(entries),
                Err(why) => registries.unknown = Some(why),
            }
        }
        registries
    }

    fn decoded(&self, name: &Value, namespace: Option<&str>) -> Result<Vec<RegistryEntry>, String> {
        let Some(text) = name.as_str() else { return Err("the name of the pull secret is not known".to_owned()) };
        let Some(secret) = find(&self.secrets, namespace, text) else {
            return Err(format!("the secret `{text}` is not among the files: only the cluster has it"));
        };
        let (config, at) =
            config(secret.value).ok_or_else(|| format!("the secret `{text}` holds no Docker configuration"))?;
        // The older form is the content of `auths` alone (https://kubernetes.io/docs/concepts/configuration/secret/).
        let auths = config
            .get("auths")
            .unwrap_or(&config)
            .as_object()
            .ok_or_else(|| format!("the secret `{text}` names no registries"))?;
        Ok(auths.iter().map(|(host, auth)| entry(host, auth, name, at)).collect())
    }
}

impl<'d> Named<'d> {
    fn of(object: &Object<'d>) -> Option<Named<'d>> {
        let metadata = object.value.get("metadata")?;
        let text = |key| set(metadata, key).and_then(Value::as_str);
        Some(Named { namespace: text("namespace"), name: text("name")?, value: object.value })
    }
}

/// The object of this name in this namespace; one whose namespace is not written goes wherever the others go.
fn find<'a, 'd>(named: &'a [Named<'d>], namespace: Option<&str>, name: &str) -> Option<&'a Named<'d>> {
    let fits = |one: &&Named| {
        one.name == name && (one.namespace == namespace || one.namespace.is_none() || namespace.is_none())
    };
    named.iter().find(fits)
}

/// The Docker configuration in a secret, as text or in base64.
fn config(secret: &Value) -> Option<(serde_json::Value, Span)> {
    for key in [".dockerconfigjson", ".dockercfg"] {
        if let Some(text) = secret.get("stringData").and_then(|data| set(data, key)) {
            return Some((serde_json::from_str(text.as_str()?).ok()?, text.at));
        }
        if let Some(text) = secret.get("data").and_then(|data| set(data, key)) {
            let letters: String = text.as_str()?.chars().filter(|letter| !letter.is_whitespace()).collect();
            return Some((serde_json::from_slice(&STANDARD.decode(letters).ok()?).ok()?, text.at));
        }
    }
    None
}

fn entry(host: &str, auth: &serde_json::Value, secret: &Value, at: Span) -> RegistryEntry {
    let text = |key: &str| auth.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    let pair = text("auth").and_then(|auth| String::from_utf8(STANDARD.decode(auth).ok()?).ok());
    let pair = pair.as_deref().and_then(|pair| pair.split_once(':'));
    let username = text("username").or_else(|| pair.map(|(user, _)| user.to_owned()));
    let password = text("password").or_else(|| pair.map(|(_, password)| password.to_owned()));
    let value = |text: String| Value::string(text, at);
    let secure = |text: String| Value::new(Data::Secure(std::rc::Rc::new(value(text))), at);
    RegistryEntry {
        server: Some(value(host.to_owned())),
        identity: None,
        username: username.map(value),
        password_secret: Some(secret.clone()),
        password: password.map(secure),
        perhaps: false,
        at: secret.at,
    }
}
