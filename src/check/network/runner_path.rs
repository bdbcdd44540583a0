//! What the runner sees on its own way to the registry.
//!
//! ## Why
//! The gate runs somewhere else than the environment. That a registry is closed to the runner, or that its name leads nowhere from
//! there, says nothing about the environment unless both are in one network; it only keeps the gate from looking at the image. A
//! self-hosted runner in the network, recorded evidence or `--allow-unverified=H2` are the ways out.
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
    let help = "run pullgate on a runner in the environment's network, replay recorded evidence, or pass `--allow-unverified=H2`";
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::table::{asks, verdict};
    use crate::evidence::{Answer, Question, Reply};

    const IMAGE: &str = "acme1.azurecr.io/api:v1";

    #[track_caller]
    fn says(failure: Failure, reach: Answer<Resolution>) -> String {
        let host = Host::parse("acme1.azurecr.io").unwrap();
        let reach = reach.map(|seen| Reply::Resolution(Box::new(seen)));
        verdict(
            CHECK,
            IMAGE,
            &Evidence::default().with(asks(IMAGE), Err(failure)).with(Question::Reach { host }, reach),
        )
    }

    fn host() -> String {
        "acme1.azurecr.io".to_owned()
    }

    fn seen(address: &str, aliases: &[&str]) -> Resolution {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        Resolution { addresses: vec![address.parse().unwrap()], aliases, ..Resolution::default() }
    }

    #[test]
    fn a_closed_door_tells_what_the_runner_sees_of_it() {
        let message = Some("client with IP '203.0.113.9' is not allowed access.".to_owned());
        let seen =
            Resolution { status: Some(403), ..seen("20.61.97.4", &["acme1.privatelink.azurecr.io", "weu.fe.azcr.io"]) };
        insta::assert_snapshot!(says(Failure::Closed { host: host(), message }, Ok(seen)), @"
        note: the runner does not get to acme1.azurecr.io; that says nothing about the environment
        at: acme1.azurecr.io/api:v1
        because: from here: acme1.azurecr.io does not let this address in: client with IP '203.0.113.9' is not allowed access.
        because: from here acme1.azurecr.io leads to the public address 20.61.97.4, although it has a private endpoint: the runner does not see the private zone
        because: from here acme1.azurecr.io answers 403 without credentials
        help: run pullgate on a runner in the environment's network, replay recorded evidence, or pass `--allow-unverified=H2`
        ");
    }

    #[test]
    fn a_private_address_without_a_way_is_told() {
        let failure = Failure::Timeout { host: host(), seconds: 10 };
        for address in ["10.0.4.5", "100.64.0.5", "fd00::5"] {
            let seen = Resolution { failure: Some(failure.clone()), ..seen(address, &[]) };
            let said = says(failure.clone(), Ok(seen));
            assert!(
                said.contains(&format!("is the private address {address}: the runner sees the private zone")),
                "{said}"
            );
        }
    }

    #[test]
    fn an_intercepting_proxy_is_told() {
        let reason = "its certificate is signed by an authority that is not trusted here (Contoso)".to_owned();
        let failure = Failure::Tls { host: host(), reason };
        let seen = Resolution {
            proxy: Some("proxy.contoso.example:3128".to_owned()),
            failure: Some(failure.clone()),
            ..seen("20.61.97.4", &[])
        };
        insta::assert_snapshot!(says(failure, Ok(seen)), @"
        note: the runner does not get to acme1.azurecr.io; that says nothing about the environment
        at: acme1.azurecr.io/api:v1
        because: from here: no trusted TLS connection to acme1.azurecr.io: its certificate is signed by an authority that is not trusted here (Contoso)
        because: from here acme1.azurecr.io is 20.61.97.4
        because: the runner goes through the proxy proxy.contoso.example:3128
        help: run pullgate on a runner in the environment's network, replay recorded evidence, or pass `--allow-unverified=H2`
        ");
    }

    #[test]
    fn a_dangling_private_link_is_told_from_a_name_that_never_was() {
        let nameless = |last: Option<&str>| Failure::Name { host: host(), last: last.map(str::to_owned) };
        insta::assert_snapshot!(says(nameless(Some("acme1.privatelink.azurecr.io")), Err(nameless(Some("acme1.privatelink.azurecr.io")))), @"
        note: the runner does not get to acme1.azurecr.io; that says nothing about the environment
        at: acme1.azurecr.io/api:v1
        because: from here: the name acme1.azurecr.io does not resolve here (its alias acme1.privatelink.azurecr.io has no address)
        because: the registry has a private endpoint, and the private zone that the runner sees holds no record of acme1.privatelink.azurecr.io: from here the private link leads nowhere
        help: run pullgate on a runner in the environment's network, replay recorded evidence, or pass `--allow-unverified=H2`
        ");
        insta::assert_snapshot!(says(nameless(None), Err(nameless(None))), @"
        note: the runner does not get to acme1.azurecr.io; that says nothing about the environment
        at: acme1.azurecr.io/api:v1
        because: from here: the name acme1.azurecr.io does not resolve here
        because: every registry of Azure has a public name: either there is none of this name, or the name servers here leave it out
        help: run pullgate on a runner in the environment's network, replay recorded evidence, or pass `--allow-unverified=H2`
        ");
    }

    #[test]
    fn a_run_out_of_time_tells_it_once() {
        let short = Failure::Timeout { host: host(), seconds: 3 };
        let said = says(short.clone(), Err(Failure::Timeout { host: host(), seconds: 4 }));
        assert_eq!(said.matches("did not answer").count(), 1, "{said}");
        let said = says(short, Err(Failure::Skipped { why: "the time was over".to_owned() }));
        assert!(!said.contains("the time was over"), "{said}");
    }

    #[test]
    fn what_the_registry_itself_says_is_no_matter_of_the_way() {
        let missing = Failure::NotFound { host: host(), code: None, message: None };
        assert!(says(missing, Ok(seen("20.61.97.4", &[]))).starts_with("not applicable"));
    }
}
