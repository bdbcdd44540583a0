//! `format`: the composite formatting of .NET, in the invariant culture
//! (https://learn.microsoft.com/dotnet/standard/base-types/composite-formatting).

use crate::template::text::{Builder, stretch_may_hold};
use crate::value::{Data, Piece, Value};

use super::{Args, Error, Kind, Outcome, number, open, spell, string, text};

/// `{index,width:spec}`.
struct Hole<'f> {
    index: usize,
    width: i32,
    spec: &'f str,
    /// As it is written.
    whole: &'f str,
}

/// .NET refuses wider ones.
const MAX_WIDTH: i32 = 1_000_000;

pub(super) fn format(args: &Args) -> Outcome {
    let mut builder = Builder::new();
    if args.is_unknown(0) {
        return Ok(match in_part(&mut builder, args) {
            Some(()) => string::built(args, builder),
            None => args.unknown(),
        });
    }
    fill_in(&mut builder, args.text(0)?, args)?;
    args.spend_text(builder.len())?;
    Ok(string::built(args, builder))
}

/// Formats the known stretches of a pattern whose other stretches can hold no brace; `None` when they can.
fn in_part(builder: &mut Builder, args: &Args) -> Option<()> {
    let Data::Unknown(unknown) = &open(&args.values[0]).data else { return None };
    if unknown.pieces.is_empty() {
        return None;
    }
    for piece in &unknown.pieces {
        match piece {
            // A hole that an unknown stretch cuts in two is an error here, and so the whole stays unknown.
            Piece::Known(text) => fill_in(builder, text, args).ok()?,
            Piece::Unknown(stretch) => {
                if ["{", "}"].iter().any(|brace| stretch_may_hold(stretch, brace)) {
                    return None;
                }
                builder.push_unknown(stretch.clone(), &unknown.why);
            }
        }
    }
    args.spend_text(builder.len()).ok()
}

fn fill_in(builder: &mut Builder, pattern: &str, args: &Args) -> Result<(), Error> {
    let mut rest = pattern;
    while let Some(at) = rest.find(['{', '}']) {
        builder.push(&rest[..at]);
        let brace = &rest[at..];
        if brace.starts_with("{{") || brace.starts_with("}}") {
            builder.push(&brace[..1]);
            rest = &brace[2..];
            continue;
        }
        let hole = hole(brace)
            .map_err(|message| args.wrong(0, Kind::Value, message).expected("expected `{0}`, `{{` or `}}`"))?;
        rest = &brace[hole.whole.len()..];
        let Some(value) = args.values[1..].get(hole.index) else {
            let message = format!("`{}` has no value: {} are given", hole.whole, args.len() - 1);
            return Err(args.wrong(0, Kind::Value, message).expected("the first value is `{0}`"));
        };
        fill(builder, &hole, value, args)?;
        args.spend_text(builder.len())?;
    }
    builder.push(rest);
    Ok(())
}

/// The hole that `text` begins with.
fn hole(text: &str) -> Result<Hole<'_>, &'static str> {
    if text.starts_with('}') {
        return Err("a `}` closes nothing");
    }
    let end = text.find('}').ok_or("a `{` is not closed")?;
    let inside = &text[1..end];
    let (head, spec) = inside.split_once(':').unwrap_or((inside, ""));
    let (index, width) = head.split_once(',').map_or((head, None), |(index, width)| (index, Some(width)));
    let index = index.trim_end_matches(' ');
    if index.is_empty() || !index.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the index of a value is no number");
    }
    let width = match width {
        None => 0,
        Some(width) => width.trim_matches(' ').parse().map_err(|_| "the width of a value is no number")?,
    };
    if !(-MAX_WIDTH..=MAX_WIDTH).contains(&width) || spec.contains('{') {
        return Err("the format of a value is wrong");
    }
    let index = index.parse().map_err(|_| "the index of a value is too large")?;
    Ok(Hole { index, width, spec, whole: &text[..=end] })
}

fn fill(builder: &mut Builder, hole: &Hole, value: &Value, args: &Args) -> Result<(), Error> {
    if let Data::Unknown(unknown) = &open(value).data {
        if hole.width == 0 && hole.spec.is_empty() {
            builder.push_value(value);
        } else {
            let pattern = Value::string(hole.whole.replacen(&hole.index.to_string(), "0", 1), args.at);
            builder.push_unknown(spell::call("format", [&pattern, value]), &unknown.why);
        }
        return Ok(());
    }
    let number = match open(value).data {
        Data::Int(value) => Some(number::Number::Int(value)),
        Data::Float(value) => Some(number::Number::Float(value)),
        _ => None,
    };
    let text = match number {
        Some(number) if !hole.spec.is_empty() => {
            let wrong = || args.wrong(0, Kind::Value, format!("`{}` is no format of a number", hole.spec));
            number::format(number, hole.spec).ok_or_else(wrong)?
        }
        _ if hole.width == 0 => {
            string::push(builder, value);
            return Ok(());
        }
        _ => string::plain(open(value)).into_owned(),
    };
    let padding = (hole.width.unsigned_abs() as usize).saturating_sub(text::units(&text));
    if hole.width > 0 {
        builder.push(&" ".repeat(padding));
    }
    builder.push(&text);
    if hole.width < 0 {
        builder.push(&" ".repeat(padding));
    }
    Ok(())
}
