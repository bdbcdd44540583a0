//! A moment: read from text as .NET reads it, and written by its format strings in the invariant culture
//! (https://learn.microsoft.com/dotnet/standard/base-types/custom-date-and-time-format-strings).

/// Ticks of 100 nanoseconds since the year 1, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(i128);

pub const TICKS_PER_SECOND: i128 = 10_000_000;
const TICKS_PER_DAY: i128 = 86_400 * TICKS_PER_SECOND;
/// Days from the year 1 to 1970.
const DAYS_TO_EPOCH: i128 = 719_162;
/// The first moment of the year 10000.
const END: i128 = 3_652_059 * TICKS_PER_DAY;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A moment in the parts that formats write.
struct Parts {
    year: i128,
    month: usize,
    day: i128,
    weekday: usize,
    hour: i128,
    minute: i128,
    second: i128,
    ticks: i128,
}

impl Moment {
    /// `None` outside of the years 1 to 9999, as in all that follow.
    pub fn of_epoch(seconds: i64) -> Option<Moment> {
        Moment::within(i128::from(seconds) * TICKS_PER_SECOND + DAYS_TO_EPOCH * TICKS_PER_DAY)
    }

    pub fn epoch(self) -> i64 {
        let ticks = self.0 - DAYS_TO_EPOCH * TICKS_PER_DAY;
        i64::try_from(ticks.div_euclid(TICKS_PER_SECOND)).unwrap_or(0)
    }

    pub fn plus(self, ticks: i128) -> Option<Moment> {
        Moment::within(self.0.checked_add(ticks)?)
    }

    fn within(ticks: i128) -> Option<Moment> {
        (0..END).contains(&ticks).then_some(Moment(ticks))
    }

    /// Reads ISO 8601, long and short, with a blank in place of `T`, and the American form. Without a zone it is UTC.
    pub fn read(text: &str) -> Option<Moment> {
        let text = text.trim();
        if text.contains('/') { american(text) } else { iso(text) }
    }

    /// The moment by a standard or custom format; `None` when the format is none.
    pub fn write(self, format: &str) -> Option<String> {
        let mut letters = format.chars();
        match (letters.next(), letters.next()) {
            (None, _) => Some(self.custom("MM/dd/yyyy HH:mm:ss")),
            (Some(letter), None) => standard(letter).map(|format| self.custom(format)),
            (Some('%'), Some(_)) => Some(self.custom(&format[1..])),
            _ => Some(self.custom(format)),
        }
    }

    fn parts(self) -> Parts {
        let days = self.0.div_euclid(TICKS_PER_DAY);
        let of_day = self.0.rem_euclid(TICKS_PER_DAY);
        let (year, month, day) = civil(days);
        let seconds = of_day / TICKS_PER_SECOND;
        Parts {
            year,
            month: usize::try_from(month).unwrap_or(1),
            day,
            weekday: usize::try_from(days.rem_euclid(7)).unwrap_or(0),
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            ticks: of_day % TICKS_PER_SECOND,
        }
    }

    fn custom(self, format: &str) -> String {
        let parts = self.parts();
        let mut out = String::new();
        let mut rest = format;
        while let Some(letter) = rest.chars().next() {
            let length = rest.len() - rest.trim_start_matches(letter).len();
            let count = length / letter.len_utf8();
            match letter {
                '\'' | '"' => {
                    let inside = &rest[1..];
                    let end = inside.find(letter).unwrap_or(inside.len());
                    out.push_str(&inside[..end]);
                    rest = inside.get(end + 1..).unwrap_or("");
                    continue;
                }
                '\\' => {
                    let mut after = rest[1..].chars();
                    out.extend(after.next());
                    rest = after.as_str();
                    continue;
                }
                _ => out.push_str(&parts.field(letter, count)),
            }
            rest = &rest[length..];
        }
        out
    }
}

impl Parts {
    fn field(&self, letter: char, count: usize) -> String {
        let padded = |value: i128, width: usize| format!("{value:0>width$}");
        let hour = if self.hour % 12 == 0 { 12 } else { self.hour % 12 };
        let half = if self.hour < 12 { "AM" } else { "PM" };
        match (letter, count) {
            ('d', 1 | 2) => padded(self.day, count),
            ('d', 3) => DAYS[self.weekday][..3].to_owned(),
            ('d', _) => DAYS[self.weekday].to_owned(),
            ('M', 1 | 2) => padded(self.month as i128, count),
            ('M', 3) => MONTHS[self.month - 1][..3].to_owned(),
            ('M', _) => MONTHS[self.month - 1].to_owned(),
            ('y', 1 | 2) => padded(self.year % 100, count),
            ('y', _) => padded(self.year, count.min(20)),
            ('h', _) => padded(hour, count.min(2)),
            ('H', _) => padded(self.hour, count.min(2)),
            ('m', _) => padded(self.minute, count.min(2)),
            ('s', _) => padded(self.second, count.min(2)),
            ('t', 1) => half[..1].to_owned(),
            ('t', _) => half.to_owned(),
            ('f', _) => padded(self.ticks, 7)[..count.min(7)].to_owned(),
            ('F', _) => padded(self.ticks, 7)[..count.min(7)].trim_end_matches('0').to_owned(),
            ('K', _) => "Z".repeat(count),
            ('z', 1) => "+0".to_owned(),
            ('z', 2) => "+00".to_owned(),
            ('z', _) => "+00:00".to_owned(),
            ('g', _) => "A.D.".to_owned(),
            _ => letter.to_string().repeat(count),
        }
    }
}

fn standard(letter: char) -> Option<&'static str> {
    match letter {
        'd' => Some("MM/dd/yyyy"),
        'D' => Some("dddd, dd MMMM yyyy"),
        'f' => Some("dddd, dd MMMM yyyy HH:mm"),
        'F' | 'U' => Some("dddd, dd MMMM yyyy HH:mm:ss"),
        'g' => Some("MM/dd/yyyy HH:mm"),
        'G' => Some("MM/dd/yyyy HH:mm:ss"),
        'm' | 'M' => Some("MMMM dd"),
        'o' | 'O' => Some("yyyy-MM-ddTHH:mm:ss.fffffffK"),
        'r' | 'R' => Some("ddd, dd MMM yyyy HH:mm:ss 'GMT'"),
        's' => Some("yyyy-MM-ddTHH:mm:ss"),
        't' => Some("HH:mm"),
        'T' => Some("HH:mm:ss"),
        'u' => Some("yyyy-MM-dd HH:mm:ss'Z'"),
        'y' | 'Y' => Some("yyyy MMMM"),
        _ => None,
    }
}

/// Year, month and day of a count of days since the year 1.
fn civil(days: i128) -> (i128, i128, i128) {
    // Years from March on, in eras of 400 years.
    let days = days + 306;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (era * 400 + year_of_era + i128::from(month <= 2), month, day)
}

fn days(year: i128, month: i128, day: i128) -> Option<i128> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (shifted_year.div_euclid(400), shifted_year.rem_euclid(400));
    let shifted = (month + 9) % 12;
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 306;
    // The 30th of February is another day.
    (civil(days) == (year, month, day)).then_some(days)
}

/// Reads digits and separators one after the other.
struct Scan<'t>(&'t str);

impl Scan<'_> {
    fn number(&mut self, least: usize, most: usize) -> Option<i128> {
        let length = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if length < least {
            return None;
        }
        let value = self.0[..length].parse().ok();
        self.0 = &self.0[length..];
        value
    }

    fn eat(&mut self, separators: &[char]) -> bool {
        match self.0.strip_prefix(separators) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// The time of a day in ticks. `long` is with colons.
    fn time(&mut self, long: bool) -> Option<i128> {
        let hour = self.number(if long { 1 } else { 2 }, 2)?;
        let mut fields = [0, 0];
        for field in &mut fields {
            if long && !self.eat(&[':']) {
                break;
            }
            match self.number(2, 2) {
                Some(value) => *field = value,
                None if long => return None,
                None => break,
            }
        }
        let [minute, second] = fields;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut ticks = 0;
        if self.eat(&['.']) {
            let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
            let digits: String = self.0[..length].chars().chain("0000000".chars()).take(7).collect();
            ticks = digits.parse().ok().filter(|_| length > 0)?;
            self.0 = &self.0[length..];
        }
        Some((hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + ticks)
    }

    /// What is to subtract for UTC.
    fn zone(&mut self) -> Option<i128> {
        self.0 = self.0.trim_start();
        if self.0.is_empty() || self.eat(&['Z', 'z']) {
            return self.0.is_empty().then_some(0);
        }
        let sign = if self.0.starts_with('-') { -1 } else { 1 };
        if !self.eat(&['+', '-']) {
            return None;
        }
        let hours = self.number(1, 2)?;
        self.eat(&[':']);
        let minutes = self.number(2, 2).unwrap_or(0);
        let ok = self.0.is_empty() && hours <= 14 && minutes < 60;
        ok.then_some(sign * (hours * 60 + minutes) * 60 * TICKS_PER_SECOND)
    }
}

fn iso(text: &str) -> Option<Moment> {
    let mut scan = Scan(text);
    let year = scan.number(4, 4)?;
    let long = scan.eat(&['-']);
    let month = scan.number(if long { 1 } else { 2 }, 2)?;
    let day = match long {
        true if scan.eat(&['-']) => scan.number(1, 2)?,
        true => 1,
        false => scan.number(2, 2)?,
    };
    let day = days(year, month, day)? * TICKS_PER_DAY;
    let time = if scan.eat(&['T', 't', ' ']) { scan.time(scan.0.contains(':') && long)? } else { 0 };
    Moment::within(day + time - scan.zone()?)
}

/// `4/7/2020 2:53:14 PM`.
fn american(text: &str) -> Option<Moment> {
    let mut scan = Scan(text);
    let month = scan.number(1, 2)?;
    scan.eat(&['/']).then_some(())?;
    let day = scan.number(1, 2)?;
    scan.eat(&['/']).then_some(())?;
    let year = scan.number(4, 4)?;
    let day = days(year, month, day)? * TICKS_PER_DAY;
    let mut time = 0;
    if scan.eat(&[' ']) {
        time = scan.time(true)?;
        let rest = scan.0.trim_start();
        let noon = 12 * 3600 * TICKS_PER_SECOND;
        let half = rest.get(..2).map(str::to_ascii_uppercase);
        match half.as_deref() {
            Some("AM") if time >= noon => time -= noon,
            Some("PM") if time < noon => time += noon,
            _ => (),
        }
        scan.0 = if matches!(half.as_deref(), Some("AM" | "PM")) { &rest[2..] } else { rest };
    }
    Moment::within(day + time - scan.zone()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, epoch: Option<i64>) {
        assert_eq!(Moment::read(text).map(Moment::epoch), epoch);
    }

    #[test]
    fn moments_are_read() {
        reads("2023-05-02T15:16:13Z", Some(1_683_040_573));
        reads("2023-05-02 15:16:13Z", Some(1_683_040_573));
        reads("20230502T151613Z", Some(1_683_040_573));
        reads("2023-05-02T17:16:13+02:00", Some(1_683_040_573));
        reads("2023-05-02T15:16:13.999Z", Some(1_683_040_573));
        reads("5/2/2023 3:16:13 PM", Some(1_683_040_573));
        reads("1970-01-01", Some(0));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in
            ["", "nope", "2023-02-30", "2023-13-01", "2023-05-02T25:00:00Z", "0000-01-01", "2023-05-02T15:16:13X"]
        {
            reads(text, None);
        }
    }

    #[track_caller]
    fn writes(format: &str, expected: &str) {
        let moment = Moment::read("2020-04-07T14:53:14.5Z").unwrap();
        assert_eq!(moment.write(format).as_deref(), Some(expected));
    }

    #[test]
    fn moments_are_written() {
        writes("u", "2020-04-07 14:53:14Z");
        writes("d", "04/07/2020");
        writes("o", "2020-04-07T14:53:14.5000000Z");
        writes("R", "Tue, 07 Apr 2020 14:53:14 GMT");
        writes("yyyyMMddTHHmmssZ", "20200407T145314Z");
        writes("MMMM d, yyyy", "April 7, 2020");
        writes("h:mm tt", "2:53 PM");
        writes("'day' dd", "day 07");
        writes("%d", "7");
        writes("yy.M.d", "20.4.7");
    }
}
