//! A container's name is no label of RFC 1123, or two containers have the same.
//!
//! ## Why
//! Azure refuses the template before it looks at the image: `Invalid Name: Per RFC 1123 name must consist of lower case alphanumeric
//! characters or '-'`. Names that are derived from an image with its tag run into it.
//! <https://github.com/microsoft/vscode-azurecontainerapps/issues/19>
//!
//! ## Fix
//! Use lower-case letters, digits and dashes, at most 63, with a letter or digit at both ends; a name for each container.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::Pull;
use crate::manifest::{Host, Origin};
use crate::value::Value;

pub const CHECK: Check = Check {
    code: "container-name-malformed",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("container_name_malformed.rs"),
    run: Run::Pull(run),
};

const LONGEST: usize = 63;

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if matches!(pull.workload.host, Host::WebSite | Host::Compose) {
        return Err(Stop::NotApplicable("the name is not that of a container"));
    }
    if pull.workload.origin == Origin::Live {
        return Err(Stop::NotApplicable("Azure has accepted the name"));
    }
    let name = pull.container.name.as_ref().ok_or(Stop::NotApplicable("the container has no name"))?;
    let text = name.as_str().ok_or(Stop::NotApplicable("the name is not known before the deployment"))?;
    if let Some(why) = fault(text) {
        let finding = Finding::at_value(name, format!("the container's name `{text}` {why}"));
        return Ok(vec![match repaired(text) {
            Some(repaired) => finding.help(format!("write `{repaired}`")),
            None => finding.help("use lower-case letters, digits and dashes"),
        }]);
    }
    let first = namesakes(pull, text).into_iter().next().filter(|first| first.at != pull.container.at);
    Ok(match first {
        Some(first) => {
            let title = format!("another container is called `{text}` as well");
            vec![
                Finding::at_value(name, title)
                    .also(first.at, "the other one")
                    .help("give each container a name of its own"),
            ]
        }
        // The question of H4 is whether the platform can read this container's image; a label alone does not answer it.
        None if pull.image_value().is_some_and(|image| image.as_unknown().is_some()) => {
            return Err(Stop::NotApplicable("the name is a label, and the image is not known before the deployment"));
        }
        None => Vec::new(),
    })
}

fn fault(name: &str) -> Option<String> {
    if name.is_empty() {
        return Some("is empty".to_owned());
    }
    if let Some(odd) = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-')) {
        return Some(format!("holds `{odd}`, and may hold only lower-case letters, digits and dashes"));
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Some("begins or ends with a dash".to_owned());
    }
    (name.len() > LONGEST).then(|| format!("has {} characters, and may have {LONGEST}", name.len()))
}

fn repaired(name: &str) -> Option<String> {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let dashed: String = name.chars().map(letter).take(LONGEST).collect();
    let repaired = dashed.trim_matches('-');
    (!repaired.is_empty()).then(|| repaired.to_owned())
}

/// The containers of this name in the lists as they are written: what depends on a condition is not compared.
fn namesakes<'m>(pull: &Pull<'m>, name: &str) -> Vec<&'m Value> {
    let body = &pull.workload.body;
    let holders = [Some(body), body.get("properties"), body.get("template"), body.path(&["properties", "template"])];
    let lists = holders
        .into_iter()
        .flatten()
        .flat_map(|holder| ["initContainers", "containers"].into_iter().filter_map(|key| holder.get(key)?.as_array()));
    lists.flatten().filter(|item| item.get("name").and_then(Value::as_str) == Some(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdicts;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(containers: &str) -> String {
        verdicts(CHECK, &format!("environmentId: e\ntemplate:\n  containers:\n{containers}"), &Evidence::default())
    }

    #[test]
    fn a_name_that_is_no_label_fails() {
        insta::assert_snapshot!(says("  - {name: Api, image: a}\n"), @"
        error: the container's name `Api` holds `A`, and may hold only lower-case letters, digits and dashes
        help: write `api`
        ");
        insta::assert_snapshot!(says("  - {name: 'api:v1.2', image: a}\n"), @"
        error: the container's name `api:v1.2` holds `:`, and may hold only lower-case letters, digits and dashes
        help: write `api-v1-2`
        ");
        insta::assert_snapshot!(says("  - {name: api-, image: a}\n"), @"
        error: the container's name `api-` begins or ends with a dash
        help: write `api`
        ");
    }

    #[test]
    fn a_name_that_is_given_twice_fails_once() {
        insta::assert_snapshot!(says("  - {name: api, image: a}\n  - {name: api, image: b}\n"), @"
        pass

        error: another container is called `api` as well
        also: {name: api, image: a}: the other one
        help: give each container a name of its own
        ");
    }

    #[test]
    fn ordinary_names_and_missing_ones_do_not() {
        insta::assert_snapshot!(says("  - {name: api-2, image: a}\n  - {image: b}\n"), @"
        pass

        not applicable: the container has no name
        ");
    }
}
