//! SARIF 2.1.0, for code scanning.

use std::io::{self, Write};

use super::Report;

/// Writes the report.
///
/// # Errors
/// What the writer says.
pub fn write(_out: &mut dyn Write, _report: &Report) -> io::Result<()> {
    Err(io::Error::other("not written yet"))
}
