//! What is known of a resource before it is there.
//!
//! Outputs of a nested deployment are evaluated. Beyond the language ([`Knowledge::Platform`]):
//!
//! * its id, name, type and API version;
//! * the login server of a registry, which follows from its name: lower case, then the cloud's suffix. With a domain name
//!   label a hash stands between (https://learn.microsoft.com/azure/container-registry/container-registry-get-started-portal),
//!   so only the rest is known;
//! * text, numbers and booleans that the template itself sets: Resource Manager gives them back as they were sent. Not
//!   arrays and objects, to which it adds members; not what looks like a secret, which it never gives back.
//!
//! Who an identity is, is known by its resource: [`Symbol::Principal`] and [`Symbol::Client`].

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Data, Piece, Symbol, Unknown, Value};

use super::error::{Error, Kind};
use super::expansion::{Condition, Knowledge};
use super::frame::Frame;
use super::instance::Instance;
use super::scope::Place;
use super::text::Builder;
use super::view::View;
use super::{ids, spell, text};

/// The resource that a property belongs to.
struct Subject {
    key: String,
    id: Value,
    kind: String,
    name: Value,
    instance: Option<Rc<Instance>>,
}

const REGISTRIES: &str = "microsoft.containerregistry/registries";
const IDENTITIES: &str = "microsoft.managedidentity/userassignedidentities";
/// Words in the names of properties that Resource Manager does not give back.
const SECRETS: [&str; 5] = ["password", "secret", "key", "token", "connectionstring"];
const ASSIGNED: &str = "identity.userassignedidentities.";

impl View<'_> {
    /// A member of the state of a resource; `None` when the value is no such state.
    pub fn predict(&self, of: &Unknown, name: &str, at: Span) -> Option<Value> {
        let Some(Symbol::Property(key, path)) = &of.symbol else { return None };
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let subject = self.subject(key)?;
        if let Some(known) = self.property(&subject, &path, at) {
            return Some(known);
        }
        let unknown = Unknown {
            symbol: Some(subject.symbol(path)),
            ..Unknown::new(spell::member(&of.expression, name), of.why.as_str())
        };
        Some(Value::unknown(unknown, at))
    }

    fn subject(&self, key: &str) -> Option<Subject> {
        if let Some(instance) = self.session.resource(key) {
            let (id, kind, name) = (instance.id.clone(), instance.kind.clone(), instance.name.clone());
            return Some(Subject { key: key.to_owned(), id, kind, name, instance: Some(instance) });
        }
        let id = self.session.referred(key)?;
        let parts = ids::parts(&id);
        let (kind, name) = parts.map_or_else(|| (String::new(), id.clone()), |parts| (parts.kind, parts.name));
        Some(Subject { key: key.to_owned(), id, kind, name, instance: None })
    }

    fn property(&self, subject: &Subject, path: &str, at: Span) -> Option<Value> {
        let lower = path.to_lowercase();
        if lower == "properties.outputs" {
            return self.outputs_of(subject.instance.as_ref()?, at);
        }
        let is_foreign = subject.instance.as_ref().is_some_and(|instance| instance.extension.is_some());
        if self.session.knowledge == Knowledge::Language || subject.kind.is_empty() || is_foreign {
            return None;
        }
        match lower.as_str() {
            "id" => Some(subject.id.clone()),
            "name" => Some(ids::last(&subject.name)),
            "type" => Some(Value::string(subject.kind.as_str(), at)),
            "apiversion" => Some(Value::string(subject.instance.as_ref()?.api_version.as_deref()?, at)),
            "properties.loginserver" if subject.is(REGISTRIES) => Some(self.login_server(subject, at)),
            _ => self.echoed(subject.instance.as_ref()?, &lower),
        }
    }

    fn outputs_of(&self, instance: &Rc<Instance>, at: Span) -> Option<Value> {
        if instance.condition == Condition::Never {
            return None;
        }
        let frame = instance.nested(self.session)?;
        let Ok(_descent) = self.session.descend(at) else { return None };
        match frame.outputs(self.session) {
            Ok(outputs) => Some(Frame::outputs_object(&outputs, at)),
            Err(_) => {
                let message = format!("the outputs of the deployment `{}` depend on themselves", instance.title());
                self.session.report(Error::new(Kind::Cycle, message, at));
                None
            }
        }
    }

    fn login_server(&self, registry: &Subject, at: Span) -> Value {
        let mut server = Builder::new();
        let pieces = match &registry.name.data {
            Data::String(text) => vec![Piece::Known(text.to_string())],
            Data::Unknown(unknown) => text::pieces(unknown),
            _ => Vec::new(),
        };
        let why = registry.name.as_unknown().map_or("", |unknown| &unknown.why);
        for piece in pieces {
            match piece {
                Piece::Known(text) => server.push(&text.to_lowercase()),
                Piece::Unknown(expression) => server.push_unknown(expression, why),
            }
        }
        let label = registry.instance.as_ref().and_then(|instance| self.label(instance));
        match label {
            None => (),
            Some(Ok(())) => {
                server.push("-");
                server.push_unknown(
                    format!("label of {}", registry.key),
                    "the registry's domain name label adds a hash to its name",
                );
            }
            Some(Err(why)) => server.push_unknown(format!("label of {}", registry.key), &why),
        }
        server.push(self.session.context.cloud.registry_suffix());
        server.finish(at)
    }

    /// Whether a registry asks for a domain name label: `None` when it does not; why, when that is not known.
    fn label(&self, registry: &Rc<Instance>) -> Option<Result<(), String>> {
        let scope = registry.body.get("properties")?.get("autoGeneratedDomainNameLabelScope")?;
        let scope = registry.view(self.session, Place::Properties).evaluate(scope);
        match (scope.as_str(), scope.as_unknown()) {
            (Some(scope), _) => (!scope.is_empty() && !scope.eq_ignore_ascii_case("Unsecure")).then_some(Ok(())),
            (_, Some(unknown)) => Some(Err(unknown.why.clone())),
            _ => None,
        }
    }

    /// What the template sets at this path. A template that only refers to another one's resource may be deployed first.
    fn echoed(&self, instance: &Rc<Instance>, path: &str) -> Option<Value> {
        let is_own = [self.home.id, self.words.id].contains(&instance.frame);
        let last = path.rsplit('.').next().unwrap_or_default();
        if !is_own || !instance.is_deployed() || SECRETS.iter().any(|word| last.contains(word)) {
            return None;
        }
        let mut value = &instance.body;
        for step in path.split('.') {
            value = value.get(step)?;
        }
        if matches!(value.data, Data::Array(_) | Data::Object(_)) {
            return None;
        }
        let _descent = self.session.descend(value.at).ok()?;
        let value = instance.view(self.session, Place::Properties).evaluate(value);
        matches!(value.data, Data::String(_) | Data::Int(_) | Data::Bool(_)).then_some(value)
    }
}

impl Subject {
    fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    fn symbol(&self, path: String) -> Symbol {
        let lower = path.to_lowercase();
        if let Some(rest) = lower.strip_prefix(ASSIGNED) {
            match rest.rsplit_once('.') {
                Some((id, "principalid")) => return Symbol::Principal(id.to_owned()),
                Some((id, "clientid")) => return Symbol::Client(id.to_owned()),
                _ => (),
            }
        }
        match lower.as_str() {
            "identity.principalid" => Symbol::Principal(self.key.clone()),
            "properties.principalid" if self.is(IDENTITIES) => Symbol::Principal(self.key.clone()),
            "properties.clientid" if self.is(IDENTITIES) => Symbol::Client(self.key.clone()),
            _ => Symbol::Property(self.key.clone(), path),
        }
    }
}
