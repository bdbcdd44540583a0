//! From the command line's inputs to documents: reads files and standard input, says what each holds, and compiles Bicep.
//!
//! What a document is follows from its content; a name matters only for Bicep, which has no mark of its own. Nothing is judged
//! here: a key that no reader knows stays in the value, for a check to find.

mod bicep;
mod kind;
mod modules;
mod parameters;
mod read;
mod split;

use std::ffi::OsStr;
use std::path::Path;

pub use bicep::{BicepError, Compiler};
pub use kind::Kind;
pub use parameters::{parameters, substitute};
pub use read::{Input, LIMIT};

use crate::document::bytes::{Encoding, Undecodable};
use crate::document::{self, Ignore, Mistake, Note, Parsed, ignore, shorten};
use crate::source::{FileId, Sources};
use crate::value::Value;

/// What one input holds.
#[derive(Clone, Debug)]
pub struct Document {
    /// The path as the user gave it; `<stdin>` for standard input.
    pub path: String,
    /// The text that the values stand in. For Bicep that is the compiled template.
    pub file: FileId,
    /// The Bicep source that was compiled.
    pub bicep: Option<FileId>,
    /// The resources, templates … in the order they are written: at least one.
    pub parts: Vec<Part>,
    pub notes: Vec<Note>,
    /// Wishes in comments: those of the Bicep source where there is one.
    pub ignores: Vec<Ignore>,
    /// How the file is written, for those who write it back.
    pub encoding: Encoding,
    /// What the Bicep compiler said, a line each.
    pub diagnostics: Vec<String>,
}

/// One document of a YAML stream, one resource of a list, or the whole of a file.
#[derive(Clone, Debug)]
pub struct Part {
    pub kind: Kind,
    pub value: Value,
}

/// Why an input could not be read. Nothing was judged.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("{path} does not exist; {help}")]
    Missing { path: String, help: String },
    #[error("{path} is a directory; {help}")]
    Directory { path: String, help: String },
    #[error("cannot read {path}")]
    Read { path: String, source: std::io::Error },
    #[error("{path} is longer than {} MiB, the bound of one input; split it", LIMIT >> 20)]
    TooLong { path: String },
    #[error("{path}: {reason}")]
    Undecodable { path: String, reason: Undecodable },
    #[error("{sentence}")]
    Malformed { sentence: String, mistake: Mistake },
    #[error("{path} holds {found}, which pullgate does not read; it reads {}", kind::ACCEPTED)]
    Unrecognised { path: String, found: String },
    #[error("{path} is Bicep on standard input, which cannot be compiled there; give the file's path")]
    BicepOnStdin { path: String },
    #[error(transparent)]
    Bicep(#[from] BicepError),
}

/// The documents of the inputs, in their order. A `.bicepparam` file gives two: its parameters and its template.
///
/// `search_path` (as in `PATH`) is where the Bicep compiler is looked for, when an input needs it.
///
/// # Errors
/// The first input that cannot be read, with what to do about it.
pub fn load(inputs: &[Input], search_path: Option<&OsStr>, sources: &mut Sources) -> Result<Vec<Document>, LoadError> {
    let mut documents = Vec::with_capacity(inputs.len());
    for input in inputs {
        let read = read::read(input)?;
        let file = sources.add(&*read.path, read.text);
        let source = kind::bicep(&read.path, sources.text(file));
        match (source, input) {
            (None, _) => documents.push(document(read.path, file, read.encoding, sources)?),
            (Some(_), Input::Stdin) => return Err(LoadError::BicepOnStdin { path: read.path }),
            (Some(source), Input::File(path)) => compile(path, source, file, search_path, sources, &mut documents)?,
        }
    }
    Ok(documents)
}

/// A document of a text that is already at hand: what `load` does with a file that is not Bicep.
///
/// # Errors
/// Where the text is malformed, or what it holds when that is nothing that pullgate reads.
pub fn document(path: String, file: FileId, encoding: Encoding, sources: &Sources) -> Result<Document, LoadError> {
    let text = sources.text(file);
    let Parsed { values, mut notes, ignores } = document::read(text, file)
        .map_err(|mistake| LoadError::Malformed { sentence: mistake.sentence(sources), mistake })?;
    let mut unread = Vec::new();
    let mut parts = Vec::new();
    for value in values {
        split::split(value, &mut parts, &mut unread);
    }
    if parts.is_empty() {
        let found = unread.into_iter().next().map_or_else(|| "only empty documents".to_owned(), |(_, found)| found);
        return Err(LoadError::Unrecognised { path, found });
    }
    notes.extend(unread.into_iter().map(|(at, found)| Note::Unread { at, found }));
    Ok(Document { path, file, bicep: None, parts, notes, ignores, encoding, diagnostics: Vec::new() })
}

/// Reads the templates again that were taken out of their documents.
///
/// # Errors
/// None that reading them the first time did not have.
pub fn reload_templates(documents: &mut [Document], sources: &Sources) -> Result<(), LoadError> {
    for document in documents.iter_mut().filter(|one| one.parts.iter().any(|part| part.kind == Kind::ArmTemplate)) {
        let again = self::document(document.path.clone(), document.file, document.encoding, sources)?;
        for (part, again) in document.parts.iter_mut().zip(again.parts) {
            if part.kind == Kind::ArmTemplate && again.kind == Kind::ArmTemplate {
                part.value = again.value;
            }
        }
    }
    Ok(())
}

fn compile(
    path: &Path,
    source: kind::Bicep,
    file: FileId,
    search_path: Option<&OsStr>,
    sources: &mut Sources,
    documents: &mut Vec<Document>,
) -> Result<(), LoadError> {
    let compiler =
        Compiler::find(search_path).ok_or_else(|| BicepError::NotFound { path: path.display().to_string() })?;
    let built = compiler.build(path, source == kind::Bicep::Parameters)?;
    let modules = modules::link(path, file, sources);
    let Parsed { mut ignores, mut notes, .. } = ignore::of_lines(sources.text(file), file);
    for module in modules {
        let parsed = ignore::of_lines(sources.text(module), module);
        ignores.extend(parsed.ignores);
        notes.extend(parsed.notes);
    }
    for (what, text) in built.texts {
        let label = format!("{} ({what})", path.display());
        let compiled = sources.add(&*label, text);
        sources.derive(compiled, file);
        let mut document = document(label, compiled, Encoding::Utf8, sources)?;
        document.path = path.display().to_string();
        document.bicep = Some(file);
        document.ignores.clone_from(&ignores);
        document.notes.extend(notes.iter().cloned());
        document.diagnostics.clone_from(&built.diagnostics);
        documents.push(document);
    }
    Ok(())
}

/// A list of names for a sentence, each in backticks, the first eight of them.
fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names = names.map(|name| format!("`{}`", shorten(name)));
    let first: Vec<String> = names.by_ref().take(8).collect();
    let more = if names.next().is_some() { " …" } else { "" };
    format!("{}{more}", first.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refuse(bytes: &[u8], expected: &str) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input");
        std::fs::write(&path, bytes).unwrap();
        let error = load(&[Input::File(path.clone())], None, &mut Sources::default()).unwrap_err();
        assert_eq!(error.to_string().replace(&path.display().to_string(), "input"), expected);
    }

    #[test]
    fn bad_input_is_refused_with_its_place_and_what_to_do() {
        refuse(b"", "input:1:1: the file is empty; did the command that should have written it fail?");
        refuse(b"\x7fELF\0\0", "input: byte 4 (line 1) is NUL, so this is no text; was a binary file meant?");
        refuse(b"{\"a\": 1,\r\n}", "input:1:8: a comma stands before the closing bracket; remove the comma");
        refuse(b"a:\n\tb: 1", "input:2:1: a tab stands in the indentation; indent with spaces");
        refuse(
            &b"[".repeat(10_000),
            "input:1:513: values nest more than 512 deep; this is the bound; flatten the file",
        );
        let beside = "input holds an object with `name`, which pullgate does not read; it reads ARM templates";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("values.yaml");
        std::fs::write(&path, "name: x").unwrap();
        let error = load(&[Input::File(path.clone())], None, &mut Sources::default()).unwrap_err().to_string();
        assert!(error.replace(&path.display().to_string(), "input").starts_with(beside), "{error}");
    }

    #[test]
    fn each_input_is_a_document_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            Input::File(folder.path().join(name))
        };
        let wide: Vec<u8> = "\u{feff}type: Microsoft.App/jobs\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        std::fs::write(folder.path().join("wide.yaml"), wide).unwrap();
        let inputs = [
            file("app.json", "type: Microsoft.App/containerApps"),
            Input::File(folder.path().join("wide.yaml")),
            file("x", "{\"contentVersion\": \"1\", \"resources\": []}"),
        ];
        let mut sources = Sources::default();
        let documents = load(&inputs, None, &mut sources).unwrap();
        let kinds: Vec<Kind> = documents.iter().map(|document| document.parts[0].kind).collect();
        assert_eq!(kinds, [Kind::ContainerApp, Kind::Job, Kind::ArmTemplate]);
        assert_eq!(documents[1].encoding, Encoding::Utf16Le);
        assert!(sources.path(documents[2].file).ends_with('x'));
    }
}
