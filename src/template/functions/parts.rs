//! `split` and `join`.

use crate::source::Text;
use crate::template::text::Builder;
use crate::value::{Data, Piece};

use super::{Args, Outcome, open, spell, string, text};

pub(super) fn join(args: &Args) -> Outcome {
    if args.is_unknown(0) {
        return Ok(args.unknown());
    }
    let items = args.array(0)?;
    let delimiter = &args.values[1];
    if !matches!(delimiter.data, Data::String(_) | Data::Unknown(_)) {
        return Err(args.wrong_type(1, "a string"));
    }
    let mut builder = Builder::new();
    for (index, item) in items.iter().enumerate() {
        if let Data::Unknown(unknown) = &open(item).data
            && unknown.spread
        {
            // Perhaps nothing, perhaps several with delimiters between them.
            builder.push_unknown(spell::call("join", [&args.values[0], delimiter]), &unknown.why);
            continue;
        }
        if index > 0 {
            builder.push_value(delimiter);
        }
        string::push(&mut builder, item);
        args.spend_text(builder.len())?;
    }
    args.spend(items.len())?;
    Ok(string::built(args, builder))
}

pub(super) fn split(args: &Args) -> Outcome {
    let delimiters = match &args.values[1].data {
        Data::String(text) => vec![text.clone()],
        Data::Unknown(_) => return Ok(args.unknown()),
        Data::Array(items) => match items.iter().map(|item| item.as_str().map(Text::from)).collect() {
            Some(delimiters) => delimiters,
            None if items.iter().any(|item| item.as_unknown().is_some()) => return Ok(args.unknown()),
            None => return Err(args.wrong_type(1, "an array of strings")),
        },
        _ => return Err(args.wrong_type(1, "a string or an array of strings")),
    };
    let delimiters: Vec<&str> = delimiters.iter().map(|text| &**text).filter(|text| !text.is_empty()).collect();
    if let Data::Unknown(unknown) = &args.values[0].data {
        return split_pieces(args, &text::pieces(unknown), &unknown.why, &delimiters);
    }
    let whole = args.text(0)?;
    args.spend_text(whole.len().saturating_mul(delimiters.len().max(1)))?;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, length) in delimited(whole, &delimiters) {
        parts.push(whole.substr(start..at));
        start = at + length;
    }
    parts.push(whole.substr(start..));
    args.spend(parts.len())?;
    let value = |part| text::made_of(&args.values[0], Data::String(part), args.at);
    args.give_array(parts.into_iter().map(value).collect())
}

/// Where delimiters stand, and how long each is; the first that fits at a place counts.
fn delimited(whole: &str, delimiters: &[&str]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < whole.len() {
        let rest = &whole[at..];
        match delimiters.iter().find(|delimiter| rest.starts_with(**delimiter)) {
            Some(delimiter) => {
                found.push((at, delimiter.len()));
                at += delimiter.len();
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}

/// The parts of a string of which some is not known. A stretch that could hold a delimiter makes its part, and what
/// touches it, any number of parts.
fn split_pieces(args: &Args, pieces: &[Piece], why: &str, delimiters: &[&str]) -> Outcome {
    let mut parts: Vec<(Vec<Piece>, bool)> = vec![(Vec::new(), false)];
    for piece in pieces {
        let last = parts.last_mut().expect("there is a part from the beginning");
        match piece {
            Piece::Unknown(stretch) => {
                let single = delimiters.iter().all(|delimiter| delimiter.chars().nth(1).is_none());
                last.1 |= !single || delimiters.iter().any(|delimiter| text::stretch_may_hold(stretch, delimiter));
                last.0.push(piece.clone());
            }
            Piece::Known(text) => {
                let mut start = 0;
                for (at, length) in delimited(text, delimiters) {
                    parts.last_mut().expect("there is a part").0.push(Piece::Known(text[start..at].to_owned()));
                    parts.push((Vec::new(), false));
                    start = at + length;
                }
                parts.last_mut().expect("there is a part").0.push(Piece::Known(text[start..].to_owned()));
            }
        }
    }
    if parts.len() == 1 && parts[0].1 {
        return Ok(args.unknown());
    }
    args.spend(parts.len())?;
    let value = |(pieces, several): (Vec<Piece>, bool)| {
        let mut value = text::made_of(&args.values[0], text::value(&pieces, why, args.at).data, args.at);
        if let (true, Data::Unknown(unknown)) = (several, &mut value.data) {
            std::rc::Rc::make_mut(unknown).spread = true;
        }
        value
    };
    args.give_array(parts.into_iter().map(value).collect())
}
