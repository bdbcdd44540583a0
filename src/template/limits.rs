//! What Resource Manager accepts at most
//! (https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits). The limits of
//! loops and of expressions are where those are read.

use crate::source::Span;
use crate::value::{Object, Value};

use super::error::{Error, Kind};
use super::session::Session;

/// Resources of one template, elements of loops included.
pub(super) const MAX_RESOURCES: usize = 800;
pub(super) const MAX_NAME: usize = 64;
const MAX_PARAMETERS: usize = 256;
/// The limit was 256 before.
const MAX_VARIABLES: usize = 512;
const MAX_OUTPUTS: usize = 64;
const MAX_BYTES: u32 = 4 * 1024 * 1024;

/// Reports what a template has too much of.
pub(super) fn check(session: &Session, template: &Value, sections: &Object, declarations: usize) {
    let size = |section: &str| {
        let member = sections.get(section);
        member
            .and_then(|member| Some((member.value.as_object()?.members.len(), member.key_at)))
            .unwrap_or((0, Span::NONE))
    };
    for (section, limit) in [("parameters", MAX_PARAMETERS), ("variables", MAX_VARIABLES), ("outputs", MAX_OUTPUTS)] {
        let (count, at) = size(section);
        if count > limit {
            report(session, format!("a template has at most {limit} {section}, not {count}"), at);
        }
    }
    if declarations > MAX_RESOURCES {
        let at = sections.get("resources").map_or(template.at, |member| member.key_at);
        too_many_resources(session, declarations, at);
    }
    let bytes = template.at.end.saturating_sub(template.at.start);
    if bytes > MAX_BYTES {
        let start = Span { end: template.at.start, ..template.at };
        report(session, format!("a template has at most 4 MB ({MAX_BYTES} bytes), not {bytes}"), start);
    }
}

pub(super) fn too_many_resources(session: &Session, count: usize, at: Span) {
    report(session, format!("a template has at most {MAX_RESOURCES} resources, loops expanded, not {count}"), at);
}

fn report(session: &Session, message: String, at: Span) {
    session.report(Error::new(Kind::Limit, message, at));
}
