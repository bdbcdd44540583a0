//! A parameters file with the pinned references of those images that come from a parameter.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Pin, Place};
use crate::document::parse_json;
use crate::source::Sources;
use crate::value::Value;

const SCHEMA: &str = "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#";

/// What a parameters file is to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Names and pinned references.
    pub values: BTreeMap<String, String>,
}

/// The parameters of the template whose whole value is an image that was resolved. `given` are names and values of
/// the command line.
pub fn parameters(pins: &[Pin], given: &[(&str, &str)], sources: &Sources) -> Parameters {
    let mut values = BTreeMap::new();
    for pin in pins {
        let Some(pinned) = pin.pinned() else { continue };
        for name in pin.places.iter().filter_map(|place| name(place, &pin.written, given, sources)) {
            values.insert(name, pinned.clone());
        }
    }
    Parameters { values }
}

impl Parameters {
    /// The file, as `az deployment group create -p FILE` takes it.
    pub fn text(&self) -> String {
        let values: serde_json::Map<String, Json> =
            self.values.iter().map(|(name, value)| (name.clone(), json!({"value": value}))).collect();
        let file = json!({"$schema": SCHEMA, "contentVersion": "1.0.0.0", "parameters": values});
        let mut text = serde_json::to_string_pretty(&file).expect("a parameters file has only string keys");
        text.push('\n');
        text
    }
}

/// Whether a text is a parameters file that holds nothing but pinned images: one that may be replaced.
pub fn is_ours(text: &str) -> bool {
    let Ok(file) = serde_json::from_str::<Json>(text) else { return false };
    let Some(values) = file.get("parameters").and_then(Json::as_object) else { return false };
    let is_pinned = |parameter: &Json| {
        parameter
            .get("value")
            .and_then(Json::as_str)
            .is_some_and(|text| crate::image::ImageRef::parse(text).is_ok_and(|image| image.digest().is_some()))
    };
    values.values().all(is_pinned)
}

/// The parameter that an image is the value of.
fn name(place: &Place, written: &str, given: &[(&str, &str)], sources: &Sources) -> Option<String> {
    let at = place.value.at;
    if let Some(name) = used(sources.slice(at)) {
        let typed = given.iter().find(|(known, value)| known.eq_ignore_ascii_case(name) && *value == written);
        return typed.map(|(known, _)| (*known).to_owned());
    }
    let root = parse_json(sources.text(at.file), at.file).ok()?;
    let holds = |declaration: &Value| {
        let values = ["value", "defaultValue"].into_iter().filter_map(|key| declaration.get(key));
        values.into_iter().any(|value| value.at == at && value.as_str() == Some(written))
    };
    let found = root.get("parameters")?.as_object()?.members.iter().find(|member| holds(&member.value))?;
    Some(found.key.to_string())
}

/// The name in `[parameters('name')]`. What was typed on the command line stands nowhere, so that its first use is its place.
pub(super) fn used(text: &str) -> Option<&str> {
    const CALL: &str = "parameters";
    let call = text.trim_matches(['[', ']', ' ']);
    call.get(..CALL.len()).filter(|word| word.eq_ignore_ascii_case(CALL))?;
    let argument = call[CALL.len()..].trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    let name = argument.strip_prefix('\'')?.strip_suffix('\'')?;
    (!name.contains('\'')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::table::{digest, has, read, single, template};
    use crate::pin::pins;
    use crate::source::Sources;

    /// The parameters that are pinned for a template whose app has this image.
    #[track_caller]
    fn pinned(declarations: &str, image: &str) -> Vec<(String, String)> {
        let mut sources = Sources::default();
        let manifest = read(&template(declarations, image), &mut sources);
        let (pins, _) = pins(&manifest, &has("acme.azurecr.io/api:v1", single("linux", "amd64")));
        parameters(&pins, &[], &sources).values.into_iter().collect()
    }

    const DECLARED: &str = r#""apiImage": {"type": "string", "defaultValue": "acme.azurecr.io/api:v1"}"#;

    #[test]
    fn an_image_that_is_a_parameter_is_pinned_as_one() {
        let expected = ("apiImage".to_owned(), format!("acme.azurecr.io/api:v1@{}", digest('a')));
        assert_eq!(pinned(DECLARED, "[parameters('apiImage')]"), [expected]);
    }

    #[test]
    fn an_image_that_is_written_or_put_together_is_none() {
        assert_eq!(pinned(DECLARED, "acme.azurecr.io/api:v1"), []);
        assert_eq!(
            pinned(
                r#""tag": {"type": "string", "defaultValue": "v1"}"#,
                "[format('acme.azurecr.io/api:{0}', parameters('tag'))]"
            ),
            []
        );
    }

    #[test]
    fn only_a_plain_use_names_a_parameter() {
        assert_eq!(used("[parameters('image')]"), Some("image"));
        assert_eq!(used("Parameters( 'image' )"), Some("image"));
        assert_eq!(used("[concat(parameters('image'), 'x')]"), None);
        assert_eq!(used("[parameters('a')[parameters('b')]]"), None);
        assert_eq!(used("image"), None);
        assert_eq!(used("ééééé"), None);
    }

    #[test]
    fn a_file_of_others_is_told_from_ours() {
        let ours = Parameters { values: [("x".to_owned(), format!("acme.azurecr.io/api:v1@{}", digest('a')))].into() };
        assert!(is_ours(&ours.text()), "{}", ours.text());
        assert!(is_ours(&Parameters::default().text()));
        for other in [
            "",
            "{}",
            "name: x",
            r#"{"parameters": {"x": {"value": "v1"}}}"#,
            r#"{"parameters": {"x": {"reference": {}}}}"#,
        ] {
            assert!(!is_ours(other), "{other}");
        }
    }
}
