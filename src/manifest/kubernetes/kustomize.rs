//! Kustomize overlays: the images that they replace, and the names that they change.
//!
//! Only `images`, `namePrefix`, `nameSuffix` and `namespace` are applied
//! (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>). Patches are not: who patches images renders
//! first (`kubectl kustomize`).

use crate::evidence::Platform;
use crate::manifest::list::elements;
use crate::manifest::{Condition, Container, Host, Identity, Origin, Registries, Secrets, Workload, set};
use crate::source::Text;
use crate::value::{Data, Piece, Unknown, Value};

use super::Object;

/// How deep overlays may be on overlays.
const DEPTH: usize = 16;

/// The workloads as the overlays change them. An overlay whose base is not given still tells the images that it sets.
pub(super) fn apply(overlays: &[Object], workloads: Vec<(Object, Workload)>) -> Vec<Workload> {
    let roots: Vec<&Object> =
        overlays.iter().filter(|one| !overlays.iter().any(|other| covers(other, one.path))).collect();
    let mut covered = vec![false; workloads.len()];
    let mut changed = Vec::new();
    for root in &roots {
        let mut own = Vec::new();
        collect(root, overlays, &workloads, DEPTH, &mut own, &mut covered);
        // One overlay beside files that it does not name: they are its base, given by other paths.
        if own.is_empty() && roots.len() == 1 && !workloads.is_empty() {
            own.extend(workloads.iter().map(|(_, workload)| change(root.value, workload)));
            covered.fill(true);
        }
        if own.is_empty() {
            own.extend(alone(root.value));
        }
        changed.extend(own);
    }
    let rest = workloads.into_iter().zip(covered).filter(|(_, covered)| !covered).map(|((_, workload), _)| workload);
    rest.chain(changed).collect()
}

/// Everything below an overlay, changed by it.
fn collect(
    overlay: &Object,
    overlays: &[Object],
    workloads: &[(Object, Workload)],
    depth: usize,
    own: &mut Vec<Workload>,
    covered: &mut [bool],
) {
    if depth == 0 {
        return;
    }
    let mut below = Vec::new();
    for (index, (object, workload)) in workloads.iter().enumerate() {
        if covers(overlay, object.path)
            && !overlays
                .iter()
                .any(|other| other.path != overlay.path && covers(other, object.path) && covers(overlay, other.path))
        {
            covered[index] = true;
            below.push(workload.clone());
        }
    }
    for base in overlays.iter().filter(|base| base.path != overlay.path && covers(overlay, base.path)) {
        collect(base, overlays, workloads, depth - 1, &mut below, covered);
    }
    own.extend(below.iter().map(|workload| change(overlay.value, workload)));
}

/// Whether an overlay names this file, or the folder that it is in, among its resources.
fn covers(overlay: &Object, path: &str) -> bool {
    let folder = overlay.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let named = ["resources", "bases", "components"].into_iter().flat_map(|key| elements(overlay.value.get(key)).items);
    let mut named = named.filter_map(Value::as_str).map(|name| resolve(folder, name));
    let path = resolve("", path);
    path != resolve("", overlay.path)
        && named.any(|named| path == named || path.rsplit_once('/').is_some_and(|(folder, _)| folder == named))
}

/// A relative path from a folder, without `.` and `..`.
fn resolve(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn change(overlay: &Value, workload: &Workload) -> Workload {
    let mut changed = workload.clone();
    if let Some(name) = workload.name.as_str() {
        changed.name = rename(overlay, name, &workload.name);
    }
    if let Some(namespace) = set(overlay, "namespace").and_then(Value::as_str) {
        changed.scope = Some(namespace.to_owned());
    }
    for container in &mut changed.containers {
        if let Some(image) = &container.image {
            container.image = Some(replaced(overlay, image));
        }
    }
    changed
}

fn rename(overlay: &Value, name: &str, value: &Value) -> Value {
    let text = |key| set(overlay, key).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{}{name}{}", text("namePrefix"), text("nameSuffix"));
    Value { data: Data::String(Text::from(name)), at: value.at, via: value.via.clone() }
}

/// The image after the overlay's `images`. The text to change is in the overlay, so the value stands there.
fn replaced(overlay: &Value, image: &Value) -> Value {
    let Some(text) = image.as_str() else { return image.clone() };
    let (name, version) = split(text);
    for entry in elements(overlay.get("images")).items {
        if set(entry, "name").and_then(Value::as_str) == Some(name) {
            let mut new = override_of(entry, name, Some(version));
            new.via = image.via.clone().and(image.at);
            return new;
        }
    }
    image.clone()
}

/// What an entry of `images` makes of an image; the version is not known when its base is not.
fn override_of(entry: &Value, name: &str, version: Option<&str>) -> Value {
    let text = |key| set(entry, key).and_then(|value| value.as_str().map(|text| (text, value.at)));
    let (name, name_at) = text("newName").unwrap_or((name, entry.at));
    let tag = text("newTag");
    let (version, at) = match (text("digest"), tag, version) {
        (Some((digest, at)), Some((tag, _)), _) => (format!(":{tag}@{digest}"), at),
        (Some((digest, at)), None, _) => (format!("@{digest}"), at),
        (None, Some((tag, at)), _) => (format!(":{tag}"), at),
        (None, None, Some(version)) => (version.to_owned(), name_at),
        (None, None, None) => {
            let pieces = vec![Piece::Known(name.to_owned()), Piece::Unknown("tag of the base".to_owned())];
            let why = "the base, which names the tag, is not among the files";
            return Value::unknown(Unknown { pieces, ..Unknown::new("tag of the base", why) }, name_at);
        }
    };
    Value::string(format!("{name}{version}"), at)
}

/// The name of an image and its version, the separator with the version.
fn split(image: &str) -> (&str, &str) {
    let name_end = image.find('@').unwrap_or(image.len());
    let last = image[..name_end].rfind('/').map_or(0, |slash| slash + 1);
    let colon = image[last..name_end].find(':').map(|colon| last + colon);
    image.split_at(colon.unwrap_or(name_end))
}

/// What an overlay without its base deploys: each image that it sets, in a workload whose name only its patches may tell.
fn alone(overlay: &Value) -> Vec<Workload> {
    let named = patched(overlay);
    let unnamed = |key: &str, why: &str| Unknown::new(key, why);
    let (kind, name) = match named.as_slice() {
        [(kind, name)] => (kind.clone(), rename(overlay, name.as_str().unwrap_or_default(), name)),
        _ => {
            let text = |key| set(overlay, key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let pieces = [
                Piece::Known(text("namePrefix")),
                Piece::Unknown("name in the base".to_owned()),
                Piece::Known(text("nameSuffix")),
            ];
            let pieces = pieces.into_iter().filter(|piece| *piece != Piece::Known(String::new())).collect();
            let unknown = Unknown { pieces, ..unnamed("name in the base", "the base is not among the files") };
            ("kustomize.config.k8s.io/v1beta1 Kustomization".to_owned(), Value::unknown(unknown, overlay.at))
        }
    };
    let container = |entry: &&Value| {
        let image = override_of(entry, set(entry, "name")?.as_str()?, None);
        let name = Value::unknown(
            unnamed("container", "the base, which names the container, is not among the files"),
            entry.at,
        );
        Some(Container {
            name: Some(name),
            image: Some(image),
            init: false,
            platform: Platform::linux_amd64(),
            at: entry.at,
        })
    };
    let containers: Vec<Container> = elements(overlay.get("images")).items.iter().filter_map(container).collect();
    if containers.is_empty() {
        return Vec::new();
    }
    vec![Workload {
        host: Host::Kubernetes,
        kind,
        name,
        id: None,
        api_version: None,
        condition: Condition::Always,
        scope: set(overlay, "namespace").and_then(Value::as_str).map(str::to_owned),
        location: None,
        containers,
        registries: Registries::default(),
        identity: Identity::default(),
        secrets: Secrets::default(),
        environment: None,
        body: overlay.clone(),
        depends_on: Vec::new(),
        origin: Origin::Partial,
        at: overlay.at,
    }]
}

/// The workloads that an overlay names: targets of patches, replica counts.
fn patched(overlay: &Value) -> Vec<(String, Value)> {
    let mut found: Vec<(String, Value)> = Vec::new();
    let targets = elements(overlay.get("patches")).items.into_iter().filter_map(|patch| patch.get("target"));
    for target in targets.chain(elements(overlay.get("replicas")).items) {
        let kind = set(target, "kind").and_then(Value::as_str).unwrap_or("Deployment");
        let version = match kind {
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => "apps/v1",
            "Job" | "CronJob" => "batch/v1",
            _ => continue,
        };
        let Some(name) = set(target, "name").filter(|name| name.as_str().is_some()) else { continue };
        if !found.iter().any(|(_, known)| known.as_str() == name.as_str()) {
            found.push((format!("{version} {kind}"), name.clone()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{resolve, split};
    use crate::manifest::fixture::{lines_of, manifest};

    const BASE: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec: {template: {spec: {containers: [{name: api, image: 'acme.azurecr.io/api:latest'}, {name: other, image: nginx}]}}}
";

    fn overlay(resources: &str, rest: &str) -> String {
        format!("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [{resources}]\n{rest}\n")
    }

    #[test]
    fn an_overlay_replaces_images_and_changes_names() {
        let base = overlay("deployment.yaml", "namePrefix: x-");
        let prod = overlay(
            "../base",
            "nameSuffix: -prod\nimages: [{name: acme.azurecr.io/api, newName: prod.azurecr.io/api, newTag: v7}]",
        );
        let files = [
            ("k/base/deployment.yaml", BASE),
            ("k/base/kustomization.yaml", &base),
            ("k/prod/kustomization.yaml", &prod),
        ];
        assert_eq!(
            lines_of(&files),
            ["apps/v1 Deployment x-api-prod", "container api prod.azurecr.io/api:v7", "container other nginx"]
        );
        let (manifest, sources) = manifest(&files);
        let image = manifest.workloads[0].containers[0].image.as_ref().unwrap();
        assert_eq!(sources.slice(image.at), "v7");
        assert_eq!(image.via.spans().len(), 1);
    }

    #[test]
    fn one_overlay_beside_a_base_that_it_does_not_name_is_applied() {
        let only = overlay("../../base", "images: [{name: nginx, digest: 'sha256:aa'}]");
        let shown = lines_of(&[("a.yaml", BASE), ("overlay.yaml", &only)]);
        assert_eq!(
            shown,
            ["apps/v1 Deployment api", "container api acme.azurecr.io/api:latest", "container other nginx@sha256:aa"]
        );
    }

    #[test]
    fn an_overlay_alone_tells_the_images_that_it_sets() {
        let alone = overlay(
            "../../base",
            "nameSuffix: -aks\nimages: [{name: acme.azurecr.io/api, newTag: v7}, {name: nginx, newName: caddy}]",
        );
        let shown = lines_of(&[("k.yaml", &alone)]);
        assert_eq!(shown[0], "kustomize.config.k8s.io/v1beta1 Kustomization …-aks (what it leaves out stays as it is)");
        assert_eq!(shown[1..], ["container … acme.azurecr.io/api:v7", "container … caddy…"]);
        let patched = format!("{alone}patches: [{{target: {{kind: Deployment, name: api}}, patch: x}}]\n");
        assert_eq!(
            lines_of(&[("k.yaml", &patched)])[0],
            "apps/v1 Deployment api-aks (what it leaves out stays as it is)"
        );
    }

    #[test]
    fn overlays_that_name_each_other_end() {
        let (one, two) = (overlay("../b", ""), overlay("../a", ""));
        assert!(
            lines_of(&[("a/kustomization.yaml", &one), ("b/kustomization.yaml", &two), ("a/x.yaml", BASE)]).len() > 1
        );
    }

    #[test]
    fn names_and_paths_are_taken_apart() {
        assert_eq!(split("acme.azurecr.io:443/api:v1"), ("acme.azurecr.io:443/api", ":v1"));
        assert_eq!(split("api:v1@sha256:aa"), ("api", ":v1@sha256:aa"));
        assert_eq!(split("api"), ("api", ""));
        assert_eq!(resolve("a/b", "../c/./d"), "a/c/d");
        assert_eq!(resolve("", "../../base"), "../../base");
    }
}
