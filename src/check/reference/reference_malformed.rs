//! The image is no reference: its slashes, colons or separators are wrong.
//!
//! ## Why
//! The node's parser refuses it (`invalid reference format`). The service lets some of these through (a leading slash, `a//b`,
//! `repo:-tag`) and fails later with an `UNAUTHORIZED` that hides the cause: an empty registry variable turns into `/api`.
//! <https://github.com/distribution/reference/blob/main/reference.go>
//!
//! ## Fix
//! Write `host/repository:tag`; look for the variable that was empty.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Cause;
use crate::manifest::Pull;
use crate::value::{Data, Value};

pub const CHECK: Check = Check {
    code: "reference-malformed",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("reference_malformed.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    if let Some(value) = pull.image_value()
        && let Some(kind) = no_text(value)
    {
        return Ok(vec![Finding::at_value(value, format!("the image is {kind}, not a text"))]);
    }
    match super::mistakes(pull, |reason| reason.cause() == Cause::Structure) {
        // What is not known before the deployment is said once for all checks of the reference: here.
        Err(Stop::NotApplicable(why)) => Err(match pull.image() {
            Err(stop @ Stop::Unverified(_)) if Stop::NotApplicable(why) != super::ANOTHER => stop,
            _ => Stop::NotApplicable(why),
        }),
        found => found,
    }
}

fn no_text(value: &Value) -> Option<&'static str> {
    match &value.data {
        Data::Bool(_) => Some("a boolean"),
        Data::Int(_) | Data::Float(_) => Some("a number"),
        Data::Array(_) => Some("a list"),
        Data::Object(_) => Some("an object"),
        Data::Secure(inner) => no_text(inner),
        Data::Null | Data::String(_) | Data::Unknown(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::{template, verdict, verdicts};
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str) -> String {
        verdict(CHECK, image, &Evidence::default())
    }

    #[test]
    fn slashes_and_colons_in_wrong_places_fail() {
        insta::assert_snapshot!(says("/albumapp-ui"), @"
        error: `/albumapp-ui` is no image reference: there is no registry in front of the slash
        help: the variable or parameter for the registry is empty: set it, as in `acme.azurecr.io/api`
        ");
        insta::assert_snapshot!(says("acme.azurecr.io//api:v1"), @"
        error: `acme.azurecr.io//api:v1` is no image reference: there is no name between two slashes
        help: write `acme.azurecr.io/api:v1`
        fix: acme.azurecr.io/api:v1
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/api:"), @"
        error: `acme.azurecr.io/api:` is no image reference: a colon is followed by a tag
        help: name a tag, or leave the colon out; is the variable or parameter for the tag empty?
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/"), @"
        error: `acme.azurecr.io/` is no image reference: a reference names a repository
        help: a name is missing; is the variable or parameter for the repository empty?
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/api:v1:v2"), @"
        error: `acme.azurecr.io/api:v1:v2` is no image reference: a reference has one tag
        help: keep the tag that was pushed
        ");
    }

    /// Whether the finding is at a part of the image, and not at the whole expression.
    #[track_caller]
    fn is_at_part(parameters: &[(&str, &str)], image: &str) -> bool {
        let parameter =
            |(name, value): &(&str, &str)| format!(r#""{name}": {{"type": "string", "defaultValue": "{value}"}}"#);
        let parameters: Vec<String> = parameters.iter().map(parameter).collect();
        let said = verdicts(CHECK, &template(&parameters.join(","), image), &Evidence::default());
        let whole = &image[1..image.len() - 1];
        let (part, all) = (format!("\nalso: {whole}: the value comes through here"), format!("\nat: {whole}"));
        assert!(said.starts_with("error: ") && said.contains(&part) != said.contains(&all), "{said}");
        said.contains(&part)
    }

    #[test]
    fn a_text_that_was_put_together_is_mended_where_the_wrong_part_is_written() {
        let format = "[format('acme.azurecr.io/api:{0}', parameters('tag'))]";
        assert!(is_at_part(&[("tag", ":v1")], format));
        assert!(is_at_part(&[("tag", "feature/login")], format));
        assert!(is_at_part(&[("tag", "")], format));
        assert!(is_at_part(
            &[("tag", "V/1")],
            "[format('{0}{1}', 'acme.azurecr.io/api', concat(':', toLower(parameters('tag')), '.1'))]"
        ));
        assert!(is_at_part(&[("host", "acme.azurecr.io/")], "[format('{0}/api:v1', parameters('host'))]"));
        let both = "[format('{0}/{1}/api:v1', parameters('host'), parameters('team'))]";
        assert!(is_at_part(&[("host", "acme.azurecr.io"), ("team", "")], both));
        assert!(is_at_part(&[("tag", "")], "[concat('acme.azurecr.io/api:', parameters('tag'))]"));
    }

    #[test]
    fn what_no_single_part_holds_stays_at_the_whole() {
        assert!(!is_at_part(&[("tag", "v1")], "[format('acme.azurecr.io//{0}', parameters('tag'))]"));
        assert!(!is_at_part(&[("tag", "v1")], "[concat('acme.azurecr.io/api::', parameters('tag'))]"));
    }

    #[test]
    fn the_rest_of_a_compose_reference_is_judged_without_its_variables() {
        let says = |image: &str| {
            let text = format!("services:\n  web:\n    image: {image}\n");
            verdicts(CHECK, &text, &Evidence::default())
        };
        assert!(says("${REGISTRY:-acme.azurecr.io}//web:${TAG}").starts_with("error: "));
        assert!(says("${REGISTRY}/web:${TAG}").starts_with("not applicable: "));
    }

    #[test]
    fn what_is_no_text_fails() {
        let yaml = "name: app\ntemplate:\n  containers:\n  - name: api\n    image: 1.27\n";
        insta::assert_snapshot!(verdicts(CHECK, yaml, &Evidence::default()), @"
        error: the image is a number, not a text
        at: 1.27
        ");
    }

    #[test]
    fn a_short_name_is_well_formed() {
        insta::assert_snapshot!(says("nginx"), @"pass");
    }

    #[test]
    fn one_mistake_is_reported_once() {
        insta::assert_snapshot!(says("https://acme.azurecr.io//api"), @"not applicable: the reference has another mistake, which is reported");
        insta::assert_snapshot!(says(""), @"not applicable: the reference has another mistake, which is reported");
    }

    #[test]
    fn what_is_not_known_is_unverified_here_and_wrong_where_it_is_wrong_anyway() {
        use crate::check::table::{template, verdicts};
        let says = |image| verdicts(CHECK, &template(r#""tag": {"type": "string"}"#, image), &Evidence::default());
        insta::assert_snapshot!(says("[format('acme.azurecr.io/api:{0}', parameters('tag'))]"), @"unverified: `concat('acme.azurecr.io/api:', parameters('tag'))` is not known before the deployment: the parameter `tag` is required and was not given");
        insta::assert_snapshot!(says("[format('acme.azurecr.io//api:{0}', parameters('tag'))]"), @"
        error: `acme.azurecr.io//api:…` is no image reference: there is no name between two slashes
        at: format('acme.azurecr.io//api:{0}', parameters('tag'))
        also: tag: the value comes through here
        help: a name is missing; is the variable or parameter for the repository empty?
        ");
        insta::assert_snapshot!(says("[format('https://acme.azurecr.io/api:{0}', parameters('tag'))]"), @"not applicable: the reference has another mistake, which is reported");
    }
}
