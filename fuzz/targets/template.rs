//! Templates with their loops, nested deployments and references, and what the checks say of what they would deploy.

#![no_main]

use arcstr::ArcStr;
use libfuzzer_sys::fuzz_target;
use pullgate::document::parse_json;
use pullgate::source::Sources;
use pullgate::template::{Context, Given, expand};

fuzz_target!(|text: &str| {
    let mut sources = Sources::default();
    let text = ArcStr::from(text);
    let file = sources.add("main.json", text.clone());
    if let Ok(template) = parse_json(&text, file) {
        let _ = expand(&template, &Given::default(), &Context::default());
    }
});
