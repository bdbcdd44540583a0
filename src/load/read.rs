//! Bytes from files and standard input, within a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{LoadError, listed};
use crate::document::bytes::{self, Encoding};

/// How many bytes one input may have. The largest template of the corpus has 3.5 MB; Resource Manager takes 4 MB.
pub const LIMIT: u64 = 64 << 20;
/// How many entries of a directory are looked at to help after a mistake.
const ENTRIES: usize = 2000;

/// Where a document comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Stdin,
    File(PathBuf),
}

/// The text of an input.
pub(super) struct Content {
    pub path: String,
    pub text: String,
    pub encoding: Encoding,
}

impl FromStr for Input {
    type Err = std::convert::Infallible;

    /// `-` is standard input; everything else is a path.
    fn from_str(argument: &str) -> Result<Input, Self::Err> {
        Ok(if argument == "-" { Input::Stdin } else { Input::File(argument.into()) })
    }
}

pub(super) fn read(input: &Input) -> Result<Content, LoadError> {
    match input {
        Input::Stdin => content("<stdin>".to_owned(), io::stdin().lock(), LIMIT),
        Input::File(path) => content(path.display().to_string(), open(path)?, LIMIT),
    }
}

fn open(path: &Path) -> Result<File, LoadError> {
    let name = || path.display().to_string();
    // Opening a directory succeeds on some systems and is refused as a lack of rights on others.
    if path.is_dir() {
        return Err(LoadError::Directory { path: name(), help: inside(path) });
    }
    File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => LoadError::Missing { path: name(), help: near(path) },
        _ => LoadError::Read { path: name(), source },
    })
}

fn content(path: String, reader: impl Read, limit: u64) -> Result<Content, LoadError> {
    let mut bytes = Vec::new();
    if let Err(source) = reader.take(limit + 1).read_to_end(&mut bytes) {
        return Err(LoadError::Read { path, source });
    }
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLong { path });
    }
    match bytes::decode(bytes) {
        Ok(decoded) => Ok(Content { path, text: decoded.text, encoding: decoded.encoding }),
        Err(reason) => Err(LoadError::Undecodable { path, reason }),
    }
}

/// What to do about a path that does not exist: the nearest names in its directory.
fn near(path: &Path) -> String {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !directory.is_dir() {
        return format!("the directory {} does not exist either", directory.display());
    }
    let wanted = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let mut names: Vec<(usize, String)> = entries(directory)
        .into_iter()
        .map(|name| (strsim::osa_distance(&wanted, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= wanted.len().div_ceil(3) || same_stem(&wanted, name))
        .collect();
    names.sort();
    match names.as_slice() {
        [] => "is the path relative to another directory?".to_owned(),
        [(_, name)] => format!("did you mean {}?", directory.join(name).display()),
        names => format!("did you mean one of {}?", listed(names.iter().take(3).map(|(_, name)| name.as_str()))),
    }
}

/// `app.yml` for `app.yaml`, `main.json` for `main.bicep`.
fn same_stem(wanted: &str, name: &str) -> bool {
    let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    is_manifest(name) && stem(wanted) == stem(name)
}

/// What to do about a directory: the files in it that could be meant.
fn inside(directory: &Path) -> String {
    let mut names = entries(directory);
    names.retain(|name| is_manifest(name));
    names.sort();
    if names.is_empty() {
        return "name a manifest; there is none in it".to_owned();
    }
    format!("name a file in it: {}", listed(names.iter().map(String::as_str)))
}

fn is_manifest(name: &str) -> bool {
    let extension = Path::new(name).extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| ["json", "jsonc", "yaml", "yml", "bicep", "bicepparam"].contains(&&*extension))
}

fn entries(directory: &Path) -> Vec<String> {
    let Ok(entries) = directory.read_dir() else { return Vec::new() };
    let names = entries.take(ENTRIES).filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            std::fs::write(folder.path().join(file), "a: 1").unwrap();
        }
        folder
    }

    #[track_caller]
    fn refuse(folder: &tempfile::TempDir, name: &str, expected: &str) {
        let path = folder.path().join(name);
        let message = read(&Input::File(path)).err().unwrap().to_string();
        assert_eq!(message.replace(&folder.path().display().to_string(), "DIR"), expected);
    }

    #[test]
    fn a_missing_file_names_its_neighbours() {
        let folder = folder(&["app.yaml", "main.bicep", "notes.txt"]);
        refuse(&folder, "app.yml", "DIR/app.yml does not exist; did you mean DIR/app.yaml?");
        refuse(&folder, "main.json", "DIR/main.json does not exist; did you mean DIR/main.bicep?");
        refuse(&folder, "unlike", "DIR/unlike does not exist; is the path relative to another directory?");
        refuse(&folder, "sub/x.json", "DIR/sub/x.json does not exist; the directory DIR/sub does not exist either");
    }

    #[test]
    fn a_directory_names_the_manifests_in_it() {
        refuse(
            &folder(&["b.yaml", "a.json", "x.txt"]),
            "",
            "DIR/ is a directory; name a file in it: `a.json`, `b.yaml`",
        );
        refuse(&folder(&["x.txt"]), "", "DIR/ is a directory; name a manifest; there is none in it");
    }

    #[test]
    fn an_input_is_read_up_to_its_bound() {
        assert!(matches!(content("x".to_owned(), &b"12345"[..], 4), Err(LoadError::TooLong { .. })));
        assert_eq!(content("x".to_owned(), &b"1234"[..], 4).ok().unwrap().text, "1234");
        let endless = content("x".to_owned(), io::repeat(b'a'), 1 << 10);
        assert_eq!(endless.err().unwrap().to_string(), "x is longer than 64 MiB, the bound of one input; split it");
    }

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!("-".parse(), Ok(Input::Stdin));
        assert_eq!("./-".parse(), Ok(Input::File("./-".into())));
    }
}
