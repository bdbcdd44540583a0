//! The list of what is not known before the deployment, among what decides a pull.

use crate::value::{Unknown, Value};

use super::{Condition, Manifest, Unresolved, Workload};

/// Everything unknown in the workloads and outputs, with a path for people: `api.containers[0].image`.
pub(super) fn of(manifest: &Manifest) -> Vec<Unresolved> {
    let mut found = Vec::new();
    for workload in &manifest.workloads {
        of_workload(workload, &mut found);
    }
    for (name, value) in &manifest.outputs {
        add(format!("outputs.{name}"), Some(value), &mut found);
    }
    found
}

fn of_workload(workload: &Workload, found: &mut Vec<Unresolved>) {
    let name = workload.display_name();
    add(format!("{name}.name"), Some(&workload.name), found);
    if let Condition::Maybe(why) = &workload.condition {
        found.push(Unresolved {
            path: format!("{name}.condition"),
            expression: String::new(),
            why: why.clone(),
            at: workload.at,
        });
    }
    for (index, container) in workload.containers.iter().enumerate() {
        let path = format!("{name}.containers[{index}]");
        add(format!("{path}.name"), container.name.as_ref(), found);
        add(format!("{path}.image"), container.image.as_ref(), found);
    }
    for (index, entry) in workload.registries.entries.iter().enumerate() {
        let path = format!("{name}.registries[{index}]");
        add(format!("{path}.server"), entry.server.as_ref(), found);
        add(format!("{path}.identity"), entry.identity.as_ref(), found);
        add(format!("{path}.username"), entry.username.as_ref(), found);
        add(format!("{path}.passwordSecretRef"), entry.password_secret.as_ref(), found);
    }
    let blocks = [
        ("registries", &workload.registries.unknown, workload.registries.at),
        ("identity", &workload.identity.unknown, workload.identity.at),
        ("secrets", &workload.secrets.unknown, workload.secrets.at),
    ];
    for (block, why, at) in blocks {
        if let Some(why) = why {
            let at = at.unwrap_or(workload.at);
            found.push(Unresolved { path: format!("{name}.{block}"), expression: String::new(), why: why.clone(), at });
        }
    }
    for (index, assigned) in workload.identity.user_assigned.iter().enumerate() {
        add(format!("{name}.identity.userAssignedIdentities[{index}]"), Some(&assigned.id), found);
    }
}

fn add(path: String, value: Option<&Value>, found: &mut Vec<Unresolved>) {
    let Some(value) = value else { return };
    let Some(Unknown { expression, why, .. }) = value.as_unknown() else { return };
    found.push(Unresolved { path, expression: expression.clone(), why: why.clone(), at: value.at });
}
