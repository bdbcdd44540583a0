//! What the runner sees on its own way to the registry.
//!
//! ## Why
//! The gate runs somewhere else than the environment. That a registry is closed to the runner, or that its name leads nowhere from
//! there, says nothing about the environment unless both are in one network; it only keeps the gate from looking at the image. A
//! self-hosted runner in the network, recorded evidence or `--allow-unverified H2` are the ways out.
//! https://learn.microsoft.com/azure/container-registry/container-registry-private-endpoints
//!
//! ## Fix
//! Nothing of the deployment. Run pullgate where the registry can be reached.

use std::net::IpAddr;

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Resolution, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Host;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "runner-path",
    hypothesis: Hypothesis::H3,
    severity: Severity::Note,
    source: include_str!("runner_path.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let Ok(image) = pull.image() else { return Err(Stop::NotApplicable("no image is known")) };
    let failure = match evidence.image(&image, &pull.container.platform) {
        Ok(Err(failure)) if is_path(&failure) => failure,
        _ => return Err(Stop::NotApplicable("the runner gets to the registry, or did not try")),
    };
    let host = image.registry.as_str();
    let at = pull.image_value().map_or(pull.container.at, |image| pull.place(image));
    let title = format!("the runner does not get to {host}; that says nothing about the environment");
    let mut finding = Finding::at(at, title).detail(format!("from here: {failure}"));
    let help = "run pullgate on a runner in the environment's network, replay recorded evidence, or pass `--allow-unverified H2`";
    if let Failure::Name { last, .. } = &failure {
        finding.detail.extend(nameless(&image.registry, last.as_deref()));
    }
    match evidence.reach(&image.registry)? {
        Ok(seen) => finding.detail.extend(told(host, seen)),
        // The run's time was over: there is nothing more to tell.
        Err(Failure::Skipped { .. }) => {}
        Err(other) if !is_alike(&other, &failure) => finding = finding.detail(format!("from here: {other}")),
        Err(_) => {}
    }
    Ok(vec![finding.help(help)])
}

/// Whether both say the same of one host, one after a little less time.
fn is_alike(one: &Failure, other: &Failure) -> bool {
    one == other || matches!((one, other), (Failure::Timeout { .. }, Failure::Timeout { .. }))
}

/// Whether it is the way that failed, not the image or the credential.
fn is_path(failure: &Failure) -> bool {
    use Failure::{Closed, Connect, Name, Timeout, Tls};
    matches!(failure, Closed { .. } | Connect { .. } | Name { .. } | Timeout { .. } | Tls { .. })
}

/// What a name that leads nowhere may mean.
fn nameless(host: &Host, last: Option<&str>) -> Option<String> {
    match last {
        Some(alias) if alias.contains(".privatelink.") => Some(format!(
            "the registry has a private endpoint, and the private zone that the runner sees holds no record of {alias}: from here \
             the private link leads nowhere"
        )),
        // Resource Manager makes a public name for each registry, also for one that is closed to the public.
        None if host.acr().is_some() => Some(
            "every registry of Azure has a public name: either there is none of this name, or the name servers here leave it out"
                .to_owned(),
        ),
        _ => None,
    }
}

fn told(host: &str, seen: &Resolution) -> Vec<String> {
    let mut lines = Vec::new();
    let addresses = seen.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let is_private = !seen.addresses.is_empty() && seen.addresses.iter().all(is_private);
    match seen.aliases.last() {
        _ if is_private && seen.failure.is_some() => lines.push(format!(
            "from here {host} is the private address {addresses}: the runner sees the private zone, and has no open way to the \
             private endpoint"
        )),
        _ if is_private => lines.push(format!("from here {host} is the private address {addresses}")),
        Some(alias) if seen.addresses.is_empty() => {
            lines.push(format!("from here {host} is an alias of {alias}, which has no address"))
        }
        _ if seen.aliases.iter().any(|alias| alias.contains(".privatelink.")) => lines.push(format!(
            "from here {host} leads to the public address {addresses}, although it has a private endpoint: the runner does not \
             see the private zone"
        )),
        _ if !addresses.is_empty() => lines.push(format!("from here {host} is {addresses}")),
        _ => {}
    }
    if let Some(status) = seen.status {
        lines.push(format!("from here {host} answers {status} without credentials"));
    }
    lines.extend(seen.proxy.as_ref().map(|proxy| format!("the runner goes through the proxy {proxy}")));
    lines.extend(seen.issuer.as_ref().map(|issuer| format!("the certificate is signed by {issuer}")));
    lines
}

/// Addresses of a network of one's own (RFC 1918, RFC 6598, RFC 4193).
fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
            address.is_private() || shared
        }
        IpAddr::V6(address) => address.is_unique_local(),
    }
}
