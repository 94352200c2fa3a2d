//! Functions on times.

use crate::DataType::*;
use crate::functions::ParameterType::*;
use crate::functions::{ReturnType, SqlFunction, function, optional, required, returning};

/// By name.
pub(super) const FUNCTIONS: &[SqlFunction] = &[
    function(
        "CURRENT_DATE",
        &[],
        returning(Date),
        "The day on which the statement started, in UTC.",
        "CURRENT_DATE() <= NOW()",
    ),
    function(
        "CURRENT_TIMESTAMP",
        &[],
        returning(Timestamp),
        "The time at which the statement started, in UTC.",
        "CURRENT_TIMESTAMP() = NOW()",
    ),
    function(
        "DATEDIFF",
        &[required("later", Temporal), required("earlier", Temporal)],
        returning(Integer),
        "The number of midnights, in UTC, between two times.",
        "DATEDIFF(CAST('2024-03-01' AS date), CAST('2024-02-28' AS date)) = 2",
    ),
    function(
        "DATE_ADD",
        &[required("time", Temporal), required("amount", Any), optional("unit", Of(String))],
        ReturnType::SameAs(0),
        "The time moved on by so many days, by so many of the unit (`'month'`), or by an interval.",
        "DATE_ADD(CAST('2024-01-31' AS date), 1, 'month') = CAST('2024-02-29' AS date)",
    ),
    function(
        "DATE_FORMAT",
        &[required("time", Temporal), required("format", Of(String))],
        returning(String),
        "The time in UTC as text. In the format `YYYY YY MM Mon Month DD DDD Dy Day HH24 HH12 MI SS MS US AM Q` stand for its parts; text in double quotes stands for itself.",
        "DATE_FORMAT(CAST('2024-03-01T14:05:00Z' AS timestamp), 'DD.MM.YYYY HH24:MI') = '01.03.2024 14:05'",
    ),
    function(
        "DATE_SUB",
        &[required("time", Temporal), required("amount", Any), optional("unit", Of(String))],
        ReturnType::SameAs(0),
        "The time moved back by so many days, by so many of the unit (`'month'`), or by an interval.",
        "DATE_SUB(CAST('2024-03-01' AS date), 1) = CAST('2024-02-29' AS date)",
    ),
    function(
        "DATE_TRUNC",
        &[required("unit", Of(String)), required("time", Temporal)],
        ReturnType::SameAs(1),
        "The start, in UTC, of the `'year'`, `'quarter'`, `'month'`, `'week'` (Monday), `'day'`, `'hour'`, `'minute'` or `'second'` that the time lies in.",
        "DATE_TRUNC('month', CAST('2024-03-15' AS date)) = CAST('2024-03-01' AS date)",
    ),
    function(
        "EXTRACT",
        &[required("part", Of(String)), required("time", Temporal)],
        returning(Number),
        "A part of the time in UTC: `'year'`, `'quarter'`, `'month'`, `'week'`, `'day'`, `'hour'`, `'minute'`, `'second'`, `'dow'` (0 is Sunday), `'doy'`, `'epoch'` (seconds).",
        "EXTRACT('year', CAST('2024-03-15' AS date)) = 2024",
    ),
    function(
        "EXTRACT_DAY",
        &[required("time", Temporal)],
        returning(Integer),
        "The day of the month in UTC.",
        "EXTRACT_DAY(CAST('2024-03-15' AS date)) = 15",
    ),
    function(
        "EXTRACT_MONTH",
        &[required("time", Temporal)],
        returning(Integer),
        "The month in UTC, from 1.",
        "EXTRACT_MONTH(CAST('2024-03-15' AS date)) = 3",
    ),
    function(
        "EXTRACT_YEAR",
        &[required("time", Temporal)],
        returning(Integer),
        "The year in UTC.",
        "EXTRACT_YEAR(CAST('2024-03-15' AS date)) = 2024",
    ),
    function("NOW", &[], returning(Timestamp), "The same as `CURRENT_TIMESTAMP()`.", "NOW() IS NOT NULL"),
];
