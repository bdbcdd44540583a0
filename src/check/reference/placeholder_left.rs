//! A token that a pipeline should have replaced is still in the image.
//!
//! ## Why
//! `${IMAGE_TAG}`, `#{tag}#`, `$(Build.BuildId)`, `<registry>`: the step that fills them in did not run, or does not know the name.
//! Most make the reference malformed. Some are legal text (`__TAG__`, `your-registry`) and name an image that nobody pushed: those
//! are warned of. <https://learn.microsoft.com/azure/devops/pipelines/process/variables>
//!
//! ## Fix
//! Run the step that replaces tokens before pullgate, or pass the value as a parameter.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Stop};
use crate::finding::{Finding, Severity};
use crate::image::{SuspicionKind, Token, placeholder};
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "placeholder-left",
    hypothesis: Hypothesis::H4,
    severity: Severity::Error,
    source: include_str!("placeholder_left.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, _: &Evidence) -> Result<Vec<Finding>, Stop> {
    let written = super::written(pull)?;
    if let Some(token) = super::token(pull, &written) {
        return Ok(vec![certain(&written, &token)]);
    }
    if let Some(variable) = placeholder(&written.text).filter(|token| token.certain) {
        return Err(Stop::Unverified(Failure::NotInFiles {
            what: written.text[variable.range].to_owned(),
            why: "whoever reads the compose file replaces it".to_owned(),
            remedy: "judge what is replaced: `docker compose config | pullgate check -`".to_owned(),
        }));
    }
    let (written, odd) = super::oddities(pull, &[SuspicionKind::Placeholder])?;
    Ok(odd.first().map(|odd| written.suspected(odd).warning()).into_iter().collect())
}

fn certain(written: &super::Written, token: &Token) -> Finding {
    let shown = &written.text[token.range.clone()];
    let title = format!("`{shown}` in the image was not replaced: it is {}", token.style.describe());
    let finding = written.at(token.range.clone(), title);
    written.hinted(finding, Some("replace it before the file is deployed"), None)
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::check::table::verdict;
    use crate::evidence::Evidence;

    #[track_caller]
    fn says(image: &str) -> String {
        verdict(CHECK, image, &Evidence::default())
    }

    #[test]
    fn a_token_that_no_reference_can_hold_fails() {
        insta::assert_snapshot!(says("acme.azurecr.io/api:${IMAGE_TAG}"), @"
        error: `${IMAGE_TAG}` in the image was not replaced: it is a variable
        help: replace it before the file is deployed
        ");
        insta::assert_snapshot!(says("acme.azurecr.io/api:#{Build.BuildId}#"), @"
        error: `#{Build.BuildId}#` in the image was not replaced: it is a token of a replace-tokens step
        help: replace it before the file is deployed
        ");
        insta::assert_snapshot!(says("<registryName>.azurecr.io/api:v1"), @"
        error: `<registryName>` in the image was not replaced: it is a placeholder for a person
        help: replace it before the file is deployed
        ");
        insta::assert_snapshot!(says("{{ .Values.image }}"), @"
        error: `{{ .Values.image }}` in the image was not replaced: it is a template expression, as in Helm
        help: replace it before the file is deployed
        ");
    }

    #[test]
    fn a_token_in_legal_text_is_warned_of() {
        insta::assert_snapshot!(says("acme.azurecr.io/api:__TAG__"), @"
        warning: `__TAG__` looks like a token of a replace-tokens step
        help: replace it before the file is deployed
        ");
    }

    #[test]
    fn a_variable_of_a_compose_file_is_its_own_business() {
        let compose = "services:\n  api:\n    image: acme.azurecr.io/api:${TAG:-v1}\n";
        insta::assert_snapshot!(crate::check::table::verdicts(CHECK, compose, &Evidence::default()), @"unverified: `${TAG:-v1}` is not known: whoever reads the compose file replaces it");
    }

    #[test]
    fn an_ordinary_name_is_no_token() {
        insta::assert_snapshot!(says("acme.azurecr.io/a__b__c:RELEASE_2024"), @"pass");
    }
}
