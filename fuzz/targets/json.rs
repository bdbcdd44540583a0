//! JSON documents of every kind: read, understood, and judged without asking anybody.

#![no_main]

#[path = "judged.rs"]
mod judged;

use libfuzzer_sys::fuzz_target;
use pullgate::document::is_json;

fuzz_target!(|text: &str| {
    if is_json(text) {
        judged::judge("input.json", text);
    }
});
