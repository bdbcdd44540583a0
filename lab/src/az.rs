//! The few commands of the Azure CLI that repair a pull, done to the lab: so that a remedy is not only read.

use hyper::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, RUNNER};
use crate::client::document;
use crate::token::guid;
use crate::world::World;

/// Does what a command line says, as a principal of the world.
///
/// # Errors
/// When the command is none of those known here, or Azure's answer when it refuses.
pub fn az(azure: &Azure, operator: &str, line: &str) -> Result<(), String> {
    let words = words(line);
    let option = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(&word.as_str()))?;
        words.get(at + 1).map(String::as_str)
    };
    let needed = |names: &[&str]| option(names).ok_or_else(|| format!("`{line}` has no {}", names[0]));
    let plain: Vec<&str> = words.iter().map(String::as_str).take_while(|word| !word.starts_with('-')).collect();
    match plain.as_slice() {
        ["az", "role", "assignment", "create"] => {
            let scope = needed(&["--scope"])?;
            let role = azure.change(|world| role(world, needed(&["--role"])?))?;
            let mut properties =
                json!({ "roleDefinitionId": role, "principalId": needed(&["--assignee-object-id", "--assignee"])? });
            let more = [
                ("principalType", "--assignee-principal-type"),
                ("condition", "--condition"),
                ("conditionVersion", "--condition-version"),
            ];
            for (member, name) in more {
                if let Some(value) = option(&[name]) {
                    properties[member] = value.into();
                }
            }
            let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{}", guid());
            send(azure, operator, Method::PUT, &id, &json!({ "properties": properties }))
        }
        ["az", "role", "assignment", "delete"] => {
            send(azure, operator, Method::DELETE, needed(&["--ids"])?, &Value::Null)
        }
        ["az", "acr", "update"] => {
            let id = azure.change(|world| registry(world, needed(&["-n", "--name"])?))?;
            let mut properties = json!({});
            for (member, name) in
                [("adminUserEnabled", "--admin-enabled"), ("anonymousPullEnabled", "--anonymous-pull-enabled")]
            {
                if let Some(value) = option(&[name]) {
                    properties[member] = (value == "true").into();
                }
            }
            for (member, name) in [("publicNetworkAccess", "--public-network-enabled")] {
                if let Some(value) = option(&[name]) {
                    properties[member] = if value == "true" { "Enabled" } else { "Disabled" }.into();
                }
            }
            send(azure, operator, Method::PATCH, &id, &json!({ "properties": properties }))
        }
        // What is built is the smallest image there is.
        ["az", "acr", "build"] => {
            let id = azure.change(|world| registry(world, needed(&["-r", "--registry"])?))?;
            let (image, platform) = (needed(&["-t", "--image"])?, option(&["--platform"]).unwrap_or("linux/amd64"));
            azure.change(|world| {
                let server =
                    world.get(&id).and_then(|one| one["properties"]["loginServer"].as_str()).unwrap_or_default();
                let image = format!("{server}/{image}");
                world.push(&image, platform)
            })
        }
        ["az", "acr", "config", "authentication-as-arm", "update"] => {
            let id = azure.change(|world| registry(world, needed(&["-r", "--registry"])?))?;
            let policies = json!({ "azureADAuthenticationAsArmPolicy": { "status": needed(&["--status"])? } });
            send(azure, operator, Method::PATCH, &id, &json!({ "properties": { "policies": policies } }))
        }
        _ => Err(format!("the lab does not know `{line}`")),
    }
}

fn send(azure: &Azure, operator: &str, method: Method, id: &str, body: &Value) -> Result<(), String> {
    let token = crate::pull::arm_token(azure, operator).map_err(|refusal| refusal.to_string())?;
    let url = format!("https://{}{id}?api-version=2022-04-01", crate::arm::HOST);
    let headers = [("authorization", &*format!("Bearer {token}")), ("content-type", "application/json")];
    let (status, answer) = document(&azure.client(RUNNER)?.send(method, &url, &headers, body.to_string())?)?;
    if status < 300 {
        return Ok(());
    }
    Err(format!(
        "({}) {}",
        answer["error"]["code"].as_str().unwrap_or_default(),
        answer["error"]["message"].as_str().unwrap_or_default()
    ))
}

fn role(world: &World, named: &str) -> Result<String, String> {
    let is = |role: &&Value| {
        role["name"] == named
            || role["id"] == named
            || role["properties"]["roleName"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(named))
    };
    let roles = world.roles();
    let found = world.role(named).or_else(|| roles.iter().find(is).cloned());
    found.and_then(|role| role["id"].as_str().map(str::to_owned)).ok_or_else(|| format!("there is no role `{named}`"))
}

fn registry(world: &World, name: &str) -> Result<String, String> {
    let mut all = world.of_kind("Microsoft.ContainerRegistry/registries");
    let found = all.find(|one| one["name"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(name)));
    found.and_then(|one| one["id"].as_str().map(str::to_owned)).ok_or_else(|| format!("there is no registry `{name}`"))
}

/// A command line's words: blanks divide them, quotes of either kind keep them together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, ' ') => words.push(String::new()),
            _ => words.last_mut().expect("there is always one").push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        assert_eq!(
            words(r#"az --role "Repository Reader"  --condition '(a "b")'"#),
            ["az", "--role", "Repository Reader", "--condition", "(a \"b\")"]
        );
    }
}
