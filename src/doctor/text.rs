//! The report for people.

use std::io::{self, Write};

use super::{Asked, Doctor, State};
use crate::report::plain;

/// Writes the report.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut dyn Write, doctor: &Doctor) -> io::Result<()> {
    who(out, doctor)?;
    questions(out, &doctor.questions)?;
    if !doctor.unverified.is_empty() {
        writeln!(out, "\nWould stay unverified")?;
        for open in &doctor.unverified {
            writeln!(out, "  ? {} ({}): {}", open.check, plain(&open.about), plain(&open.reason))?;
        }
    }
    mend(out, doctor)?;
    let last = match doctor.complete {
        true => "✓ everything that is needed can be read",
        false => "? not everything that is needed can be read",
    };
    writeln!(out, "\n{last}")
}

fn who(out: &mut dyn Write, doctor: &Doctor) -> io::Result<()> {
    writeln!(out, "Who asks")?;
    match (&doctor.caller, &doctor.no_caller) {
        (Some(caller), _) => {
            writeln!(out, "  ✓ {}", plain(&caller.source))?;
            let parts =
                [("tenant", &caller.tenant), ("application", &caller.application_id), ("object", &caller.object_id)];
            for (word, id) in parts {
                if let Some(id) = id {
                    writeln!(out, "    {word:<12}{}", plain(id))?;
                }
            }
        }
        (None, Some(why)) => writeln!(out, "  ✗ nobody: {}", plain(why))?,
        (None, None) => writeln!(out, "  ○ nobody: the answers come from a file")?,
    }
    writeln!(out, "    {:<12}{}", "cloud", doctor.cloud)?;
    for skipped in &doctor.skipped {
        writeln!(out, "  – not used: {}", plain(skipped))?;
    }
    Ok(())
}

fn questions(out: &mut dyn Write, questions: &[Asked]) -> io::Result<()> {
    if questions.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWhat it can read")?;
    let order = [State::Closed, State::Unneeded, State::Absent, State::Read];
    for asked in order.iter().flat_map(|state| questions.iter().filter(move |asked| asked.state == *state)) {
        let mark = match asked.state {
            State::Read => "✓",
            State::Absent => "○",
            State::Closed => "✗",
            State::Unneeded => "–",
        };
        writeln!(out, "  {mark} {}{}", plain(&asked.question), word(asked))?;
        if let Some(permission) = &asked.permission {
            let scope = if permission.scope.is_empty() { "the subscriptions" } else { &permission.scope };
            writeln!(out, "      needs {} on {}", plain(&permission.action), plain(scope))?;
        }
    }
    Ok(())
}

fn word(asked: &Asked) -> String {
    match (asked.state, &asked.why) {
        (State::Absent, _) => ": there is none".to_owned(),
        // What it needs stands below it, and says the same.
        (State::Closed, _) if asked.permission.is_some() => String::new(),
        (State::Unneeded, Some(why)) => format!(": {} (nothing depends on it)", plain(why)),
        (_, Some(why)) => format!(": {}", plain(why)),
        (_, None) => String::new(),
    }
}

fn mend(out: &mut dyn Write, doctor: &Doctor) -> io::Result<()> {
    let mend = &doctor.mend;
    if mend.commands.is_empty() && mend.advice.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nWhat mends it")?;
    for advice in &mend.advice {
        writeln!(out, "  {}", plain(advice))?;
    }
    if let Some(role) = &mend.role {
        writeln!(out, "  a role that reads what is missing, and nothing else:")?;
        let json = serde_json::to_string_pretty(role).expect("a role has only string keys");
        for line in json.lines() {
            writeln!(out, "    {}", plain(line))?;
        }
    }
    for command in &mend.commands {
        writeln!(out, "    {}", plain(command))?;
    }
    Ok(())
}
