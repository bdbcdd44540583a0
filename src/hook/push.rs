//! What git says of a push, and which of its files are looked at. Pure.

use std::collections::BTreeSet;
use std::path::Path;

/// A branch or tag that is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed {
    /// What the remote will have.
    pub pushed: String,
    /// What it has; `None` for a new branch.
    pub had: Option<String>,
}

/// The lines that git gives a hook: `<local ref> <local object> <remote ref> <remote object>`. A deletion pushes nothing.
/// <https://git-scm.com/docs/githooks#_pre_push>
pub fn commits(lines: &str) -> Vec<Pushed> {
    let object = |word: &str| {
        let hex = word.len() >= 40 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        (hex && word.bytes().any(|byte| byte != b'0')).then(|| word.to_owned())
    };
    let mut found: Vec<Pushed> = Vec::new();
    for line in lines.lines() {
        // A local name may hold anything but a space.
        let words: Vec<&str> = line.split(' ').collect();
        if let [_, local, _, remote] = words[..]
            && let Some(pushed) = object(local)
        {
            let push = Pushed { pushed, had: object(remote) };
            if !found.contains(&push) {
                found.push(push);
            }
        }
    }
    found
}

/// Whether a file of this name can hold a manifest. What it is, its content says.
pub fn may_be_manifest(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["json", "yaml", "yml"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// Where the policy of these files may be: in their folders and above.
pub fn policies(paths: &[String]) -> Vec<String> {
    let mut folders = BTreeSet::new();
    for path in paths {
        folders.extend(Path::new(path).ancestors().skip(1).map(|folder| folder.to_string_lossy().into_owned()));
    }
    let names = [".pullgate.yaml", ".pullgate.yml"];
    let join =
        |folder: &String, name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    folders.iter().flat_map(|folder| names.map(|name| join(folder, name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "1111111111111111111111111111111111111111";
    const NEW: &str = "2222222222222222222222222222222222222222";
    const NONE: &str = "0000000000000000000000000000000000000000";

    #[track_caller]
    fn pushes(lines: &str, expected: &[(&str, Option<&str>)]) {
        let expected =
            expected.iter().map(|(pushed, had)| Pushed { pushed: (*pushed).into(), had: had.map(Into::into) });
        assert_eq!(commits(lines), expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_push_is_what_the_remote_has_and_will_have() {
        pushes("", &[]);
        pushes(&format!("refs/heads/a {NEW} refs/heads/a {OLD}\n"), &[(NEW, Some(OLD))]);
        pushes(&format!("refs/heads/a {NEW} refs/heads/a {NONE}\n"), &[(NEW, None)]);
        pushes(&format!("(delete) {NONE} refs/heads/a {OLD}\n"), &[]);
        let tag = format!("refs/heads/a {NEW} refs/heads/a {OLD}\nrefs/tags/v1 {NEW} refs/tags/v1 {NONE}\n");
        pushes(&tag, &[(NEW, Some(OLD)), (NEW, None)]);
        pushes(&format!("{NEW}\nrefs/heads/a --output=x refs/heads/a {OLD}\n\n"), &[]);
    }

    #[test]
    fn the_policy_is_looked_for_upwards() {
        let paths = ["a/b/app.yaml".to_owned(), "x.json".to_owned()];
        let names = policies(&paths);
        assert_eq!(names.len(), 6);
        assert!(
            ["a/b/.pullgate.yaml", "a/.pullgate.yaml", ".pullgate.yaml"]
                .iter()
                .all(|name| names.contains(&(*name).to_owned()))
        );
    }

    #[test]
    fn only_json_and_yaml_are_looked_at() {
        assert!(["a.json", "a/b.YAML", "c.yml"].iter().all(|path| may_be_manifest(path)));
        assert!(!["main.bicep", "json", "a.json.bak", "Dockerfile"].iter().any(|path| may_be_manifest(path)));
    }
}
