//! URIs: resolving, escaping, taking apart and putting together.

use crate::value::{Data, Member, Value};

use super::object::text_member;
use super::{Args, Builtin, Error, Kind, Outcome, known};

pub const FUNCTIONS: &[Builtin] = &[
    known("uri", 2, 2, uri),
    known("uriComponent", 1, 1, |args| args.give_text(escape(args.text(0)?))),
    known("uriComponentToString", 1, 1, |args| args.give_text(unescape(args.text(0)?))),
    known("buildUri", 1, 1, build),
    known("parseUri", 1, 1, parse),
];

/// An absolute URI in its parts, as they are written.
struct Parts<'u> {
    scheme: &'u str,
    host: &'u str,
    port: Option<u16>,
    path: &'u str,
    /// With its question mark; empty when there is none.
    query: &'u str,
    fragment: &'u str,
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Undoes percent escapes; what is none stays.
pub(super) fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, hex(1), hex(2)) {
            (b'%', Some(high), Some(low)) => {
                // Two digits of base 16 are one byte.
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn split(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.chars().all(plain) {
        return None;
    }
    let (rest, fragment) = rest.split_at(rest.find('#').unwrap_or(rest.len()));
    let (rest, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let colon = authority.rfind(':').filter(|colon| !authority[*colon..].contains(']'));
    let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
    let port = match port.trim_start_matches(':') {
        "" => None,
        digits => Some(digits.parse().ok()?),
    };
    let is_bad = |c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c);
    let bad = host.is_empty() || host.contains(is_bad);
    (!bad).then_some(Parts { scheme, host, port, path, query, fragment })
}

/// As .NET resolves a reference against a base (RFC 3986, section 5.2).
fn uri(args: &Args) -> Outcome {
    let (base, relative) = (args.text(0)?, args.text(1)?);
    let Some(parts) = split(base) else { return Err(no_uri(args, base)) };
    if split(relative).is_some() {
        return args.give_text(relative.clone());
    }
    if relative.starts_with("//") {
        return args.give_text(format!("{}:{relative}", parts.scheme.to_ascii_lowercase()));
    }
    let default = match parts.scheme.to_ascii_lowercase().as_str() {
        "http" => 80,
        "https" => 443,
        "ftp" => 21,
        _ => 0,
    };
    let port = parts.port.filter(|port| *port != default).map(|port| format!(":{port}")).unwrap_or_default();
    let root = format!("{}://{}{port}", parts.scheme.to_ascii_lowercase(), parts.host.to_ascii_lowercase());
    let end = relative.find(['?', '#']).unwrap_or(relative.len());
    let (path, tail) = relative.split_at(end);
    let resolved = if path.is_empty() {
        let query = if tail.starts_with('?') { "" } else { parts.query };
        let path = if parts.path.is_empty() { "/" } else { parts.path };
        format!("{}{query}{tail}", without_dots(path))
    } else if path.starts_with('/') {
        format!("{}{tail}", without_dots(path))
    } else {
        let folder = parts.path.rfind('/').map_or("/", |slash| &parts.path[..=slash]);
        format!("{}{tail}", without_dots(&format!("{folder}{path}")))
    };
    args.give_text(format!("{root}{resolved}"))
}

fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let count = path.split('/').count();
    for (index, segment) in path.split('/').enumerate() {
        let last = index + 1 == count;
        match segment {
            "." if last => segments.push(""),
            "." => (),
            ".." => {
                if segments.len() > 1 {
                    segments.pop();
                }
                if last {
                    segments.push("");
                }
            }
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}

fn no_uri(args: &Args, text: &str) -> Error {
    let message = format!("`{}` is no absolute URI", super::numeric::short(text));
    args.wrong(0, Kind::Value, message).expected("expected `scheme://host/path`")
}

fn parse(args: &Args) -> Outcome {
    let text = args.text(0)?;
    let Some(parts) = split(text) else { return Err(no_uri(args, text)) };
    let mut members = vec![text_member("scheme", parts.scheme, args), text_member("host", parts.host, args)];
    if let Some(port) = parts.port {
        members.push(Member::new("port", args.at, Value::new(Data::Int(port.into()), args.at)));
    }
    for (name, part) in [("path", parts.path), ("query", parts.query), ("fragment", parts.fragment)] {
        if !part.is_empty() {
            members.push(text_member(name, part, args));
        }
    }
    args.give(Data::Object(members.into()))
}

fn build(args: &Args) -> Outcome {
    let object = args.object(0)?;
    let part = |name: &str| object.get(name).map(|member| super::open(&member.value)).filter(|value| !value.is_null());
    if object.members.iter().any(|member| member.key_unknown.is_some() || member.value.as_unknown().is_some()) {
        return Ok(args.unknown());
    }
    let text = |name: &str| match part(name) {
        None => Ok(""),
        Some(value) => match value.as_str() {
            Some(text) => Ok(text),
            None => Err(args.wrong(0, Kind::Type, format!("its member `{name}` is {}", super::kind_of(value)))),
        },
    };
    let (scheme, host) = (text("scheme")?, text("host")?);
    if scheme.is_empty() || host.is_empty() {
        return Err(args
            .wrong(0, Kind::Value, "the scheme or the host is missing")
            .expected("expected `scheme` and `host`"));
    }
    let port = match part("port").map(|value| &value.data) {
        None => String::new(),
        Some(Data::Int(port)) if (0..=65535).contains(port) => format!(":{port}"),
        Some(Data::Int(port)) => return Err(args.wrong(0, Kind::Range, format!("{port} is no port"))),
        Some(_) => return Err(args.wrong(0, Kind::Type, "its member `port` is no int")),
    };
    let led = |text: &str, lead: char| match text {
        "" => String::new(),
        text if text.starts_with(lead) => text.to_owned(),
        text => format!("{lead}{text}"),
    };
    let (path, query, fragment) = (led(text("path")?, '/'), led(text("query")?, '?'), led(text("fragment")?, '#'));
    let path = if path.is_empty() { "/".to_owned() } else { path };
    args.give_text(format!("{scheme}://{host}{port}{path}{query}{fragment}"))
}
