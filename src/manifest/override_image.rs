//! `--image [CONTAINER=]REF`: the image that the coming update will set.

use std::rc::Rc;

use crate::source::Span;
use crate::value::Value;

use super::{Manifest, Origin, Workload};

/// Sets images as the update would: for the container that is named, for all that are no init containers when none is. A live app
/// with several containers needs the name, as `az containerapp update --image` does.
///
/// # Errors
/// A container that no workload has, with those that there are; a manifest without workloads.
pub fn set_images(manifest: &mut Manifest, images: &[String]) -> Result<(), String> {
    for image in images {
        let (container, reference) = split(image);
        let mut found = false;
        let is_live = !manifest.live.is_empty();
        for workload in &mut manifest.workloads {
            if is_live && workload.origin == Origin::Live {
                // az takes the only container, and asks for `--container-name` where there are several.
                let several = workload.containers.iter().filter(|one| !one.init).count() > 1;
                if container.is_none() && several {
                    return Err(unnamed(workload));
                }
                Rc::make_mut(workload).origin = Origin::Updated;
            }
            for one in &mut Rc::make_mut(workload).containers {
                let name = one.name.as_ref().and_then(Value::as_str);
                let is_meant = container.map_or(!one.init, |container| name == Some(container));
                if is_meant {
                    found = true;
                    // The flag is written in no file; the finding points at the container it replaces the image of.
                    let replaced = one.image.as_ref().map_or(one.at, |image| image.at);
                    one.image = Some(Value::string(reference, Span::NONE).through(replaced));
                }
            }
        }
        if !found {
            return Err(missing(manifest, container));
        }
    }
    Ok(())
}

/// A container's name ends at the first equals sign, which no reference can hold.
fn split(text: &str) -> (Option<&str>, &str) {
    text.split_once('=').map_or((None, text), |(container, reference)| (Some(container), reference))
}

fn unnamed(workload: &Workload) -> String {
    let names = workload.containers.iter().filter(|one| !one.init).filter_map(|one| one.name.as_ref()?.as_str());
    let names: Vec<&str> = names.take(8).collect();
    let name = workload.display_name();
    format!("--image: `{name}` has the containers {}: say which, `--image CONTAINER=REF`", names.join(", "))
}

fn missing(manifest: &Manifest, container: Option<&str>) -> String {
    let containers = manifest.workloads.iter().flat_map(|workload| &workload.containers);
    let names: Vec<&str> = containers.filter_map(|one| one.name.as_ref()?.as_str()).take(8).collect();
    match container {
        Some(container) if !names.is_empty() => {
            format!("--image: no container is called `{container}`; there are {}", names.join(", "))
        }
        _ => "--image: the manifest has no container to set it for".to_owned(),
    }
}
