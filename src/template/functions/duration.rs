//! Durations of ISO 8601, as `dateTimeAdd` takes them.

use super::moment::TICKS_PER_SECOND;

/// The duration in ticks; `None` when the text is none, or too long to be meant. A year has 365 days and a month 30
/// (https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-date#datetimeadd).
pub fn ticks(text: &str) -> Option<i128> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').map_or((rest, None), |(days, time)| (days, Some(time)));
    let day = 86_400;
    let of_days = parts(days, &[('Y', 365 * day), ('M', 30 * day), ('W', 7 * day), ('D', day)])?;
    let of_time = match time {
        None => 0,
        Some("") => return None,
        Some(time) => parts(time, &[('H', 3600), ('M', 60), ('S', 1)])?,
    };
    (!rest.is_empty()).then_some(sign * (of_days + of_time))
}

/// Numbers with units, which come in the order given.
fn parts(mut text: &str, units: &[(char, i128)]) -> Option<i128> {
    let mut units = units.iter();
    let mut sum = 0;
    while !text.is_empty() {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = (&text[..end], text[end..].chars().next()?);
        let (_, seconds) = units.find(|(letter, _)| *letter == unit)?;
        sum += seconds * number_ticks(number, unit)?;
        text = &text[end + 1..];
    }
    Some(sum)
}

fn number_ticks(number: &str, unit: char) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // Only seconds have fractions.
    if whole.is_empty() || whole.len() > 12 || (number.contains('.') && (unit != 'S' || fraction.is_empty())) {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let digits: String = fraction.chars().chain("0000000".chars()).take(7).collect();
    let fraction: i128 = digits.parse().ok()?;
    Some(whole * TICKS_PER_SECOND + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn seconds(text: &str, expected: Option<i128>) {
        assert_eq!(ticks(text), expected.map(|seconds| seconds * TICKS_PER_SECOND));
    }

    #[test]
    fn durations() {
        seconds("P1Y", Some(365 * 86_400));
        seconds("P1M", Some(30 * 86_400));
        seconds("P1W", Some(7 * 86_400));
        seconds("-PT1H30M", Some(-5400));
        seconds("P1DT12H", Some(129_600));
        seconds("P0D", Some(0));
    }

    #[test]
    fn what_is_no_duration() {
        for text in ["", "P", "PT", "P1DT", "1D", "P1", "P1H", "PT1D", "P1D1Y", "P1.5D", "P-1D", "PT99999999999999S"] {
            seconds(text, None);
        }
    }
}
