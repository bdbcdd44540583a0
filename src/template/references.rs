//! What the functions that ask Azure give before there is anything to ask: who is meant, and what of it is known.

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Data, Member, Piece, Symbol, Unknown, Value};

use super::context::Level;
use super::error::{Error, Kind, Outcome};
use super::expansion::Condition;
use super::frame::Frame;
use super::functions;
use super::ids;
use super::instance::Instance;
use super::scope::Call;
use super::text;
use super::view::View;

/// What the first argument of `reference()` means.
pub(super) enum Meant {
    /// A resource of the template, and whether it is called by its name or symbol.
    Here(Rc<Instance>, bool),
    /// A resource that no template declares, by its id.
    Elsewhere(Value),
    /// A name that no resource has.
    Nothing,
}

impl View<'_> {
    /// The answer to a function that asks Azure.
    pub fn answer(&self, call: &Call) -> Outcome {
        let name = call.name.to_lowercase();
        match name.as_str() {
            "reference" => self.reference(call),
            "references" => Ok(self.references(call)),
            "resourceinfo" => self.info(call),
            "listoutputswithsecurevalues" => Ok(self.secure_outputs(call)),
            name if name.starts_with("list") => Ok(self.listed(call)),
            _ => Ok(call.unknown("only Azure knows this, when it is deployed")),
        }
    }

    fn reference(&self, call: &Call) -> Outcome {
        let Some(target) = call.args.first() else { return Ok(call.unknown("nothing is referred to")) };
        let is_full = call.args.get(2).and_then(Value::as_str).is_some_and(|word| word.eq_ignore_ascii_case("full"));
        match self.meant(target, call.at)? {
            Meant::Here(instance, true) => {
                self.depend(&instance);
                Ok(self.state(&instance, is_full, call))
            }
            Meant::Here(instance, false) => {
                // An id is read as it is at that time: azd's templates read the image of the app that they deploy after it.
                self.session.refer(&instance.key, &instance.id);
                let known = self.session.state(&instance.key, is_full).map(|known| known.through(call.at));
                Ok(known.unwrap_or_else(|| self.state(&instance, is_full, call)))
            }
            Meant::Elsewhere(id) => Ok(self.foreign(&id, is_full, call)),
            Meant::Nothing => {
                let name = target.partial().unwrap_or_default();
                let known = self.home.known.borrow();
                let names = known.by_name.keys().chain(self.home.symbols.keys()).map(String::as_str);
                Err(Error::not_found("resource", &name, names, call.at).of("reference"))
            }
        }
    }

    /// The state of a resource of the template.
    fn state(&self, instance: &Rc<Instance>, is_full: bool, call: &Call) -> Value {
        if instance.existing
            && instance.condition != Condition::Never
            && let Some(known) = self.session.state(&instance.key, is_full)
        {
            return known.through(call.at);
        }
        let title = instance.title();
        let why = match (&instance.condition, instance.existing, &instance.extension) {
            (Condition::Never, ..) => format!("`{title}` is not deployed: its condition is false"),
            (_, _, Some(extension)) => format!("only the extension `{extension}` knows the state of `{title}`"),
            (_, true, _) => format!("`{title}` exists already; only Azure knows its state"),
            _ => format!("only Azure knows the state of `{title}`, once it is deployed"),
        };
        let path = if is_full || instance.extension.is_some() { "" } else { "properties" };
        let symbol = Symbol::Property(instance.key.clone(), path.to_owned());
        Value::unknown(Unknown { symbol: Some(symbol), ..Unknown::new(call.expression.as_str(), why) }, call.at)
    }

    /// The state of a resource that is deployed elsewhere.
    fn foreign(&self, id: &Value, is_full: bool, call: &Call) -> Value {
        let key = id.canonical().unwrap_or_default();
        self.session.refer(&key, id);
        if let Some(known) = self.session.state(&key, is_full) {
            return known.through(call.at);
        }
        let name = ids::parts(id).and_then(|parts| parts.name.partial());
        let why = match name {
            Some(name) => format!("`{name}` is not in this template; only Azure knows its state"),
            None => "nobody knows before the deployment which resource is meant".to_owned(),
        };
        let symbol = Symbol::Property(key, if is_full { "" } else { "properties" }.to_owned());
        Value::unknown(Unknown { symbol: Some(symbol), ..Unknown::new(call.expression.as_str(), why) }, call.at)
    }

    /// The elements of a loop of modules; of other resources nothing is known.
    fn references(&self, call: &Call) -> Value {
        let whole = call.unknown("only Azure knows the state of these resources, once they are deployed");
        let Some(name) = call.args.first().and_then(Value::as_str) else { return whole };
        let Some(index) = self.home.symbols.get(&name.to_lowercase()) else { return whole };
        let Some(instances) = self.home.instances(self.session, *index) else { return whole };
        instances.iter().for_each(|instance| self.depend(instance));
        let is_modules = instances.iter().all(|instance| instance.is_deployment() && !instance.is_linked());
        if !is_modules || instances.iter().any(|instance| matches!(instance.condition, Condition::Maybe(_))) {
            return whole;
        }
        let is_full = call.args.get(1).and_then(Value::as_str).is_some_and(|word| word.eq_ignore_ascii_case("full"));
        let one = |instance: &Rc<Instance>| {
            let expression = format!("reference('{}')", instance.title());
            self.state(instance, is_full, &Call { expression, ..*call })
        };
        Value::array(instances.iter().map(one).collect(), call.at)
    }

    fn info(&self, call: &Call) -> Outcome {
        let Some(target) = call.args.first() else { return Ok(call.unknown("nothing is referred to")) };
        let Meant::Here(instance, _) = self.meant(target, call.at)? else {
            let name = target.partial().unwrap_or_default();
            let names = self.home.symbols.keys().map(String::as_str);
            return Err(Error::not_found("symbolic name", &name, names, call.at).of("resourceInfo"));
        };
        let at = call.at;
        let version = instance.api_version.as_deref().map(|version| Value::string(version, at));
        let members = vec![
            Member::new("id", at, instance.id.clone()),
            Member::new("name", at, instance.name.clone()),
            Member::new("type", at, Value::string(instance.kind.as_str(), at)),
            Member::new("apiVersion", at, version.unwrap_or_else(|| Value::null(at))),
        ];
        Ok(Value::object(members, at))
    }

    /// A secret that a resource gives out.
    fn listed(&self, call: &Call) -> Value {
        let target = call.args.first();
        let (key, title) = match target.map(|target| self.meant(target, call.at)) {
            Some(Ok(Meant::Here(instance, by_name))) => {
                if by_name {
                    self.depend(&instance);
                }
                (instance.key.clone(), instance.title())
            }
            Some(Ok(Meant::Elsewhere(id))) => {
                let title = ids::parts(&id).and_then(|parts| parts.name.partial());
                (id.canonical().unwrap_or_default(), title.unwrap_or_else(|| "…".to_owned()))
            }
            _ => (String::new(), target.and_then(Value::partial).unwrap_or_else(|| "…".to_owned())),
        };
        let why = format!("`{title}` gives out this secret, only once it is deployed");
        let symbol = (!key.is_empty()).then_some(Symbol::Secret(key));
        let unknown = Unknown { symbol, ..Unknown::new(call.expression.as_str(), why) };
        functions::secure(Value::unknown(unknown, call.at), call.at)
    }

    /// The secure outputs of a module, which Bicep reads so.
    fn secure_outputs(&self, call: &Call) -> Value {
        let Some(Ok(Meant::Here(instance, by_name))) = call.args.first().map(|target| self.meant(target, call.at))
        else {
            return self.listed(call);
        };
        if by_name {
            self.depend(&instance);
        }
        let Some(Ok(outputs)) = instance.nested(self.session).map(|frame| frame.outputs(self.session)) else {
            return self.listed(call);
        };
        let secure = outputs.iter().filter(|output| output.value.is_secure());
        let members = secure.map(|output| Member::new(output.name.clone(), output.at, output.value.clone()));
        Value::object(members.collect(), call.at)
    }

    /// Which resource a name, a symbolic name or an id means.
    ///
    /// # Errors
    /// Of kind `Cycle` when its name depends on itself.
    pub fn meant(&self, target: &Value, at: Span) -> Result<Meant, Error> {
        let pieces = match &target.data {
            Data::String(text) => vec![Piece::Known(text.to_string())],
            Data::Unknown(unknown) => text::pieces(unknown),
            _ => return Ok(Meant::Nothing),
        };
        let start = text::known_start(&pieces).to_owned();
        let frames = [&self.home, &self.words];
        for frame in &frames[..if Rc::ptr_eq(&self.home, &self.words) { 1 } else { 2 }] {
            if !start.starts_with('/')
                && let Some(found) = self.by_symbol(frame, target, &start, at)?
            {
                return Ok(Meant::Here(found, true));
            }
            frame.name_all(self.session);
            if let Some(found) = by_name(frame, target, self.user.as_ref()) {
                return Ok(Meant::Here(found, true));
            }
            if let Some(found) = by_id(frame, &self.whole_id(target, &start)) {
                return Ok(Meant::Here(found, false));
            }
        }
        let id = self.whole_id(target, &start);
        let key = id.canonical().unwrap_or_default();
        match self.session.resource(&key) {
            Some(found) => Ok(Meant::Here(found, false)),
            None if start.contains('/') || target.as_unknown().is_some() => Ok(Meant::Elsewhere(id)),
            None => Ok(Meant::Nothing),
        }
    }

    /// `Microsoft.X/y/name` as an id of the template's own scope.
    fn whole_id(&self, target: &Value, start: &str) -> Value {
        let namespace = start.split('/').next().unwrap_or_default();
        match !start.starts_with('/') && start.contains('/') && namespace.contains('.') {
            true => ids::joined(&[&ids::home(&self.home.target), &ids::known("/providers/"), target]),
            false => target.clone(),
        }
    }

    /// `symbol`, or `symbol[index]`. With an index that is not known, the element that stands for all.
    fn by_symbol(
        &self,
        frame: &Rc<Frame>,
        target: &Value,
        start: &str,
        at: Span,
    ) -> Result<Option<Rc<Instance>>, Error> {
        let (symbol, index) = start.split_once('[').map_or((start, None), |(symbol, rest)| (symbol, Some(rest)));
        let Some(&declaration) = frame.symbols.get(&symbol.to_lowercase()) else { return Ok(None) };
        let Some(instances) = frame.instances(self.session, declaration) else {
            let message = format!("the name of the resource `{symbol}` depends on the resource itself");
            return Err(Error::new(Kind::Cycle, message, at));
        };
        let is_whole = target.as_str().is_some();
        let found = match index {
            None if is_whole => instances.first(),
            Some(index) if is_whole => {
                let number = index.strip_suffix(']').and_then(|index| index.parse::<usize>().ok());
                number.and_then(|number| instances.get(number)).or_else(|| only_representative(&instances))
            }
            Some(_) => only_representative(&instances),
            None => None,
        };
        Ok(found.cloned())
    }

    fn depend(&self, on: &Rc<Instance>) {
        let Some(user) = &self.user else { return };
        let mut implicit = user.implicit.borrow_mut();
        if on.key != user.key && !implicit.contains(&on.key) {
            implicit.push(on.key.clone());
        }
    }
}

/// The one element of a loop of unknown length.
fn only_representative(instances: &[Rc<Instance>]) -> Option<&Rc<Instance>> {
    match instances {
        [one] if one.symbol.as_deref().is_some_and(|symbol| symbol.ends_with("[…]")) => Some(one),
        _ => None,
    }
}

/// By its full name: a resource of another type than the one that asks can have the same.
fn by_name(frame: &Rc<Frame>, target: &Value, user: Option<&Rc<Instance>>) -> Option<Rc<Instance>> {
    let known = frame.known.borrow();
    let found = known.by_name.get(&target.canonical()?)?;
    let others = || found.iter().filter(|instance| user.is_none_or(|user| user.key != instance.key));
    others().find(|instance| instance.is_deployed()).or_else(|| others().next()).or_else(|| found.first()).cloned()
}

/// By id; where the scopes cannot be compared because a part of one is not known, by type and name when that is unique.
fn by_id(frame: &Rc<Frame>, id: &Value) -> Option<Rc<Instance>> {
    let known = frame.known.borrow();
    if let Some(found) = known.by_key.get(&id.canonical()?) {
        return Some(Rc::clone(found));
    }
    let parts = ids::parts(id)?;
    let found = known.by_name.get(&parts.name.canonical()?)?;
    // In these `resourceId()` gives ids without the scope.
    let is_short = matches!(frame.target.level, Level::ManagementGroup | Level::Tenant);
    let fits = |instance: &&Rc<Instance>| {
        let is_partial = id.as_unknown().is_some() || instance.id.as_unknown().is_some();
        instance.kind.eq_ignore_ascii_case(&parts.kind) && (is_partial || is_short)
    };
    let mut fitting = found.iter().filter(fits);
    let first = fitting.next()?;
    fitting.next().is_none().then(|| Rc::clone(first))
}

#[cfg(test)]
mod tests {
    use super::super::trial::{gives, refuses, run, shown};
    use super::*;

    /// A module `m{index}` that gives back its parameter.
    const MODULE: &str = r#"{"type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "[format('m{0}', copyIndex())]",
        "copy": {"name": "mods", "count": 2},
        "properties": {"expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"i": {"value": "[copyIndex()]"}},
            "template": {"parameters": {"i": {"type": "int"}}, "resources": [],
                "outputs": {"o": {"type": "int", "value": "[mul(parameters('i'), 10)]"},
                            "s": {"type": "secureString", "value": "secret"}}}}}"#;

    #[track_caller]
    fn symbolic(expression: &str, expected: &str) {
        gives(
            &format!(
                r#"{{"languageVersion": "2.0", "resources": {{"mods": {MODULE}}}, "outputs": {{"a": {{"value": "[{expression}]"}}}}}}"#
            ),
            &format!("a={expected}"),
        );
    }

    #[test]
    fn outputs_of_a_module_are_found_by_any_of_its_names() {
        symbolic("reference('mods[1]').outputs.o.value", "10");
        symbolic("reference(format('MODS[{0}]', 1)).outputs.o.value", "10");
        symbolic("reference('m1').outputs.o.value", "10");
        symbolic("reference(resourceId('Microsoft.Resources/deployments', 'm1'), '1').outputs.o.value", "10");
        symbolic(
            "reference(extensionResourceId(resourceGroup().id, 'Microsoft.Resources/deployments', 'm1'), '1').outputs.o.value",
            "10",
        );
        symbolic("reference('m1', '1', 'full').properties.outputs.o.value", "10");
    }

    #[test]
    fn all_elements_of_a_loop_of_modules_are_known() {
        symbolic("map(references('mods'), lambda('m', lambdaVariables('m').outputs.o.value))", "[0,10]");
    }

    #[test]
    fn secure_outputs_are_read_by_a_function_of_their_own() {
        symbolic("listOutputsWithSecureValues('mods[0]', '1').s", "#secret");
    }

    #[test]
    fn facts_of_a_symbol_need_no_call() {
        symbolic("resourceInfo('mods[1]').name", "m1");
        refuses(r#"{"outputs": {"a": {"value": "[resourceInfo('x').id]"}}}"#, Kind::NotFound, "symbolic name `x`");
    }

    #[test]
    fn a_name_that_nothing_has_is_a_mistake() {
        refuses(r#"{"outputs": {"a": {"value": "[reference('x').y]"}}}"#, Kind::NotFound, "there is no resource `x`");
    }

    #[test]
    fn a_listed_secret_is_unknown_and_names_its_resource() {
        let template = r#"{"outputs": {"a": {"type": "string", "value": "[listKeys(resourceId('A.B/c', 'x'), '1').keys[0].value]"}}}"#;
        let expansion = run(template, "{}");
        assert!(expansion.outputs[0].1.is_secure(), "{}", shown(&expansion.outputs[0].1));
        let whole = run(&template.replace(".keys[0].value", ""), "{}");
        let symbol = whole.outputs[0].1.as_unknown().unwrap().symbol.clone();
        assert_eq!(symbol, Some(Symbol::Secret("/subscriptions/s/resourcegroups/g/providers/a.b/c/x".to_owned())));
    }

    #[test]
    fn a_name_that_depends_on_itself_is_a_cycle() {
        refuses(
            r#"{"languageVersion": "2.0", "resources": {"x": {"type": "A.B/c", "apiVersion": "1", "name": "[resourceInfo('x').type]"}}}"#,
            Kind::Cycle,
            "depends on the resource itself",
        );
    }

    #[test]
    fn run_time_functions_do_not_belong_into_names() {
        refuses(
            r#"{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "[reference('x').name]"}]}"#,
            Kind::Placement,
            "reference",
        );
    }
}
