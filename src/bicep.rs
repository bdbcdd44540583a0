//! From the lines of a compiled template back to the Bicep that it was compiled from.
//!
//! The compiler leaves no map, so a value is found again by its path: the parameter, variable, module or resource that its place
//! in the template belongs to, by name, and then property by property. Only declarations are read, no expression is understood:
//! where a value is computed, its place is the whole expression, or the one literal or name in it that the finding is about.
//! What is not certain stays at its compiled line, and the finding says so.
//!
//! Nothing here opens a file: who loads a source follows [`references`] and keeps what it finds in [`Sources`].

mod cursor;
mod follow;
mod lexer;
mod parser;
mod repoint;
mod resources;
mod syntax;
mod template;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::rc::Rc;

pub use repoint::repoint;

use crate::document::{is_json, parse_json};
use crate::source::{self, FileId, Sources, Span};
use crate::value::Value;

use follow::Follow;
use syntax::{Kind, Source};

/// How many steps a search takes at most from the template to a value in it.
const DEPTH: usize = 256;

/// The way back from compiled texts to their sources.
pub struct Origins<'s> {
    sources: &'s Sources,
    compiled: RefCell<HashMap<FileId, Option<Value>>>,
    parsed: RefCell<HashMap<FileId, Rc<Source>>>,
}

/// A place in a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub at: Span,
    /// Whether the text there is the compiled text, so that one can be edited for the other.
    pub same: bool,
}

/// There is no certain place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The module in whose template it is: where its declaration starts.
    pub module: Option<Span>,
}

/// The files that a Bicep text names as its modules, in its imports, as what it is `using` or as what it `extends`: paths
/// relative to the text's own. Modules of registries are not among them.
pub fn references(text: &str) -> Vec<&str> {
    let source = parser::parse(text);
    let modules = source.declarations.iter().filter(|declaration| declaration.kind == Kind::Module);
    let imports = source.imports.iter().map(|import| import.path.clone());
    let paths = modules.filter_map(|module| module.of.clone()).chain(imports).chain(source.using).chain(source.extends);
    let mut paths: Vec<&str> = paths.filter_map(|path| text.get(path)).filter(|path| is_local(path)).collect();
    let mut seen = HashSet::new();
    paths.retain(|path| seen.insert(*path));
    paths
}

/// `br:` and `ts:` stand before what a registry or a template spec holds.
fn is_local(path: &str) -> bool {
    !path.is_empty() && !path.contains(':') && !path.contains('\\') && !path.starts_with('/')
}

impl<'s> Origins<'s> {
    pub fn new(sources: &'s Sources) -> Origins<'s> {
        Origins { sources, compiled: RefCell::default(), parsed: RefCell::default() }
    }

    /// Whether a span stands in a text that was compiled, which nobody edits.
    pub fn is_compiled(&self, span: Span) -> bool {
        self.sources.origin(span.file).is_some()
    }

    /// The place in a Bicep source, or in a template that is used as a module, that this span of a compiled text came from.
    ///
    /// # Errors
    /// What little is known when the place is not certain, or when the span is in no compiled text.
    pub fn find(&self, span: Span) -> Result<Place, Lost> {
        let follow = Follow { origins: self, span, module: Cell::default() };
        self.follow(&follow).ok_or_else(|| Lost { module: follow.module.get() })
    }

    /// The position of a span, for people: in the source that it came from where that is certain, else where it stands.
    pub fn place(&self, span: Span) -> Option<source::Place<'s>> {
        self.sources.place(self.find(span).map_or(span, |found| found.at))
    }

    fn follow(&self, follow: &Follow) -> Option<Place> {
        let file = follow.span.file;
        let root = self.sources.origin(file)?;
        let compiled = self.compiled(file)?;
        if compiled.get("resources").is_none() {
            return follow.parameters(root, &compiled, DEPTH);
        }
        // A parameter file is compiled to its template too.
        let using = self.parsed(root).using.clone();
        let template = match using {
            Some(path) => self.linked(root, path)?,
            None => root,
        };
        follow.template(template, &compiled, DEPTH)
    }

    fn compiled(&self, file: FileId) -> Option<Value> {
        let mut compiled = self.compiled.borrow_mut();
        compiled.entry(file).or_insert_with(|| parse_json(self.sources.text(file), file).ok()).clone()
    }

    fn parsed(&self, file: FileId) -> Rc<Source> {
        let mut parsed = self.parsed.borrow_mut();
        Rc::clone(parsed.entry(file).or_insert_with(|| Rc::new(parser::parse(self.sources.text(file)))))
    }

    /// The file that a file names with the path at `path`.
    fn linked(&self, from: FileId, path: Range<usize>) -> Option<FileId> {
        self.sources.linked(from, self.sources.text(from).get(path)?)
    }

    /// The value of a file that is no Bicep but JSON.
    fn json(&self, file: FileId) -> Option<Value> {
        is_json(self.sources.text(file)).then(|| self.compiled(file)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(bicep: &str, compiled: &str) -> (Sources, FileId) {
        let mut sources = Sources::default();
        let source = sources.add("main.bicep", bicep);
        let file = sources.add("main.bicep (compiled)", compiled);
        sources.derive(file, source);
        (sources, file)
    }

    /// The bytes of the compiled text between `«` and `»` came from those between the same marks in the source.
    #[track_caller]
    fn came_from(bicep: &str, compiled: &str) {
        let marked = |text: &str| {
            let (start, end) = (text.find('«').expect("«"), text.find('»').expect("»") - '«'.len_utf8());
            (text.replace(['«', '»'], ""), u32::try_from(start).unwrap(), u32::try_from(end).unwrap())
        };
        let (bicep, from, to) = marked(bicep);
        let (compiled, start, end) = marked(compiled);
        let (sources, file) = gathered(&bicep, &compiled);
        let place = Origins::new(&sources).find(Span { file, start, end }).expect("it has a place");
        assert_eq!(
            (sources.slice(place.at), place.at.start, place.at.end),
            (&bicep[from as usize..to as usize], from, to)
        );
    }

    #[track_caller]
    fn is_lost(bicep: &str, compiled: &str, wanted: &str) {
        let (sources, file) = gathered(bicep, compiled);
        let start = u32::try_from(compiled.find(wanted).unwrap()).unwrap();
        let span = Span { file, start, end: start + u32::try_from(wanted.len()).unwrap() };
        assert!(Origins::new(&sources).find(span).is_err());
    }

    #[test]
    fn a_default_is_found_by_the_name_of_its_parameter() {
        let compiled = r#"{"parameters": {"tag": {"type": "string", "defaultValue": "«v1»"}}, "resources": []}"#;
        came_from("@description('which')\nparam other string?\nparam tag string = '«v1»' // the tag", compiled);
        let named = r#"{"parameters": {"tag": {"type": "«string»"}}, "resources": []}"#;
        came_from("param «tag» string", named);
        let allowed = r#"{"parameters": {"tag": {"type": "string", "allowedValues": ["a", "«b»"]}}, "resources": []}"#;
        came_from("@sys.allowed([\n  'a'\n  '«b»'\n])\nparam tag string", allowed);
    }

    #[test]
    fn part_of_a_text_is_part_of_the_same_text() {
        let compiled = r#"{"variables": {"image": "acme.azurecr.io/«Api»:v1"}, "resources": []}"#;
        came_from("var image = 'acme.azurecr.io/«Api»:v1'", compiled);
        let escaped = r#"{"variables": {"image": "é«b»"}, "resources": []}"#;
        came_from("var image = '«\\u{e9}b»'", escaped);
    }

    #[test]
    fn part_of_an_expression_is_the_one_literal_or_name_that_it_is() {
        let name = r#"{"variables": {"x": "[format('{0}/api:v1', «parameters('server')»)]"}, "resources": []}"#;
        came_from("var x = '${«server»}/api:v1'", name);
        let literal = r#"{"variables": {"x": "[if(parameters('p'), '«acme.azurecr.io/a:v1»', 'acme.azurecr.io/b:v1')]"}, "resources": []}"#;
        came_from("var x = p\n  ? '«acme.azurecr.io/a:v1»'\n  : 'acme.azurecr.io/b:v1'", literal);
        let twice = r#"{"variables": {"x": "[concat('«ab»', 'ab')]"}, "resources": []}"#;
        came_from("var x = «concat('ab', 'ab')»", twice);
    }

    #[test]
    fn loops_of_variables_and_properties_lead_to_their_bodies() {
        let variable = r#"{"variables": {"copy": [{"name": "xs", "count": "[length(range(0, 2))]", "input": {"image": "«a:v1»"}}]}, "resources": []}"#;
        came_from("var xs = [for i in range(0, 2): {\n  image: '«a:v1»'\n}]", variable);
        let property = r#"{"resources": {"app": {"type": "A.B/c", "properties": {"copy": [
            {"name": "containers", "count": "«[length(parameters('names'))]»", "input": {"image": "a"}}]}}}}"#;
        came_from(
            "resource app 'A.B/c@1' = {\n  properties: {\n    containers: [for name in «names»: { image: 'a' }]\n  }\n}",
            property,
        );
    }

    #[test]
    fn a_variable_that_only_the_deployment_knows_stands_where_its_name_is_used() {
        let compiled = r#"{"resources": {"app": {"type": "A.B/c", "properties": {"image": "[format('{0}«/api:v1»', reference('acr').x)]"}}}}"#;
        came_from(
            "var image = '${acr.properties.x}«/api:v1»'\nresource app 'A.B/c@1' = { properties: { image: image } }",
            compiled,
        );
    }

    #[test]
    fn resources_are_found_by_symbol_also_inside_their_parents() {
        let compiled = r#"{"resources": {"app": {"type": "A.B/c", "name": "app"}, "app::auth": {"type": "A.B/c/d", "properties": {"x": "«y»"}}}}"#;
        let bicep = "resource app 'A.B/c@1' = {\n  name: 'app'\n  resource auth 'd' = if (on) {\n    name: 'auth'\n    properties: { x: '«y»' }\n  }\n}";
        came_from(bicep, compiled);
        let condition = r#"{"resources": {"app": {"type": "A.B/c", "condition": "«[parameters('on')]»"}}}"#;
        came_from("resource app 'A.B/c@1' = if («on») {\n}", condition);
        let version = r#"{"resources": {"app": {"type": "A.B/c", "apiVersion": "«1»"}}}"#;
        came_from("resource app '«A.B/c@1»' existing = {\n}", version);
    }

    /// Two apps alike but for their names, a nested resource, an existing one and a module, in the compiler's order.
    const LISTED: &str = "
module m 'm.bicep' = { name: 'm', params: { image: 'm:v1' } }
resource env 'A.B/env@1' existing = { name: 'e' }
resource one 'A.B/c@1' = { name: 'one', properties: { image: 'one:v1' }
  resource sub 'd' = { name: 'sub', properties: { image: 'sub:v1' } }
}
resource two 'A.B/c@1' = { name: name, properties: { image: 'two:v1' } }
resource many 'A.B/c@1' = [for i in range(0, 2): { name: 'x${i}', properties: { image: 'many:v1' } }]";

    #[test]
    fn resources_without_symbols_are_found_by_what_is_kept_of_them() {
        let resource = |kind: &str, name: &str, rest: &str| {
            format!(r#"{{"type": "A.B/{kind}", "apiVersion": "1", "name": "{name}", {rest}}}"#)
        };
        let resources = [
            resource("c/d", "[format('{0}/{1}', 'one', 'sub')]", r#""properties": {"image": "sub:v1"}"#),
            resource("c", "one", r#""properties": {"image": "one:v1"}"#),
            resource("c", "[parameters('name')]", r#""properties": {"image": "two:v1"}"#),
            resource("c", "[format('x{0}', range(0, 2)[copyIndex()])]", r#""copy": {"name": "many", "count": 2}, "properties": {"image": "many:v1"}"#),
            r#"{"type": "Microsoft.Resources/deployments", "apiVersion": "2", "name": "m",
                "properties": {"expressionEvaluationOptions": {"scope": "inner"}, "parameters": {"image": {"value": "m:v1"}}, "template": {}}}"#
                .to_owned(),
        ];
        let compiled = format!(r#"{{"resources": [{}]}}"#, resources.join(","));
        for image in ["one:v1", "two:v1", "sub:v1", "many:v1", "m:v1"] {
            let marked = |text: &str| text.replacen(image, &format!("«{image}»"), 1);
            came_from(&marked(LISTED), &marked(&compiled));
        }
    }

    #[test]
    fn what_could_be_one_of_several_is_lost() {
        let bicep = "resource one 'A.B/c@1' = { name: a, x: 'v' }\nresource two 'A.B/c@1' = { name: b, x: 'v' }";
        let compiled =
            r#"{"resources": [{"type": "A.B/c", "apiVersion": "1", "name": "[parameters('b')]", "x": "v"}]}"#;
        is_lost(bicep, compiled, "v\"}]");
        is_lost("param a string", r#"{"parameters": {"b": {"type": "string"}}, "resources": []}"#, "string");
        is_lost("", r#"{"resources": {"app": {"type": "A.B/c"}}}"#, "A.B/c");
        is_lost(
            "module m 'br:x/y:1' = {}",
            r#"{"resources": {"m": {"properties": {"template": {"resources": []}}}}}"#,
            "[]",
        );
    }

    #[test]
    fn an_imported_variable_is_found_in_its_file_under_its_own_name() {
        let compiled =
            r#"{"variables": {"_1.base": "acme", "mine": "[format('{0}/x', variables('_1.base'))]"}, "resources": []}"#;
        let (mut sources, file) = gathered("import { image as mine } from 'shared.bicep'", compiled);
        let shared = sources.add("shared.bicep", "var base = 'acme'\n@export()\nvar image = '${base}/x'");
        sources.link(sources.origin(file).unwrap(), "shared.bicep", shared);
        let origins = Origins::new(&sources);
        let found = |wanted: &str| {
            let start = u32::try_from(compiled.find(wanted).unwrap()).unwrap();
            let span = Span { file, start, end: start + u32::try_from(wanted.len()).unwrap() };
            sources.slice(origins.find(span).unwrap().at)
        };
        assert_eq!(found("acme"), "acme");
        assert_eq!(found("[format('{0}/x', variables('_1.base'))]"), "'${base}/x'");
    }

    #[test]
    fn a_file_names_its_modules_once_and_none_of_a_registry() {
        let bicep = "using './main.bicep'\nmodule a 'a.bicep' = {}\nmodule b 'a.bicep' = {}\nmodule c 'br/public:x:1' = {}\nmodule d '../${x}.bicep' = {}";
        assert_eq!(references(bicep), ["a.bicep", "./main.bicep"]);
    }
}
