//! The clock, for answers whose age matters: judging has none.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::Date;
use crate::evidence::Asked;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// How long a role assignment may need to work, with a margin: "up to 10 minutes"
/// (<https://learn.microsoft.com/azure/role-based-access-control/troubleshooting>).
const SPREADING: i64 = 15 * MINUTE;

/// How long before its end a secret is worth a word.
const SOON: i64 = 30 * DAY;

/// The moments of an answer that is given now.
pub fn asked() -> Asked {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    at(i64::try_from(now).unwrap_or(0))
}

fn at(now: i64) -> Asked {
    Asked {
        now: moment(now),
        recently: moment(now - SPREADING),
        yesterday: moment(now - DAY),
        soon: moment(now + SOON),
    }
}

fn moment(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(DAY);
    let (hours, minutes, seconds_left) = (of_day / 3_600, of_day / MINUTE % 60, of_day % MINUTE);
    format!("{}T{hours:02}:{minutes:02}:{seconds_left:02}Z", Date::from_days(seconds.div_euclid(DAY)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_azure_writes_them() {
        let asked = at(1_795_176_123);
        let told = [asked.now, asked.recently, asked.yesterday, asked.soon];
        let expected = ["2026-11-20T12:02:03Z", "2026-11-20T11:47:03Z", "2026-11-19T12:02:03Z", "2026-12-20T12:02:03Z"];
        assert_eq!(told, expected);
    }
}
