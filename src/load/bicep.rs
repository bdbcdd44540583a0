//! Compiles Bicep with a compiler that is already there: `bicep`, or the Azure CLI's `az bicep`.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use arcstr::ArcStr;

use super::LIMIT;
use crate::document::parse_json;
use crate::source::FileId;

/// How long one compilation may take. A cold start that restores modules from a registry takes up to a minute.
const PATIENCE: Duration = Duration::from_secs(180);
/// How much the compiler may say.
const SAID: u64 = 1 << 20;

/// A compiler that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    program: PathBuf,
    az: bool,
    patience: Duration,
}

/// What a compilation gave.
#[derive(Debug)]
pub(super) struct Built {
    /// Texts of JSON with what each is: `compiled`, `compiled parameters`.
    pub texts: Vec<(&'static str, String)>,
    pub diagnostics: Vec<String>,
}

/// Why Bicep could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum BicepError {
    #[error(
        "{path} is Bicep, and neither `bicep` nor `az` is on the PATH; install it (https://aka.ms/bicep-install, or `az bicep install`), \
         or compile elsewhere with `bicep build --stdout` and check the JSON"
    )]
    NotFound { path: String },
    #[error("cannot run {program}")]
    Run { program: String, source: io::Error },
    #[error("{path} does not compile:\n{diagnostics}")]
    Failed { path: String, diagnostics: String },
    #[error(
        "{program} took longer than {seconds} s to compile {path}; compile it beforehand with `bicep build` and check the JSON"
    )]
    TooSlow { program: String, path: String, seconds: u64 },
    #[error("{program} wrote more than {} MiB for {path}, the bound of one input", LIMIT >> 20)]
    TooLong { program: String, path: String },
    #[error(
        "{program} wrote something else than JSON for {path}; is it a compiler of Bicep? `{program} --version` tells"
    )]
    NotJson { program: String, path: String },
}

impl Compiler {
    /// The first `bicep`, else the first `az`, in the directories of a search path such as `PATH`.
    pub fn find(search_path: Option<&OsStr>) -> Option<Compiler> {
        const BICEP: &[&str] = if cfg!(windows) { &["bicep.exe"] } else { &["bicep"] };
        const AZ: &[&str] = if cfg!(windows) { &["az.cmd", "az.exe"] } else { &["az"] };
        let directories: Vec<PathBuf> = std::env::split_paths(search_path?).collect();
        let found = |names: &[&str]| {
            let candidates = directories.iter().flat_map(|directory| names.iter().map(|name| directory.join(name)));
            candidates.into_iter().find(|candidate| is_program(candidate))
        };
        let (program, az) = match found(BICEP) {
            Some(program) => (program, false),
            None => (found(AZ)?, true),
        };
        Some(Compiler { program, az, patience: PATIENCE })
    }

    /// Compiles a file: its template, and for a parameter file its parameters before the template.
    ///
    /// # Errors
    /// The compiler's own diagnostics, or why there are none.
    pub(super) fn build(&self, path: &Path, parameters: bool) -> Result<Built, BicepError> {
        let name = path.display().to_string();
        let program = self.program.display().to_string();
        let output = self.run(path, parameters)?;
        let said = String::from_utf8_lossy(&output.said);
        let diagnostics: Vec<String> = said.lines().filter(|line| !line.trim().is_empty()).map(plain).collect();
        if !output.succeeded {
            let diagnostics =
                if diagnostics.is_empty() { vec![format!("{program} gave no reason")] } else { diagnostics };
            return Err(BicepError::Failed { path: name, diagnostics: diagnostics.join("\n") });
        }
        let not_json = || BicepError::NotJson { program: program.clone(), path: name.clone() };
        let text = String::from_utf8(output.written).map_err(|_| not_json())?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        if !parameters {
            return Ok(Built { texts: vec![("compiled", text)], diagnostics });
        }
        let value = parse_json(&ArcStr::from(text), FileId::NONE).map_err(|_| not_json())?;
        let member = |key: &str| value.get(key).and_then(|value| value.as_str()).map(str::to_owned);
        let mut texts = vec![("compiled parameters", member("parametersJson").ok_or_else(not_json)?)];
        // A parameter file may name a template of a registry, which the compiler then leaves out.
        texts.extend(member("templateJson").map(|template| ("compiled", template)));
        Ok(Built { texts, diagnostics })
    }

    fn run(&self, path: &Path, parameters: bool) -> Result<Output, BicepError> {
        let program = || self.program.display().to_string();
        let command = if parameters { "build-params" } else { "build" };
        // A path that starts with a dash would be read as an option.
        let file: OsString = if path.is_absolute() { path.into() } else { Path::new(".").join(path).into() };
        let mut process = Command::new(&self.program);
        match self.az {
            true => process.args(["bicep", command, "--stdout", "--file"]).arg(file),
            false => process.arg(command).arg(file).arg("--stdout"),
        };
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = process.spawn().map_err(|source| BicepError::Run { program: program(), source })?;
        let written = collect(child.stdout.take(), LIMIT + 1);
        let said = collect(child.stderr.take(), SAID);

        let deadline = Instant::now() + self.patience;
        let until = || deadline.saturating_duration_since(Instant::now());
        let answer = (|| Ok((written.recv_timeout(until())?, said.recv_timeout(until())?)))();
        let (written, said) = answer.map_err(|_: RecvTimeoutError| {
            stop(&mut child);
            BicepError::TooSlow {
                program: program(),
                path: path.display().to_string(),
                seconds: self.patience.as_secs(),
            }
        })?;
        if written.len() as u64 > LIMIT {
            stop(&mut child);
            return Err(BicepError::TooLong { program: program(), path: path.display().to_string() });
        }
        // Both streams are closed: what is left is the exit, which follows at once unless the program is no compiler.
        while let Ok(None) = child.try_wait()
            && !until().is_zero()
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        let succeeded = matches!(child.try_wait(), Ok(Some(status)) if status.success());
        stop(&mut child);
        Ok(Output { succeeded, written, said })
    }
}

struct Output {
    succeeded: bool,
    written: Vec<u8>,
    said: Vec<u8>,
}

/// Reads a stream to its end, or to its bound, on a thread of its own: a full pipe would stop the compiler.
fn collect(stream: Option<impl Read + Send + 'static>, bound: u64) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What was read before a broken pipe still counts.
            let _ = stream.by_ref().take(bound).read_to_end(&mut bytes);
            if bytes.len() as u64 >= bound && bound < LIMIT {
                let _ = io::copy(&mut stream, &mut io::sink());
            }
        }
        let _ = send.send(bytes);
    });
    receive
}

fn stop(child: &mut Child) {
    // It may have ended meanwhile, which is as well.
    let _ = child.kill();
    let _ = child.wait();
}

/// A line of the compiler without what could command a terminal.
fn plain(line: &str) -> String {
    line.chars().filter(|char| !char.is_control()).take(1000).collect()
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::load::{Document, Input, Kind, LoadError, load};
    use crate::source::Sources;

    /// A folder with a program of this name and script, a `main.bicep` and a `prod.bicepparam`.
    fn folder(program: &str, script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(program);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::write(folder.path().join("main.bicep"), "// pullgate: ignore[tag-mutable] demo\nvar x = 1\n").unwrap();
        std::fs::write(folder.path().join("prod.bicepparam"), "using 'main.bicep'\n").unwrap();
        folder
    }

    fn gate(folder: &tempfile::TempDir, file: &str) -> Result<(Vec<Document>, Sources), LoadError> {
        let mut sources = Sources::default();
        let input = Input::File(folder.path().join(file));
        let documents = load(&[input], Some(folder.path().as_os_str()), &mut sources)?;
        Ok((documents, sources))
    }

    #[track_caller]
    fn refuse(folder: &tempfile::TempDir, file: &str, expected: &str) {
        let message = gate(folder, file).expect_err("it should not compile").to_string();
        assert_eq!(message.replace(&folder.path().display().to_string(), "DIR"), expected);
    }

    const TEMPLATE: &str = r#"{"contentVersion": "1.0.0.0", "resources": []}"#;

    #[test]
    fn a_template_is_compiled_and_its_warnings_are_kept() {
        let folder = folder(
            "bicep",
            &format!("echo \"$1 $3\" >&2; echo 'main.bicep(1,1) : Warning no-unused-vars' >&2; echo '{TEMPLATE}'"),
        );
        let (documents, sources) = gate(&folder, "main.bicep").unwrap();
        let [document] = documents.as_slice() else { panic!("one document") };
        assert_eq!(document.parts[0].kind, Kind::ArmTemplate);
        assert_eq!(document.diagnostics, ["build --stdout", "main.bicep(1,1) : Warning no-unused-vars"]);
        assert!(sources.text(document.bicep.unwrap()).contains("var x"));
        assert_eq!(document.ignores[0].codes, ["tag-mutable"]);
    }

    #[test]
    fn a_parameter_file_gives_its_parameters_and_its_template() {
        let answer = r#"{"parametersJson": "{\"contentVersion\": \"1\", \"parameters\": {}}", "templateJson": "{\"contentVersion\": \"1\", \"resources\": []}"}"#;
        let folder = folder(
            "az",
            &format!("test \"$1 $2 $3 $4\" = 'bicep build-params --stdout --file' && printf '%s' '{answer}'"),
        );
        let (documents, _) = gate(&folder, "prod.bicepparam").unwrap();
        let kinds: Vec<Kind> = documents.iter().map(|document| document.parts[0].kind).collect();
        assert_eq!(kinds, [Kind::ArmParameters, Kind::ArmTemplate]);
    }

    #[test]
    fn a_compiler_that_fails_shows_its_diagnostics() {
        let folder = folder("bicep", "printf 'main.bicep(2,1) : Error BCP007: \\033[31mno\\n' >&2; exit 1");
        refuse(&folder, "main.bicep", "DIR/main.bicep does not compile:\nmain.bicep(2,1) : Error BCP007: [31mno");
    }

    #[test]
    fn what_is_no_compiler_is_told_apart() {
        let silent = folder("bicep", "exit 3");
        refuse(&silent, "main.bicep", "DIR/main.bicep does not compile:\nDIR/bicep gave no reason");
        let chatty = folder("bicep", "echo hello");
        let message = "DIR/bicep wrote something else than JSON for DIR/prod.bicepparam; is it a compiler of Bicep? `DIR/bicep --version` tells";
        refuse(&chatty, "prod.bicepparam", message);
        let none = folder("ls", "true");
        assert!(matches!(gate(&none, "main.bicep"), Err(LoadError::Bicep(BicepError::NotFound { .. }))));
    }

    #[test]
    fn a_compiler_that_hangs_is_stopped() {
        let folder = folder("bicep", "exec sleep 30");
        let compiler = Compiler {
            patience: Duration::from_millis(100),
            ..Compiler::find(Some(folder.path().as_os_str())).unwrap()
        };
        let started = Instant::now();
        let slow = compiler.build(&folder.path().join("main.bicep"), false);
        assert!(matches!(slow, Err(BicepError::TooSlow { .. })), "{slow:?}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
