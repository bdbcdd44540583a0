//! A string that is put together of known and unknown stretches, and which of them is whose.

use std::rc::Rc;

use crate::source::Span;
use crate::value::{Data, Part, Piece, Value};

use super::{pieces, unknown};

/// A string being put together.
#[derive(Debug, Default)]
pub struct Builder {
    pieces: Vec<Piece>,
    known: String,
    why: Option<String>,
    secure: bool,
    parts: Vec<Source>,
}

/// Which stretch of a text is a value's.
#[derive(Debug)]
struct Source {
    at: Span,
    nearest: Option<Span>,
    part: Part,
}

/// So many of the values that a text was put together of are remembered.
const MAX_PARTS: usize = 16;

impl Builder {
    pub fn new() -> Builder {
        Builder::default()
    }

    pub fn push(&mut self, text: &str) {
        self.known.push_str(text);
    }

    /// A stretch that is not known, by its canonical expression.
    pub fn push_unknown(&mut self, expression: impl Into<String>, why: &str) {
        self.seal();
        self.pieces.push(Piece::Unknown(expression.into()));
        self.why.get_or_insert_with(|| why.to_owned());
    }

    /// All of a string, known or not. `false` when the value is no string and cannot turn out to be one.
    pub fn push_value(&mut self, value: &Value) -> bool {
        let start = self.shown();
        let is_text = self.push_data(value);
        if is_text && self.parts.len() < MAX_PARTS {
            let part = Part { start, end: self.shown() };
            self.parts.push(Source { at: value.at, nearest: value.via.nearest(), part });
        }
        is_text
    }

    /// The stretch of the text that this value was pushed as, the first one if it was pushed several times.
    pub fn part(&self, value: &Value) -> Option<Part> {
        let is_it = |source: &&Source| source.at == value.at && source.nearest == value.via.nearest();
        self.parts.iter().find(is_it).map(|source| source.part)
    }

    fn push_data(&mut self, value: &Value) -> bool {
        match &value.data {
            Data::String(text) => self.push(text),
            Data::Unknown(unknown) => self.push_pieces(&pieces(unknown), &unknown.why),
            Data::Secure(inner) => {
                self.secure = true;
                return self.push_data(inner);
            }
            _ => return false,
        }
        true
    }

    pub fn push_pieces(&mut self, pieces: &[Piece], why: &str) {
        for piece in pieces {
            match piece {
                Piece::Known(text) => self.push(text),
                Piece::Unknown(expression) => self.push_unknown(expression.as_str(), why),
            }
        }
    }

    /// How many bytes of it are known by now.
    pub fn len(&self) -> usize {
        let known = |piece: &Piece| if let Piece::Known(text) = piece { text.len() } else { 0 };
        self.known.len() + self.pieces.iter().map(known).sum::<usize>()
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.known.is_empty()
    }

    /// How many bytes the text has with `…` for each unknown stretch.
    fn shown(&self) -> u32 {
        let unknown = self.pieces.iter().filter(|piece| matches!(piece, Piece::Unknown(_))).count();
        u32::try_from(self.len() + unknown * "…".len()).unwrap_or(u32::MAX)
    }

    /// The string: a text when all of it is known.
    pub fn finish(mut self, at: Span) -> Value {
        let secure = self.secure;
        let value = if self.pieces.is_empty() {
            Value::string(self.known, at)
        } else {
            self.seal();
            Value::unknown(unknown(self.pieces, self.why.unwrap_or_default()), at)
        };
        if secure { Value::new(Data::Secure(Rc::new(value)), at) } else { value }
    }

    fn seal(&mut self) {
        if !self.known.is_empty() {
            let mut known = std::mem::take(&mut self.known);
            known.shrink_to_fit();
            self.pieces.push(Piece::Known(known));
        }
    }
}
