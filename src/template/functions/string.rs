//! Functions of strings. Texts are counted in UTF-16 units and mapped to upper and lower case one to one, as .NET does.

use std::borrow::Cow;

use crate::template::text::Builder;
use crate::value::{Data, Part, Piece, Value, Via};

use super::{
    Args, Builtin, Kind, Outcome, any, compare, format, is_spread, json, known, number, open, parts, spell, text,
};

pub const FUNCTIONS: &[Builtin] = &[
    any("endsWith", 2, 2, ends_with),
    any("startsWith", 2, 2, starts_with),
    any("format", 1, super::MANY, format::format),
    any("join", 2, 2, parts::join),
    any("padLeft", 2, 3, pad_left),
    any("replace", 3, 3, replace),
    any("split", 2, 2, parts::split),
    any("string", 1, 1, string),
    any("substring", 1, 3, substring),
    any("toLower", 1, 1, |args| change(args, lower, Some("toLower"))),
    any("toUpper", 1, 1, |args| change(args, upper, Some("toUpper"))),
    any("trim", 1, 1, trim),
    known("like", 2, 2, like),
];

/// The text of a value as `concat`, `format` and `join` write it.
pub(super) fn plain(value: &Value) -> Cow<'_, str> {
    match &value.data {
        Data::String(text) => Cow::Borrowed(text),
        Data::Bool(true) => Cow::Borrowed("True"),
        Data::Bool(false) => Cow::Borrowed("False"),
        Data::Int(value) => Cow::Owned(value.to_string()),
        Data::Float(value) => Cow::Owned(number::shortest(*value)),
        Data::Null => Cow::Borrowed(""),
        Data::Array(_) | Data::Object(_) => Cow::Owned(json::compact(value, '\'')),
        Data::Unknown(unknown) => Cow::Owned(unknown.partial()),
        Data::Secure(inner) => plain(inner),
    }
}

/// Adds a value to a text that is put together, as `format` and `join` do.
pub(super) fn push(builder: &mut Builder, value: &Value) {
    match &open(value).data {
        Data::Array(_) | Data::Object(_) => json::push(builder, value, '\''),
        _ if builder.push_value(value) => (),
        _ => builder.push(&plain(value)),
    }
}

/// A string that the call put together. Its place is the call; what it was put together of is in its trail. Where all of
/// its text is that of one argument, nothing was put together.
pub(super) fn built(args: &Args, builder: Builder) -> Value {
    let part = |value: &Value| builder.part(value);
    let parts: Vec<Option<Part>> = args.values.iter().flat_map(sources).take(MAX_SOURCES).map(part).collect();
    let value = builder.finish(args.at);
    let whole = value.as_str();
    // An empty argument may be why the text is what it is.
    let is_empty = |(source, part): (&Value, &Option<Part>)| {
        part.is_some_and(Part::is_empty)
            && std::iter::once(source.at).chain(source.via.nearest()).any(|at| at.is_written() && !args.covers(at))
    };
    let has_empty = whole != Some("") && args.values.iter().flat_map(sources).zip(&parts).any(is_empty);
    let only = |arg: &&Value| whole.is_some() && !has_empty && arg.as_str() == whole && arg.at.is_written();
    if let Some(only) = args.values.iter().find(only) {
        return text::passed(Value { at: only.at, via: only.via.clone(), ..value }, args.at);
    }
    let mut via = Via::default();
    for (source, part) in args.values.iter().flat_map(sources).zip(parts) {
        let inner: Vec<_> = source.via.parts().collect();
        let moved = |own: Part| part.map(|part| own.moved(part.start));
        let hops = inner.into_iter().rev().map(|(hop, own)| (hop, own.map_or(part, moved)));
        via = std::iter::once((source.at, part))
            .chain(hops)
            .filter(|(hop, _)| !args.covers(*hop))
            .fold(via, |via, (hop, part)| via.and_part(hop, part));
    }
    Value { via, ..value }
}

/// So many places of arguments are remembered of a text.
const MAX_SOURCES: usize = 6;

fn sources(value: &Value) -> std::slice::Iter<'_, Value> {
    match &value.data {
        Data::Array(items) => items.iter(),
        _ => std::slice::from_ref(value).iter(),
    }
}

/// The upper case of a text, each character by itself.
pub(super) fn upper(text: &str) -> String {
    text.chars().map(|c| single(c, c.to_uppercase())).collect()
}

pub(super) fn lower(text: &str) -> String {
    text.chars().map(|c| single(c, c.to_lowercase())).collect()
}

fn single(character: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => character,
    }
}

/// At which UTF-16 unit `wanted` is found without regard to case.
pub(super) fn find_folded(text: &str, wanted: &str, from_end: bool) -> Option<usize> {
    let (folded, wanted) = (upper(text), upper(wanted));
    let byte = if from_end { folded.rfind(&wanted) } else { folded.find(&wanted) }?;
    let before = folded[..byte].chars().count();
    Some(text.chars().take(before).map(char::len_utf16).sum())
}

/// Changes the known stretches; the unknown ones become `name(…)`, or stay as they are when there is no name.
fn change(args: &Args, of: fn(&str) -> String, name: Option<&str>) -> Outcome {
    let Data::Unknown(unknown) = &args.values[0].data else {
        let text = args.text(0)?;
        let ascii = if name == Some("toLower") { u8::is_ascii_uppercase } else { u8::is_ascii_lowercase };
        if text.is_ascii() && !text.bytes().any(|byte| ascii(&byte)) {
            return args.give_changed(0, text.clone());
        }
        return args.give_changed(0, of(text));
    };
    let change = |piece: &Piece| match (piece, name) {
        (Piece::Known(text), _) => Piece::Known(of(text)),
        (Piece::Unknown(stretch), Some("toLower")) if text::stretch_is_lower(stretch) => piece.clone(),
        (Piece::Unknown(stretch), Some(name)) => Piece::Unknown(format!("{name}({stretch})")),
        (Piece::Unknown(_), None) => piece.clone(),
    };
    let pieces: Vec<Piece> = text::pieces(unknown).iter().map(change).collect();
    let made = text::value(&pieces, &unknown.why, args.at);
    Ok(text::made_of(&args.values[0], made.data, args.at))
}

fn trim(args: &Args) -> Outcome {
    let Data::Unknown(unknown) = &args.values[0].data else {
        let text = args.text(0)?;
        let start = text.len() - text.trim_start().len();
        let end = text.trim_end().len().max(start);
        return args.give_changed(0, text.substr(start..end));
    };
    let mut pieces = text::pieces(unknown);
    let open =
        |piece: Option<&Piece>| matches!(piece, Some(Piece::Unknown(stretch)) if text::stretch_may_hold(stretch, " "));
    if open(pieces.first()) || open(pieces.last()) {
        return Ok(args.unknown());
    }
    if let Some(Piece::Known(text)) = pieces.first_mut() {
        *text = text.trim_start().to_owned();
    }
    if let Some(Piece::Known(text)) = pieces.last_mut() {
        *text = text.trim_end().to_owned();
    }
    let made = text::value(&pieces, &unknown.why, args.at);
    Ok(text::made_of(&args.values[0], made.data, args.at))
}

fn starts_with(args: &Args) -> Outcome {
    affix(
        args,
        |text, affix| text.starts_with(affix),
        |known, affix| {
            let start = text::known_start(known);
            (upper(start), affix.chars().take(start.chars().count()).collect())
        },
    )
}

fn ends_with(args: &Args) -> Outcome {
    affix(
        args,
        |text, affix| text.ends_with(affix),
        |known, affix| {
            let end = text::known_end(known);
            let over = affix.chars().count().saturating_sub(end.chars().count());
            (upper(end), affix.chars().skip(over).collect())
        },
    )
}

/// `ends` gives the known end of a string, and as much of the affix as that can tell about.
fn affix(args: &Args, holds: fn(&str, &str) -> bool, ends: fn(&[Piece], &str) -> (String, String)) -> Outcome {
    if args.is_unknown(1) {
        return Ok(args.unknown());
    }
    let affix = upper(args.text(1)?);
    let truth = match &args.values[0].data {
        Data::Unknown(_) if affix.is_empty() => Some(true),
        Data::Unknown(unknown) => match ends(&unknown.pieces, &affix) {
            (known, _) if holds(&known, &affix) => Some(true),
            (known, part) => (!holds(&known, &part)).then_some(false),
        },
        _ => Some(holds(&upper(args.text(0)?), &affix)),
    };
    args.give_maybe(truth)
}

fn pad_left(args: &Args) -> Outcome {
    const MAX_WIDTH: i64 = 1 << 20;
    if args.is_unknown(1) || (args.len() == 3 && args.is_unknown(2)) {
        return Ok(args.unknown());
    }
    let width = args.int(1)?;
    let filler = if args.len() == 3 { &**args.text(2)? } else { " " };
    let mut characters = filler.chars();
    let (Some(character), None) = (characters.next(), characters.next()) else {
        return Err(args.wrong(2, Kind::Value, "the text to pad with is not one character"));
    };
    let Some(width) = (0..=MAX_WIDTH).contains(&width).then(|| usize::try_from(width).unwrap_or(0)) else {
        return Err(args.wrong(1, Kind::Range, format!("the length is {width}")).expected("expected 0 to 1,048,576"));
    };
    let padding = |length: usize| character.to_string().repeat(width.saturating_sub(length));
    match &args.values[0].data {
        Data::Unknown(unknown) => {
            let pieces = text::pieces(unknown);
            let length = match text::total_units(&pieces) {
                Some(length) => length,
                None if text::least_units(&pieces) >= width => width,
                None => return Ok(args.unknown()),
            };
            let mut builder = Builder::new();
            builder.push(&padding(length));
            builder.push_pieces(&pieces, &unknown.why);
            Ok(text::made_of(&args.values[0], builder.finish(args.at).data, args.at))
        }
        Data::Int(value) => {
            let digits = value.to_string();
            args.give_text(padding(digits.len()) + &digits)
        }
        _ => {
            let text = args.text(0).map_err(|_| args.wrong_type(0, "a string or an int"))?;
            args.give_changed(0, padding(text::units(text)) + text)
        }
    }
}

fn replace(args: &Args) -> Outcome {
    if args.is_unknown(1) || args.is_unknown(2) {
        return Ok(args.unknown());
    }
    let (old, new) = (args.text(1)?, args.text(2)?);
    if old.is_empty() {
        return Err(args.wrong(1, Kind::Value, "the text to replace is empty"));
    }
    let replaced = |text: &str| {
        let added = text.len().saturating_add(text.matches(&**old).count().saturating_mul(new.len()));
        args.spend_text(added)?;
        Ok(text.replace(&**old, new))
    };
    let Data::Unknown(unknown) = &args.values[0].data else {
        return args.give_changed(0, replaced(args.text(0)?)?);
    };
    let pieces = text::pieces(unknown);
    let mut changed = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        changed.push(match piece {
            Piece::Known(stretch) => {
                // What is replaced can lie across a border to an unknown stretch.
                let straddles = (1..old.len()).filter(|cut| old.is_char_boundary(*cut)).any(|cut| {
                    (index > 0 && stretch.starts_with(&old[cut..]))
                        || (index + 1 < pieces.len() && stretch.ends_with(&old[..cut]))
                });
                if straddles {
                    return Ok(args.unknown());
                }
                Piece::Known(replaced(stretch)?)
            }
            Piece::Unknown(stretch) if !text::stretch_may_hold(stretch, old) => piece.clone(),
            Piece::Unknown(_) => {
                let of = [
                    &text::value(std::slice::from_ref(piece), &unknown.why, args.at),
                    &args.values[1],
                    &args.values[2],
                ];
                Piece::Unknown(spell::call("replace", of))
            }
        });
    }
    let made = text::value(&changed, &unknown.why, args.at);
    Ok(text::made_of(&args.values[0], made.data, args.at))
}

fn string(args: &Args) -> Outcome {
    let value = &args.values[0];
    match &value.data {
        Data::String(_) => Ok(text::passed(value.clone(), args.at)),
        Data::Unknown(unknown) if compare::is_string(unknown) => Ok(value.clone()),
        Data::Unknown(_) => Ok(args.unknown()),
        Data::Array(items) if items.iter().any(is_spread) => Ok(args.unknown()),
        Data::Array(_) | Data::Object(_) => {
            let mut builder = Builder::new();
            json::push(&mut builder, value, '"');
            args.spend_text(builder.len())?;
            Ok(builder.finish(args.at))
        }
        _ => args.give_text(plain(value).into_owned()),
    }
}

fn substring(args: &Args) -> Outcome {
    if (1..args.len()).any(|index| args.is_unknown(index)) {
        return Ok(args.unknown());
    }
    let number = |index: usize| -> Result<Option<usize>, super::Error> {
        if index >= args.len() {
            return Ok(None);
        }
        let value = args.int(index)?;
        match usize::try_from(value) {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(args.wrong(index, Kind::Range, format!("{value} is negative"))),
        }
    };
    let (start, length) = (number(1)?.unwrap_or(0), number(2)?);
    let beyond = |total: usize| {
        let end = start.saturating_add(length.unwrap_or(0));
        let message = format!("the text has {total} characters, fewer than {end}");
        (end > total).then(|| args.error(Kind::Range, message))
    };
    if let Data::Unknown(unknown) = &args.values[0].data {
        let pieces = text::pieces(unknown);
        if let Some(error) = text::total_units(&pieces).and_then(beyond) {
            return Err(error);
        }
        if !compare::is_string(unknown) && text::total_units(&pieces).is_none() {
            return Ok(args.unknown());
        }
        let mut rest = text::skip(&pieces, start);
        if let Some(length) = length {
            rest = text::take(&rest, length);
        }
        let made = text::value(&rest, &unknown.why, args.at);
        return Ok(text::made_of(&args.values[0], made.data, args.at));
    }
    let whole = args.text(0)?;
    if let Some(error) = beyond(text::units(whole)) {
        return Err(error);
    }
    let from = text::byte_of_unit(whole, start);
    let to = length.map_or(whole.len(), |length| text::byte_of_unit(whole, start + length));
    args.give_changed(0, whole.substr(from..to.max(from)))
}

/// Without regard to case; `*` stands for any text. The function is too new to be documented: unverified beyond that.
fn like(args: &Args) -> Outcome {
    let (text, pattern) = (upper(args.text(0)?), upper(args.text(1)?));
    args.spend_text(text.len().saturating_add(pattern.len()))?;
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else { return args.give_bool(false) };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return args.give_bool(rest.is_empty()) };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return args.give_bool(false),
        }
    }
    args.give_bool(rest.ends_with(last))
}
