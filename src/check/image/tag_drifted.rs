//! The tag was pushed again after replicas of the running revision had started.
//!
//! ## Why
//! A tag is looked up at each start of a replica. Replicas that started before the push run the old image, those that start later,
//! for more load or on another node, run the new one: what runs is a mix that nobody deployed, and what is seen depends on which
//! replica answers. Deploying the same reference makes no revision, so that it stays so.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-image-tag-version>,
//! <https://github.com/microsoft/azure-container-apps/issues/37>
//!
//! Azure tells no digest of what a replica runs; the time at which the registry last moved the tag is held against the time at which
//! the oldest replica started (where replicas cannot be read, the revision). It is seen with `--app`, for registries of Azure.
//!
//! ## Fix
//! Deploy the digest, or a tag that does not move; to take up what was pushed under the same tag, restart the revision
//! (`az containerapp revision restart`).

use crate::check::reference::reference_unchanged::same_container;
use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Resource, Stop};
use crate::finding::{Finding, Severity};
use crate::image::is_acr;
use crate::manifest::{Host, Pull, Workload};
use crate::value::Value;

pub const CHECK: Check = Check {
    code: "tag-drifted",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("tag_drifted.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let Some(Ok(live)) = pull.manifest.live_of(pull.workload) else {
        return Err(Stop::NotApplicable("the live app is not at hand"));
    };
    if pull.workload.host != Host::ContainerApp {
        return Err(Stop::NotApplicable("there is no revision"));
    }
    let running = same_container(live, pull.container).and_then(|running| running.image.as_ref()?.as_str());
    if running.is_none() || running != pull.image_value().and_then(Value::as_str) {
        return Err(Stop::NotApplicable("another image is deployed"));
    }
    let image = super::reference::image(pull)?;
    let Some(tag) = image.tag().filter(|_| image.digest().is_none()) else {
        return Err(Stop::NotApplicable("a digest does not move"));
    };
    if !is_acr(&image.registry) {
        return Err(Stop::NotApplicable("only registries of Azure tell when a tag moved"));
    }
    let (_, resolved) = super::resolved(pull, evidence)?;
    let Some((name, id)) = revision(live) else { return Err(UNTOLD) };
    let Some(started) = started(&id, evidence)? else { return Ok(Vec::new()) };
    let attributes = evidence.attributes(&image)?.map_err(|_| UNTOLD)?;
    let moved = attributes.tag_updated.as_deref().and_then(second).ok_or(UNTOLD)?;
    if moved <= started.as_str() {
        return Ok(Vec::new());
    }
    let title = format!("tag `{tag}` of {} was pushed again after `{name}` had started", image.name());
    let now = image.with_digest(resolved.digest.clone());
    let (app, group) = (live.display_name(), group(live));
    Ok(vec![
        super::at(pull, title)
            .detail(format!("the tag moved at {moved}, and what runs is of {started} (UTC)"))
            .detail("replicas that start now run another image than those that started before, and no revision tells them apart")
            .help(format!("deploy what the tag is now, `{now}`, or a tag of its own; or restart the revision"))
            .command(format!("az containerapp revision restart -n {app} -g {group} --revision {name}")),
    ])
}

const UNTOLD: Stop = Stop::NotApplicable("nobody tells when what runs had started, or when the tag moved");

/// When the oldest replica started; `None` when none runs.
fn started(revision: &str, evidence: &Evidence) -> Result<Option<String>, Stop> {
    let created = |json: &serde_json::Value| {
        let time = json.pointer("/properties/createdTime").and_then(serde_json::Value::as_str);
        time.and_then(second).map(str::to_owned)
    };
    let replicas = Resource::List { scope: revision.to_owned(), kind: "replicas".to_owned() };
    if let Ok(list) = evidence.resource(replicas)? {
        let replicas = list.get("value").and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let times: Option<Vec<String>> = replicas.iter().map(created).collect();
        return Ok(times.ok_or(UNTOLD)?.into_iter().min());
    }
    let revision = evidence.resource(Resource::Get { id: revision.to_owned() })?.map_err(|_| UNTOLD)?;
    created(revision).map(Some).ok_or(UNTOLD)
}

/// The revision that runs: its name and its id.
fn revision(live: &Workload) -> Option<(String, String)> {
    let text = |key: &str| live.body.path(&["properties", key]).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("latestReadyRevisionName").or_else(|| text("latestRevisionName"))?;
    let id = live.id.as_ref().and_then(Value::as_str)?;
    Some((name.to_owned(), format!("{id}/revisions/{name}")))
}

fn group(live: &Workload) -> String {
    let group = live.scope.as_deref().and_then(|scope| scope.rsplit('/').next());
    group.map_or_else(|| "<group>".to_owned(), str::to_owned)
}

/// A time in UTC to the second, as text that sorts: `2024-05-06T07:08:09`.
fn second(time: &str) -> Option<&str> {
    let (whole, rest) = (time.get(..19)?, time.get(19..)?);
    let is_utc = rest.ends_with('Z') || rest.ends_with("+00:00");
    let is_time = whole.bytes().zip(b"0000-00-00T00:00:00").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        form => byte == *form,
    });
    (is_utc && is_time).then_some(whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::check::table::{asks, judged_live, refused, single};
    use crate::evidence::{Attributes, Question, Reply};
    use crate::image::ImageRef;

    const IMAGE: &str = "acme.azurecr.io/api:v1";
    const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/containerApps/shop";

    /// The live app itself, or an update of it, where the tag moved at this time and these replicas started at those.
    #[track_caller]
    fn says(file: Option<&str>, moved: &str, replicas: Option<&[&str]>) -> String {
        let shown = format!(
            "{{id: {ID}, name: shop, type: Microsoft.App/containerApps, properties: {{provisioningState: Succeeded, \
             latestReadyRevisionName: shop--one, template: {{containers: [{{name: api, image: '{IMAGE}'}}]}}}}}}"
        );
        let at = |time: &str| json!({"properties": {"createdTime": time}});
        let revision = format!("{ID}/revisions/shop--one");
        let list = Question::Resource(Resource::List { scope: revision.clone(), kind: "replicas".to_owned() });
        let listed = match replicas {
            Some(times) => Ok(Reply::Json(json!({"value": times.iter().map(|time| at(time)).collect::<Vec<_>>()}))),
            None => Err(refused("management.azure.com", 403)),
        };
        let attributes = Attributes { tag_updated: Some(moved.to_owned()), ..Attributes::default() };
        let evidence = Evidence::default()
            .with(asks(IMAGE), Ok(Reply::Image(Box::new(single("linux", "amd64")))))
            .with(list, listed)
            .with(Question::Resource(Resource::Get { id: revision }), Ok(Reply::Json(at("2026-03-01T20:19:48+00:00"))))
            .with(
                Question::Attributes { image: ImageRef::parse(IMAGE).unwrap() },
                Ok(Reply::Attributes(Box::new(attributes))),
            );
        judged_live(CHECK, file, &shown, &evidence)
    }

    const OLD: Option<&[&str]> = Some(&["2026-03-02T09:00:00Z", "2026-03-01T20:20:00Z"]);
    const LATER: &str = "2026-03-02T08:00:00.2397588Z";

    #[test]
    fn a_tag_that_moved_under_a_running_revision_is_told() {
        insta::assert_snapshot!(says(None, LATER, OLD), @"
        warning: tag `v1` of acme.azurecr.io/api was pushed again after `shop--one` had started
        at: acme.azurecr.io/api:v1
        because: the tag moved at 2026-03-02T08:00:00, and what runs is of 2026-03-01T20:20:00 (UTC)
        because: replicas that start now run another image than those that started before, and no revision tells them apart
        help: deploy what the tag is now, `acme.azurecr.io/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`, or a tag of its own; or restart the revision
        run: az containerapp revision restart -n shop -g g --revision shop--one
        ");
        let same = format!("name: shop\ntemplate: {{containers: [{{name: api, image: '{IMAGE}'}}]}}");
        insta::assert_snapshot!(says(Some(&same), LATER, None), @"
        warning: tag `v1` of acme.azurecr.io/api was pushed again after `shop--one` had started
        at: acme.azurecr.io/api:v1
        because: the tag moved at 2026-03-02T08:00:00, and what runs is of 2026-03-01T20:19:48 (UTC)
        because: replicas that start now run another image than those that started before, and no revision tells them apart
        help: deploy what the tag is now, `acme.azurecr.io/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`, or a tag of its own; or restart the revision
        run: az containerapp revision restart -n shop -g g --revision shop--one
        ");
    }

    #[test]
    fn what_started_after_the_push_runs_what_was_pushed() {
        assert_eq!(says(None, "2026-03-01T20:20:00.9Z", OLD), "pass");
        assert_eq!(says(None, LATER, Some(&["2026-03-02T08:00:00Z"])), "pass");
        assert_eq!(says(None, LATER, Some(&[])), "pass");
        assert_eq!(says(None, "2025-12-31T00:00:00Z", None), "pass");
    }

    #[test]
    fn another_image_takes_the_place_of_what_runs() {
        let other = "name: shop\ntemplate: {containers: [{name: api, image: 'acme.azurecr.io/api:v2'}]}";
        assert_eq!(says(Some(other), LATER, OLD), "not applicable: another image is deployed");
    }

    #[test]
    fn what_nobody_tells_is_not_guessed() {
        let untold = "not applicable: nobody tells when what runs had started, or when the tag moved";
        assert_eq!(says(None, "yesterday", OLD), untold);
        assert_eq!(says(None, LATER, Some(&["2026-03-02T08:00:00Z", ""])), untold);
    }

    #[test]
    fn times_are_compared_in_utc() {
        assert_eq!(second("2018-09-10T20:50:26.2397588Z"), Some("2018-09-10T20:50:26"));
        assert_eq!(second("2018-09-10T20:50:26+00:00"), Some("2018-09-10T20:50:26"));
        for text in ["2018-09-10T20:50:26+02:00", "2018-09-10", "yesterday at twenty to nineZ", "2018-09-10T20:50:2é6Z"]
        {
            assert_eq!(second(text), None, "{text}");
        }
    }
}
