//! The registry of a pull as far as its public door goes, for hosts that have no environment.

use crate::egress::registry::Registry;
use crate::egress::{Id, Unread, read};
use crate::evidence::{Evidence, Failure, Stop};
use crate::image::is_acr;
use crate::manifest::{Credential, Found, Pull};

use super::declared::Declared;

/// The registry, as the deployment declares it, else as it is.
///
/// # Errors
/// *Not applicable* where it is none of Azure's; *unverified* and *need* of its answer.
pub fn registry(pull: &Pull, evidence: &Evidence) -> Result<Registry, Stop> {
    let host = pull.host()?;
    let unread = |unread: Unread| Stop::Unverified(Failure::unreadable(unread.to_string()));
    if let Found::One(planned) = pull.manifest.planned.registry_of(&host)
        && let Some(id) = planned.id.canonical().map(Id::new)
        && let Some(body) = Declared::of(&pull.manifest.planned).get(&id)
    {
        return read::registry(&body.map_err(Stop::Unverified)?, None).map_err(unread);
    }
    let image = pull.image()?;
    if !is_acr(&image.registry) {
        return Err(Stop::NotApplicable("the registry is none of Azure's"));
    }
    let known = match evidence.registry(&image.registry)? {
        // Somebody else's, from which anybody may pull: whether that is so, the checks of access say.
        Err(failure) if failure.is_not_found() && matches!(pull.credential(), Ok(Credential::Anonymous)) => {
            return Err(Stop::NotApplicable(
                "nobody whom the caller may ask has the registry, and nobody logs in there",
            ));
        }
        known => known.map_err(Stop::Unverified)?,
    };
    read::registry(&known.json, None).map_err(unread)
}
