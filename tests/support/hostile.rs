//! A run in which everything that comes from outside tries to be something else.

use pullgate::check::{self, Check};
use pullgate::config::Policy;
use pullgate::evidence::{Evidence, Failure};
use pullgate::finding::{Finding, Severity};
use pullgate::judge::{About, Judgement, Verdict, judge};
use pullgate::manifest::{self, Manifest};
use pullgate::report::{self, Format, Report, Summary, text};
use pullgate::source::{Sources, Span};

/// Commands of two pipelines, escapes of a terminal, ends of XML, HTML and code, markup, what XML cannot hold, what hides.
pub const HOSTILE: &str = "x`|::error::forged\r\n::error file=a::forged\n##vso[task.complete result=Succeeded;]forged ##[error]forged\n  ::set-output name=a::b\u{1b}[2J\u{1b}]8;;https://evil.example\u{7}]]>\u{0}\u{FFFE}\u{202E}\u{200B}<script>alert(1)</script></testcase><!-- ``` @octocat ![i](https://evil.example/i.png) [l](https://evil.example) %0A%25 ;]";

/// What a run came to, with what its spans point into.
pub struct Run {
    pub sources: Sources,
    pub judgements: Vec<Judgement>,
    pub evidence: Evidence,
}

/// A manifest whose names, images and path are hostile, judged with answers that are hostile too, and findings of every
/// severity whose every text is.
pub fn run() -> Run {
    let mut sources = Sources::default();
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    let text = format!(
        "{{\"type\": \"Microsoft.App/containerApps\", \"name\": {hostile}, \"properties\": {{\"environmentId\": \"/e\", \
         \"template\": {{\"containers\": [{{\"name\": {hostile}, \"image\": {hostile}}}, \
         {{\"name\": {hostile}, \"image\": \"ghcr.io/acme/api:v1\"}}]}}}}}}"
    );
    let path = format!("{HOSTILE}.json");
    let file = sources.add(path.clone(), text);
    let document = pullgate::load::document(path, file, Default::default(), &sources).unwrap();
    let manifest = manifest::read(&mut [document], &manifest::Options::default());
    let (mut judgements, evidence) = judged(&manifest);
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        judgements.push(planted(severity, Span { file, start: 3, end: 9 }));
        judgements.push(planted(severity, Span::NONE));
    }
    let mut excused = planted(Severity::Error, Span { file, start: 1, end: 2 });
    excused.excused = Some(HOSTILE.into());
    judgements.push(excused);
    Run { sources, judgements, evidence }
}

fn judged(manifest: &Manifest) -> (Vec<Judgement>, Evidence) {
    let mut evidence = Evidence::default();
    for _ in 0..8 {
        let judged = judge(manifest, &evidence);
        if judged.needs.is_empty() {
            return (judged.judgements, evidence);
        }
        for question in judged.needs {
            let failure = Failure::Refused {
                host: "ghcr.io".to_owned(),
                status: 403,
                code: Some(HOSTILE.to_owned()),
                message: Some(HOSTILE.to_owned()),
                challenge: Some(HOSTILE.to_owned()),
                anonymous: false,
            };
            evidence.insert(question, Err(failure));
        }
    }
    panic!("the questions have no end");
}

fn planted(severity: Severity, at: Span) -> Judgement {
    let check: &'static Check = check::find("tag-missing").unwrap();
    let finding = Finding::at(at, HOSTILE)
        .detail(HOSTILE)
        .also(Span { start: 20, end: 30, ..at }, HOSTILE)
        .help(HOSTILE)
        .command(format!("az acr login {HOSTILE}"))
        .edit(at, HOSTILE);
    Judgement {
        check,
        severity,
        verdict: Verdict::Fail(Box::new(finding)),
        about: About {
            workload: Some(HOSTILE.to_owned()),
            container: Some(HOSTILE.to_owned()),
            image: Some(HOSTILE.to_owned()),
            digest: Some(HOSTILE.to_owned()),
        }
        .into(),
        subject: at,
        excused: None,
    }
}

impl Run {
    /// The run in a format.
    pub fn written(&self, format: Format) -> String {
        let outcome = Policy::default().outcome(&self.judgements);
        let summary = Summary::of(&self.judgements, outcome, Severity::Error, 2);
        let report = Report { sources: &self.sources, judgements: &self.judgements, summary };
        let mut out = Vec::new();
        report::write(&mut out, format, &report, text::Style::plain()).unwrap();
        String::from_utf8(out).expect("a report is UTF-8")
    }
}
