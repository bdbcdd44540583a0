//! What went wrong between here and a host, told apart: the name, the connection, TLS, the time.

use std::error::Error;
use std::fmt;
use std::io;

use crate::evidence::Failure;

/// A name that did not resolve, kept recognisable through the layers of the client.
#[derive(Debug)]
pub struct NameError {
    reason: String,
    /// Nobody said that there is no such name.
    unanswered: bool,
}

/// What resolvers say when no name server gave an answer (`EAI_AGAIN`, `EAI_FAIL`): glibc, musl, macOS, Windows. The number is
/// lost on the way through the standard library.
const UNANSWERED: &[&str] = &[
    "Temporary failure in name resolution",
    "Non-recoverable failure in name resolution",
    "Try again",
    "Unrecoverable error",
    "temporary error",
    "non-recoverable error",
];

impl NameError {
    pub fn of(error: io::Error) -> NameError {
        let reason = error.to_string();
        NameError { unanswered: UNANSWERED.iter().any(|words| reason.contains(words)), reason }
    }

    pub fn empty() -> NameError {
        NameError { reason: "no address".to_owned(), unanswered: false }
    }

    /// The name servers were waited for in vain.
    pub fn silent() -> NameError {
        NameError { reason: "the name servers do not answer".to_owned(), unanswered: true }
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Error for NameError {}

/// Sorts an error of the client.
pub fn failure(host: &str, error: &reqwest::Error) -> Failure {
    let host = host.to_owned();
    let chain = || causes(error);
    match chain().find_map(|error| error.downcast_ref::<NameError>()) {
        Some(error) if error.unanswered => {
            let reason = format!("the name servers of this machine give no answer about its name ({})", error.reason);
            return Failure::Connect { host, reason };
        }
        Some(_) => return Failure::Name { host, last: None },
        None => {}
    }
    if let Some(tls) = chain().find_map(|error| error.downcast_ref::<rustls::Error>()) {
        return Failure::Tls { host, reason: tls_reason(tls) };
    }
    if error.is_timeout() {
        return Failure::Timeout { host, seconds: 10 };
    }
    let io = chain().filter_map(|error| error.downcast_ref::<io::Error>()).last();
    if let Some(io) = io
        && let Some(reason) = io_reason(io)
    {
        return Failure::Connect { host, reason };
    }
    let innermost = chain().last().map(ToString::to_string).unwrap_or_default();
    if error.is_connect() || error.is_request() || error.is_body() {
        return Failure::Connect { host, reason: innermost };
    }
    Failure::unreadable(format!("the answer of {host} cannot be read: {innermost}"))
}

/// The error and what caused it, outermost first.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

/// What an I/O error wraps is its cause; its own `source` skips it.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

fn tls_reason(error: &rustls::Error) -> String {
    use rustls::CertificateError as Certificate;
    match error {
        rustls::Error::InvalidCertificate(Certificate::UnknownIssuer) => untrusted(None),
        rustls::Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            "its certificate has expired".to_owned()
        }
        rustls::Error::InvalidCertificate(Certificate::NotValidForName) => {
            "its certificate is for another name".to_owned()
        }
        rustls::Error::InvalidCertificate(Certificate::NotValidForNameContext { presented, .. }) => {
            const SHOWN: usize = 3;
            let name = |name: &String| {
                let inside = name.split_once("(\"").and_then(|(_, rest)| rest.strip_suffix("\")"));
                inside.unwrap_or(name).to_owned()
            };
            let names = presented.iter().take(SHOWN).map(name).collect::<Vec<_>>().join(", ");
            if names.is_empty() {
                "its certificate is for another name".to_owned()
            } else {
                format!("its certificate is for another name ({names})")
            }
        }
        other => other.to_string(),
    }
}

/// What is said of a certificate whose authority is not trusted; `issuer` is who signed it.
pub fn untrusted(issuer: Option<&str>) -> String {
    let issuer = issuer.map(|issuer| format!(" ({issuer})")).unwrap_or_default();
    format!(
        "its certificate is signed by an authority that is not trusted here{issuer}; an inspecting proxy may stand in between \
         (name its certificate with --ca-file)"
    )
}

fn io_reason(error: &io::Error) -> Option<String> {
    let words = match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset => "connection reset",
        io::ErrorKind::ConnectionAborted => "connection aborted",
        io::ErrorKind::BrokenPipe => "connection closed",
        io::ErrorKind::UnexpectedEof => "connection closed before the answer was complete",
        io::ErrorKind::HostUnreachable => "host unreachable",
        io::ErrorKind::NetworkUnreachable => "network unreachable",
        io::ErrorKind::PermissionDenied => "prohibited by a local firewall",
        io::ErrorKind::TimedOut => "connection timed out",
        _ => return None,
    };
    Some(words.to_owned())
}

/// The seconds in `Retry after 2 seconds` and `try again after '372' seconds`.
pub fn seconds_to_wait(text: &str) -> Option<u64> {
    let lower = text.get(..text.floor_char_boundary(4_096))?.to_ascii_lowercase();
    let rest = ["retry after ", "try again after ", "try again in "]
        .iter()
        .find_map(|mark| Some(lower.split_once(mark)?.1))?;
    let digits = rest.trim_start_matches(['\'', '"']);
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    digits[end..].trim_start_matches(['\'', '"', ' ']).starts_with("second").then(|| digits[..end].parse().ok())?
}

/// Whether a connection that broke for this reason may hold the next time.
pub fn is_passing(reason: &str) -> bool {
    matches!(
        reason,
        "connection reset"
            | "connection aborted"
            | "connection closed"
            | "connection closed before the answer was complete"
    )
}

/// Between 0 and 1, to keep many clients from returning at the same moment. Needs no quality.
pub fn jitter() -> f64 {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
    (random % 1_000) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn waits(text: &str, expected: Option<u64>) {
        assert_eq!(seconds_to_wait(text), expected, "{text}");
    }

    #[test]
    fn the_seconds_are_read_from_the_sentence() {
        let told =
            "Request is temporarily throttled because tenant x has issued too many requests. Retry after 2 seconds.";
        waits(told, Some(2));
        waits("The request is throttled. Please try again after '372' seconds.", Some(372));
        waits("please try again in 1 second", Some(1));
        waits("Retry after a while", None);
        waits("Retry after 99999999999999999999999 seconds", None);
        waits("", None);
    }
}
