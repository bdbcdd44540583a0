//! What the tests of the checks are written with: a manifest, evidence and a check give a text.

use crate::document::bytes::Encoding;
use crate::evidence::{Answer, Entry, Evidence, Failure, Picked, Platform, Question, Reply, Resolved, Stop};
use crate::finding::Finding;
use crate::image::{Digest, Host, ImageRef};
use crate::load;
use crate::manifest::{self, Manifest, Pull};
use crate::source::Sources;

use super::network::Cases;
use super::{CHECKS, Check, Run};

/// What a check says of a container app with this image and nothing else.
#[track_caller]
pub fn verdict(check: Check, image: &str, evidence: &Evidence) -> String {
    verdicts(check, &app(image, ""), evidence)
}

/// The same with registry entries of these servers, each with a system identity.
#[track_caller]
pub fn verdict_with(check: Check, image: &str, servers: &[&str], evidence: &Evidence) -> String {
    let entries: String =
        servers.iter().map(|server| format!("  - server: {server}\n    identity: system\n")).collect();
    let configuration = format!("configuration:\n  registries:\n{entries}");
    verdicts(check, &app(image, &configuration), evidence)
}

/// What a check says of everything in a manifest, a paragraph for each container or workload that is judged.
#[track_caller]
pub fn verdicts(check: Check, text: &str, evidence: &Evidence) -> String {
    judged(check, text, evidence, |_, _| ())
}

/// What a check says of a file that meets a live resource, given as the file that shows it.
#[track_caller]
pub fn live(check: Check, file: &str, live: &str) -> String {
    judged_live(check, Some(file), live, &Evidence::default())
}

/// The same with evidence; without a file, of the live resource itself.
#[track_caller]
pub fn judged_live(check: Check, file: Option<&str>, live: &str, evidence: &Evidence) -> String {
    let mut sources = Sources::default();
    let mut document = |path: &str, text: &str| {
        let file = sources.add(path, text);
        load::document(path.to_owned(), file, Encoding::default(), &sources).expect("a manifest")
    };
    let shown = document("live", live);
    let body = shown.parts[0].value.clone();
    let mut manifest = match file {
        None => manifest::read(&mut [shown], &manifest::Options::default()),
        Some(written) => {
            let text = |key: &str| body.get(key).and_then(crate::value::Value::as_str).unwrap_or_default().to_owned();
            let (id, name) = (text("id"), text("name"));
            let asked = manifest::Asked { id, name, host: manifest::Host::ContainerApp, body: Ok(body.clone()) };
            let options = manifest::Options { live: vec![asked], ..manifest::Options::default() };
            manifest::read(&mut [document("app.yaml", written)], &options)
        }
    };
    if file.is_none() {
        manifest.know_live();
    }
    outcomes(&check, &manifest, evidence, &sources)
}

/// The same for a manifest with more than its text says.
#[track_caller]
pub fn judged(check: Check, text: &str, evidence: &Evidence, more: impl FnOnce(&mut Manifest, &mut Sources)) -> String {
    let mut sources = Sources::default();
    let mut manifest = read(text, &mut sources);
    more(&mut manifest, &mut sources);
    outcomes(&check, &manifest, evidence, &sources)
}

fn outcomes(check: &Check, manifest: &Manifest, evidence: &Evidence, sources: &Sources) -> String {
    let mut paragraphs = Vec::new();
    for workload in &manifest.workloads {
        match check.run {
            Run::Pull(run) => {
                for container in &workload.containers {
                    let pull = Pull { manifest, workload, container };
                    paragraphs.push(outcome(check, run(&pull, evidence), evidence, sources));
                }
            }
            Run::Workload(run) => paragraphs.push(outcome(check, run(manifest, workload, evidence), evidence, sources)),
            Run::Network(run) => {
                let mut cases = Cases::default();
                let case = cases.of(manifest, workload, evidence);
                paragraphs.push(outcome(check, run(&case), evidence, sources));
            }
            Run::Reading => {}
        }
    }
    let mine = manifest.problems.iter().filter(|problem| problem.code == check.code);
    paragraphs.extend(mine.map(|problem| outcome(check, Ok(vec![problem.finding.clone()]), evidence, sources)));
    paragraphs.join("\n\n")
}

/// The manifest that a text holds.
#[track_caller]
pub fn read(text: &str, sources: &mut Sources) -> Manifest {
    let file = sources.add("app.yaml", text);
    let document = load::document("app.yaml".to_owned(), file, Encoding::default(), sources).expect("a manifest");
    manifest::read(&mut [document], &manifest::Options::default())
}

/// A flat container app with this image and a piece of YAML.
pub fn app(image: &str, more: &str) -> String {
    let image = serde_json::to_string(image).unwrap();
    format!(
        "name: app\nenvironmentId: /environment\n{more}template:\n  containers:\n  - name: api\n    image: {image}\n"
    )
}

/// A template with these parameters and an app whose image is this.
pub fn template(parameters: &str, image: &str) -> String {
    let app = format!(
        r#"{{"type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "app", "location": "x",
            "properties": {{"template": {{"containers": [{{"name": "api", "image": "{image}"}}]}}}}}}"#
    );
    format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0", "parameters": {{{parameters}}}, "resources": [{app}]}}"#
    )
}

/// The question for an image of linux/amd64.
pub fn asks(image: &str) -> Question {
    Question::Image { image: ImageRef::parse(image).unwrap(), platform: Platform::linux_amd64() }
}

/// The question for the tags of `host/repository`.
pub fn asks_tags(name: &str) -> Question {
    let (registry, repository) = split(name);
    Question::Tags { registry, repository }
}

/// `host/repository` in two.
pub fn split(name: &str) -> (Host, String) {
    let (host, repository) = name.split_once('/').unwrap();
    (Host::parse(host).unwrap(), repository.to_owned())
}

pub fn names(names: &[&str]) -> Answer<Reply> {
    Ok(Reply::Names(names.iter().map(|name| (*name).to_owned()).collect()))
}

/// Evidence of one image that the registry has.
pub fn has(image: &str, resolved: Resolved) -> Evidence {
    Evidence::default().with(asks(image), Ok(Reply::Image(Box::new(resolved))))
}

/// Evidence of one image that cannot be had.
pub fn lacks(image: &str, failure: Failure) -> Evidence {
    Evidence::default().with(asks(image), Err(failure))
}

pub fn not_found(host: &str, code: &str) -> Failure {
    Failure::NotFound { host: host.to_owned(), code: Some(code.to_owned()), message: None }
}

pub fn refused(host: &str, status: u16) -> Failure {
    Failure::Refused { host: host.to_owned(), status, code: None, message: None, challenge: None, anonymous: false }
}

/// A digest of one letter or digit again and again.
pub fn digest(digit: char) -> Digest {
    Digest::parse(&format!("sha256:{}", digit.to_string().repeat(64))).unwrap()
}

/// A single manifest for this platform.
pub fn single(os: &str, architecture: &str) -> Resolved {
    Resolved {
        digest: digest('a'),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        entries: Vec::new(),
        picked: Some(Ok(picked(os, architecture))),
        tag_digest: None,
        anonymous: false,
    }
}

/// An index of children for these platforms (`linux/amd64`; `attestation` for one), with what came of the child that fits.
pub fn index(platforms: &[&str], picked: Option<Answer<Picked>>) -> Resolved {
    let entry = |platform: &&str| {
        let (os, architecture) = platform.split_once('/').unwrap_or(("unknown", "unknown"));
        let platform = Platform { os: os.to_owned(), architecture: architecture.to_owned() };
        Entry { digest: digest('b').to_string(), attestation: os == "unknown", platform: Some(platform) }
    };
    Resolved {
        media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
        entries: platforms.iter().map(entry).collect(),
        picked,
        ..single("linux", "amd64")
    }
}

/// A manifest that can be run.
pub fn picked(os: &str, architecture: &str) -> Picked {
    Picked {
        digest: digest('a').to_string(),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        config_media_type: Some("application/vnd.oci.image.config.v1+json".to_owned()),
        platform: Some(Ok(Platform { os: os.to_owned(), architecture: architecture.to_owned() })),
        size: 40_000_000,
        layer_media_types: vec!["application/vnd.oci.image.layer.v1.tar+gzip".to_owned()],
    }
}

fn outcome(check: &Check, outcome: Result<Vec<Finding>, Stop>, evidence: &Evidence, sources: &Sources) -> String {
    match outcome {
        Ok(findings) if findings.is_empty() => "pass".to_owned(),
        Ok(findings) => findings.iter().map(|finding| shown(check, finding, sources)).collect::<Vec<_>>().join("\n"),
        Err(Stop::Unverified(failure)) => format!("unverified: {failure}"),
        Err(Stop::NotApplicable(why)) => format!("not applicable: {why}"),
        Err(Stop::Need(question)) if evidence.is_offline() => format!("not asked: {}", question.subject()),
        Err(Stop::Need(question)) => format!("needs {}", question.subject()),
    }
}

fn shown(check: &Check, finding: &Finding, sources: &Sources) -> String {
    let mut lines = vec![format!("{}: {}", finding.severity.unwrap_or(check.severity).name(), finding.title)];
    let at = sources.slice(finding.at);
    let line = at.lines().next().unwrap_or_default();
    if !finding.title.contains(line) {
        lines.push(format!("at: {line}"));
    }
    lines.extend(finding.detail.iter().map(|detail| format!("because: {detail}")));
    lines.extend(finding.also.iter().map(|label| format!("also: {}: {}", sources.slice(label.at), label.text)));
    lines.extend(finding.help.iter().map(|help| format!("help: {help}")));
    lines.extend(finding.commands.iter().map(|command| format!("run: {command}")));
    lines.extend(finding.edit.iter().map(|edit| format!("fix: {}", edit.replacement)));
    lines.join("\n")
}

mod laws {
    use super::*;
    use crate::explain::Page;

    #[test]
    fn no_two_checks_have_the_same_code() {
        let mut codes: Vec<&str> = CHECKS.iter().map(|check| check.code).collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }

    #[test]
    fn every_check_has_a_page_that_says_why_and_how_to_repair_it_and_names_a_source() {
        for check in CHECKS {
            let page = Page::of(check);
            assert!(page.summary.ends_with('.'), "{}: {}", check.code, page.summary);
            for part in ["## Why\n", "## Fix\n", "https://"] {
                assert!(page.body.contains(part), "{} lacks {part:?}", check.code);
            }
        }
    }

    #[test]
    fn every_problem_that_a_reader_of_manifests_finds_has_its_page() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest");
        for file in std::fs::read_dir(root).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for (_, after) in text.match_indices("/// The code of").map(|(at, _)| text.split_at(at)) {
                let code = after.split('"').nth(1).unwrap();
                assert!(crate::check::find(code).is_some(), "{code} in {}", path.display());
            }
        }
    }

    #[test]
    fn a_check_is_the_file_of_its_code() {
        let folders = ["reference", "image", "access", "network", "egress", "policy"];
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/check");
        for check in CHECKS {
            let name = format!("{}.rs", check.code.replace('-', "_"));
            let is_file = |folder: &&str| {
                std::fs::read_to_string(root.join(folder).join(&name)).is_ok_and(|text| text == check.source)
            };
            assert!(folders.iter().any(is_file), "{name}");
            assert!(check.source.contains(&format!("code: \"{}\"", check.code)), "{name}");
        }
    }
}
