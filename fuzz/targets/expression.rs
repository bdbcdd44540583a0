//! The lexer, the parser and the evaluator of template expressions.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = pullgate::template::plain::try_text(text);
});
