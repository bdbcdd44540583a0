//! `pullgate audit`: every container app and job that the caller can see, judged as it runs.

use super::asker::Asker;
use super::live::shown;
use crate::cli;
use crate::cloud::Cloud;
use crate::evidence::Resource;
use crate::load::Document;
use crate::manifest::{self, Manifest};
use crate::rbac::Scope;
use crate::run::RunError;
use crate::source::Sources;
use crate::template::Context;

/// What is looked for.
const KINDS: [&str; 2] = ["Microsoft.App/containerApps", "Microsoft.App/jobs"];

/// Judges what runs and writes the reports; the number is the exit code.
///
/// # Errors
/// When Azure does not tell what there is, or a report cannot be written.
pub fn audit(options: &cli::Audit) -> Result<u8, RunError> {
    let check = options.as_check();
    super::run(&check, |asker, config, sources| everything(options, config.cloud, asker, sources))
}

fn everything(
    options: &cli::Audit,
    cloud: Option<Cloud>,
    asker: &mut Asker,
    sources: &mut Sources,
) -> Result<(Manifest, Vec<Document>), RunError> {
    let mut documents = Vec::new();
    for kind in KINDS {
        let Some(answer) = asker.resource(Resource::Find { kind: kind.to_owned() })? else {
            return Err(RunError::Usage(format!("the evidence does not tell which {kind} there are")));
        };
        let json = answer.map_err(|source| RunError::Live { what: format!("the list of {kind}"), source })?;
        let mut rows: Vec<serde_json::Value> = json["value"].as_array().cloned().unwrap_or_default();
        rows.sort_by(|one, other| one["id"].as_str().cmp(&other["id"].as_str()));
        for row in rows {
            let Some(id) = row["id"].as_str().map(str::to_owned) else { continue };
            if is_wanted(options, &id)
                && let Ok(document) = shown(&id, row, sources)
            {
                documents.push(document);
            }
        }
    }
    if documents.is_empty() {
        return Err(RunError::Usage(nothing(options)));
    }
    let context = Context { cloud: options.cloud.or(cloud).unwrap_or_default(), ..Context::default() };
    let read = manifest::Options { context, ..manifest::Options::default() };
    Ok((manifest::read(&mut documents, &read), documents))
}

/// An empty list is no proof of anything: Resource Graph leaves out what the caller may not read.
/// <https://learn.microsoft.com/azure/governance/resource-graph/overview#permissions-in-azure-resource-graph>
fn nothing(options: &cli::Audit) -> String {
    let mut place = String::new();
    if let Some(group) = &options.resource_group {
        place.push_str(&format!(" in a resource group `{group}`"));
    }
    if !options.subscription.is_empty() {
        place.push_str(&format!(" in {}", options.subscription.join(", ")));
    }
    format!(
        "the caller sees no container app and no job{place}: there is none, or it may not read any; `pullgate doctor` tells who asks"
    )
}

fn is_wanted(options: &cli::Audit, id: &str) -> bool {
    let scope = Scope::from(id);
    let same = |wanted: &str, found: Option<&str>| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted));
    let subscription =
        options.subscription.is_empty() || options.subscription.iter().any(|wanted| same(wanted, scope.subscription()));
    subscription && options.resource_group.as_deref().is_none_or(|wanted| same(wanted, scope.resource_group()))
}
