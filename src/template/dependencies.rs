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
    let nodes = expansion.resources.iter().map(|resource| (&resource.key, &resource.depends_on, resource.at));
    let nodes = nodes.chain(expansion.deployments.iter().map(|one| (&one.key, &one.depends_on, one.at)));
    let nodes: HashMap<&str, _> = nodes.map(|(key, depends, at)| (key.as_str(), (depends, at))).collect();
    let mut done: HashSet<&str> = HashSet::new();
    for (&start, (_, at)) in &nodes {
        // Depth first, without recursion: the path, and where in its dependencies each step is.
        let mut path: Vec<(&str, usize)> = vec![(start, 0)];
        let mut on_path: HashSet<&str> = HashSet::from([start]);
        while let Some((key, next)) = path.last_mut() {
            let found = nodes.get(*key).and_then(|(depends, _)| depends.get(*next));
            *next += 1;
            match found {
                Some(dependency) if on_path.contains(dependency.as_str()) => {
                    let message = format!("`{dependency}` depends on itself");
                    let at = nodes.get(dependency.as_str()).map_or(*at, |(_, at)| *at);
                    session.report(Error::new(Kind::Cycle, message, at));
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
