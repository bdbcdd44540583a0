//! What would be deployed, for people.

use std::io::{self, Write};

use crate::bicep::Origins;
use crate::manifest::{Condition, Container, Manifest, Origin, RegistryEntry, Workload};
use crate::source::{Sources, Span};
use crate::value::Value;

use super::identity_type;

/// How many unknown values people are shown: large templates have thousands.
const MOST_UNKNOWN: usize = 30;

/// Writes the workloads and how they pull; with `resources`, the other resources too.
///
/// # Errors
/// What `out` refuses.
pub fn write(out: &mut dyn Write, manifest: &Manifest, sources: &Sources, resources: bool) -> io::Result<()> {
    if manifest.workloads.is_empty() {
        writeln!(out, "nothing here runs containers")?;
    }
    let origins = Origins::new(sources);
    for workload in &manifest.workloads {
        write_workload(out, workload, &origins)?;
    }
    if resources && !manifest.planned.resources.is_empty() {
        writeln!(out, "resources")?;
        for resource in &manifest.planned.resources {
            let existing = if resource.existing { "  (existing)" } else { "" };
            writeln!(
                out,
                "  {}  {}{existing}{}",
                plain(&resource.kind),
                shown(&resource.name),
                unless(&resource.condition)
            )?;
        }
    }
    if !manifest.outputs.is_empty() {
        writeln!(out, "outputs")?;
        for (name, value) in &manifest.outputs {
            writeln!(out, "  {} = {}", plain(name), shown(value))?;
        }
    }
    if !manifest.unknown.is_empty() {
        writeln!(out, "not known before the deployment")?;
        for unknown in manifest.unknown.iter().take(MOST_UNKNOWN) {
            writeln!(out, "  {}: {}{}", plain(&unknown.path), plain(&unknown.why), place(unknown.at, &origins))?;
        }
        if let Some(more) = manifest.unknown.len().checked_sub(MOST_UNKNOWN + 1) {
            writeln!(out, "  and {} more; `--format json` has all", more + 1)?;
        }
    }
    Ok(())
}

fn write_workload(out: &mut dyn Write, workload: &Workload, origins: &Origins) -> io::Result<()> {
    let origin = match workload.origin {
        Origin::Declared => "",
        Origin::Partial => "  (what it leaves out stays as it is)",
        Origin::Live => "  (live)",
        Origin::Updated => "  (live, as the update leaves it)",
    };
    let name = shown(&workload.name);
    writeln!(
        out,
        "{}  {name}{origin}{}{}",
        plain(&workload.kind),
        unless(&workload.condition),
        place(workload.at, origins)
    )?;
    for container in &workload.containers {
        write_container(out, container)?;
    }
    for entry in &workload.registries.entries {
        let server = entry.server.as_ref().map_or_else(|| "(no server)".to_owned(), shown);
        writeln!(out, "  registry   {server}  {}", credential(entry))?;
    }
    if let Some(why) = &workload.registries.unknown {
        writeln!(out, "  registry   …  {}", plain(why))?;
    }
    if let Some(why) = &workload.identity.unknown {
        writeln!(out, "  identity   …  {}", plain(why))?;
    } else if workload.identity.at.is_some() {
        writeln!(out, "  identity   {}", identity_type(&workload.identity))?;
    }
    if workload.identity.at.is_some() {
        for assigned in &workload.identity.user_assigned {
            writeln!(out, "             {}", shown(&assigned.id))?;
        }
    }
    Ok(())
}

fn write_container(out: &mut dyn Write, container: &Container) -> io::Result<()> {
    let role = if container.init { "init" } else { "container" };
    let name = container.name.as_ref().map(|name| format!("{}  ", shown(name))).unwrap_or_default();
    let image = container.image.as_ref().map(shown).filter(|image| !image.is_empty());
    writeln!(out, "  {role:<9}  {name}{}", image.unwrap_or_else(|| "(no image)".to_owned()))
}

fn credential(entry: &RegistryEntry) -> String {
    if let Some(identity) = &entry.identity {
        return format!("by identity {}", shown(identity));
    }
    let user = entry.username.as_ref().map(|user| format!("as {}", shown(user))).unwrap_or_default();
    match &entry.password_secret {
        Some(secret) => format!("{user} with secret {}", shown(secret)).trim_start().to_owned(),
        None if entry.password.is_some() => format!("{user} with a password").trim_start().to_owned(),
        None if user.is_empty() => "without a credential".to_owned(),
        None => user,
    }
}

fn unless(condition: &Condition) -> String {
    match condition {
        Condition::Always => String::new(),
        Condition::Never => "  (not deployed)".to_owned(),
        Condition::Maybe(why) => format!("  (perhaps: {})", plain(why)),
    }
}

fn place(span: Span, origins: &Origins) -> String {
    origins.place(span).map(|place| format!("  {}:{}", plain(place.path), place.line)).unwrap_or_default()
}

/// A value on one line.
fn shown(value: &Value) -> String {
    match value.partial() {
        Some(text) => plain(&text),
        None if value.is_secure() => "(secret)".to_owned(),
        None => plain(&super::json(value).to_string()),
    }
}

/// Text from outside, without what a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}
