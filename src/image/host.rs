//! A registry's host, with its port.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::grammar::{Fault, is_host_like};
use super::mistake::{Mistake, Reason};
use super::repair;
use super::screen::screen;

/// A host name, an IPv4 address or an IPv6 address in brackets; lower case; with the port if one
/// was written.
///
/// One exception to the case: `MyOrg` in `MyOrg/app` is a host only by its capitals, and keeps
/// them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host(String);

/// From where a host can be reached, as far as its text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A name or an address of the internet, or one that only its network knows.
    Anywhere,
    /// The machine itself.
    Loopback,
    /// An address of a private network (RFC 1918, RFC 6598, RFC 4193).
    Private,
    /// An address of one link (169.254.0.0/16, fe80::/10).
    Link,
    /// A name that public DNS never has: `.local`, `.internal`, `.lan`, a single label …
    LocalName,
}

impl Host {
    /// Reads `host` or `host:port`.
    ///
    /// # Errors
    /// The first [`Mistake`], with its bytes in `text`.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        screen(text).and_then(|()| read(text, 0)).map_err(|fault| repair::explain_host(text, fault))
    }

    /// The whole text: what stands in front of the first slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name or address without the port; an IPv6 address keeps its brackets.
    pub fn name(&self) -> &str {
        split_port(&self.0).0
    }

    /// The port's digits, if a port was written. The grammar does not bound them.
    pub fn port_text(&self) -> Option<&str> {
        split_port(&self.0).1
    }

    /// The port, if one was written that exists.
    pub fn port(&self) -> Option<u16> {
        self.port_text()?.parse().ok().filter(|port| *port > 0)
    }

    /// The address, if the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        let name = self.name();
        match name.strip_prefix('[') {
            Some(rest) => {
                let address = rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?;
                Some(IpAddr::V6(address))
            }
            None => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        }
    }

    /// Whether DNS or the network could know this host at all: `my_acr.azurecr.io`, `999.1.1.1`
    /// and `[::::]` pass the reference grammar and are no hosts.
    pub fn is_valid(&self) -> bool {
        let name = self.name();
        if name.starts_with('[') {
            return self.address().is_some();
        }
        let labels = || name.split('.');
        let is_numeric = labels().next_back().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if is_numeric && name.contains('.') {
            return self.address().is_some();
        }
        // RFC 1035 2.3.4: labels of 63 octets, names of 255 on the wire, which is 253 as text.
        name.len() <= 253 && labels().all(|label| label.len() <= 63) && read_name(name, 0).is_ok()
    }

    /// From where the host can be reached, judged by its text alone.
    pub fn reach(&self) -> Reach {
        match self.address() {
            Some(IpAddr::V4(address)) => reach_v4(address),
            Some(IpAddr::V6(address)) => reach_v6(address),
            None => reach_name(self.name()),
        }
    }

    pub(super) fn as_written(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        match is_host_like(&lower) || lower == text {
            true => Self(lower),
            false => Self(text.to_owned()),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Host {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Host {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// Reads a host that stands at byte `base` of the reference.
pub(super) fn read(text: &str, base: usize) -> Result<Host, Fault> {
    let (name, port) = split_port(text);
    match name.starts_with('[') {
        true => read_ipv6(name, base)?,
        false if is_bare_ipv6(text) => {
            return Err(Fault::new(base..base + text.len(), Reason::Ipv6Brackets));
        }
        false => read_name(name, base)?,
    }
    if let Some(port) = port
        && (port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()))
    {
        let start = base + name.len() + 1;
        return Err(Fault::new(start..start + port.len(), Reason::HostPort));
    }
    Ok(Host::as_written(text))
}

fn split_port(text: &str) -> (&str, Option<&str>) {
    let name_end = match text.starts_with('[') {
        true => text.find(']').map_or(text.len(), |end| end + 1),
        false => text.find(':').unwrap_or(text.len()),
    };
    let (name, rest) = text.split_at(name_end);
    match rest.strip_prefix(':') {
        Some(port) => (name, Some(port)),
        None if rest.is_empty() => (name, None),
        // `[::1]x`: as if a colon stood there; the port's digits tell.
        None => (text, None),
    }
}

fn is_bare_ipv6(text: &str) -> bool {
    text.matches(':').count() > 1 && text.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
}

fn read_ipv6(text: &str, base: usize) -> Result<(), Fault> {
    let inside = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    let is_address = inside.is_some_and(|t| !t.is_empty() && t.bytes().all(|b| b.is_ascii_hexdigit() || b == b':'));
    match is_address {
        true => Ok(()),
        false => Err(Fault::new(base..base + text.len(), Reason::Ipv6)),
    }
}

fn read_name(name: &str, base: usize) -> Result<(), Fault> {
    if name.is_empty() {
        return Err(Fault::new(base..base, Reason::EmptyHost));
    }
    let mut start = 0;
    for label in name.split('.') {
        let end = start + label.len();
        if label.is_empty() {
            let (at, reason) = match start {
                0 => (0, Reason::HostLeadingDot),
                _ if end == name.len() => (start - 1, Reason::HostTrailingDot),
                _ => (start, Reason::HostEmptyLabel),
            };
            return Err(Fault::new(base + at..base + at + 1, reason));
        }
        read_label(label, base + start)?;
        start = end + 1;
    }
    Ok(())
}

fn read_label(label: &str, base: usize) -> Result<(), Fault> {
    for (i, c) in label.char_indices() {
        let is_edge = i == 0 || i + 1 == label.len();
        let reason = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' => continue,
            '-' if !is_edge => continue,
            '-' => Reason::HostHyphen,
            '_' => Reason::HostUnderscore,
            c => Reason::Character(c),
        };
        return Err(Fault::new(base + i..base + i + c.len_utf8(), reason));
    }
    Ok(())
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, ..] = address.octets();
    if address.is_loopback() || address.is_unspecified() {
        return Reach::Loopback;
    }
    if address.is_link_local() {
        return Reach::Link;
    }
    match address.is_private() || (a == 100 && (64..128).contains(&b)) {
        true => Reach::Private,
        false => Reach::Anywhere,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(address) = address.to_ipv4_mapped() {
        return reach_v4(address);
    }
    if address.is_loopback() || address.is_unspecified() {
        return Reach::Loopback;
    }
    match address.segments()[0] {
        first if first & 0xffc0 == 0xfe80 => Reach::Link,
        first if first & 0xfe00 == 0xfc00 => Reach::Private,
        _ => Reach::Anywhere,
    }
}

fn reach_name(name: &str) -> Reach {
    let last = name.rsplit('.').next().unwrap_or(name);
    // Docker Desktop's names for the machine that it runs on.
    if last == "localhost" || name.ends_with(".docker.internal") {
        return Reach::Loopback;
    }
    // RFC 6762 and RFC 8375, and ICANN's reservation of `.internal`.
    let is_local = matches!(last, "local" | "internal" | "lan" | "home" | "corp" | "test")
        || name.ends_with(".home.arpa")
        || !name.contains('.');
    match is_local {
        true => Reach::LocalName,
        false => Reach::Anywhere,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn a_host_falls_into_name_and_port() {
        let parts = |text| {
            let host = host(text);
            (host.name().to_owned(), host.port())
        };
        assert_eq!(parts("acme.azurecr.io"), ("acme.azurecr.io".into(), None));
        assert_eq!(parts("Localhost:5000"), ("localhost".into(), Some(5000)));
        assert_eq!(parts("[::1]:443"), ("[::1]".into(), Some(443)));
        assert_eq!(parts("a.b:99999"), ("a.b".into(), None));
    }

    #[test]
    fn the_reach_of_a_host_shows_in_its_text() {
        let reach = |text| host(text).reach();
        assert_eq!(reach("acme.azurecr.io"), Reach::Anywhere);
        assert_eq!(reach("8.8.8.8"), Reach::Anywhere);
        assert_eq!(reach("localhost:5000"), Reach::Loopback);
        assert_eq!(reach("host.docker.internal:5000"), Reach::Loopback);
        assert_eq!(reach("127.9.9.9"), Reach::Loopback);
        assert_eq!(reach("[::1]:5000"), Reach::Loopback);
        assert_eq!(reach("10.0.0.4"), Reach::Private);
        assert_eq!(reach("172.31.0.4:5000"), Reach::Private);
        assert_eq!(reach("172.32.0.4"), Reach::Anywhere);
        assert_eq!(reach("100.64.0.1"), Reach::Private);
        assert_eq!(reach("169.254.169.254"), Reach::Link);
        assert_eq!(reach("[fd00::4]"), Reach::Private);
        assert_eq!(reach("registry:5000"), Reach::LocalName);
        assert_eq!(reach("registry.contoso.local"), Reach::LocalName);
    }

    #[test]
    fn what_the_grammar_accepts_need_not_be_a_host() {
        assert!(host("acme.azurecr.io").is_valid());
        assert!(!host("999.1.1.1").is_valid());
        assert!(!host("[::::]").is_valid());
        assert!(!host(&format!("{}.io", "a".repeat(64))).is_valid());
        assert!(!Host::as_written("my_acr.azurecr.io").is_valid());
    }
}
