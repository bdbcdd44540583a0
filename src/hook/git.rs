//! What is asked of git. Two or three processes for a push, whatever it holds: each costs milliseconds.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use super::push::Pushed;
use crate::load;
use crate::run::RunError;

/// The repository of the current folder.
pub struct Git {
    folder: PathBuf,
}

impl Git {
    /// # Errors
    /// There is no repository here, or no git.
    pub fn here() -> Result<Git, RunError> {
        Ok(Git { folder: PathBuf::from(ask(&["rev-parse", "--absolute-git-dir"])?.trim_end_matches(['\r', '\n'])) })
    }

    /// Where git keeps what it knows.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its hooks are, `core.hooksPath` or its own.
    pub fn hooks(&self) -> Result<PathBuf, RunError> {
        Ok(PathBuf::from(ask(&["rev-parse", "--git-path", "hooks"])?.trim_end_matches(['\r', '\n'])))
    }

    /// The files that a push brings or changes.
    pub fn changed(&self, push: &Pushed) -> Result<Vec<String>, RunError> {
        let names = ["--name-only", "-z", "--no-renames", "--diff-filter=d"];
        let known = push.had.as_ref().and_then(|had| {
            let words = ["diff"].into_iter().chain(names).chain([had.as_str(), push.pushed.as_str(), "--"]);
            // What the remote has is not here when somebody else pushed it.
            ask(&words.collect::<Vec<_>>()).ok()
        });
        let text = match known {
            Some(text) => text,
            // All commits that no remote has; of a merge, what differs from every parent.
            None => {
                let words = ["log", "-c", "--format="].into_iter().chain(names).chain([
                    push.pushed.as_str(),
                    "--not",
                    "--remotes",
                    "--",
                ]);
                ask(&words.collect::<Vec<_>>())?
            }
        };
        let mut paths: Vec<String> =
            text.split(['\0', '\n']).filter(|path| !path.is_empty()).map(str::to_owned).collect();
        paths.sort();
        paths.dedup();
        Ok(paths)
    }

    /// Writes the files of a commit into a folder, and those of `beside` that it has; the names of the former come back.
    pub fn write(
        &self,
        commit: &str,
        paths: &[String],
        beside: &[String],
        folder: &Path,
    ) -> Result<Vec<String>, RunError> {
        let mut child = Command::new("git")
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| RunError::Usage(format!("cannot run git: {error}")))?;
        let mut asked = child.stdin.take().expect("it was asked for");
        // A name with a line break would be two questions.
        let wanted: Vec<&String> = paths.iter().chain(beside).filter(|path| is_plain(path)).collect();
        let questions: String = wanted.iter().map(|path| format!("{commit}:{path}\n")).collect();
        // Git answers while it is still asked; who asks must not wait for who reads.
        let asking = std::thread::spawn(move || asked.write_all(questions.as_bytes()));
        let mut answers = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut written = Vec::new();
        for path in wanted {
            let Some(content) = answer(&mut answers)? else { continue };
            let file = folder.join(path);
            let failed = |source| RunError::Write { path: file.clone(), source };
            fs::create_dir_all(file.parent().unwrap_or(folder)).map_err(failed)?;
            fs::write(&file, content).map_err(failed)?;
            if paths.contains(path) {
                written.push(path.clone());
            }
        }
        // It has answered everything; how it ends says nothing more.
        let _ = asking.join();
        let _ = child.wait();
        Ok(written)
    }
}

/// One answer of `git cat-file --batch`: `<object> <type> <size>`, the content and a line break; or that there is none.
fn answer(answers: &mut impl BufRead) -> Result<Option<Vec<u8>>, RunError> {
    let failed = |source| RunError::Read { path: PathBuf::from("git cat-file"), source };
    let mut head = String::new();
    answers.read_line(&mut head).map_err(failed)?;
    let words: Vec<&str> = head.trim_end().rsplitn(3, ' ').collect();
    let [size, kind, _] = words[..] else { return Ok(None) };
    let Ok(size) = size.parse::<u64>() else { return Ok(None) };
    let mut content = Vec::new();
    answers.by_ref().take(size.min(load::LIMIT)).read_to_end(&mut content).map_err(failed)?;
    let rest = size - content.len() as u64 + 1;
    std::io::copy(&mut answers.by_ref().take(rest), &mut std::io::sink()).map_err(failed)?;
    // What is above the limit is no manifest.
    Ok((kind == "blob" && rest == 1).then_some(content))
}

/// A path inside of the repository, on one line.
fn is_plain(path: &str) -> bool {
    !path.contains('\n') && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn ask(words: &[&str]) -> Result<String, RunError> {
    let failed = |why: String| RunError::Usage(format!("cannot ask git what is pushed: {why}"));
    let output = Command::new("git").args(words).output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    // A name that is no text is no name that people gave to a manifest.
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str, expected: &[Option<&str>]) {
        let mut answers = text.as_bytes();
        for expected in expected {
            let found = answer(&mut answers).unwrap().map(|content| String::from_utf8(content).unwrap());
            assert_eq!(found.as_deref(), *expected);
        }
    }

    #[test]
    fn files_come_one_after_the_other_and_some_are_missing() {
        read("1a blob 3\na\nb\nHEAD:x y missing\n2b tree 2\nxx\n3c blob 0\n\n", &[Some("a\nb"), None, None, Some("")]);
        read("", &[None, None]);
    }

    #[test]
    fn nothing_is_written_outside_of_the_folder() {
        assert!(is_plain("a/b c.yaml"));
        assert!(!["../x", "/etc/x", "a/../../x", "a\nb"].iter().any(|path| is_plain(path)));
    }
}
