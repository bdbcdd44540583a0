//! Compose files, as `az containerapp compose create` reads them: one app a service.

use std::rc::Rc;

use crate::evidence::Platform;
use crate::finding::Finding;
use crate::source::Text;
use crate::value::{Member, Value};

use super::containers::image;
use super::spelling::written;
use super::{Condition, Container, Host, Identity, Manifest, Origin, Problem, Registries, Secrets, Workload, set};

/// The code of the note about a service whose image is built here.
pub(super) const BUILT: &str = "image-built";

/// Reads the services of a file. Whatever stands in for a variable (`${TAG:-v1}`) is left as it is written: which value it
/// gets is decided where the file is used.
pub(super) fn read(file: &Value, manifest: &mut Manifest) {
    let Some(services) = file.get("services").and_then(Value::as_object) else { return };
    for service in services.members.iter() {
        let written = written(&service.value, "image").filter(|member| !member.value.is_null());
        match written {
            Some(member) => manifest.workloads.push(Rc::new(workload(service, member))),
            None if set(&service.value, "build").is_some() => manifest.add_problem(built(service)),
            None => {}
        }
    }
}

fn workload(service: &Member, reference: &Member) -> Workload {
    let name = Value::string(Text::clone(&service.key), service.key_at);
    let container = Container {
        name: Some(name.clone()),
        image: Some(image(reference)),
        init: false,
        platform: Platform::linux_amd64(),
        at: service.value.at,
    };
    Workload {
        host: Host::Compose,
        kind: "compose service".to_owned(),
        name,
        id: None,
        api_version: None,
        condition: Condition::Always,
        scope: None,
        location: None,
        containers: vec![container],
        registries: Registries { at: Some(service.key_at), ..Registries::default() },
        identity: Identity::default(),
        secrets: Secrets::default(),
        environment: None,
        body: service.value.clone(),
        depends_on: Vec::new(),
        origin: Origin::Declared,
        at: service.key_at,
    }
}

fn built(service: &Member) -> Problem {
    let title = format!("service `{}` is built from source: there is no image to look at yet", service.key);
    let finding = Finding::at(service.key_at, title)
        .note()
        .help("name the image that the build pushes: `image:` beside `build:`");
    Problem { code: BUILT, finding, workload: Some(service.key.to_string()) }
}

#[cfg(test)]
mod tests {
    use crate::manifest::fixture::{lines, problems};

    const FILE: &str = "services:\n  web: {image: '${REGISTRY:-docker.io}/web:1'}\n  api: {build: .}\n  both: {build: ., image: api}\n  none: {}\n";

    #[test]
    fn a_service_is_an_app_and_its_variables_are_left() {
        assert_eq!(
            lines(FILE),
            [
                "compose service web",
                "container web ${REGISTRY:-docker.io}/web:1",
                "compose service both",
                "container both api",
            ]
        );
    }

    #[test]
    fn a_service_that_is_built_here_is_noted() {
        assert_eq!(
            problems(FILE),
            [
                "3: service `api` is built from source: there is no image to look at yet; name the image that the build pushes: `image:` beside `build:`"
            ]
        );
    }
}
