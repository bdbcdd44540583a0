//! Bicep sources, and the way back to them from any compiled text. A zero byte stands between the two.

#![no_main]

use arcstr::ArcStr;
use libfuzzer_sys::fuzz_target;
use pullgate::bicep::{Origins, references};
use pullgate::document::parse_json;
use pullgate::source::{Sources, Span};
use pullgate::value::{Data, Value};

fuzz_target!(|text: &str| {
    let (bicep, json) = text.split_once('\0').unwrap_or((text, ""));
    let mut sources = Sources::default();
    let source = sources.add("main.bicep", bicep);
    for path in references(bicep) {
        sources.link(source, path, source);
    }
    let json = ArcStr::from(json);
    let compiled = sources.add("main.bicep (compiled)", json.clone());
    sources.derive(compiled, source);
    let Ok(value) = parse_json(&json, compiled) else { return };
    let mut spans = Vec::new();
    collect(&value, &mut spans);
    let origins = Origins::new(&sources);
    for span in spans {
        if let Ok(place) = origins.find(span) {
            assert!(sources.text(place.at.file).get(place.at.start as usize..place.at.end as usize).is_some());
        }
    }
});

fn collect(value: &Value, spans: &mut Vec<Span>) {
    if spans.len() > 50 {
        return;
    }
    spans.push(value.at);
    match &value.data {
        Data::Array(items) => items.iter().for_each(|item| collect(item, spans)),
        Data::Object(object) => object.members.iter().for_each(|member| {
            spans.push(member.key_at);
            collect(&member.value, spans);
        }),
        _ => (),
    }
}
