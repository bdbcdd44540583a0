//! Base 64, and data URIs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::value::{Data, Value};

use super::{Args, Builtin, Error, Kind, Outcome, json, known, uri};

pub const FUNCTIONS: &[Builtin] = &[
    known("base64", 1, 1, |args| args.give_text(STANDARD.encode(args.text(0)?.as_bytes()))),
    known("base64ToString", 1, 1, |args| args.give_text(decode(args, args.text(0)?)?)),
    known("base64ToJson", 1, 1, base64_to_json),
    known("dataUri", 1, 1, data_uri),
    known("dataUriToString", 1, 1, data_uri_to_string),
];

fn decode(args: &Args, text: &str) -> Result<String, Error> {
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match STANDARD.decode(packed) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(args.wrong(0, Kind::Value, format!("the text is no base 64: {error}"))),
    }
}

fn base64_to_json(args: &Args) -> Outcome {
    let text = Value::new(Data::String(decode(args, args.text(0)?)?.into()), args.at);
    json::parse(&Args { values: &[text], ..*args })
}

fn data_uri(args: &Args) -> Outcome {
    // The documentation's table says `charset=utf8`; the engine's tests say `utf-8`.
    args.give_text(format!("data:text/plain;charset=utf-8;base64,{}", STANDARD.encode(args.text(0)?.as_bytes())))
}

fn data_uri_to_string(args: &Args) -> Outcome {
    let text = args.text(0)?;
    let inside =
        text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:")).and_then(|_| text[5..].split_once(','));
    let Some((media, data)) = inside else {
        return Err(args.wrong(0, Kind::Value, "the text is no data URI").expected("expected `data:…,…`"));
    };
    let is_base64 = media.rsplit(';').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64"));
    args.give_text(if is_base64 { decode(args, data)? } else { uri::unescape(data) })
}
