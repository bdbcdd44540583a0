//! What a check found wrong: where, what, and what repairs it.

use serde::{Deserialize, Serialize};

use crate::source::{Span, Traced};
use crate::value::Value;

/// How bad a finding is. Only an error (and with `--fail-on warning` a warning) stops a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// A change of the manifest that repairs the finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub at: Span,
    pub replacement: String,
}

/// A place that explains how a finding came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub at: Span,
    pub text: String,
}

/// Something that a deployment will stumble over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub at: Span,
    pub title: String,
    /// Lower than the check's own severity where the facts leave room; `None` is the check's own.
    pub severity: Option<Severity>,
    pub detail: Vec<String>,
    pub also: Vec<Label>,
    pub help: Option<String>,
    pub commands: Vec<String>,
    pub edit: Option<Edit>,
}

impl Severity {
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl Finding {
    pub fn at(at: Span, title: impl Into<String>) -> Finding {
        Finding {
            at,
            title: title.into(),
            severity: None,
            detail: Vec::new(),
            also: Vec::new(),
            help: None,
            commands: Vec::new(),
            edit: None,
        }
    }

    /// A finding at a value, with the places that the value passed through as secondary labels.
    pub fn at_value(value: &Value, title: impl Into<String>) -> Finding {
        let hops = value.via.spans();
        Finding::at(value.at, title).through(&hops)
    }

    /// The same for a traced value.
    pub fn at_traced<T>(value: &Traced<T>, title: impl Into<String>) -> Finding {
        Finding::at(value.at, title).through(&value.via)
    }

    fn through(mut self, hops: &[Span]) -> Finding {
        // Where the value itself was written in no file (a flag), the nearest hop is what a person can look at.
        let mut hops = hops.iter().filter(|hop| hop.is_written());
        if !self.at.is_written()
            && let Some(&hop) = hops.next()
        {
            self.at = hop;
        }
        for &hop in hops {
            self = self.also(hop, "the value comes through here");
        }
        self
    }

    pub fn also(mut self, at: Span, text: impl Into<String>) -> Finding {
        if at.is_written() && at != self.at && !self.also.iter().any(|label| label.at == at) {
            self.also.push(Label { at, text: text.into() });
        }
        self
    }

    pub fn detail(mut self, text: impl Into<String>) -> Finding {
        self.detail.push(text.into());
        self
    }

    pub fn help(mut self, text: impl Into<String>) -> Finding {
        self.help = Some(text.into());
        self
    }

    pub fn command(mut self, text: impl Into<String>) -> Finding {
        self.commands.push(text.into());
        self
    }

    pub fn edit(mut self, at: Span, replacement: impl Into<String>) -> Finding {
        self.edit = Some(Edit { at, replacement: replacement.into() });
        self
    }

    pub fn severity(mut self, severity: Severity) -> Finding {
        self.severity = Some(severity);
        self
    }

    pub fn warning(self) -> Finding {
        self.severity(Severity::Warning)
    }

    pub fn note(self) -> Finding {
        self.severity(Severity::Note)
    }
}
