//! Small worlds as evidence files: an app, what Azure answers about its network, and what the gate says of it. Each row is one
//! of the causes that the playbooks list.

use std::path::Path;

use pullgate::check::Hypothesis;
use pullgate::document::bytes::Encoding;
use pullgate::evidence::Evidence;
use pullgate::finding::Severity;
use pullgate::judge::{Judgement, Verdict, judge};
use pullgate::source::Sources;
use pullgate::{load, manifest};

/// World, the codes that fail as errors, the codes that stay unverified.
const WORLDS: &[(&str, &[&str], &[&str])] = &[
    ("right", &[], &[]),
    ("firewall-ip", &["address-not-allowed"], &[]),
    ("closed-platform-network", &["registry-closed"], &[]),
    ("closed-without-endpoint", &["endpoint-missing"], &[]),
    ("endpoint-pending", &["endpoint-not-approved"], &[]),
    ("zone-unlinked", &["zone-unlinked"], &[]),
    ("record-missing", &["record-missing"], &[]),
    ("data-record-missing", &["data-record-missing"], &[]),
    ("group-closes-entra", &["token-egress-closed"], &[]),
    (
        "route-to-appliance",
        &[],
        &["layers-egress-closed", "platform-egress-closed", "registry-egress-closed", "token-egress-closed"],
    ),
    ("firewall-without-entra", &["token-egress-closed"], &[]),
    ("storage-closed", &["layers-egress-closed"], &[]),
    ("consumption-with-routes", &["environment-misfit"], &[]),
];

fn judged(name: &str) -> Vec<Judgement> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/network-worlds");
    let read =
        |file: String| std::fs::read_to_string(folder.join(&file)).unwrap_or_else(|_| panic!("{file} is missing"));
    let mut sources = Sources::default();
    let file = sources.add("app.yaml", read("app.yaml".to_owned()));
    let document = load::document("app.yaml".to_owned(), file, Encoding::default(), &sources).expect("a manifest");
    let manifest = manifest::read(&[document], &manifest::Options::default());
    let evidence = Evidence::load(&read(format!("{name}.json"))).expect("evidence").offline();
    judge(&manifest, &evidence).judgements
}

fn codes(judgements: &[Judgement], wanted: impl Fn(&Judgement) -> bool) -> Vec<&'static str> {
    let mut codes: Vec<&str> =
        judgements.iter().filter(|judgement| wanted(judgement)).map(|judgement| judgement.check.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

fn is_about_the_network(judgement: &Judgement) -> bool {
    matches!(judgement.check.hypothesis, Hypothesis::H3 | Hypothesis::H5)
}

fn is_error(judgement: &Judgement) -> bool {
    judgement.fails() && judgement.severity == Severity::Error
}

#[test]
fn each_world_fails_for_its_own_cause_alone() {
    for (name, failing, _) in WORLDS {
        let found = codes(&judged(name), |judgement| is_about_the_network(judgement) && is_error(judgement));
        assert_eq!(found, *failing, "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_not_verified_and_nothing_else_is() {
    for (name, _, unverified) in WORLDS {
        let open = |judgement: &Judgement| {
            is_about_the_network(judgement) && matches!(judgement.verdict, Verdict::Unverified(_))
        };
        assert_eq!(codes(&judged(name), open), *unverified, "{name}");
    }
}

#[test]
fn a_closed_way_is_no_error_of_another_question() {
    let others = |name: &str| codes(&judged(name), |judgement| !is_about_the_network(judgement) && is_error(judgement));
    let right = others("right");
    for (name, _, _) in WORLDS {
        assert_eq!(others(name), right, "{name}");
    }
}
