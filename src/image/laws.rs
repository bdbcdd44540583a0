//! What must hold for every text: agreement with the implementation that decides on the node, and
//! the laws of reading and writing.

use std::sync::LazyLock;

use proptest::prelude::*;
use regex::Regex;
use serde::Deserialize;

use super::*;

/// One text with the answers of both parsers that act on Container Apps.
#[derive(Deserialize)]
struct Vector {
    input: String,
    /// The canonical form by ParseDockerRef; empty where it refuses.
    distribution_reference: String,
    domain: String,
    path: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../tests/data/image-reference-vectors.json")).unwrap()
}

#[test]
fn distribution_and_this_parser_accept_the_same_vectors() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 108);
    for vector in vectors {
        let input = &vector.input;
        let image = match ImageRef::parse(input) {
            Ok(image) => image,
            Err(_) if vector.distribution_reference.is_empty() => continue,
            Err(mistake) => panic!("{input:?} is refused: {mistake}"),
        };
        // Hosts are compared without case. One vector has no domain: its host has an underscore.
        let canonical = vector.distribution_reference.to_ascii_lowercase();
        assert_eq!(image.pulled().to_string().to_ascii_lowercase(), canonical, "{input:?}");
        if !vector.domain.is_empty() {
            assert_eq!(image.registry.as_str(), host_text(&vector.domain), "{input:?}");
            assert_eq!(image.repository, vector.path, "{input:?}");
        }
    }
}

#[test]
fn every_mistake_of_the_vectors_has_a_place_and_every_fix_parses() {
    for vector in vectors() {
        let input = &vector.input;
        let Err(mistake) = ImageRef::parse(input) else {
            continue;
        };
        assert!(input.get(mistake.at.clone()).is_some(), "{input:?}");
        if let Some(fix) = mistake.fix {
            assert!(ImageRef::parse(&fix).is_ok(), "{input:?} became {fix:?}");
        }
    }
}

fn host_text(domain: &str) -> String {
    match domain.contains(['.', ':']) {
        true => domain.to_ascii_lowercase(),
        false => domain.to_owned(),
    }
}

/// The grammar once more, as the regular expressions that distribution/reference is made of, and
/// its normalisation as published.
fn distribution_accepts(text: &str) -> bool {
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        let label = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
        let host = format!(r"(?:{label}(?:\.{label})*|\[(?:[a-fA-F0-9:]+)\])");
        let domain = format!("{host}(?::[0-9]+)?");
        let component = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
        let path = format!("{component}(?:/{component})*");
        let tag = "[0-9A-Za-z_][0-9A-Za-z_.-]{0,127}";
        let digest = "(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})";
        Regex::new(&format!("^(?:({domain})/)?({path})(?::{tag})?(?:@{digest})?$")).unwrap()
    });
    let is_identifier = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if is_identifier || text.ends_with('\n') {
        return false;
    }
    let (mut domain, mut rest) = ("docker.io", text.to_owned());
    if let Some((first, behind)) = text.split_once('/')
        && (first == "localhost" || first.contains(['.', ':']) || first != first.to_lowercase())
    {
        (domain, rest) = (first, behind.to_owned());
    }
    if domain == "index.docker.io" {
        domain = "docker.io";
    }
    if domain == "docker.io" && !rest.contains('/') {
        rest = format!("library/{rest}");
    }
    let whole = format!("{domain}/{rest}");
    REFERENCE.captures(&whole).is_some_and(|parts| parts[2].len() <= 255)
}

#[test]
fn the_regular_expression_agrees_with_the_vectors() {
    for vector in vectors() {
        let is_reference = !vector.distribution_reference.is_empty();
        assert_eq!(distribution_accepts(&vector.input), is_reference, "{:?}", vector.input);
    }
}

/// Texts that are nearly references: pieces that occur in them, in any order.
fn nearly_reference() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z0-9]{1,6}",
        1 => "[A-Z]{1,3}",
        5 => prop::sample::select(vec![
            "/", ":", ".", "-", "_", "__", "@", "//", "[", "]", "::", "+", " ", "\u{200b}", "…",
            "acme.azurecr.io/", "docker.io/", "localhost", ":5000/", "[::1]", "@sha256:", "https://",
            "${TAG}", "#{TAG}#", "__TAG__", "<x>", "{{x}}", "%", "$", "а", "[parameters('x')]",
        ]).prop_map(str::to_owned),
        1 => "[0-9a-f]{64}",
        1 => "[a-f0-9]{120,130}",
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// What is done with any text must not panic, and must keep to the text's bytes.
fn exercise(text: &str) {
    for token in placeholders(text) {
        assert!(text.get(token.range).is_some());
    }
    if let Some(mistake) = judge_partial(text) {
        assert!(text.get(mistake.at.clone()).is_some(), "{mistake:?}");
    }
    let _ = known(text);
    let _ = Host::parse(text).map(|host| (host.is_valid(), host.reach(), host.port()));
    match ImageRef::parse(text) {
        Ok(image) => {
            for suspicion in suspicions(text, &image) {
                assert!(text.get(suspicion.at.clone()).is_some(), "{suspicion:?}");
            }
        }
        Err(mistake) => {
            assert!(text.get(mistake.at.clone()).is_some(), "{mistake:?}");
            let fixed = mistake.fix.as_deref().map(ImageRef::parse);
            assert!(fixed.is_none_or(|image| image.is_ok()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_breaks_anything(text in any::<String>()) {
        exercise(&text);
    }

    #[test]
    fn no_near_reference_breaks_anything(text in nearly_reference()) {
        exercise(&text);
    }

    #[test]
    fn the_regular_expression_agrees(text in nearly_reference()) {
        prop_assert_eq!(ImageRef::parse(&text).is_ok(), distribution_accepts(&text), "{:?}", text);
    }

    #[test]
    fn reading_what_was_written_gives_the_same(text in nearly_reference()) {
        if let Ok(image) = ImageRef::parse(&text) {
            prop_assert_eq!(ImageRef::parse(&image.to_string()), Ok(image.clone()));
            prop_assert_eq!(ImageRef::parse(&image.familiar()), Ok(image));
        }
    }

    #[test]
    fn an_unknown_part_of_a_reference_is_never_a_mistake(
        text in nearly_reference(), a in 0..40_usize, b in 0..40_usize,
    ) {
        let (from, to) = (a.min(b), a.max(b));
        if ImageRef::parse(&text).is_ok() && let Some(front) = text.get(..from)
            && let Some(behind) = text.get(to..)
        {
            prop_assert_eq!(judge_partial(&format!("{front}…{behind}")), None);
        }
    }
}
