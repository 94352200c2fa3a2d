//! Functions on timestamps and dates, all in UTC.

use moltler_abi::DataType;

use super::{Builtin, Result, text_argument, wrong};
use crate::coerce::{
    DAY, add_interval, civil_from_days, coerce, date_to_timestamp, days_from_civil, interval_of, negate_interval,
    parse_interval, timestamp_to_date,
};
use crate::context::ExecContext;
use crate::datum::Operand;
use crate::error::RuntimeError;
use crate::evaluate::with_article;
use crate::value::{Interval, Value};

pub(super) const FUNCTIONS: &[(&str, Builtin)] = &[
    ("CURRENT_DATE", |context, _| Ok(Value::Date(timestamp_to_date(context.now())))),
    ("CURRENT_TIMESTAMP", now),
    ("DATEDIFF", datediff),
    ("DATE_ADD", |_, arguments| shift("DATE_ADD", arguments, false)),
    ("DATE_FORMAT", |_, arguments| format(micros(&arguments[0]), text_argument(arguments, 1))),
    ("DATE_SUB", |_, arguments| shift("DATE_SUB", arguments, true)),
    ("DATE_TRUNC", truncate),
    ("EXTRACT", extract),
    ("EXTRACT_DAY", |_, arguments| Ok(part_of(micros(&arguments[0]), "day").unwrap_or_default())),
    ("EXTRACT_MONTH", |_, arguments| Ok(part_of(micros(&arguments[0]), "month").unwrap_or_default())),
    ("EXTRACT_YEAR", |_, arguments| Ok(part_of(micros(&arguments[0]), "year").unwrap_or_default())),
    ("NOW", now),
];

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
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const UNITS: &str = "year, quarter, month, week, day, hour, minute and second";

fn now(context: &ExecContext, _: &[Value]) -> Result<Value> {
    Ok(Value::Timestamp(context.now()))
}

fn out_of_range() -> RuntimeError {
    RuntimeError::new("OverflowError", "the result is out of range")
}

/// A span of time from a text such as `7d`, or from a number and a unit: `INTERVAL '7d'`, `INTERVAL 7 DAY`.
pub fn interval(value: Operand<'_>, unit: &str) -> Result<Value> {
    let value = value.to_value();
    let wrong_value = || {
        let unit = if unit.is_empty() { String::new() } else { format!(" with the unit `{unit}`") };
        RuntimeError::new("ValueError", format!("{}{unit} is not an interval", crate::coerce::excerpt(&value)))
    };
    let number = |value: &Value| match coerce(value, DataType::Number, None) {
        Some(Value::Number(number)) => Some(number),
        _ => None,
    };
    let interval = match &value {
        Value::Null => return Ok(Value::Null),
        Value::Interval(interval) if unit.is_empty() => Some(*interval),
        Value::String(text) if unit.is_empty() => parse_interval(text),
        value if !unit.is_empty() => number(value).and_then(|number| interval_of(number, unit)),
        _ => None,
    };
    interval.map(Value::Interval).ok_or_else(wrong_value)
}

fn micros(value: &Value) -> i64 {
    match value {
        Value::Timestamp(micros) => *micros,
        // Beyond the range of timestamps lies nothing that a calendar has.
        Value::Date(days) => date_to_timestamp(*days).unwrap_or(if *days < 0 { i64::MIN } else { i64::MAX }),
        _ => panic!("Invariant: arguments have the types of their parameters"),
    }
}

/// A result of the argument's type.
fn like(argument: &Value, micros: i64) -> Value {
    match argument {
        Value::Date(_) => Value::Date(timestamp_to_date(micros)),
        _ => Value::Timestamp(micros),
    }
}

fn datediff(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let days = |value: &Value| i64::from(timestamp_to_date(micros(value)));
    Ok(Value::Integer(days(&arguments[0]) - days(&arguments[1])))
}

fn shift(function: &str, arguments: &[Value], back: bool) -> Result<Value> {
    let amount = match &arguments[1] {
        Value::Interval(amount) => *amount,
        Value::String(text) if arguments.len() == 2 && parse_interval(text).is_some() => {
            parse_interval(text).unwrap_or_default()
        }
        amount => {
            let unit = if arguments.len() > 2 { text_argument(arguments, 2) } else { "day" };
            let number = match coerce(amount, DataType::Number, None) {
                Some(Value::Number(number)) => number,
                None if matches!(amount, Value::Integer(_)) => return Err(out_of_range()),
                _ => {
                    let found = with_article(crate::datum::type_of(amount));
                    return Err(wrong(function, format!("`amount` must be a number or an interval, not {found}")));
                }
            };
            if unit.is_empty() || interval_of(1.0, unit).is_none() {
                return Err(wrong(function, format!("there is no unit `{unit}`; there are {UNITS}")));
            }
            interval_of(number, unit).ok_or_else(out_of_range)?
        }
    };
    let amount: Interval = if back { negate_interval(amount).ok_or_else(out_of_range)? } else { amount };
    let moved = add_interval(micros(&arguments[0]), amount).ok_or_else(out_of_range)?;
    Ok(like(&arguments[0], moved))
}

fn truncate(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let unit = text_argument(arguments, 0).to_ascii_lowercase();
    let micros = micros(&arguments[1]);
    let days = micros.div_euclid(DAY);
    let (year, month, _) = civil_from_days(days);
    let start_of_day = |days: Option<i64>| days.and_then(|days| days.checked_mul(DAY)).ok_or_else(out_of_range);
    let truncated = match unit.as_str() {
        "year" => start_of_day(days_from_civil(year, 1, 1))?,
        "quarter" => start_of_day(days_from_civil(year, (month - 1) / 3 * 3 + 1, 1))?,
        "month" => start_of_day(days_from_civil(year, month, 1))?,
        "week" => start_of_day(Some(days - (days + 3).rem_euclid(7)))?,
        "day" => start_of_day(Some(days))?,
        "hour" => micros - micros.rem_euclid(3_600_000_000),
        "minute" => micros - micros.rem_euclid(60_000_000),
        "second" => micros - micros.rem_euclid(1_000_000),
        _ => return Err(wrong("DATE_TRUNC", format!("there is no unit `{unit}`; there are {UNITS}"))),
    };
    Ok(like(&arguments[1], truncated))
}

fn extract(_: &ExecContext, arguments: &[Value]) -> Result<Value> {
    let part = text_argument(arguments, 0).to_ascii_lowercase();
    // Declared as a number, whatever the part.
    match part_of(micros(&arguments[1]), &part) {
        Some(Value::Integer(integer)) => Ok(Value::Number(integer as f64)),
        Some(value) => Ok(value),
        None => Err(wrong("EXTRACT", format!("there is no part `{part}`; there are {UNITS}, dow, doy and epoch"))),
    }
}

fn part_of(micros: i64, part: &str) -> Option<Value> {
    let days = micros.div_euclid(DAY);
    let time = micros.rem_euclid(DAY);
    let (year, month, day) = civil_from_days(days);
    let day_of_year = days - days_from_civil(year, 1, 1)? + 1;
    Some(Value::Integer(match part {
        "year" => year,
        "quarter" => i64::from((month - 1) / 3 + 1),
        "month" => i64::from(month),
        "week" => iso_week(days),
        "day" => i64::from(day),
        "hour" => time / 3_600_000_000,
        "minute" => time / 60_000_000 % 60,
        "second" => return Some(Value::Number((time % 60_000_000) as f64 / 1e6)),
        "dow" => (days + 4).rem_euclid(7),
        "doy" => day_of_year,
        "epoch" => return Some(Value::Number(micros as f64 / 1e6)),
        _ => return None,
    }))
}

/// The week of the year that its Thursday lies in.
fn iso_week(days: i64) -> i64 {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil_from_days(thursday);
    (thursday - days_from_civil(year, 1, 1).unwrap_or(thursday)) / 7 + 1
}

fn format(micros: i64, pattern: &str) -> Result<Value> {
    let days = micros.div_euclid(DAY);
    let time = micros.rem_euclid(DAY);
    let (year, month, day) = civil_from_days(days);
    let hour = time / 3_600_000_000;
    let month_name = MONTHS[month as usize - 1];
    let day_name = DAYS[(days + 4).rem_euclid(7) as usize];
    // Longer names come before those that they start with.
    let parts: [(&str, String); 21] = [
        ("YYYY", format!("{year:04}")),
        ("YY", format!("{:02}", year.rem_euclid(100))),
        ("HH24", format!("{hour:02}")),
        ("HH12", format!("{:02}", (hour + 11) % 12 + 1)),
        ("HH", format!("{:02}", (hour + 11) % 12 + 1)),
        ("MI", format!("{:02}", time / 60_000_000 % 60)),
        ("MM", format!("{month:02}")),
        ("MS", format!("{:03}", time % 1_000_000 / 1000)),
        ("US", format!("{:06}", time % 1_000_000)),
        ("SS", format!("{:02}", time / 1_000_000 % 60)),
        ("Month", month_name.to_owned()),
        ("MONTH", month_name.to_uppercase()),
        ("Mon", month_name[..3].to_owned()),
        ("MON", month_name[..3].to_uppercase()),
        ("DDD", format!("{:03}", days - days_from_civil(year, 1, 1).unwrap_or(days) + 1)),
        ("DD", format!("{day:02}")),
        ("Day", day_name.to_owned()),
        ("DY", day_name[..3].to_uppercase()),
        ("Dy", day_name[..3].to_owned()),
        ("AM", if hour < 12 { "AM" } else { "PM" }.to_owned()),
        ("Q", ((month - 1) / 3 + 1).to_string()),
    ];
    let mut text = String::new();
    let mut rest = pattern;
    'next: while let Some(first) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            text.push_str(&quoted[..end]);
            rest = quoted.get(end + 1..).unwrap_or("");
            continue;
        }
        for (name, part) in &parts {
            if let Some(tail) = rest.strip_prefix(name).or_else(|| rest.strip_prefix("PM").filter(|_| *name == "AM")) {
                text.push_str(part);
                rest = tail;
                continue 'next;
            }
        }
        text.push(first);
        rest = &rest[first.len_utf8()..];
    }
    Ok(Value::String(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtins::tests::{call_with, check};
    use crate::coerce::value_to_json;

    #[track_caller]
    fn on_date(name: &str, before: &[Value], date: &str, after: &[Value], expected: &str) {
        let date = crate::coerce::cast(&Value::String(date.into()), DataType::Date).expect("valid");
        let arguments: Vec<Value> = before.iter().cloned().chain([date]).chain(after.iter().cloned()).collect();
        let result = match call_with(name, &arguments) {
            Ok(value) => value_to_json(&value),
            Err(error) => error.to_string(),
        };
        assert_eq!(result, expected, "{name}");
    }

    fn text(text: &str) -> Value {
        Value::String(text.into())
    }

    #[test]
    fn moving() {
        on_date("DATE_ADD", &[], "2024-01-31", &[Value::Integer(1), text("month")], "\"2024-02-29\"");
        on_date("DATE_SUB", &[], "2024-03-01", &[Value::Integer(1)], "\"2024-02-29\"");
        on_date("DATE_ADD", &[], "2024-03-01", &[text("1 day")], "\"2024-03-02\"");
        on_date(
            "DATE_ADD",
            &[],
            "2024-03-01",
            &[Value::Integer(1), text("x")],
            &format!("ValueError: DATE_ADD: there is no unit `x`; there are {UNITS}"),
        );
        on_date(
            "DATE_ADD",
            &[],
            "2024-03-01",
            &[Value::Integer(i64::MAX)],
            "OverflowError: the result is out of range",
        );
        check("DATEDIFF", r#"["2024-03-01T01:00:00Z","2024-02-28T23:00:00Z"]"#, "2");
    }

    #[test]
    fn truncating_and_parts() {
        for (unit, expected) in [
            ("year", "\"2024-01-01T00:00:00Z\""),
            ("quarter", "\"2024-04-01T00:00:00Z\""),
            ("month", "\"2024-05-01T00:00:00Z\""),
            ("WEEK", "\"2024-05-13T00:00:00Z\""),
            ("hour", "\"2024-05-15T13:00:00Z\""),
        ] {
            check("DATE_TRUNC", &format!("[\"{unit}\",\"2024-05-15T13:14:15.5Z\"]"), expected);
        }
        for (part, expected) in [
            ("year", "2024"),
            ("quarter", "2"),
            ("week", "20"),
            ("dow", "3"),
            ("doy", "136"),
            ("second", "15.5"),
            ("epoch", "1715778855.5"),
        ] {
            check("EXTRACT", &format!("[\"{part}\",\"2024-05-15T13:14:15.5Z\"]"), expected);
        }
        check("EXTRACT", r#"["week","2021-01-03"]"#, "53");
        check("EXTRACT_MONTH", r#"["1969-12-31T23:59:59Z"]"#, "12");
        assert!(call_with("EXTRACT", &[text("x"), Value::Timestamp(i64::MIN)]).is_err());
        assert!(call_with("DATE_TRUNC", &[text("week"), Value::Timestamp(i64::MIN)]).is_err());
    }

    #[test]
    fn formatting() {
        check(
            "DATE_FORMAT",
            r#"["2024-03-01T14:05:06.007Z","Dy DD. Mon YYYY HH12:MI:SS.MS AM \"at MM\" DDD Q é"]"#,
            r#""Fri 01. Mar 2024 02:05:06.007 PM at MM 061 1 é""#,
        );
    }

    #[test]
    fn intervals() {
        let of = |value: Operand<'_>, unit| interval(value, unit).map(|value| value_to_json(&value));
        assert_eq!(of(Operand::Text("7d"), ""), Ok("\"P7D\"".to_owned()));
        assert_eq!(of(Operand::Integer(7), "DAY"), Ok("\"P7D\"".to_owned()));
        assert_eq!(of(Operand::Text("7"), "month"), Ok("\"P7M\"".to_owned()));
        assert_eq!(of(Operand::Null, ""), Ok("null".to_owned()));
        assert_eq!(of(Operand::Boxed(&text("1h")), ""), Ok("\"PT1H\"".to_owned()));
        assert_eq!(of(Operand::Text("soon"), "").unwrap_err().message, "'soon' is not an interval");
        assert_eq!(of(Operand::Integer(7), "").unwrap_err().message, "7 is not an interval");
        assert!(of(Operand::Integer(7), "x").is_err());
    }

    #[test]
    fn now_stands_still_within_a_statement() {
        let context = crate::testing::context();
        assert_eq!(now(&context, &[]), now(&context, &[]));
    }
}
