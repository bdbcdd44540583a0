//! What happens to a document between being read and being reported, without evidence.

use std::io::sink;

use pullgate::document::bytes::Encoding;
use pullgate::evidence::Evidence;
use pullgate::expand::expand;
use pullgate::judge::judge as judge_manifest;
use pullgate::load::document;
use pullgate::manifest::{Options, read};
use pullgate::source::Sources;

pub fn judge(path: &str, text: &str) {
    let mut sources = Sources::default();
    let file = sources.add(path, text);
    let Ok(document) = document(path.to_owned(), file, Encoding::Utf8, &sources) else { return };
    let manifest = read(&mut [document], &Options::default());
    let judged = judge_manifest(&manifest, &Evidence::default().offline());
    for judgement in &judged.judgements {
        let _ = sources.place(judgement.at());
    }
    let _ = expand(&manifest, &sources, true);
    let _ = pullgate::expand::write(&mut sink(), &manifest, &sources, true);
}
