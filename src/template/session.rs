//! What one expansion shares between all its templates: what the user stated, what was found, what it may cost.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::source::Span;
use crate::value::Value;

use super::context::Context;
use super::error::{Error, Kind};
use super::expansion::{Knowledge, Missing};
use super::frame::Frame;
use super::instance::Instance;
use super::scope::Engine;

/// All that is shared.
pub(super) struct Session {
    pub context: Context,
    pub knowledge: Knowledge,
    pub engine: Engine,
    pub external_inputs: Vec<(String, Value)>,
    frames: RefCell<Vec<Rc<Frame>>>,
    problems: RefCell<Problems>,
    pub missing: RefCell<Vec<Missing>>,
    /// Every resource by its canonical id, one that is deployed before one that is only read.
    index: RefCell<HashMap<String, Rc<Instance>>>,
    /// Ids that expressions refer to and that no template declares, by their canonical spelling.
    foreign: RefCell<HashMap<String, Value>>,
    depth: Cell<u32>,
    resources: Cell<usize>,
    elements: Cell<usize>,
}

/// A template among those of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameId(usize);

/// A step into a template; leaving it is dropping this.
pub(super) struct Descent<'s>(&'s Session);

#[derive(Default)]
struct Problems {
    list: Vec<Error>,
    seen: HashSet<(Span, Kind, String)>,
}

/// Values inside values and templates inside templates, so that the stack is bounded: a document nests 512 deep.
const MAX_DESCENT: u32 = 1_500;
/// Resources of all templates together; one template may have 800.
const MAX_RESOURCES: usize = 20_000;
/// Elements that all loops of properties, variables and outputs make together.
const MAX_ELEMENTS: usize = 500_000;
/// More mistakes are of no use to anybody.
const MAX_PROBLEMS: usize = 1_000;

impl Session {
    pub fn new(context: &Context, knowledge: Knowledge, external_inputs: Vec<(String, Value)>) -> Session {
        Session {
            context: context.clone(),
            knowledge,
            engine: Engine::default(),
            external_inputs,
            frames: RefCell::default(),
            problems: RefCell::default(),
            missing: RefCell::default(),
            index: RefCell::default(),
            foreign: RefCell::default(),
            depth: Cell::new(0),
            resources: Cell::new(0),
            elements: Cell::new(0),
        }
    }

    /// Keeps the template that `make` builds of its own id.
    pub fn add(&self, make: impl FnOnce(FrameId) -> Frame) -> Rc<Frame> {
        let frame = Rc::new(make(FrameId(self.frames.borrow().len())));
        self.frames.borrow_mut().push(Rc::clone(&frame));
        frame
    }

    pub fn frame(&self, id: FrameId) -> Rc<Frame> {
        Rc::clone(&self.frames.borrow()[id.0])
    }

    /// Notes a mistake, once.
    pub fn report(&self, error: Error) {
        let mut problems = self.problems.borrow_mut();
        let key = (error.at, error.kind, error.message.clone());
        if problems.list.len() < MAX_PROBLEMS && problems.seen.insert(key) {
            problems.list.push(error);
        }
    }

    pub fn take_problems(&self) -> Vec<Error> {
        std::mem::take(&mut self.problems.borrow_mut().list)
    }

    /// Makes a resource known to all templates by its id.
    pub fn register(&self, instance: &Rc<Instance>) {
        let mut index = self.index.borrow_mut();
        match index.get(&instance.key) {
            Some(known) if known.is_deployed() || !instance.is_deployed() => (),
            _ => drop(index.insert(instance.key.clone(), Rc::clone(instance))),
        }
    }

    pub fn resource(&self, key: &str) -> Option<Rc<Instance>> {
        self.index.borrow().get(key).cloned()
    }

    /// Remembers an id that an expression names, to find it again by its canonical spelling.
    pub fn refer(&self, key: &str, id: &Value) {
        if !self.foreign.borrow().contains_key(key) {
            self.foreign.borrow_mut().insert(key.to_owned(), id.clone());
        }
    }

    pub fn referred(&self, key: &str) -> Option<Value> {
        self.foreign.borrow().get(key).cloned()
    }

    /// Every id that expressions refer to and that no template declares.
    pub fn all_referred(&self) -> Vec<Value> {
        let mut all: Vec<(String, Value)> =
            self.foreign.borrow().iter().map(|(key, id)| (key.clone(), id.clone())).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all.into_iter().map(|(_, id)| id).collect()
    }

    /// What Azure has of a resource that is read, where somebody asked.
    pub fn state(&self, key: &str, is_full: bool) -> Option<Value> {
        let state = self.context.states.get(key)?;
        if is_full { Some(state.clone()) } else { state.get("properties").cloned() }
    }

    /// Goes one value or template deeper.
    ///
    /// # Errors
    /// Of kind `Limit` when it is too deep.
    pub fn descend(&self, at: Span) -> Result<Descent<'_>, Error> {
        if self.depth.get() >= MAX_DESCENT {
            let message = format!("values and templates are nested more than {MAX_DESCENT} deep");
            return Err(Error::new(Kind::Limit, message, at));
        }
        self.depth.set(self.depth.get() + 1);
        Ok(Descent(self))
    }

    /// Counts a resource; `false`, and a problem, when there are too many.
    pub fn count_resource(&self, at: Span) -> bool {
        self.resources.set(self.resources.get() + 1);
        if self.resources.get() > MAX_RESOURCES {
            let message =
                format!("all templates together have more than {MAX_RESOURCES} resources; the rest is left out");
            self.report(Error::new(Kind::Limit, message, Span { end: at.start, ..at }));
        }
        self.resources.get() <= MAX_RESOURCES
    }

    /// Counts an element of a loop.
    ///
    /// # Errors
    /// Of kind `Limit` when all loops together make too many.
    pub fn count_element(&self, at: Span) -> Result<(), Error> {
        self.elements.set(self.elements.get() + 1);
        if self.elements.get() > MAX_ELEMENTS {
            let message = format!("the loops of this template make more than {MAX_ELEMENTS} elements");
            return Err(Error::new(Kind::Limit, message, at));
        }
        Ok(())
    }
}

impl Drop for Descent<'_> {
    fn drop(&mut self) {
        self.0.depth.set(self.0.depth.get() - 1);
    }
}
