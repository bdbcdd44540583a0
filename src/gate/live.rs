//! The live resource: read instead of a manifest (`--app`, `--job`, `--revision`), or beneath one; and what templates read of running apps.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value as Json;

use super::asker::Asker;
use super::{Loaded, load_inputs};
use crate::cli;
use crate::cloud::Cloud;
use crate::document::bytes::Encoding;
use crate::evidence::{Answer, Failure, Resource};
use crate::load::{self, Document};
use crate::manifest::{self, Asked, Host, Manifest};
use crate::probe::REDACTED;
use crate::rbac::Scope;
use crate::run::RunError;
use crate::source::Sources;
use crate::template::Context;
use crate::value::Value;

/// How often templates are expanded again with what they read of running apps: one may name the next.
const ROUNDS: usize = 4;

/// What the command line means by `--app`, `--job` and `--revision`.
#[derive(Clone, Copy)]
struct Target<'o> {
    host: Host,
    name: &'o str,
    revision: Option<&'o str>,
}

/// What is judged: the manifests, the live resource, or the ones laid over the other.
///
/// # Errors
/// An input that cannot be read; a live resource that is not there, where there is nothing else to judge.
pub fn subject(
    options: &cli::Check,
    cloud: Option<Cloud>,
    asker: &mut Asker,
    sources: &mut Sources,
) -> Result<(Manifest, Vec<Document>), RunError> {
    let (mut manifest, documents) = match target(options) {
        Some(target) if options.input.manifests.is_empty() => {
            let (asked, shown) = read(target, &options.input.context, asker, sources)?;
            let document = shown.ok_or_else(|| RunError::Live {
                what: target.words(),
                source: asked.body.err().unwrap_or_else(|| Failure::unreadable("it is of no kind that is read")),
            })?;
            let cloud = options.input.context.cloud.or(cloud).unwrap_or_default();
            alone(vec![document], super::context(&options.input.context, cloud))
        }
        target => {
            // What cannot be read is told before anybody is asked.
            let loaded = load_inputs(&options.input, cloud, sources)?;
            let live = match target {
                None => None,
                Some(target) => Some((target, read(target, &options.input.context, asker, sources)?.0)),
            };
            beneath(loaded, live, asker, sources)?
        }
    };
    manifest::set_images(&mut manifest, &options.image).map_err(RunError::Usage)?;
    manifest.verify_secrets = options.verify_secrets;
    Ok((manifest, documents))
}

/// Live resources, and nothing that is done to them.
fn alone(mut documents: Vec<Document>, context: Context) -> (Manifest, Vec<Document>) {
    let mut manifest = manifest::read(&mut documents, &manifest::Options { context, ..manifest::Options::default() });
    manifest.know_live();
    (manifest, documents)
}

/// The manifests, with what they meet.
fn beneath(
    loaded: Loaded,
    live: Option<(Target, Asked)>,
    asker: &mut Asker,
    sources: &mut Sources,
) -> Result<(Manifest, Vec<Document>), RunError> {
    let Loaded { mut documents, mut options } = loaded;
    let mut states: HashMap<String, Value> = HashMap::new();
    if let Some((_, asked)) = &live {
        if let Ok(body) = &asked.body {
            states.insert(asked.id.to_lowercase(), body.clone());
        }
        options.live = vec![asked.clone()];
    }
    let mut manifest = Manifest::default();
    for _ in 0..ROUNDS {
        options.context.states = Rc::new(states.clone());
        manifest = manifest::read(&mut documents, &options);
        let known = states.len();
        for id in std::mem::take(&mut manifest.wants) {
            let Some(Ok(json)) = asker.resource(Resource::Get { id: id.clone() })? else { continue };
            if let Ok(document) = shown(&id, json, sources) {
                states.insert(id.to_lowercase(), document.parts[0].value.clone());
            }
        }
        if states.len() == known {
            break;
        }
        load::reload_templates(&mut documents, sources)?;
    }
    if let Some((target, asked)) = &live
        && !manifest.meets(asked)
    {
        return Err(RunError::Usage(format!("the manifests do not deploy {}", target.words())));
    }
    Ok((manifest, documents))
}

fn target(options: &cli::Check) -> Option<Target<'_>> {
    let (host, name) = match (&options.app, &options.job) {
        (Some(name), _) => (Host::ContainerApp, name),
        (None, Some(name)) => (Host::Job, name),
        (None, None) => return None,
    };
    Some(Target { host, name, revision: options.revision.as_deref() })
}

impl<'o> Target<'o> {
    fn kind(self) -> &'static str {
        match self.host {
            Host::Job => "Microsoft.App/jobs",
            _ => "Microsoft.App/containerApps",
        }
    }

    /// The name, also where an id was given.
    fn short(self) -> &'o str {
        self.name.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    /// What to call it.
    fn words(self) -> String {
        let kind = if self.host == Host::Job { "job" } else { "container app" };
        match self.revision {
            Some(revision) => format!("revision `{revision}` of the {kind} `{}`", self.short()),
            None => format!("the {kind} `{}`", self.short()),
        }
    }
}

/// The live resource, and the document that shows it.
///
/// # Errors
/// When nothing can be asked, and when several resources are meant.
fn read(
    target: Target,
    context: &cli::Context,
    asker: &mut Asker,
    sources: &mut Sources,
) -> Result<(Asked, Option<Document>), RunError> {
    let unknown =
        |failure| Asked { id: String::new(), name: target.short().to_owned(), host: target.host, body: Err(failure) };
    let id = match locate(target, context, asker)? {
        Ok(id) => id,
        Err(failure) => return Ok((unknown(failure), None)),
    };
    let mut answer = get(&id, asker)?;
    let mut named = id.clone();
    if let (Some(revision), Ok(app)) = (target.revision, &mut answer) {
        let prefix = format!("{}--", target.short());
        let revision = if revision.starts_with(&prefix) { revision.to_owned() } else { format!("{prefix}{revision}") };
        named = format!("{id}/revisions/{revision}");
        match get(&named, asker)? {
            Ok(mut json) => {
                if let (Some(template), Some(properties)) = (
                    json.pointer_mut("/properties/template"),
                    app.pointer_mut("/properties").and_then(Json::as_object_mut),
                ) {
                    properties.insert("template".to_owned(), template.take());
                }
            }
            Err(failure) => return Ok((unknown(failure), None)),
        }
    }
    let asked = |body| Asked { id: id.clone(), name: target.short().to_owned(), host: target.host, body };
    let document = match answer {
        Ok(json) => shown(&named, json, sources),
        Err(failure) => Err(failure),
    };
    Ok(match document {
        Ok(document) => (asked(Ok(document.parts[0].value.clone())), Some(document)),
        Err(failure) => (asked(Err(failure)), None),
    })
}

fn get(id: &str, asker: &mut Asker) -> Result<Answer<Json>, RunError> {
    let answer = asker.resource(Resource::Get { id: id.to_owned() })?;
    answer.ok_or_else(|| {
        let help =
            format!("`--evidence FILE` of a run that recorded it; without that, ask: leave out `--offline` ({id})");
        RunError::Usage(format!("what runs is known to Azure only; give {help}"))
    })
}

/// The resource id: from the command line, or by looking for the name.
fn locate(target: Target, context: &cli::Context, asker: &mut Asker) -> Result<Answer<String>, RunError> {
    if target.name.starts_with('/') {
        return Ok(Ok(target.name.trim_end_matches('/').to_owned()));
    }
    if let (Some(subscription), Some(group)) = (&context.subscription, &context.resource_group) {
        let (kind, name) = (target.kind(), target.name);
        return Ok(Ok(format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}")));
    }
    let Some(answer) = asker.resource(Resource::Find { kind: target.kind().to_owned() })? else {
        let help = "`--subscription` and `-g` say where it is, and `--evidence FILE` what Azure said of it";
        return Err(RunError::Usage(format!("{} is not looked for without asking: {help}", target.words())));
    };
    let rows = match answer {
        Ok(json) => json["value"].as_array().cloned().unwrap_or_default(),
        Err(failure) => return Ok(Err(failure)),
    };
    let is = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_ref().is_none_or(|wanted| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
    };
    let is_it = |id: &&str| {
        let scope = Scope::from(*id);
        id.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(target.name))
            && is(&context.subscription, scope.subscription())
            && is(&context.resource_group, scope.resource_group())
    };
    let mut ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).filter(is_it).collect();
    ids.sort_unstable();
    match ids.as_slice() {
        [] => {
            let message = format!("no subscription that the caller can read has {}", target.words());
            Ok(Err(Failure::NotFound { host: "Resource Manager".to_owned(), code: None, message: Some(message) }))
        }
        [id] => Ok(Ok((*id).to_owned())),
        several => {
            let all = several.iter().take(8).copied().collect::<Vec<_>>().join(", ");
            Err(RunError::Usage(format!(
                "{} is in several places: say `--subscription` and `-g`, or the id; {all}",
                target.words()
            )))
        }
    }
}

/// The document that shows what Azure answered, as a text with lines: `containerApps/api (live)`.
///
/// # Errors
/// When it shows no resource.
pub(super) fn shown(id: &str, mut json: Json, sources: &mut Sources) -> Answer<Document> {
    forget_redacted(&mut json);
    let lower = id.to_ascii_lowercase();
    let tail = lower.rfind("/providers/microsoft.app/").map_or(id, |at| &id[at + "/providers/microsoft.app/".len()..]);
    let path = format!("{tail} (live)");
    let mut text = serde_json::to_string_pretty(&json).expect("JSON has only string keys");
    text.push('\n');
    let file = sources.add(path.clone(), text);
    load::document(path, file, Encoding::Utf8, sources).map_err(|error| Failure::unreadable(error.to_string()))
}

/// Takes out what stands for a secret: the text is no value of anything.
fn forget_redacted(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(forget_redacted),
        Json::Object(members) => {
            members.retain(|_, value| value.as_str() != Some(REDACTED));
            members.values_mut().for_each(forget_redacted);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_azure_answered_has_a_name_and_lines_and_no_secret() {
        let json = serde_json::json!({"type": "Microsoft.App/containerApps", "properties": {"configuration": {"secrets": [
            {"name": "pw", "value": REDACTED}]}}});
        let mut sources = Sources::default();
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/api";
        let document = shown(id, json, &mut sources).unwrap();
        assert_eq!(document.path, "containerApps/api (live)");
        let text = sources.text(document.file);
        assert!(
            text.contains("\"name\": \"pw\"") && !text.contains("redacted") && !text.contains("\"value\""),
            "{text}"
        );
        let revision = format!("{id}/revisions/api--one");
        let named = shown(&revision, serde_json::json!({"properties": {"template": {}}}), &mut sources).unwrap();
        assert_eq!(named.path, "containerApps/api/revisions/api--one (live)");
    }
}
