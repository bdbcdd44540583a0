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

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Failure, Resolution, Stop};
use crate::finding::{Finding, Severity};
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
    match evidence.reach(&image.registry)? {
        Ok(seen) => finding.detail.extend(told(host, seen)),
        Err(other) if other != failure => finding = finding.detail(format!("from here: {other}")),
        Err(_) => {}
    }
    Ok(vec![finding.help("run pullgate on a runner in the environment's network, replay recorded evidence, or pass `--allow-unverified H2`")])
}

/// Whether it is the way that failed, not the image or the credential.
fn is_path(failure: &Failure) -> bool {
    use Failure::{Closed, Connect, Name, Timeout, Tls};
    matches!(failure, Closed { .. } | Connect { .. } | Name { .. } | Timeout { .. } | Tls { .. })
}

fn told(host: &str, seen: &Resolution) -> Vec<String> {
    let mut lines = Vec::new();
    let private = |address: &std::net::IpAddr| matches!(address, std::net::IpAddr::V4(address) if address.is_private());
    let addresses = seen.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match seen.aliases.last() {
        _ if seen.addresses.iter().any(private) => {
            lines.push(format!("from here {host} is the private address {addresses}"))
        }
        Some(alias) if seen.addresses.is_empty() => {
            lines.push(format!("from here {host} is an alias of {alias}, which has no address"))
        }
        Some(alias) if alias.contains(".privatelink.") => {
            lines.push(format!("from here {host} is an alias of {alias} and leads to the public address {addresses}"))
        }
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
