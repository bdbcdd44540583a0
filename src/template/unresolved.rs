//! Every value of an expansion that is not known before the deployment.

use crate::source::Span;
use crate::value::{Data, Value};

use super::expansion::{Expansion, Resource};

/// A value that only Azure knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// Where it is: `Microsoft.App/containerApps/api.properties.template.containers[0].image`, `outputs.url`.
    pub path: String,
    /// The expression, as far as it can be reduced.
    pub expression: String,
    pub why: String,
    pub at: Span,
}

/// More are of no use to anybody.
const MAX_UNRESOLVED: usize = 10_000;

impl Expansion {
    /// The values that are not known, in the order of the resources, then the outputs.
    pub fn unresolved(&self) -> Vec<Unresolved> {
        let mut found = Vec::new();
        for resource in &self.resources {
            let path = title(resource);
            walk(&resource.name, &format!("{path}.name"), &mut found);
            walk(&resource.body, &path, &mut found);
        }
        for (name, value) in &self.outputs {
            walk(value, &format!("outputs.{name}"), &mut found);
        }
        found
    }
}

fn title(resource: &Resource) -> String {
    match resource.name.partial() {
        Some(name) => format!("{}/{name}", resource.kind),
        None => format!("{}/{}", resource.kind, resource.symbolic_name.as_deref().unwrap_or("…")),
    }
}

fn walk(value: &Value, path: &str, found: &mut Vec<Unresolved>) {
    if found.len() >= MAX_UNRESOLVED {
        return;
    }
    match &value.data {
        Data::Unknown(unknown) => found.push(Unresolved {
            path: path.to_owned(),
            expression: unknown.expression.clone(),
            why: unknown.why.clone(),
            at: value.at,
        }),
        Data::Secure(inner) => walk(inner, path, found),
        Data::Array(items) => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| may_hold_unknown(item)) {
                walk(item, &format!("{path}[{index}]"), found);
            }
        }
        Data::Object(object) => {
            for member in object.members.iter() {
                if let Some(unknown) = &member.key_unknown {
                    let (expression, why) = (unknown.expression.clone(), unknown.why.clone());
                    found.push(Unresolved {
                        path: format!("{path}.{}", member.key),
                        expression,
                        why,
                        at: member.key_at,
                    });
                }
                if may_hold_unknown(&member.value) {
                    walk(&member.value, &format!("{path}.{}", member.key), found);
                }
            }
        }
        _ => (),
    }
}

/// Spares the path of every plain value.
fn may_hold_unknown(value: &Value) -> bool {
    matches!(value.data, Data::Unknown(_) | Data::Secure(_) | Data::Array(_) | Data::Object(_))
}
