//! Asking for the report: as the caller, everything that the checks would ask for a manifest; without one, what there is.

use std::fs;
use std::io::Write;

use tokio::runtime::Runtime;

use super::{Caller, Doctor, Seen, doctor, write};
use crate::cli::{self, Output};
use crate::cloud::Cloud;
use crate::config::Config;
use crate::evidence::{Answer, Evidence, Question, Reply, Resource};
use crate::gate;
use crate::image::Host;
use crate::judge::{Judgement, judge};
use crate::manifest::Manifest;
use crate::probe::Probe;
use crate::run::RunError;
use crate::source::Sources;

/// How many registries are looked at when no manifest names any.
const REGISTRIES: usize = 20;

/// Looks, and prints the report; the number is the exit code.
///
/// # Errors
/// An input that cannot be read, or output that cannot be written.
pub fn look(options: &cli::Doctor) -> Result<u8, RunError> {
    let mut sources = Sources::default();
    let config =
        gate::config_of(&options.input, options.policy.config.as_deref(), options.policy.no_config, &mut sources)?;
    let manifest = match options.input.manifests.is_empty() {
        true => Manifest::default(),
        false => gate::read_in(&options.input, config.cloud, &mut sources)?,
    };
    let cloud = options.input.context.cloud.or(config.cloud).unwrap_or_default();
    let report = match &options.evidence {
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|source| RunError::Read { path: path.clone(), source })?;
            let evidence = Evidence::load(&text).map_err(|source| RunError::Evidence { path: path.clone(), source })?;
            let judgements = judge(&manifest, &evidence).judgements;
            report(options, cloud, None, Vec::new(), &evidence, &judgements, &manifest)
        }
        None => ask(options, &config, &manifest)?,
    };
    let mut out = anstream::stdout().lock();
    match options.format {
        Output::Json => writeln!(out, "{}", report.json()),
        Output::Text => write(&mut out, &report),
    }
    .and_then(|()| out.flush())
    .map_err(RunError::Output)?;
    Ok(report.exit_code())
}

fn ask(options: &cli::Doctor, config: &Config, manifest: &Manifest) -> Result<Doctor, RunError> {
    let probe = gate::probe(manifest, &options.input.context, &options.network, config.cloud, &config.plain_http)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(RunError::Runtime)?;
    let mut evidence = Evidence::default();
    let caller = runtime.block_on(probe.caller()).map(|caller| Caller {
        source: caller.source,
        object_id: caller.object_id,
        application_id: caller.application_id,
        tenant: caller.tenant,
    });
    let judgements = match options.input.manifests.is_empty() {
        true => {
            overview(&probe, &runtime, &caller, &mut evidence);
            Vec::new()
        }
        false => gate::settle(manifest, &mut evidence, &probe, &runtime),
    };
    runtime.shutdown_background();
    let cloud = options.input.context.cloud.or(config.cloud).unwrap_or_default();
    Ok(report(options, cloud, Some(caller), probe.skipped_credentials(), &evidence, &judgements, manifest))
}

/// Which subscriptions, registries and environments the caller can see, and whether this machine gets to the registries.
fn overview(probe: &Probe, runtime: &Runtime, caller: &Answer<Caller>, evidence: &mut Evidence) {
    if caller.is_err() {
        return;
    }
    let find = |kind: &str| Question::Resource(Resource::Find { kind: kind.to_owned() });
    let registries = find("Microsoft.ContainerRegistry/registries");
    let subscriptions = Resource::List { scope: String::new(), kind: "Microsoft.Resources/subscriptions".to_owned() };
    let first = [Question::Resource(subscriptions), registries.clone(), find("Microsoft.App/managedEnvironments")];
    runtime.block_on(probe.answer(first.into(), evidence, |_, _| ()));
    let rows = evidence.iter().find_map(|(question, answer)| match answer {
        Ok(Reply::Json(json)) if *question == registries => json.get("value")?.as_array().cloned(),
        _ => None,
    });
    let servers = rows.unwrap_or_default();
    let hosts = servers.iter().filter_map(|row| Host::parse(row.pointer("/properties/loginServer")?.as_str()?).ok());
    let second = hosts.take(REGISTRIES).map(|host| Question::Reach { host }).collect();
    runtime.block_on(probe.answer(second, evidence, |_, _| ()));
}

fn report(
    options: &cli::Doctor,
    cloud: Cloud,
    caller: Option<Answer<Caller>>,
    skipped: Vec<String>,
    evidence: &Evidence,
    judgements: &[Judgement],
    manifest: &Manifest,
) -> Doctor {
    let context = &options.input.context;
    let subscription = context.subscription.clone().or_else(|| subscription_of(manifest));
    doctor(Seen { caller, skipped, cloud, evidence, judgements, subscription })
}

/// The subscription in the ids of the manifest.
fn subscription_of(manifest: &Manifest) -> Option<String> {
    let texts = manifest.workloads.iter().flat_map(|workload| {
        let values = [workload.id.as_ref(), workload.environment.as_ref()].into_iter().flatten();
        values.filter_map(|value| value.as_str()).chain(workload.scope.as_deref()).collect::<Vec<_>>()
    });
    texts.filter_map(|id| crate::rbac::Scope::from(id).subscription().map(str::to_owned)).next()
}
