//! The files behind a compiled template: the modules that a Bicep file names, and those that these name.
//!
//! They are read for their lines only; what cannot be read is left out, since the compiler has already had it.

use std::collections::{HashMap, VecDeque};
use std::path::{Component, Path, PathBuf};

use super::read::{self, Input};
use crate::bicep;
use crate::source::{FileId, Sources};

/// How many files are read for one template.
const FILES: usize = 1000;
/// How many bytes they have together.
const BYTES: usize = 64 << 20;

/// Reads what the Bicep file at `path` names, and links each file to those that it names. Gives the files that were read.
pub(super) fn link(path: &Path, file: FileId, sources: &mut Sources) -> Vec<FileId> {
    let mut known: HashMap<PathBuf, Option<FileId>> = HashMap::from([(straight(path), Some(file))]);
    let mut queue = VecDeque::from([(path.to_owned(), file)]);
    let mut read = Vec::new();
    let mut bytes = 0;
    while let Some((path, from)) = queue.pop_front() {
        let text = sources.text(from).clone();
        let folder = path.parent().unwrap_or(Path::new(""));
        for reference in bicep::references(&text) {
            let target = straight(&folder.join(reference));
            let to = match known.get(&target) {
                Some(to) => *to,
                None if known.len() > FILES || bytes > BYTES => None,
                None => {
                    let to = open(&target, sources);
                    if let Some(to) = to {
                        bytes += sources.text(to).len();
                        queue.push_back((target.clone(), to));
                        read.push(to);
                    }
                    known.insert(target, to);
                    to
                }
            };
            if let Some(to) = to {
                sources.link(from, reference, to);
            }
        }
    }
    read
}

fn open(path: &Path, sources: &mut Sources) -> Option<FileId> {
    // A pipe would be waited for.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let content = read::read(&Input::File(path.to_owned())).ok()?;
    Some(sources.add(content.path, content.text))
}

/// The path without `.` and without `..` that has something to leave.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => (),
            Component::ParentDir if matches!(straight.components().next_back(), Some(Component::Normal(_))) => {
                straight.pop();
            }
            part => straight.push(part),
        }
    }
    straight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_of_modules_are_read_once_and_linked_by_what_names_them() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("apps")).unwrap();
        write(
            "main.bicep",
            "module a 'apps/a.bicep' = {}\nmodule b './apps/a.bicep' = {}\nmodule c 'br:x/y:1' = {}\nmodule d 'none.bicep' = {}",
        );
        write("apps/a.bicep", "module up '../main.bicep' = {}\nmodule s '../shared.bicep' = {}\nmodule f '.' = {}");
        write("shared.bicep", "var x = 1");
        let mut sources = Sources::default();
        let path = folder.path().join("main.bicep");
        let main = sources.add("main.bicep", std::fs::read_to_string(&path).unwrap());
        let read = link(&path, main, &mut sources);
        let [a, shared] = read[..] else { panic!("{read:?}") };
        assert!(sources.path(a).ends_with("apps/a.bicep"));
        assert_eq!(sources.linked(main, "apps/a.bicep"), Some(a));
        assert_eq!(sources.linked(main, "./apps/a.bicep"), Some(a));
        assert_eq!(sources.linked(a, "../main.bicep"), Some(main));
        assert_eq!(sources.linked(a, "../shared.bicep"), Some(shared));
        assert_eq!(sources.linked(main, "none.bicep"), None);
    }

    #[test]
    fn a_path_is_straightened_without_asking_the_disk() {
        assert_eq!(straight(Path::new("./a/../b/./c")), Path::new("b/c"));
        assert_eq!(straight(Path::new("../../a")), Path::new("../../a"));
        assert_eq!(straight(Path::new("/../a")), Path::new("/../a"));
    }
}
