//! Resources with their names: what a declaration stands for once its loop, condition, type, name and scope are computed.

use std::cell::RefCell;
use std::rc::Rc;

use crate::source::{Span, Text};
use crate::value::{Member, Value};

use super::copies::{Count, Index, Loops, Of};
use super::error::{Error, Kind};
use super::expansion::Condition;
use super::frame::Frame;
use super::scope::Place;
use super::session::{FrameId, Session};
use super::slot::Slot;
use super::view::View;
use super::{functions, ids, limits};

/// A resource that will be deployed, or is read.
pub(super) struct Instance {
    pub frame: FrameId,
    pub body: Value,
    pub loops: Loops,
    /// Its symbolic name; with the index, when a loop makes it.
    pub symbol: Option<String>,
    /// `Microsoft.App/containerApps`.
    pub kind: String,
    pub api_version: Option<String>,
    /// `parent/child`.
    pub name: Value,
    pub id: Value,
    /// The id to look it up by.
    pub key: String,
    /// The id of what it is deployed to, or attached to.
    pub scope: Value,
    pub existing: bool,
    /// No resource of Azure: the name of the extension that it belongs to.
    pub extension: Option<String>,
    pub condition: Condition,
    pub at: Span,
    /// The template of a nested deployment.
    pub child: Slot<Option<FrameId>>,
    /// The keys of the resources whose state its expressions read by name.
    pub implicit: RefCell<Vec<String>>,
}

/// https://learn.microsoft.com/azure/azure-resource-manager/templates/template-tutorial-create-templates-with-dependent-resources
pub(super) const DEPLOYMENTS: &str = "microsoft.resources/deployments";

/// Members of a declaration that say what it is, and are no properties of the resource.
const STRUCTURAL: [&str; 13] = [
    "type",
    "name",
    "apiversion",
    "condition",
    "copy",
    "dependson",
    "comments",
    "scope",
    "resources",
    "subscriptionid",
    "resourcegroup",
    "existing",
    "$schema",
];

impl Instance {
    /// Whether the template creates or changes it.
    pub fn is_deployed(&self) -> bool {
        !self.existing && self.condition != Condition::Never
    }

    pub fn is_deployment(&self) -> bool {
        !self.existing && self.kind.eq_ignore_ascii_case(DEPLOYMENTS)
    }

    /// For people: its symbolic name, or its name.
    pub fn title(&self) -> String {
        self.symbol.clone().or_else(|| self.name.partial()).unwrap_or_else(|| self.kind.clone())
    }

    /// What its expressions see.
    pub fn view<'s>(self: &Rc<Instance>, session: &'s Session, place: Place) -> View<'s> {
        let frame = session.frame(self.frame);
        View::new(session, &frame, place).with_loops(self.loops.clone()).of_user(self)
    }

    /// The evaluated members, without those that say what it is.
    pub fn members(self: &Rc<Instance>, session: &Session) -> Value {
        let top = self.view(session, Place::Resource);
        let inner = top.at_place(Place::Properties);
        let object = self.body.as_object().cloned().unwrap_or_default();
        let is_property = |key: &str| !STRUCTURAL.iter().any(|word| word.eq_ignore_ascii_case(key));
        let mut members = Vec::new();
        for member in object.members.iter().filter(|member| is_property(&member.key)) {
            let runtime = self.extension.is_some() || member.key.eq_ignore_ascii_case("properties");
            let value = if runtime { inner.evaluate(&member.value) } else { top.evaluate(&member.value) };
            members.push(Member { value, ..member.clone() });
        }
        session.bounded(Value::object(members, self.body.at), &format!("the resource `{}`", self.title()), self.at)
    }
}

impl Frame {
    /// What a declaration stands for; `None` while that is being computed.
    pub fn instances(self: &Rc<Frame>, session: &Session, index: usize) -> Option<Rc<Vec<Rc<Instance>>>> {
        let declaration = &self.declarations[index];
        let _descent = session.descend(declaration.at).map_err(|error| session.report(error)).ok()?;
        declaration.instances.get(|| Rc::new(self.named(session, index))).ok()
    }

    /// Computes the names of all resources of this template.
    pub fn name_all(self: &Rc<Frame>, session: &Session) {
        if self.all_named.get() {
            return;
        }
        // One that is being named right now has asked for this.
        let mut are_named = true;
        for index in 0..self.declarations.len() {
            are_named &= self.instances(session, index).is_some();
        }
        self.all_named.set(are_named);
    }

    fn named(self: &Rc<Frame>, session: &Session, index: usize) -> Vec<Rc<Instance>> {
        let declaration = &self.declarations[index];
        let view = View::new(session, self, Place::Resource);
        let Some(parent) = declaration.parent else {
            return self.turns(session, index, &view, None);
        };
        let parents = self.instances(session, parent).unwrap_or_default();
        let of_parent = |parent: &Rc<Instance>| {
            self.turns(session, index, &view.clone().with_loops(parent.loops.clone()), Some(parent))
        };
        parents.iter().flat_map(of_parent).collect()
    }

    fn turns(
        self: &Rc<Frame>,
        session: &Session,
        index: usize,
        view: &View,
        parent: Option<&Rc<Instance>>,
    ) -> Vec<Rc<Instance>> {
        let declaration = &self.declarations[index];
        let copy = declaration.body.get("copy").filter(|copy| copy.as_object().is_some());
        let Some(copy) = copy else {
            return self.instance(session, index, view, parent, None).into_iter().collect();
        };
        let name = copy.get("name").and_then(|name| view.text(name, "the name of a loop"));
        let name: Option<Text> = name.and_then(|name| name.as_str().map(Text::from));
        if let Some(name) = &name {
            self.known.borrow_mut().by_loop.insert(name.to_lowercase(), index);
        }
        let count = match copy.get("count") {
            Some(count) => view.count(count),
            None => {
                session.report(Error::new(Kind::Value, "a loop needs a count", copy.at));
                Count::Unknown("the loop has no count".to_owned())
            }
        };
        let turn = |turn: Index| {
            let inside = view.inside(name.clone(), turn.clone(), Of::Whole);
            self.instance(session, index, &inside, parent, Some(turn))
        };
        count.turns().into_iter().filter_map(turn).collect()
    }

    fn instance(
        self: &Rc<Frame>,
        session: &Session,
        index: usize,
        view: &View,
        parent: Option<&Rc<Instance>>,
        turn: Option<Index>,
    ) -> Option<Rc<Instance>> {
        let declaration = &self.declarations[index];
        let body = &declaration.body;
        if !session.count_resource(declaration.at) {
            return None;
        }
        let condition = self.condition.clone().and(match &turn {
            Some(Index::Any(why)) => Condition::Maybe(why.clone()),
            _ => Condition::Always,
        });
        let condition = condition.and(body.get("condition").map_or(Condition::Always, |value| view.condition(value)));
        // The template can be right only for those who deploy it: `split('', '/')[2]` of an id that nobody gave.
        let view = &view.idle(condition == Condition::Never);
        let extension = body.get("extension").or_else(|| body.get("import"));
        let extension = extension.map(|name| name.as_str().unwrap_or("…").to_owned());
        let kind = body.get("type").and_then(|kind| view.text(kind, "the type of a resource"));
        let Some(kind) = kind else {
            view.report(Error::new(Kind::Value, "a resource needs a `type`", declaration.at));
            return None;
        };
        let symbol = declaration.symbol.as_ref().map(|symbol| match &turn {
            None => symbol.to_string(),
            Some(Index::Known(index)) => format!("{symbol}[{index}]"),
            Some(Index::Any(_)) => format!("{symbol}[…]"),
        });
        let mut instance = Instance {
            frame: self.id,
            body: body.clone(),
            loops: view.loops.clone(),
            symbol,
            kind: kind.partial().unwrap_or_default(),
            api_version: body.get("apiVersion").and_then(|version| view.text(version, "`apiVersion`")?.partial()),
            name: Value::null(declaration.at),
            id: Value::null(declaration.at),
            key: String::new(),
            scope: ids::home(&self.target),
            existing: body.get("existing").and_then(Value::as_bool).unwrap_or(false),
            extension,
            condition,
            at: declaration.at,
            child: Slot::default(),
            implicit: RefCell::default(),
        };
        if instance.extension.is_none() {
            view.place(&mut instance, parent)?;
        } else {
            let symbol = instance.symbol.as_deref().unwrap_or_default();
            instance.key = format!("{}:{symbol}", self.path.join("/"));
        }
        let instance = Rc::new(instance);
        self.know(session, &instance);
        Some(instance)
    }

    fn know(&self, session: &Session, instance: &Rc<Instance>) {
        let mut known = self.known.borrow_mut();
        let name = instance.name.canonical().unwrap_or_default();
        known.by_name.entry(name).or_default().push(Rc::clone(instance));
        match known.by_key.get(&instance.key) {
            Some(other) if other.is_deployed() || !instance.is_deployed() => (),
            _ => drop(known.by_key.insert(instance.key.clone(), Rc::clone(instance))),
        }
        session.register(instance);
    }
}

impl View<'_> {
    /// A member that is a text, known or not. `None` when it is null; a mistake is reported.
    pub fn text(&self, value: &Value, what: &str) -> Option<Value> {
        let computed = self.compute(value).unwrap_or_else(|error| self.mistaken(value, error));
        // A name that a secure parameter holds a part of is no secret any more.
        let computed = functions::open(&computed).clone();
        if computed.is_null() {
            return None;
        }
        if computed.as_str().is_none() && computed.as_unknown().is_none() {
            let message = format!("{what} is a string, not {}", functions::kind_of(&computed));
            self.report(Error::new(Kind::Type, message, value.at));
            return None;
        }
        Some(computed)
    }

    /// Whether a condition holds.
    pub fn condition(&self, value: &Value) -> Condition {
        let computed = self.compute(value).unwrap_or_else(|error| self.mistaken(value, error));
        match (computed.as_unknown(), computed.as_bool(), computed.as_str()) {
            (_, Some(true), _) => Condition::Always,
            (_, Some(false), _) => Condition::Never,
            (Some(unknown), ..) => Condition::Maybe(unknown.why.clone()),
            (_, _, Some(word)) if word.eq_ignore_ascii_case("true") => Condition::Always,
            (_, _, Some(word)) if word.eq_ignore_ascii_case("false") => Condition::Never,
            _ => {
                let message = format!("a condition is true or false, not {}", functions::kind_of(&computed));
                self.report(Error::new(Kind::Type, message.as_str(), value.at));
                Condition::Maybe(message)
            }
        }
    }

    /// Computes name, scope and id. `None` when they cannot be, which is reported.
    fn place(&self, instance: &mut Instance, parent: Option<&Rc<Instance>>) -> Option<()> {
        let at = instance.at;
        let Some(name) = instance.body.get("name").and_then(|name| self.text(name, "the name of a resource")) else {
            self.report(Error::new(Kind::Value, "a resource needs a `name`", at));
            return None;
        };
        instance.name = name;
        self.scope(instance);
        if let Some(parent) = parent {
            adopt(instance, parent);
        }
        let id = if instance.kind.eq_ignore_ascii_case(ids::GROUPS) && instance.body.get("scope").is_none() {
            let subscription = instance.body.get("subscriptionId").and_then(|id| self.text(id, "`subscriptionId`"));
            let subscription = subscription.unwrap_or_else(|| self.home.target.subscription.clone());
            instance.scope = ids::subscription(&subscription);
            Ok(ids::group(&subscription, &instance.name))
        } else {
            ids::resource(&instance.scope, &instance.kind, &instance.name, instance.name.at)
        };
        match id {
            Ok(id) => instance.id = id,
            Err(error) => {
                self.report(error);
                return None;
            }
        }
        instance.key = instance.id.canonical().unwrap_or_default();
        let name = instance.name.as_str().filter(|_| instance.is_deployment());
        if name.is_some_and(|name| name.chars().count() > limits::MAX_NAME) {
            let message = format!("the name of a deployment has at most {} characters", limits::MAX_NAME);
            self.report(Error::new(Kind::Limit, message, instance.name.at));
        }
        Some(())
    }

    /// The scope that `scope`, `subscriptionId` and `resourceGroup` of a declaration ask for.
    fn scope(&self, instance: &mut Instance) {
        let member = |key: &str| self.text(instance.body.get(key)?, &format!("`{key}`"));
        if let Some(scope) = member("scope") {
            instance.scope = ids::scope(&instance.scope, &scope);
            return;
        }
        let subscription = member("subscriptionId");
        match (subscription, member("resourceGroup")) {
            (subscription, Some(group)) => {
                let subscription = subscription.unwrap_or_else(|| self.home.target.subscription.clone());
                instance.scope = ids::group(&subscription, &group);
            }
            (Some(subscription), None) => instance.scope = ids::subscription(&subscription),
            (None, None) => (),
        }
    }
}

/// Type and name of a child that is written inside its parent.
fn adopt(instance: &mut Instance, parent: &Rc<Instance>) {
    let own = instance.kind.to_lowercase();
    if own.starts_with(&format!("{}/", parent.kind.to_lowercase())) {
        return;
    }
    // A type with a namespace of its own is attached to the parent.
    if own.split('/').next().is_some_and(|start| start.contains('.')) {
        instance.scope = parent.id.clone();
        return;
    }
    instance.kind = format!("{}/{}", parent.kind, instance.kind);
    instance.name = ids::child(&parent.name, &instance.name);
    instance.scope = parent.scope.clone();
}
