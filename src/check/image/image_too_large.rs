//! The images of a replica are larger than the platform documents as its limit.
//!
//! ## Why
//! On the Consumption profile of Container Apps the images of a replica may have 8 GB together, on Container Instances 15 GB. The limit is
//! not enforced when deploying: the container never starts, or its logs stop. Here the compressed layers are counted, so that more than the
//! limit is certain and less is not. <https://github.com/microsoft/azure-container-apps/issues/1428>
//!
//! ## Fix
//! Make the image smaller (a slim base, several build stages, models and data from a volume), or use a dedicated profile.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::manifest::{Host, Manifest, Pull, Workload};
use crate::value::Value;

pub const CHECK: Check = Check {
    code: "image-too-large",
    hypothesis: Hypothesis::H2,
    severity: Severity::Warning,
    source: include_str!("image_too_large.rs"),
    run: Run::Workload(run),
};

/// Bytes in the gigabyte that is meant: the larger one, since nothing says which.
const GB: u64 = 1 << 30;

fn run(manifest: &Manifest, workload: &Workload, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let limit = limit(workload).ok_or(Stop::NotApplicable("no limit is documented for where this runs"))?;
    let mut total: u64 = 0;
    let mut largest: Option<(u64, Pull)> = None;
    let mut is_whole = true;
    for container in &workload.containers {
        let pull = Pull { manifest, workload, container };
        let size = match super::picked(&pull, evidence) {
            Ok((_, _, picked)) => picked.size,
            Err(stop @ Stop::Need(_)) => return Err(stop),
            Err(_) => {
                is_whole = false;
                continue;
            }
        };
        total = total.saturating_add(size);
        if largest.as_ref().is_none_or(|(most, _)| size > *most) {
            largest = Some((size, pull));
        }
    }
    let Some((_, pull)) = largest.filter(|_| total > limit) else {
        return if is_whole { Ok(Vec::new()) } else { Err(Stop::NotApplicable("not every image could be looked at")) };
    };
    let title = format!(
        "the images of `{}` have {} GB compressed, over the limit of {} GB",
        workload.display_name(),
        total / GB,
        limit / GB
    );
    Ok(vec![super::at(&pull, title).help("make the largest one smaller, or use a dedicated workload profile")])
}

fn limit(workload: &Workload) -> Option<u64> {
    match workload.host {
        Host::ContainerApp | Host::Job => {
            let body = &workload.body;
            let profile = body.get("workloadProfileName").or_else(|| body.path(&["properties", "workloadProfileName"]));
            let is_consumption = profile
                .is_none_or(|profile| profile.as_str().is_some_and(|name| name.eq_ignore_ascii_case("consumption")));
            (is_consumption || profile.and_then(Value::as_str) == Some("")).then_some(8 * GB)
        }
        Host::ContainerGroup => Some(15 * GB),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{CHECK, GB};
    use crate::check::table::{app, asks, has, lacks, refused, single, verdicts};
    use crate::evidence::{Evidence, Resolved};

    const IMAGE: &str = "acme.azurecr.io/api:v2";

    fn of(size: u64) -> Resolved {
        let mut resolved = single("linux", "amd64");
        if let Some(Ok(picked)) = &mut resolved.picked {
            picked.size = size;
        }
        resolved
    }

    #[test]
    fn more_than_the_limit_is_warned_of() {
        let evidence = has(IMAGE, of(9 * GB));
        insta::assert_snapshot!(verdicts(CHECK, &app(IMAGE, ""), &evidence), @"
        warning: the images of `app` have 9 GB compressed, over the limit of 8 GB
        at: acme.azurecr.io/api:v2
        help: make the largest one smaller, or use a dedicated workload profile
        ");
        insta::assert_snapshot!(verdicts(CHECK, &app(IMAGE, "workloadProfileName: big\n"), &evidence), @"not applicable: no limit is documented for where this runs");
    }

    #[test]
    fn less_is_not_and_what_was_not_seen_is_not_counted() {
        insta::assert_snapshot!(verdicts(CHECK, &app(IMAGE, ""), &has(IMAGE, of(GB))), @"pass");
        insta::assert_snapshot!(verdicts(CHECK, &app(IMAGE, ""), &lacks(IMAGE, refused("acme.azurecr.io", 401))), @"not applicable: not every image could be looked at");
        insta::assert_snapshot!(verdicts(CHECK, &app(IMAGE, ""), &Evidence::default()), @"needs manifest of acme.azurecr.io/api:v2");
        assert!(!Evidence::default().contains(&asks(IMAGE)));
    }
}
