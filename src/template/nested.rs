//! Nested deployments: the template inside, what it is given, and where it is deployed to.
//!
//! https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates

use std::collections::HashMap;
use std::rc::Rc;

use crate::source::Span;
use crate::value::{Unknown, Value};

use super::context::Level;
use super::copies::Loops;
use super::error::{Error, Kind};
use super::expansion::Knowledge;
use super::frame::{Frame, Start};
use super::given::{Later, Supplied};
use super::ids;
use super::instance::Instance;
use super::scope::{Place, Target};
use super::session::Session;
use super::view::View;

/// Deployments inside deployments.
const MAX_NESTED: usize = 64;

impl Instance {
    /// The template inside a nested deployment; `None` when it is linked, or is no deployment.
    pub fn nested(self: &Rc<Instance>, session: &Session) -> Option<Rc<Frame>> {
        if !self.is_deployment() {
            return None;
        }
        let child = self.child.get(|| self.start_nested(session).map(|frame| frame.id));
        child.ok().flatten().map(|id| session.frame(id))
    }

    /// Whether it is a deployment whose template stands elsewhere.
    pub fn is_linked(&self) -> bool {
        let properties = self.body.get("properties");
        self.is_deployment() && properties.is_none_or(|properties| properties.get("template").is_none())
    }

    fn start_nested(self: &Rc<Instance>, session: &Session) -> Option<Rc<Frame>> {
        let home = session.frame(self.frame);
        let view = self.view(session, Place::Properties);
        let properties = self.body.get("properties")?;
        let template = properties.get("template")?;
        // What `json('…')` gives is not evaluated again; it is a template of its own, whatever the scope says.
        let is_computed = template.as_object().is_none();
        let template = if is_computed { view.evaluate(template) } else { template.clone() };
        template.as_object()?;
        if home.path.len() >= MAX_NESTED {
            let message = format!("deployments are nested more than {MAX_NESTED} deep");
            session.report(Error::new(Kind::Limit, message, Span { end: self.at.start, ..self.at }));
            return None;
        }
        let scope = properties.path(&["expressionEvaluationOptions", "scope"]);
        let scope = scope.and_then(|scope| view.text(scope, "`expressionEvaluationOptions.scope`"));
        let is_inner =
            scope.and_then(|scope| Some(scope.as_str()?.eq_ignore_ascii_case("inner"))).unwrap_or(false) || is_computed;
        let names = home.path.iter().cloned().chain([self.name.partial().unwrap_or_default()]);
        Some(Frame::start(
            session,
            Start {
                language: (!is_inner).then_some(home.id),
                target: self.target(session, &home, &view, &template),
                name: self.name.clone(),
                path: names.collect(),
                condition: self.condition.clone(),
                loops: if is_inner { Loops::default() } else { self.loops.clone() },
                repeats: home.repeats || !self.loops.is_empty(),
                given: if is_inner { self.given(&view, properties, &template) } else { HashMap::new() },
                template,
            },
        ))
    }

    /// What the deployment passes to its template.
    fn given(
        self: &Rc<Instance>,
        view: &View,
        properties: &Value,
        template: &Value,
    ) -> HashMap<String, (Span, Supplied)> {
        let Some(written) = properties.get("parameters") else { return HashMap::new() };
        let later = |value: &Value| {
            let (home, loops, user) = (self.frame, self.loops.clone(), Rc::clone(self));
            Box::new(Later { value: value.clone(), home, loops, user })
        };
        if let Some(entries) = written.as_object() {
            let entry = |entry: &Value| match entry.as_object().and_then(|entry| entry.get("value")) {
                Some(value) if entry.get("reference").is_none() => Supplied::Passed(later(&value.value)),
                _ => Supplied::Entry(later(entry)),
            };
            let entries = entries.members.iter();
            return entries.map(|member| (member.key.to_lowercase(), (member.key_at, entry(&member.value)))).collect();
        }
        let computed = view.evaluate(written);
        if let Some(entries) = computed.as_object() {
            let entries = entries.members.iter();
            return entries
                .map(|member| (member.key.to_lowercase(), (member.key_at, Supplied::Computed(member.value.clone()))))
                .collect();
        }
        let Some(unknown) = computed.as_unknown() else { return HashMap::new() };
        let declared = template.get("parameters").and_then(Value::as_object);
        let names = declared.map(|declared| declared.members.iter()).into_iter().flatten();
        let each = |name: &str| {
            let expression = format!("{}.{name}.value", unknown.expression);
            Supplied::Unknown(Value::unknown(Unknown::new(expression, unknown.why.as_str()), computed.at))
        };
        names.map(|member| (member.key.to_lowercase(), (member.key_at, each(&member.key)))).collect()
    }

    /// What the nested template is deployed to.
    fn target(&self, session: &Session, home: &Rc<Frame>, view: &View, template: &Value) -> Target {
        let view = view.at_place(Place::Resource);
        let text = |key: &str| view.text(self.body.get(key)?, &format!("`{key}`"));
        let mut target = (*home.target).clone();
        if let Some(scope) = text("scope") {
            aim(&mut target, &ids::scope(&ids::home(&home.target), &scope), template);
        } else {
            let (subscription, group) = (text("subscriptionId"), text("resourceGroup"));
            match (&subscription, group) {
                (_, Some(group)) => {
                    target.level = Level::ResourceGroup;
                    target.group = group;
                }
                (Some(_), None) => target.level = Level::Subscription,
                (None, None) => (),
            }
            target.subscription = subscription.unwrap_or(target.subscription);
        }
        let own = text("location");
        moved(session, home, &mut target, own);
        target
    }
}

/// Points the target at the resource id of a scope.
fn aim(target: &mut Target, scope: &Value, template: &Value) {
    let Some(id) = scope.partial() else { return };
    if id.is_empty() {
        target.level = Level::Tenant;
        return;
    }
    let segments = ids::segments_of(scope);
    let is = |index: usize, word: &str| {
        segments.get(index).and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case(word))
    };
    match segments.len() {
        3 if is(1, "subscriptions") => {
            target.level = Level::Subscription;
            target.subscription = segments[2].clone();
        }
        5 if is(1, "subscriptions") && is(3, "resourceGroups") => {
            target.level = Level::ResourceGroup;
            target.subscription = segments[2].clone();
            target.group = segments[4].clone();
        }
        5 if is(2, "Microsoft.Management") => {
            target.level = Level::ManagementGroup;
            target.management_group = segments[4].clone();
        }
        _ => {
            let schema = template.get("$schema").and_then(Value::as_str);
            target.level = schema.and_then(Level::of_schema).unwrap_or(target.level);
            let part = |what: &str| {
                let why = "the scope of the nested deployment is not known";
                Value::unknown(Unknown::new(format!("{what} of {id}"), why), scope.at)
            };
            (target.subscription, target.group) = (part("subscription"), part("resource group"));
        }
    }
}

/// What follows from being deployed elsewhere: another group's location and tags are not known, unless the same
/// deployment creates it.
fn moved(session: &Session, home: &Rc<Frame>, target: &mut Target, own: Option<Value>) {
    let same = |left: &Value, right: &Value| left.canonical() == right.canonical();
    let same_subscription = same(&target.subscription, &home.target.subscription);
    if !same_subscription {
        let why = "the name of another subscription is not known";
        target.subscription_name = Value::unknown(Unknown::new("subscription().displayName", why), Span::NONE);
    }
    if target.level != Level::ResourceGroup {
        if let Some(own) = own {
            target.location = own;
        } else if home.target.level == Level::ResourceGroup {
            let unknown = Unknown::new("deployment().location", "the nested deployment states no location");
            target.location = Value::unknown(unknown, Span::NONE);
        }
        return;
    }
    let is_home = home.target.level == Level::ResourceGroup;
    if is_home && same_subscription && same(&target.group, &home.target.group) {
        return;
    }
    let group = ids::group(&target.subscription, &target.group);
    let why =
        format!("the location of the resource group {} was not stated", target.group.partial().unwrap_or_default());
    let name = super::spell::value(&target.group);
    target.location = located(session, home, &group)
        .unwrap_or_else(|| Value::unknown(Unknown::new(format!("resourceGroup({name}).location"), why), Span::NONE));
    let tags = Unknown::new(format!("resourceGroup({name}).tags"), "the tags of another resource group are not known");
    target.group_tags = Value::unknown(tags, Span::NONE);
}

/// The location of a resource group that the same deployment creates.
fn located(session: &Session, home: &Rc<Frame>, group: &Value) -> Option<Value> {
    if session.knowledge == Knowledge::Language {
        return None;
    }
    home.name_all(session);
    let created = session.resource(&group.canonical()?).filter(|created| created.is_deployed())?;
    let location = created.body.get("location")?;
    Some(created.view(session, Place::Resource).evaluate(location))
}

impl Frame {
    /// The template at the top.
    pub fn top(
        session: &Session,
        template: &Value,
        target: Target,
        name: Value,
        given: HashMap<String, (Span, Supplied)>,
    ) -> Rc<Frame> {
        Frame::start(
            session,
            Start {
                language: None,
                template: template.clone(),
                target,
                name,
                path: Rc::from([]),
                condition: super::expansion::Condition::Always,
                loops: Loops::default(),
                repeats: false,
                given,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{gives, outputs, refuses, resources, run, shown};
    use super::*;

    /// A deployment `n` with inner scope, given these parameters, of a template with these other members.
    fn nested(members: &str, parameters: &str, template: &str) -> String {
        format!(
            r#"{{"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "n"{members},
                "properties": {{"mode": "Incremental", "expressionEvaluationOptions": {{"scope": "inner"}},
                                "parameters": {parameters}, "template": {template}}}}}"#
        )
    }

    const ECHO: &str = r#"{"parameters": {"p": {"type": "string", "nullable": true}},
        "resources": [], "outputs": {"p": {"type": "string", "value": "[parameters('p')]"}}}"#;

    #[track_caller]
    fn passes(parameters: &str, expected: &str) {
        gives(
            &format!(
                r#"{{"parameters": {{"q": {{"type": "bool", "defaultValue": true}}, "missing": {{"type": "bool"}}}},
                    "resources": [{}],
                    "outputs": {{"a": {{"value": "[reference('n').outputs.p.value]"}}}}}}"#,
                nested("", parameters, ECHO)
            ),
            expected,
        );
    }

    #[test]
    fn parameters_come_in_three_forms() {
        passes(r#"{"p": {"value": "[toLower('X')]"}}"#, "a=x");
        passes(r#"{"p": "[if(parameters('q'), createObject('value', 'v'), createObject('value', null()))]"}"#, "a=v");
        passes(r#""[createObject('p', createObject('value', 'w'))]""#, "a=w");
        passes(
            r#"{"p": "[if(not(parameters('q')), createObject('value', 'v'), createObject('value', null()))]"}"#,
            "a=null",
        );
        passes(
            r#"{"p": {"copy": [{"name": "value", "count": 0, "input": 1}]}}"#,
            "parameter: the parameter `p` is an array, not a string",
        );
    }

    #[test]
    fn a_secret_of_a_vault_stays_unknown_inside() {
        passes(r#"{"p": {"reference": {"keyVault": {"id": "v"}, "secretName": "s"}}}"#, "a=#?parameters('p')");
    }

    #[test]
    fn inner_scope_sees_only_its_own_parameters() {
        let inner = r#"{"resources": [], "outputs": {"o": {"value": "[parameters('q')]"}}}"#;
        let template = |nested: &str| {
            format!(r#"{{"parameters": {{"q": {{"type": "string", "defaultValue": "d"}}}}, "resources": [{nested}]}}"#)
        };
        refuses(&template(&nested("", "{}", inner)), Kind::NotFound, "there is no parameter `q`");
        refuses(
            &template(&nested("", "{}", r#"{"parameters": {"r": {"type": "string"}}}"#)),
            Kind::Parameter,
            "`r` is required",
        );
        refuses(&template(&nested("", r#"{"x": {"value": 1}}"#, "{}")), Kind::Parameter, "no parameter `x`");
    }

    #[test]
    fn outer_scope_uses_the_words_of_the_parent() {
        gives(
            r#"{"variables": {"v": "outer"}, "resources": [
                {"type": "Microsoft.Resources/deployments", "name": "n", "apiVersion": "1", "resourceGroup": "other",
                 "properties": {"template": {"variables": {"v": "inner"}, "resources": [],
                    "outputs": {"o": {"value": "[concat(variables('v'), '-', resourceGroup().name)]"}}}}}],
                "outputs": {"a": {"value": "[reference('n').outputs.o.value]"}}}"#,
            "a=outer-g",
        );
    }

    #[track_caller]
    fn deploys_to(members: &str, expected: &str) {
        let inner = r#"{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "x", "location": "[resourceGroup().location]"}]}"#;
        let template = format!(r#"{{"resources": [{}]}}"#, nested(members, "{}", inner));
        let expansion = run(&template, "{}");
        let resource = &expansion.resources[0];
        let location = resource.body.get("location").map(shown).unwrap_or_default();
        assert_eq!(format!("{} in {location}", shown(&resource.id)), expected);
    }

    #[test]
    fn a_deployment_can_aim_elsewhere() {
        deploys_to("", "/subscriptions/s/resourceGroups/g/providers/A.B/c/x in westeurope");
        deploys_to(
            r#", "resourceGroup": "o""#,
            "/subscriptions/s/resourceGroups/o/providers/A.B/c/x in ?resourceGroup('o').location",
        );
        deploys_to(
            r#", "resourceGroup": "G", "subscriptionId": "s""#,
            "/subscriptions/s/resourceGroups/G/providers/A.B/c/x in westeurope",
        );
        deploys_to(
            r#", "scope": "/subscriptions/z/resourceGroups/y""#,
            "/subscriptions/z/resourceGroups/y/providers/A.B/c/x in ?resourceGroup('y').location",
        );
    }

    #[test]
    fn the_location_of_a_group_that_is_created_with_it_is_known() {
        let inner = r#"{"resources": [], "outputs": {"l": {"value": "[resourceGroup().location]"}}}"#;
        let nested = nested(r#", "resourceGroup": "new""#, "{}", inner);
        gives(
            &format!(
                r#"{{"$schema": "https://x/subscriptionDeploymentTemplate.json#",
                    "resources": [{{"type": "Microsoft.Resources/resourceGroups", "apiVersion": "1", "name": "new", "location": "north"}},
                                  {nested}],
                    "outputs": {{"a": {{"value": "[reference(extensionResourceId('/subscriptions/s/resourceGroups/new', 'Microsoft.Resources/deployments', 'n'), '1').outputs.l.value]"}}}}}}"#
            ),
            "a=north",
        );
    }

    #[test]
    fn outputs_flow_from_module_to_module_in_any_order() {
        let pass = r#"{"p": {"value": "[reference(resourceId('Microsoft.Resources/deployments', 'm'), '1').outputs.p.value]"}}"#;
        let first = nested("", pass, ECHO);
        let second = nested("", r#"{"p": {"value": "deep"}}"#, ECHO).replace(r#""name": "n""#, r#""name": "m""#);
        gives(
            &format!(
                r#"{{"resources": [{first}, {second}], "outputs": {{"a": {{"value": "[reference('n').outputs.p.value]"}}}}}}"#
            ),
            "a=deep",
        );
    }

    #[test]
    fn modules_that_need_each_other_are_a_cycle() {
        let one = nested("", r#"{"p": {"value": "[reference('m').outputs.p.value]"}}"#, ECHO);
        let other = nested("", r#"{"p": {"value": "[reference('n').outputs.p.value]"}}"#, ECHO);
        let other = other.replace(r#""name": "n""#, r#""name": "m""#);
        refuses(&format!(r#"{{"resources": [{one}, {other}]}}"#), Kind::Cycle, "depends on itself");
    }

    #[test]
    fn deployments_inside_deployments_end() {
        let mut template = r#"{"resources": []}"#.to_owned();
        for _ in 0..70 {
            template = format!(r#"{{"resources": [{}]}}"#, nested("", "{}", &template));
        }
        refuses(&template, Kind::Limit, "more than 64 deep");
    }

    #[test]
    fn a_condition_holds_for_everything_inside() {
        let inner = r#"{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "x"}]}"#;
        let template = |condition: &str| {
            let nested = nested(&format!(r#", "condition": "{condition}""#), "{}", inner);
            format!(r#"{{"parameters": {{"b": {{"type": "bool"}}}}, "resources": [{nested}]}}"#)
        };
        assert_eq!(resources(&run(&template("[parameters('b')]"), "{}")), "n/x maybe");
        let skipped = run(&template("[false()]"), "{}");
        assert_eq!((resources(&skipped).as_str(), skipped.skipped.len()), ("", 1));
    }

    #[test]
    fn a_linked_template_is_not_examined() {
        let template = r#"{"resources": [{"type": "Microsoft.Resources/deployments", "name": "n", "apiVersion": "1",
            "properties": {"templateLink": {"uri": "https://x"}}}],
            "outputs": {"a": {"value": "[reference('n').outputs.o.value]"}}}"#;
        let expansion = run(template, "{}");
        assert_eq!(expansion.unexamined[0].what, "n");
        assert_eq!(outputs(&expansion), "a=?reference('n').outputs.o.value");
    }
}
