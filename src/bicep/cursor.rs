//! A place among the words of a Bicep source, and the steps that reading takes from it.

use std::ops::Range;

use super::lexer::{Token, Word};

/// The words of a text, and which is next.
pub(super) struct Parser<'t> {
    pub text: &'t str,
    pub tokens: &'t [Token],
    pub next: usize,
}

impl<'t> Parser<'t> {
    /// The index of the word that closes the bracket in which reading stands.
    pub fn close(&self) -> usize {
        let mut open = 0usize;
        for (index, token) in self.tokens.iter().enumerate().skip(self.next) {
            match token.word {
                Word::Open(_) => open += 1,
                Word::Close(_) if open == 0 => return index,
                Word::Close(_) => open -= 1,
                _ => (),
            }
        }
        self.tokens.len()
    }

    /// From an opening bracket past the one that closes it.
    pub fn skip_group(&mut self) {
        self.next += 1;
        self.next = (self.close() + 1).min(self.tokens.len());
    }

    /// To the end of the line, or of what is in brackets.
    pub fn skip_line(&mut self) {
        while let Some(word) = self.peek() {
            match word {
                Word::Break | Word::Close(_) => break,
                Word::Open(_) => self.skip_group(),
                _ => self.next += 1,
            }
        }
    }

    pub fn skip_breaks(&mut self) {
        while self.peek() == Some(Word::Break) {
            self.next += 1;
        }
    }

    pub fn skip_separators(&mut self) {
        while matches!(self.peek(), Some(Word::Break | Word::Mark(","))) {
            self.next += 1;
        }
    }

    /// Whether something goes on behind the line break here: one of these marks stands after or before it.
    pub fn continues(&self, after: &[&str], before: &[&str]) -> bool {
        let is = |index: Option<usize>, marks: &[&str]| {
            let token = index.and_then(|index| self.tokens.get(index));
            token.is_some_and(|token| matches!(token.word, Word::Mark(mark) if marks.contains(&mark)))
        };
        is(self.next.checked_add(1), after) || is(self.next.checked_sub(1), before)
    }

    pub fn peek(&self) -> Option<Word> {
        self.peek_at(0)
    }

    pub fn peek_at(&self, ahead: usize) -> Option<Word> {
        self.tokens.get(self.next + ahead).map(|token| token.word)
    }

    /// The next word if it is a name.
    pub fn peek_text(&self) -> Option<&'t str> {
        self.tokens.get(self.next).filter(|token| token.word == Word::Name).map(|token| self.slice(token))
    }

    pub fn take(&mut self, is: impl Fn(Word) -> bool) -> Option<&'t Token> {
        let token = self.tokens.get(self.next).filter(|token| is(token.word))?;
        self.next += 1;
        Some(token)
    }

    pub fn name(&mut self) -> Option<&'t str> {
        let token = self.take(|word| word == Word::Name)?;
        Some(self.slice(token))
    }

    pub fn text_word(&mut self) -> Option<Range<usize>> {
        self.take(|word| matches!(word, Word::Text { plain: true, .. })).map(unquoted)
    }

    pub fn eat(&mut self, mark: &str) -> bool {
        self.take(|word| matches!(word, Word::Mark(found) if found == mark)).is_some()
    }

    pub fn slice(&self, token: &Token) -> &'t str {
        &self.text[token.range.clone()]
    }

    /// Where the next word starts.
    pub fn start(&self) -> usize {
        self.tokens.get(self.next).map_or(self.text.len(), |token| token.range.start)
    }

    /// Where the last word ends.
    pub fn end(&self) -> usize {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.range.end)
    }
}

/// The text of a string without its quotes.
pub(super) fn unquoted(token: &Token) -> Range<usize> {
    match token.word {
        Word::Text { quotes, .. } => token.range.start + quotes..token.range.end - quotes,
        _ => token.range.clone(),
    }
}
