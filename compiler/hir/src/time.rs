//! Which texts are points in time and spans of time.

/// `2024-01-31`
pub(crate) fn is_date(text: &str) -> bool {
    let text = text.trim();
    let bytes = text.as_bytes();
    bytes.len() == 10 && date_length(text) == Some(10)
}

/// `2024-01-31T08:00:00Z`, with a blank for the `T`, without seconds, with a fraction, with an offset for the `Z`, and a
/// date alone.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let text = text.trim();
    let Some(length) = date_length(text) else { return false };
    let rest = &text[length..];
    if rest.is_empty() {
        return true;
    }
    let Some(rest) = rest.strip_prefix(['T', 't', ' ']) else { return false };
    let Some((rest, hour)) = two_digits(rest) else { return false };
    let Some((mut rest, minute)) = rest.strip_prefix(':').and_then(two_digits) else { return false };
    if hour > 24 || minute > 59 {
        return false;
    }
    if let Some(after) = rest.strip_prefix(':') {
        let Some((after, second)) = two_digits(after) else { return false };
        if second > 60 {
            return false;
        }
        rest = after;
        if let Some(fraction) = rest.strip_prefix('.') {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return false;
            }
            rest = &fraction[digits..];
        }
    }
    let rest = rest.trim_start();
    match rest {
        "" | "Z" | "z" => true,
        _ => rest.strip_prefix(['+', '-']).is_some_and(is_offset),
    }
}

/// `7d`, `1 day 12 hours`, `-90m`, `04:05:06`, `P1DT2H`.
pub(crate) fn is_interval(text: &str) -> bool {
    let mut rest = text.trim();
    if rest.is_empty() {
        return false;
    }
    if rest.starts_with('P') {
        return rest.len() > 1
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+'));
    }
    while !rest.is_empty() {
        let number =
            rest.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')).count();
        if let Some(clock) = rest[number..].strip_prefix(':') {
            let length = clock.bytes().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')).count();
            if number == 0 || length == 0 {
                return false;
            }
            rest = clock[length..].trim_start();
            continue;
        }
        if rest[..number].parse::<f64>().is_err() {
            return false;
        }
        let tail = rest[number..].trim_start();
        let length = tail.find(|letter: char| !letter.is_alphabetic()).unwrap_or(tail.len());
        if length > 0 && !is_unit(&tail[..length]) {
            return false;
        }
        rest = tail[length..].trim_start_matches([' ', ',']);
    }
    true
}

/// A unit of time, in any case: `d`, `day`, `days`.
pub(crate) fn is_unit(text: &str) -> bool {
    let lower = text.to_lowercase();
    let long = lower.strip_suffix('s').unwrap_or(&lower);
    matches!(lower.as_str(), "us" | "ms" | "s" | "m" | "h" | "d" | "w" | "q" | "y")
        || matches!(
            long,
            "usec"
                | "msec"
                | "sec"
                | "min"
                | "hr"
                | "mon"
                | "yr"
                | "microsecond"
                | "millisecond"
                | "second"
                | "minute"
                | "hour"
                | "day"
                | "week"
                | "month"
                | "quarter"
                | "year"
        )
}

fn is_offset(text: &str) -> bool {
    let Some((rest, hours)) = two_digits(text) else { return false };
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    hours <= 18 && (rest.is_empty() || two_digits(rest).is_some_and(|(rest, minutes)| rest.is_empty() && minutes < 60))
}

/// The length of the date that the text begins with.
fn date_length(text: &str) -> Option<usize> {
    let year = text.get(..4).filter(|year| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let (rest, month) = text[4..].strip_prefix('-').and_then(two_digits)?;
    let (_, day) = rest.strip_prefix('-').and_then(two_digits)?;
    let year: u32 = year.parse().ok()?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    (1..=days).contains(&day).then_some(10)
}

fn two_digits(text: &str) -> Option<(&str, u32)> {
    let digits = text.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((&text[2..], digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{is_date, is_interval, is_timestamp};

    #[test]
    fn intervals() {
        for text in ["7d", "1 day 12 hours", "-90m", "04:05:06", "P1DT2H", "1.5 h, 3 ms", "30"] {
            assert!(is_interval(text), "{text}");
        }
        for text in ["", "d", "7 lightyears", "soon", "7d!", "P"] {
            assert!(!is_interval(text), "{text}");
        }
    }

    #[test]
    fn dates() {
        assert!(is_date("2024-02-29"));
        assert!(!is_date("2023-02-29"));
        assert!(!is_date("2024-2-9"));
        assert!(!is_date("yesterday"));
        assert!(!is_date("äöüß-01-01"));
    }

    #[test]
    fn timestamps() {
        for text in ["2024-01-31", "2024-01-31T08:00:00Z", "2024-01-31 08:00", "2024-01-31T08:00:00.123+0200"] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in ["2024-01-31T", "2024-01-31T8:00", "now", "2024-13-01T00:00:00Z", "2024-01-31T08:00:00Zz"] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
