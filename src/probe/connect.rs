//! `--connect-to`: where connections really go.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;

use super::http::RESERVE;
use super::trouble::NameError;

/// How long name servers are waited for: beyond the 5 seconds after which a resolver asks the second one, and before the
/// connection as a whole is given up.
const LOOKUP: Duration = Duration::from_secs(8);
/// A lookup ends a little before the request that wants it, so that what was waited for can be told.
const MARGIN: Duration = RESERVE.saturating_add(Duration::from_millis(100));

/// A rule `HOST1:PORT1:HOST2:PORT2` as curl has it: connect to the second pair instead of the first. An empty first host or
/// port means any; an empty second one means the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    from_host: Option<String>,
    from_port: Option<u16>,
    to_host: Option<String>,
    to_port: Option<u16>,
}

/// The system's resolver, after the rules for one port.
pub struct Resolver {
    rules: Vec<ConnectTo>,
    deadline: Instant,
}

impl FromStr for ConnectTo {
    type Err = String;

    fn from_str(text: &str) -> Result<ConnectTo, String> {
        let wrong = || format!("`{text}` is not HOST1:PORT1:HOST2:PORT2");
        let [from_host, from_port, to_host, to_port] = split(text).ok_or_else(wrong)?;
        let port = |text: &str| match text {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| format!("`{digits}` in `{text}` is not a port")),
        };
        let host = |text: &str| (!text.is_empty()).then(|| text.trim_matches(['[', ']']).to_ascii_lowercase());
        Ok(ConnectTo {
            from_host: host(from_host),
            from_port: port(from_port)?,
            to_host: host(to_host),
            to_port: port(to_port)?,
        })
    }
}

/// Four parts between colons; a part in brackets is an IPv6 address.
fn split(text: &str) -> Option<[&str; 4]> {
    let mut parts = Vec::with_capacity(4);
    let (mut start, mut depth) = (0, 0_i32);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth -= 1,
            b':' if depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.try_into().ok()
}

impl ConnectTo {
    /// Whether the rule is about this host and port.
    pub fn applies(&self, host: &str, port: u16) -> bool {
        let host = host.trim_matches(['[', ']']);
        self.from_host.as_deref().is_none_or(|from| from.eq_ignore_ascii_case(host))
            && self.from_port.is_none_or(|from| from == port)
    }

    /// Whether the rule is about connections to one port only.
    pub fn names_a_port(&self) -> bool {
        self.from_port.is_some()
    }

    /// Where a connection to `host` and `port` goes by the first rule that applies.
    pub fn route(rules: &[ConnectTo], host: &str, port: u16) -> (String, u16) {
        match rules.iter().find(|rule| rule.applies(host, port)) {
            Some(rule) => (rule.to_host.clone().unwrap_or_else(|| host.to_owned()), rule.to_port.unwrap_or(port)),
            None => (host.to_owned(), port),
        }
    }
}

impl Resolver {
    /// `port` is what connections are wanted to: names are looked up without it.
    pub fn new(rules: &[ConnectTo], port: u16, deadline: Instant) -> Resolver {
        let rules = rules.iter().filter(|rule| rule.from_port.is_none_or(|from| from == port));
        Resolver { rules: rules.cloned().map(|rule| ConnectTo { from_port: None, ..rule }).collect(), deadline }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, port) = ConnectTo::route(&self.rules, name.as_str(), 0);
        let left = self.deadline.saturating_duration_since(Instant::now()).saturating_sub(MARGIN);
        Box::pin(async move {
            let found = tokio::time::timeout(LOOKUP.min(left), tokio::net::lookup_host((host.as_str(), port))).await;
            let found = found.map_err(|_| NameError::silent())?;
            let addresses: Vec<SocketAddr> = found.map_err(NameError::of)?.collect();
            if addresses.is_empty() {
                return Err(NameError::empty().into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn routes(rule: &str, host: &str, port: u16, to: (&str, u16)) {
        let rules = vec![rule.parse().unwrap()];
        assert_eq!(ConnectTo::route(&rules, host, port), (to.0.to_owned(), to.1));
    }

    #[test]
    fn rules_are_curls() {
        routes("::127.0.0.1:8443", "acme.azurecr.io", 443, ("127.0.0.1", 8443));
        routes("acme.azurecr.io:443:[::1]:8443", "ACME.azurecr.io", 443, ("::1", 8443));
        routes("acme.azurecr.io:443:127.0.0.1:8443", "other.azurecr.io", 443, ("other.azurecr.io", 443));
        routes("acme.azurecr.io:444:127.0.0.1:8443", "acme.azurecr.io", 443, ("acme.azurecr.io", 443));
        routes("acme.azurecr.io::127.0.0.1:", "acme.azurecr.io", 5000, ("127.0.0.1", 5000));
    }

    #[test]
    fn a_rule_has_four_parts() {
        for wrong in ["", "a:b:c", "a:1:b:2:c", "a:x:b:1", "a:1:b:70000"] {
            assert!(wrong.parse::<ConnectTo>().is_err(), "{wrong}");
        }
    }
}
