//! Manifests of texts, for tests.

use crate::document::bytes::Encoding;
use crate::load;
use crate::source::Sources;

use super::{Manifest, Options, read};

/// Reads files given as path and text.
#[track_caller]
pub(super) fn manifest(files: &[(&str, &str)]) -> (Manifest, Sources) {
    let mut sources = Sources::default();
    let mut documents = Vec::new();
    for (path, text) in files {
        let file = sources.add(*path, *text);
        documents.push(load::document((*path).to_owned(), file, Encoding::Utf8, &sources).unwrap());
    }
    (read(&mut documents, &Options::default()), sources)
}

/// What a file deploys, a line each for workloads, images, registries and identities, without places.
#[track_caller]
pub(super) fn lines(text: &str) -> Vec<String> {
    lines_of(&[("file", text)])
}

/// The same for several files.
#[track_caller]
pub(super) fn lines_of(files: &[(&str, &str)]) -> Vec<String> {
    let (mut manifest, _) = manifest(files);
    manifest.unknown.clear();
    let mut out = Vec::new();
    crate::expand::write(&mut out, &manifest, &Sources::default(), false).unwrap();
    let text = String::from_utf8(out).unwrap();
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The problems of a file: line, what is wrong, and what was meant.
#[track_caller]
pub(super) fn problems(text: &str) -> Vec<String> {
    let (manifest, sources) = manifest(&[("file", text)]);
    let line = |at| sources.place(at).map_or(0, |place| place.line);
    let problems = manifest.problems.iter().map(|problem| {
        let finding = &problem.finding;
        format!("{}: {}; {}", line(finding.at), finding.title, finding.help.as_deref().unwrap_or_default())
    });
    problems.collect()
}

/// A template of these resources, given as JSON.
pub(super) fn template(resources: &str) -> String {
    format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": {{"image": {{"type": "string"}}, "private": {{"type": "bool"}}}}, "resources": [{resources}]}}"#
    )
}

/// A container app for [`template`] with this configuration and these containers.
pub(super) fn app(identity: &str, registries: &str, image: &str, depends_on: &str) -> String {
    format!(
        r#"{{"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "api", "dependsOn": [{depends_on}],
        "identity": {identity}, "properties": {{"environmentId": "e", "configuration": {{"registries": {registries}}},
        "template": {{"containers": [{{"name": "api", "image": "{image}"}}]}}}}}}"#
    )
}
