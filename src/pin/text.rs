//! What `pullgate pin` prints: each image, what it is now, where it is written, and what became of it there.

use std::io::{self, Write};

use super::{Pin, State};
use crate::report::plain;
use crate::source::{Sources, Span};

/// What became of a reference that should be rewritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where the image was found.
    pub at: Span,
    /// Why it is left as it is.
    pub left: Option<String>,
}

/// Prints the table. `changes` are the references that were to be rewritten.
///
/// # Errors
/// When the output cannot be written.
pub fn write(out: &mut dyn Write, pins: &[Pin], changes: &[Change], sources: &Sources) -> io::Result<()> {
    for pin in pins {
        writeln!(out, "{}", plain(&pin.written))?;
        match (&pin.state, pin.pinned()) {
            (State::Left { why, .. }, _) => writeln!(out, "  not resolved: {}", plain(why))?,
            (State::Resolved(_), Some(pinned)) if pinned != pin.written => writeln!(out, "  → {}", plain(&pinned))?,
            (State::Resolved(_), _) => writeln!(out, "  is what the tag is now")?,
            (State::Fixed, _) => writeln!(out, "  is a digest already")?,
        }
        for place in &pin.places {
            let left = changes.iter().find(|change| change.at == place.at).and_then(|change| change.left.as_ref());
            let shown = sources.place(place.at).map_or_else(
                || "command line".to_owned(),
                |place| format!("{}:{}:{}", plain(place.path), place.line, place.column),
            );
            match left {
                Some(why) => writeln!(out, "  {shown}: left as it is, because {}", plain(why))?,
                None => writeln!(out, "  {shown}")?,
            }
        }
    }
    let left = pins.iter().filter(|pin| matches!(pin.state, State::Left { .. })).count();
    let images = if pins.len() == 1 { "1 image".to_owned() } else { format!("{} images", pins.len()) };
    match left {
        0 => writeln!(out, "{images}, each with its digest"),
        left => writeln!(out, "{images}, {left} not resolved"),
    }
}
