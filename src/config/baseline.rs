//! The findings of an earlier run, from its JSON report: with them an old code base can start.

use std::collections::HashSet;

use serde::Deserialize;

use crate::report::json::SCHEMA;

/// Why a file is no baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    #[error("it is no JSON report of pullgate; write one with `--report json=FILE`")]
    Malformed(#[from] serde_json::Error),
    #[error(
        "it is a document of schema `{0}`; a baseline is a report of schema `{SCHEMA}`, written with `--report json=FILE`"
    )]
    Schema(String),
}

#[derive(Deserialize)]
struct Document {
    schema: String,
    #[serde(default)]
    judgements: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    fingerprint: Option<String>,
}

/// The fingerprints of the findings in a JSON report, those included that were excused then.
///
/// # Errors
/// When the text is no such report.
pub fn read_baseline(text: &str) -> Result<HashSet<String>, BaselineError> {
    let document: Document = serde_json::from_str(text)?;
    if document.schema != SCHEMA {
        return Err(BaselineError::Schema(crate::document::shorten(&document.schema)));
    }
    Ok(document.judgements.into_iter().filter_map(|item| item.fingerprint).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_is_a_report() {
        let report =
            r#"{"schema": "pullgate/report/1", "summary": {}, "judgements": [{"fingerprint": "a"}, {"code": "x"}]}"#;
        assert_eq!(read_baseline(report).unwrap(), HashSet::from(["a".to_owned()]));
        assert!(read_baseline("{}").is_err());
        assert!(read_baseline("").is_err());
        let other = read_baseline(r#"{"schema": "pullgate/expand/1"}"#).unwrap_err();
        assert!(other.to_string().contains("pullgate/expand/1"));
    }
}
