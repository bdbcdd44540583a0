//! A file laid over the live resource, as `az containerapp update --yaml` (and `job update --yaml`) does it.
//!
//! The CLI sends a PATCH, from which it leaves out what is null or an empty map; objects are merged, and lists replaced as a whole
//! (azure-cli 2.91.0, containerapp: `process_loaded_yaml`, `clean_null_values`; RFC 7396). A secret without a value gets the one
//! that it has (`_populate_secret_values`), so that names are all that a file needs.

use crate::source::Text;
use crate::value::{Data, Member, Value};

/// Members of `properties` that the CLI also takes at the top.
const HOISTED: [&str; 5] =
    ["configuration", "template", "environmentId", "managedEnvironmentId", "workloadProfileName"];
/// What the CLI does not send: Azure knows it better.
const READ_ONLY: [&str; 7] = ["id", "name", "type", "systemData", "resourceGroup", "apiVersion", "location"];

/// The live resource as it is after the update. Every value keeps the place where it is written, in the file or in the live
/// resource.
pub(super) fn patch(live: &Value, file: &Value) -> Value {
    merge(live, &nested(file))
}

/// The file with `properties` around what it writes at the top, where it may leave them out.
fn nested(file: &Value) -> Value {
    let Some(object) = file.as_object() else { return file.clone() };
    let is = |member: &Member, key: &str| same_key(&member.key, key);
    let has = |key: &str| object.members.iter().any(|member| is(member, key));
    let execution = (has("containers") || has("initContainers"))
        && !["properties", "configuration", "template"].iter().any(|key| has(key));
    if execution {
        let template = Member::new("template", file.at, file.clone());
        let properties = Value::object(vec![template], file.at);
        return Value::object(vec![Member::new("properties", file.at, properties)], file.at);
    }
    let (mut top, mut inside) = (Vec::new(), Vec::new());
    for member in object.members.iter() {
        match member {
            member if READ_ONLY.iter().any(|key| is(member, key)) => {}
            member if is(member, "properties") => {
                let members = member.value.as_object().map(|object| &*object.members).unwrap_or_default();
                inside.extend(members.iter().map(|member| (false, member.clone())));
            }
            member if HOISTED.iter().any(|key| is(member, key)) => inside.push((true, member.clone())),
            member => top.push(member.clone()),
        }
    }
    // The last one of a name counts, and the CLI lets what is at the top win.
    inside.sort_by_key(|(is_top, _)| *is_top);
    let inside = inside.into_iter().map(|(_, member)| match is(&member, "managedEnvironmentId") {
        true => Member { key: Text::from("environmentId"), ..member },
        false => member,
    });
    let properties = Value::object(inside.collect(), file.at);
    let key_at = object.get("properties").map_or(file.at, |member| member.key_at);
    top.push(Member::new("properties", key_at, properties));
    Value::object(top, file.at)
}

/// As deep as documents are nested, which is bounded.
fn merge(live: &Value, file: &Value) -> Value {
    let (Some(old), Some(new)) = (live.as_object(), file.as_object()) else { return file.clone() };
    let new: Vec<&Member> = new.members.iter().filter(|member| !is_silent(&member.value)).collect();
    let said = |key: &str| new.iter().rev().find(|member| same_key(&member.key, key));
    let mut members: Vec<Member> = Vec::new();
    for member in old.members.iter() {
        members.push(match said(&member.key) {
            None => member.clone(),
            Some(member_of_file) => Member {
                key: member.key.clone(),
                value: merge(&member.value, &member_of_file.value),
                ..(*member_of_file).clone()
            },
        });
    }
    let is_new = |member: &&&Member| !old.members.iter().any(|known| same_key(&known.key, &member.key));
    members.extend(new.iter().filter(is_new).map(|member| (*member).clone()));
    Value { via: file.via.clone(), ..Value::object(members, file.at) }
}

/// Whether the CLI leaves it out of what it sends: null, and maps of nothing but that.
fn is_silent(value: &Value) -> bool {
    match &value.data {
        Data::Null => true,
        // An identity is attached by an empty map under its id; the id is what is said.
        Data::Object(object) => {
            !object.members.is_empty() && object.members.iter().all(|member| is_silent(&member.value))
        }
        _ => false,
    }
}

/// `passwordSecretRef`, `password_secret_ref`, `PasswordSecretRef`: the CLI reads them all.
fn same_key(one: &str, other: &str) -> bool {
    let letters = |key: &str| -> Vec<u8> {
        key.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase()).collect()
    };
    one == other || letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    /// What Azure has.
    const LIVE: &str = r#"{"id": "/subscriptions/s/live", "name": "api", "identity": {"type": "UserAssigned",
        "userAssignedIdentities": {"/a": {"principalId": "p"}}},
        "properties": {"environmentId": "/e", "configuration": {"secrets": [{"name": "pw"}],
        "registries": [{"server": "a.io", "identity": "/a"}, {"server": "b.io", "username": "u", "passwordSecretRef": "pw"}]},
        "template": {"revisionSuffix": "one", "containers": [{"name": "api", "image": "a.io/api:1"}, {"name": "side", "image": "b.io/s:1"}],
        "scale": {"minReplicas": 1, "maxReplicas": 3}}}}"#;

    /// The live resource after the update, as JSON, without what is of no interest here.
    #[track_caller]
    fn after(file: &str, pointer: &str) -> String {
        let mut sources = Sources::default();
        let mut read = |path: &str, text: &str| {
            let file = sources.add(path, text);
            crate::document::read(sources.text(file), file).unwrap().values.remove(0)
        };
        let (live, file) = (read("live", LIVE), read("file", file));
        let merged = crate::expand::json(&patch(&live, &file));
        merged.pointer(pointer).map_or_else(|| "nothing".to_owned(), ToString::to_string)
    }

    #[test]
    fn maps_are_merged_and_lists_replaced_as_a_whole() {
        let file = "properties: {template: {containers: [{name: api, image: 'a.io/api:2'}]}}";
        assert_eq!(after(file, "/properties/template/containers"), r#"[{"name":"api","image":"a.io/api:2"}]"#);
        assert_eq!(after(file, "/properties/template/scale/maxReplicas"), "3");
        assert_eq!(after(file, "/properties/configuration/registries/1/server"), r#""b.io""#);
        let file = "properties: {configuration: {registries: [{server: c.io}]}}";
        assert_eq!(after(file, "/properties/configuration/registries"), r#"[{"server":"c.io"}]"#);
        assert_eq!(after(file, "/properties/configuration/secrets"), r#"[{"name":"pw"}]"#);
    }

    #[test]
    fn null_says_nothing_and_an_empty_list_empties() {
        let file =
            "properties: {configuration: {registries: null, secrets: []}, template: {scale: {minReplicas: null}}}";
        assert_eq!(after(file, "/properties/configuration/registries/0/server"), r#""a.io""#);
        assert_eq!(after(file, "/properties/configuration/secrets"), "[]");
        assert_eq!(after(file, "/properties/template/scale"), r#"{"minReplicas":1,"maxReplicas":3}"#);
    }

    #[test]
    fn what_stands_at_the_top_is_moved_and_wins() {
        let file =
            "template: {revisionSuffix: top}\nproperties: {template: {revisionSuffix: inner}, workloadProfileName: d4}";
        assert_eq!(after(file, "/properties/template/revisionSuffix"), r#""top""#);
        assert_eq!(after(file, "/properties/workloadProfileName"), r#""d4""#);
        assert_eq!(after("managedEnvironmentId: /f", "/properties/environmentId"), r#""/f""#);
        assert_eq!(after("template: {}", "/template"), "nothing");
    }

    #[test]
    fn keys_in_snake_case_are_the_same_keys() {
        let file = "properties: {template: {revision_suffix: two}}";
        assert_eq!(after(file, "/properties/template/revisionSuffix"), r#""two""#);
    }

    #[test]
    fn identities_add_up_and_their_type_is_replaced() {
        let file = "identity: {type: 'SystemAssigned, UserAssigned', userAssignedIdentities: {/b: {}}}";
        assert_eq!(after(file, "/identity/userAssignedIdentities"), r#"{"/a":{"principalId":"p"},"/b":{}}"#);
        assert_eq!(after(file, "/identity/type"), r#""SystemAssigned, UserAssigned""#);
    }

    #[test]
    fn who_it_is_azure_knows_better() {
        assert_eq!(after("name: other\nid: /x\nresourceGroup: g", "/name"), r#""api""#);
        assert_eq!(after("name: other\nid: /x\nresourceGroup: g", "/id"), r#""/subscriptions/s/live""#);
    }

    #[test]
    fn the_containers_of_an_execution_are_those_of_the_template() {
        let file = "containers: [{name: once, image: 'a.io/once:1'}]";
        assert_eq!(after(file, "/properties/template/containers/0/name"), r#""once""#);
        assert_eq!(after(file, "/properties/template/scale/minReplicas"), "1");
    }
}
