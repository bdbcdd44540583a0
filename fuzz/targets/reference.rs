//! Image references: the grammar, what a reference is suspected of, and references of which only parts are known.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pullgate::image::{ImageRef, judge_partial, known, suspicions};

fuzz_target!(|text: &str| {
    match ImageRef::parse(text) {
        Ok(image) => {
            assert!(judge_partial(text).is_none(), "what parses has no mistake");
            let _ = suspicions(text, &image);
            let written = image.name();
            assert_eq!(
                ImageRef::parse(&written).map(|again| again.name()).as_ref(),
                Ok(&written),
                "a name reads as itself"
            );
        }
        Err(mistake) => {
            assert!(text.is_char_boundary(mistake.at.start) && text.is_char_boundary(mistake.at.end));
        }
    }
    let _ = judge_partial(text);
    let _ = known(text);
});
