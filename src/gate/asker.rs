//! Who asks: the evidence so far, and the probe from the first question on.

use std::collections::{BTreeSet, HashMap};
use std::fs;

use tokio::runtime::Runtime;

use crate::cli;
use crate::cloud::Cloud;
use crate::config::Config;
use crate::evidence::{Answer, Evidence, Question, Reply, Resource};
use crate::judge::{Judgement, judge};
use crate::manifest::Manifest;
use crate::probe::{Probe, Secret};
use crate::run::RunError;

/// Asks once what was not asked yet; offline it asks nothing.
pub struct Asker<'o> {
    context: &'o cli::Context,
    network: &'o cli::Network,
    cloud: Option<Cloud>,
    plain_http: Vec<String>,
    pub evidence: Evidence,
    /// The passwords that the manifest configures.
    passwords: HashMap<String, Secret>,
    probe: Option<(Probe, Runtime)>,
    /// Requests of probes that are gone.
    sent: usize,
    /// How long all questions may take together; while something is awaited, those of the first round.
    seconds: u64,
}

/// How long a round may take where there will be others.
const ROUND: u64 = 60;

impl<'o> Asker<'o> {
    /// With the evidence that the command line names.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn new(options: &'o cli::Check, config: &Config) -> Result<Asker<'o>, RunError> {
        let mut evidence = match &options.evidence {
            None => Evidence::default(),
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|source| RunError::Read { path: path.clone(), source })?;
                Evidence::load(&text).map_err(|source| RunError::Evidence { path: path.clone(), source })?
            }
        };
        if options.offline || options.evidence.is_some() {
            evidence = evidence.offline();
        }
        let mut asker = Asker::replaying(options, evidence);
        asker.cloud = config.cloud;
        asker.plain_http.clone_from(&config.plain_http);
        Ok(asker)
    }

    /// With this evidence.
    pub fn replaying(options: &'o cli::Check, evidence: Evidence) -> Asker<'o> {
        Asker {
            context: &options.input.context,
            network: &options.network,
            cloud: None,
            plain_http: Vec::new(),
            evidence,
            passwords: HashMap::new(),
            probe: None,
            sent: 0,
            seconds: match options.wait_for.is_empty() {
                true => options.network.timeout,
                false => options.network.timeout.min(ROUND),
            },
        }
    }

    /// Requests sent so far.
    pub fn requests(&self) -> usize {
        self.sent + self.probe.as_ref().map_or(0, |(probe, _)| probe.requests())
    }

    /// The answer to one question, asked now unless it is known; `None` when it is not and nothing may be asked.
    ///
    /// # Errors
    /// When nothing can be asked at all.
    pub fn ask(&mut self, question: &Question) -> Result<Option<Answer<Reply>>, RunError> {
        if !self.evidence.contains(question) && !self.evidence.is_offline() {
            self.start(self.seconds)?;
            if let Some((probe, runtime)) = &self.probe {
                let needs = BTreeSet::from([question.clone()]);
                runtime.block_on(probe.answer(needs, &mut self.evidence, |_, _| ()));
            }
        }
        Ok(self.evidence.iter().find(|(asked, _)| *asked == question).map(|(_, answer)| answer.clone()))
    }

    /// What Resource Manager answers about a resource; `None` when nothing may be asked.
    ///
    /// # Errors
    /// As [`Asker::ask`].
    pub fn resource(&mut self, resource: Resource) -> Result<Option<Answer<serde_json::Value>>, RunError> {
        self.ask(&Question::Resource(resource.clone()))?;
        Ok(self.evidence.resource(resource).ok().map(|answer| answer.cloned()))
    }

    /// Judges, asks what is missing, and judges again until nothing is.
    ///
    /// # Errors
    /// When nothing can be asked at all.
    pub fn settle(&mut self, manifest: &Manifest) -> Result<Vec<Judgement>, RunError> {
        let judged = judge(manifest, &self.evidence);
        if judged.needs.is_empty() {
            return Ok(judged.judgements);
        }
        self.passwords = super::passwords(manifest);
        self.start(self.seconds)?;
        let Some((probe, runtime)) = &mut self.probe else { return Ok(judged.judgements) };
        probe.know(self.passwords.clone());
        Ok(super::settle(manifest, &mut self.evidence, probe, runtime))
    }

    /// Forgets the answers that a later one may differ from; the next question goes out anew, and may take this long.
    ///
    /// # Errors
    /// When nothing can be asked at all.
    pub fn forget(&mut self, questions: &[Question], seconds: u64) -> Result<(), RunError> {
        for question in questions {
            self.evidence.forget(question);
        }
        // What a probe was told it does not ask again: another one does.
        self.sent = self.requests();
        self.stop();
        self.start(seconds)
    }

    /// Does not wait for lookups that the system's resolver is still at: they would hold the run beyond its `--timeout`.
    fn stop(&mut self) {
        if let Some((probe, runtime)) = self.probe.take() {
            drop(probe);
            runtime.shutdown_background();
        }
    }

    fn start(&mut self, seconds: u64) -> Result<(), RunError> {
        if self.probe.is_some() {
            return Ok(());
        }
        let network = cli::Network { timeout: seconds, ..self.network.clone() };
        let mut probe = super::probe(&Manifest::default(), self.context, &network, self.cloud, &self.plain_http)?;
        probe.know(self.passwords.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Runtime)?;
        self.probe = Some((probe, runtime));
        Ok(())
    }
}

impl Drop for Asker<'_> {
    fn drop(&mut self) {
        self.stop();
    }
}
