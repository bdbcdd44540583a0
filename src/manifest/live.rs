//! What is there already: the live resource that an operation meets, and which of the workloads it is.

use std::rc::Rc;

use crate::evidence::{Answer, Failure};
use crate::source::{FileId, Span};
use crate::value::Value;

use super::{Host, Manifest, Origin, PlannedResource, Workload, resource};

/// A live resource, or why it could not be read.
#[derive(Clone, Debug)]
pub struct Live {
    pub id: String,
    pub name: String,
    pub host: Host,
    pub state: Answer<Rc<Workload>>,
    /// The text that shows it.
    pub file: FileId,
}

/// A live resource as it was asked for, before it is read.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: String,
    pub name: String,
    pub host: Host,
    pub body: Answer<Value>,
}

impl Asked {
    /// Whether a resource of a manifest is this one: of its type, and of its name or without any.
    pub(super) fn is_met_by(&self, resource: &PlannedResource) -> bool {
        let kind = match self.host {
            Host::Job => "microsoft.app/jobs",
            _ => "microsoft.app/containerapps",
        };
        let named = resource.name.as_str().is_none_or(|name| name.eq_ignore_ascii_case(&self.name));
        resource.kind == kind && named
    }

    pub(super) fn read(&self) -> Live {
        let state = self.body.as_ref().map_err(Failure::clone).and_then(|body| {
            let resource = PlannedResource::of_document(body, "");
            let workload = resource::workload(&resource, &[], Origin::Live);
            workload.map(Rc::new).ok_or_else(|| Failure::unreadable("Azure's answer is neither an app nor a job"))
        });
        let file = self.body.as_ref().map_or(FileId::NONE, |body| body.at.file);
        Live { id: self.id.clone(), name: self.name.clone(), host: self.host, state, file }
    }
}

impl Manifest {
    /// What Azure has of a workload, or why that is not known; `None` when nobody asked.
    pub fn live_of(&self, workload: &Workload) -> Option<Answer<&Workload>> {
        let is_it = |live: &&Live| {
            // A name that is not known is that of the only one there is.
            let only = || self.workloads.iter().filter(|other| other.host == workload.host).count() == 1;
            let named = workload.name.as_str().map_or_else(only, |name| name.eq_ignore_ascii_case(&live.name));
            let same_id = |id: &str| live.id.is_empty() || !id.starts_with('/') || id.eq_ignore_ascii_case(&live.id);
            live.host == workload.host && named && workload.id.as_ref().and_then(Value::as_str).is_none_or(same_id)
        };
        let asked = self.live.iter().find(is_it);
        if let Some(live) = asked {
            return Some(live.state.as_ref().map(Rc::as_ref).map_err(Failure::clone));
        }
        // An export beside the file shows it as well.
        let name = workload.name.as_str()?;
        let is_shown = |other: &&Rc<Workload>| {
            other.origin == Origin::Live
                && other.host == workload.host
                && other.name.as_str().is_some_and(|other| other.eq_ignore_ascii_case(name))
        };
        let shown = self.workloads.iter().find(is_shown).filter(|_| workload.origin != Origin::Live)?;
        Some(Ok(shown))
    }

    /// Whether this is written in a live resource, by Azure, and in no manifest.
    pub fn is_live(&self, at: Span) -> bool {
        at.is_written() && self.live.iter().any(|live| live.file == at.file)
    }

    /// Whether it deploys the resource that was asked for.
    pub fn meets(&self, asked: &Asked) -> bool {
        self.planned.resources.iter().any(|resource| asked.is_met_by(resource))
    }

    /// Takes the live workloads for what the operation meets: there is nothing but them.
    pub fn know_live(&mut self) {
        let live = self.workloads.iter().filter(|workload| workload.origin == Origin::Live);
        let known = live.map(|workload| Live {
            id: workload.id.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            name: workload.display_name(),
            host: workload.host,
            state: Ok(Rc::clone(workload)),
            file: workload.at.file,
        });
        self.live = known.collect();
    }
}
