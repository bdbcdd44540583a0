//! Reads the declarations of a Bicep source. What it does not understand it passes over: the compiler has already judged it.

use std::ops::Range;

use super::cursor::{Parser, unquoted};
use super::lexer::{Word, words};
use super::syntax::{Declaration, Decorator, Import, Kind, Node, Object, Property, Shape, Source};

/// How many values stand in each other; what is deeper has no places of its own.
const DEPTH: usize = 128;
/// Operators with which a line goes on with the expression of the line before.
const STARTS: [&str; 19] =
    ["?", ":", "??", "||", "&&", "==", "=~", "!=", "!~", "<=", ">=", "<", ">", "+", "*", "/", "%", ".", ".?"];
/// Operators after which an expression goes on in the next line.
const ENDS: [&str; 17] =
    ["?", ":", "??", "||", "&&", "==", "=~", "!=", "!~", "<=", ">=", "+", "-", "*", "/", "%", "=>"];

/// The declarations of a text.
pub(super) fn parse(text: &str) -> Source {
    let tokens = words(text);
    Parser { text, tokens: &tokens, next: 0 }.source()
}

impl Parser<'_> {
    fn source(&mut self) -> Source {
        let mut source = Source::default();
        while self.next < self.tokens.len() {
            let decorators = self.decorators(0);
            let start = self.next;
            if let Some(declaration) = self.declaration(decorators, 0) {
                source.declarations.push(declaration);
                continue;
            }
            self.next = start;
            match self.name() {
                Some("using") => source.using = self.text_word(),
                Some("extends") => source.extends = self.text_word(),
                Some("import") => source.imports.extend(self.import()),
                _ => (),
            }
            self.next = self.next.max(start + 1);
            self.skip_line();
        }
        source
    }

    /// `{ a, b as c } from 'x.bicep'`, `* as x from 'x.bicep'`
    fn import(&mut self) -> Option<Import> {
        let mut renamed = Vec::new();
        if self.peek() == Some(Word::Open(b'{')) {
            let close = self.next;
            self.skip_group();
            let names = &self.tokens[close..self.next];
            let renames = names.windows(3).filter(|words| self.slice(&words[1]) == "as");
            renamed.extend(renames.map(|words| (words[0].range.clone(), words[2].range.clone())));
        }
        while self.peek().is_some_and(|word| word != Word::Break) && self.peek_text() != Some("from") {
            self.next += 1;
        }
        self.next += 1;
        Some(Import { path: self.text_word()?, renamed })
    }

    /// The decorators before a declaration, and the line breaks around them.
    fn decorators(&mut self, depth: usize) -> Vec<Decorator> {
        let mut decorators = Vec::new();
        self.skip_breaks();
        while self.eat("@") {
            decorators.extend(self.decorator(depth));
            self.skip_breaks();
        }
        decorators
    }

    /// A declaration after its decorators; `None` for what is none, wherever reading it has come to.
    fn declaration(&mut self, decorators: Vec<Decorator>, depth: usize) -> Option<Declaration> {
        let start = self.start();
        let kind = match self.name()? {
            "param" => Kind::Parameter,
            "var" => Kind::Variable,
            "output" => Kind::Output,
            "resource" => Kind::Resource,
            "module" => Kind::Module,
            _ => return None,
        };
        let name = self.take(|word| word == Word::Name)?.range.clone();
        let is_body = matches!(kind, Kind::Resource | Kind::Module);
        let of = if is_body { Some(self.text_word()?) } else { None };
        let mut existing = false;
        // The type of a value may be an object or a union of several lines.
        while let Some(token) = self.tokens.get(self.next) {
            match token.word {
                Word::Mark("=") => break,
                // After `string?` too, a declaration ends with its line.
                Word::Break if !self.continues(&["|"], &["|"]) => break,
                Word::Open(_) => self.skip_group(),
                Word::Close(_) => break,
                _ => {
                    existing |= is_body && self.slice(token) == "existing";
                    self.next += 1;
                }
            }
        }
        let value = if self.eat("=") {
            self.skip_breaks();
            Some(if is_body { self.body(depth) } else { self.expression(depth) })
        } else {
            None
        };
        let end = self.tokens.get(self.next.checked_sub(1)?)?.range.end;
        self.skip_line();
        Some(Declaration { kind, name, of, existing, value, at: start..end, decorators })
    }

    fn decorator(&mut self, depth: usize) -> Option<Decorator> {
        let mut name = self.take(|word| word == Word::Name)?.range.clone();
        while self.eat(".") {
            name = self.take(|word| word == Word::Name)?.range.clone();
        }
        let mut argument = None;
        if self.peek() == Some(Word::Open(b'(')) {
            let open = self.next;
            self.next += 1;
            self.skip_breaks();
            argument = (self.peek() != Some(Word::Close(b')'))).then(|| self.expression(depth));
            self.next = open;
            self.skip_group();
        }
        Some(Decorator { name, argument })
    }

    /// What follows the equals sign of a resource, or the colon of its loop.
    fn body(&mut self, depth: usize) -> Node {
        let start = self.start();
        if self.peek_text() != Some("if") || depth > DEPTH {
            return self.expression(depth);
        }
        self.next += 1;
        self.skip_breaks();
        let condition = self.start();
        let mut condition = condition..condition;
        if self.peek() == Some(Word::Open(b'(')) {
            self.skip_group();
            condition.end = self.end();
            // Without the brackets, which belong to `if`.
            condition = shrink(self.text, condition);
        }
        self.skip_breaks();
        let body = self.body(depth + 1);
        Node { at: start..body.at.end.max(start), shape: Shape::Condition { condition, body: Box::new(body) } }
    }

    /// An expression, up to the end of its line, to a comma, or to what closes the brackets around it.
    fn expression(&mut self, depth: usize) -> Node {
        let start = self.start();
        let mut shape = if depth > DEPTH { Shape::Other } else { self.primary(depth) };
        if let Shape::Other = shape {
            self.next = self.tokens.partition_point(|token| token.range.start < start);
        }
        let first = self.next;
        while let Some(word) = self.peek() {
            match word {
                Word::Break if !self.continues(&STARTS, &ENDS) => break,
                Word::Close(_) | Word::Mark("," | "=") => break,
                // A ternary's colon belongs to it; the colon after a loop's range is taken by the loop.
                Word::Open(_) => self.skip_group(),
                _ => self.next += 1,
            }
        }
        // What asserts that a value is not null changes nothing about where its parts are.
        let rest = self.tokens.get(first..self.next).unwrap_or_default();
        if rest.iter().any(|token| !matches!(token.word, Word::Break | Word::Mark("!"))) {
            shape = Shape::Other;
        }
        let end = self.tokens[..self.next].iter().rev().find(|token| token.word != Word::Break);
        let end = end.map_or(start, |token| token.range.end).max(start);
        Node { at: start..end, shape }
    }

    fn primary(&mut self, depth: usize) -> Shape {
        let Some(token) = self.tokens.get(self.next) else { return Shape::Other };
        match token.word {
            Word::Text { plain: true, .. } => {
                self.next += 1;
                Shape::Text(unquoted(token))
            }
            Word::Name if self.slice(token) == "any" && self.peek_at(1) == Some(Word::Open(b'(')) => {
                self.next += 1;
                self.enclosed(depth)
            }
            Word::Name => {
                self.next += 1;
                Shape::Name
            }
            Word::Open(b'(') => self.enclosed(depth),
            Word::Open(b'{') => self.object(depth),
            Word::Open(b'[') => self.list(depth),
            _ => Shape::Other,
        }
    }

    /// `(x)`, which is `x`.
    fn enclosed(&mut self, depth: usize) -> Shape {
        let open = self.next;
        self.next += 1;
        self.skip_breaks();
        let inner = self.expression(depth + 1);
        self.skip_breaks();
        let is_single = self.peek() == Some(Word::Close(b')'));
        self.next = open;
        self.skip_group();
        if is_single { inner.shape } else { Shape::Other }
    }

    fn object(&mut self, depth: usize) -> Shape {
        let mut object = Object::default();
        self.next += 1;
        loop {
            self.skip_separators();
            match self.peek() {
                None => break,
                Some(Word::Close(_)) => {
                    self.next += 1;
                    break;
                }
                _ => (),
            }
            let start = self.next;
            if let Some(property) = self.property(depth) {
                object.properties.push(property);
                continue;
            }
            self.next = start;
            let decorators = self.decorators(depth);
            if matches!(self.peek(), None | Some(Word::Close(_))) {
                continue;
            }
            let start = self.next;
            match self.declaration(decorators, depth + 1) {
                Some(declaration) => object.nested.push(declaration),
                None => {
                    self.next = start;
                    self.expression(depth + 1);
                    self.next = self.next.max(start + 1);
                }
            }
        }
        Shape::Object(object)
    }

    fn property(&mut self, depth: usize) -> Option<Property> {
        let token = self.tokens.get(self.next)?;
        let (key, computed) = match token.word {
            Word::Name => (token.range.clone(), false),
            Word::Text { plain, .. } => (unquoted(token), !plain),
            _ => return None,
        };
        self.next += 1;
        if !self.eat(":") {
            return None;
        }
        self.skip_breaks();
        Some(Property { key, computed, value: self.expression(depth + 1) })
    }

    fn list(&mut self, depth: usize) -> Shape {
        self.next += 1;
        self.skip_breaks();
        if self.peek_text() == Some("for") {
            return self.for_loop(depth);
        }
        let mut items = Vec::new();
        loop {
            self.skip_separators();
            match self.peek() {
                None => break,
                Some(Word::Close(_)) => {
                    self.next += 1;
                    break;
                }
                _ => (),
            }
            let start = self.next;
            items.push(self.expression(depth + 1));
            self.next = self.next.max(start + 1);
        }
        Shape::Array(items)
    }

    /// `for x in over: body]`, `for (x, i) in over: body]`
    fn for_loop(&mut self, depth: usize) -> Shape {
        let close = self.close();
        while self.next < close && self.peek_text() != Some("in") {
            self.next += 1;
        }
        self.next = close.min(self.next + 1);
        let over = self.start();
        // Colons of ternaries come after their question marks.
        let mut questions = 0usize;
        while self.next < close {
            match self.tokens[self.next].word {
                Word::Mark(":") if questions == 0 => break,
                Word::Mark(":") => questions -= 1,
                Word::Mark("?") => questions += 1,
                Word::Open(_) => {
                    self.skip_group();
                    continue;
                }
                _ => (),
            }
            self.next += 1;
        }
        let over = over..self.end().max(over);
        if self.next >= close {
            return Shape::Other;
        }
        // The body ends with the bracket: what is read twice at every depth takes exponential time.
        let tokens = self.tokens;
        self.tokens = &tokens[..close];
        self.next += 1;
        self.skip_breaks();
        let body = self.body(depth + 1);
        self.tokens = tokens;
        self.next = (close + 1).min(tokens.len());
        Shape::Loop { over, body: Box::new(body) }
    }
}

/// What stands between brackets.
fn shrink(text: &str, bracketed: Range<usize>) -> Range<usize> {
    let inner = text.get(bracketed.start + 1..bracketed.end.max(bracketed.start + 2) - 1).unwrap_or("");
    let start = bracketed.start + 1 + (inner.len() - inner.trim_start().len());
    start..start + inner.trim().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The declarations of a text: kind, name, and their values as they are written.
    fn declared(text: &str) -> Vec<String> {
        let of = |range: &Range<usize>| text[range.clone()].to_owned();
        let shown = |one: &Declaration| {
            let value = one.value.as_ref().map_or("-".to_owned(), |value| of(&value.at));
            format!("{:?} {} {value}", one.kind, of(&one.name))
        };
        parse(text).declarations.iter().map(shown).collect()
    }

    #[test]
    fn a_declaration_ends_with_its_line_unless_an_operator_goes_on() {
        let text = "param a string?\nparam b 'x' | 'y' = 'x'\nvar c = d\n  ? 1\n  : 2\nvar e = [\n  1\n  -2\n]\nfunc f(x int) int => x\nvar g = e!";
        let expected = [
            "Parameter a -",
            "Parameter b 'x'",
            "Variable c d\n  ? 1\n  : 2",
            "Variable e [\n  1\n  -2\n]",
            "Variable g e!",
        ];
        assert_eq!(declared(text), expected);
    }

    #[test]
    fn what_is_no_declaration_is_passed_over() {
        let text = "}}\n= x\ntargetScope = 'subscription'\n)\nvar a = 1\nresource\nvar b";
        assert_eq!(declared(text), ["Variable a 1", "Variable b -"]);
    }

    #[test]
    fn a_body_has_its_properties_and_nested_resources() {
        let text = "resource a 'T@1' = [for (x, i) in (c ? xs : ys): if (x.on) {\n  @description('n')\n  resource n 'u' = {}\n  'k-1': any({ z: [1, 2] })\n  '${x}': 2\n}]";
        let source = parse(text);
        let object = source.declarations[0].value.as_ref().and_then(Node::declared).expect("it has a body");
        let keys: Vec<&str> = object.properties.iter().map(|property| &text[property.key.clone()]).collect();
        assert_eq!(keys, ["k-1", "${x}"]);
        assert_eq!((object.nested.len(), object.properties[1].computed), (1, true));
        assert!(matches!(object.properties[0].value.shape, Shape::Object(_)));
    }

    #[test]
    fn what_is_broken_is_not_read_again_and_again() {
        let broken = "resource queue 'T@1' = [for (image, i) in x|||7 }\n @a({ b: [1] })\n { name: 'fixed', image: [for y in }\n";
        assert!(parse(&broken.repeat(500)).declarations.len() <= 500);
        let text = "resource a 'T@1' = { resource b 'u' = { name: 'b' } }\nvar c = 1";
        assert_eq!(declared(text).len(), 2);
    }

    #[test]
    fn deep_nesting_is_read_no_deeper_than_it_matters() {
        for open in ["[", "{a:", "(", "any(", "[for x in y:", "{\nresource a 'b' = ", "@a(", "'${", "if (a) "] {
            parse(&format!("var x = {}", open.repeat(20_000)));
            parse(&format!("resource x 'y' = {}", open.repeat(20_000)));
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            parse(&text);
        }

        #[test]
        fn no_text_of_bicep_words_panics(text in r"(param |var |resource |module |x|'|'''|\$\{|[{}()\[\]=:,.@?!|\n ]|for|in|if|any|//|/\*|é|\\){0,60}") {
            parse(&text);
        }
    }
}
