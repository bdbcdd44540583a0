//! YAML streams, from granit-parser's events to values.
//!
//! Scalars are those of YAML 1.2's core schema. Aliases share the anchored value and are paid from a budget, so that a bomb of
//! aliases costs what its text costs. `<<` merges as in YAML 1.1, which manifests use and the Azure CLI reads
//! (https://yaml.org/type/merge.html). Tags other than the core schema's are ignored. Nothing recurses.

mod merge;
mod mistake;

use std::collections::HashMap;
use std::ops::Range;

use arcstr::ArcStr;
use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{
    COMMENTS, Mistake, Note, Parsed, REPEATED, Reason, VALUES, YAML_DEPTH, ignore, keep, repeat, scalar, span,
};
use crate::source::{FileId, Span, Text};
use crate::value::{Data, Member, Value};

/// The documents of a YAML stream, with notes and the wishes in its comments.
///
/// # Errors
/// The first place where the text is no YAML, or the bound that it exceeds.
pub fn read(text: &ArcStr, file: FileId) -> Result<Parsed, Mistake> {
    let options = granit_parser::options! {
        // The parser's own bound is 96, which licences and explanations in front of an entry exceed.
        max_buffered_comment_events: COMMENTS,
        flow_nesting_limit: YAML_DEPTH,
        block_nesting_limit: YAML_DEPTH,
    };
    let mut reader = Reader {
        text,
        file,
        parsed: Parsed::default(),
        open: Vec::new(),
        anchors: HashMap::new(),
        count: 0,
        repeated: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, at)) => reader.take(event, at.byte_range().unwrap_or(0..0))?,
            Err(error) => return Err(mistake::of(&error, text, file)),
        }
    }
    if reader.parsed.values.is_empty() {
        let reason = if text.trim().is_empty() { Reason::Empty } else { Reason::OnlyComments };
        return Err(Mistake::new(span(file, 0..0), reason));
    }
    Ok(reader.parsed)
}

struct Reader<'t> {
    text: &'t ArcStr,
    file: FileId,
    parsed: Parsed,
    open: Vec<Open>,
    anchors: HashMap<usize, Option<Node>>,
    count: usize,
    repeated: u64,
}

/// A value with what it costs to walk over it.
#[derive(Clone)]
struct Node {
    value: Value,
    /// How many values it holds, itself included, aliases followed.
    size: u64,
    /// How many values deep it is, itself included.
    depth: usize,
}

/// A collection that is not closed yet.
struct Open {
    start: usize,
    /// Where its last item ends.
    end: u32,
    flow: bool,
    anchor: usize,
    size: u64,
    depth: usize,
    inside: Inside,
}

enum Inside {
    Sequence(Vec<Value>),
    Mapping { members: Vec<Member>, merged: Vec<Member>, key: Option<Key> },
}

enum Key {
    Text(Text, Span),
    Merge,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(), Mistake> {
        use granit_parser::StructureStyle::Flow;
        match event {
            Event::DocumentStart(..) => self.anchors.clear(),
            Event::Comment(..) => ignore::note(self.text, span(self.file, at), &mut self.parsed),
            Event::Scalar(text, style, anchor, tag) => return self.scalar(&text, style, anchor, tag.as_deref(), at),
            Event::SequenceStart(style, anchor, _) => {
                return self.enter(at, style == Flow, anchor, Inside::Sequence(Vec::new()));
            }
            Event::MappingStart(style, anchor, _) => {
                let inside = Inside::Mapping { members: Vec::new(), merged: Vec::new(), key: None };
                return self.enter(at, style == Flow, anchor, inside);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.leave(at),
            Event::Alias(anchor) => return self.alias(anchor, at),
            _ => (),
        }
        Ok(())
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: Range<usize>,
    ) -> Result<(), Mistake> {
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) && at.len() >= 2;
        let at = if quoted { at.start + 1..at.end - 1 } else { at };
        let plain = style == ScalarStyle::Plain;
        // The parser writes `~` for a value that is not written at all.
        let text = if plain && at.is_empty() { "" } else { text };
        let place = span(self.file, at.clone());

        if plain && text == "<<" && tag.is_none() && self.takes_key() {
            if let Some(Open { inside: Inside::Mapping { key, .. }, .. }) = self.open.last_mut() {
                *key = Some(Key::Merge);
            }
            return Ok(());
        }
        let known = match tag.and_then(Tag::core_suffix) {
            Some("str") => None,
            Some(tag) => scalar::tagged(tag, text),
            None if plain && tag.is_none() => scalar::plain(text),
            None => None,
        };
        if plain && tag.is_none() && scalar::was_boolean(text) && !self.takes_key() {
            keep(&mut self.parsed.notes, Note::Boolean { text: Text::from(text), at: place });
        }
        let data = known.unwrap_or_else(|| Data::String(self.share(text, at)));
        let node = Node { value: Value::new(data, place), size: 1, depth: 1 };
        if anchor > 0 {
            self.anchors.insert(anchor, Some(node.clone()));
        }
        self.put(node)
    }

    fn enter(&mut self, at: Range<usize>, flow: bool, anchor: usize, inside: Inside) -> Result<(), Mistake> {
        if self.open.len() == YAML_DEPTH {
            return Err(Mistake::new(span(self.file, at), Reason::TooDeep(YAML_DEPTH)));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
        let end = span(self.file, at.clone()).end;
        self.open.push(Open { start: at.start, end, flow, anchor, size: 1, depth: 1, inside });
        Ok(())
    }

    fn leave(&mut self, at: Range<usize>) -> Result<(), Mistake> {
        let open = self.open.pop().expect("the parser closes what it opened");
        let end = if open.flow { at.end } else { open.end as usize };
        let at = span(self.file, open.start..end.max(open.start));
        let value = match open.inside {
            Inside::Sequence(mut items) => {
                items.shrink_to_fit();
                Value::array(items, at)
            }
            Inside::Mapping { members, merged, .. } => {
                repeat::note(&members, &mut self.parsed.notes);
                Value::object(merge::join(merged, members), at)
            }
        };
        let node = Node { value, size: open.size, depth: open.depth };
        if open.anchor > 0 {
            self.anchors.insert(open.anchor, Some(node.clone()));
        }
        if self.takes_key() && open.flow && self.text[..open.start].ends_with('{') {
            // `{{ .Values.image }}` is a mapping whose key is a mapping to YAML; nobody writes that on purpose.
            return Err(Mistake::new(span(self.file, open.start - 1..open.start + 1), Reason::Templated));
        }
        self.put(node)
    }

    fn alias(&mut self, anchor: usize, at: Range<usize>) -> Result<(), Mistake> {
        let at = span(self.file, at);
        let mut node = match self.anchors.get(&anchor) {
            Some(Some(node)) => node.clone(),
            Some(None) => return Err(Mistake::new(at, Reason::SelfAlias)),
            None => return Err(Mistake::new(at, Reason::UnknownAlias)),
        };
        self.repeated = self.repeated.saturating_add(node.size);
        if self.repeated > REPEATED {
            return Err(Mistake::new(at, Reason::TooManyAliases(REPEATED)));
        }
        if self.open.len() + node.depth > YAML_DEPTH {
            return Err(Mistake::new(at, Reason::TooDeep(YAML_DEPTH)));
        }
        if let Some(open) = self.open.last_mut() {
            open.end = open.end.max(at.end);
        }
        node.value = node.value.through(at);
        self.put(node)
    }

    /// Whether the next node is a key.
    fn takes_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { inside: Inside::Mapping { key: None, .. }, .. }))
    }

    /// Gives a node to what is open, or makes it a document.
    fn put(&mut self, node: Node) -> Result<(), Mistake> {
        let Node { value, size, depth } = node;
        if !self.takes_key() {
            self.count += 1;
        }
        if self.count > VALUES {
            return Err(Mistake::new(value.at, Reason::TooMany(VALUES)));
        }
        let text = self.text;
        let Some(open) = self.open.last_mut() else {
            self.parsed.values.push(value);
            return Ok(());
        };
        open.size = open.size.saturating_add(size);
        open.depth = open.depth.max(depth + 1);
        if value.at.start as usize >= open.start {
            open.end = open.end.max(value.at.end);
        }
        let (members, merged, key) = match &mut open.inside {
            Inside::Sequence(items) => {
                items.push(value);
                return Ok(());
            }
            Inside::Mapping { members, merged, key } => (members, merged, key),
        };
        match key.take() {
            None => *key = Some(Key::Text(key_text(text, &value), value.at)),
            Some(Key::Text(name, at)) => members.push(Member::new(name, at, value)),
            Some(Key::Merge) => merge::collect(&value, merged)?,
        }
        Ok(())
    }

    fn share(&self, text: &str, at: Range<usize>) -> Text {
        if self.text.get(at.clone()) == Some(text) { self.text.substr(at) } else { Text::from(text) }
    }
}

/// A key that is no text is its text as written.
fn key_text(text: &ArcStr, value: &Value) -> Text {
    match &value.data {
        Data::String(key) => key.clone(),
        _ => text
            .get(value.at.start as usize..value.at.end as usize)
            .map_or(Text::new(), |written| text.substr_from(written)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{mirrors, parse_yaml, tests};
    use crate::source::Sources;

    #[track_caller]
    fn accept(text: &str, expected: &str) {
        let values = parse_yaml(&ArcStr::from(text), FileId::NONE).unwrap_or_else(|mistake| panic!("{mistake}"));
        let written: Vec<String> = values.iter().map(|value| tests::plain(value).to_string()).collect();
        assert_eq!(written.join("; "), expected);
    }

    #[track_caller]
    fn reject(text_with_caret: &str, reason: &str) {
        tests::reject(read, text_with_caret, reason);
    }

    #[test]
    fn values_are_read() {
        accept("a: 1\nb: [x, 'y', \"z\\n\"]\nc: {d: ~}\n", r#"{"a":1,"b":["x","y","z\n"],"c":{"d":null}}"#);
        accept("a:\nb: ''\n", r#"{"a":null,"b":""}"#);
        accept("- |\n  one\n  two\n- >-\n  fol\n  ded\n", r#"["one\ntwo\n","fol ded"]"#);
        accept("image: nginx:1.27 # c\r\nport: 80\r\n", r#"{"image":"nginx:1.27","port":80}"#);
        accept("image: ${{ env.IMAGE }}\n", r#"{"image":"${{ env.IMAGE }}"}"#);
    }

    #[test]
    fn a_stream_holds_several_documents() {
        accept("a: 1\n---\nb: 2\n...\n", r#"{"a":1}; {"b":2}"#);
        accept("# head\n---\n# only a comment\n---\na: 1\n---\n", r#"null; {"a":1}; null"#);
    }

    #[test]
    fn tags_of_the_core_schema_count_and_others_do_not() {
        accept("[!!str 1, !!int '2', !!float 3, !!bool x, !!str , ! 4, !mine 5]", r#"["1",2,3.0,"x","","4","5"]"#);
        accept("a: !!binary aGk=\nb: !!map {c: 1}", r#"{"a":"aGk=","b":{"c":1}}"#);
    }

    #[test]
    fn keys_that_are_no_text_are_their_text() {
        accept("1: a\ntrue: b\n~: c\n? [x, y]\n: d\n: e\n", r#"{"1":"a","true":"b","~":"c","[x, y]":"d","":"e"}"#);
        accept("k: &k id\nm:\n  *k : {}\n", r#"{"k":"id","m":{"id":{}}}"#);
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        accept("a: &x [1]\nb: *x\n", r#"{"a":[1],"b":[1]}"#);
        accept("a: &x {k: 1, l: 2}\nb:\n  l: 3\n  <<: *x\n", r#"{"a":{"k":1,"l":2},"b":{"k":1,"l":3}}"#);
        accept(
            "- &x {k: 1}\n- &y {k: 2, l: 2}\n- <<: [*x, *y]\n  m: 3\n",
            r#"[{"k":1},{"k":2,"l":2},{"l":2,"k":1,"m":3}]"#,
        );
        accept("'<<': 1", r#"{"<<":1}"#);
        accept("- &x 1\n- &x 2\n- *x\n", "[1,2,2]");
        reject("a:\n  <<: ^1\n", "`<<` takes a mapping or a list of mappings");
        reject("- &a [^*a]\n", "an alias stands inside the value that it names");
        reject("- ^*a\n", "no anchor before this alias has its name");
        reject("- &a 1\n---\n- ^*a\n", "no anchor before this alias has its name");
    }

    #[test]
    fn an_alias_points_at_the_anchored_text_and_is_a_hop() {
        let mut sources = Sources::default();
        let file = sources.add("x", "a: &i nginx:1\nb: *i\nc: &m {image: v}\nd:\n  <<: *m\n");
        let values = parse_yaml(&sources.text(file).clone(), file).unwrap();
        let hops =
            |value: &Value| value.via.spans().into_iter().map(|at| sources.slice(at).to_owned()).collect::<Vec<_>>();
        let alias = values[0].get("b").unwrap();
        assert_eq!((sources.slice(alias.at), hops(alias)), ("nginx:1", vec!["*i".to_owned()]));
        let merged = values[0].path(&["d", "image"]).unwrap();
        assert_eq!((sources.slice(merged.at), hops(merged)), ("v", vec!["*m".to_owned()]));
    }

    #[test]
    fn a_span_covers_a_text_without_its_quotes() {
        let mut sources = Sources::default();
        let file = sources.add("x", "- \"é:1\"\n- 'it''s'\n- plain # c\n- |\n  block\n- {f: [1]}\n- g:\n    h: i\n\n");
        let text = sources.text(file).clone();
        let values = parse_yaml(&text, file).unwrap();
        let items = values[0].as_array().unwrap();
        let slices: Vec<&str> = items.iter().map(|item| sources.slice(item.at)).collect();
        assert_eq!(slices, ["é:1", "it''s", "plain", "block\n", "{f: [1]}", "g:\n    h: i"]);
        assert_eq!(
            items.iter().map(|item| mirrors(item, &sources)).collect::<Vec<_>>()[..4],
            [true, false, true, true]
        );
        let Data::String(shared) = &items[0].data else { panic!("a text") };
        assert!(ArcStr::ptr_eq(shared.parent(), &text), "a text that stands in the file shares it");
    }

    #[test]
    fn mistakes_have_a_place() {
        reject("^", "the file is empty");
        reject("^# only\n", "the file holds only comments");
        reject("a:\n^\t- b\n", "a tab stands in the indentation");
        reject("a: [1, 2^\n", "the file ends inside a list");
        reject("a: b^: c\n", "mapping values are not allowed in this context");
        reject("a: ^@x\n", "unexpected character: `@'");
    }

    #[test]
    fn a_template_is_to_be_rendered_first() {
        reject("image: ^{{ .Image }}\n", "a template instruction stands where a value belongs");
        reject("image: ^{{ .R }}:{{ .T }}\n", "a template instruction stands where a value belongs");
        reject("^{{- if .x }}\na: b\n", "a template instruction stands where a value belongs");
        reject("a:\n  ^{% if x %}\n  b: 1\n", "a template instruction stands where a value belongs");
        accept("image: '{{ .Image }}'", r#"{"image":"{{ .Image }}"}"#);
    }

    #[test]
    fn deep_nesting_is_refused_at_its_bound() {
        for text in ["[".repeat(10_000), "{a: ".repeat(10_000), "- ".repeat(10_000), "a:\n ".repeat(3)] {
            let reason = read(&ArcStr::from(text), FileId::NONE).map(|_| ()).map_err(|mistake| mistake.reason);
            assert!(matches!(reason, Ok(()) | Err(Reason::TooDeep(255) | Reason::Yaml(_))), "{reason:?}");
        }
        let deep = (0..300).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
        assert_eq!(read(&ArcStr::from(deep), FileId::NONE).unwrap_err().reason, Reason::TooDeep(255));
        // Aliases can stack what no text nests.
        let stacked = (1..200).map(|at| format!("- &a{at} [[[[*a{}]]]]\n", at - 1)).collect::<String>();
        let stacked = ArcStr::from(format!("- &a0 1\n{stacked}"));
        assert_eq!(read(&stacked, FileId::NONE).unwrap_err().reason, Reason::TooDeep(255));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused_at_its_bound() {
        let mut bomb = "- &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for at in 1..30 {
            let alias = format!("*a{}, ", at - 1).repeat(9);
            bomb += &format!("- &a{at} [{alias}]\n");
        }
        assert_eq!(read(&ArcStr::from(bomb), FileId::NONE).unwrap_err().reason, Reason::TooManyAliases(REPEATED));
        let members: Vec<String> = (0..2000).map(|key| format!("k{key}: 1")).collect();
        let merges = format!("- &m {{{}}}\n- <<: [{}]\n", members.join(", "), "*m, ".repeat(2000));
        assert_eq!(read(&ArcStr::from(merges), FileId::NONE).unwrap_err().reason, Reason::TooManyAliases(REPEATED));
    }

    #[test]
    fn notes_and_wishes_are_kept() {
        let text =
            ArcStr::from("# pullgate: ignore[a] why\na: yes\na: 'no' # pullgate: ignore[b]\non: 1\n#pullgate: what\n");
        let parsed = read(&text, FileId::NONE).unwrap();
        let notes: Vec<String> = parsed.notes.iter().map(Note::sentence).collect();
        assert!(notes[0].starts_with("`yes` is a text in YAML 1.2"), "{notes:?}");
        assert!(notes.contains(&"`a` is written twice; the last one counts".to_owned()), "{notes:?}");
        assert!(notes.iter().any(|note| note.starts_with("the comment is not understood")), "{notes:?}");
        assert_eq!(notes.len(), 3);
        let ignores: Vec<(&str, &str, bool)> = parsed
            .ignores
            .iter()
            .map(|ignore| (ignore.codes[0].as_str(), ignore.reason.as_str(), ignore.alone))
            .collect();
        assert_eq!(ignores, [("a", "why", true), ("b", "", false)]);
    }

    #[test]
    fn many_comments_in_a_row_are_read() {
        let text = ArcStr::from(format!("a:\n{}  - b\n", "  # c\n".repeat(20_000)));
        assert_eq!(tests::plain(&parse_yaml(&text, FileId::NONE).unwrap()[0]).to_string(), r#"{"a":["b"]}"#);
        let text = ArcStr::from(format!("a:\n{}  - b\n", "  # c\n".repeat(COMMENTS + 1)));
        assert_eq!(read(&text, FileId::NONE).unwrap_err().reason, Reason::TooManyComments(COMMENTS));
    }
}
