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
        server.push(".");
        server.push(self.session.context.cloud.acr_suffix());
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

#[cfg(test)]
mod tests {
    use super::super::context::Context;
    use super::super::expansion::{expand, expand_knowing};
    use super::super::given::Given;
    use super::super::trial::{run, shown, stated, value};
    use super::*;

    const RESOURCES: &str = r#"[
        {"type": "Microsoft.ContainerRegistry/registries", "apiVersion": "2023-07-01", "name": "AcmeReg", "location": "west",
         "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": true, "policies": {"x": 1}}},
        {"type": "Microsoft.ContainerRegistry/registries", "apiVersion": "2025-04-01", "name": "labelled",
         "properties": {"autoGeneratedDomainNameLabelScope": "TenantReuse"}},
        {"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "apiVersion": "1", "name": "id1"},
        {"type": "Microsoft.App/containerApps", "apiVersion": "1", "name": "api", "identity": {"type": "SystemAssigned"},
         "properties": {"configuration": {"ingress": {"external": true}, "secrets": [{"value": "x"}]}}}]"#;

    fn output(expression: &str, context: &Context, knowledge: Knowledge) -> Value {
        let template = format!(r#"{{"resources": {RESOURCES}, "outputs": {{"o": {{"value": "[{expression}]"}}}}}}"#);
        let expansion = expand_knowing(&value(&template), &Given::default(), context, knowledge);
        assert!(expansion.problems.is_empty(), "{:?}", expansion.problems);
        expansion.outputs[0].1.clone()
    }

    #[track_caller]
    fn predicts(expression: &str, expected: &str) {
        assert_eq!(shown(&output(expression, &stated(), Knowledge::Platform)), expected);
    }

    #[track_caller]
    fn symbol(expression: &str, expected: Symbol) {
        let value = output(expression, &stated(), Knowledge::Platform);
        assert_eq!(value.as_unknown().and_then(|unknown| unknown.symbol.clone()), Some(expected));
    }

    #[test]
    fn a_login_server_follows_from_the_name() {
        predicts("reference('AcmeReg').loginServer", "acmereg.azurecr.io");
        predicts(
            "reference(resourceId('Microsoft.ContainerRegistry/registries', 'Other'), '2023-07-01').loginServer",
            "other.azurecr.io",
        );
        predicts("reference('labelled').loginServer", "?labelled-….azurecr.io");
        predicts("reference('labelled', '2025-04-01', 'full').properties.loginServer", "?labelled-….azurecr.io");
    }

    #[test]
    fn a_login_server_of_a_partly_known_name_is_partly_known() {
        let context = Context { subscription_id: None, ..stated() };
        let expression = "reference(resourceId('Microsoft.ContainerRegistry/registries', format('Cr{0}', uniqueString(subscription().id))), '1').loginServer";
        assert_eq!(shown(&output(expression, &context, Knowledge::Platform)), "?cr….azurecr.io");
    }

    #[test]
    fn the_language_alone_predicts_nothing() {
        let value = output("reference('AcmeReg').loginServer", &stated(), Knowledge::Language);
        assert_eq!(shown(&value), "?reference('AcmeReg').loginServer");
    }

    #[test]
    fn what_the_template_sets_is_given_back() {
        predicts("reference('AcmeReg').adminUserEnabled", "true");
        predicts("reference('AcmeReg', '2023-07-01', 'Full').sku.name", "Basic");
        predicts("reference('AcmeReg', '2023-07-01', 'Full').location", "west");
        predicts("reference('api').configuration.ingress.external", "true");
        predicts("reference('api').configuration.ingress.fqdn", "?reference('api').configuration.ingress.fqdn");
        predicts("reference('AcmeReg').policies", "?reference('AcmeReg').policies");
        predicts("reference('api').configuration.secrets", "?reference('api').configuration.secrets");
    }

    #[test]
    fn names_and_ids_are_known() {
        predicts("reference('AcmeReg', '1', 'Full').name", "AcmeReg");
        predicts("reference('AcmeReg', '1', 'Full').type", "Microsoft.ContainerRegistry/registries");
    }

    #[test]
    fn principals_are_known_by_their_resource() {
        let key = |kind: &str, name: &str| format!("/subscriptions/s/resourcegroups/g/providers/{kind}/{name}");
        let identity = key("microsoft.managedidentity/userassignedidentities", "id1");
        symbol("reference('id1').principalId", Symbol::Principal(identity.clone()));
        symbol("reference('id1', '1', 'full').properties.principalId", Symbol::Principal(identity.clone()));
        symbol("reference('id1').clientId", Symbol::Client(identity.clone()));
        let app = key("microsoft.app/containerapps", "api");
        symbol("reference('api', '1', 'full').identity.principalId", Symbol::Principal(app.clone()));
        let assigned = "reference('api', '1', 'full').identity.userAssignedIdentities[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', 'id1')].principalId";
        symbol(assigned, Symbol::Principal(identity));
        symbol(
            "reference('api').latestRevisionFqdn",
            Symbol::Property(app, "properties.latestRevisionFqdn".to_owned()),
        );
    }

    #[test]
    fn a_state_that_another_template_may_read_too_early_is_not_predicted() {
        let inner = r#"{"resources": [], "outputs": {"o": {"value":
            "[reference(resourceId('A.B/c', 'x'), '1').image]"}}}"#;
        let template = format!(
            r#"{{"resources": [{{"type": "A.B/c", "apiVersion": "1", "name": "x", "properties": {{"image": "[reference('n').outputs.o.value]"}}}},
                {{"type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "n",
                  "properties": {{"expressionEvaluationOptions": {{"scope": "inner"}}, "template": {inner}}}}}]}}"#
        );
        let expansion = expand(&value(&template), &Given::default(), &stated());
        assert!(expansion.problems.is_empty(), "{:?}", expansion.problems);
    }

    #[test]
    fn an_undeployed_module_has_no_outputs() {
        let template = r#"{"resources": [{"type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "n", "condition": false,
              "properties": {"template": {"resources": [], "outputs": {"o": {"value": 1}}}}}],
              "outputs": {"a": {"value": "[reference('n').outputs.o.value]"}, "b": {"value": "[if(false(), reference('n').outputs.o.value, 2)]"}}}"#;
        let outputs = run(template, "{}").outputs;
        assert_eq!(shown(&outputs[0].1), "?reference('n').outputs.o.value");
        assert!(outputs[0].1.as_unknown().unwrap().why.contains("condition is false"));
        assert_eq!(shown(&outputs[1].1), "2");
    }
}
