//! Numbers as .NET writes them in the invariant culture: standard formats such as `N0` and `D3`, and custom ones such as
//! `#,##0.00` (https://learn.microsoft.com/dotnet/standard/base-types/standard-numeric-format-strings).

#[derive(Clone, Copy)]
pub enum Number {
    Int(i64),
    Float(f64),
}

/// .NET allows more, but nobody means it.
const MAX_PRECISION: usize = 999;

/// The number in this format; `None` when it is none, or none of this kind of number.
pub fn format(number: Number, spec: &str) -> Option<String> {
    let letter = spec.chars().next()?;
    let digits = &spec[letter.len_utf8()..];
    if !letter.is_ascii_alphabetic() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return custom(number, spec);
    }
    let precision = match digits {
        "" => None,
        digits => Some(digits.parse::<usize>().ok().filter(|precision| *precision <= MAX_PRECISION)?),
    };
    let (negative, magnitude) = split(number);
    let sign = if negative { "-" } else { "" };
    match letter.to_ascii_uppercase() {
        'D' => match number {
            Number::Int(value) => {
                let digits = value.unsigned_abs().to_string();
                Some(format!("{sign}{digits:0>width$}", width = precision.unwrap_or(0)))
            }
            Number::Float(_) => None,
        },
        'X' | 'B' => {
            let Number::Int(value) = number else { return None };
            let digits = match letter {
                'X' => format!("{value:X}"),
                'x' => format!("{value:x}"),
                _ => format!("{value:b}"),
            };
            Some(format!("{digits:0>width$}", width = precision.unwrap_or(0)))
        }
        'F' => Some(format!("{sign}{}", fixed(magnitude, precision.unwrap_or(2)))),
        'N' => Some(format!("{sign}{}", grouped(&fixed(magnitude, precision.unwrap_or(2))))),
        'C' => {
            let amount = grouped(&fixed(magnitude, precision.unwrap_or(2)));
            Some(if negative { format!("(¤{amount})") } else { format!("¤{amount}") })
        }
        'P' => {
            let percent = match magnitude {
                Magnitude::Int(value) => Magnitude::Int(value * 100),
                Magnitude::Float(value) => Magnitude::Float(value * 100.0),
            };
            Some(format!("{sign}{} %", grouped(&fixed(percent, precision.unwrap_or(2)))))
        }
        'E' => {
            let text = match magnitude {
                Magnitude::Int(value) => format!("{:.*e}", precision.unwrap_or(6), value as f64),
                Magnitude::Float(value) => format!("{value:.*e}", precision.unwrap_or(6)),
            };
            let (mantissa, exponent) = text.split_once('e')?;
            let exponent: i32 = exponent.parse().ok()?;
            let exponent_sign = if exponent < 0 { '-' } else { '+' };
            Some(format!("{sign}{mantissa}{letter}{exponent_sign}{:03}", exponent.abs()))
        }
        'G' | 'R' => Some(match number {
            Number::Int(value) => value.to_string(),
            Number::Float(value) => shortest(value),
        }),
        _ => None,
    }
}

/// A double as `ToString()` writes it: the fewest digits that give it back.
pub fn shortest(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() || magnitude == 0.0 || (1e-5..1e15).contains(&magnitude) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{mantissa}E{sign}{exponent:0>2}")
}

#[derive(Clone, Copy)]
enum Magnitude {
    Int(u128),
    Float(f64),
}

fn split(number: Number) -> (bool, Magnitude) {
    match number {
        Number::Int(value) => (value < 0, Magnitude::Int(value.unsigned_abs().into())),
        Number::Float(value) => (value < 0.0, Magnitude::Float(value.abs())),
    }
}

fn fixed(magnitude: Magnitude, precision: usize) -> String {
    match magnitude {
        Magnitude::Int(value) if precision == 0 => value.to_string(),
        Magnitude::Int(value) => format!("{value}.{}", "0".repeat(precision)),
        Magnitude::Float(value) => format!("{value:.precision$}"),
    }
}

/// With a comma between thousands.
fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A pattern of `0`, `#`, `.`, `,`, `%` and text, with sections for negative numbers and zero. Exponents are not read.
fn custom(number: Number, spec: &str) -> Option<String> {
    let (negative, mut magnitude) = split(number);
    let zero = match magnitude {
        Magnitude::Int(value) => value == 0,
        Magnitude::Float(value) => value == 0.0,
    };
    let sections: Vec<&str> = spec.split(';').collect();
    let (section, sign) = match sections.as_slice() {
        [_, _, third, ..] if zero => (*third, ""),
        [_, second, ..] if negative && !second.is_empty() => (*second, ""),
        [first, ..] => (*first, if negative { "-" } else { "" }),
        [] => return None,
    };
    if section.contains('%') {
        magnitude = match magnitude {
            Magnitude::Int(value) => Magnitude::Int(value * 100),
            Magnitude::Float(value) => Magnitude::Float(value * 100.0),
        };
    }
    let (whole_pattern, fraction_pattern) = section.split_once('.').unwrap_or((section, ""));
    let places = |pattern: &str| pattern.chars().filter(|c| matches!(c, '0' | '#')).count();
    let zeros = |pattern: &str| pattern.chars().filter(|c| *c == '0').count();
    let digits = fixed(magnitude, places(fraction_pattern).min(MAX_PRECISION));
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let grouping = whole_pattern.trim_matches(|c| !matches!(c, '0' | '#' | ',')).contains(',');
    let mut whole = if whole == "0" && zeros(whole_pattern) == 0 { String::new() } else { whole.to_owned() };
    whole = format!("{whole:0>width$}", width = zeros(whole_pattern).min(MAX_PRECISION));
    if grouping {
        whole = grouped(&whole);
    }
    let required = fraction_pattern.rfind('0').map_or(0, |last| places(&fraction_pattern[..=last]));
    let mut fraction = fraction.to_owned();
    while fraction.len() > required && fraction.ends_with('0') {
        fraction.pop();
    }
    let first = whole_pattern.find(['0', '#']).unwrap_or(whole_pattern.len());
    let last = whole_pattern.rfind(['0', '#']).map_or(first, |last| last + 1);
    let fraction_end = fraction_pattern.rfind(['0', '#']).map_or(0, |last| last + 1);
    let mut out = format!("{sign}{}", literal(&whole_pattern[..first]));
    if places(whole_pattern) + places(fraction_pattern) > 0 {
        out.push_str(&whole);
    }
    out.push_str(&literal(whole_pattern[last..].trim_start_matches(',')));
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(&fraction);
    }
    out.push_str(&literal(&fraction_pattern[fraction_end..]));
    Some(out)
}

fn literal(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn writes(number: i64, spec: &str, expected: &str) {
        assert_eq!(format(Number::Int(number), spec).as_deref(), Some(expected));
    }

    #[test]
    fn integers_are_written_as_dotnet_writes_them() {
        writes(8_175_133, "N0", "8,175,133");
        writes(-1234, "N", "-1,234.00");
        writes(7, "D3", "007");
        writes(-7, "D3", "-007");
        writes(255, "X", "FF");
        writes(255, "x4", "00ff");
        writes(-1, "x", "ffffffffffffffff");
        writes(5, "P0", "500 %");
        writes(1234, "E2", "1.23E+003");
        writes(1234, "#,##0.00", "1,234.00");
        writes(5, "000", "005");
        writes(5, "v-0", "v-5");
    }

    #[test]
    fn what_is_no_format_is_refused() {
        assert_eq!(format(Number::Int(1), "Q"), None);
        assert_eq!(format(Number::Float(1.0), "D"), None);
    }

    #[test]
    fn doubles_have_the_fewest_digits() {
        assert_eq!(shortest(2.5), "2.5");
        assert_eq!(shortest(1e16), "1E+16");
        assert_eq!(shortest(0.000_001), "1E-06");
    }
}
