//! Logs, in whatever form they were kept.

#![no_main]

use std::io::sink;

use libfuzzer_sys::fuzz_target;
use pullgate::triage;

fuzz_target!(|bytes: &[u8]| {
    let triage = triage::read(&mut &bytes[..]).expect("reading memory does not fail");
    let _ = triage.json();
    let _ = triage::write(&mut sink(), &triage);
});
