//! When an answer was given. Judging has no clock: the probe writes these moments into the answers whose age matters.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Moments around an answer, in the form `2026-05-01T12:00:00Z`, in which times compare as texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub now: String,
    /// What happened since may not have reached every part of Azure.
    pub recently: String,
    pub yesterday: String,
    /// What ends before is worth a word.
    pub soon: String,
}

/// The member of an answer that holds them.
const MEMBER: &str = "asked";

/// As many characters of a time as tell its second: Azure writes fractions and offsets behind them, always in UTC.
const SECOND: usize = "2026-05-01T12:00:00".len();

impl Asked {
    /// The moments of an answer; `None` when nobody wrote them into it.
    pub fn of(answer: &Value) -> Option<Asked> {
        Asked::deserialize(answer.get(MEMBER)?).ok()
    }

    /// Writes the moments into an answer.
    pub fn write(&self, answer: &mut Value) {
        if let (Some(members), Ok(moments)) = (answer.as_object_mut(), serde_json::to_value(self)) {
            members.insert(MEMBER.to_owned(), moments);
        }
    }

    /// Whether a time lies within the last minutes.
    pub fn is_recent(&self, time: &str) -> bool {
        second(time) > second(&self.recently) && second(time) <= second(&self.now)
    }

    /// Whether a time lies within the last day.
    pub fn is_of_today(&self, time: &str) -> bool {
        second(time) > second(&self.yesterday) && second(time) <= second(&self.now)
    }

    pub fn is_past(&self, time: &str) -> bool {
        second(time) <= second(&self.now)
    }

    pub fn is_soon(&self, time: &str) -> bool {
        second(time) <= second(&self.soon)
    }
}

fn second(time: &str) -> &str {
    time.get(..SECOND).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_compare_however_azure_ends_them() {
        let asked = json!({"asked": {"now": "2026-05-01T12:00:00Z", "recently": "2026-05-01T11:45:00Z", "yesterday":
            "2026-04-30T12:00:00Z", "soon": "2026-05-31T12:00:00Z"}});
        let asked = Asked::of(&asked).unwrap();
        for (time, recent, today, past, soon) in [
            ("2026-05-01T11:59:58.7733983Z", true, true, true, true),
            ("2026-05-01T11:45:00.1+00:00", false, true, true, true),
            ("2026-04-30T11:00:00Z", false, false, true, true),
            ("2026-05-01T12:00:01Z", false, false, false, true),
            ("2026-06-01T12:00:00Z", false, false, false, false),
        ] {
            let told = (asked.is_recent(time), asked.is_of_today(time), asked.is_past(time), asked.is_soon(time));
            assert_eq!(told, (recent, today, past, soon), "{time}");
        }
        assert_eq!(Asked::of(&json!({"value": []})), None);
    }
}
