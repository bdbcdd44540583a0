//! `--wait-for`: asks again for what is on its way, until it is there or the time is over.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::asker::Asker;
use crate::cli;
use crate::cli::Awaited;
use crate::evidence::{Evidence, Failure, Question, Reply, Resource};
use crate::image::ImageRef;
use crate::judge::Judgement;
use crate::manifest::Manifest;
use crate::run::RunError;

/// The pauses between two questions: the first, how they grow, the longest.
const FIRST: Duration = Duration::from_secs(2);
const GROWTH: f64 = 1.5;
const LONGEST: Duration = Duration::from_secs(15);
/// How long one round of questions may take.
const ROUND: u64 = 60;

/// Findings that go away when what is awaited comes.
const ROLE: [&str; 7] = [
    YOUNG,
    "pull-role-missing",
    "role-ineffective",
    "role-at-other-scope",
    "role-on-other-principal",
    "role-condition-excludes",
    "role-eligible-only",
];
/// The pull is allowed by nothing but role assignments of the last minutes.
const YOUNG: &str = "role-just-assigned";
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
    while let Some(open) = open(options, &asker.evidence, &judgements) {
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
fn open(options: &cli::Check, evidence: &Evidence, judgements: &[Judgement]) -> Option<Open> {
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
        Awaited::Role if judgement.check.code == YOUNG => {
            "a role assignment of the last minutes to be known everywhere".to_owned()
        }
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
