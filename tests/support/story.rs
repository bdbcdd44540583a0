//! A failure story: a folder with the manifest as people write it, what Azure and the registry would answer, and the state
//! after the remedy that the report prints.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Parser;
use pullgate::check::{Hypothesis, find};
use pullgate::cli::{self, Cli, Command};
use pullgate::config::{Outcome, Policy};
use pullgate::evidence::{Evidence, Question};
use pullgate::finding::Severity;
use pullgate::gate::Asker;
use pullgate::judge::{Judgement, Verdict, judge};
use pullgate::pin::Lock;
use pullgate::report::text::Style;
use pullgate::report::{self, Format, Report, Summary};
use pullgate::source::Sources;
use serde::{Deserialize, Serialize};

/// `case.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Case {
    /// The numbers of the failure stories that it tells.
    pub stories: Vec<u8>,
    pub title: String,
    /// Where the containers run: `Container Apps`, `App Service` …
    pub host: String,
    /// What people see without pullgate.
    pub symptom: String,
    /// Public threads and pages in which it happened.
    pub seen: Vec<String>,
    /// What follows `check`; a name of a file of the case is a file of the state that is judged.
    pub arguments: Vec<String>,
    /// The exit code.
    pub exit: u8,
    /// Every finding, notes included, in the order of the report.
    pub findings: Vec<Expected>,
    /// What the person does, in words; `after` is the state in which it was done.
    pub remedy: Option<String>,
    /// Findings that stay when the remedy was applied: notes and warnings.
    #[serde(default)]
    pub afterwards: Vec<Expected>,
    #[serde(skip)]
    pub folder: PathBuf,
}

/// A finding as a case names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    pub code: String,
    pub severity: Severity,
    /// `file:line`, or an empty text for a finding that stands in no file.
    pub at: String,
}

/// What came of judging a state.
pub struct Judged {
    pub exit: u8,
    pub findings: Vec<Expected>,
    pub report: String,
    /// Questions that the evidence of the case does not answer.
    pub missing: Vec<Question>,
    /// Why nothing was judged.
    pub error: Option<String>,
}

/// The folder of the cases, from the root of the package.
pub const FOLDER: &str = "tests/cases";

/// Every case, by the name of its folder.
pub fn all() -> Vec<Case> {
    let mut folders: Vec<PathBuf> =
        fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(read).collect()
}

fn read(folder: PathBuf) -> Case {
    let path = folder.join("case.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Case { folder, ..case }
}

impl Case {
    pub fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    /// The state in which the story happens.
    pub fn before(&self) -> Judged {
        self.judged(&|name| Some(self.folder.join(name)).filter(|path| path.is_file()))
    }

    /// The state after the remedy: the files of `after`, and where it has none those of before.
    pub fn after(&self) -> Judged {
        self.judged(&|name| {
            let paths = [self.folder.join("after").join(name), self.folder.join(name)];
            paths.into_iter().find(|path| path.is_file())
        })
    }

    fn judged(&self, file: &dyn Fn(&str) -> Option<PathBuf>) -> Judged {
        let known = |argument: &String| file(argument).map_or(argument.clone(), |path| path.display().to_string());
        let words = ["pullgate".to_owned(), "check".to_owned()].into_iter().chain(self.arguments.iter().map(known));
        let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        let Command::Check(options) = cli.command else { panic!("{}: not `check`", self.name()) };
        let evidence = match file("evidence.json") {
            None => Evidence::default(),
            Some(path) => Evidence::load(&fs::read_to_string(&path).unwrap())
                .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        };
        gate(&options, &evidence).unwrap_or_else(|error| Judged {
            exit: 2,
            findings: Vec::new(),
            report: format!("error: {error}\n"),
            missing: Vec::new(),
            error: Some(error),
        })
    }
}

/// What `pullgate check` does, with evidence instead of a network, a policy file and a clock.
fn gate(options: &cli::Check, evidence: &Evidence) -> Result<Judged, String> {
    let mut sources = Sources::default();
    // What runs is read from the evidence as well, and nothing is asked.
    let mut asker = Asker::replaying(options, evidence.clone().offline());
    let (mut manifest, _) =
        pullgate::gate::subject(options, None, &mut asker, &mut sources).map_err(|error| error.to_string())?;
    if let Some(path) = &options.lock {
        let file =
            sources.add(path.display().to_string(), fs::read_to_string(path).map_err(|error| error.to_string())?);
        manifest.lock = Some(Rc::new(Lock::read(&sources, file).map_err(|error| error.to_string())?));
    }
    let evidence = if options.offline { evidence.clone().offline() } else { evidence.clone() };
    let judged = judge(&manifest, &evidence);
    let mut judgements = judged.judgements;
    let policy = Policy {
        fail_on: options.fail_on.unwrap_or(Severity::Error),
        ignore: options.ignore.clone(),
        allow_unverified: options.allow_unverified.clone(),
        offline: options.offline,
        ..Policy::default()
    };
    policy.apply(&mut judgements, &sources);
    let outcome = policy.outcome(&judgements);
    let pulls = manifest.workloads.iter().map(|workload| workload.containers.len()).sum();
    let summary = Summary::of(&judgements, outcome, policy.fail_on, pulls);
    let report = Report { sources: &sources, judgements: &judgements, summary };
    let mut text = Vec::new();
    report::write(&mut text, Format::Text, &report, Style::plain()).unwrap();
    Ok(Judged {
        exit: Outcome::exit_code(outcome),
        findings: report.failing().into_iter().map(|(judgement, _)| expected(judgement, &sources)).collect(),
        report: String::from_utf8(text).unwrap(),
        missing: judged.needs.into_iter().collect(),
        error: None,
    })
}

fn expected(judgement: &Judgement, sources: &Sources) -> Expected {
    assert!(matches!(judgement.verdict, Verdict::Fail(_)));
    let place = sources.place(judgement.at());
    let name = |path: &str| Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let at = place.map_or_else(String::new, |place| format!("{}:{}", name(place.path), place.line));
    Expected { code: judgement.check.code.to_owned(), severity: judgement.severity, at }
}

/// The page of what is caught, from the cases.
pub fn page(cases: &[Case]) -> String {
    let mut page = String::from(CAUGHT);
    for hypothesis in [Hypothesis::H1, Hypothesis::H2, Hypothesis::H3, Hypothesis::H4, Hypothesis::H5] {
        let rows: Vec<&Case> = cases.iter().filter(|case| case.hypothesis() == Some(hypothesis)).collect();
        if rows.is_empty() {
            continue;
        }
        let question = hypothesis.question();
        let name = hypothesis.name();
        write!(
            page,
            "\n## {name}: {question}\n\n| what goes wrong | what people see | what pullgate says |\n|---|---|---|\n"
        )
        .unwrap();
        for case in rows {
            let codes: Vec<String> = case.codes().iter().map(|code| format!("`{code}`")).collect();
            let (title, symptom, folder) = (&case.title, cell(&case.symptom), case.name());
            let host = if case.host == "Container Apps" { String::new() } else { format!("{}: ", case.host) };
            let link = format!("{host}[{title}](../{FOLDER}/{folder}/)");
            writeln!(page, "| {link} | {symptom} | {} |", codes.join(", ")).unwrap();
        }
    }
    let tempting: Vec<&Case> = cases.iter().filter(|case| case.findings.is_empty()).collect();
    if !tempting.is_empty() {
        page.push_str("\n## What looks wrong and is not\n\n");
        for case in tempting {
            writeln!(page, "- [{}](../{FOLDER}/{}/): {}", case.title, case.name(), case.symptom).unwrap();
        }
    }
    page
}

const CAUGHT: &str = "# What is caught

Each row happened to somebody, in public; its folder holds the manifest as people write it, what Azure and the registry would
answer, the report, and the state after the remedy, which passes. This page is made from the folders
(`UPDATE=1 cargo test --test cases`).
";

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

impl Case {
    /// The question that the first finding answers.
    pub fn hypothesis(&self) -> Option<Hypothesis> {
        find(&self.findings.first()?.code).map(|check| check.hypothesis)
    }

    /// The codes of the findings, each once.
    pub fn codes(&self) -> Vec<&str> {
        let mut codes: Vec<&str> = Vec::new();
        for finding in &self.findings {
            if !codes.contains(&finding.code.as_str()) {
                codes.push(&finding.code);
            }
        }
        codes
    }
}
