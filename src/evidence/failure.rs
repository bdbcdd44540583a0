//! Why a question has no answer.

use serde::{Deserialize, Serialize};

/// Why a question has no answer. Often this *is* the evidence: a 403, a name that does not resolve.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// 404: the thing is not there. The code tells a missing tag (`MANIFEST_UNKNOWN`) from a missing repository
    /// (`NAME_UNKNOWN`) where the registry tells them apart; it is for the wording only.
    #[error("{host} has no such thing{}", told(.code, .message))]
    NotFound { host: String, code: Option<String>, message: Option<String> },
    /// 401 or 403 although a credential was sent (or none was to be had).
    #[error("{host} answered {status}{}{}", told(.code, .message), if *.anonymous { " to a request without credentials" } else { "" })]
    Refused {
        host: String,
        status: u16,
        code: Option<String>,
        message: Option<String>,
        challenge: Option<String>,
        anonymous: bool,
    },
    /// 403 with the firewall's words: the network, not the identity. <https://aka.ms/acr/firewall>
    #[error("{host} does not let this address in{}", told(&None, .message))]
    Closed { host: String, message: Option<String> },
    /// 429, also after waiting as long as the deadline allowed.
    #[error("{host} asked to come back later (429{})", .retry_after.map(|s| format!(", in {s} s")).unwrap_or_default())]
    Throttled { host: String, retry_after: Option<u64>, message: Option<String> },
    #[error("{host} answered {status}{}", told(.code, .message))]
    Server { host: String, status: u16, code: Option<String>, message: Option<String> },
    /// Redirected to another host or too often.
    #[error("{host} redirected to {to}, where a credential must not go")]
    Redirected { host: String, to: String },
    /// The name does not resolve; `last` is the last name of the chain of aliases, which tells a dangling private link.
    #[error("the name {host} does not resolve here{}", .last.as_ref().map(|last| format!(" (its alias {last} has no address)")).unwrap_or_default())]
    Name { host: String, last: Option<String> },
    #[error("cannot connect to {host}: {reason}")]
    Connect { host: String, reason: String },
    #[error("no trusted TLS connection to {host}: {reason}")]
    Tls { host: String, reason: String },
    #[error("{host} did not answer within {seconds} s")]
    Timeout { host: String, seconds: u64 },
    /// An answer that is not what the protocol says: a proxy's page, a wrong digest.
    #[error("{what}")]
    Unreadable { what: String },
    /// Longer than pullgate reads.
    #[error("{what} is larger than the {bound} bytes that pullgate reads")]
    TooLarge { what: String, bound: u64 },
    /// Resource Manager said AuthorizationFailed: what the caller would need.
    #[error("the caller may not read this: it needs {permission} on {scope}")]
    NotAllowed { permission: String, scope: String },
    /// No credential worked; what was tried and why each was skipped.
    #[error("no Azure credential: {}", .tried.join("; "))]
    NoCredential { tried: Vec<String> },
    /// A value of the manifest that is known only after deployment.
    #[error("`{expression}` is not known before the deployment: {why}")]
    Unknown { expression: String, why: String },
    /// Something that is not in the files, and where it would be had.
    #[error("`{what}` is not known: {why}")]
    NotInFiles { what: String, why: String, remedy: String },
    /// It was not asked, because something before it failed or the deadline had passed.
    #[error("not asked: {why}")]
    Skipped { why: String },
}

fn told(code: &Option<String>, message: &Option<String>) -> String {
    match (code, message) {
        (Some(code), Some(message)) => format!(": {code}: {message}"),
        (Some(text), None) | (None, Some(text)) => format!(": {text}"),
        (None, None) => String::new(),
    }
}

fn elsewhere(host: &str) -> String {
    format!(
        "run pullgate where {host} can be reached (a self-hosted runner in its network), replay recorded evidence (`--evidence`), \
         or allow it with `--allow-unverified=H2`"
    )
}

impl Failure {
    pub fn unreadable(what: impl Into<String>) -> Failure {
        Failure::Unreadable { what: what.into() }
    }

    /// A 404 without words.
    pub fn not_found(host: impl Into<String>) -> Failure {
        Failure::NotFound { host: host.into(), code: None, message: None }
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self, Failure::NotFound { .. })
    }

    /// Something that the files leave out and only the live app has.
    pub fn left_out(what: impl Into<String>, why: impl Into<String>) -> Failure {
        let remedy = "name the app that the file is laid over: `--app NAME -g GROUP`, or `--job`".to_owned();
        Failure::NotInFiles { what: what.into(), why: why.into(), remedy }
    }

    /// Whether nobody was asked, because what was given does not say enough to ask.
    pub fn is_for_want_of_input(&self) -> bool {
        matches!(self, Failure::Unknown { .. } | Failure::NotInFiles { .. })
    }

    /// What would make it known, for people.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Failure::NotAllowed { permission, scope } => Some(format!(
                "grant the caller a role with {permission} on {scope}; `pullgate doctor` prints the smallest one"
            )),
            Failure::NoCredential { .. } => Some(
                "log in first (`az login`, or azure/login in a workflow); `pullgate doctor` shows what is tried"
                    .to_owned(),
            ),
            Failure::Name { host, last: None } => Some(format!("if the name is right, {}", elsewhere(host))),
            Failure::Closed { host, .. }
            | Failure::Name { host, .. }
            | Failure::Connect { host, .. }
            | Failure::Timeout { host, .. } => Some(elsewhere(host)),
            Failure::NotInFiles { remedy, .. } => Some(remedy.clone()),
            Failure::Unknown { .. } => {
                Some("pass the parameter or the deployment's context (`-p`, `--subscription`, `-g`)".to_owned())
            }
            _ => None,
        }
    }
}
