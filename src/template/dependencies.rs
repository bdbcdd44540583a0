//! What waits for what: `dependsOn`, and what an expression reads of another resource's state.
//!
//! https://learn.microsoft.com/azure/azure-resource-manager/templates/resource-dependency

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::value::Value;

use super::error::{Error, Kind};
use super::expansion::{Condition, Expansion};
use super::frame::Frame;
use super::instance::Instance;
use super::references::Meant;
use super::scope::Place;
use super::session::Session;
use super::view::View;

/// Which resources wait for which, through deployments: what a deployment waits for, everything in it waits for, and who
/// waits for a deployment waits for everything in it.
pub struct Waits<'e> {
    direct: HashMap<&'e str, &'e [String]>,
    /// The deployment that a resource or deployment is in.
    around: HashMap<&'e str, &'e str>,
    inside: HashMap<&'e str, Vec<&'e str>>,
}

impl<'e> Waits<'e> {
    pub fn of(expansion: &'e Expansion) -> Waits<'e> {
        let mut waits = Waits { direct: HashMap::new(), around: HashMap::new(), inside: HashMap::new() };
        for deployment in &expansion.deployments {
            waits.add(&deployment.key, &deployment.depends_on, deployment.within.as_deref());
        }
        for resource in &expansion.resources {
            waits.add(&resource.key, &resource.depends_on, resource.within.as_deref());
        }
        waits
    }

    /// The keys of everything that is deployed before this resource, deployments included.
    pub fn awaited_by(&self, key: &'e str) -> HashSet<&'e str> {
        let mut awaited = HashSet::new();
        let mut left = vec![key];
        let mut seen = HashSet::from([key]);
        while let Some(next) = left.pop() {
            let mut follow = |key: &'e str| {
                if seen.insert(key) {
                    left.push(key);
                }
            };
            self.around.get(next).copied().into_iter().for_each(&mut follow);
            for dependency in self.direct.get(next).copied().unwrap_or_default() {
                self.complete(dependency, &mut awaited);
                follow(dependency);
            }
        }
        awaited
    }

    fn add(&mut self, key: &'e str, depends_on: &'e [String], within: Option<&'e str>) {
        self.direct.insert(key, depends_on);
        if let Some(within) = within {
            self.around.insert(key, within);
            self.inside.entry(within).or_default().push(key);
        }
    }

    fn complete(&self, key: &'e str, awaited: &mut HashSet<&'e str>) {
        let mut left = vec![key];
        while let Some(next) = left.pop() {
            if awaited.insert(next) {
                left.extend(self.inside.get(next).into_iter().flatten());
            }
        }
    }
}

impl Instance {
    /// The keys of the resources that it waits for, those that are not deployed left out.
    pub(super) fn depends_on(self: &Rc<Instance>, session: &Session) -> Vec<String> {
        let view = self.view(session, Place::Resource);
        let mut keys = Vec::new();
        if let Some(written) = self.body.get("dependsOn") {
            let computed = view.evaluate(written);
            let single = std::slice::from_ref(&computed);
            for target in computed.as_array().unwrap_or(single).iter().filter(|target| !target.is_null()) {
                view.awaited(target, &mut keys);
            }
        }
        keys.extend(self.implicit.borrow().iter().cloned());
        let is_off = |key: &str| session.resource(key).is_some_and(|instance| instance.condition == Condition::Never);
        let mut seen = HashSet::new();
        keys.retain(|key| *key != self.key && !is_off(key) && seen.insert(key.clone()));
        keys
    }
}

impl View<'_> {
    fn awaited(&self, target: &Value, keys: &mut Vec<String>) {
        let name = target.as_str().map(str::to_lowercase).unwrap_or_default();
        if let Some(instances) = self.whole_loop(&self.home, &name) {
            return keys.extend(instances.iter().map(|instance| instance.key.clone()));
        }
        if let Some(named) = self.home.known.borrow().by_name.get(&name) {
            return keys.extend(named.iter().map(|instance| instance.key.clone()));
        }
        match self.meant(target, target.at) {
            Ok(Meant::Here(instance, _)) => keys.push(instance.key.clone()),
            Ok(Meant::Elsewhere(id)) if id.as_unknown().is_some() => keys.extend(id.canonical()),
            Ok(Meant::Elsewhere(_) | Meant::Nothing) => {
                if let Some(key) = self.by_last_segment(&name) {
                    return keys.push(key);
                }
                let message = format!("`{}` is no resource of this template", target.partial().unwrap_or_default());
                let error = Error::new(Kind::NotFound, message, target.at);
                self.session.report(error.expected("`dependsOn` names a resource of the same template"));
            }
            Err(error) => self.session.report(error),
        }
    }

    /// All elements of the loop, or of the looped symbol, of this name.
    fn whole_loop(&self, frame: &Rc<Frame>, name: &str) -> Option<Rc<Vec<Rc<Instance>>>> {
        frame.name_all(self.session);
        let by_symbol = frame.symbols.get(name).copied();
        let declaration = by_symbol.or_else(|| frame.known.borrow().by_loop.get(name).copied())?;
        frame.instances(self.session, declaration)
    }

    /// A child by its own name, as its siblings call it.
    fn by_last_segment(&self, name: &str) -> Option<String> {
        let known = self.home.known.borrow();
        let mut children = known.by_name.iter().filter(|(full, _)| full.rsplit('/').next() == Some(name));
        let (_, found) = children.next()?;
        if children.next().is_some() {
            return None;
        }
        found.first().map(|instance| instance.key.clone())
    }
}

/// Reports resources that wait for themselves.
pub(super) fn check_cycles(session: &Session, expansion: &Expansion) {
    let resources = expansion.resources.iter().map(|one| (&one.key, (&one.depends_on, &one.name, one.at)));
    let deployments = expansion.deployments.iter().map(|one| (&one.key, (&one.depends_on, &one.name, one.at)));
    let nodes: HashMap<&str, _> = resources.chain(deployments).map(|(key, node)| (key.as_str(), node)).collect();
    let mut done: HashSet<&str> = HashSet::new();
    for &start in nodes.keys() {
        // Depth first, without recursion: the path, and where in its dependencies each step is.
        let mut path: Vec<(&str, usize)> = vec![(start, 0)];
        let mut on_path: HashSet<&str> = HashSet::from([start]);
        while let Some((key, next)) = path.last_mut() {
            let found = nodes.get(*key).and_then(|(depends, ..)| depends.get(*next));
            *next += 1;
            match found {
                Some(dependency) if on_path.contains(dependency.as_str()) => {
                    if let Some((_, name, at)) = nodes.get(dependency.as_str()) {
                        let name = name.partial().unwrap_or_else(|| dependency.clone());
                        let message = format!("the resource `{name}` waits for itself, through its dependencies");
                        session.report(Error::new(Kind::Cycle, message, *at));
                    }
                }
                Some(dependency) if !done.contains(dependency.as_str()) && nodes.contains_key(dependency.as_str()) => {
                    on_path.insert(dependency);
                    path.push((dependency, 0));
                }
                Some(_) => (),
                None => {
                    done.insert(key);
                    on_path.remove(*key);
                    path.pop();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{refuses, run};
    use super::*;

    /// `name: dependencies` by last segments.
    #[track_caller]
    fn waits(resources: &str, expected: &str) {
        let expansion = run(&format!(r#"{{"resources": {resources}}}"#), "{}");
        assert!(expansion.problems.is_empty(), "{:?}", expansion.problems);
        let last = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
        let one = |key: &str, depends: &[String]| {
            let depends: Vec<String> = depends.iter().map(|key| last(key)).collect();
            format!("{}: {}", last(key), depends.join(" "))
        };
        let all = expansion.resources.iter().map(|resource| one(&resource.key, &resource.depends_on));
        assert_eq!(all.collect::<Vec<_>>().join("; "), expected);
    }

    /// A resource of an array.
    fn item(name: &str, rest: &str) -> String {
        format!(r#"{{"type": "A.B/c", "apiVersion": "1", "name": "{name}"{rest}}}"#)
    }

    #[test]
    fn a_dependency_is_named_in_many_ways() {
        let x = item("x", "");
        let all = |dependency: &str| format!("[{x}, {}]", item("y", &format!(r#", "dependsOn": ["{dependency}"]"#)));
        waits(&all("x"), "x: ; y: x");
        waits(&all("[resourceId('A.B/c', 'X')]"), "x: ; y: x");
        waits(&all("A.B/c/x"), "x: ; y: x");
        waits(&all("[concat('/subscriptions/s/resourceGroups/g/providers/A.B/c/', 'x')]"), "x: ; y: x");
    }

    #[test]
    fn a_loop_is_awaited_as_a_whole_or_by_element() {
        let copied = |name: &str| format!(r#", "name": "{name}", "copy": {{"name": "many", "count": 2}}"#);
        waits(
            &format!(
                r#"[{{"type": "A.B/c", "apiVersion": "1"{}}}, {}]"#,
                copied("[concat('l', copyIndex())]"),
                item("y", r#", "dependsOn": ["many"]"#)
            ),
            "l0: ; l1: ; y: l0 l1",
        );
        waits(
            &format!(
                r#"{{"apps": {{"type": "A.B/c", "apiVersion": "1"{}}}, "y": {}, "z": {}}}"#,
                copied("[format('l{0}', copyIndex())]"),
                item("y", r#", "dependsOn": ["apps"]"#),
                item("z", r#", "dependsOn": ["apps[1]"]"#)
            ),
            "l0: ; l1: ; y: l0 l1; z: l1",
        );
    }

    #[test]
    fn what_is_not_deployed_is_not_awaited() {
        waits(&format!("[{}, {}]", item("x", r#", "condition": false"#), item("y", r#", "dependsOn": ["x"]"#)), "y: ");
    }

    #[test]
    fn reading_the_state_of_a_symbol_or_name_waits_for_it() {
        let reader = |target: &str| item("y", &format!(r#", "properties": {{"p": "[reference('{target}', '1').q]"}}"#));
        waits(&format!(r#"{{"s": {}, "y": {}}}"#, item("x", ""), reader("s")), "x: ; y: x");
        waits(&format!("[{}, {}]", item("x", ""), reader("x")), "x: ; y: x");
    }

    #[test]
    fn a_dependency_must_be_in_the_template() {
        let y = item("y", r#", "dependsOn": ["nobody"]"#);
        refuses(&format!(r#"{{"resources": [{y}]}}"#), Kind::NotFound, "`nobody` is no resource of this template");
    }

    #[test]
    fn resources_that_wait_for_each_other_are_a_cycle() {
        let (x, y) = (item("x", r#", "dependsOn": ["y"]"#), item("y", r#", "dependsOn": ["x"]"#));
        refuses(&format!(r#"{{"resources": [{x}, {y}]}}"#), Kind::Cycle, "waits for itself");
    }

    #[test]
    fn waiting_goes_through_deployments() {
        let nested = |name: &str, rest: &str| {
            format!(
                r#"{{"type": "Microsoft.Resources/deployments", "apiVersion": "1", "name": "{name}"{rest},
                    "properties": {{"expressionEvaluationOptions": {{"scope": "inner"}},
                                    "template": {{"resources": [{}]}}}}}}"#,
                item(&format!("in-{name}"), "")
            )
        };
        let template = format!(r#"{{"resources": [{}, {}]}}"#, nested("m", ""), nested("n", r#", "dependsOn": ["m"]"#));
        let expansion = run(&template, "{}");
        let waits = Waits::of(&expansion);
        let key = |name: &str| &expansion.resources.iter().find(|one| one.name.as_str() == Some(name)).unwrap().key;
        assert!(waits.awaited_by(key("in-n")).contains(key("in-m").as_str()));
        assert!(!waits.awaited_by(key("in-m")).contains(key("in-n").as_str()));
    }
}
