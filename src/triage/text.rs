//! What triage found, for a person to read.

use std::io::{self, Write};

use super::{Finding, Triage};

/// How many causes are shown in full.
const SHOWN: usize = 5;

/// Writes the findings, likeliest first, with what contradicts them and what to run next.
///
/// # Errors
/// Whatever writing to `out` gives.
pub fn write(out: &mut dyn Write, triage: &Triage) -> io::Result<()> {
    if triage.findings.is_empty() {
        return write_nothing(out, triage);
    }
    for (at, finding) in triage.findings.iter().take(SHOWN).enumerate() {
        write_finding(out, at + 1, finding)?;
    }
    if triage.findings.len() > SHOWN {
        writeln!(out, "and {} less likely; all are in the JSON report", triage.findings.len() - SHOWN)?;
    }
    Ok(())
}

fn write_finding(out: &mut dyn Write, rank: usize, finding: &Finding) -> io::Result<()> {
    let percent = (finding.confidence * 100.0).round();
    writeln!(out, "{rank}. {} {} ({percent} %): {}", finding.hypothesis.name(), finding.cause, finding.meaning)?;
    if let Some(image) = &finding.image {
        writeln!(out, "   image: {image}")?;
    }
    writeln!(out, "   line {}: {}", finding.line, finding.text)?;
    write_list(out, "because", &finding.why)?;
    write_list(out, "it would be something else if", &finding.against)?;
    if !finding.commands.is_empty() {
        writeln!(out, "   run next:")?;
        for command in &finding.commands {
            writeln!(out, "     {command}")?;
        }
    }
    writeln!(out)
}

fn write_list(out: &mut dyn Write, title: &str, items: &[String]) -> io::Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(out, "   {title}:")?;
    items.iter().try_for_each(|item| writeln!(out, "     - {item}"))
}

fn write_nothing(out: &mut dyn Write, triage: &Triage) -> io::Result<()> {
    let Some(first) = triage.unexplained.first() else {
        return writeln!(out, "nothing recognised: no line speaks of an image that could not be pulled");
    };
    writeln!(out, "an image could not be pulled, but no line says why")?;
    for failure in triage.unexplained.iter().take(SHOWN) {
        writeln!(out, "   line {}: {}", failure.line, failure.text)?;
    }
    writeln!(out, "   the reason is in the answer of the deployment, or in the system log around the first failure:")?;
    first.commands.iter().try_for_each(|command| writeln!(out, "     {command}"))
}
