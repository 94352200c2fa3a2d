//! Timestamps, dates and intervals: text, epoch numbers, calendar arithmetic.

use jiff::civil;

use crate::value::Interval;

/// Microseconds of a day.
pub const DAY: i64 = 86_400_000_000;
const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;
const SECOND: i64 = 1_000_000;

/// What an epoch number counts: `unit` of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochUnit {
    /// `s`
    Seconds,
    /// `ms`
    Milliseconds,
    /// `us`
    Microseconds,
}

impl EpochUnit {
    /// `s`, `ms` or `us`.
    pub fn from_name(name: &str) -> Option<EpochUnit> {
        match name {
            "s" => Some(EpochUnit::Seconds),
            "ms" => Some(EpochUnit::Milliseconds),
            "us" => Some(EpochUnit::Microseconds),
            _ => None,
        }
    }
}

/// `YYYY-MM-DDTHH:MM:SS[.mmm[uuu]]Z`; years outside 0 to 9999 have a sign and six digits.
pub fn timestamp_to_text(micros: i64) -> String {
    let mut text = String::with_capacity(27);
    write_timestamp(micros, &mut text);
    text
}

/// Appends a timestamp as [`timestamp_to_text`] gives it.
pub fn write_timestamp(micros: i64, text: &mut String) {
    write_date(micros.div_euclid(DAY), text);
    let time = micros.rem_euclid(DAY);
    for (mark, part) in [('T', time / HOUR), (':', time / MINUTE % 60), (':', time / SECOND % 60)] {
        text.push(mark);
        write_digits(part, 2, text);
    }
    let fraction = time % SECOND;
    if fraction % 1000 != 0 {
        text.push('.');
        write_digits(fraction, 6, text);
    } else if fraction != 0 {
        text.push('.');
        write_digits(fraction / 1000, 3, text);
    }
    text.push('Z');
}

/// Appends a number of at most six digits with leading zeros.
fn write_digits(number: i64, width: usize, text: &mut String) {
    let (mut number, mut digits) = (number, [b'0'; 6]);
    for digit in digits[..width].iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    text.extend(digits[..width].iter().map(|digit| char::from(*digit)));
}

/// `YYYY-MM-DD`
pub fn date_to_text(days: i32) -> String {
    let mut text = String::with_capacity(10);
    write_date(i64::from(days), &mut text);
    text
}

/// Appends a day as [`date_to_text`] gives it; any that a timestamp may be in.
pub fn write_date(days: i64, text: &mut String) {
    let (year, month, day) = civil_from_days(days);
    match year {
        0..=9999 => write_digits(year, 4, text),
        _ => {
            text.push(if year < 0 { '-' } else { '+' });
            write_digits(year.abs(), 6, text);
        }
    }
    for part in [month, day] {
        text.push('-');
        write_digits(i64::from(part), 2, text);
    }
}

/// Year, month and day of a day since 1970-01-01, in the proleptic Gregorian calendar.
pub fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month as u32, day as u32)
}

/// The day since 1970-01-01; `None` where the calendar has no such day.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> Option<i64> {
    if !(-300_000..=300_000).contains(&year)
        || !(1..=12).contains(&month)
        || day == 0
        || day > month_length(year, month)
    {
        return None;
    }
    let shifted_year = year - i64::from(month <= 2);
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let shifted_month = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

fn month_length(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Reads ISO 8601: a date, or a date and a time with `T` or a blank between; `Z`, `+01:00`, `+0100`, `+01` behind it, no zone
/// means UTC; a date alone is its midnight in UTC. More than six digits of a second's fraction are rounded.
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let mut reader = Reader { bytes: text.trim().as_bytes(), position: 0 };
    let days = reader.date()?;
    let midnight = days.checked_mul(DAY)?;
    if reader.at_end() {
        return Some(midnight);
    }
    if !reader.take(b'T') && !reader.take(b't') && !reader.take(b' ') {
        return None;
    }
    let time = reader.time()?;
    while reader.take(b' ') {}
    let offset = reader.zone()?;
    reader.at_end().then(|| midnight.checked_add(time)?.checked_sub(offset)).flatten()
}

/// Reads `YYYY-MM-DD`, or a timestamp that is a midnight in UTC.
pub fn parse_date(text: &str) -> Option<i32> {
    timestamp_to_exact_date(parse_timestamp(text)?)
}

/// The day of a timestamp that is a midnight in UTC.
pub fn timestamp_to_exact_date(micros: i64) -> Option<i32> {
    (micros.rem_euclid(DAY) == 0).then(|| timestamp_to_date(micros))
}

/// The day in UTC that a timestamp lies in.
pub fn timestamp_to_date(micros: i64) -> i32 {
    // Invariant: an i64 of microseconds is within 107 million days of 1970.
    micros.div_euclid(DAY) as i32
}

/// Midnight in UTC; `None` beyond the range of timestamps.
pub fn date_to_timestamp(days: i32) -> Option<i64> {
    i64::from(days).checked_mul(DAY)
}

/// An epoch number as a timestamp. Without a unit, a number below 10^11 counts seconds, below 10^14 milliseconds, else
/// microseconds; fractions are rounded to microseconds.
pub fn epoch_to_timestamp(number: f64, unit: Option<EpochUnit>) -> Option<i64> {
    let unit = unit.unwrap_or(match number.abs() {
        size if size < 1e11 => EpochUnit::Seconds,
        size if size < 1e14 => EpochUnit::Milliseconds,
        _ => EpochUnit::Microseconds,
    });
    let micros = match unit {
        EpochUnit::Seconds => number * 1e6,
        EpochUnit::Milliseconds => number * 1e3,
        EpochUnit::Microseconds => number,
    };
    crate::coerce::number_to_integer(micros.round())
}

struct Reader<'t> {
    bytes: &'t [u8],
    position: usize,
}

impl Reader<'_> {
    fn at_end(&self) -> bool {
        self.position == self.bytes.len()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// Exactly `count` digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.bytes.get(self.position..self.position + count)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.position += count;
        Some(digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    }

    fn date(&mut self) -> Option<i64> {
        let year = if self.take(b'+') {
            self.digits(6)?
        } else if self.take(b'-') {
            -self.digits(6)?
        } else {
            self.digits(4)?
        };
        if !self.take(b'-') {
            return None;
        }
        let month = self.digits(2)?;
        if !self.take(b'-') {
            return None;
        }
        let day = self.digits(2)?;
        days_from_civil(year, month as u32, day as u32)
    }

    fn time(&mut self) -> Option<i64> {
        let hour = self.digits(2)?;
        if !self.take(b':') {
            return None;
        }
        let minute = self.digits(2)?;
        let mut second = 0;
        let mut fraction = 0;
        if self.take(b':') {
            second = self.digits(2)?;
            if self.take(b'.') || self.take(b',') {
                fraction = self.fraction()?;
            }
        }
        let time = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
        // 24:00 is the midnight that ends the day, :60 a leap second; both belong to what follows.
        (hour <= 24 && minute <= 59 && second <= 60 && (hour < 24 || time == DAY)).then_some(time)
    }

    fn fraction(&mut self) -> Option<i64> {
        let start = self.position;
        let mut micros = 0;
        let mut scale = SECOND;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let digit = i64::from(digit - b'0');
            if scale > 1 {
                scale /= 10;
                micros += digit * scale;
            } else if self.position - start == 6 && digit >= 5 {
                micros += 1;
            }
            self.position += 1;
        }
        (self.position > start).then_some(micros)
    }

    /// Microseconds east of UTC.
    fn zone(&mut self) -> Option<i64> {
        let sign = match self.peek() {
            None => return Some(0),
            Some(b'Z' | b'z') => {
                self.position += 1;
                return Some(0);
            }
            Some(b'+') => 1,
            Some(b'-') => -1,
            Some(_) => return None,
        };
        self.position += 1;
        let hours = self.digits(2)?;
        let colon = self.take(b':');
        let minutes = if colon || !self.at_end() { self.digits(2)? } else { 0 };
        (hours <= 18 && minutes <= 59).then_some(sign * (hours * HOUR + minutes * MINUTE))
    }
}

/// ISO 8601, as PostgreSQL prints it: `P1Y2M3DT4H5M6.5S`, `PT0S`; each part has its own sign.
pub fn interval_to_text(interval: Interval) -> String {
    let mut text = String::from("P");
    let part = |text: &mut String, number: i64, letter: char| {
        if number != 0 {
            text.push_str(&format!("{number}{letter}"));
        }
    };
    part(&mut text, i64::from(interval.months / 12), 'Y');
    part(&mut text, i64::from(interval.months % 12), 'M');
    part(&mut text, interval.days, 'D');
    let time = interval.microseconds;
    if time != 0 {
        text.push('T');
        part(&mut text, time / HOUR, 'H');
        part(&mut text, time / MINUTE % 60, 'M');
        let seconds = time % MINUTE;
        if seconds != 0 {
            let sign = if seconds < 0 { "-" } else { "" };
            let (whole, fraction) = (seconds.abs() / SECOND, seconds.abs() % SECOND);
            text.push_str(&format!("{sign}{whole}"));
            if fraction != 0 {
                text.push('.');
                text.push_str(format!("{fraction:06}").trim_end_matches('0'));
            }
            text.push('S');
        }
    }
    if text.len() == 1 {
        text.push_str("T0S");
    }
    text
}

/// A span of time: `7d`, `24h`, `1h30m`, `2 days 3 hours`, `1 day 04:05:06`, `P1DT2H`. `m` means minutes, `mon` months.
pub fn parse_interval(text: &str) -> Option<Interval> {
    let text = text.trim();
    if let Some(iso) = text.strip_prefix('P') {
        return parse_iso_interval(iso);
    }
    let mut interval = Interval::default();
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let length = number_length(rest);
        if let Some(tail) = rest[length..].strip_prefix(':') {
            let end = tail.find(' ').unwrap_or(tail.len());
            interval = add_intervals(interval, parse_clock(&rest[..length], &tail[..end])?)?;
            rest = tail[end..].trim_start();
            continue;
        }
        let number = crate::coerce::parse_number(&rest[..length])?;
        let tail = rest[length..].trim_start();
        let end = tail.find(|character: char| !character.is_alphabetic()).unwrap_or(tail.len());
        interval = add_intervals(interval, interval_of(number, &tail[..end])?)?;
        rest = tail[end..].trim_start_matches([' ', ',']);
    }
    Some(interval)
}

fn number_length(text: &str) -> usize {
    text.bytes().position(|byte| !(byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'))).unwrap_or(text.len())
}

/// `04:05[:06.5]`
fn parse_clock(hours: &str, rest: &str) -> Option<Interval> {
    let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
    let negative = hours.starts_with('-');
    let hours: i64 = hours.parse().ok()?;
    let minutes: i64 = minutes.parse().ok().filter(|minutes| (0..60).contains(minutes))?;
    let seconds = crate::coerce::parse_number(seconds).filter(|seconds| (0.0..60.0).contains(seconds))?;
    let below = minutes * MINUTE + (seconds * 1e6).round() as i64;
    let microseconds = hours.checked_mul(HOUR)?.checked_add(if negative { -below } else { below })?;
    Some(Interval { microseconds, ..Interval::default() })
}

fn parse_iso_interval(text: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    let mut in_time = false;
    let mut rest = text;
    if rest.is_empty() || rest == "T" {
        return None;
    }
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('T') {
            in_time = true;
            rest = tail;
            continue;
        }
        let length = number_length(rest);
        let number = crate::coerce::parse_number(&rest[..length])?;
        let unit = match (rest[length..].chars().next()?, in_time) {
            ('Y', false) => "year",
            ('M', false) => "month",
            ('W', false) => "week",
            ('D', false) => "day",
            ('H', true) => "hour",
            ('M', true) => "minute",
            ('S', true) => "second",
            _ => return None,
        };
        interval = add_intervals(interval, interval_of(number, unit)?)?;
        rest = &rest[length + 1..];
    }
    Some(interval)
}

/// So many of a unit; a fraction goes on to the smaller units, a month having 30 days. `None` for an unknown unit or where it
/// is out of range.
pub fn interval_of(number: f64, unit: &str) -> Option<Interval> {
    let time = |factor: i64| {
        crate::coerce::number_to_integer((number * factor as f64).round())
            .map(|microseconds| Interval { microseconds, ..Interval::default() })
    };
    match unit.to_ascii_lowercase().as_str() {
        "us" | "usec" | "usecs" | "microsecond" | "microseconds" => time(1),
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => time(1000),
        "" | "s" | "sec" | "secs" | "second" | "seconds" => time(SECOND),
        "m" | "min" | "mins" | "minute" | "minutes" => time(MINUTE),
        "h" | "hr" | "hrs" | "hour" | "hours" => time(HOUR),
        "d" | "day" | "days" => days(number),
        "w" | "week" | "weeks" => days(number * 7.0),
        "mon" | "mons" | "month" | "months" => months(number),
        "q" | "quarter" | "quarters" => months(number * 3.0),
        "y" | "yr" | "yrs" | "year" | "years" => months(number * 12.0),
        _ => None,
    }
}

fn days(number: f64) -> Option<Interval> {
    let days = crate::coerce::number_to_integer(number.trunc())?;
    let microseconds = (number.fract() * DAY as f64).round() as i64;
    Some(Interval { days, microseconds, months: 0 })
}

fn months(number: f64) -> Option<Interval> {
    let whole = crate::coerce::number_to_integer(number.trunc()).and_then(|months| i32::try_from(months).ok())?;
    add_intervals(Interval { months: whole, ..Interval::default() }, days(number.fract() * 30.0)?)
}

/// The sum, part by part; `None` where a part is out of range.
pub fn add_intervals(left: Interval, right: Interval) -> Option<Interval> {
    Some(Interval {
        months: left.months.checked_add(right.months)?,
        days: left.days.checked_add(right.days)?,
        microseconds: left.microseconds.checked_add(right.microseconds)?,
    })
}

/// The opposite span; `None` where a part is out of range.
pub fn negate_interval(interval: Interval) -> Option<Interval> {
    Some(Interval {
        months: interval.months.checked_neg()?,
        days: interval.days.checked_neg()?,
        microseconds: interval.microseconds.checked_neg()?,
    })
}

/// What intervals are compared by: microseconds, a month counting 30 days and a day 24 hours.
pub fn interval_order(interval: Interval) -> i128 {
    let days = i128::from(interval.months) * 30 + i128::from(interval.days);
    days * i128::from(DAY) + i128::from(interval.microseconds)
}

/// Months first (the day is cut to the month's length), then days, then time; `None` beyond the years -9999 to 9999.
pub fn add_interval(micros: i64, interval: Interval) -> Option<i64> {
    let mut day = micros.div_euclid(DAY);
    if interval.months != 0 {
        let (year, month, of_month) = civil_from_days(day);
        let date = civil::Date::new(i16::try_from(year).ok()?, month as i8, of_month as i8).ok()?;
        let span = jiff::Span::new().try_months(i64::from(interval.months)).ok()?;
        let moved = date.checked_add(span).ok()?;
        day = days_from_civil(i64::from(moved.year()), moved.month() as u32, moved.day() as u32)?;
    }
    day.checked_add(interval.days)?
        .checked_mul(DAY)?
        .checked_add(micros.rem_euclid(DAY))?
        .checked_add(interval.microseconds)
}

/// The time from `right` to `left` as days and microseconds of one sign; `None` where it is out of range.
pub fn timestamp_difference(left: i64, right: i64) -> Option<Interval> {
    let micros = left.checked_sub(right)?;
    Some(Interval { months: 0, days: micros / DAY, microseconds: micros % DAY })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn timestamp(text: &str, expected: &str) {
        assert_eq!(parse_timestamp(text).map(timestamp_to_text).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn timestamps_are_read_in_the_forms_that_apis_use() {
        timestamp("2024-01-15", "2024-01-15T00:00:00Z");
        timestamp("2024-01-15T10:00", "2024-01-15T10:00:00Z");
        timestamp("2024-01-15T10:00:00Z", "2024-01-15T10:00:00Z");
        timestamp("2024-01-15T10:00:00.5Z", "2024-01-15T10:00:00.500Z");
        timestamp("2024-01-15T10:00:00.123456789Z", "2024-01-15T10:00:00.123457Z");
        timestamp("2024-01-15T10:00:00.000+0000", "2024-01-15T10:00:00Z");
        timestamp("2024-01-15T10:00:00+05:30", "2024-01-15T04:30:00Z");
        timestamp("2024-01-15 10:00:00-08", "2024-01-15T18:00:00Z");
        timestamp("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z");
        timestamp("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
        timestamp("+010000-01-01T00:00:00Z", "+010000-01-01T00:00:00Z");
    }

    #[test]
    fn other_texts_are_no_timestamps() {
        for text in [
            "",
            "2024",
            "2024-02-30",
            "2024-01-15T",
            "2024-01-15T25:00",
            "yesterday",
            "2024-01-15T10:00:00Zx",
            "1700000000",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_reads_back() {
        for days in (-800_000..800_000).step_by(37) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), Some(days));
        }
        timestamp_to_text(i64::MIN);
        timestamp_to_text(i64::MAX);
        date_to_text(i32::MIN);
    }

    #[test]
    fn epoch_numbers_are_told_apart_by_size() {
        let expected = parse_timestamp("2023-11-14T22:13:20Z");
        for number in [1_700_000_000.0, 1_700_000_000_000.0, 1_700_000_000_000_000.0] {
            assert_eq!(epoch_to_timestamp(number, None), expected);
        }
        assert_eq!(epoch_to_timestamp(1.5, None), Some(1_500_000));
        assert_eq!(epoch_to_timestamp(1500.0, Some(EpochUnit::Milliseconds)), Some(1_500_000));
        assert_eq!(epoch_to_timestamp(1e30, None), None);
    }

    #[track_caller]
    fn interval(text: &str, expected: &str) {
        assert_eq!(parse_interval(text).map(interval_to_text).as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn intervals_are_read_and_printed() {
        interval("7d", "P7D");
        interval("24h", "PT24H");
        interval("1h30m", "PT1H30M");
        interval("5s", "PT5S");
        interval("250ms", "PT0.25S");
        interval("2 days 3 hours", "P2DT3H");
        interval("1 year 2 mons 3 days 04:05:06.5", "P1Y2M3DT4H5M6.5S");
        interval("P1Y2M3DT4H5M6.5S", "P1Y2M3DT4H5M6.5S");
        interval("-1 month", "P-1M");
        interval("1.5 months", "P1M15D");
        interval("0.5d", "PT12H");
        interval("0s", "PT0S");
        for text in ["", "d", "7x", "P", "1:99", "7 d d", "é", "1é"] {
            assert_eq!(parse_interval(text), None, "{text}");
        }
    }

    #[test]
    fn months_end_at_the_last_day() {
        let start = parse_timestamp("2024-01-31T12:00:00Z").expect("valid");
        let month = Interval { months: 1, ..Interval::default() };
        assert_eq!(add_interval(start, month).map(timestamp_to_text).as_deref(), Some("2024-02-29T12:00:00Z"));
        assert_eq!(add_interval(i64::MAX, Interval { days: 1, ..Interval::default() }), None);
        assert_eq!(add_interval(start, Interval { months: i32::MAX, ..Interval::default() }), None);
    }
}
