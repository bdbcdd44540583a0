//! Kubernetes objects: every kind that has a pod template, and what its pods pull with.
//!
//! The kubelet pulls with the secrets that the pod or its service account names, and where none fits, with the identity of its
//! node, which no manifest tells (<https://kubernetes.io/docs/concepts/containers/images/#using-a-private-registry>). So a missing
//! entry is no mistake here.

mod kustomize;
mod pull_secret;

use std::rc::Rc;

use crate::evidence::Platform;
use crate::value::{Unknown, Value};

use super::containers::{self, Nesting, image};
use super::list::elements;
use super::spelling::{inspect, written};
use super::{
    Condition, Container, Host, Identity, Manifest, Origin, Problem, Secrets, Workload, container_app, keys, set,
};

/// An object of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'d> {
    pub value: &'d Value,
    pub path: &'d str,
    /// It is an overlay of Kustomize, whose file need not say so.
    pub overlay: bool,
}

/// How deep lists may be inside lists.
const LISTS: usize = 4;

/// Reads all objects together: a secret, a service account or an overlay may be in another file than the pod.
pub(super) fn read(objects: &[Object], manifest: &mut Manifest) {
    let mut flat = Vec::new();
    for object in objects {
        flatten(*object, LISTS, &mut flat);
    }
    let (overlays, objects): (Vec<Object>, Vec<Object>) = flat.into_iter().partition(|object| object.overlay);
    let secrets = pull_secret::Secrets::of(&objects);
    let workloads: Vec<(Object, Workload)> =
        objects.iter().filter_map(|&object| Some((object, workload(object.value, &secrets)?))).collect();
    for (object, workload) in &workloads {
        for problem in problems(object.value) {
            manifest.add_problem(Problem { workload: Some(workload.display_name()), ..problem });
        }
    }
    manifest.workloads.extend(kustomize::apply(&overlays, workloads).into_iter().map(Rc::new));
}

/// `kind` as written.
fn kind(object: &Value) -> &str {
    object.get("kind").and_then(Value::as_str).unwrap_or_default()
}

/// The items of lists, one by one.
fn flatten<'d>(object: Object<'d>, depth: usize, found: &mut Vec<Object<'d>>) {
    let items = object.value.get("items").and_then(Value::as_array);
    match items {
        Some(items) if depth > 0 && kind(object.value).ends_with("List") => {
            items.iter().for_each(|value| flatten(Object { value, ..object }, depth - 1, found));
        }
        _ => found.push(object),
    }
}

fn workload(object: &Value, secrets: &pull_secret::Secrets) -> Option<Workload> {
    let spec = pod_spec(object)?;
    let metadata = object.get("metadata");
    let namespace = metadata.and_then(|metadata| set(metadata, "namespace")).and_then(Value::as_str);
    let name = metadata.and_then(|metadata| set(metadata, "name").or_else(|| set(metadata, "generateName"))).cloned();
    let nameless = || Value::unknown(Unknown::new("metadata.name", "the object has no name"), object.at);
    let version = object.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    Some(Workload {
        host: Host::Kubernetes,
        kind: format!("{version} {}", kind(object)).trim().to_owned(),
        name: name.unwrap_or_else(nameless),
        id: None,
        api_version: Some(version.to_owned()).filter(|version| !version.is_empty()),
        condition: Condition::Always,
        scope: namespace.map(str::to_owned),
        location: None,
        containers: pod_containers(spec),
        registries: secrets.registries(spec, namespace),
        identity: Identity::default(),
        secrets: Secrets::default(),
        environment: None,
        body: object.clone(),
        depends_on: Vec::new(),
        origin: if object.get("status").is_some() { Origin::Live } else { Origin::Declared },
        at: object.at,
    })
}

/// Where the pods of an object are described. Custom resources that manage pods (Argo's Rollout, Knative's Service) have the
/// template where a Deployment has it.
fn pod_spec(object: &Value) -> Option<&Value> {
    const PATHS: [&[&str]; 5] = [
        &["spec", "template", "spec"],
        &["spec", "jobTemplate", "spec", "template", "spec"],
        &["spec", "podTemplate", "spec"],
        &["template", "spec"],
        &["spec"],
    ];
    let has_containers = |spec: &&Value| {
        ["containers", "initContainers"].iter().any(|key| spec.get(key).is_some_and(|v| v.as_array().is_some()))
    };
    let is_pod = matches!(kind(object), "Pod" | "");
    let paths = if is_pod { &PATHS[4..] } else { &PATHS[..4] };
    paths.iter().filter_map(|path| object.path(path)).find(has_containers)
}

fn pod_containers(spec: &Value) -> Vec<Container> {
    let platform = platform(spec);
    let read = |key, init| containers::read(spec.get(key), init, Nesting::Flat, &platform);
    let mut containers = read("initContainers", true);
    containers.extend(read("containers", false));
    containers.extend(read("ephemeralContainers", false));
    // An image as a volume is pulled like any other (https://kubernetes.io/docs/tasks/configure-pod-container/image-volumes/).
    for volume in elements(spec.get("volumes")).items {
        let Some(reference) = volume.get("image").and_then(|image| written(image, "reference")) else { continue };
        let name = set(volume, "name").cloned();
        containers.push(Container {
            name,
            image: Some(image(reference)),
            init: false,
            platform: platform.clone(),
            at: volume.at,
        });
    }
    containers
}

/// The nodes that the pod asks for (<https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-arch>).
fn platform(spec: &Value) -> Platform {
    let label = |key: &str| spec.get("nodeSelector").and_then(|selector| set(selector, key)).and_then(Value::as_str);
    let os =
        label("kubernetes.io/os").or_else(|| spec.path(&["os", "name"]).and_then(Value::as_str)).unwrap_or("linux");
    let architecture = label("kubernetes.io/arch").unwrap_or("amd64");
    Platform { os: os.to_owned(), architecture: architecture.to_owned() }
}

fn problems(object: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(spec) = pod_spec(object) {
        inspect(spec, &keys::POD, &mut problems);
        container_app::container_problems(spec, &mut problems);
    }
    problems
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::{lines, lines_of, manifest, problems};

    fn workload(kind: &str, before: &str, after: &str) -> String {
        format!(
            "apiVersion: v1\nkind: {kind}\nmetadata: {{name: a, namespace: n}}\nspec: {before}{{containers: [{{name: c, image: 'x:1'}}]{after}}}"
        )
    }

    #[test]
    fn every_workload_kind_has_its_pods_where_it_has_them() {
        for kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Rollout"]
        {
            let text = format!("{}}}}}", workload(kind, "{template: {spec: ", ""));
            assert_eq!(lines(&text), [format!("v1 {kind} a").as_str(), "container c x:1"]);
        }
        let cron = format!("{}}}}}}}}}", workload("CronJob", "{jobTemplate: {spec: {template: {spec: ", ""));
        assert_eq!(lines(&cron), ["v1 CronJob a", "container c x:1"]);
        assert_eq!(lines(&workload("Pod", "", "")), ["v1 Pod a", "container c x:1"]);
    }

    #[test]
    fn lists_are_opened_and_other_objects_have_no_images() {
        let list = format!(
            "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: m}}, data: {{image: no}}}}\n- {}",
            workload("Pod", "", "").replace('\n', "\n  ")
        );
        assert_eq!(lines(&list), ["v1 Pod a", "container c x:1"]);
    }

    #[test]
    fn every_kind_of_container_and_image_volumes_are_pulled() {
        let more = ", initContainers: [{name: i, image: init}], ephemeralContainers: [{name: e, image: debug}], volumes: [{name: v, image: {reference: data}}]";
        assert_eq!(
            lines(&workload("Pod", "", more)),
            ["v1 Pod a", "init i init", "container c x:1", "container e debug", "container v data"]
        );
    }

    #[test]
    fn the_platform_is_that_of_the_node_selector() {
        let text = workload("Pod", "", ", nodeSelector: {kubernetes.io/arch: arm64, kubernetes.io/os: linux}");
        let (manifest, _) = manifest(&[("file", &text)]);
        assert_eq!(manifest.workloads[0].containers[0].platform.to_string(), "linux/arm64");
    }

    const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: n}\ntype: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '{\"auths\": {\"https://acme.azurecr.io\": {\"auth\": \"Ym90OmxldG1laW4=\"}}}'\n";

    #[test]
    fn a_pull_secret_of_the_same_files_is_opened_and_its_password_is_never_shown() {
        let pod = workload("Pod", "", ", imagePullSecrets: [{name: pull}]");
        let shown = lines_of(&[("pod.yaml", &pod), ("secret.yaml", SECRET)]);
        assert_eq!(shown, ["v1 Pod a", "container c x:1", "registry https://acme.azurecr.io as bot with secret pull"]);
        let (manifest, _) = manifest(&[("pod.yaml", &pod), ("secret.yaml", SECRET)]);
        assert!(manifest.workloads[0].registries.entries[0].password.as_ref().unwrap().is_secure());

        let missing = lines(&pod);
        assert_eq!(missing[2], "registry … the secret `pull` is not among the files: only the cluster has it");
        let elsewhere =
            lines_of(&[("pod.yaml", &pod), ("secret.yaml", &SECRET.replace("namespace: n", "namespace: m"))]);
        assert_eq!(elsewhere[2], missing[2]);
    }

    #[test]
    fn a_pod_without_pull_secrets_has_those_of_its_service_account() {
        let pod = workload("Pod", "", ", serviceAccountName: robot");
        let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: n}\nimagePullSecrets: [{name: pull}]";
        let shown = lines_of(&[("a.yaml", &format!("{pod}\n---\n{account}\n---\n{SECRET}"))]);
        assert_eq!(shown[2], "registry https://acme.azurecr.io as bot with secret pull");
    }

    #[test]
    fn a_misspelt_pull_secret_is_reported() {
        let pod = workload("Pod", "", ", imagePullSecret: [{name: pull}]");
        assert_eq!(
            problems(&pod),
            ["4: `imagePullSecret` is no key of a pod's spec: it is ignored; did you mean `imagePullSecrets`?"]
        );
    }
}
