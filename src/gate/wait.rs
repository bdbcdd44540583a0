//! `--wait-for`: asks again for what is on its way, until it is there or the time is over.

use std::io::IsTerminal;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::asker::Asker;
use crate::cli;
use crate::cli::Awaited;
use crate::evidence::{Evidence, Failure, Question, Reply, Resource};
use crate::image::ImageRef;
use crate::judge::{Judgement, Verdict, judge};
use crate::manifest::Manifest;
use crate::run::RunError;

/// The pauses between two questions: the first, how they grow, the longest.
const FIRST: Duration = Duration::from_secs(2);
const GROWTH: f64 = 1.5;
const LONGEST: Duration = Duration::from_secs(15);
/// How long one round of questions may take.
const ROUND: u64 = 60;
/// How long Azure takes at most to make a role assignment known everywhere.
/// <https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected>
const PROPAGATION: u64 = 600;

/// Findings that go away when what is awaited comes.
const ROLE: [&str; 6] = [
    "pull-role-missing",
    "role-ineffective",
    "role-at-other-scope",
    "role-on-other-principal",
    "role-condition-excludes",
    "role-eligible-only",
];
const TAG: [&str; 4] = ["tag-missing", "repository-missing", "digest-missing", "tag-deleted"];
const REPLICA: [&str; 2] = ["replica-lag", "child-missing"];

/// What is not there yet.
struct Open {
    /// For people, in a few words.
    what: String,
    /// What is asked again.
    questions: Vec<Question>,
}

/// Judges again and again while something that is awaited is not there, within the time of the command line.
///
/// # Errors
/// When nothing can be asked at all.
pub(super) fn wait(
    options: &cli::Check,
    manifest: &Manifest,
    asker: &mut Asker,
    mut judgements: Vec<Judgement>,
    started: Instant,
) -> Result<Vec<Judgement>, RunError> {
    let limit = Duration::from_secs(options.network.timeout);
    let bar = spinner();
    let mut pause = FIRST;
    while let Some(open) = open(options, manifest, &asker.evidence, &judgements, now()) {
        let left = limit.saturating_sub(started.elapsed());
        if left.is_zero() {
            break;
        }
        let whole = limit.as_secs();
        bar.set_message(format!("waiting for {} ({} s of {whole} s)", open.what, started.elapsed().as_secs()));
        std::thread::sleep(pause.min(left));
        pause = pause.mul_f64(GROWTH).min(LONGEST);
        asker.forget(&open.questions, ROUND.min(left.as_secs().max(5)))?;
        judgements = asker.settle(manifest)?;
    }
    bar.finish_and_clear();
    Ok(judgements)
}

/// What is awaited and not there; `None` when there is nothing to wait for.
fn open(
    options: &cli::Check,
    manifest: &Manifest,
    evidence: &Evidence,
    judgements: &[Judgement],
    now: u64,
) -> Option<Open> {
    let mut open = Open { what: String::new(), questions: Vec::new() };
    let fails = |codes: &[&str]| -> Vec<&Judgement> {
        let failing = judgements.iter().filter(|one| one.fails() && codes.contains(&one.check.code));
        failing.filter(|one| !options.ignore.iter().any(|code| code == one.check.code)).collect()
    };
    for awaited in &options.wait_for {
        let codes: &[&str] = match awaited {
            Awaited::Role => &ROLE,
            Awaited::Tag => &TAG,
            Awaited::Replica => &REPLICA,
        };
        let failing = fails(codes);
        if let Some(first) = failing.first() {
            open.what = said(*awaited, first);
        }
        match awaited {
            Awaited::Role if !failing.is_empty() => open.questions.extend(questions(evidence, is_of_roles)),
            Awaited::Role if is_young(manifest, evidence, now) => {
                open.what = "a role assignment of the last minutes to be known everywhere".to_owned();
            }
            Awaited::Role => {}
            Awaited::Tag | Awaited::Replica => {
                let images = failing.iter().filter_map(|one| ImageRef::parse(one.about.image.as_deref()?).ok());
                for image in images {
                    open.questions.extend(questions(evidence, |question, _| is_of(question, &image)));
                }
            }
        }
    }
    (!open.what.is_empty()).then_some(open)
}

fn said(awaited: Awaited, judgement: &Judgement) -> String {
    let image = judgement.about.image.as_deref().unwrap_or("the image");
    let workload = judgement.about.workload.as_deref().unwrap_or("the workload");
    crate::report::plain(&match awaited {
        Awaited::Role => format!("a role for what pulls for {workload}"),
        Awaited::Tag => image.to_owned(),
        Awaited::Replica => format!("every replica to have {image}"),
    })
}

fn questions(evidence: &Evidence, is_meant: impl Fn(&Question, bool) -> bool) -> Vec<Question> {
    let is_missing = |answer: &Result<Reply, Failure>| matches!(answer, Err(Failure::NotFound { .. }));
    let meant = evidence.iter().filter(|(question, answer)| is_meant(question, is_missing(answer)));
    meant.map(|(question, _)| question.clone()).collect()
}

/// Whether the answer can change when a role is assigned, or its holder made.
fn is_of_roles(question: &Question, is_missing: bool) -> bool {
    match question {
        Question::Resource(
            Resource::RoleAssignments { .. } | Resource::Eligible { .. } | Resource::Scheduled { .. },
        ) => true,
        Question::Resource(Resource::Get { .. } | Resource::RoleDefinition { .. }) => is_missing,
        _ => false,
    }
}

/// Whether the answer can change when the image is pushed.
fn is_of(question: &Question, image: &ImageRef) -> bool {
    let is_there = |registry: &crate::image::Host, repository: &String| {
        *registry == image.registry && *repository == image.repository
    };
    match question {
        Question::Image { image: other, .. } | Question::Attributes { image: other } => other == image,
        Question::Tags { registry, repository } | Question::DeletedTags { registry, repository } => {
            is_there(registry, repository)
        }
        Question::Repositories { registry } => *registry == image.registry,
        _ => false,
    }
}

/// Whether a pull is allowed by nothing but role assignments so young that the registry may not know them yet.
fn is_young(manifest: &Manifest, evidence: &Evidence, now: u64) -> bool {
    let mut settled = evidence.clone();
    let mut left_out = false;
    for (question, answer) in evidence.iter() {
        let (Question::Resource(Resource::RoleAssignments { .. }), Ok(Reply::Json(json))) = (question, answer) else {
            continue;
        };
        let mut json = json.clone();
        let Some(rows) = json.get_mut("value").and_then(serde_json::Value::as_array_mut) else { continue };
        let count = rows.len();
        rows.retain(|row| {
            let created = row.pointer("/properties/createdOn").and_then(serde_json::Value::as_str).and_then(seconds);
            created.is_none_or(|created| created + PROPAGATION <= now)
        });
        if rows.len() < count {
            left_out = true;
            settled.insert(question.clone(), Ok(Reply::Json(json)));
        }
    }
    // Why a role is missing takes more questions, which nobody asks here: that they come up says enough.
    let is_missed =
        |one: &Judgement| one.check.code == ROLE[0] && matches!(one.verdict, Verdict::Fail(_) | Verdict::NotAsked(_));
    left_out && judge(manifest, &settled.offline()).judgements.iter().any(is_missed)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Seconds since 1970 of a time in UTC, as Resource Manager writes it: `2025-11-03T08:12:41.1Z`.
fn seconds(time: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| time.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let is_utc = time.ends_with('Z') || time.ends_with("+00:00");
    if !is_utc || !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days of the civil calendar, with years that start in March (Howard Hinnant, chrono-compatible low-level date algorithms).
    let shifted = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + of_year;
    Some((days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// A line on a terminal; nothing anywhere else.
fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    let is_seen = std::io::stderr().is_terminal();
    bar.set_draw_target(if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is well formed"));
    if is_seen {
        bar.enable_steady_tick(Duration::from_millis(200));
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T12:00:00.5Z"), Some(951_825_600));
        assert_eq!(seconds("2025-11-03T08:12:41.1+00:00"), Some(1_762_157_561));
        for text in ["", "2025-11-03", "2025-13-03T08:12:41Z", "2025-11-03T08:12:41+01:00", "é025-11-03T08:12:41Z"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_can_change_is_asked_again() {
        let image = ImageRef::parse("acme.azurecr.io/api:v2").unwrap();
        let other = ImageRef::parse("acme.azurecr.io/web:v2").unwrap();
        let platform = crate::evidence::Platform::linux_amd64();
        let ask = |image: &ImageRef| Question::Image { image: image.clone(), platform: platform.clone() };
        let tags =
            |repository: &str| Question::Tags { registry: image.registry.clone(), repository: repository.to_owned() };
        assert!(is_of(&ask(&image), &image) && is_of(&tags("api"), &image));
        assert!(!is_of(&ask(&other), &image) && !is_of(&tags("web"), &image));
        let registry = Question::Registry { host: image.registry.clone() };
        assert!(!is_of(&registry, &image) && !is_of_roles(&registry, true));
        let get = Question::Resource(Resource::Get { id: "/x".to_owned() });
        assert!(is_of_roles(&get, true) && !is_of_roles(&get, false));
    }
}
