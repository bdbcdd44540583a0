//! How the checks of grants are alike: one judgement of the plan, of which each reports its own flaw.

use crate::evidence::{Evidence, Stop};
use crate::finding::Finding;
use crate::manifest::{Grant, Manifest, Pull, Puller, Workload};
use crate::rbac::RegistryMode;
use crate::source::Span;
use crate::value::Value;

use super::plan::{self, Flaw, Granted, Plan};
use super::{live, puller, remedy, system_identity_first_create, wiring};

/// A pull that the deployment does not grant although it means to.
pub struct Flawed<'p, 'm> {
    pub pull: &'p Pull<'m>,
    pub who: Puller<'m>,
    pub plan: Plan<'m>,
}

/// Judges every pull of a workload of which the deployment sets up the identity or the registry. `report` says what is wrong, if
/// it is its own flaw.
///
/// # Errors
/// *Not applicable* when the deployment decides nothing; else as [`wiring::each_pull`].
pub fn judge(
    manifest: &Manifest,
    workload: &Workload,
    evidence: &Evidence,
    report: impl for<'m> Fn(&Flawed<'_, 'm>, &Flaw<'m>) -> Option<Finding>,
) -> Result<Vec<Finding>, Stop> {
    wiring::each_pull(manifest, workload, evidence, |pull| {
        let (who, plan) = weigh(pull)?;
        let flawed = match &plan.granted {
            Granted::Yes(_) => return Ok(Vec::new()),
            Granted::Undecided(why) => return Err(Stop::NotApplicable(why)),
            Granted::No(flaw) => flaw.clone(),
        };
        let certain = plan.is_certain();
        // What Azure grants now decides as well; where that is not enough, one check says so, and points at this grant.
        if !certain && !evidence.is_offline() {
            match live::standing(pull, evidence) {
                Ok(standing) if standing.cause().is_some() => {
                    return Err(Stop::NotApplicable("`pull-role-missing` tells what Azure grants"));
                }
                Err(Stop::Need(question)) => return Err(Stop::Need(question)),
                _ => {}
            }
        }
        let found = report(&Flawed { pull, who, plan }, &flawed);
        Ok(found.map(|finding| if certain { finding } else { finding.warning() }).into_iter().collect())
    })
}

/// The identity and the plan of a pull that the deployment may grant.
///
/// # Errors
/// *Not applicable* when Azure's own grants decide, or when no grant can come in time.
pub fn weigh<'m>(pull: &Pull<'m>) -> Result<(Puller<'m>, Plan<'m>), Stop> {
    let who = puller::azure_puller(pull).map_err(live::left_to_main)?;
    if system_identity_first_create::is_too_early(pull, &who) {
        return Err(Stop::NotApplicable("no grant comes in time: see `system-identity-first-create`"));
    }
    let plan = plan::weigh(pull, &who).map_err(live::left_to_main)?;
    if !plan.is_telling() {
        return Err(Stop::NotApplicable("neither the identity nor the registry is created here"));
    }
    Ok((who, plan))
}

impl Flawed<'_, '_> {
    /// A finding at the property of a grant that is wrong, with the registry entry that needs the grant.
    pub fn at_grant(&self, grant: &Grant, wrong: Option<&Value>, title: String) -> Finding {
        let block = grant.resource.at;
        let is_inside = |at: &Span| at.file == block.file && block.start <= at.start && at.end <= block.end;
        let places = wrong.map(|value| std::iter::once(value.at).chain(value.via.spans()).collect::<Vec<_>>());
        let places = places.unwrap_or_default();
        let mut finding = Finding::at(places.iter().copied().find(is_inside).unwrap_or(block), title);
        for at in places.into_iter().filter(|at| !is_inside(at)) {
            finding = finding.also(at, "the value comes through here");
        }
        if let Some(at) = self.entry() {
            finding = finding.also(at, "the registry entry that needs it");
        }
        if let Some(registry) = self.plan.registry {
            finding = finding.also(registry.at, "the registry");
        }
        finding
    }

    /// Where the registry entry of the pull is written.
    pub fn entry(&self) -> Option<Span> {
        let identity = |value: &Value| value.at.is_written().then(|| self.pull.place(value));
        let by_value = self.who.value().and_then(identity);
        by_value.or_else(|| match self.pull.entry() {
            Ok(crate::manifest::Entry::Found(entry)) => Some(entry.at),
            _ => None,
        })
    }

    /// Who pulls, for people.
    pub fn name(&self) -> String {
        puller::name(self.pull.workload, &self.who)
    }

    /// The registry, for people.
    pub fn registry(&self) -> String {
        match self.plan.registry {
            Some(registry) => remedy::name_of(&registry.name),
            None => self.pull.host().map_or_else(|_| "the registry".to_owned(), |host| host.as_str().to_owned()),
        }
    }

    /// The role to grant, with its id for a template.
    pub fn role(&self) -> String {
        let role = self.plan.mode.unwrap_or(RegistryMode::Legacy).pull_role();
        format!("{} ({})", role.name, role.guid)
    }
}
