//! Writing a digest where a reference stands, and changing nothing else.
//!
//! Only a reference that is written as one text is changed: where the bytes of a file are the reference, byte for byte. What an
//! expression puts together, or what holds escapes, is left, and the reason is told.

use std::collections::HashMap;

use super::parameters::used;
use super::{Pin, Place};
use crate::document::bytes::{Encoding, decode};
use crate::finding::Edit;
use crate::manifest::Manifest;
use crate::source::Sources;
use crate::value::Value;

/// The edit that makes the reference at a place the pinned one; `None` when it is that already.
///
/// # Errors
/// Why it is left.
pub fn edit(place: &Place, pinned: &str, sources: &Sources) -> Result<Option<Edit>, String> {
    let value = &place.value;
    let Some(written) = value.as_str().filter(|_| !value.is_secure()) else {
        return Err("it is not known as a text".to_owned());
    };
    if !value.at.is_written() {
        return Err("the command line gives it".to_owned());
    }
    let stretch = sources.slice(value.at);
    if let Some(name) = used(stretch) {
        return Err(format!("the command line gives the parameter `{name}`"));
    }
    let start = start(stretch, written).ok_or("it is not written there as one text")?;
    if written == pinned {
        return Ok(None);
    }
    // Most of the reference stays as it is, and so do its bytes.
    let same = written.bytes().zip(pinned.bytes()).take_while(|(one, other)| one == other).count();
    let kept =
        (0..=same).rev().find(|end| written.is_char_boundary(*end) && pinned.is_char_boundary(*end)).unwrap_or(0);
    Ok(Some(Edit { at: value.at.within(start + kept..start + written.len()), replacement: pinned[kept..].to_owned() }))
}

/// Where in a stretch of a file a reference stands, byte for byte: a block of YAML ends with line breaks that are not its text, and
/// a text of an expression has its quotes.
fn start(stretch: &str, written: &str) -> Option<usize> {
    if stretch.strip_prefix(written).is_some_and(|rest| rest.trim().is_empty()) {
        return Some(0);
    }
    let quoted = stretch.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    quoted.filter(|inner| *inner == written).map(|_| 1)
}

/// The bytes of a file with edits of its text: every other byte stays, also those of marks, line breaks and encodings.
/// `None` when the bytes do not hold `text`, or when edits overlap.
pub fn splice(bytes: &[u8], text: &str, edits: &[Edit]) -> Option<Vec<u8>> {
    let decoded = decode(bytes.to_vec()).ok().filter(|decoded| decoded.text == text)?;
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    // A literal that several images come from is one place, also where its file was read more than once.
    edits.dedup_by(|one, other| {
        (one.at.start, one.at.end, &one.replacement) == (other.at.start, other.at.end, &other.replacement)
    });
    let mut out = Vec::with_capacity(bytes.len() + edits.len() * 80);
    let width = |text: &str| width(text, decoded.encoding);
    // A mark stands before the text.
    let mut byte = bytes.len().checked_sub(width(text))?;
    out.extend_from_slice(&bytes[..byte]);
    let mut done = 0;
    for edit in edits {
        let (start, end) = (edit.at.start as usize, edit.at.end as usize);
        let (before, replaced) = (width(text.get(done..start)?), width(text.get(start..end)?));
        out.extend_from_slice(bytes.get(byte..byte + before)?);
        encode(&edit.replacement, decoded.encoding, &mut out);
        byte += before + replaced;
        done = end;
    }
    out.extend_from_slice(bytes.get(byte..)?);
    Some(out)
}

/// Whether a manifest, read again after digests were written, is the one before but for them. A parameter that allows only some
/// values, or a text that an expression takes apart, can make it another one.
pub fn holds(before: &Manifest, after: &Manifest, pins: &[Pin]) -> bool {
    fn images(manifest: &Manifest) -> Vec<Option<String>> {
        let containers = manifest.workloads.iter().flat_map(|workload| &workload.containers);
        containers.map(|container| container.image.as_ref().and_then(Value::partial)).collect()
    }
    let pinned: HashMap<&str, String> = pins.iter().filter_map(|pin| Some((&*pin.written, pin.pinned()?))).collect();
    let is_pinned = |one: &Option<String>, other: &Option<String>| {
        one == other
            || one.as_deref().and_then(|one| pinned.get(one)).is_some_and(|pinned| Some(pinned) == other.as_ref())
    };
    let (one, other) = (images(before), images(after));
    let (problems, unknown) = (before.problems.len(), before.unknown.len());
    (problems, unknown) == (after.problems.len(), after.unknown.len())
        && one.len() == other.len()
        && one.iter().zip(&other).all(|(one, other)| is_pinned(one, other))
}

/// How many bytes a text takes in a file.
fn width(text: &str, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Mark => text.len(),
        Encoding::Utf16Le | Encoding::Utf16Be => 2 * text.encode_utf16().count(),
    }
}

fn encode(text: &str, encoding: Encoding, out: &mut Vec<u8>) {
    match encoding {
        Encoding::Utf8 | Encoding::Utf8Mark => out.extend_from_slice(text.as_bytes()),
        Encoding::Utf16Le => out.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
        Encoding::Utf16Be => out.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::check::table::{asks, digest, read, single, template};
    use crate::document;
    use crate::document::tests::plain;
    use crate::evidence::{Evidence, Reply};
    use crate::pin::pins;
    use crate::source::{FileId, Span};

    const IMAGES: [&str; 3] = ["acme.azurecr.io/api:v1", "acme.azurecr.io/web:v1", "nginx:latest"];

    fn evidence() -> Evidence {
        let known = |evidence: Evidence, image: &&str| {
            evidence.with(asks(image), Ok(Reply::Image(Box::new(single("linux", "amd64")))))
        };
        IMAGES.iter().fold(Evidence::default(), known)
    }

    /// The edits of a manifest, and why references are left.
    fn edits(text: &str) -> (Vec<Edit>, Vec<String>) {
        let mut sources = Sources::default();
        let manifest = read(text, &mut sources);
        let (mut edits, mut reasons) = (Vec::new(), Vec::new());
        for pin in pins(&manifest, &evidence()).0 {
            let Some(pinned) = pin.pinned() else { continue };
            for place in &pin.places {
                match edit(place, &pinned, &sources) {
                    Ok(edit) => edits.extend(edit),
                    Err(reason) => reasons.push(reason),
                }
            }
        }
        (edits, reasons)
    }

    /// `«` marks where the digest comes, `«…»` what it replaces; the text is written in every encoding.
    #[track_caller]
    fn becomes(marked: &str) {
        let digest = format!("@{}", digest('a'));
        let parts: Vec<&str> = marked.split('«').collect();
        let (mut before, mut after) = (parts[0].to_owned(), parts[0].to_owned());
        for part in &parts[1..] {
            let (replaced, rest) = part.split_once('»').unwrap_or(("", part));
            before.extend([replaced, rest]);
            after.extend([&digest, rest]);
        }
        let (edits, reasons) = edits(&before);
        assert_eq!(reasons, Vec::<String>::new());
        let wide = |text: &str, mark: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            format!("{mark}{text}").encode_utf16().flat_map(bytes).collect()
        };
        let ways = [
            (&|text: &str| text.as_bytes().to_vec()) as &dyn Fn(&str) -> Vec<u8>,
            &|text: &str| format!("\u{feff}{text}").into_bytes(),
            &|text: &str| wide(text, "\u{feff}", u16::to_le_bytes),
            &|text: &str| wide(text, "\u{feff}", u16::to_be_bytes),
            &|text: &str| wide(text, "", u16::to_le_bytes),
        ];
        for way in ways {
            assert_eq!(splice(&way(&before), &before, &edits), Some(way(&after)), "{before}");
        }
    }

    #[track_caller]
    fn is_left(text: &str, reason: &str) {
        let (edits, reasons) = edits(text);
        assert_eq!((edits, reasons), (Vec::new(), vec![reason.to_owned()]));
    }

    fn app(image: &str) -> String {
        format!(
            "# é\nname: app\nenvironmentId: /e\ntemplate:\n  containers:\n  - name: api\n    image: {image}\n    env: []\n"
        )
    }

    #[test]
    fn yaml_in_every_style_gets_the_digest_and_nothing_else_changes() {
        becomes(&app("acme.azurecr.io/api:v1«"));
        becomes(&app("acme.azurecr.io/api:v1« # the api: v1"));
        becomes(&app("'acme.azurecr.io/api:v1«'"));
        becomes(&app("\"acme.azurecr.io/api:v1«\"   # quoted"));
        becomes(&app(">-\n      acme.azurecr.io/api:v1«\n"));
        becomes(&app("|-\n      acme.azurecr.io/api:v1«\n"));
        becomes(&app("!!str acme.azurecr.io/api:v1«"));
        becomes(&app(&format!("acme.azurecr.io/api:v1«@{}»", digest('b'))));
        becomes(&app("acme.azurecr.io/api:v1« # é").replace('\n', "\r\n"));
        becomes(&format!("{}\n\n\t\n", app("acme.azurecr.io/api:v1«").trim_end()).replace("\t", ""));
        becomes("{name: app, environmentId: /e, template: {containers: [{name: a, image: acme.azurecr.io/api:v1«}]}}");
        becomes("services:\n  web:\n    image: nginx:latest«\n");
    }

    #[test]
    fn every_place_gets_it_and_an_anchor_once() {
        becomes(
            "name: app\nenvironmentId: /e\ntemplate:\n  containers:\n  - {name: a, image: acme.azurecr.io/api:v1«}\n  - {name: b, image: acme.azurecr.io/web:v1«}\n  - {name: c, image: acme.azurecr.io/api:v1«}\n",
        );
        becomes(
            "name: app\nenvironmentId: /e\ntemplate:\n  containers:\n  - {name: a, image: &i acme.azurecr.io/api:v1« }\n  - {name: b, image: *i }\n",
        );
    }

    #[test]
    fn json_and_parameters_get_it_where_the_text_stands() {
        becomes(&template("", "acme.azurecr.io/api:v1«"));
        let declared = r#""image": {"type": "string", "defaultValue": "acme.azurecr.io/api:v1«"}"#;
        becomes(&template(declared, "[parameters('image')]"));
        becomes(&template("", "acme.azurecr.io/api:v1«").replace(' ', "\r\n"));
    }

    #[test]
    fn a_literal_in_an_expression_is_one_text_too() {
        becomes(&template("", "[if(true(), 'acme.azurecr.io/api:v1«', 'acme.azurecr.io/web:v1')]"));
    }

    #[test]
    fn what_is_put_together_or_escaped_is_left() {
        let reason = "it is not written there as one text";
        is_left(&template("", "[concat('acme.azurecr.io/', 'api:v1')]"), reason);
        is_left(&template("", "acme.azurecr.io\\/api:v1"), reason);
        is_left(&app("\"acme.azurecr.io\\x2fapi:v1\""), reason);
    }

    #[test]
    fn what_is_pinned_to_the_same_digest_is_not_touched() {
        let text = app(&format!("acme.azurecr.io/api:v1@{}", digest('a')));
        assert_eq!(edits(&text), (Vec::new(), Vec::new()));
    }

    #[test]
    fn bytes_that_are_another_text_are_not_touched() {
        let (edits, _) = edits(&app("acme.azurecr.io/api:v1"));
        assert_eq!(splice(b"name: other", &app("acme.azurecr.io/api:v1"), &edits), None);
        assert_eq!(splice(b"\xFF", "", &edits), None);
        let at = |start, end| Edit { at: Span { file: FileId::NONE, start, end }, replacement: "x".to_owned() };
        assert_eq!(splice(b"abcd", "abcd", &[at(0, 3), at(2, 4)]), None);
        assert_eq!(splice(b"abcd", "abcd", &[at(3, 9)]), None);
        assert_eq!(splice(b"abcd", "abcd", &[at(2, 2), at(0, 1), at(2, 2)]), Some(b"xbxcd".to_vec()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Whatever stands around a reference, only the reference is another one afterwards.
        #[test]
        fn rewriting_and_reading_give_the_same_document_but_for_the_image(
            note in "[ -~é𝄞]{0,20}",
            style in 0..5usize,
            image in 0..3usize,
            crlf in any::<bool>(),
            other in "\\PC{0,12}",
        ) {
            let written = IMAGES[image];
            let literal = match style {
                0 => written.to_owned(),
                1 => format!("'{written}'"),
                2 => format!("\"{written}\""),
                3 => format!(">-\n      {written}"),
                _ => format!("&image {written}"),
            };
            let comment = if style == 3 { String::new() } else { format!(" # {note}") };
            let other = serde_json::to_string(&other).unwrap();
            let text = format!("name: app\nenvironmentId: /e\ntags: {{x: {other}}}\ntemplate:\n  containers:\n  - name: api\n    image: {literal}{comment}\n    env:\n    - {{name: X, value: {other}}}\n");
            let text = if crlf { text.replace('\n', "\r\n") } else { text };
            let Ok(before) = document::parse_yaml(&text.clone().into(), FileId::NONE) else { return Ok(()) };
            let (edits, reasons) = edits(&text);
            prop_assert_eq!(reasons, Vec::<String>::new());
            let after = String::from_utf8(splice(text.as_bytes(), &text, &edits).unwrap()).unwrap();
            let after = document::parse_yaml(&after.into(), FileId::NONE).unwrap();
            let mut expected = plain(&before[0]);
            let image = expected.pointer_mut("/template/containers/0/image").unwrap();
            *image = format!("{written}@{}", digest('a')).into();
            prop_assert_eq!(plain(&after[0]), expected);
        }
    }
}
